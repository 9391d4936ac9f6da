//! The result of parsing: utterances in order, what was set aside, warnings, and an account of every word.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{clean, format::Format};

/// A parsed transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The format of the file.
    pub format: Format,
    /// How it was recognised, and what else it might have been.
    #[serde(default)]
    pub detected: Detection,
    /// The title, if the file contains one.
    pub title: Option<String>,
    /// The date of the session, if the file contains one: of a moment, the date in its own time zone, often UTC.
    pub session_date: Option<NaiveDate>,
    /// The moment at which the session began, if the file contains one. Its date depends on where the coach is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// What was said, in the order of the file.
    pub utterances: Vec<Utterance>,
    /// What is in the file but wasn't said, or can't be read.
    pub set_aside: Vec<SetAside>,
    /// Anything malformed or doubtful.
    pub warnings: Vec<Warning>,
    /// People the file lists as attending, in addition to its speaker labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// Where every word of the file went.
    pub account: Account,
}

impl Transcript {
    /// Removes what can't be stored, or misleads, from words and names. This comes last: the account counts what is in
    /// the file.
    pub(crate) fn clean(&mut self) {
        for said in &mut self.utterances {
            // If nothing is left of a label, there is no speaker.
            said.label = said.label.take().map(|label| clean::line(&label)).filter(|label| !label.is_empty());
            clean_text(&mut said.text);
        }
        self.title = self.title.take().map(|title| clean::line(&title));
        for warning in &mut self.warnings {
            clean_text(&mut warning.message);
        }
        self.attendees.iter_mut().for_each(Attendee::clean);
        self.attendees.retain(|attendee| attendee.name.is_some() || attendee.email.is_some());
    }
}

pub(crate) fn clean_text(text: &mut String) {
    if let Cow::Owned(clean) = clean::text(text) {
        *text = clean;
    }
}

/// How a file's format was determined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// What shows the format, in plain words; never a word of the file itself.
    pub reason: String,
    /// The format that was second best; `None` if nothing else came close.
    pub runner_up: Option<RunnerUp>,
}

/// The second-best format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The name of the reader.
    pub format: String,
    /// What in the file suggested it.
    pub reason: String,
}

/// What one speaker said without a break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// The speaker label as written in the file, trimmed; `None` if the file names nobody.
    pub label: Option<String>,
    /// Start in milliseconds from the start of the recording; `None` if the file has no real time for it.
    pub start_ms: Option<i64>,
    /// End in milliseconds from the start of the recording; `None` if the file has no real time for it.
    pub end_ms: Option<i64>,
    /// The words, as transcribed.
    pub text: String,
}

/// Somebody who attended a meeting, or was invited, according to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// The name under which the tool showed the person, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Other names in what is written: for `Pri (Priya Raman)`, both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// The email address, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The speaker label that the tool itself links to this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether the file says that the person attended; an invitation doesn't.
    pub was_there: bool,
    /// How long the person attended, in seconds, if the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

impl Attendee {
    pub(crate) fn clean(&mut self) {
        for field in [&mut self.name, &mut self.email, &mut self.label] {
            *field = field.take().map(|text| clean::line(&text)).filter(|text| !text.is_empty());
        }
        for name in &mut self.other_names {
            *name = clean::line(name);
        }
    }
}

/// One or more lines that aren't part of any utterance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The first line's number, from 1.
    pub line: usize,
    /// The reason, in plain words.
    pub reason: String,
    /// The number of words.
    pub words: usize,
}

impl SetAside {
    /// Whether somebody may have said it: it isn't what tools and people write around speech.
    #[must_use]
    pub fn may_have_been_said(&self) -> bool {
        crate::left_out::may_have_been_said(&self.reason)
    }

    /// Whether the same words are also in an utterance.
    #[must_use]
    pub fn is_there_already(&self) -> bool {
        crate::left_out::is_there_already(&self.reason)
    }
}

/// Something malformed or doubtful in the file; words are never lost silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The line number, from 1; 0 if it's about the whole file.
    pub line: usize,
    /// The column, from 1, if it's about a position in the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong, in plain words. The only speech it contains is the first words of what was left out.
    pub message: String,
}

/// What became of every word of the file. A word is an unbroken run of letters and digits, so that the sum doesn't
/// depend on spaces and punctuation ("here's" counts as two); in scripts without spaces, such as Chinese, it's each
/// letter. For words as people count them see [`crate::words`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Words in the file, counted before anything else is done with it.
    pub in_file: usize,
    /// Words in the utterances, counted at the very end.
    pub in_utterances: usize,
    /// Words that were set aside.
    pub set_aside: usize,
    /// Structural words: times, cue ids, labels, markup.
    pub structure: usize,
}

impl Account {
    /// Whether every word is accounted for exactly once.
    #[must_use]
    pub const fn balances(&self) -> bool {
        self.in_file == self.in_utterances + self.set_aside + self.structure
    }
}
