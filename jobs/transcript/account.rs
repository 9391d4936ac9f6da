//! A transcript in the making, which keeps account of every word: each line is said, set aside, or structure.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    formats::Source,
    silence,
    transcript::{Account, Detection, Format, SetAside, Transcript, Utterance, Warning},
};

/// How many words (see [`Account`]) `text` holds.
pub(super) fn words(text: &str) -> usize {
    if text.is_ascii() {
        return ascii_words(text.as_bytes());
    }
    let mut inside = false;
    let mut count = 0;
    for letter in text.chars() {
        let was_inside = std::mem::replace(&mut inside, letter.is_alphanumeric());
        count += usize::from(inside && !was_inside);
    }
    count
}

/// As [`words`], in blocks of a size that the compiler knows: then it looks at all letters of a block at once.
fn ascii_words(bytes: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let (mut count, mut inside) = (0, 0);
    for block in blocks.iter().chain([&last]) {
        // Whether each letter belongs to a word, behind that of the block before.
        let mut word = [0_u8; BLOCK + 1];
        word[0] = inside;
        for (at, byte) in block.iter().enumerate() {
            word[at + 1] = u8::from(byte.is_ascii_alphanumeric());
        }
        let begins: u8 = (0..BLOCK).map(|at| word[at + 1] & !word[at]).sum();
        count += usize::from(begins);
        inside = word[BLOCK];
    }
    count
}

/// What a format fills while it reads.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) title: Option<String>,
    pub(super) session_date: Option<NaiveDate>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) detected: Detection,
    pub(super) utterances: Vec<Utterance>,
    set_aside: Vec<SetAside>,
    /// The last line that was set aside.
    set_aside_until: usize,
    warnings: Vec<Warning>,
    structure: usize,
    /// The last time that was read, and where first (and how often) one was much earlier than that before it.
    clock: Option<i64>,
    backwards: Option<(usize, usize)>,
}

/// By so much, in milliseconds, a turn may begin before the one above it: people speak at once.
const AT_ONCE: i64 = 1_000;

impl Draft {
    /// Accounts for words that hold the file together: a time, a cue id, a label.
    pub(super) fn structure(&mut self, text: &str) {
        self.structure += words(text);
    }

    /// Accounts for words that went with markup: `raw` words before, `kept` words after.
    pub(super) fn markup(&mut self, raw: usize, kept: usize) {
        self.structure += raw.saturating_sub(kept);
    }

    /// Sets `text` (of line `line`, from 1) aside. Lines that follow each other for one reason are one entry.
    pub(super) fn set_aside(&mut self, line: usize, reason: &str, text: &str) {
        self.set_aside_words(line, reason, words(text));
    }

    /// Sets so many words aside, as [`Self::set_aside`] does.
    pub(super) fn set_aside_words(&mut self, line: usize, reason: &str, words: usize) {
        match self.set_aside.last_mut() {
            Some(last)
                if last.reason == reason && (line == self.set_aside_until || line == self.set_aside_until + 1) =>
            {
                last.words += words
            }
            _ => self.set_aside.push(SetAside { line, reason: reason.to_owned(), words }),
        }
        self.set_aside_until = line;
    }

    /// Warns about `line` (from 1; 0 for the whole file).
    pub(super) fn warn(&mut self, line: usize, message: impl Into<String>) {
        self.warnings.push(Warning { line, column: None, message: message.into() });
    }

    /// Adds a warning made elsewhere.
    pub(super) fn add_warning(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Warns about a place: `line` and `column`, from 1.
    pub(super) fn warn_at(&mut self, line: usize, column: usize, message: impl Into<String>) {
        self.warnings.push(Warning { line, column: Some(column), message: message.into() });
    }

    /// Follows the clock of a file whose times ought to grow, to warn where they do not.
    pub(super) fn clock(&mut self, line: usize, start_ms: Option<i64>) {
        let Some(start) = start_ms else { return };
        if self.clock.is_some_and(|last| start + AT_ONCE < last) {
            self.backwards.get_or_insert((line, 0)).1 += 1;
        }
        self.clock = Some(start);
    }

    /// Takes back what [`Self::clock`] saw: it was midnight.
    pub(super) fn clock_is_right(&mut self) {
        self.backwards = None;
    }

    /// Warns, once, of cues without words: they may have been lost.
    pub(super) fn empty_cues(&mut self, lines: impl Iterator<Item = usize>) {
        let mut lines = lines.peekable();
        if let Some(first) = lines.peek().copied() {
            let count = lines.count();
            let message = if count == 1 {
                "a cue without words".to_owned()
            } else {
                format!("{count} cues without words, the first here")
            };
            self.warn(first, message);
        }
    }

    /// The end of what begins at `start_ms`, unless that is before it.
    pub(super) fn end(&mut self, line: usize, start_ms: Option<i64>, end_ms: Option<i64>) -> Option<i64> {
        if start_ms.zip(end_ms).is_some_and(|(start, end)| end < start) {
            self.warn(line, "ends before it begins; its end is not used");
            return None;
        }
        end_ms
    }

    /// Adds an utterance, unless nothing is said in it.
    pub(super) fn say(&mut self, label: Option<&str>, start_ms: Option<i64>, end_ms: Option<i64>, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            let label = label.map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned);
            self.utterances.push(Utterance { label, start_ms, end_ms, text: text.to_owned() });
        }
    }

    /// Closes the account.
    pub(super) fn finish(mut self, format: Format, source: &Source<'_>) -> Transcript {
        self.drop_unreal_times();
        // Its own reader knows more of it: what the machine held for silence.
        if format != Format::Whisper {
            silence::warn(&mut self, source);
        }
        self.drop_impossible_times();
        self.warn_of_order();
        let account = Account {
            in_file: source.lines.iter().map(|line| words(line)).sum(),
            in_utterances: self.utterances.iter().map(|utterance| words(&utterance.text)).sum(),
            set_aside: self.set_aside.iter().map(|entry| entry.words).sum(),
            structure: self.structure,
        };
        if !account.balances() {
            let accounted = account.in_utterances + account.set_aside + account.structure;
            self.warn(
                0,
                format!("{} words of the file, but {accounted} accounted for: please report", account.in_file),
            );
        }
        self.warnings.sort_by_key(|warning| warning.line);
        Transcript {
            format,
            detected: self.detected,
            title: self.title,
            session_date: self.session_date,
            started_at: self.started_at,
            utterances: self.utterances,
            set_aside: self.set_aside,
            warnings: self.warnings,
            account,
        }
    }

    /// What no reader saw: times that cannot be must not reach anybody.
    fn drop_impossible_times(&mut self) {
        for utterance in &mut self.utterances {
            if utterance.start_ms.is_some_and(|start| start < 0) {
                (utterance.start_ms, utterance.end_ms) = (None, None);
            }
            utterance.end_ms = utterance.end_ms.filter(|end| *end >= utterance.start_ms.unwrap_or(0));
        }
    }

    fn warn_of_order(&mut self) {
        if let Some((line, times)) = self.backwards {
            let times = if times == 1 { "once".to_owned() } else { format!("{times} times, here first") };
            self.warn(line, format!("the clock runs backwards {times}; the order of the file is kept"));
        }
    }

    /// A tool without times writes 0 to 0; that is no time, and must not look like one.
    fn drop_unreal_times(&mut self) {
        for utterance in &mut self.utterances {
            if utterance.start_ms == Some(0) && utterance.end_ms == Some(0) {
                (utterance.start_ms, utterance.end_ms) = (None, None);
            }
        }
        if !self.utterances.is_empty() && self.utterances.iter().all(|utterance| utterance.start_ms.is_none()) {
            self.warn(0, "the file holds no times");
        }
    }
}
