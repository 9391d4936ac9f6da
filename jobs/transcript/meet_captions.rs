//! Captions of a Meet recording: windows of four seconds with `(Name)` before that person's words, and a dash before
//! each of two speakers. They come as WebVTT and as SBV.

use std::collections::HashMap;

use super::{account::Draft, cue_speech, label, webvtt_cues::Cue};

/// Adds the utterances if the file names its speakers like this; otherwise returns false and adds nothing.
pub(super) fn speak(cues: &[Cue<'_>], draft: &mut Draft) -> bool {
    let Some(carried) = convention(cues) else { return false };
    let mut last: Option<&str> = None;
    for cue in cues {
        let mut speaker = if carried { last } else { None };
        let mut said = String::new();
        for line in cue_speech::lines(&cue.payload) {
            let dash = undash(line);
            let rest = match named(line) {
                Some((name, rest)) => {
                    cue_speech::say(draft, cue, speaker, &said);
                    said.clear();
                    draft.structure(name);
                    speaker = Some(name);
                    rest
                }
                // A dash without a name after another person's words: an unknown speaker.
                None if dash.len() < line.len() && !said.is_empty() => {
                    cue_speech::say(draft, cue, speaker, &said);
                    said.clear();
                    speaker = None;
                    dash
                }
                None => dash,
            };
            if !said.is_empty() {
                said.push(' ');
            }
            said.push_str(rest);
        }
        cue_speech::say(draft, cue, speaker, &said);
        last = speaker;
    }
    true
}

/// Whether names in brackets identify speakers here, and if so, whether they only occur when the speaker changes.
fn convention(cues: &[Cue<'_>]) -> Option<bool> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let (mut named_cues, mut with_words, mut again) = (0_usize, 0_usize, 0_usize);
    let mut last = None;
    for cue in cues {
        // Most files have no such names, which is quick to check.
        if cue.payload.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let mut lines = cue_speech::lines(&cue.payload);
        let Some((name, rest)) = lines.next().and_then(named) else { continue };
        named_cues += 1;
        // A sound, "(laughs)", is alone; a speaker says something.
        with_words += usize::from(!rest.is_empty() || lines.next().is_some());
        again += usize::from(last == Some(name));
        last = Some(name);
        *counts.entry(name).or_default() += 1;
    }
    let repeated = counts.values().any(|count| *count >= 2);
    let usual = named_cues >= 2 && named_cues * 10 >= cues.len() * 3 && with_words * 5 >= named_cues * 4;
    (usual && (repeated || named_cues * 10 >= cues.len() * 8))
        .then(|| counts.len() >= 2 && named_cues * 10 <= cues.len() * 9 && again * 20 <= named_cues)
}

/// `(Name) rest`, with or without a leading dash.
fn named(line: &str) -> Option<(&str, &str)> {
    let inner = undash(line).strip_prefix('(')?;
    // A name may contain brackets.
    let mut depth = 1;
    let end = inner.bytes().take(128).position(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth == 0
    })?;
    let name = inner[..end].trim();
    let rest = inner[end + 1..].trim();
    (label::may_be_label(name) && label::reads_like_a_name(name))
        .then(|| (name, rest.strip_prefix(':').unwrap_or(rest).trim()))
}

fn undash(line: &str) -> &str {
    line.strip_prefix(['-', '–']).map_or(line, str::trim_start)
}
