//! Bookkeeping while a JSON file is read: each of its texts is speech, a label, or set aside, and none is used twice.

use std::collections::HashMap;

use crate::{
    account::{Draft, is_email, spaced, words},
    date,
    formats::Source,
    transcript::Attendee,
    words::has_unspaced,
};

use super::tree::{Json, Tree, Value};

/// Keys of what a tool or a person wrote about the session. Lower case, without `_`.
#[rustfmt::skip]
const NOTES: &[&str] = &[
    "summary", "summaries", "defaultsummary", "overview", "notes", "actionitems", "keywords", "chapters",
    "chaptersummaries", "topics", "outline", "gist", "headline", "highlights", "keyquestions", "questions", "insights",
    "sentiments", "tasks", "aifilters", "moderation", "contentmoderation", "analytics", "appspreview", "categories",
    "entities", "bullets", "shorthandbullet", "bulletgist", "crmmatches", "ainotes", "aisummary", "takeaways", "keypoints",
    "keytakeaways", "nextsteps", "decisions", "followups", "followup", "trackers", "comments", "annotations", "clips",
    "bookmarks", "moments", "scorecards", "coaching", "feedback", "sentimentanalysis",
    "sentimentanalysisresults", "autohighlightsresult", "iabcategoriesresult", "contentsafetylabels", "agenda", "recap",
    "intents", "themes", "analysis", "todos", "objections",
];
pub(super) const SOUND: &str = "a sound, or words that were not understood";
/// More words than an identifier or a model's name has: such text should be listed as set aside.
const A_SENTENCE: usize = 4;

/// How many keys are remembered; no tool has more, but a file may contain anything.
const KEYS: usize = 1000;

/// The draft that readers fill, and what they have used of the file.
#[derive(Debug)]
pub(super) struct Book<'s> {
    pub(super) draft: Draft,
    /// The whole file, of which a source reads a part.
    pub(super) root: &'s Json<'s>,
    used: Vec<bool>,
    lines: &'s [&'s str],
    text: &'s str,
    /// For the keys seen so far, whether their values are notes.
    notes: HashMap<String, bool>,
}

impl<'s> Book<'s> {
    /// Creates one for a file and its tree.
    pub(super) fn new(source: &'s Source<'_>, tree: &'s Tree<'_>) -> Self {
        Self {
            draft: Draft::default(),
            root: &tree.root,
            used: vec![false; tree.texts],
            lines: source.lines(),
            text: source.text,
            notes: HashMap::new(),
        }
    }

    /// The line of a value, from 1; 0 if it's missing.
    pub(super) fn line(&self, json: &Json<'_>) -> usize {
        let Some(first) = self.lines.first().filter(|_| json.is_there()) else { return 0 };
        let base = first.as_ptr() as usize;
        self.lines.partition_point(|line| line.as_ptr() as usize - base <= json.at)
    }

    /// Warns about the position of a value.
    pub(super) fn warn(&mut self, json: &Json<'_>, message: impl Into<String>) {
        let line = self.line(json);
        if line == 0 {
            return self.draft.warn(0, message);
        }
        // In bytes, like the column of damaged JSON: a file is often one very long line.
        let start = self.lines[line - 1].as_ptr() as usize - self.lines[0].as_ptr() as usize;
        self.draft.warn_at(line, json.at.saturating_sub(start) + 1, message);
    }

    /// Takes a text as speech; the caller must add all of it.
    pub(super) fn take<'j>(&mut self, json: &'j Json<'_>) -> &'j str {
        match &json.value {
            Value::Text(number, text) if !std::mem::replace(&mut self.used[*number], true) => text,
            _ => "",
        }
    }

    pub(super) fn structure<'j>(&mut self, json: &'j Json<'_>) -> &'j str {
        let text = self.take(json);
        self.draft.structure(text);
        json.text().unwrap_or("").trim()
    }

    /// A speaker label as written; a bare number or letter, which alone means nothing, is prefixed with a word.
    pub(super) fn label(&mut self, json: &Json<'_>) -> Option<String> {
        self.label_of(json, "Speaker")
    }

    /// The label for a channel of the recording; `ch_0` is its number.
    pub(super) fn channel(&mut self, json: &Json<'_>) -> Option<String> {
        self.structure(json);
        match json.text().and_then(|text| text.strip_prefix("ch_")) {
            Some(number) => Some(format!("Channel {number}")),
            None => self.label_of(json, "Channel"),
        }
    }

    fn label_of(&mut self, json: &Json<'_>, kind: &str) -> Option<String> {
        match &json.value {
            // Some use negative numbers for unknown speakers.
            Value::Number(number) => Some(format!("{kind} {number}")).filter(|_| *number >= 0.0),
            Value::Large(number) => Some(format!("{kind} {number}")),
            Value::Text(..) => match self.structure(json) {
                "" => None,
                bare if is_bare(bare) => Some(format!("{kind} {bare}")),
                label => Some(label.to_owned()),
            },
            _ => None,
        }
    }

    pub(super) fn title(&mut self, json: &Json<'_>) {
        let title = self.structure(json);
        if self.draft.title.is_none() && !title.is_empty() {
            self.draft.title = Some(title.to_owned());
        }
    }

    /// Takes the session's date: as text, or as milliseconds since 1970.
    pub(super) fn day(&mut self, json: &Json<'_>) {
        if self.draft.session_date.is_none() {
            match json.millis().filter(|millis| *millis > EPOCH_MS) {
                Some(millis) => self.moment(millis),
                None => date::take(self.structure(json), &mut self.draft),
            }
        }
    }

    /// Where to start counting in a file whose times are moments since 1970: at the full second of the first one. The
    /// session began then, unless the file says otherwise.
    pub(super) fn begin(&mut self, moments: impl Iterator<Item = i64>) -> Option<i64> {
        let began = moments.min()?.div_euclid(1000) * 1000;
        if self.draft.started_at.is_none() && (EPOCH_MS..).contains(&began) {
            self.moment(began);
        }
        Some(began)
    }

    /// Takes the moment at which the session began, in milliseconds since 1970.
    pub(super) fn moment(&mut self, millis: i64) {
        if let Some(moment) = chrono::DateTime::from_timestamp_millis(millis) {
            self.draft.session_date = Some(moment.date_naive());
            self.draft.started_at = Some(moment).filter(|_| millis % DAY_MS != 0);
        }
    }

    /// Adds a person from a list, by the keys that tools use for names and addresses.
    pub(super) fn attends(&mut self, attendee: Attendee, person: &Json<'_>) {
        let text = |json: &Json<'_>| json.text().map(str::to_owned);
        let name = text(person.any(&["displayName", "display_name", "name", "fullName", "full_name"]));
        let email = text(person.any(&["email", "email_address", "emailAddress"]));
        // Tools write the address if they know no name.
        let name = name.filter(|name| !is_email(name.trim()));
        self.draft.attends(Attendee { name, email, ..attendee });
    }

    /// Sets everything below a value aside, except what has been used.
    pub(super) fn set_aside(&mut self, json: &Json<'_>, reason: &'static str) {
        let mut rest = Rest::default();
        self.collect(json, Some(reason), &[], &mut rest);
        self.write(rest);
    }

    /// Sets a text aside if it only names a sound; returns whether it does.
    pub(super) fn is_sound(&mut self, text: &Json<'_>) -> bool {
        let sound = text.text().is_some_and(is_sound);
        if sound {
            self.set_aside(text, SOUND);
        }
        sound
    }

    /// Adds a text of one speaker.
    pub(super) fn say(&mut self, label: Option<&str>, start_ms: Option<i64>, end_ms: Option<i64>, text: &Json<'_>) {
        if text.text().is_none() {
            return;
        }
        let said = self.take(text);
        let one_line = spaced(said);
        let (start_ms, end_ms) = self.possible(text, start_ms, end_ms);
        self.draft.say(label, start_ms, end_ms, &one_line);
    }

    /// Times that are possible: not before the start of the recording, and not ending before they begin.
    pub(super) fn possible(
        &mut self,
        at: &Json<'_>,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
    ) -> (Option<i64>, Option<i64>) {
        if start_ms.is_some_and(|start| start < 0) {
            self.warn(at, "a time before the start of the recording; the words are kept without a time");
            return (None, None);
        }
        if let (Some(start), Some(end)) = (start_ms, end_ms)
            && end < start
        {
            self.warn(at, "ends before it begins; its end is not used");
            return (start_ms, None);
        }
        (start_ms, end_ms)
    }

    /// Accounts for every text that no reader used: under the keys `repeats`, the same words occur again.
    pub(super) fn close(mut self, root: &Json<'_>, repeats: &[&str]) -> Draft {
        self.warn_of_order();
        let mut texts = 0;
        count(root, &mut texts);
        // Keys, numbers and escapes: what the file contains besides its texts.
        self.draft.markup(words(self.text), texts);
        let mut rest = Rest::default();
        self.collect(root, None, repeats, &mut rest);
        self.write(rest);
        self.draft
    }

    fn warn_of_order(&mut self) {
        // From 0 to 0 isn't a time.
        let real = self.draft.utterances.iter().filter(|said| (said.start_ms, said.end_ms) != (Some(0), Some(0)));
        let starts: Vec<i64> = real.filter_map(|utterance| utterance.start_ms).collect();
        let back = starts.windows(2).filter(|pair| pair[1] + 1_000 < pair[0]).count();
        if back > 0 {
            let times = if back == 1 { "once".to_owned() } else { format!("{back} times") };
            self.draft.warn(0, format!("the clock runs backwards {times}; the order of the file is kept"));
        }
    }

    fn collect(&mut self, json: &Json<'_>, reason: Option<&'static str>, repeats: &[&str], rest: &mut Rest) {
        match &json.value {
            Value::Text(number, text) => {
                if !std::mem::replace(&mut self.used[*number], true) {
                    let count = words(text);
                    let long = count >= A_SENTENCE && (text.contains(char::is_whitespace) || has_unspaced(text));
                    let long = long && !json.raw().is_there();
                    let reason = reason.filter(|_| !is_quantity(text));
                    match reason.or_else(|| long.then_some("text beside what was said")) {
                        Some(reason) => {
                            rest.add(self.line(json), reason, count);
                            self.draft.sample(reason, text);
                        }
                        None => self.draft.structure(text),
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.collect(item, reason, repeats, rest)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    let own = if repeats.contains(&key.as_ref()) {
                        Some("the same words again, in another shape")
                    } else if key == "systeminfo" {
                        Some("settings of the tool")
                    } else if self.is_notes(key) {
                        Some("notes about the session")
                    } else {
                        None
                    };
                    self.collect(value, reason.or(own), repeats, rest);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Large(_) => {}
        }
    }

    fn is_notes(&mut self, key: &str) -> bool {
        // A file has few keys, and each of them many times.
        if let Some(known) = self.notes.get(key) {
            return *known;
        }
        let notes = is_notes(key);
        if self.notes.len() < KEYS {
            self.notes.insert(key.to_owned(), notes);
        }
        notes
    }

    fn write(&mut self, rest: Rest) {
        for (line, reason, words) in rest.0 {
            self.draft.set_aside_words(line, reason, words);
        }
    }
}

/// Whether the values of this key are notes about the session, rather than speech.
pub(super) fn is_notes(key: &str) -> bool {
    let key = key.to_lowercase().replace(['_', '-', ' '], "");
    NOTES.contains(&key.as_str()) || key.strip_prefix("ai").is_some_and(|key| NOTES.contains(&key))
}

/// A session that begins exactly at midnight UTC has a date, not a moment.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Later than any offset in a recording (1973), and earlier than any session.
pub(super) const EPOCH_MS: i64 = 100_000_000_000;

/// Whether it's a bare number, which means nothing to anyone; a telephone number does. Letters stay as written.
fn is_bare(label: &str) -> bool {
    let digits = label.bytes().all(|byte| byte.is_ascii_digit());
    digits && (label.parse::<u32>().is_ok() || label.len() > 15)
}

/// Whether it's a time or a measure, written as text.
fn is_quantity(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b':' | b's'))
}

/// Whether a text names a sound or a gap and nothing else: `[Music]`, `(laughs)`, `♪♪`, `[BLANK_AUDIO]`.
fn is_sound(text: &str) -> bool {
    let text = text.trim();
    let inner = [('[', ']'), ('(', ')'), ('*', '*')]
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)));
    let notes = !text.is_empty() && text.chars().all(|letter| matches!(letter, '♪' | '♫' | '🎵' | ' '));
    notes || inner.is_some_and(|inner| !inner.contains(['[', ']', '(', ')']) && crate::words::count(inner) <= 4)
}

fn count(json: &Json<'_>, texts: &mut usize) {
    match &json.value {
        Value::Text(_, text) => *texts += words(text),
        Value::List(items) => items.iter().for_each(|item| count(item, texts)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| count(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Large(_) => {}
    }
}

/// What is set aside, one entry per reason, at its first line.
#[derive(Default)]
struct Rest(Vec<(usize, &'static str, usize)>);

impl Rest {
    fn add(&mut self, line: usize, reason: &'static str, words: usize) {
        match self.0.iter_mut().find(|(_, own, _)| *own == reason) {
            _ if words == 0 => {}
            Some((.., sum)) => *sum += words,
            None => self.0.push((line, reason, words)),
        }
    }
}
