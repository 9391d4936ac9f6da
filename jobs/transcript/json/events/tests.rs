//! The event streams of services, as each of them sends speech.

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
            vec![json!({"type": "Metadata", "request_id": "r1"}), json!({"type": "SpeechStarted", "timestamp": 0.5})],
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
    // Zoom's have numeric kinds and no interim results.
    let line = |(at, (who, text)): (usize, &(&str, &str))| json!({"msg_type": 17, "content": {"user_id": 16_778_240 + who.len(), "user_name": who, "data": text, "timestamp": 1_794_038_400_000_u64 + at as u64 * 5_000}});
    let mut lines = vec![json!({"msg_type": 6, "event": {"event_type": 2, "user_name": "Dana"}}).to_string()];
    lines.extend(TALK.iter().enumerate().map(line).map(|line| line.to_string()));
    let read = parse(lines.join("\n").as_bytes()).expect("a talk");
    let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
    assert_eq!(said, TALK.map(|(who, text)| (Some(who), text)));
}

#[test]
fn a_turn_that_comes_again_with_its_punctuation_is_said_once() {
    let mut lines = vec![json!({"type": "Begin", "id": "x"})];
    for (turn, (_, text)) in TALK.iter().enumerate() {
        let bare = text.to_lowercase().replace([',', '.', '?'], "");
        let half = bare.split(' ').take(3).collect::<Vec<_>>().join(" ");
        for (said, ended, formatted) in
            [(half.as_str(), false, false), (bare.as_str(), true, false), (*text, true, true)]
        {
            let start = turn as f64 * 5_000.0;
            let words: Vec<Value> = words(said, start)
                .into_iter()
                .map(|(word, at)| json!({"text": word, "start": at, "end": at + 200.0, "word_is_final": true}))
                .collect();
            lines.push(json!({"type": "Turn", "turn_order": turn, "turn_is_formatted": formatted, "end_of_turn": ended, "transcript": said, "words": words}));
        }
    }
    lines.push(json!({"type": "Termination", "audio_duration_seconds": 20}));
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let read = parse(lines.join("\n").as_bytes()).expect("a talk");
    let said: Vec<&str> = read.utterances.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(said, TALK.map(|(_, text)| text));
    assert!(read.account.balances());
}

#[test]
fn several_transcripts_are_no_stream() {
    let line = |who: &str| {
        let turn = |at: usize| json!({"speaker": if at.is_multiple_of(2) { who } else { "Dana" }, "text": "So it is, all in all.", "start": at * 3});
        json!({"event": "transcript.done", "data": {"transcript": [turn(0), turn(1), turn(2), turn(3), turn(4)]}})
    };
    let file = format!("{}\n{}", line("Tom"), line("Priya"));
    assert!(parse(file.as_bytes()).is_err());
}
