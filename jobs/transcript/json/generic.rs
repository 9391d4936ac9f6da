//! JSON of an unknown tool, with a list that says who said what: read by what its keys mean. If the unit of the times
//! is unclear they are dropped; a text without a speaker stays without one, whoever spoke before.

use std::collections::HashSet;

use super::{
    book::Book,
    entry::{Entry, entry},
    lists::{Lists, Place},
    names_by_turns::BY_TURNS,
    parts::{says_transcript, text_of},
    speaker_labels,
    tree::{Json, Value},
    turns::{Spaces, Turns},
    versions,
};
use crate::{
    account::words,
    clock,
    format::Format,
    keys::Meaning,
    spoken,
    units::{Row, StatedUnits, Unit, timeline},
};

/// Keys that often repeat what is said.
#[rustfmt::skip]
pub(super) const REPEATS: &[&str] = &[
    "text", "transcript", "transcripts", "transcription", "full_text", "fullText", "full_transcript", "fullTranscript", "words",
    "word", "tokens", "sentences", "paragraphs", "segments", "utterances", "content", "raw_text", "transcript_text",
    "plain_text", "plainText", "subtitles", "captions", "srt", "vtt", "display", "lexical", "itn", "alternatives", "chunks",
    "transcript_plaintext", "formatted_text", "alignment", "html", "markdown",
];
/// What an entry may say about itself if nobody speaks in it.
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
const INTERIM: &[&str] = &["is_partial", "isPartial", "IsPartial", "partial", "interim", "is_interim"];
/// Why an interim result is set aside.
pub(super) const INTERIM_RESULT: &str = "an interim result, which a final one replaces";
const KINDS: &[&str] = &["type", "kind", "role", "event"];

/// Adds the speech at the best of the places.
pub(super) fn read(root: &Json<'_>, found: &Lists<'_>, book: &mut Book<'_>) -> Format {
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
    let mut entries = entries(place, book);
    let rows: Vec<Row> = entries.iter().map(|entry| entry.row).collect();
    let unit = |meaning| place.keys(meaning).first().and_then(|(_, key)| key.unit);
    let told = StatedUnits {
        start: unit(Meaning::Start),
        end: unit(Meaning::End),
        long: unit(Meaning::Duration),
        a_second: None,
    };
    let told = StatedUnits { a_second: told.counts().and_then(|unit| a_second(root, place, unit)), ..told };
    let mut times = timeline(&rows, told);
    if let Some(doubt) = times.doubt.take() {
        book.draft.warn(0, doubt);
    }
    book.begin(times.began.into_iter());
    if let Some((key, _)) = place.keys(Meaning::Speaker).first().filter(|(_, key)| key.known_as == BY_TURNS) {
        let key: String = key.chars().take(40).collect();
        let message = format!(
            "what is under “{key}” is read as the speakers' names, since a few names take turns there: please check"
        );
        book.draft.warn(0, message);
    }
    if place.in_turn {
        book.draft.warn(0, spoken::DOUBT);
    }
    let mut labels = speaker_labels::labels(root, place, &entries, book);
    if labels.iter().all(Option::is_none) {
        labels = speaker_labels::by_spans(&found.spans, &times.times, book).unwrap_or(labels);
    }
    set_other_transcripts_aside(&mut entries, &mut labels, &mut times.times, book);
    if !place.words {
        versions::keep_last(&mut entries, &mut labels, &mut times.times, book);
    }
    say(place, &entries, &labels, &times.times, book);
    clock::from_the_first(&mut book.draft);
    warn_of_others(place, others, book);
    Format::Json
}

/// How many samples or frames a second has, according to an entry, to what surrounds the list, or to the file.
fn a_second(root: &Json<'_>, place: &Place<'_>, unit: Unit) -> Option<f64> {
    const OF_SAMPLES: &[&str] = &[
        "sample_rate",
        "sampleRate",
        "samplerate",
        "SampleRate",
        "sampling_rate",
        "samplingRate",
        "sample_rate_hz",
        "sampleRateHertz",
        "sampleRateHz",
        "audio_sample_rate",
        "sr",
        "rate",
    ];
    const OF_FRAMES: &[&str] =
        &["fps", "frame_rate", "frameRate", "framerate", "FPS", "frames_per_second", "framesPerSecond", "rate"];
    let keys = if unit == Unit::Samples { OF_SAMPLES } else { OF_FRAMES };
    let list = place.lists.first()?;
    let within = |json: &'_ Json<'_>| match &json.value {
        Value::Object(fields) => fields.iter().find_map(|(_, value)| value.any(keys).number()),
        _ => None,
    };
    let around = list.entries.first().into_iter().chain(list.around.into_iter().flatten()).chain([root]);
    let mut found = around.flat_map(|json| [json.any(keys).number(), within(json)]).flatten();
    found.find(|count| (1.0..1e6).contains(count))
}

/// Lists at one place are pages, channels or tracks of one talk; if each has several people talking at the same time,
/// they are transcripts of several sessions, and only the first is read.
fn set_other_transcripts_aside(
    entries: &mut Vec<Entry<'_>>,
    labels: &mut Vec<Option<String>>,
    times: &mut Vec<(Option<i64>, Option<i64>)>,
    book: &mut Book<'_>,
) {
    let mut talks: Vec<Talk<'_>> = Vec::new();
    for ((entry, label), (start, end)) in entries.iter().zip(&*labels).zip(&*times) {
        if talks.last().is_none_or(|talk| talk.list != entry.list) {
            talks.push(Talk { list: entry.list, ..Talk::default() });
        }
        if let Some(talk) = talks.last_mut() {
            talk.labels.extend(label.as_deref());
            let (start, end) = (start.or(*end), end.or(*start));
            talk.from = talk.from.into_iter().chain(start).min();
            talk.until = talk.until.into_iter().chain(end).max();
        }
    }
    let Some((first, others)) = talks.split_first() else { return };
    let apart: HashSet<usize> = others.iter().filter(|other| first.is_another(other)).map(|other| other.list).collect();
    if apart.is_empty() {
        return;
    }
    let place = entries.iter().find(|entry| apart.contains(&entry.list)).map(|entry| entry.json);
    if let Some(place) = place {
        book.warn(
            place,
            "another transcript begins here; only the first is read, so please upload each as a file of its own",
        );
    }
    let keep: Vec<bool> = entries.iter().map(|entry| !apart.contains(&entry.list)).collect();
    for entry in entries.iter().filter(|entry| apart.contains(&entry.list)) {
        book.set_aside(entry.text, "another transcript in the same file");
    }
    retain(entries, labels, times, &keep);
}

/// Keeps those entries, labels and times, which are parallel, for which `keep` is true.
pub(super) fn retain(
    entries: &mut Vec<Entry<'_>>,
    labels: &mut Vec<Option<String>>,
    times: &mut Vec<(Option<i64>, Option<i64>)>,
    keep: &[bool],
) {
    let mut kept = keep.iter();
    entries.retain(|_| *kept.next().unwrap_or(&true));
    kept = keep.iter();
    labels.retain(|_| *kept.next().unwrap_or(&true));
    kept = keep.iter();
    times.retain(|_| *kept.next().unwrap_or(&true));
}

/// What is in one of several lists.
#[derive(Default)]
struct Talk<'a> {
    list: usize,
    labels: HashSet<&'a str>,
    from: Option<i64>,
    until: Option<i64>,
}

impl Talk<'_> {
    /// Whether several people speak in both, at the same time.
    fn is_another(&self, other: &Self) -> bool {
        let (Some(from), Some(until), Some(begin), Some(end)) = (self.from, self.until, other.from, other.until) else {
            return false;
        };
        let shared = until.min(end) - from.max(begin);
        self.labels.len() > 1 && other.labels.len() > 1 && shared * 2 > (until - from).min(end - begin)
    }
}

/// The entries that contain speech; those that only repeat or announce are set aside.
fn entries<'j>(place: &Place<'j>, book: &mut Book<'_>) -> Vec<Entry<'j>> {
    let all =
        || place.lists.iter().enumerate().flat_map(|(at, list)| list.entries.iter().map(move |entry| (at, entry)));
    // An entry says so, or something around it does.
    let says = |at: usize, json: &Json<'_>, holds: &dyn Fn(&Json<'_>) -> bool| {
        holds(json) || place.lists[at].around.iter().flatten().any(|around| holds(around))
    };
    let decided = |json: &Json<'_>| {
        json.get("type").text().is_some_and(|kind| kind.to_lowercase().ends_with("final"))
            || FINAL.iter().any(|key| json.get(key).is_true())
            || INTERIM.iter().any(|key| json.get(key).is_false())
    };
    let open = |json: &Json<'_>| {
        let kind = json.get("type").text().unwrap_or("");
        ["partial", "interim"].iter().any(|word| kind.to_lowercase().ends_with(word))
            || FINAL.iter().any(|key| json.get(key).is_false())
            || INTERIM.iter().any(|key| json.get(key).is_true())
    };
    let some_final = all().any(|(at, entry)| says(at, entry, &decided));
    let some_typed = all().any(|(_, entry)| says_transcript(entry));
    let mut entries = Vec::new();
    for (list, json) in all() {
        let Some(text) = text_of(json, place.keys(Meaning::Text)) else { continue };
        let interim = some_final && says(list, json, &open);
        if interim && place.words {
            book.set_aside(text, INTERIM_RESULT);
        } else if some_typed && json.has(&["type"]) && !says_transcript(json)
            || KINDS.iter().any(|key| json.get(key).text().is_some_and(|kind| NOBODY.contains(&kind)))
        {
            book.set_aside(text, "no speech, as the entry itself says");
        } else if !book.is_sound(text) {
            entries.push(Entry { interim, ..entry(place, list, json, text) });
        }
    }
    entries
}

fn say(
    place: &Place<'_>,
    entries: &[Entry<'_>],
    labels: &[Option<String>],
    times: &[(Option<i64>, Option<i64>)],
    book: &mut Book<'_>,
) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    // Of several lists, one per channel, one comes after the other.
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

/// Whether the spaces are in the pieces themselves.
fn in_pieces(entries: &[Entry<'_>]) -> bool {
    let texts = || entries.iter().filter_map(|entry| entry.text.text());
    let led = texts().filter(|text| text.starts_with(' ')).count();
    let trailed = texts().filter(|text| text.ends_with(' ')).count();
    // The very first one has none.
    led.max(trailed) * 3 > entries.len()
}

/// Warns about another list with different speech, which must not go unnoticed.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Format, parse};

    const SAID: &[(&str, f64, f64, &str)] = &[
        ("Ana", 0.5, 4.2, "Where did we stop last week, and why?"),
        ("Tom", 5.0, 9.5, "At the letter to my sister, which I never wrote."),
        ("Ana", 10.1, 14.0, "And what became of it in the meantime?"),
        ("Tom", 15.0, 20.4, "I will write it tonight and post it on Friday."),
    ];

    /// The starts that are read if each entry has these times.
    fn starts(times: impl Fn(f64, f64) -> Value) -> Vec<Option<i64>> {
        let entry = |&(speaker, start, end, text): &(&str, f64, f64, &str)| {
            let mut entry = json!({"who": speaker, "said": text});
            if let (Value::Object(entry), Value::Object(times)) = (&mut entry, times(start, end)) {
                entry.extend(times);
            }
            entry
        };
        let file = json!({"lines": SAID.iter().map(entry).collect::<Vec<_>>()}).to_string();
        let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}: {file}"));
        assert_eq!(read.format, Format::Json, "{file}");
        assert!(
            read.utterances.iter().zip(SAID).all(|(said, wanted)| said.label.as_deref() == Some(wanted.0)),
            "{file}"
        );
        read.utterances.iter().map(|said| said.start_ms).collect()
    }

    #[test]
    fn times_are_the_same_in_every_unit_and_spelling() {
        type Times = fn(f64, f64) -> Value;
        let wanted = [Some(500), Some(5_000), Some(10_100), Some(15_000)];
        let moment = |at: f64| format!("2026-11-20T09:31:{:06.3}Z", at + 12.0);
        let epoch = 1_795_167_072.0;
        let shapes: [(&str, Times); 10] = [
            ("seconds", |start, end| json!({"start": start, "end": end})),
            ("milliseconds", |start, end| json!({"start": start * 1e3, "end": end * 1e3})),
            ("starts in milliseconds", |start, _| json!({"at": start * 1e3})),
            ("microseconds", |start, end| json!({"begin": start * 1e6, "finish": end * 1e6})),
            ("ticks", |start, end| json!({"offset": start * 1e7, "duration": (end - start) * 1e7})),
            ("nanoseconds", |start, end| json!({"start_ns": start * 1e9, "end_ns": end * 1e9})),
            ("texts", |start, end| json!({"startTime": start.to_string(), "endTime": end.to_string()})),
            ("clocks", |start, _| json!({"Timestamp": format!("00:00:{start:06.3}")})),
            ("pairs", |start, end| json!({"timestamp": [start, end]})),
            ("objects", |start, end| json!({"time": {"from": start, "to": end}})),
        ];
        for (name, times) in shapes {
            assert_eq!(starts(times), wanted, "{name}");
        }
        assert_eq!(starts(|start, end| json!({"start_time": moment(start), "end_time": moment(end)})), wanted);
        assert_eq!(starts(|start, _| json!({"ts": (epoch + start) * 1e3})), wanted);
        assert_eq!(starts(|start, end| json!({"start": epoch + start, "duration_ms": (end - start) * 1e3})), wanted);
    }

    #[test]
    fn a_unit_that_nothing_tells_gives_no_times() {
        assert_eq!(
            starts(|start, end| json!({"start": start * 40.0, "end": end * 40.0})),
            [None; 4],
            "between the units"
        );
        assert_eq!(starts(|start, end| json!({"start_ms": start, "end_ms": end})), [None; 4], "a key that cannot be");
        assert_eq!(starts(|_, _| json!({})), [None; 4], "none at all");
    }
}
