//! What a parse gives: utterances in order, what was set aside, warnings, and the account of every word.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{clean, format::Format};

/// A parsed transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The kind of file.
    pub format: Format,
    /// By what it was known, and what else it might have been.
    #[serde(default)]
    pub detected: Detection,
    /// The title, where the content names one.
    pub title: Option<String>,
    /// The day of the session, where the content names one: of a moment the day in its own zone, often UTC.
    pub session_date: Option<NaiveDate>,
    /// The moment at which the session began, where the content names one. Its day depends on where the coach is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// What was said, in the order of the file.
    pub utterances: Vec<Utterance>,
    /// What is in the file and was not said, or cannot be read.
    pub set_aside: Vec<SetAside>,
    /// What is malformed or doubtful.
    pub warnings: Vec<Warning>,
    /// Whom the file names as attending, beside its speaker labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// Where every word of the file went.
    pub account: Account,
}

impl Transcript {
    /// Takes out of words and names what cannot be stored, or misleads. Last of all: the account counts what the file has.
    pub(crate) fn clean(&mut self) {
        for said in &mut self.utterances {
            // Where nothing of a label is left, nobody is named.
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

/// How the kind of a file was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// What in the file shows its kind, in plain words; never a word of the file itself.
    pub reason: String,
    /// What it would have been read as otherwise; none where nothing else came near.
    pub runner_up: Option<RunnerUp>,
}

/// The kind that came second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The name of the reader.
    pub format: String,
    /// What in the file spoke for it.
    pub reason: String,
}

/// What one speaker said at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// The speaker label as written in the file, trimmed; none where the file names nobody.
    pub label: Option<String>,
    /// From the start of the recording, in milliseconds; none where the file has no real time for it.
    pub start_ms: Option<i64>,
    /// From the start of the recording, in milliseconds; none where the file has no real time for it.
    pub end_ms: Option<i64>,
    /// The words.
    pub text: String,
}

/// Somebody who attended a meeting, or was invited, as a file says beside what was spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// As written: the name under which the tool showed the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Further names in what is written: of `Pri (Priya Raman)` both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// In lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The speaker label that the tool itself ties to this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The file says that the person was there; an invitation does not.
    pub was_there: bool,
    /// How long, where the file says so.
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

/// A line (or the lines from it on) that is not part of any utterance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// From 1.
    pub line: usize,
    /// Why, in plain words.
    pub reason: String,
    /// How many words it holds.
    pub words: usize,
}

impl SetAside {
    /// Whether somebody may have said it: it is none of what tools and people write beside what was said.
    #[must_use]
    pub fn may_have_been_said(&self) -> bool {
        crate::left_out::may_have_been_said(&self.reason)
    }

    /// Whether the same words are in an utterance.
    #[must_use]
    pub fn is_there_already(&self) -> bool {
        crate::left_out::is_there_already(&self.reason)
    }
}

/// Something malformed or doubtful in the file; never a reason to lose words silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// From 1; 0 where it is about the whole file.
    pub line: usize,
    /// From 1, where a place in the line is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong, in plain words. Of what was said it holds only the first words of what was left out.
    pub message: String,
}

/// Where every word of the file went. A word is an unbroken run of letters and digits, so that the sum does not hang
/// on spaces and punctuation ("here's" counts as two); of scripts without spaces, such as Chinese, it is each letter. For
/// words as people count them see [`crate::words`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// In the file, counted before anything else is done with it.
    pub in_file: usize,
    /// In the utterances, counted after everything is done.
    pub in_utterances: usize,
    /// In what was set aside.
    pub set_aside: usize,
    /// In what holds the file together: times, cue ids, labels, markup.
    pub structure: usize,
}

impl Account {
    /// Whether every word went somewhere, and none to two places.
    #[must_use]
    pub const fn balances(&self) -> bool {
        self.in_file == self.in_utterances + self.set_aside + self.structure
    }
}
