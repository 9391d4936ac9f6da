//! A transcript in the making, which keeps account of every word: each line is said, set aside, or structure.

use chrono::NaiveDate;

use super::{
    formats::Source,
    transcript::{Account, Attendee, Format, SetAside, Transcript, Utterance, Warning},
};

/// How many words (see [`Account`]) `text` holds.
pub(super) fn words(text: &str) -> usize {
    let mut inside = false;
    text.chars()
        .filter(|letter| {
            let begins = letter.is_alphanumeric() && !inside;
            inside = letter.is_alphanumeric();
            begins
        })
        .count()
}

/// Whether a text is one email address.
pub(super) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;<>()[]\"".contains(c));
    plain(name) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

/// What a format fills while it reads.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) title: Option<String>,
    pub(super) session_date: Option<NaiveDate>,
    pub(super) utterances: Vec<Utterance>,
    set_aside: Vec<SetAside>,
    /// The last line that was set aside.
    set_aside_until: usize,
    warnings: Vec<Warning>,
    attendees: Vec<Attendee>,
    structure: usize,
}

/// More people than any meeting has; a damaged file must not make a list of its words.
const ATTENDEES: usize = 2000;

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

    /// Notes somebody who attended or was invited; who is neither named nor has an email is nobody, and the same person
    /// is noted once.
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

    /// Warns about a place: `line` and `column`, from 1.
    pub(super) fn warn_at(&mut self, line: usize, column: usize, message: impl Into<String>) {
        self.warnings.push(Warning { line, column: Some(column), message: message.into() });
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
        Transcript {
            format,
            title: self.title,
            session_date: self.session_date,
            utterances: self.utterances,
            set_aside: self.set_aside,
            warnings: self.warnings,
            attendees: self.attendees,
            account,
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
