//! What an object's key says: whose it is, and the session's date, type and title. Pure.
//!
//! `inbox/{coach}/[{YYYY-MM-DD}/][{folder}/…]{file}`. Keys are data: any key either parses or is ignored for a reason.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use regex::Regex;

pub(super) use super::dates::date_in;
pub(crate) use super::dates::time_in;
use super::dates::worded;
use crate::clean;

/// The prefix under which coaches upload their files.
pub const INBOX: &str = "inbox/";
/// The file that updates a coach's clients.
const ROSTER: &str = "roster.csv";
/// The title of a session whose file name says nothing, until its clients are known.
pub const UNTITLED: &str = "Session";
/// Words that recorders build file names from.
#[rustfmt::skip]
const RECORDER_WORDS: [&str; 38] = [
    "active", "as", "audio", "avo", "caption", "captions", "cc", "chat", "closed", "gallery", "gmt", "gvo", "live", "m4a",
    "meeting", "mp3", "mp4", "new", "only", "raw", "rec", "recording", "recordings", "room", "saved", "screen", "shared",
    "speaker", "subtitle", "subtitles", "transcript", "transcription", "transcripts", "video", "view", "wav", "with", "zoom",
];
/// Names that say nothing about the session (recorders give them to every file).
const EMPTY_TITLES: [&str; 14] = [
    "",
    "audio transcript",
    "audio_transcript",
    "captions",
    "cc",
    "closed caption",
    "meeting",
    "meeting transcript",
    "recording",
    "session",
    "subtitles",
    "transcript",
    "transcription",
    "zoom",
];

/// What a key of the inbox refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboxKey {
    /// A transcript, judging by the key.
    Transcript(TranscriptKey),
    /// The coach's list of clients.
    Roster {
        /// The coach's handle, in lower case.
        coach: String,
    },
    /// Neither: hidden, incomplete, or in no coach's folder.
    Ignored,
}

/// The parts of a transcript's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptKey {
    /// The coach's handle, in lower case.
    pub coach: String,
    /// The folders between the coach's folder and the file.
    pub folders: Vec<String>,
    /// The file's name.
    pub file: String,
}

/// Where a session's date came from, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateSource {
    /// A folder named after the date.
    Path,
    /// The file's name.
    FileName,
    /// When the object was written: an estimate.
    ObjectTime,
}

impl DateSource {
    /// The name used in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::FileName => "file_name",
            Self::ObjectTime => "object_time",
        }
    }
}

/// Why a key is ignored, worded for the operator; `None` if it isn't.
#[must_use]
pub fn ignored(key: &str) -> Option<&'static str> {
    let mut parts: Vec<&str> = key.strip_prefix(INBOX)?.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    if key.contains('\0') {
        // Postgres can't store a NUL, and one such key must not keep other coaches' files from being found.
        Some("its name contains a NUL character: rename it")
    } else if is_hidden(file) || parts.iter().any(|part| part.starts_with('.') || *part == "__MACOSX") {
        // A file in a hidden folder (.git, .Trash, __MACOSX) counts as hidden.
        Some("it’s hidden, or a system file")
    } else if is_unfinished(file) {
        Some("its name is that of an unfinished or backup file; it’s read under its final name")
    } else if parts.is_empty() {
        Some("it isn’t in a coach’s folder: move it to inbox/COACH/ (`debrief coach list` shows the handles)")
    } else {
        None
    }
}

/// Reads a key.
#[must_use]
pub fn read(key: &str) -> InboxKey {
    let Some(rest) = key.strip_prefix(INBOX).filter(|_| ignored(key).is_none()) else { return InboxKey::Ignored };
    let mut parts: Vec<&str> = rest.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    let coach = parts.remove(0).to_lowercase();
    if parts.is_empty() && file.eq_ignore_ascii_case(ROSTER) {
        return InboxKey::Roster { coach };
    }
    let folders = parts.into_iter().map(str::to_owned).collect();
    InboxKey::Transcript(TranscriptKey { coach, folders, file: file.to_owned() })
}

fn is_hidden(file: &str) -> bool {
    file.is_empty() || file.starts_with('.') || ["thumbs.db", "desktop.ini"].contains(&file.to_lowercase().as_str())
}

/// The names that programs use for incomplete files and backups.
fn is_unfinished(file: &str) -> bool {
    let lower = file.to_lowercase();
    file.starts_with('~')
        || file.ends_with('~')
        || [".part", ".partial", ".tmp", ".crdownload", ".download", ".swp"].iter().any(|end| lower.ends_with(end))
}

impl TranscriptKey {
    /// The session's date in the coach's time zone: from a folder, else the file name, else the object's time.
    #[must_use]
    pub fn date(&self, object_time: DateTime<Utc>, zone: Tz) -> (NaiveDate, DateSource) {
        // The innermost folder takes precedence.
        if let Some(date) = self.folders.iter().rev().find_map(|folder| date_in(folder, zone)) {
            return (date, DateSource::Path);
        }
        match date_in(&self.file, zone) {
            Some(date) => (date, DateSource::FileName),
            None => (object_time.with_timezone(&zone).date_naive(), DateSource::ObjectTime),
        }
    }

    /// `group` if a folder or the file says so, else `individual`; attribution corrects it if it finds more clients.
    #[must_use]
    pub fn session_type(&self) -> &'static str {
        const GROUP: [&str; 7] = ["group", "groups", "workshop", "workshops", "team", "cohort", "cohorts"];
        let mut parts = self.folders.iter().chain([&self.file]);
        let says_group = parts
            .any(|part| part.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| GROUP.contains(&word)));
        if says_group { "group" } else { "individual" }
    }

    /// A readable title: the file name without its date and extension, else the folder's, else "Session".
    #[must_use]
    pub fn title(&self) -> String {
        let stem = self.file.rsplit_once('.').map_or(self.file.as_str(), |(stem, extension)| {
            // Only what looks like an extension is removed: "Review of Q3. Part two" keeps its end.
            let short = extension.len() <= 5 && !extension.contains(' ');
            if short || extension.eq_ignore_ascii_case("textgrid") { stem } else { &self.file }
        });
        let names = std::iter::once(stem).chain(self.folders.iter().rev().map(String::as_str));
        let mut titles = names.map(clean_title).filter(|title| !title.is_empty() && !is_given_by_recorder(title));
        titles.next().unwrap_or_else(|| UNTITLED.to_owned())
    }
}

/// Whether a title is one that Zoom and similar tools give to any meeting: "Maya's Zoom Meeting", "Meeting recording",
/// "Audio1234567890", "Recording 1920x1080".
fn is_given_by_recorder(title: &str) -> bool {
    static OF_HOST: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:[\p{L}\p{M}. -]+['\u{2019}]s? |[\p{L}\p{M}. -]+s['\u{2019}] )?(?:zoom[ -]meeting|personal meeting room|personal room|zoom[ -]call|meeting room)$|^zoom[ -]meeting (?:von|med|de|di) |^(?:réunion|reunión|riunione|reunião) (?:de |em |no |su )?zoom\b|^(?:my|instant) meeting$",
        )
    });
    static SIZE: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d+(?:x\d+)?$"));
    if OF_HOST.is_match(title) {
        return true;
    }
    let mut named = false;
    let all =
        title.to_lowercase().split(|c: char| c.is_whitespace() || "-_().".contains(c)).filter(|it| !it.is_empty()).all(
            |word| {
                // "audio1234567890"
                let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
                named |= RECORDER_WORDS.contains(&bare);
                RECORDER_WORDS.contains(&bare) || SIZE.is_match(word)
            },
        );
    let is_number = title.len() >= 6 && title.chars().all(|c| c.is_ascii_digit() || c == ' ');
    all && (named || is_number)
}

pub(super) fn clean_title(name: &str) -> String {
    static NOISE: LazyLock<Regex> = LazyLock::new(|| {
        let zoom = r"GMT\d{8}-\d{6}( Recording)?(\.transcript)?( \d+x\d+)?";
        let dates = r"\b\d{4}[-.]\d{2}[-.]\d{2}\b|\b\d{2}[-.]\d{2}[-.]\d{4}\b|\b20\d{6}\b";
        let times = r"\b\d{1,2}[.:]\d{2}[.:]\d{2}\b";
        regex(&format!(r"(?i){zoom}|{dates}|{times}|\.transcript$"))
    });
    // An underscore is a word character for `\b`, so dates between underscores are found only once those are replaced.
    let spaced = clean::line(name).replace('_', " ");
    let without_dates = NOISE.replace_all(&spaced, " ");
    let without_dates = worded(&without_dates).map_or_else(
        || without_dates.to_string(),
        |(place, _)| format!("{} {}", &without_dates[..place.start], &without_dates[place.end..]),
    );
    let words: Vec<&str> = without_dates.split_whitespace().collect();
    let mut title = words.join(" ").trim_matches(|c: char| c.is_whitespace() || "-–—_.,".contains(c)).to_owned();
    // A name in kebab case consists of words; one with spaces keeps its hyphens.
    if !title.contains(' ') {
        title = title.replace('-', " ");
    }
    if EMPTY_TITLES.contains(&title.to_lowercase().as_str()) {
        return String::new();
    }
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).take(120).collect())
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(key: &str) -> TranscriptKey {
        match read(key) {
            InboxKey::Transcript(transcript) => transcript,
            other => panic!("{key} is {other:?}"),
        }
    }

    #[test]
    fn keys_are_told_apart() {
        assert_eq!(read("inbox/maya/roster.csv"), InboxKey::Roster { coach: "maya".into() });
        assert_eq!(read("inbox/Maya/Roster.CSV"), InboxKey::Roster { coach: "maya".into() });
        for ignored in [
            "inbox/file.vtt",
            "inbox/maya/.DS_Store",
            "inbox/maya/~$notes.docx",
            "inbox/maya/call.vtt.part",
            "inbox/maya/call.vtt.CRDOWNLOAD",
            "inbox/maya/.trash/call.vtt",
            "inbox/maya/",
            "exports/maya/call.vtt",
            "inbox/maya/notes.vtt~",
        ] {
            assert_eq!(read(ignored), InboxKey::Ignored, "{ignored}");
        }
        let deep = transcript("inbox/maya/2026-11-03/Zoom 1/call.vtt");
        let expected = ["2026-11-03", "Zoom 1"].map(str::to_owned);
        assert_eq!((deep.coach.as_str(), deep.folders, deep.file.as_str()), ("maya", expected.to_vec(), "call.vtt"));
        // A roster in a subfolder is somebody's file, not the list of clients.
        assert_eq!(transcript("inbox/maya/2026-11-03/roster.csv").file, "roster.csv");
    }

    #[test]
    fn dates_come_from_the_path_then_the_name_then_the_object() {
        use DateSource::{FileName, ObjectTime, Path};
        // Late in the evening in UTC is the next day in Stockholm.
        let object_time = "2026-11-19T23:30:00Z".parse().expect("a time");
        let cases = [
            ("2026-11-03/call.vtt", "2026-11-03", Path),
            ("2026-11-03/2026-10-01 call.vtt", "2026-11-03", Path),
            ("2026-11-03 14.05.22 Maya's Zoom Meeting/audio_transcript.vtt", "2026-11-03", Path),
            ("Priya 2026-11-03.vtt", "2026-11-03", FileName),
            ("priya_20261103_final.vtt", "2026-11-03", FileName),
            ("Gespräch 03.11.2026.txt", "2026-11-03", FileName),
            ("call 25-12-2025.txt", "2025-12-25", FileName),
            ("call 12-25-2025.txt", "2025-12-25", FileName),
            ("call 11-03-2026.txt", "2026-11-20", ObjectTime),
            ("GMT20261103-150000_Recording.transcript.vtt", "2026-11-03", FileName),
            ("GMT20261103-233000_Recording.transcript.vtt", "2026-11-04", FileName),
            ("call 20261399.vtt", "2026-11-20", ObjectTime),
            ("2026-02-30/call.vtt", "2026-11-20", ObjectTime),
            ("meeting 120261103.vtt", "2026-11-20", ObjectTime),
            ("call.vtt", "2026-11-20", ObjectTime),
            ("Priya 3 Nov 2026.vtt", "2026-11-03", FileName),
            ("priya_3nov2026.vtt", "2026-11-03", FileName),
            ("2026_11_03 Priya.vtt", "2026-11-03", FileName),
            ("2026 11 03 Priya.vtt", "2026-11-03", FileName),
            ("Priya 03.11.2026.vtt", "2026-11-03", FileName),
            ("Priya Nov 3, 2026.vtt", "2026-11-03", FileName),
            ("Priya November 3rd 2026.vtt", "2026-11-03", FileName),
            ("Priya-2026-Nov-03.vtt", "2026-11-03", FileName),
            ("Gespräch 3. März 2026.txt", "2026-03-03", FileName),
            ("Sesión 3 de noviembre de 2026.txt", "2026-11-03", FileName),
            ("Séance du 1er décembre 2026.txt", "2026-12-01", FileName),
            ("Möte 3 maj 2026.txt", "2026-05-03", FileName),
            ("3 Nov 2026/call.vtt", "2026-11-03", Path),
            ("Mayhem 3 2026.vtt", "2026-11-20", ObjectTime),
            ("31 Feb 2026.vtt", "2026-11-20", ObjectTime),
            ("call 03-04-2026.txt", "2026-11-20", ObjectTime),
        ];
        for (rest, date, source) in cases {
            let key = format!("inbox/maya/{rest}");
            let found = transcript(&key).date(object_time, chrono_tz::Europe::Stockholm);
            assert_eq!((found.0.to_string().as_str(), found.1), (date, source), "{rest}");
        }
    }

    #[test]
    fn the_time_of_day_stands_behind_the_date() {
        for (name, time) in [
            ("2026-11-03 14.05.22 Maya's Zoom Meeting", Some("14:05:00")),
            ("GMT20261103-150000_Recording", Some("16:00:00")),
            ("2026-11-03T09-30", Some("09:30:00")),
            ("20261103_1015_call", Some("10:15:00")),
            ("2026-11-03 session 12", None),
            ("2026-11-03", None),
            ("call 14.05", None),
        ] {
            let found = time_in(name, chrono_tz::Europe::Stockholm);
            assert_eq!(found, time.map(|time| time.parse().expect("a time")), "{name}");
        }
    }

    #[test]
    fn types_and_titles_are_read_from_names() {
        let cases = [
            ("2026-11-03/priya-quarterly-goals.vtt", "individual", "Priya quarterly goals"),
            ("2026-11-03 Leadership cohort.vtt", "group", "Leadership cohort"),
            ("group/2026-11-03/transcript.vtt", "group", "Group"),
            ("Team workshop/call with A.vtt", "group", "Call with A"),
            ("Microsoft Teams/Teams-Transcript.vtt", "individual", "Teams Transcript"),
            ("GMT20261103-150000_Recording.transcript.vtt", "individual", "Session"),
            ("2026-11-03 14.05.22 Maya's Zoom Meeting/audio_transcript.vtt", "individual", "Session"),
            ("2026-11-03 14.05.22 Okafor coaching/audio1593572468.m4a.vtt", "individual", "Okafor coaching"),
            ("GMT20261103-150000_Recording_gallery_1920x1080.cc.vtt", "individual", "Session"),
            ("meeting_saved_closed_caption.txt", "individual", "Session"),
            ("Maya Okafor\u{2019}s Personal Meeting Room.vtt", "individual", "Session"),
            ("audio1593572468.vtt", "individual", "Session"),
            ("87654321098.vtt", "individual", "Session"),
            ("Priya Raman 27 Nov 2026.vtt", "individual", "Priya Raman"),
            ("Nov 27, 2026 - Priya Raman.vtt", "individual", "Priya Raman"),
            ("Priya - meeting room politics.vtt", "individual", "Priya - meeting room politics"),
            ("Session 4.vtt", "individual", "Session 4"),
            ("20261103_tom_becker.srt", "individual", "Tom becker"),
            ("no extension", "individual", "No extension"),
            ("2026-11-03.vtt", "individual", "Session"),
            ("Priya week 4.TextGrid", "individual", "Priya week 4"),
        ];
        for (rest, session_type, title) in cases {
            let key = format!("inbox/maya/{rest}");
            let key = transcript(&key);
            assert_eq!((key.session_type(), key.title().as_str()), (session_type, title), "{rest}");
        }
    }
}
