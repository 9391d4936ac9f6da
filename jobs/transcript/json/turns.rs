//! Joins words with times to utterances. A new one begins when the speaker changes, after a pause of two seconds, at
//! the end of a sentence after fifty words, and after two hundred words in any case.

use super::{book::Book, tree::Json};
use crate::{
    account::{self, spaced},
    words::{self, count, has_unspaced},
};

const PAUSE_MS: i64 = 2_000;
const LONG: usize = 50;
const LONGEST: usize = 200;

/// Where a file has the spaces between words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spaces {
    /// Nowhere: there is one between two words, except in scripts without spaces.
    #[default]
    Between,
    /// In the marks between words.
    Marks,
    /// In the pieces, which are words or parts of words.
    Pieces,
    /// The language has none, according to the file.
    None,
}

/// Utterances under construction.
#[derive(Debug, Default)]
pub(super) struct Turns<'j> {
    pub(super) spaces: Spaces,
    open: Option<Turn<'j>>,
    closed: Vec<Turn<'j>>,
}

#[derive(Debug)]
struct Turn<'j> {
    label: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    /// When the last word with a time ended, or began.
    last_ms: Option<i64>,
    text: String,
    words: usize,
    /// Whether the last piece was a mark.
    marked: bool,
    /// The number of words in the pieces before they were joined.
    raw: usize,
    at: &'j Json<'j>,
}

impl<'j> Turns<'j> {
    pub(super) fn with(spaces: Spaces) -> Self {
        Self { spaces, ..Self::default() }
    }

    pub(super) fn word(
        &mut self,
        book: &mut Book<'_>,
        label: Option<&str>,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
        word: &'j Json<'j>,
    ) {
        self.piece(label, (start_ms, end_ms), book.take(word), word);
    }

    /// A text that was already taken, from a value or a part of it; the caller accounts for words dropped on the way.
    pub(super) fn piece(
        &mut self,
        label: Option<&str>,
        (start_ms, end_ms): (Option<i64>, Option<i64>),
        text: &str,
        at: &'j Json<'j>,
    ) {
        let begins = self.spaces != Spaces::Pieces || text.starts_with(char::is_whitespace);
        let trailed = self.spaces == Spaces::Pieces && text.ends_with(char::is_whitespace);
        let text = spaced(text);
        if text.is_empty() {
            if let Some(turn) = self.open.as_mut().filter(|_| trailed) {
                turn.text.push(' ');
            }
            return;
        }
        // A word isn't split, unless someone else says the rest.
        let whole = |turn: &Turn<'_>| begins || turn.text.ends_with(' ') || turn.label.as_deref() != label;
        if self.open.as_ref().is_some_and(|turn| whole(turn) && turn.is_over(label, start_ms)) {
            self.cut();
        }
        let turn = self.open.get_or_insert_with(|| Turn {
            label: label.map(str::to_owned),
            start_ms,
            end_ms: None,
            last_ms: None,
            text: String::new(),
            words: 0,
            marked: false,
            raw: 0,
            at,
        });
        let is_first = turn.words == 0 && text.contains(char::is_alphanumeric);
        // Scripts without spaces between words stay without.
        let placed = turn.marked && self.spaces == Spaces::Marks;
        let unspaced = self.spaces == Spaces::None || turn.text.ends_with(is_unspaced) && text.starts_with(is_unspaced);
        if !(turn.text.is_empty() || placed || unspaced || !begins) {
            turn.text.push(' ');
        }
        turn.text.push_str(&text);
        if trailed {
            turn.text.push(' ');
        }
        // A piece is a word, except in scripts without spaces, whose pieces may be anything.
        let unspaced_words = if has_unspaced(&text) { count(&text) } else { 1 };
        turn.words += if text.contains(char::is_alphanumeric) { unspaced_words } else { 0 };
        turn.marked = false;
        turn.raw += account::words(&text);
        turn.start_ms = turn.start_ms.or(start_ms.filter(|_| is_first));
        turn.end_ms = end_ms.or(turn.end_ms);
        turn.last_ms = end_ms.or(start_ms).or(turn.last_ms);
    }

    /// A text that is a complete utterance.
    pub(super) fn whole(
        &mut self,
        book: &mut Book<'_>,
        label: Option<&str>,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
        text: &'j Json<'j>,
    ) {
        self.cut();
        self.word(book, label, start_ms, end_ms, text);
        self.cut();
    }

    /// Adds what belongs to the previous word: punctuation. Before the first word of a turn it begins the turn.
    pub(super) fn mark(&mut self, book: &mut Book<'_>, label: Option<&str>, mark: &'j Json<'j>) {
        match &mut self.open {
            Some(turn) => {
                let text = book.take(mark);
                turn.raw += account::words(text);
                turn.text.push_str(if self.spaces == Spaces::Marks { text } else { text.trim_end() });
                turn.marked = true;
            }
            None => {
                self.word(book, label, None, None, mark);
                if let Some(turn) = &mut self.open {
                    turn.marked = true;
                }
            }
        }
    }

    /// Adds a space, if spaces are separate pieces.
    pub(super) fn space(&mut self) {
        if let Some(turn) = &mut self.open {
            turn.text.push(' ');
        }
    }

    /// Ends an utterance here, whatever follows.
    pub(super) fn cut(&mut self) {
        self.closed.extend(self.open.take());
    }

    /// Sorts the utterances by time, if several channels were read one after the other.
    pub(super) fn by_time(&mut self) {
        self.cut();
        // Utterances without a time stay after the previous one in their channel.
        let mut last = None;
        let timed = self.closed.drain(..).map(|turn| {
            last = turn.start_ms.or(last);
            (last, turn)
        });
        let mut timed: Vec<_> = timed.collect();
        timed.sort_by_key(|(start, _)| *start);
        self.closed = timed.into_iter().map(|(_, turn)| turn).collect();
    }

    /// Adds all of them to the draft.
    pub(super) fn speak(mut self, book: &mut Book<'_>) {
        self.cut();
        for turn in self.closed {
            let text = spaced(&turn.text);
            // Pieces that were joined to a word count once.
            book.draft.markup(turn.raw, account::words(&text));
            let (start_ms, end_ms) = book.possible(turn.at, turn.start_ms, turn.end_ms);
            book.draft.say(turn.label.as_deref(), start_ms, end_ms, &text);
        }
    }
}

impl Turn<'_> {
    fn is_over(&self, label: Option<&str>, start_ms: Option<i64>) -> bool {
        let paused = match (self.last_ms, start_ms) {
            (Some(last), Some(start)) => start - last >= PAUSE_MS,
            _ => false,
        };
        let sentence = self
            .text
            .trim_end_matches([' ', '"', '”', '\'', '’', ')'])
            .ends_with(['.', '?', '!', '…', '。', '？', '！']);
        self.label.as_deref() != label || paused || (sentence && self.words >= LONG) || self.words >= LONGEST
    }
}

/// Whether it's a letter of a script without spaces, or wide punctuation.
fn is_unspaced(letter: char) -> bool {
    words::is_unspaced(letter)
        || matches!(letter, '\u{3001}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff61}'..='\u{ff65}')
}

#[cfg(test)]
mod tests {
    use crate::parse;

    /// The number of words of each utterance, for words without pauses in between.
    fn lengths(word: impl Fn(usize) -> (&'static str, usize, usize)) -> Vec<usize> {
        let words: Vec<_> = (0..450)
            .map(|at| {
                let (text, start, speaker) = word(at);
                serde_json::json!({ "text": text, "start": start, "end": start + 300, "speaker": speaker })
            })
            .collect();
        let file = serde_json::json!({ "audio_url": null, "text": null, "words": words });
        let transcript = parse(file.to_string().as_bytes()).expect("words are a transcript");
        transcript.utterances.iter().map(|utterance| utterance.text.split(' ').count()).collect()
    }

    #[test]
    fn words_become_utterances_by_the_rule() {
        let sentence = |at: usize| if at % 30 == 29 { "end." } else { "word" };
        assert_eq!(lengths(|at| (sentence(at), at * 400, 1)), [60, 60, 60, 60, 60, 60, 60, 30], "sentences");
        assert_eq!(lengths(|at| ("word", at * 400, 1)), [200, 200, 50], "no sentences");
        assert_eq!(lengths(|at| ("word", at * 400 + at / 150 * 2_000, 1)), [150, 150, 150], "pauses");
        assert_eq!(lengths(|at| ("word", at * 400, at / 100)), [100, 100, 100, 100, 50], "speakers");
        assert_eq!(lengths(|at| ("言", at * 400, at / 200)), [1, 1, 1], "no spaces between Chinese words");
    }
}
