//! What Whisper writes where nobody speaks: credits of subtitles it learned from, and the same line over and over. It
//! is warned of and kept, since now and then somebody does say "Thank you".

use super::{book::Book, tree::Json};

/// Whole segments, in small letters, without punctuation.
#[rustfmt::skip]
const CREDITS: &[&str] = &[
    "thanks for watching", "thank you for watching", "thank you so much for watching", "thank you very much for watching",
    "please subscribe", "please subscribe to my channel", "like and subscribe", "subscribe to my channel",
    "dont forget to like and subscribe", "see you in the next video", "ill see you in the next video",
    "untertitel im auftrag des zdf für funk 2017", "vielen dank fürs zuschauen", "bis zum nächsten mal",
    "merci davoir regardé cette vidéo", "gracias por ver el video", "suscríbete al canal",
    "продолжение следует", "спасибо за просмотр", "ご視聴ありがとうございました", "最後までご視聴ありがとうございました",
    "시청해주셔서 감사합니다", "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目", "谢谢观看", "tack för att ni har tittat",
];
/// Anywhere in a segment of few words.
#[rustfmt::skip]
const MARKS: &[&str] = &[
    "amara.org", "otter.ai", "zeoranger", "esoterics", "mooji.org", "opensubtitles", "dimatorzok", "castingwords",
    "stephanie geiges", "soustitreur.com", "sottotitoli e revisione", "undertexter från", "untertitel von",
    "ondertiteling", "napisy stworzone", "legendas pela comunidade", "subtitles by", "subtitled by", "transcribed by http",
];
const FEW_WORDS: usize = 14;
/// Whisper's own rule for silence, and for a text that repeats itself.
const NO_SPEECH: f64 = 0.6;
const UNLIKELY: f64 = -1.0;
const REPEATING: f64 = 2.4;
/// So often in a row, the same line was hardly said.
const AGAIN: usize = 4;

/// Warns of each segment that may not have been said.
pub(super) fn warn(segments: &[Json<'_>], book: &mut Book<'_>) {
    let mut again = 0;
    for (number, segment) in segments.iter().enumerate() {
        let text = plain(segment.get("text"));
        if text.is_empty() {
            continue;
        }
        let same = number > 0 && plain(segments[number - 1].get("text")) == text;
        again = if same { again + 1 } else { 1 };
        let reason = if again == AGAIN {
            Some("the same words again and again, as a machine writes where nobody speaks")
        } else if is_credit(segment.get("text").text().unwrap_or(""), &text) {
            Some("credits of a video, as a machine writes where nobody speaks")
        } else if over(segment, "no_speech_prob", NO_SPEECH) && under(segment, "avg_logprob", UNLIKELY) {
            Some("the machine itself holds this for silence")
        } else if over(segment, "compression_ratio", REPEATING) {
            Some("the words repeat themselves more than speech does")
        } else {
            None
        };
        if let Some(reason) = reason {
            book.warn(segment, format!("this may not have been said: {reason}; it is kept"));
        }
    }
}

fn plain(text: &Json<'_>) -> String {
    let letters = text.text().unwrap_or("").to_lowercase();
    let letters: String = letters.chars().filter(|letter| letter.is_alphanumeric() || letter.is_whitespace()).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_credit(written: &str, plain: &str) -> bool {
    let few = plain.split(' ').count() <= FEW_WORDS;
    let written = written.to_lowercase();
    CREDITS.contains(&plain) || (few && MARKS.iter().any(|mark| written.contains(mark)))
}

fn over(segment: &Json<'_>, key: &str, limit: f64) -> bool {
    segment.get(key).number().is_some_and(|number| number > limit)
}

fn under(segment: &Json<'_>, key: &str, limit: f64) -> bool {
    segment.get(key).number().is_some_and(|number| number < limit)
}
