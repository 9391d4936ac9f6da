//! From cues with voice tags to utterances: one per voice. Teams splits utterances into parts, which are joined.

use std::borrow::Cow;

use super::{filled, guid, has_voice, one_line, say, spans};
use crate::{
    account::Draft,
    cue_names,
    live::DisplayStyle,
    markup::{self, Span},
    webvtt_cues::Cue,
};

/// How many cues apart parts of one utterance may be; others speak in between if voices overlap.
const NEAR: usize = 8;
/// How many simultaneous voices are told apart; a cue made of nothing but voices must not take quadratic time.
const VOICES: usize = 64;

/// What the parts of one utterance have in common: a part of the cue's id, and the voice.
type Key<'a> = (&'a str, Option<Cow<'a, str>>);

/// One utterance per voice; the parts of one Teams utterance (cues with the same GUID and voice) are joined.
pub(super) fn by_voices<'a>(cues: &'a [Cue<'_>], shown: DisplayStyle, draft: &mut Draft) {
    let carried = carried_voices(cues, shown);
    let mut guids = cues.iter().filter_map(|cue| guid(cue.id));
    let first = guids.next();
    let guid_is_the_files = first.is_some() && guids.all(|guid| Some(guid) == first) && cues.len() > 4;
    // Utterances with a key that may continue: the key, the index, and the cue that contained the last part.
    let mut parts: Vec<(Key<'a>, usize, usize)> = Vec::new();
    for (position, cue) in cues.iter().enumerate() {
        parts.retain(|(.., last)| position - last <= NEAR);
        for Span { voice, text } in spans(filled(&cue.payload), draft) {
            let text = one_line(&text);
            let voice = voice.or_else(|| carried.get(position)?.clone());
            let key = joining_key(cue.id, guid_is_the_files).map(|guid| (guid, voice.clone()));
            let earlier = key.as_ref().and_then(|key| parts.iter_mut().rev().take(VOICES).find(|(own, ..)| own == key));
            if let Some((_, index, last)) = earlier {
                *last = position;
                let utterance = &mut draft.utterances[*index];
                utterance.text.push(' ');
                utterance.text.push_str(&text);
                utterance.end_ms = utterance.end_ms.max(cue.end_ms);
                continue;
            }
            let said = draft.utterances.len();
            say(draft, cue, voice.as_deref(), &text);
            if draft.utterances.len() == said {
                continue;
            }
            if let Some(key) = key {
                parts.push((key, draft.utterances.len() - 1, position));
            }
        }
    }
}

/// For each cue without a voice, the previous cue's voice if voices only mark speaker changes; otherwise none.
fn carried_voices<'c>(cues: &'c [Cue<'_>], shown: DisplayStyle) -> Vec<Option<Cow<'c, str>>> {
    let last = |cue: &'c Cue<'_>| match has_voice(&cue.payload) {
        true => markup::spans(&cue.payload).into_iter().rev().find_map(|span| span.voice),
        false => None,
    };
    let voices: Vec<Option<Cow<'c, str>>> = cues.iter().map(last).collect();
    let named: Vec<Option<&str>> = voices.iter().map(Option::as_deref).collect();
    if !shown.rolls && !cue_names::only_at_changes(&named) {
        return Vec::new();
    }
    let mut above: Option<&Cow<'c, str>> = None;
    let mut carried = Vec::with_capacity(voices.len());
    for voice in &voices {
        carried.push(if voice.is_some() { None } else { above.cloned() });
        above = voice.as_ref().or(above);
    }
    carried
}

/// The key that joins the parts of one utterance: the GUID, unless the file has one GUID for everything; then the
/// number after it.
fn joining_key(id: &str, guid_is_the_files: bool) -> Option<&str> {
    let guid = guid(id)?;
    if guid_is_the_files { id.rsplit_once('-').map(|(key, _)| key) } else { Some(guid) }
}
