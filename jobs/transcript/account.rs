//! A draft transcript that accounts for every word: each line is speech, set aside, or structure.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    clock,
    format::Format,
    formats::Source,
    left_out, plausible, silence,
    transcript::{Account, Attendee, Detection, SetAside, Transcript, Utterance, Warning},
    words::is_unspaced,
};

/// The number of words (see [`Account`]) in `text`. Every byte of a file passes through here twice, so ASCII is
/// processed eight bytes at a time, and only other scripts are decoded.
pub(super) fn words(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut count, mut inside, mut at) = (0, false, 0);
    while at < bytes.len() {
        let (eight, width) = eight(&bytes[at..]);
        if eight & (EACH << 7) == 0 {
            let letters = letters(eight);
            let before = (letters << 8) | (u64::from(inside) << 7);
            // One bit per byte: the multiplication puts their sum in the highest byte.
            count += usize::from(((letters & !before) >> 7).wrapping_mul(EACH).to_be_bytes()[0]);
            (inside, at) = (letters >> 63 == 1, at + width);
            continue;
        }
        let Some(letter) = text[at..].chars().next() else { break };
        let (counts, alone) = (letter.is_alphanumeric(), is_unspaced(letter));
        count += usize::from(counts & (alone | !inside));
        (inside, at) = (counts & !alone, at + letter.len_utf8());
    }
    count
}

/// The first eight bytes of the rest, padded with zeros (which aren't letters) if it's shorter; and how many there
/// were.
fn eight(rest: &[u8]) -> (u64, usize) {
    if let Some(eight) = rest.first_chunk() {
        return (u64::from_le_bytes(*eight), 8);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    (u64::from_le_bytes(last), rest.len())
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each of eight ASCII bytes: set if it's a letter or a digit.
fn letters(bytes: u64) -> u64 {
    // The sum of an ASCII byte and one of these never exceeds 255, so nothing carries into the next byte.
    let within = |bytes: u64, first: u8, last: u8| {
        let from_first = bytes + EACH * u64::from(0x80 - first);
        let past_last = bytes + EACH * u64::from(0x7f - last);
        from_first & !past_last
    };
    (within(bytes, b'0', b'9') | within(bytes | (EACH * 0x20), b'a', b'z')) & (EACH << 7)
}

/// Like [`str::trim`], which decodes both ends; most texts have an ASCII letter there.
pub(super) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// The text with single spaces between its words and none around them; borrowed if it already is.
pub(super) fn spaced(text: &str) -> Cow<'_, str> {
    let text = trimmed(text);
    let plain = |part: &[u8]| part.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    let tidy = text.as_bytes().chunks(16).all(plain) && !text.as_bytes().windows(2).any(|pair| pair == b"  ");
    if tidy { Cow::Borrowed(text) } else { text.split_whitespace().collect::<Vec<_>>().join(" ").into() }
}

/// Whether a text is exactly one email address.
pub(super) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;<>()[]\"".contains(c));
    plain(name) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

/// A transcript that a format fills while it reads.
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
    attendees: Vec<Attendee>,
    structure: usize,
    /// Whether its times are numbers whose unit may not be what it seems: `7380` next to `0:07.380`.
    pub(super) numbers: bool,
    /// Samples of words that were set aside but may have been said.
    left_out: left_out::Samples,
    /// Whether words needn't be accounted for.
    uncounted: bool,
    /// The last time read, and where first (and how often) a time was much earlier than the one before.
    clock: Option<i64>,
    backwards: Option<(usize, usize)>,
}

/// More people than any meeting has; a damaged file must not turn its words into a list.
const ATTENDEES: usize = 2000;

/// How much earlier than the previous turn a turn may begin, in milliseconds: people speak at once.
const AT_ONCE: i64 = 1_000;

impl Draft {
    /// A draft that is never finished, so it doesn't account for structure.
    pub(super) fn uncounted() -> Self {
        Self { uncounted: true, ..Self::default() }
    }

    /// Accounts for structural words: a time, a cue id, a label.
    pub(super) fn structure(&mut self, text: &str) {
        if !self.uncounted {
            self.structure += words(text);
        }
    }

    /// Accounts for words removed with markup: `raw` words before, `kept` words after.
    pub(super) fn markup(&mut self, raw: usize, kept: usize) {
        self.structure += raw.saturating_sub(kept);
    }

    /// Sets `text` (on line `line`, from 1) aside. Consecutive lines with the same reason become one entry.
    pub(super) fn set_aside(&mut self, line: usize, reason: &str, text: &str) {
        self.set_aside_words(line, reason, words(text));
        self.left_out.add(reason, text);
    }

    /// Keeps a sample of words that are set aside by count.
    pub(super) fn sample(&mut self, reason: &str, text: &str) {
        self.left_out.add(reason, text);
    }

    /// Sets that many words aside, like [`Self::set_aside`].
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

    /// Adds somebody who attended or was invited. Entries without a name and email are ignored, and each person is
    /// added once.
    pub(super) fn attends(&mut self, mut attendee: Attendee) {
        let tidy = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        attendee.name = tidy(attendee.name);
        attendee.email = tidy(attendee.email).map(|email| email.to_lowercase()).filter(|email| is_email(email));
        let nobody = attendee.name.is_none() && attendee.email.is_none();
        if !nobody && self.attendees.len() < ATTENDEES && !self.attendees.contains(&attendee) {
            self.attendees.push(attendee);
        }
    }

    /// Adds a warning made elsewhere.
    pub(super) fn add_warning(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    pub(super) fn warned(&self, of: &str) -> bool {
        self.warnings.iter().any(|warning| warning.message.contains(of))
    }

    /// Warns about a position: `line` and `column`, from 1.
    pub(super) fn warn_at(&mut self, line: usize, column: usize, message: impl Into<String>) {
        self.warnings.push(Warning { line, column: Some(column), message: message.into() });
    }

    /// Tracks the times of a file in which they should increase, to warn if they don't.
    pub(super) fn clock(&mut self, line: usize, start_ms: Option<i64>) {
        let Some(start) = start_ms else { return };
        if self.clock.is_some_and(|last| start + AT_ONCE < last) {
            self.backwards.get_or_insert((line, 0)).1 += 1;
        }
        self.clock = Some(start);
    }

    /// Reverts what [`Self::clock`] recorded: it was midnight.
    pub(super) fn clock_is_right(&mut self) {
        self.backwards = None;
    }

    /// Warns, once, about cues without words: they may have been lost.
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

    /// The end of an utterance that begins at `start_ms`, unless it's before the start.
    pub(super) fn end(&mut self, line: usize, start_ms: Option<i64>, end_ms: Option<i64>) -> Option<i64> {
        if start_ms.zip(end_ms).is_some_and(|(start, end)| end < start) {
            self.warn(line, "ends before it begins; its end is not used");
            return None;
        }
        end_ms
    }

    /// Adds an utterance, unless it's empty.
    pub(super) fn say(&mut self, label: Option<&str>, start_ms: Option<i64>, end_ms: Option<i64>, text: &str) {
        let text = trimmed(text);
        if !text.is_empty() {
            let label = label.map(trimmed).filter(|label| !label.is_empty()).map(str::to_owned);
            self.utterances.push(Utterance { label, start_ms, end_ms, text: text.to_owned() });
        }
    }

    /// Accounts for a file of `outer` words around the `inner` ones that were read, next to texts with `other` words:
    /// the rest is structure. Positions refer to the text within, so they don't name lines of the file.
    pub(super) fn within(&mut self, outer: usize, inner: usize, other: usize) {
        let other = other.min(outer.saturating_sub(inner));
        self.markup(outer - other, inner);
        if other > 0 {
            self.set_aside_words(0, "a text beside the transcript", other);
        }
        self.backwards = self.backwards.map(|(_, times)| (0, times));
        self.warnings.iter_mut().for_each(|warning| (warning.line, warning.column) = (0, None));
        self.set_aside.iter_mut().for_each(|entry| entry.line = 0);
    }

    pub(super) fn finish(mut self, format: Format, source: &Source<'_>) -> Transcript {
        self.drop_unreal_times();
        let lengths: Vec<usize> = self.utterances.iter().map(|said| words(&said.text)).collect();
        if self.backwards.is_some() {
            clock::from_the_first(&mut self);
        }
        plausible::check(&mut self, &lengths, source);
        // Whisper's own reader knows better which words the model produced from silence.
        if format != Format::Whisper {
            silence::warn(&mut self, &lengths, source);
        }
        self.warn_of_order();
        let in_utterances = lengths.iter().sum();
        self.warnings.extend(self.left_out.warnings(&self.set_aside, in_utterances));
        let account = Account {
            in_file: words(source.text),
            in_utterances,
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
            attendees: self.attendees,
            account,
        }
    }

    /// Drops all times, because they can't be right.
    pub(super) fn drop_times(&mut self, reason: &str) {
        for said in &mut self.utterances {
            (said.start_ms, said.end_ms) = (None, None);
        }
        self.warn(0, reason);
    }

    fn warn_of_order(&mut self) {
        if let Some((line, times)) = self.backwards {
            let times = if times == 1 { "once".to_owned() } else { format!("{times} times, here first") };
            self.warn(line, format!("the clock runs backwards {times}; the order of the file is kept"));
        }
    }

    /// Drops times that are impossible: a tool without times writes 0 to 0, and unchecked ones may be before the
    /// beginning, or end before they begin.
    fn drop_unreal_times(&mut self) {
        let mut timed = self.utterances.is_empty();
        for said in &mut self.utterances {
            if said.start_ms == Some(0) && said.end_ms == Some(0) {
                (said.start_ms, said.end_ms) = (None, None);
            }
            timed |= said.start_ms.is_some();
            if said.start_ms.is_some_and(|start| start < 0) {
                (said.start_ms, said.end_ms) = (None, None);
            }
            said.end_ms = said.end_ms.filter(|end| *end >= said.start_ms.unwrap_or(0));
        }
        if !timed {
            self.warn(0, "the file has no times");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unspaced, spaced, words};

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let slowly = |text: &str| {
            let runs = text.split(|letter: char| !letter.is_alphanumeric() || is_unspaced(letter));
            let alone = text.chars().filter(|letter| letter.is_alphanumeric() && is_unspaced(*letter));
            runs.filter(|word| !word.is_empty()).count() + alone.count()
        };
        let text =
            "so it's 12:30 — Søren's café, naïve日本語 text and éa aé é1 1é; nothing more to say_here. ".repeat(3);
        for (from, _) in text.char_indices() {
            assert_eq!(words(&text[from..]), slowly(&text[from..]), "{}", &text[from..]);
            assert_eq!(words(&text[..from]), slowly(&text[..from]), "{}", &text[..from]);
        }
    }

    #[test]
    fn one_space_stands_between_words() {
        for (text, wanted) in [(" so  it\tis ", "so it is"), ("so it is", "so it is"), ("é\u{a0}è", "é è"), ("", "")]
        {
            assert_eq!(spaced(text), wanted);
        }
    }
}
