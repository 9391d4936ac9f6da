//! Which files belong to one meeting: the rule, in one place. Pure.
//!
//! Two files can belong to one meeting only if they are one coach's and in one folder. Then
//! - the folder decides, if it is the meeting's own (`2026-11-03 Session 4`, `2026-11-03/Zoom 81234567890`) or a day's
//!   (`2026-11-03`);
//! - in any folder the name decides: the part that is left without what tools add (`.transcript`, `-chat`, `_doctor`,
//!   `(1)`), or Zoom's stamp, is the same ([`Named::stem`]).
//!
//! That only makes them candidates: words are combined only if what is said shows that they belong together
//! ([`likeness`]). A wrong merge would show one client another client's words, so uncertain cases stay two sessions. A
//! chat or a list of participants contains no speech and goes to the one meeting it can belong to; if there are
//! several, to the one whose speakers it names; if that isn't clear either, it's on hold.

use std::sync::LazyLock;

use regex::Regex;

pub mod key;
pub mod likeness;

mod dates;

use key::TranscriptKey;

/// What a folder says about the files in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing: it contains many meetings.
    Shared,
    /// They are from the same day.
    Day,
    /// They are most likely of one meeting.
    Own,
}

/// What a file's name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// What files of one meeting have in common; `None` if nothing is left (`transcript.vtt`).
    pub stem: Option<String>,
    /// Whether the name is that of one track of a meeting, a file with a single speaker: `consultation01_doctor`,
    /// `2-priya`.
    pub is_track: bool,
    /// Who may speak in it, as written: used as the label of a track without one.
    pub speaker: Option<String>,
}

/// Words that tools add to a name.
const ADDED: &str = "transcript transcripts transcription transkript captions caption closed subtitles subtitle subs cc audio \
    recording recordings recorded meeting video chat chats newchat recordingnewchat chatlog saved log raw final copy";
/// The names of lists of attendees; whatever follows isn't part of the name.
const LISTS: &str = "participants participant attendance attendees attendee attendancereport attendancelist \
    meetingattendancereport meetingattendancelist";
/// Words in a track's name that say who speaks in it.
const TRACKS: &str = "doctor patient coach client coachee therapist counselor counsellor mentor mentee host guest me \
    interviewer interviewee left right";
/// Language codes of captions.
const LANGUAGES: &str = "en de fr es it nl sv pt da no fi us gb";
/// Words without any meaning in a name.
const EMPTY: &str = "session call zoom teams webex meet meeting gmt untitled video1 audio1 default";

/// What the folders of a key say.
#[must_use]
pub fn place(key: &TranscriptKey) -> Place {
    let Some(inner) = key.folders.last() else { return Place::Shared };
    let dated = |folder: &String| key::date_in(folder, chrono_tz::UTC).is_some();
    let bare = key::clean_title(inner).is_empty();
    if !key.folders.iter().any(dated) {
        Place::Shared
    } else if bare {
        Place::Day
    } else {
        Place::Own
    }
}

/// The group of files that are checked together, as a string that begins with the coach.
#[must_use]
pub fn company(key: &TranscriptKey) -> String {
    let folder = std::iter::once(&key.coach).chain(&key.folders).map(String::as_str).collect::<Vec<_>>().join("/");
    match (place(key), named(&key.file).stem) {
        (Place::Shared, Some(stem)) => format!("{folder}//{stem}"),
        (Place::Shared, None) => format!("{folder}//{}", key.file),
        (Place::Day | Place::Own, _) => folder,
    }
}

/// Whether other files may be about to follow this one: then waiting a second and checking again pays off.
#[must_use]
pub fn may_have_company(key: &TranscriptKey) -> bool {
    let named = named(&key.file);
    let plain = key.file.rsplit_once('.').map_or(key.file.as_str(), |(stem, _)| stem);
    place(key) != Place::Shared || named.is_track || named.stem.is_some_and(|stem| stem != words(plain).join(" "))
}

/// Reads a file's name.
#[must_use]
pub fn named(file: &str) -> Named {
    static STAMP: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(gmt\d{8}-\d{6})"));
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d{1,2}\s*[-_.]\s*(\D.*)$"));
    static REPORT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^meetingattendance(?:report|list)\s*\((.+)\)$"));
    static COPY: LazyLock<Regex> = LazyLock::new(|| regex(r"\s*\(\d{1,2}\)$"));

    let bare = without_extensions(file);
    let bare = COPY.replace(bare, "");
    if let Some(found) = STAMP.captures(&bare) {
        return Named { stem: Some(found[1].to_lowercase()), ..Named::default() };
    }
    if let Some(found) = REPORT.captures(&bare) {
        return Named { stem: stem(words(&found[1])), ..Named::default() };
    }
    if let Some(found) = NUMBER.captures(&bare) {
        let speaker = said_of(&found[1]);
        return Named { stem: stem(words(&bare)), is_track: speaker.is_some(), speaker };
    }
    let mut kept = words(&bare);
    let list = |word: &String| is_one_of(LISTS, word);
    if let Some(at) = kept.iter().position(list) {
        kept.truncate(at);
    }
    let (mut is_track, mut speaker) = (false, None);
    while let Some(last) = kept.last() {
        let track = is_one_of(TRACKS, last) || is_numbered_track(last);
        if track && !is_track && kept.len() > 1 {
            (is_track, speaker) = (true, said_of(last_word(&bare, last)));
        } else if !is_added(last, &kept) {
            break;
        }
        kept.pop();
    }
    let speaker = speaker.or_else(|| said_of(&bare).filter(|_| !is_track));
    Named { stem: stem(kept), is_track, speaker }
}

/// A title for a session of several tracks: the name without the speaker.
#[must_use]
pub fn title(key: &TranscriptKey) -> String {
    let named = named(&key.file);
    if !named.is_track {
        return key.title();
    }
    let file = named.stem.filter(|_| !key.file.starts_with(|c: char| c.is_ascii_digit())).unwrap_or_default();
    TranscriptKey { file, ..key.clone() }.title()
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// `speaker1`, `track2`, `mic1`, `channel2`
fn is_numbered_track(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() < word.len() && ["speaker", "track", "mic", "channel", "spk"].contains(&letters)
}

/// Whether a tool added the last word. A language only follows captions, and a long number only a kind of file.
fn is_added(last: &str, kept: &[String]) -> bool {
    let before = kept.len().checked_sub(2).and_then(|at| kept.get(at));
    let after_kind = before.is_some_and(|word| is_one_of(ADDED, word));
    is_one_of(ADDED, last) || (after_kind && (is_one_of(LANGUAGES, last) || last.bytes().all(|b| b.is_ascii_digit())))
}

fn stem(words: Vec<String>) -> Option<String> {
    let joined = words.join(" ");
    (!joined.is_empty() && !is_one_of(EMPTY, &joined)).then_some(joined)
}

/// The runs of letters and digits, in lower case.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn last_word<'a>(bare: &'a str, word: &str) -> &'a str {
    let at = bare.to_lowercase().rfind(word).filter(|at| bare.is_char_boundary(*at)).unwrap_or(0);
    bare.get(at..at + word.len()).unwrap_or_default()
}

/// The name of a person in a file's name: `priya_raman` is `priya raman`; `None` if nothing is left.
fn said_of(written: &str) -> Option<String> {
    let spaced = written.replace('_', " ");
    let mut parts: Vec<&str> = spaced.split_whitespace().collect();
    while parts.last().is_some_and(|last| words(last).iter().all(|word| is_one_of(ADDED, word))) {
        parts.pop();
    }
    let name = parts.join(" ");
    let name = name.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
    name.chars().any(char::is_alphabetic).then(|| name.to_owned())
}

fn without_extensions(file: &str) -> &str {
    const KNOWN: &str = "vtt srt sbv txt csv tsv docx odt json md ttml xml html htm textgrid eaf dfxp transcript";
    let mut bare = file;
    while let Some((rest, extension)) = bare.rsplit_once('.') {
        if rest.is_empty() || !is_one_of(KNOWN, &extension.to_lowercase()) {
            break;
        }
        bare = rest;
    }
    bare
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(rest: &str) -> TranscriptKey {
        match key::read(&format!("inbox/maya/{rest}")) {
            key::InboxKey::Transcript(key) => key,
            other => panic!("{rest} is {other:?}"),
        }
    }

    #[test]
    fn names_are_read_without_what_tools_add() {
        let track = |stem: &str, speaker: &str| (Some(stem.to_owned()), true, Some(speaker.to_owned()));
        let plain = |stem: &str| (Some(stem.to_owned()), false, None::<String>);
        let cases = [
            ("GMT20261103-140000_Recording.transcript.vtt", plain("gmt20261103-140000")),
            ("GMT20261103-140000_Recording.cc.vtt", plain("gmt20261103-140000")),
            ("GMT20261103-140000_RecordingnewChat.txt", plain("gmt20261103-140000")),
            ("Coaching.vtt", plain("coaching")),
            ("Coaching (1).docx", plain("coaching")),
            ("meetingAttendanceReport(Coaching).csv", plain("coaching")),
            ("Coaching - Attendance report 11-03-26.csv", plain("coaching")),
            (
                "Maya and Priya (2026-11-03 at 14:00 GMT) - Transcript.docx",
                plain("maya and priya 2026 11 03 at 14 00 gmt"),
            ),
            ("Maya and Priya (2026-11-03 at 14:00 GMT) - Chat.sbv", plain("maya and priya 2026 11 03 at 14 00 gmt")),
            ("Session-20261103 1400-1.vtt", plain("session 20261103 1400 1")),
            ("priya-chat.txt", plain("priya")),
            ("priya_captions_en.srt", plain("priya")),
            ("participants_81234567890.csv", (None, false, None)),
            ("meeting_saved_chat.txt", (None, false, None)),
            ("transcript.vtt", (None, false, None)),
            ("audio_transcript (1).vtt", (None, false, None)),
            ("day1_consultation01_doctor.TextGrid", track("day1 consultation01", "doctor")),
            ("day1_consultation01_patient.TextGrid", track("day1 consultation01", "patient")),
            ("call-speaker1.srt", track("call-speaker1", "speaker1")),
            ("1-maya.srt", track("1 maya", "maya")),
            ("2_Priya Raman.srt", track("2 priya raman", "Priya Raman")),
        ];
        for (file, (stem, is_track, speaker)) in cases {
            let found = named(file);
            if file.starts_with("call-") {
                assert_eq!((found.stem, found.is_track), (None, true), "nothing but \"call\" is left of {file}");
                continue;
            }
            assert_eq!((found.stem, found.is_track), (stem, is_track), "{file}");
            if is_track {
                assert_eq!(found.speaker, speaker, "{file}");
            }
        }
        assert_eq!(named("priya_raman.vtt").speaker.as_deref(), Some("priya raman"));
        assert_ne!(named("priya.vtt").stem, named("tom.vtt").stem);
        assert_eq!(named("client.vtt").stem.as_deref(), Some("client"), "a name that is nothing but a speaker stays");
    }

    #[test]
    fn folders_say_whose_files_lie_in_them() {
        for (rest, expected) in [
            ("call.vtt", Place::Shared),
            ("Priya/call.vtt", Place::Shared),
            ("2026-11-03/call.vtt", Place::Day),
            ("Priya/2026-11-03/call.vtt", Place::Day),
            ("2026-11-03/zoom/call.vtt", Place::Day),
            ("2026-11-03 Session 4/call.vtt", Place::Own),
            ("2026-11-03/Session 4/call.vtt", Place::Own),
            ("2026-11-03 14.05.22 Maya's Zoom Meeting/audio_transcript.vtt", Place::Own),
        ] {
            assert_eq!(place(&key(rest)), expected, "{rest}");
        }
    }

    #[test]
    fn files_are_looked_at_together_by_folder_or_by_name() {
        let together = |one: &str, other: &str| company(&key(one)) == company(&key(other));
        assert!(together("a_doctor.TextGrid", "a_patient.TextGrid"));
        assert!(together("2026-11-03/priya.vtt", "2026-11-03/tom.vtt"), "looked at, and no more");
        assert!(!together("priya.vtt", "tom.vtt"));
        assert!(!together("transcript.vtt", "transcript (1).vtt"), "nothing says so");
        assert!(!together("2026-11-03/priya.vtt", "2026-11-04/priya.vtt"));
        assert!(!may_have_company(&key("call.vtt")) && !may_have_company(&key("priya goals.vtt")));
        assert!(!may_have_company(&key("chat.txt")), "without a folder or a name of its own it is of any meeting");
        for rest in ["GMT20261103-140000_Recording.transcript.vtt", "a_doctor.TextGrid", "2026-11-03/chat.txt"] {
            assert!(may_have_company(&key(rest)), "{rest}");
        }
    }

    #[test]
    fn the_title_of_several_tracks_names_none_of_them() {
        assert_eq!(title(&key("day1_consultation01_doctor.TextGrid")), "Day1 consultation01");
        assert_eq!(title(&key("2026-11-03 Session 4/1-maya.srt")), "Session 4");
        assert_eq!(title(&key("2026-11-03/Priya goals.vtt")), "Priya goals");
    }
}
