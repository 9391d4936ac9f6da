//! Streams of events, as bots and services send them while people talk, a message a line: whoever joins or leaves, what was
//! written, and among them what is said, mostly an object or two deeper than what kind of event it is:
//! `{"event": "transcript.data", "data": {"data": {"words": […], "participant": {…}}}}`. What is said is lifted out; the other
//! events are none of the talk.
//!
//! Pure.

use std::borrow::Cow;

use super::{
    columns::same,
    tree::{Json, Value},
};
use crate::keys::{Meaning, meaning};

/// Under these an entry says which kind of event it is.
const KINDS: &[&str] = &[
    "event",
    "event_type",
    "eventType",
    "trigger",
    "type",
    "kind",
    "message_type",
    "msg_type",
    "message",
    "action",
    "topic",
];
/// Under these stands what an event is about.
const ENVELOPES: &[&str] = &[
    "data",
    "payload",
    "body",
    "event",
    "detail",
    "params",
    "content",
    "message",
    "utterance",
    "transcript",
    "segment",
    "result",
    "channel",
    "alternatives",
];
/// No event has more of them, one in the other.
const DEEPEST: usize = 4;
/// The number of the messages of Zoom's stream in which somebody speaks; others have numbers of their own.
const ZOOM_TRANSCRIPT: i64 = 17;
/// Words of a kind of event in which somebody speaks.
const SPOKEN: &[&str] = &[
    "transcript",
    "transcripts",
    "transcription",
    "caption",
    "captions",
    "utterance",
    "speech",
    "recognized",
    "recognizing",
    "recognition",
    "results",
    "result",
    "turn",
    "segment",
    "segments",
    "sentence",
    "final",
    "partial",
    "interim",
];
/// Words of a kind of event in which nobody does, whatever else it says.
const UNSPOKEN: &[&str] = &[
    "chat",
    "join",
    "joined",
    "leave",
    "left",
    "status",
    "started",
    "stopped",
    "ended",
    "begin",
    "termination",
    "metadata",
    "error",
    "warning",
    "info",
    "reaction",
    "translation",
    "failed",
    "ready",
];
/// Words of a kind of event whose words may still change.
const UNSURE: &[&str] = &["partial", "interim", "mutable", "recognizing", "hypothesis", "tentative"];
/// Under these an entry says itself whether its words may still change.
const DECIDED: &[&str] =
    &["is_final", "isFinal", "final", "is_partial", "isPartial", "IsPartial", "partial", "interim", "is_interim"];

/// Whether a list is a stream of events, in some of which somebody speaks.
pub(super) fn is_stream(root: &Json<'_>) -> bool {
    let Some(key) = key_of_kinds(root.items()) else { return false };
    root.items().iter().any(|item| is_spoken(item.get(key)))
}

/// What is said in a stream of events, as a list of entries; none where it is no stream, or its entries are as flat as any.
pub(super) fn spoken<'j>(root: &'j Json<'j>) -> Option<Json<'j>> {
    let items = root.items();
    let key = key_of_kinds(items)?;
    let by_name = items.iter().any(|item| is_spoken(item.get(key)));
    let wanted = |kind: &Json<'_>| match kind.millis() {
        Some(number) => number == ZOOM_TRANSCRIPT,
        None if by_name => is_spoken(kind),
        None => !is_unspoken(kind),
    };
    let mut deep = false;
    let mut events: Vec<(bool, Json<'j>)> = Vec::new();
    for item in items.iter().filter(|item| wanted(item.get(key))) {
        let (mut event, lifted) = opened(item, key);
        if !holds_speech(&event) {
            continue;
        }
        deep |= lifted;
        let unsure = has_word(item.get(key), UNSURE);
        if let Value::Object(fields) = &mut event.value
            && fields.iter().all(|(name, _)| !DECIDED.contains(&name.as_ref()))
        {
            deep |= unsure;
            fields.push((Cow::Borrowed("is_final"), Json { at: item.at, value: Value::Bool(!unsure) }));
        }
        events.push((unsure, event));
    }
    if !deep || events.is_empty() {
        return None;
    }
    // Of words alone the last version cannot be told: the final ones are read, and what is left open behind the last of them.
    let last_final = events.iter().rposition(|(unsure, _)| !unsure);
    let last = events.len() - 1;
    let kept = events.into_iter().enumerate().filter(|(at, (unsure, event))| {
        !unsure || has_text(event) || *at == last && last_final.is_none_or(|sure| *at > sure)
    });
    Some(Json { at: root.at, value: Value::List(kept.map(|(_, (_, event))| event).collect()) })
}

/// The key under which nearly all entries of a list say which kind of event they are.
fn key_of_kinds(items: &[Json<'_>]) -> Option<&'static str> {
    let kind = |item: &Json<'_>, key| match &item.get(key).value {
        Value::Text(_, text) => !text.contains(char::is_whitespace) && text.len() <= 80,
        Value::Number(_) => key == "msg_type",
        _ => false,
    };
    if items.len() < 2 || !items.iter().take(50).all(Json::is_object) {
        return None;
    }
    KINDS.iter().copied().find(|key| {
        let said = items.iter().filter(|item| kind(item, key)).count();
        said * 10 >= items.len() * 9
    })
}

/// The words of a kind: `transcript.partial_data`, `AddPartialTranscript`.
fn words_of(kind: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for letter in kind.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && small {
            words.push(String::new());
        }
        small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

fn has_word(kind: &Json<'_>, wanted: &[&str]) -> bool {
    kind.text().is_some_and(|kind| words_of(kind).iter().any(|word| wanted.contains(&word.as_str())))
}

fn is_unspoken(kind: &Json<'_>) -> bool {
    has_word(kind, UNSPOKEN)
}

fn is_spoken(kind: &Json<'_>) -> bool {
    has_word(kind, SPOKEN) && !is_unspoken(kind)
}

/// An event with what it is about beside its own fields, and whether anything lay deeper.
fn opened<'j>(item: &'j Json<'j>, kind: &str) -> (Json<'j>, bool) {
    let mut fields: Vec<(&'j str, &'j Json<'j>)> = match &item.value {
        Value::Object(own) => own.iter().map(|(key, value)| (key.as_ref(), value)).collect(),
        _ => Vec::new(),
    };
    // Which kind it is names nobody.
    fields.retain(|(key, value)| *key != kind || value.is_object());
    let mut deep = false;
    for _ in 0..DEEPEST {
        if fields.iter().any(|(key, value)| says(key, value)) {
            break;
        }
        let inner = ENVELOPES.iter().find_map(|envelope| {
            let at = fields.iter().position(|(key, _)| key == envelope)?;
            let value = fields[at].1;
            let value = if value.is_list() && *envelope == "alternatives" { value.first() } else { value };
            let Value::Object(inner) = &value.value else { return None };
            Some((at, inner))
        });
        let Some((at, inner)) = inner else { break };
        fields.remove(at);
        fields.retain(|(key, _)| inner.iter().all(|(name, _)| name != key));
        fields.extend(inner.iter().map(|(key, value)| (key.as_ref(), value)));
        deep = true;
    }
    let text_in_data = !fields.iter().any(|(key, value)| says(key, value));
    let name = |key: &'j str, value: &Json<'_>| {
        if text_in_data && key == "data" && value.filled() { "transcript" } else { key }
    };
    let fields = fields.into_iter().map(|(key, value)| (Cow::Borrowed(name(key, value)), same(value)));
    (Json { at: item.at, value: Value::Object(fields.collect()) }, deep)
}

fn says(key: &str, value: &Json<'_>) -> bool {
    value.filled() && meaning(key).is_some_and(|key| key.meaning == Meaning::Text)
}

fn has_text(event: &Json<'_>) -> bool {
    match &event.value {
        Value::Object(fields) => fields.iter().any(|(key, value)| says(key, value)),
        _ => false,
    }
}

/// Whether something is said in an event: a text, its words, or a list of such.
fn holds_speech(event: &Json<'_>) -> bool {
    let transcription = event.get("transcription");
    has_text(event)
        || transcription.is_object()
        || ["words", "segments", "utterances"].iter().any(|key| event.get(key).items().iter().any(Json::is_object))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::parse;

    const TALK: [(&str, &str); 4] = [
        ("Dana", "Welcome back, how was the week?"),
        ("Tom", "It was long, but I did talk to Ines."),
        ("Dana", "And what did she say about it?"),
        ("Tom", "I will write to her on Monday."),
    ];

    type Event = fn(&str, &str, f64, bool) -> Value;

    fn words(text: &str, start: f64) -> Vec<(String, f64)> {
        text.split(' ')
            .enumerate()
            .zip(std::iter::repeat(start))
            .map(|((at, word), start)| (word.to_owned(), start + at as f64 * 0.3))
            .collect()
    }

    fn check(name: &str, event: Event, around: &[Value], lists: bool) {
        let mut events: Vec<Value> = around.to_vec();
        for (turn, (who, text)) in TALK.iter().enumerate() {
            let start = turn as f64 * 5.0 + 1.0;
            let half = text.split(' ').take(3).collect::<Vec<_>>().join(" ");
            events.push(event(who, &half, start, false));
            events.push(event(who, text, start, true));
            events.extend(around.first().filter(|_| turn == 1).cloned());
        }
        let lines: Vec<String> = events.iter().map(Value::to_string).collect();
        let file = if lists { format!("[{}]", lines.join(",")) } else { lines.join("\n") };
        let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{name}: {refusal}\n{file}"));
        assert!(read.account.balances(), "{name}: {:?}", read.account);
        let said: Vec<(Option<&str>, &str)> =
            read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
        let wanted: Vec<(Option<&str>, &str)> = TALK.iter().map(|(who, text)| (Some(*who), *text)).collect();
        let plain = |label: Option<&str>| match label {
            Some("Speaker 0" | "S1") => Some("Dana"),
            Some("Speaker 1" | "S2") => Some("Tom"),
            Some("Dana") => Some("Dana"),
            Some("Tom") => Some("Tom"),
            _ => None,
        };
        let said: Vec<_> = said.into_iter().map(|(label, text)| (plain(label), text)).collect();
        assert_eq!(said, wanted, "{name}\n{file}");
        assert!(read.utterances.iter().all(|said| said.start_ms.is_some()), "{name}\n{file}");
    }

    #[test]
    fn what_is_said_is_read_out_of_any_stream_of_events() {
        let streams: [(&str, Event, Vec<Value>); 9] = [
            (
                "events with data",
                |who, text, at, last| json!({"event": if last { "transcript.final" } else { "transcript.partial" }, "ts": 1_794_038_400.0 + at, "data": {"speaker": who, "text": text, "final": last}}),
                vec![
                    json!({"event": "bot.joined", "ts": 1_794_038_400.0, "data": {"bot": "NoteBot", "meeting": "abc"}}),
                    json!({"event": "participant.join", "ts": 1_794_038_401.0, "data": {"name": "Dana"}}),
                    json!({"event": "chat.message", "ts": 1_794_038_402.0, "data": {"name": "Tom", "message": "https://x.example/house"}}),
                ],
            ),
            (
                "Recall",
                |who, text, at, last| {
                    let words: Vec<Value> = words(text, at).into_iter().map(|(word, at)| json!({"text": word, "start_timestamp": {"relative": at}, "end_timestamp": {"relative": at + 0.2}})).collect();
                    json!({"event": if last { "transcript.data" } else { "transcript.partial_data" }, "data": {"data": {"words": words, "participant": {"id": who.len(), "name": who, "is_host": false}}, "bot": {"id": "b1", "metadata": {}}, "transcript": {"id": "t1"}}})
                },
                vec![
                    json!({"event": "participant_events.join", "data": {"data": {"action": "join", "participant": {"id": 1, "name": "Dana"}}, "bot": {"id": "b1"}}}),
                ],
            ),
            (
                "Attendee",
                |who, text, at, last| json!({"trigger": if last { "transcript.update" } else { "transcript.partial" }, "data": {"speaker_name": who, "speaker_uuid": who, "timestamp_ms": at * 1e3, "duration_ms": 2_000, "transcription": {"transcript": text}}}),
                vec![
                    json!({"trigger": "bot.state_change", "data": {"new_state": "joined"}}),
                    json!({"trigger": "participant_events.join_leave", "data": {"participant_name": "Dana"}}),
                ],
            ),
            (
                "Speechmatics",
                |who, text, at, last| {
                    let speaker = if who == "Dana" { "S1" } else { "S2" };
                    let results: Vec<Value> = words(text, at).into_iter().map(|(word, at)| json!({"type": "word", "start_time": at, "end_time": at + 0.2, "alternatives": [{"content": word, "confidence": 1.0, "speaker": speaker}]})).collect();
                    json!({"message": if last { "AddTranscript" } else { "AddPartialTranscript" }, "format": "2.9", "metadata": {"start_time": at, "end_time": at + 3.0, "transcript": text}, "results": results})
                },
                vec![
                    json!({"message": "RecognitionStarted", "id": "a1"}),
                    json!({"message": "Info", "type": "recognition_quality", "quality": "broadcast"}),
                ],
            ),
            (
                "Deepgram",
                |who, text, at, last| {
                    let speaker = usize::from(who != "Dana");
                    let words: Vec<Value> = words(text, at).into_iter().map(|(word, at)| json!({"word": word.to_lowercase(), "start": at, "end": at + 0.2, "punctuated_word": word, "speaker": speaker})).collect();
                    json!({"type": "Results", "channel_index": [0, 1], "start": at, "duration": 3.0, "is_final": last, "speech_final": last, "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]}})
                },
                vec![
                    json!({"type": "Metadata", "request_id": "r1"}),
                    json!({"type": "SpeechStarted", "timestamp": 0.5}),
                ],
            ),
            (
                "Gladia",
                |who, text, at, last| json!({"type": "transcript", "session_id": "s", "data": {"id": format!("{at}"), "is_final": last, "utterance": {"text": text, "start": at, "end": at + 3.0, "speaker": who}}}),
                vec![
                    json!({"type": "start_session", "session_id": "s"}),
                    json!({"type": "speech_start", "session_id": "s", "data": {"time": 0.5}}),
                ],
            ),
            (
                "AssemblyAI, first version",
                |who, text, at, last| json!({"message_type": if last { "FinalTranscript" } else { "PartialTranscript" }, "audio_start": at * 1e3, "audio_end": at * 1e3 + 3e3, "text": text, "speaker": who}),
                vec![json!({"message_type": "SessionBegins", "session_id": "s"})],
            ),
            (
                "Vexa",
                |who, text, at, last| json!({"type": if last { "transcript.finalized" } else { "transcript.mutable" }, "meeting": {"id": 7}, "payload": {"segments": [{"start": at, "end": at + 3.0, "text": text, "speaker": who}]}}),
                vec![json!({"type": "meeting.status", "meeting": {"id": 7}, "payload": {"status": "active"}})],
            ),
            (
                "payloads in payloads",
                |who, text, at, last| json!({"type": if last { "caption.final" } else { "caption.interim" }, "payload": {"detail": {"speaker": {"name": who}, "text": text, "start": at, "end": at + 3.0}}}),
                vec![json!({"type": "meeting.started", "payload": {"detail": {"host": "Dana"}}})],
            ),
        ];
        for (name, event, around) in streams {
            check(name, event, &around, false);
            check(name, event, &around, true);
        }
        // Zoom's have kinds by number and no interims.
        let line = |(at, (who, text)): (usize, &(&str, &str))| json!({"msg_type": 17, "content": {"user_id": 16_778_240 + who.len(), "user_name": who, "data": text, "timestamp": 1_794_038_400_000_u64 + at as u64 * 5_000}});
        let mut lines = vec![json!({"msg_type": 6, "event": {"event_type": 2, "user_name": "Dana"}}).to_string()];
        lines.extend(TALK.iter().enumerate().map(line).map(|line| line.to_string()));
        let read = parse(lines.join("\n").as_bytes()).expect("a talk");
        let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
        assert_eq!(said, TALK.map(|(who, text)| (Some(who), text)));
    }

    #[test]
    fn several_transcripts_are_no_stream() {
        let line = |who: &str| {
            let turn = |at: usize| json!({"speaker": if at % 2 == 0 { who } else { "Dana" }, "text": "So it is, all in all.", "start": at * 3});
            json!({"event": "transcript.done", "data": {"transcript": [turn(0), turn(1), turn(2), turn(3), turn(4)]}})
        };
        let file = format!("{}\n{}", line("Tom"), line("Priya"));
        assert!(parse(file.as_bytes()).is_err());
    }
}
