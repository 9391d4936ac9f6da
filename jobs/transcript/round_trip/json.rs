//! Prints talks as the JSON of tools and services.

use serde_json::{Value, json};

use super::{Ends, Printer, Turn};
use crate::Format;

pub(super) const PRINTERS: &[Printer] = &[
    Printer { format: Format::Fireflies, print: fireflies, unit: 1, ends: Ends::Written },
    Printer { format: Format::Fathom, print: fathom, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::ReadAi, print: read_ai, unit: 1, ends: Ends::Written },
    Printer { format: Format::Rev, print: rev, unit: 1, ends: Ends::Written },
    Printer { format: Format::Aws, print: aws, unit: 1, ends: Ends::Written },
    Printer { format: Format::AwsCalls, print: aws_calls, unit: 1, ends: Ends::Written },
    Printer { format: Format::Bedrock, print: bedrock, unit: 1, ends: Ends::Written },
    Printer { format: Format::Google, print: google, unit: 1, ends: Ends::Written },
    Printer { format: Format::Azure, print: azure, unit: 1, ends: Ends::Written },
    Printer { format: Format::Deepgram, print: deepgram, unit: 1, ends: Ends::Written },
    Printer { format: Format::AssemblyAi, print: assemblyai, unit: 1, ends: Ends::Written },
    Printer { format: Format::Whisper, print: whisper, unit: 1, ends: Ends::Written },
    Printer { format: Format::Podcast, print: podcast, unit: 1, ends: Ends::Written },
    Printer { format: Format::Gladia, print: gladia, unit: 1, ends: Ends::Written },
    Printer { format: Format::Speechmatics, print: speechmatics, unit: 1, ends: Ends::Written },
    Printer { format: Format::ElevenLabs, print: elevenlabs, unit: 1, ends: Ends::Written },
    Printer { format: Format::Watson, print: watson, unit: 1, ends: Ends::Written },
    Printer { format: Format::Gong, print: gong, unit: 1, ends: Ends::Written },
    Printer { format: Format::Recall, print: recall, unit: 1, ends: Ends::Written },
    Printer { format: Format::TlDvJson, print: tldv, unit: 1, ends: Ends::Written },
    Printer { format: Format::Soniox, print: soniox, unit: 1, ends: Ends::Written },
    Printer { format: Format::Sonix, print: sonix, unit: 1, ends: Ends::Written },
    Printer { format: Format::Attendee, print: attendee, unit: 1, ends: Ends::Written },
    Printer { format: Format::Json, print: bare_milliseconds, unit: 1, ends: Ends::Written },
    Printer { format: Format::Json, print: rows_of_a_table, unit: 1, ends: Ends::Written },
    Printer { format: Format::Csv, print: csv, unit: 1, ends: Ends::Written },
];

fn print(talk: &[Turn], turn: impl Fn(usize, &Turn) -> Value, file: impl Fn(Vec<Value>) -> Value) -> Vec<u8> {
    file(talk.iter().enumerate().map(|(at, said)| turn(at, said)).collect()).to_string().into_bytes()
}

/// Seconds, with three decimals.
#[expect(clippy::cast_precision_loss, reason = "times are small")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// The words of a turn, with its time divided among them: no pause is long, and the last ends where the turn does.
fn words(said: &Turn) -> Vec<(&str, i64, i64)> {
    let words: Vec<&str> = said.text.split(' ').collect();
    let (count, long) = (i64::try_from(words.len()).expect("few words"), said.end_ms - said.start_ms);
    let at = |number: i64| said.start_ms + long * number / count;
    (0..).zip(words).map(|(number, word)| (word, at(number), at(number + 1))).collect()
}

fn fireflies(talk: &[Turn]) -> Vec<u8> {
    let turn = |at: usize, said: &Turn| {
        json!({"index": at, "speaker_name": said.label, "speaker_id": at % 3, "raw_text": said.text, "text": said.text,
            "start_time": seconds(said.start_ms), "end_time": seconds(said.end_ms).to_string(), "ai_filters": null})
    };
    print(talk, turn, |sentences| json!({"title": "Call", "sentences": sentences}))
}

fn fathom(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"speaker": {"display_name": said.label, "matched_calendar_invitee_email": null}, "text": said.text,
            "timestamp": super::texts::clock(said.start_ms)})
    };
    print(talk, turn, |turns| json!({"transcript": turns}))
}

fn read_ai(talk: &[Turn]) -> Vec<u8> {
    const BEGIN: i64 = 1_795_000_000_000;
    let turn = |_, said: &Turn| {
        json!({"speaker": {"name": said.label}, "text": said.text, "start_time_ms": BEGIN + said.start_ms,
            "end_time_ms": BEGIN + said.end_ms})
    };
    print(talk, turn, |turns| json!({"start_time_ms": BEGIN, "turns": turns}))
}

fn rev(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        let words = words(said).into_iter().flat_map(|(word, start, end)| {
            [
                json!({"type": "punct", "value": " "}),
                json!({"type": "text", "value": word, "ts": seconds(start), "end_ts": seconds(end)}),
            ]
        });
        json!({"speaker_info": {"display_name": said.label}, "elements": words.skip(1).collect::<Vec<_>>()})
    };
    print(talk, turn, |turns| json!({"monologues": turns}))
}

fn aws(talk: &[Turn]) -> Vec<u8> {
    let mut items = Vec::new();
    for said in talk {
        for (word, start, end) in words(said) {
            items.push(json!({"type": "pronunciation", "start_time": seconds(start).to_string(),
                "end_time": seconds(end).to_string(), "speaker_label": said.label,
                "alternatives": [{"confidence": "0.9", "content": word}]}));
        }
    }
    json!({"jobName": "x", "results": {"transcripts": [], "items": items}}).to_string().into_bytes()
}

fn aws_calls(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"ParticipantRole": said.label, "Content": said.text, "BeginOffsetMillis": said.start_ms,
            "EndOffsetMillis": said.end_ms})
    };
    print(talk, turn, |turns| json!({"Transcript": turns}))
}

fn bedrock(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"text": said.text, "speaker": {"speaker_label": said.label}, "start_timestamp_millis": said.start_ms,
            "end_timestamp_millis": said.end_ms})
    };
    print(talk, turn, |segments| json!({"audio_segments": segments}))
}

fn google(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        let word = |(word, start, end): (&str, i64, i64)| {
            json!({"word": word, "speakerLabel": said.label, "startTime": format!("{}s", seconds(start)),
                "endTime": {"seconds": (end / 1000).to_string(), "nanos": end % 1000 * 1_000_000}})
        };
        let words: Vec<Value> = words(said).into_iter().map(word).collect();
        json!({"alternatives": [{"transcript": said.text, "words": words}]})
    };
    print(talk, turn, |results| json!({"results": results}))
}

fn azure(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"channel": 0, "speaker": said.label, "offsetInTicks": said.start_ms * 10_000,
            "durationInTicks": (said.end_ms - said.start_ms) * 10_000, "nBest": [{"display": said.text}]})
    };
    print(talk, turn, |phrases| json!({"recognizedPhrases": phrases}))
}

fn deepgram(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"speaker": said.label, "start": seconds(said.start_ms), "end": seconds(said.end_ms), "channel": 0,
            "transcript": said.text})
    };
    print(talk, turn, |turns| json!({"results": {"channels": [], "utterances": turns}}))
}

fn assemblyai(talk: &[Turn]) -> Vec<u8> {
    let turn =
        |_, said: &Turn| json!({"speaker": said.label, "text": said.text, "start": said.start_ms, "end": said.end_ms});
    print(talk, turn, |turns| json!({"audio_url": "x", "utterances": turns}))
}

fn whisper(talk: &[Turn]) -> Vec<u8> {
    let turn = |at, said: &Turn| {
        json!({"id": at, "start": seconds(said.start_ms), "end": seconds(said.end_ms), "text": format!(" {}", said.text),
            "speaker": said.label})
    };
    print(talk, turn, |segments| json!({"segments": segments, "language": "en"}))
}

fn podcast(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| json!({"speaker": said.label, "startTime": seconds(said.start_ms), "endTime": seconds(said.end_ms), "body": said.text});
    print(talk, turn, |segments| json!({"version": "1.0.0", "segments": segments}))
}

fn gladia(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"text": said.text, "start": seconds(said.start_ms), "end": seconds(said.end_ms), "channel": 0,
            "speaker": said.label})
    };
    print(talk, turn, |turns| json!({"result": {"transcription": {"full_transcript": "", "utterances": turns}}}))
}

fn speechmatics(talk: &[Turn]) -> Vec<u8> {
    let mut results = Vec::new();
    for said in talk {
        for (word, start, end) in words(said) {
            results.push(json!({"type": "word", "start_time": seconds(start), "end_time": seconds(end),
                "alternatives": [{"content": word, "speaker": said.label}]}));
        }
    }
    json!({"format": "2.9", "results": results}).to_string().into_bytes()
}

fn elevenlabs(talk: &[Turn]) -> Vec<u8> {
    let mut parts = Vec::new();
    for said in talk {
        for (word, start, end) in words(said) {
            parts.push(json!({"type": "word", "text": word, "start": seconds(start), "end": seconds(end),
                "speaker_id": said.label}));
            parts.push(json!({"type": "spacing", "text": " ", "start": seconds(end), "end": seconds(end),
                "speaker_id": said.label}));
        }
    }
    json!({"language_code": "eng", "text": "", "words": parts}).to_string().into_bytes()
}

fn watson(talk: &[Turn]) -> Vec<u8> {
    let (mut results, mut labels) = (Vec::new(), Vec::new());
    for said in talk {
        let words = words(said);
        let timestamps: Vec<Value> =
            words.iter().map(|(word, start, end)| json!([word, seconds(*start), seconds(*end)])).collect();
        labels.extend(words.iter().map(|(_, start, end)| {
            json!({"from": seconds(*start), "to": seconds(*end), "speaker": said.label, "final": false})
        }));
        results.push(json!({"final": true, "alternatives": [{"transcript": said.text, "timestamps": timestamps}]}));
    }
    json!({"result_index": 0, "results": results, "speaker_labels": labels}).to_string().into_bytes()
}

fn gong(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| json!({"speakerId": said.label, "sentences": [{"start": said.start_ms, "end": said.end_ms, "text": said.text}]});
    print(talk, turn, |turns| json!({"callTranscripts": [{"callId": "1", "transcript": turns}]}))
}

fn recall(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        let words: Vec<Value> = words(said)
            .into_iter()
            .map(|(word, start, end)| {
                json!({"text": word, "start_timestamp": {"relative": seconds(start)},
                    "end_timestamp": {"relative": seconds(end)}})
            })
            .collect();
        json!({"participant": {"name": said.label}, "words": words})
    };
    print(talk, turn, |turns| json!(turns))
}

fn tldv(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"speaker": said.label, "text": said.text, "startTime": seconds(said.start_ms),
            "endTime": seconds(said.end_ms)})
    };
    print(talk, turn, |turns| json!({"id": "x", "meetingId": "x", "data": turns}))
}

fn soniox(talk: &[Turn]) -> Vec<u8> {
    let mut tokens = Vec::new();
    for said in talk {
        for (word, start, end) in words(said) {
            tokens.push(json!({"text": format!(" {word}"), "start_ms": start, "end_ms": end, "speaker": said.label}));
        }
    }
    json!({"tokens": tokens}).to_string().into_bytes()
}

fn sonix(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"speaker": said.label, "text": said.text, "start_time": seconds(said.start_ms),
            "end_time": seconds(said.end_ms)})
    };
    print(talk, turn, |turns| json!({"name": "x", "transcript": turns}))
}

fn attendee(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| {
        json!({"speaker_name": said.label, "speaker_uuid": said.label, "timestamp_ms": said.start_ms,
            "duration_ms": said.end_ms - said.start_ms, "transcription": {"transcript": said.text}})
    };
    print(talk, turn, |turns| json!(turns))
}

fn bare_milliseconds(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| json!({"speaker": said.label, "text": said.text, "begin_ms": said.start_ms, "until_ms": said.end_ms});
    print(talk, turn, |turns| json!({"lines": turns}))
}

fn rows_of_a_table(talk: &[Turn]) -> Vec<u8> {
    let turn = |_, said: &Turn| json!([seconds(said.start_ms), seconds(said.end_ms), said.label, said.text]);
    print(talk, turn, |rows| json!({"columns": ["start_s", "end_s", "speaker", "text"], "data": rows}))
}

fn csv(talk: &[Turn]) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let row =
        |said: &Turn| format!("{},{},{},{}\n", said.start_ms, quoted(&said.label), said.end_ms, quoted(&said.text));
    format!("start_ms,speaker,end_ms,text\n{}", talk.iter().map(row).collect::<String>()).into_bytes()
}
