//! Rewrites what a file does in its own way throughout as the readers know it: a date before every time, numbers as
//! times, all turns on one line. Only what the whole file shows is rewritten, so that nothing that was said changes.
//!
//! Reads a text, returns a text with the same words except for its times.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{
    NotATranscript, dated, json, line_heads, markdown, marks_of_direction, number_times, odd_times, one_line, records,
    substation,
};

/// A text that is ready for the readers.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) text: Cow<'a, str>,
    /// The date that precedes the times.
    pub(super) day: Option<NaiveDate>,
    /// What a person should know about how it was rewritten.
    pub(super) doubts: Vec<String>,
}

/// The text as readers know it; unchanged if nothing is unusual.
///
/// # Errors
/// If dates and times show that it was written, not spoken.
pub(super) fn prepared(text: &str) -> Result<Prepared<'_>, NotATranscript> {
    let mut prepared = Prepared { text: Cow::Borrowed(text), day: None, doubts: Vec::new() };
    if json::is_json(text) {
        return Ok(prepared);
    }
    if let Some((table, shown)) = substation::as_table(text) {
        prepared.doubts.extend(shown.doubt().map(|doubt| doubt.message));
        prepared.text = Cow::Owned(table);
    }
    if let Some(unmarked) = marks_of_direction::without(&prepared.text) {
        prepared.text = Cow::Owned(unmarked);
    }
    if let Some(unmarked) = markdown::unmarked(&prepared.text) {
        prepared.text = Cow::Owned(unmarked);
    }
    if let Some(usual) = line_heads::as_usual(&prepared.text) {
        prepared.text = Cow::Owned(usual);
    }
    if let Some(json) = records::of_yaml(&prepared.text).or_else(|| records::of_blocks(&prepared.text)) {
        prepared.text = Cow::Owned(json);
        return Ok(prepared);
    }
    if let Some(lines) = one_line::parted(&prepared.text) {
        prepared.text = Cow::Owned(lines);
    }
    if let Some(dated) = dated::without_days(&prepared.text)? {
        prepared.day = dated.day;
        prepared.doubts.push(dated::DOUBT.to_owned());
        prepared.text = Cow::Owned(dated.text);
    } else if let Some((text, unit)) = number_times::written_out(&prepared.text) {
        prepared.doubts.push(format!("the numbers at the beginning of the lines are read as {unit}"));
        prepared.text = Cow::Owned(text);
    }
    if let Cow::Owned(usual) = odd_times::as_usual(&prepared.text) {
        prepared.text = Cow::Owned(usual);
    }
    Ok(prepared)
}
