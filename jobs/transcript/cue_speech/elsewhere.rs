//! From cues to utterances if the names are separate from the words: in the id, on the first line, or after them.

use std::collections::HashMap;

use super::{one_line, say};
use crate::{
    account::Draft,
    cue_marks::Behind,
    cue_names::{self, Above},
    label,
    webvtt_cues::Cue,
};

/// One utterance per cue, by the speaker in its id or its element.
pub(super) fn by_speakers<'a>(cues: &[Cue<'a>], speaker: impl Fn(&'a str) -> Option<&'a str>, draft: &mut Draft) {
    for cue in cues {
        say(draft, cue, speaker(cue.id), &one_line(&cue.payload));
    }
}

/// One utterance per cue, with its first line as the name; a cue of one line names nobody.
pub(super) fn by_first_lines(cues: &[Cue<'_>], above: Above, draft: &mut Draft) {
    let firsts: Vec<Option<&str>> = cues
        .iter()
        .map(|cue| {
            cue.payload.split_once('\n').map(|(first, _)| label::bare(first)).filter(|first| label::has_form(first))
        })
        .collect();
    let (mut carried, mut ended) = (None, true);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in firsts.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    for (cue, first) in cues.iter().zip(&firsts) {
        // A sentence of two lines doesn't name anyone either; if most cues have no name, one is recognised by its form.
        let name = first.filter(|name| match above {
            Above::Everywhere => counts[name] >= 2 || label::may_be_label(name),
            Above::AtChanges => label::reads_like_a_name(name) && (counts[name] >= 2 || ended),
        });
        let unsure = |name: &&str| above == Above::AtChanges || !label::reads_like_a_name(name);
        if let Some(name) = name.filter(|name| counts[name] == 1 && unsure(name)) {
            draft.warn(cue.line, label::doubt(name));
        }
        draft.structure(name.unwrap_or(""));
        let words = cue.payload.split_once('\n').filter(|_| name.is_some()).map_or(&*cue.payload, |(_, words)| words);
        carried = if above == Above::AtChanges { name.or(carried) } else { name };
        ended = label::ends_a_sentence(words);
        say(draft, cue, carried, &one_line(words));
    }
}

/// One utterance per cue, by the label after its words; a turn of several cues has it after the last of them.
pub(super) fn by_last_words(cues: &[Cue<'_>], behind: &[Behind], draft: &mut Draft) {
    let named = behind.iter().flatten().count();
    let at_ends = named * 10 < cues.len() * 8;
    let mut speakers: Vec<Option<&str>> =
        behind.iter().map(|behind| behind.as_ref().map(|(name, _)| &**name)).collect();
    if at_ends {
        draft.warn(0, ENDS);
        speakers.reverse();
        cue_names::carry(&mut speakers);
        speakers.reverse();
    }
    for ((cue, behind), speaker) in cues.iter().zip(behind).zip(speakers) {
        match behind {
            Some((name, said)) => {
                draft.structure(name);
                say(draft, cue, speaker, said);
            }
            None => say(draft, cue, speaker, &one_line(&cue.payload)),
        }
    }
}

/// The warning about names that come after the last words of a turn.
const ENDS: &str = "names come after the last words of turns; the words above, back to the previous name, are read as theirs: \
                    please check who speaks";

/// One utterance per cue, with its id as the name.
pub(super) fn by_ids(cues: &[Cue<'_>], speakers: &[Option<&str>], draft: &mut Draft) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in speakers.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    for (cue, speaker) in cues.iter().zip(speakers) {
        if let Some(name) = speaker.filter(|name| counts[name] == 1 && !label::reads_like_a_name(name)) {
            draft.warn(cue.timing, label::doubt(name));
        }
        let text = one_line(&cue.payload);
        // Some write the name before the words as well.
        let doubled = label::candidate(&text).filter(|found| speaker.is_some_and(|name| found.label == name));
        draft.structure(doubled.map_or("", |found| found.label));
        say(draft, cue, *speaker, doubled.map_or(&text, |found| found.rest));
    }
}
