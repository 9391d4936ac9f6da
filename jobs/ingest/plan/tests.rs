//! Tests of the plan with small meetings.

use debrief_transcript::{Transcript, parse};

use super::*;
use crate::meeting::key;

/// A conversation between two people, different for each `seed`.
fn talk(seed: usize) -> Vec<(usize, i64, String)> {
    const WORDS: &str = "river stone window garden paper winter coffee letter market bridge summer music table silver \
        morning village forest captain mirror thunder island harbor candle meadow rocket blanket feather pencil";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    (0..30)
        .map(|turn| {
            let said =
                (0..8).map(|at| words[(seed * 7919 + turn * 104_729 + at * 1299 + at * at * seed) % words.len()]);
            (turn % 2, i64::try_from(turn).unwrap_or(0) * 10_000, said.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn clock(ms: i64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// WebVTT of the talk; `names` may be empty, and `speaker` selects one of the two.
fn vtt(seed: usize, names: &[&str], speaker: Option<usize>) -> String {
    let mut text = "WEBVTT\n\n".to_owned();
    for (who, at, said) in talk(seed).into_iter().filter(|(who, ..)| speaker.is_none_or(|speaker| speaker == *who)) {
        let label = names.get(who).map(|name| format!("<v {name}>")).unwrap_or_default();
        text.push_str(&format!("{} --> {}\n{label}{said}\n\n", clock(at), clock(at + 8_000)));
    }
    text
}

fn facts(text: &str) -> Facts {
    let transcript: Transcript = parse(text.as_bytes()).expect("a transcript");
    Facts::of(&transcript)
}

fn file(rest: &str) -> TranscriptKey {
    match key::read(&format!("inbox/maya/{rest}")) {
        key::InboxKey::Transcript(key) => key,
        other => panic!("{rest} is {other:?}"),
    }
}

fn speech(rest: &str, text: &str) -> Candidate {
    Candidate { key: file(rest), content: Content::Speech(Some(facts(text))) }
}

fn written(rest: &str, names: &[&str], is_list: bool) -> Candidate {
    let names = names.iter().map(|name| likeness::fold(name)).collect();
    Candidate { key: file(rest), content: Content::Companion { names, is_list } }
}

const PAIR: [&str; 2] = ["Maya Okafor", "Priya Raman"];
const OTHERS: [&str; 2] = ["Maya Okafor", "Tom Becker"];

#[test]
fn formats_and_tracks_of_one_meeting_are_one_session() {
    let whole = |rest| speech(rest, &vtt(1, &PAIR, None));
    let bare = |rest| speech(rest, &vtt(1, &[], None));
    let track = |rest, who| speech(rest, &vtt(1, &[], Some(who)));
    for files in [
        vec![whole("GMT20261103-140000_Recording.transcript.vtt"), bare("GMT20261103-140000_Recording.cc.vtt")],
        vec![whole("Coaching.vtt"), bare("Coaching.docx")],
        vec![whole("2026-11-03/Coaching.vtt"), bare("2026-11-03/captions.srt")],
        vec![track("one_doctor.srt", 0), track("one_patient.srt", 1)],
        vec![track("2026-11-03/1-maya.srt", 0), track("2026-11-03/2-priya.srt", 1)],
        vec![track("2026-11-03 Session 4/maya.srt", 0), track("2026-11-03 Session 4/priya.srt", 1)],
        vec![
            track("2026-11-03 Session 4/maya.srt", 0),
            track("2026-11-03 Session 4/priya.srt", 1),
            whole("2026-11-03 Session 4/transcript.vtt"),
        ],
    ] {
        let decisions = plan(&files, &[]);
        assert!(decisions.iter().all(|decision| *decision == Decision::Begins(0)), "{decisions:?}");
    }
}

#[test]
fn sessions_of_two_clients_stay_two() {
    let priya = |rest| speech(rest, &vtt(1, &PAIR, None));
    let tom = |rest| speech(rest, &vtt(2, &OTHERS, None));
    let bare = |rest, seed| speech(rest, &vtt(seed, &[], None));
    // The same script, with another client.
    let scripted = |rest| speech(rest, &vtt(1, &OTHERS, None));
    let track = |rest, seed, who| speech(rest, &vtt(seed, &[], Some(who)));
    let dense = |rest, seed| speech(rest, &vtt(seed, &["Maya Okafor"; 2], None));
    for files in [
        [priya("2026-11-03/priya.vtt"), tom("2026-11-03/tom.vtt")],
        [priya("2026-11-03 Sessions/priya.vtt"), tom("2026-11-03 Sessions/tom.vtt")],
        [priya("2026-11-03/transcript.vtt"), tom("2026-11-03/transcript (1).vtt")],
        [bare("2026-11-03/transcript.vtt", 1), bare("2026-11-03/transcript (1).vtt", 2)],
        [priya("2026-11-03 Sessions/priya.vtt"), scripted("2026-11-03 Sessions/tom.vtt")],
        [track("2026-11-03/maya.srt", 1, 0), track("2026-11-03/priya.srt", 1, 1)],
        [track("2026-11-03/a_client.srt", 1, 1), track("2026-11-03/b_coach.srt", 1, 0)],
        [bare("2026-11-03 Sessions/priya.srt", 1), bare("2026-11-03 Sessions/tom.srt", 2)],
        [dense("a_coach.srt", 1), dense("a_client.srt", 2)],
    ] {
        let decisions = plan(&files, &[]);
        assert!(decisions.contains(&Decision::Begins(1)), "{:?}: {decisions:?}", [&files[0].key, &files[1].key]);
    }
}

#[test]
fn what_is_written_goes_to_the_one_meeting_that_it_can_be_of() {
    use Decision::{Begins, Waits};
    let priya = speech("2026-11-03/priya.vtt", &vtt(1, &PAIR, None));
    let tom = speech("2026-11-03/tom.vtt", &vtt(2, &OTHERS, None));
    let bare = speech("2026-11-03/call.vtt", &vtt(1, &[], None));
    let own = speech("2026-11-03 Session 4/a.vtt", &vtt(1, &PAIR, None));
    let root = speech("priya.vtt", &vtt(1, &PAIR, None));
    let list = |names: &[&str]| written("2026-11-03/participants_81234567890.csv", names, true);
    let chat = |names: &[&str]| written("2026-11-03/chat.txt", names, false);
    for (speech, companion, expected) in [
        (vec![&priya], list(&PAIR), Begins(0)),
        (vec![&priya], list(&OTHERS), Waits(WaitReason::Strangers)),
        (vec![&priya, &tom], list(&PAIR), Begins(0)),
        (vec![&priya, &tom], list(&OTHERS), Begins(1)),
        (vec![&priya, &tom], list(&["Maya Okafor", "Priya Raman", "Tom Becker"]), Waits(WaitReason::Several)),
        (vec![&priya, &tom], chat(&["Maya Okafor"]), Waits(WaitReason::Several)),
        (vec![&priya, &tom], chat(&["Tom Becker"]), Begins(1)),
        (vec![&priya, &tom], written("2026-11-03/tom-chat.txt", &["Maya Okafor"], false), Begins(1)),
        (vec![&priya], chat(&["Maya Okafor"]), Begins(0)),
        (vec![&bare], list(&PAIR), Begins(0)),
        (vec![], chat(&PAIR), Waits(WaitReason::Alone)),
        (vec![&own], written("2026-11-03 Session 4/chat.txt", &["nobody"], false), Begins(0)),
        (vec![&root], written("priya-chat.txt", &["nobody"], false), Begins(0)),
        (vec![&root], written("chat.txt", &PAIR, false), Waits(WaitReason::Alone)),
    ] {
        let mut files: Vec<Candidate> = speech.into_iter().cloned().collect();
        files.push(companion);
        let decisions = plan(&files, &[]);
        assert_eq!(
            decisions.last(),
            Some(&expected),
            "{:?}",
            files.iter().map(|file| &file.key.file).collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_comes_later_joins_what_is_there() {
    let there = vec![
        vec![(file("2026-11-03/priya.vtt"), facts(&vtt(1, &PAIR, None)))],
        vec![(file("2026-11-03/1-maya.srt"), facts(&vtt(2, &[], Some(0))))],
    ];
    let come = [
        speech("2026-11-03/priya.srt", &vtt(1, &[], None)),
        speech("2026-11-03/2-tom.srt", &vtt(2, &[], Some(1))),
        speech("2026-11-03/other.srt", &vtt(3, &[], None)),
        written("2026-11-03/participants.csv", &PAIR, true),
        Candidate { key: file("2026-11-03/video.mp4"), content: Content::Speech(None) },
    ];
    let expected =
        [Decision::Joins(0), Decision::Joins(1), Decision::Begins(0), Decision::Joins(0), Decision::Begins(1)];
    assert_eq!(plan(&come, &there), expected);
}
