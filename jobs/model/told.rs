//! What a person says when they settle an action item or a goal: since which day, and a note. Pure.

use chrono::{Datelike, NaiveDate};

use super::MAX_CHARACTERS;
use crate::text::{is_readable, one_line};

/// A day and a note, both optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The day on which it was done, dropped or opened again; today if left out.
    pub day: Option<NaiveDate>,
    /// A note, on one line.
    pub note: Option<String>,
}

/// Since which day something stands as it does, and the note with that.
pub type Kept = (NaiveDate, Option<String>);

/// Why that can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToldError {
    /// The day is yet to come.
    #[error("this day is yet to come; give the day on which it happened, or leave it out for today")]
    Ahead,
    /// The day is far in the past.
    #[error("this day is long ago; give the day on which it happened, or leave it out for today")]
    LongAgo,
    /// The note is too long.
    #[error("a note has at most 1,000 characters")]
    LongNote,
    /// The note can't be shown.
    #[error("the note contains characters that can’t be shown; type it again")]
    Unreadable,
}

impl ToldError {
    /// The field that it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Ahead | Self::LongAgo => "day",
            Self::LongNote | Self::Unreadable => "note",
        }
    }
}

impl Told {
    /// The day and the note, if they can be kept. `today` is the coach's. A blank note is none. `before` is what was said when
    /// it came to stand as it does now: what is left out stays.
    ///
    /// # Errors
    /// If the day is ahead or long ago, or the note too long or unreadable.
    pub fn checked(&self, today: NaiveDate, before: Option<Kept>) -> Result<Kept, ToldError> {
        let (since, noted) = before.unwrap_or((today, None));
        let day = self.day.unwrap_or(since);
        if day > today {
            return Err(ToldError::Ahead);
        }
        if day.year() < 2000 {
            return Err(ToldError::LongAgo);
        }
        let Some(note) = self.note.as_deref().map(one_line) else { return Ok((day, noted)) };
        let note = Some(note).filter(|note| !note.is_empty());
        match &note {
            Some(note) if note.chars().count() > MAX_CHARACTERS => Err(ToldError::LongNote),
            Some(note) if !is_readable(note) => Err(ToldError::Unreadable),
            _ => Ok((day, note)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_today_or_before_and_a_note_is_one_readable_line() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        let check = |on, note: &str| Told { day: on, note: Some(note.into()) }.checked(day(20), None);
        assert_eq!(check(None, " Sent\r\n it. "), Ok((day(20), Some("Sent it.".into()))));
        assert_eq!(check(Some(day(3)), " "), Ok((day(3), None)));
        assert_eq!(check(Some(day(21)), ""), Err(ToldError::Ahead));
        assert_eq!(check(NaiveDate::from_ymd_opt(202, 1, 1), ""), Err(ToldError::LongAgo));
        assert_eq!(check(None, &"é".repeat(1001)), Err(ToldError::LongNote));
        assert_eq!(check(None, "a\u{202e}b"), Err(ToldError::Unreadable));
    }

    #[test]
    fn what_is_left_out_stays_as_it_was_said() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        let check = |on, note: Option<&str>| {
            Told { day: on, note: note.map(Into::into) }.checked(day(20), Some((day(3), Some("Sent.".into()))))
        };
        assert_eq!(check(None, None), Ok((day(3), Some("Sent.".into()))));
        assert_eq!(check(None, Some("By post.")), Ok((day(3), Some("By post.".into()))));
        assert_eq!(check(Some(day(2)), None), Ok((day(2), Some("Sent.".into()))));
        assert_eq!(check(None, Some(" ")), Ok((day(3), None)), "a blank note takes the note away");
    }
}
