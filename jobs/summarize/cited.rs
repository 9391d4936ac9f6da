//! Where the words that a draft quotes were said. A model miscounts lines, and leaves out what nobody would write down;
//! what it means is found, and what was said is stored. What is merely similar is not. Pure.

use super::{
    draft::DraftEvidence,
    input::{Line, SessionForClient},
    offline::is_filler,
};
use crate::text;

/// The minimum number of words in a quote, unless it's the whole utterance.
const MIN_QUOTE_WORDS: usize = 3;
/// A quote that isn't in the line that it names is looked for in the others if it has this many words.
const MIN_WORDS_ELSEWHERE: usize = 4;
/// A quote runs over at most this many utterances: captions part a sentence in two, rarely in three.
const MOST_LINES: usize = 3;

/// Words of one utterance, as they were said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cited<'a> {
    pub(super) line: &'a Line,
    pub(super) quote: &'a str,
}

/// Where the quote was said: in the line that it names, or else in the only other one that has it, or else over
/// neighbouring lines of one speaker, of which each gives its part. Empty if it wasn't said, or says too little.
pub(super) fn cited<'a>(input: &'a SessionForClient, item: &DraftEvidence) -> Vec<Cited<'a>> {
    let here = input.line(item.utterance).and_then(|line| in_line(line, &item.quote));
    if let Some(here) = here {
        return if says_enough(here) { vec![here] } else { Vec::new() };
    }
    if text::words(&item.quote).len() < MIN_WORDS_ELSEWHERE {
        return Vec::new();
    }
    let lines = &input.utterances;
    let mut elsewhere = lines.iter().filter_map(|line| in_line(line, &item.quote));
    match (elsewhere.next(), elsewhere.next()) {
        (Some(only), None) => vec![only],
        // Which of them is meant nobody knows.
        (Some(_), Some(_)) => Vec::new(),
        (None, _) => {
            let mut runs = (0..lines.len()).filter_map(|from| over_lines(&lines[from..], &item.quote));
            runs.next().filter(|_| runs.next().is_none()).unwrap_or_default()
        }
    }
}

fn says_enough(cited: Cited<'_>) -> bool {
    let quoted = text::words(cited.quote).len();
    quoted >= MIN_QUOTE_WORDS || quoted == text::words(&cited.line.text).len()
}

fn in_line<'a>(line: &'a Line, quote: &str) -> Option<Cited<'a>> {
    let quote = text::locate(&line.text, quote).or_else(|| without_fillers(&line.text, quote))?;
    Some(Cited { line, quote })
}

/// A quote that leaves out fillers and words said twice: the text from its first word to its last.
fn without_fillers<'a>(said: &'a str, quote: &str) -> Option<&'a str> {
    let (said_words, quoted) = (text::words(said), text::words(quote));
    // Fewer words are everywhere.
    if quoted.len() < MIN_WORDS_ELSEWHERE || quoted.len() > said_words.len() {
        return None;
    }
    (0..=said_words.len() - quoted.len()).find_map(|from| {
        let (mut at, mut last) = (from, None);
        for word in &quoted {
            // Between the words, never before the first: a filler, or what was just said said again.
            while last.is_some_and(|last| {
                said_words.get(at).is_some_and(|other: &text::Word| {
                    other.normal != word.normal && (is_filler(&other.normal) || other.normal == last)
                })
            }) {
                at += 1;
            }
            let matches = said_words.get(at).is_some_and(|other| other.normal == word.normal);
            if !matches {
                return None;
            }
            (at, last) = (at + 1, Some(word.normal.as_str()));
        }
        said.get(said_words[from].range.start..said_words[at - 1].range.end)
    })
}

/// A quote that begins in the first of `lines` and ends in one of the next, all of one speaker and next to each other.
fn over_lines<'a>(lines: &'a [Line], quote: &str) -> Option<Vec<Cited<'a>>> {
    let first = lines.first()?;
    let mut joined = first.text.clone();
    for count in 2..=MOST_LINES.min(lines.len()) {
        let last = &lines[count - 1];
        if last.speaker != first.speaker || last.name != first.name || last.index != first.index + count - 1 {
            return None;
        }
        joined.push(' ');
        joined.push_str(&last.text);
        if let Some(found) = text::locate(&joined, quote) {
            let from = found.as_ptr() as usize - joined.as_ptr() as usize;
            return parts(&lines[..count], from..from + found.len());
        }
    }
    None
}

/// The part of each line in a range of the lines joined with spaces. None if a line has no part: then the quote is in
/// fewer lines.
fn parts(lines: &[Line], range: std::ops::Range<usize>) -> Option<Vec<Cited<'_>>> {
    let mut start = 0;
    lines
        .iter()
        .map(|line| {
            let end = start + line.text.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            let quote = line.text.get(from.checked_sub(start)?..to.checked_sub(start)?)?.trim();
            start = end + 1;
            (!text::words(quote).is_empty()).then_some(Cited { line, quote })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use uuid::Uuid;

    use super::*;
    use crate::summarize::{cases, input::Speaker};

    fn session(lines: &[(Speaker, &str)]) -> SessionForClient {
        let mut input = cases::read(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/summarize/promises/transcript.txt"
        )));
        input.utterances = lines
            .iter()
            .enumerate()
            .map(|(index, (speaker, text))| Line {
                id: Uuid::now_v7(),
                index,
                speaker: *speaker,
                name: format!("{speaker:?}"),
                start_ms: None,
                text: (*text).to_owned(),
            })
            .collect();
        input
    }

    fn found(input: &SessionForClient, utterance: usize, quote: &str) -> Vec<(usize, String)> {
        let item = DraftEvidence { utterance, quote: quote.into() };
        cited(input, &item).into_iter().map(|cited| (cited.line.index, cited.quote.to_owned())).collect()
    }

    #[test]
    fn a_quote_is_found_where_it_was_said() {
        use Speaker::{Client, Coach};
        let input = session(&[
            (Coach, "How was the week?"),
            (Client, "Okay, um, we shipped it to, uh, to three depots on Monday, and"),
            (Client, "nobody called the help desk all week."),
            (Coach, "You shipped it to three depots. That is good."),
            (Client, "That is what I think. That is what I think."),
            (Coach, "That is what I think too."),
        ]);
        let one = |line, quote: &str| vec![(line, quote.to_owned())];
        // Miscounted, without a filler, with other punctuation and case.
        assert_eq!(found(&input, 0, "How was the week"), one(0, "How was the week?"));
        assert_eq!(found(&input, 4, "nobody called the Help Desk"), one(2, "nobody called the help desk"));
        assert_eq!(found(&input, 1, "we shipped it to three depots"), one(1, "we shipped it to, uh, to three depots"));
        // Said twice by different people: the number decides, and a wrong number is no evidence.
        assert_eq!(found(&input, 3, "shipped it to three depots"), one(3, "shipped it to three depots."));
        assert_eq!(found(&input, 0, "shipped it to three depots"), []);
        assert_eq!(found(&input, 0, "That is what I think"), []);
        // Over two lines of one speaker.
        let both = [(1, "three depots on Monday, and".to_owned()), (2, "nobody called".to_owned())];
        assert_eq!(found(&input, 1, "three depots on Monday, and nobody called"), both);
        assert_eq!(found(&input, 5, "three depots on Monday, and nobody called"), both);
        // Over two people's lines, similar, short, or nothing.
        for quote in ["help desk all week. You shipped it", "we shipped it to four depots on Monday", "the week", ""] {
            assert_eq!(found(&input, 2, quote), [], "{quote}");
        }
    }
}
