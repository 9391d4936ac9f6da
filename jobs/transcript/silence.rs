//! What machines write when nobody speaks: subtitle credits from their training data, and the same words over and over.
//! It causes a warning and is kept, since now and then someone does say "Thank you for watching".
//!
//! Reads what was said, only adds warnings.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::{account::Draft, formats::Source, words};

/// Whole segments, in lower case, without punctuation.
#[rustfmt::skip]
const WHOLE: &[&str] = &[
    "thanks for watching", "thank you for watching", "thank you so much for watching", "thank you very much for watching",
    "please subscribe", "please subscribe to my channel", "like and subscribe", "subscribe to my channel",
    "dont forget to like and subscribe", "see you in the next video", "ill see you in the next video",
    "untertitel im auftrag des zdf für funk 2017", "vielen dank fürs zuschauen", "bis zum nächsten mal",
    "merci davoir regardé cette vidéo", "gracias por ver el video", "suscríbete al canal",
    "продолжение следует", "спасибо за просмотр", "ご視聴ありがとうございました", "最後までご視聴ありがとうございました",
    "시청해주셔서 감사합니다", "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目", "谢谢观看", "tack för att ni har tittat",
];
/// Anywhere in a short segment.
#[rustfmt::skip]
const MARKS: &[&str] = &[
    "amara.org", "otter.ai", "zeoranger", "esoterics", "mooji.org", "opensubtitles", "dimatorzok", "castingwords",
    "stephanie geiges", "soustitreur.com", "sottotitoli e revisione", "undertexter från", "untertitel von",
    "ondertiteling", "napisy stworzone", "legendas pela comunidade", "subtitles by", "subtitled by", "transcribed by http",
];
const FEW_WORDS: usize = 14;
/// Every text of [`WHOLE`] or [`MARKS`] begins with one of these, unless it contains an address or isn't in Latin
/// script.
#[rustfmt::skip]
const FIRST: &[&str] = &[
    "thanks", "thank", "please", "like", "subscribe", "dont", "see", "ill", "untertitel", "untertitelung", "vielen",
    "bis", "merci", "gracias", "suscríbete", "tack", "sottotitoli", "undertexter", "ondertiteling", "napisy",
    "legendas", "subtitles", "subtitled", "transcribed", "castingwords", "sous",
];
/// For each first letter of [`FIRST`], from `a`, the second letters as bits.
const BEGINNINGS: [u32; 26] = {
    let (mut letters, mut at) = ([0; 26], 0);
    while at < FIRST.len() {
        let word = FIRST[at].as_bytes();
        letters[(word[0] - b'a') as usize] |= 1 << (word[1] - b'a');
        at += 1;
    }
    letters
};
/// A line repeated this often in a row was hardly said; twice as often for a word or two ("Yeah.").
const AGAIN: usize = 4;

/// The reason why words may not have been said.
pub(super) const CREDITS: &str = "credits of a video, as a machine writes where nobody speaks";
/// Like [`CREDITS`].
pub(super) const SAME: &str = "the same words again and again, as a machine writes where nobody speaks";
/// Like [`CREDITS`].
pub(super) const LOOP: &str = "the words repeat themselves more than speech does";

/// The warning for one of these reasons.
pub(super) fn warning(reason: &str) -> String {
    format!("this may not have been said: {reason}; it is kept")
}

/// Warns about every utterance that may not have been said; `words` are their lengths.
pub(super) fn warn(draft: &mut Draft, words: &[usize], source: &Source<'_>) {
    let hasher = RandomState::new();
    let (mut again, mut before) = (0, "");
    let mut doubtful: Vec<(&str, &str)> = Vec::new();
    for (said, words) in draft.utterances.iter().zip(words) {
        let text = said.text.as_str();
        again = if text == before { again + 1 } else { 1 };
        before = text;
        if again == AGAIN * if text.len() > 12 { 1 } else { 2 } {
            doubtful.push((text, SAME));
        } else if is_credit(text) {
            doubtful.push((text, CREDITS));
        } else if *words >= LONG && repeats_itself(text, &hasher) {
            doubtful.push((text, LOOP));
        }
    }
    if doubtful.is_empty() {
        return;
    }
    let mut lines = Lines { lines: source.lines(), from: 0, missed: 0 };
    let warnings: Vec<_> = doubtful.into_iter().map(|(text, reason)| (lines.of(text), warning(reason))).collect();
    for (line, message) in warnings {
        draft.warn(line, message);
    }
}

/// The lines of a file, searched forward for what was said.
struct Lines<'a> {
    lines: &'a [&'a str],
    from: usize,
    missed: usize,
}

impl Lines<'_> {
    /// The line, from 1, in which `text` begins; 0 if the file contains it in another form.
    fn of(&mut self, text: &str) -> usize {
        let begins = &text[..text.floor_char_boundary(24)];
        // A miss scans the whole file, so only a few are allowed.
        let rest = self.lines.get(self.from..).filter(|_| self.missed < 8).unwrap_or_default();
        match rest.iter().position(|line| line.contains(begins)) {
            Some(found) => {
                self.from += found;
                self.from + 1
            }
            None => {
                self.missed += 1;
                0
            }
        }
    }
}

/// The letters and digits of a text, in lower case.
pub(super) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Only lower-case letters, with single spaces.
fn plain(text: &str) -> String {
    let letters = text.to_lowercase();
    let letters: String = letters.chars().filter(|letter| letter.is_alphanumeric() || letter.is_whitespace()).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text is nothing but credits.
pub(super) fn is_credit(text: &str) -> bool {
    if text.len() > 200 || !may_be_credit(text) {
        return false;
    }
    let plain = plain(text);
    let few = plain.split(' ').count() <= FEW_WORDS;
    let written = text.to_lowercase();
    WHOLE.contains(&plain.as_str()) || (few && MARKS.iter().any(|mark| written.contains(mark)))
}

/// A cheap first check: most utterances aren't credits.
fn may_be_credit(text: &str) -> bool {
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let bytes = text.as_bytes();
    if !bytes.is_ascii() && !text.starts_with(|letter: char| letter.is_ascii()) {
        return true;
    }
    // An address has a dot inside.
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    if memchr::memchr_iter(b'.', bytes).any(|at| at > 0 && letter(at - 1) && letter(at + 1)) {
        return true;
    }
    // The first two letters, of which the second may be an apostrophe ("I'll"), rule out most.
    let place =
        |at: usize| bytes.get(at).filter(|_| letter(at)).map(|byte| usize::from(byte.to_ascii_lowercase() - b'a'));
    let Some(seconds) = place(0).map(|first| BEGINNINGS[first]) else { return false };
    if seconds == 0 || place(1).is_some_and(|second| seconds >> second & 1 == 0) {
        return false;
    }
    let first = text.split(char::is_whitespace).next().unwrap_or("");
    let begins = |known: &&&str| place(0) == Some(usize::from(known.as_bytes()[0] - b'a'));
    first.len() <= 16 && FIRST.iter().filter(begins).any(|known| letters(first).eq(known.chars()))
}

/// The maximum number of words in one round of a loop.
const PERIOD: usize = 8;
/// The minimum number of words in a loop.
const LONG: usize = 24;
/// How many rounds make a loop.
const ROUNDS: usize = 5;

/// Whether the same few words repeat again and again within a text.
fn repeats_itself(text: &str, hasher: &RandomState) -> bool {
    let words: Vec<u64> = words::of(text)
        .map(|word| {
            let mut hash = hasher.build_hasher();
            hash.write(word.as_bytes());
            hash.finish()
        })
        .collect();
    words.len() >= LONG
        && (1..=PERIOD).any(|period| {
            let mut run = 0;
            (period..words.len()).any(|at| {
                run = if words[at] == words[at - period] { run + 1 } else { 0 };
                run + period >= LONG && run >= period * (ROUNDS - 1)
            })
        })
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::{is_credit, repeats_itself};

    #[test]
    fn credits_are_known() {
        for (text, credit) in [
            ("Thanks for watching!", true),
            ("Subtitles by the Amara.org community", true),
            ("Transcribed by https://otter.ai", true),
            ("Untertitel im Auftrag des ZDF für funk, 2017", true),
            ("Продолжение следует...", true),
            ("ご視聴ありがとうございました", true),
            ("Thanks for watching the children while I was away.", false),
            ("We use otter.ai for the notes of every meeting that we hold in the team on Fridays.", false),
            ("Thank you.", false),
        ] {
            assert_eq!(is_credit(text), credit, "{text}");
        }
    }

    #[test]
    fn loops_are_known() {
        let hasher = RandomState::new();
        assert!(repeats_itself(&"and then we go to ".repeat(8), &hasher));
        assert!(repeats_itself(&format!("Well, {}", "no ".repeat(30)), &hasher));
        assert!(repeats_itself(&"我们去学校".repeat(9), &hasher));
        assert!(!repeats_itself(&"no ".repeat(12), &hasher));
        let talk = "I think that I would like to see what the team makes of the plan before I say yes to all of it, \
                    and I think that you would like to see it too, so let us ask them on Friday and see then.";
        assert!(!repeats_itself(talk, &hasher));
    }
}
