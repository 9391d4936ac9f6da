//! JSON of nobody known, in which a list says who said what: read by what its keys mean. Where the unit of the times
//! cannot be told there are none; a text without a speaker has none, whoever spoke before.

use std::collections::HashSet;

use super::{
    book::Book,
    lists::{Found, INNER_IDS, INNER_NAMES, Place, pair, says_transcript, text_of, times_of_words},
    people::{People, id},
    tree::{Json, Value},
    turns::{Spaces, Turns},
};
use crate::{
    account::words,
    clock,
    keys::{Key, Meaning, PARTS},
    raw_time::Raw,
    transcript::Format,
    units::{Row, Told, letters, timeline},
};

/// Under these keys what is said often stands once more.
#[rustfmt::skip]
pub(super) const REPEATS: &[&str] = &[
    "text", "transcript", "transcripts", "transcription", "full_text", "fullText", "full_transcript", "fullTranscript", "words",
    "word", "tokens", "sentences", "paragraphs", "segments", "utterances", "content", "raw_text", "transcript_text",
    "plain_text", "plainText", "subtitles", "captions", "srt", "vtt", "display", "lexical", "itn", "alternatives", "chunks",
    "transcript_plaintext", "formatted_text", "alignment", "html", "markdown",
];
/// What an entry may say of itself where nobody speaks in it.
const NOBODY: &[&str] = &[
    "chat",
    "translation",
    "join",
    "leave",
    "joined",
    "left",
    "reaction",
    "note",
    "action",
    "tool",
    "tool_calls",
    "tool_call_result",
    "function",
    "system",
    "participant_joined",
    "participant_left",
];
const FINAL: &[&str] = &["is_final", "isFinal", "final"];
const KINDS: &[&str] = &["type", "kind", "role", "event"];

/// An entry, the list it is of, and the parts of it that are understood.
struct Entry<'j> {
    json: &'j Json<'j>,
    list: usize,
    text: &'j Json<'j>,
    speaker: Option<&'j Json<'j>>,
    speaker_id: Option<&'j Json<'j>>,
    row: Row,
}

/// Says what stands in the best of the places.
pub(super) fn read(root: &Json<'_>, found: &Found<'_>, book: &mut Book<'_>) -> Format {
    book.title(root.any(&["title", "meeting_title", "meetingTitle", "topic"]));
    book.day(root.any(&[
        "date",
        "meeting_date",
        "recorded_at",
        "start_time",
        "startTime",
        "started_at",
        "created_at",
        "createdAt",
    ]));
    let Some((place, others)) = found.places.split_first() else { return Format::Json };
    let entries = entries(place, book);
    let rows: Vec<Row> = entries.iter().map(|entry| entry.row).collect();
    let unit = |meaning| place.keys(meaning).first().and_then(|(_, key)| key.unit);
    let told = Told { start: unit(Meaning::Start), end: unit(Meaning::End), long: unit(Meaning::Duration) };
    let times = timeline(&rows, told);
    if let Some(doubt) = times.doubt {
        book.draft.warn(0, doubt);
    }
    book.begin(times.began.into_iter());
    let labels = labels(root, place, &entries, book);
    say(place, &entries, &labels, &times.times, book);
    clock::from_the_first(&mut book.draft);
    warn_of_others(place, others, book);
    Format::Json
}

/// The entries that say something; what only repeats or announces is set aside.
fn entries<'j>(place: &Place<'j>, book: &mut Book<'_>) -> Vec<Entry<'j>> {
    let all =
        || place.lists.iter().enumerate().flat_map(|(at, list)| list.entries.iter().map(move |entry| (at, entry)));
    let decided = |entry: &Json<'_>| FINAL.iter().any(|key| entry.has(&[key]) && !entry.get(key).is_false());
    let some_final = all().any(|(_, entry)| decided(entry));
    let some_typed = all().any(|(_, entry)| says_transcript(entry));
    let mut entries = Vec::new();
    for (list, json) in all() {
        let Some(text) = text_of(json, place.keys(Meaning::Text)) else { continue };
        if some_final && FINAL.iter().any(|key| json.get(key).is_false()) {
            book.set_aside(text, "an interim result, which a final one replaces");
        } else if some_typed && json.has(&["type"]) && !says_transcript(json)
            || KINDS.iter().any(|key| json.get(key).text().is_some_and(|kind| NOBODY.contains(&kind)))
        {
            book.set_aside(text, "no speech, as the entry itself says");
        } else if !book.is_sound(text) {
            entries.push(entry(place, list, json, text));
        }
    }
    entries
}

fn entry<'j>(place: &Place<'j>, list: usize, json: &'j Json<'j>, text: &'j Json<'j>) -> Entry<'j> {
    let there = |meaning| place.keys(meaning).iter().map(|(name, _)| json.get(name)).find(|value| value.is_there());
    let named = |value: &&'j Json<'j>| {
        value.filled() || value.is_object() || matches!(value.value, Value::Number(_) | Value::Large(_))
    };
    let raw = |meaning| {
        let values = place.keys(meaning).iter().map(|(name, _)| json.get(name));
        values.map(|value| (value, value.raw())).find(|(_, raw)| raw.is_there())
    };
    let mut row = Row { letters: letters(text.text().unwrap_or("")), ..Row::default() };
    let span = there(Meaning::Start).and_then(pair);
    match span {
        Some((start, end)) => (row.start, row.end) = (start.raw(), end.raw()),
        None => {
            row.start = raw(Meaning::Start).map_or(Raw::None, |(_, raw)| raw);
            row.end = raw(Meaning::End).map_or(Raw::None, |(_, raw)| raw);
            row.long = raw(Meaning::Duration).map_or(Raw::None, |(_, raw)| raw);
        }
    }
    let inner =
        json.any(&["segment", "time", "times", "timestamp", "timestamps", "interval", "span", "range", "timing"]);
    if !row.start.is_there() && inner.is_object() {
        (row.start, row.end) = (inner.any(&["start", "from", "begin"]).raw(), inner.any(&["end", "to", "stop"]).raw());
    }
    if !row.start.is_there() {
        // The first and the last of its words have times.
        (row.start, row.end) = times_of_words(json);
    }
    let speakers = place.keys(Meaning::Speaker);
    let part = |key: &Key| PARTS.contains(&key.known_as);
    let says = |parts: bool| {
        let keys = speakers.iter().filter(move |(_, key)| part(key) == parts);
        keys.map(|(name, _)| json.get(name)).find(named)
    };
    let mut speaker = says(false);
    let mut speaker_id = there(Meaning::SpeakerId).filter(named);
    if speaker.is_none() && speaker_id.is_none() {
        let around = place.lists[list].around.iter().flatten();
        let mut owners =
            around.flat_map(|around| place.owners.iter().map(|(name, key)| (around.get(name), key.meaning)));
        match owners.find(|(value, _)| named(value)) {
            Some((value, Meaning::SpeakerId)) => speaker_id = Some(value),
            Some((value, Meaning::Speaker)) => speaker = Some(value),
            _ => speaker = says(true),
        }
    }
    Entry { json, list, text, speaker, speaker_id, row }
}

/// Who says each entry.
fn labels(root: &Json<'_>, place: &Place<'_>, entries: &[Entry<'_>], book: &mut Book<'_>) -> Vec<Option<String>> {
    let own_id = |entry: &Entry<'_>| {
        let inner = entry.speaker.map(|speaker| speaker.any(INNER_IDS)).and_then(id);
        entry.speaker_id.and_then(id).or(inner).or_else(|| entry.speaker.and_then(id))
    };
    let ids: HashSet<String> = entries.iter().filter_map(own_id).collect();
    let keys = place.keys(Meaning::SpeakerId).first().or(place.keys(Meaning::Speaker).first()).or(place.owners.first());
    let people = People::find(root, keys.map_or("", |(name, _)| name), &ids, book);
    let label = |book: &mut Book<'_>, entry: &Entry<'_>| {
        let name = entry.speaker.map(|speaker| if speaker.is_object() { speaker.any(INNER_NAMES) } else { speaker });
        let id = entry.speaker_id.or_else(|| entry.speaker.map(|speaker| speaker.any(INNER_IDS)));
        // A name that is written beside what is said needs no table; a number does.
        let known = name.and_then(|name| people.label(name)).or_else(|| {
            let written = name.is_some_and(Json::filled);
            if written { None } else { id.and_then(|id| people.label(id)) }
        });
        let written = known.or_else(|| name.and_then(|name| book.label(name)));
        written.or_else(|| id.and_then(|id| book.label(id)))
    };
    let mut labels: Vec<Option<String>> = entries.iter().map(|entry| label(book, entry)).collect();
    if labels.iter().all(Option::is_none) {
        labels = sources(place, entries, book);
    }
    number_identifiers(&mut labels);
    labels
}

/// Where nobody is named, the channels or sources are the speakers, if there are several.
fn sources(place: &Place<'_>, entries: &[Entry<'_>], book: &mut Book<'_>) -> Vec<Option<String>> {
    let own = |entry: &Entry<'_>| {
        let keys = place.keys(Meaning::Source).iter().map(|(name, _)| *name);
        let value = keys.map(|name| entry.json.get(name)).find(|value| id(value).is_some());
        let around = place.lists[entry.list].around.iter().flatten();
        let mut owners = around.flat_map(|around| place.owners.iter().map(|(name, _)| around.get(name)));
        value.or_else(|| owners.find(|value| id(value).is_some())).and_then(id)
    };
    let distinct: HashSet<Option<String>> = entries.iter().map(own).collect();
    if distinct.len() < 2 {
        return vec![None; entries.len()];
    }
    let label = |source: String| match source.to_lowercase().as_str() {
        "microphone" | "mic" => "Microphone".to_owned(),
        "system" | "speaker" | "system_audio" => "System audio".to_owned(),
        number if number.parse::<u32>().is_ok() => format!("Channel {number}"),
        _ => source,
    };
    for entry in entries {
        for (name, _) in place.keys(Meaning::Source) {
            book.structure(entry.json.get(name));
        }
    }
    entries.iter().map(|entry| own(entry).map(label)).collect()
}

/// Identifiers that nobody can read become numbers, in the order in which they are heard.
fn number_identifiers(labels: &mut [Option<String>]) {
    let opaque = |label: &str| {
        let bare = label.strip_prefix("Speaker ").unwrap_or(label);
        let digits = bare.bytes().filter(u8::is_ascii_digit).count();
        !bare.contains([' ', '@']) && (digits > 15 || bare.len() >= 20 && digits >= 4)
    };
    let taken: HashSet<String> = labels.iter().flatten().filter(|label| !opaque(label)).cloned().collect();
    let mut numbers = std::collections::HashMap::new();
    let mut next = 0;
    for label in labels.iter_mut().flatten().filter(|label| opaque(label)) {
        let number = numbers.entry(label.clone()).or_insert_with(|| {
            next += 1;
            while taken.contains(&format!("Speaker {next}")) {
                next += 1;
            }
            next
        });
        *label = format!("Speaker {number}");
    }
}

fn say(
    place: &Place<'_>,
    entries: &[Entry<'_>],
    labels: &[Option<String>],
    times: &[(Option<i64>, Option<i64>)],
    book: &mut Book<'_>,
) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    // Of several lists, a channel each, one comes after the other.
    let timed = times.iter().all(|(start, _)| start.is_some());
    let several = place.lists.len() > 1 && timed;
    let mut turns = Turns::with(if place.words && in_pieces(entries) { Spaces::Pieces } else { Spaces::Between });
    if several && !place.words {
        order.sort_by_key(|at| times[*at].0);
    }
    let mut list = None;
    for at in order {
        let (entry, label, (start, end)) = (&entries[at], labels[at].as_deref(), times[at]);
        if !place.words {
            turns.whole(book, label, start, end, entry.text);
            continue;
        }
        if list.replace(entry.list).is_some_and(|last| last != entry.list) {
            turns.cut();
        }
        let text = entry.text.text().unwrap_or("");
        let mark = turns.spaces == Spaces::Between
            && !text.contains(char::is_alphanumeric)
            && text.trim().chars().count() <= 2;
        if mark && !text.starts_with(['"', '(', '[', '“', '¿', '¡', '-', '–', '—', '&', '$']) {
            turns.mark(book, label, entry.text);
        } else {
            turns.word(book, label, start, end, entry.text);
        }
    }
    if several && place.words {
        turns.by_time();
    }
    turns.speak(book);
}

/// Whether the spaces stand in the pieces themselves.
fn in_pieces(entries: &[Entry<'_>]) -> bool {
    let texts = || entries.iter().filter_map(|entry| entry.text.text());
    let led = texts().filter(|text| text.starts_with(' ')).count();
    let trailed = texts().filter(|text| text.ends_with(' ')).count();
    // The first of all has none.
    led.max(trailed) * 3 > entries.len()
}

/// Another list that says something else, which must not go unseen.
fn warn_of_others(place: &Place<'_>, others: &[Place<'_>], book: &mut Book<'_>) {
    if others.is_empty() {
        return;
    }
    let lower = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let said: HashSet<String> = book.draft.utterances.iter().flat_map(|said| lower(&said.text)).collect();
    for other in others.iter().filter(|other| other.letters * 10 > place.letters) {
        let keys = other.keys(Meaning::Text);
        let texts = || other.lists.iter().flat_map(|list| list.entries).filter_map(|entry| text_of(entry, keys));
        let (mut all, mut known) = (0, 0);
        for word in texts().filter_map(Json::text).flat_map(lower) {
            all += 1;
            known += usize::from(said.contains(&word));
        }
        if let Some(first) = texts().next().filter(|_| known * 10 < all * 7) {
            let count: usize = texts().filter_map(Json::text).map(words).sum();
            let message = format!("another list, of {count} words, may be speech as well; it is not read");
            book.warn(first, message);
            for text in texts() {
                book.set_aside(text, "another list, which may be speech");
            }
        }
    }
}
