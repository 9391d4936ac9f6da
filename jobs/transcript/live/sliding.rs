//! Sliding windows of words: each cue shows the last words, some of which the previous one showed too, wherever its
//! lines break. The new words continue what was shown before.

use std::borrow::Cow;

use super::{
    SLIDES,
    likeness::{ends, labelled, letters},
};
use crate::{account::Draft, markup, webvtt_cues::Cue, words::count};

/// Fewer words may simply be said again.
const FEW_WORDS: usize = 3;
/// The maximum number of words in a window.
const WINDOW: usize = 60;
/// How many cues at the start of a file are examined.
const SAMPLE: usize = 600;
/// The maximum pause across which words slide, in milliseconds; after a longer one, new words stand alone.
const PAUSE: i64 = 3_000;
const AT_ONCE: i64 = 100;
/// The maximum number of words without a sentence end.
const LONGEST: usize = 60;

/// The letters of a word, and where it ends in the text.
type Word = (String, usize);

/// What a cue shows: where the words begin, and the words.
struct Window {
    text: String,
    label: Option<String>,
    said: usize,
    words: Vec<Word>,
}

impl Window {
    fn of(cue: &Cue<'_>) -> Option<Self> {
        // Payloads with markup aren't cut.
        let text = markup::is_plain(&cue.payload).then(|| cue.payload.to_string())?;
        let (label, said) = match labelled(&text) {
            Some((label, said)) => (Some(label.to_owned()), text.len() - said.len()),
            None => (None, 0),
        };
        let mut words = Vec::new();
        let mut from = said;
        for word in text[said..].split_whitespace() {
            let begin = from + text[from..].find(word)?;
            from = begin + word.len();
            let letters: String = letters(word).collect();
            if !letters.is_empty() {
                words.push((letters, from));
            }
        }
        Some(Self { text, label, said, words })
    }

    /// How many of the last words of this window a later one begins with, but not all of this one's.
    fn slid(&self, later: &Self) -> usize {
        let most = self.words.len().min(later.words.len()).min(WINDOW);
        let own = |many: usize| self.words[self.words.len() - many..].iter().map(|(word, _)| word);
        let same = later.label.is_none() || later.label == self.label;
        let slid = |many: &usize| own(*many).eq(later.words[..*many].iter().map(|(word, _)| word));
        if same { (FEW_WORDS..=most).rev().find(slid).unwrap_or(0) } else { 0 }
    }
}

fn gap(before: &Cue<'_>, cue: &Cue<'_>) -> i64 {
    before.end_ms.zip(cue.start_ms).map_or(i64::MAX, |(end, start)| start - end)
}

/// Whether many of the first cues begin with words from the middle of the previous one.
fn mostly_slides(cues: &[Cue<'_>]) -> bool {
    let sample = &cues[..cues.len().min(SAMPLE)];
    let windows: Vec<Option<Window>> = sample.iter().map(Window::of).collect();
    let slides = |at: &usize| {
        let (Some(before), Some(window)) = (&windows[*at - 1], &windows[*at]) else { return false };
        let slid = before.slid(window);
        slid > 0
            && slid < before.words.len()
            && slid < window.words.len()
            && gap(&sample[at - 1], &sample[*at]) <= PAUSE
    };
    let count = (1..sample.len()).filter(slides).count();
    count >= 3 && count * 10 >= sample.len() * 4
}

/// Sets sliding words aside, and appends the new ones to what was said before; returns whether the file slides.
pub(super) fn set_repeats_aside(cues: &mut Vec<Cue<'_>>, draft: &mut Draft) -> bool {
    if !mostly_slides(cues) {
        return false;
    }
    let mut above: Option<(usize, usize, Window)> = None;
    for at in 0..cues.len() {
        let Some(window) = Window::of(&cues[at]) else {
            above = None;
            continue;
        };
        let slid =
            above.as_ref().map_or(
                0,
                |(_, before, shown)| {
                    if gap(&cues[*before], &cues[at]) <= PAUSE { shown.slid(&window) } else { 0 }
                },
            );
        let goes_on = above.take().filter(|_| slid > 0);
        let Some((open, before, _)) = goes_on else {
            above = Some((at, at, window));
            continue;
        };
        let from = window.words[slid - 1].1;
        let (old, new) = (&window.text[window.said..from], window.text[from..].trim());
        let label = window.label.as_deref().unwrap_or("");
        draft.set_aside(cues[at].line, SLIDES, old);
        let so_far = cues[open].payload.trim_end();
        // A finished sentence is a complete utterance.
        let over = ends(so_far) || count(so_far) >= LONGEST || gap(&cues[before], &cues[at]) > AT_ONCE;
        if over && !new.is_empty() {
            cues[at].payload = Cow::Owned(if label.is_empty() { new.to_owned() } else { format!("{label}: {new}") });
            above = Some((at, at, window));
            continue;
        }
        draft.structure(label);
        let joined = if new.is_empty() { so_far.to_owned() } else { format!("{so_far} {new}") };
        cues[open].payload = Cow::Owned(joined);
        cues[open].end_ms = cues[open].end_ms.max(cues[at].end_ms);
        cues[at].payload = Cow::Borrowed("");
        above = Some((open, at, window));
    }
    cues.retain(|cue| !cue.payload.is_empty());
    true
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::parse;

    /// Each word is read once, and a sentence is one utterance, wherever a window's lines break.
    #[test]
    fn each_word_of_a_window_that_slides_is_read_once() {
        let turns = [
            ("Maya", "so good to see you again and what became of the letter that you wrote."),
            ("Priya", "I wrote it on Sunday and I will send it to my sister tomorrow before work."),
        ];
        for (label, width) in [(true, 0), (false, 0), (true, 4), (false, 4)] {
            let (mut file, mut at) = (String::from("WEBVTT\n\n"), 0);
            for (name, text) in turns {
                let words: Vec<&str> = text.split(' ').collect();
                for end in (6..words.len() + 2).step_by(2) {
                    let end = end.min(words.len());
                    let mut shown = words[end.saturating_sub(8)..end].join(" ");
                    if width > 0 {
                        let lines: Vec<String> =
                            words[end.saturating_sub(8)..end].chunks(4).map(|line| line.join(" ")).collect();
                        shown = lines.join("\n");
                    }
                    if label || end == 6 {
                        shown = format!("{name}: {shown}");
                    }
                    _ = write!(file, "00:00:{at:02}.000 --> 00:00:{:02}.000\n{shown}\n\n", at + 1);
                    at += 1;
                }
            }
            let read = parse(file.as_bytes()).expect("captions");
            assert!(read.account.balances(), "{:?}\n{file}", read.account);
            let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
            assert_eq!(said, turns.map(|(name, text)| (Some(name), text)), "{label} {width}\n{file}");
        }
    }
}
