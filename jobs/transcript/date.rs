//! What a header says about the session: its title and its day.

use chrono::{DateTime, NaiveDate, Utc};

use super::account::Draft;

/// Takes the title or day from a header line such as `Date: 2026-11-20`, if the draft has none yet. The caller accounts
/// for the line's words.
pub(super) fn header_line(line: &str, draft: &mut Draft) {
    let Some((key, value)) = line.split_once(':') else { return };
    let (key, value) = (key.trim().trim_matches(['*', '#', ' ']).to_lowercase(), value.trim().trim_matches(['*', ' ']));
    match key.as_str() {
        "title" | "subject" | "topic" | "meeting" | "meeting title" | "titel"
            if draft.title.is_none() && !value.is_empty() =>
        {
            draft.title = Some(value.to_owned());
        }
        "date" | "session date" | "recorded" | "recorded on" | "recording date" | "meeting date" | "start time"
        | "started" | "datum" | "fecha"
            if draft.session_date.is_none() =>
        {
            take(value, draft);
        }
        _ => {}
    }
}

/// Takes the day from a heading above the talk, such as `Call with Priya, Friday 27 November 2026`, if the draft has
/// none yet. A heading about another day ("next session on …") doesn't count.
pub(super) fn heading(line: &str, draft: &mut Draft) {
    const OTHER_DAYS: &[&str] =
        &["next", "until", "due", "since", "from", "before", "after", "born", "printed", "exported", "version"];
    let words = || line.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    let is_other = words().any(|word| OTHER_DAYS.contains(&word.as_str()));
    if draft.session_date.is_some() || is_other || words().count() > 14 {
        return;
    }
    let begins =
        |(at, _): &(usize, char)| *at == 0 || line[..*at].ends_with([' ', '(', '[', '*', '_', '|', '–', '-', ',']);
    draft.session_date =
        line.char_indices().filter(begins).find_map(|(at, _)| day(line[at..].trim_end_matches([')', ']', '*', '_'])));
}

/// Takes the day, and the moment if there is one, from what a file says about when the session took place.
pub(super) fn take(value: &str, draft: &mut Draft) {
    draft.session_date = day(value);
    draft.started_at = moment(value);
}

/// A moment, with its zone: `2026-11-20T23:30:00Z`, `2026-11-20 23:30:00+01:00`. Midnight is a day, not a moment.
pub(super) fn moment(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    let value = value.strip_suffix(" UTC").map_or(value.to_owned(), |value| format!("{value}Z"));
    let moment = DateTime::parse_from_rfc3339(&value).ok()?;
    let midnight = moment.time() == chrono::NaiveTime::MIN;
    (!midnight && moment.timestamp() > 0).then(|| moment.to_utc())
}

/// A day as people and tools write it. `03/04/2026` could be two days, so it's `None`.
pub(super) fn day(value: &str) -> Option<NaiveDate> {
    if value.len() > 80 {
        return None;
    }
    let mut candidates = vec![value];
    // Without what follows (a time), and without the weekday before it.
    candidates.extend(value.split_once(['T', ' ']).map(|(day, _)| day));
    candidates.extend(value.split_once([',', ' ']).map(|(_, day)| day.trim()));
    candidates.extend(value.match_indices(' ').map(|(at, _)| &value[..at]));
    candidates.iter().find_map(|text| unambiguous(text.trim_end_matches([',', '.'])))
}

fn unambiguous(text: &str) -> Option<NaiveDate> {
    const FORMATS: &[&str] =
        &["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d %b %Y", "%b %d, %Y"];
    let day = FORMATS.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok()).or_else(|| {
        let [american, european] = ["%m/%d/%Y", "%d/%m/%Y"].map(|format| NaiveDate::parse_from_str(text, format).ok());
        match (american, european) {
            (Some(one), Some(other)) => (one == other).then_some(one),
            (one, other) => one.or(other),
        }
    })?;
    // A two-digit year parses as one long ago.
    (day >= NaiveDate::from_ymd_opt(1990, 1, 1)?).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::{day, moment};

    #[test]
    fn a_moment_has_a_zone() {
        for (text, wanted) in [
            ("2026-11-20T23:30:00Z", Some("2026-11-20 23:30:00 UTC")),
            ("2026-11-20T23:30:00.000-05:00", Some("2026-11-21 04:30:00 UTC")),
            ("2026-11-20 23:30:00 UTC", Some("2026-11-20 23:30:00 UTC")),
            ("2026-11-20T23:30:00", None),
            ("2026-11-20T00:00:00Z", None),
            ("2026-11-20", None),
        ] {
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_day_is_read_where_it_is_only_one() {
        for (text, wanted) in [
            ("2026-11-20", Some("2026-11-20")),
            ("2026-11-20T09:30:00Z", Some("2026-11-20")),
            ("2026-11-20 09:30", Some("2026-11-20")),
            ("20 November 2026", Some("2026-11-20")),
            ("Friday, November 20, 2026", Some("2026-11-20")),
            ("Nov 20, 2026", Some("2026-11-20")),
            ("20.11.2026", Some("2026-11-20")),
            ("11/20/2026", Some("2026-11-20")),
            ("03/04/2026", None),
            ("next week", None),
            ("1.2.26", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
