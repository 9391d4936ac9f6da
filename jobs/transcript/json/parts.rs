//! The parts of an utterance's entry: its text, its times, the name of its speaker, however deeply nested.

use super::tree::Json;
use crate::{keys::Key, raw_time::Raw};

/// Keys of a speaker's name in an object.
pub(super) const INNER_NAMES: &[&str] = &[
    "name",
    "display_name",
    "displayName",
    "full_name",
    "fullName",
    "user_name",
    "userName",
    "label",
    "speaker_name",
    "speakerName",
    "participantName",
    "participant_name",
    "display",
    "screen_name",
    "screenName",
    "real_name",
    "realName",
    "nickname",
    "username",
    "persName",
];
/// Keys of a speaker's account, which contains the name.
const ACCOUNTS: &[&str] = &[
    "user",
    "profile",
    "account",
    "person",
    "participant",
    "identity",
    "member",
    "contact",
    "author",
    "name",
    "info",
    "signedinUser",
    "signedInUser",
    "anonymousUser",
    "phoneUser",
    "speaker",
    "attributes",
];
/// Keys of a speaker's address.
const ADDRESSES: &[&str] = &["email", "emailAddress", "email_address", "mail", "userEmail", "user_email", "upn"];

/// The name in an object that is a person: its own, or that of its account.
pub(super) fn name_in<'j>(speaker: &'j Json<'j>) -> &'j Json<'j> {
    let own = INNER_NAMES.iter().map(|key| speaker.get(key)).find(|name| name.filled());
    let accounts = |json: &'j Json<'j>| ACCOUNTS.iter().map(move |key| json.get(key)).filter(|inner| inner.is_object());
    let names = |json: &'j Json<'j>| INNER_NAMES.iter().map(move |key| json.get(key)).find(|name| name.filled());
    let within = || accounts(speaker).find_map(names);
    let deeper = || accounts(speaker).flat_map(accounts).find_map(names);
    own.or_else(within).or_else(deeper).unwrap_or_else(|| speaker.any(INNER_NAMES))
}

/// The address in an object that is a person.
pub(super) fn address_in<'j>(speaker: &'j Json<'j>) -> &'j Json<'j> {
    let own = speaker.any(ADDRESSES);
    let inner = || ACCOUNTS.iter().map(|key| speaker.get(key).any(ADDRESSES)).find(|address| address.filled());
    if own.filled() { own } else { inner().unwrap_or(own) }
}
/// Keys of a person's given name, next to the surname.
pub(super) const GIVEN: &[&str] = &["first_name", "firstName", "given_name", "givenName", "forename", "first"];
pub(super) const SURNAMES: &[&str] = &["last_name", "lastName", "family_name", "familyName", "surname", "last"];
/// Keys of a person's identifier.
pub(super) const INNER_IDS: &[&str] = &["id", "uuid", "speaker_id", "speakerId", "user_id", "userId", "index"];

const WORDS: &[&str] = &["words", "tokens", "alignment", "audioTimings", "timings", "word_timings", "wordTimings"];
const WORD_START: &[&str] = &[
    "start",
    "start_time",
    "startTime",
    "start_timestamp",
    "start_ms",
    "startMs",
    "startOffset",
    "offset",
    "begin",
    "ts",
    "b",
    "s",
    "t",
];
const WORD_END: &[&str] =
    &["end", "end_time", "endTime", "end_timestamp", "end_ms", "endMs", "endOffset", "end_ts", "e"];

/// The times of the first and the last word of an entry, if it has words.
pub(super) fn times_of_words(entry: &Json<'_>) -> (Raw, Raw) {
    let words = entry.any(WORDS).items();
    let time = |word: Option<&Json<'_>>, keys| word.map_or(Raw::None, |word: &Json<'_>| word.any(keys).raw());
    let long = words.last().map_or(Raw::None, |last| last.any(&["duration", "duration_ms"]).raw());
    let end = match (time(words.last(), WORD_END), time(words.last(), WORD_START), long) {
        (Raw::None, Raw::Number(start), Raw::Number(long)) => Raw::Number(start + long),
        (end, ..) => end,
    };
    (time(words.first(), WORD_START), end)
}

/// Whether an entry declares that it's part of a transcript.
pub(super) fn says_transcript(entry: &Json<'_>) -> bool {
    entry.get("type").text().is_some_and(|kind| matches!(kind, "transcript" | "transcription" | "utterance" | "speech"))
}

/// A start and an end in a list.
pub(super) fn pair<'j>(value: &'j Json<'j>) -> Option<(&'j Json<'j>, &'j Json<'j>)> {
    match value.items() {
        [start, end] if start.raw().is_there() => Some((start, end)),
        _ => None,
    }
}

/// The text in an object under a text key: `"transcription": {"transcript": "…"}`.
pub(super) fn spoken_in<'j>(value: &'j Json<'j>) -> Option<&'j Json<'j>> {
    ["transcript", "text", "content", "display", "value", "body", "sentence", "plain"]
        .iter()
        .map(|key| value.get(key))
        .find(|json| json.filled())
}

/// The text of an entry; an empty one if it has none.
pub(super) fn text_of<'j>(entry: &'j Json<'j>, keys: &[(&str, Key)]) -> Option<&'j Json<'j>> {
    let values = || keys.iter().map(|(name, _)| entry.get(name));
    values().find(|value| value.filled()).or_else(|| values().find_map(spoken_in))
}
