//! WebVTT comments that name the speaker of the next cue: `NOTE speaker: Maya`, `NOTE Maya Okafor`. With the keyword
//! it's a name; without it, a few names must recur and alternate.

use std::collections::HashMap;

use super::{
    account::Draft,
    cue_names::{come_back, only_at_changes, without_key},
    label::{self, Shape},
    webvtt_cues::{COMMENT, Cue, Note},
};

/// The maximum number of words in a name.
const WORDS: usize = 6;

/// Whether a comment may name somebody.
pub(super) fn may_name(says: &str) -> bool {
    let name = without_key(says);
    let keyed = name.len() < says.len();
    let plain = || !name.contains(':') && label::shape(name) <= Shape::Handle;
    name.split_whitespace().nth(WORDS).is_none() && label::may_be_label(name) && (keyed || plain())
}

/// Uses the name in such a comment as the id of the next cue, which then identifies the speaker; the other comments are
/// set aside.
pub(super) fn name_cues<'a>(cues: &mut [Cue<'a>], notes: &[Note<'a>], draft: &mut Draft) {
    if notes.is_empty() {
        return;
    }
    let keyed = |note: &&Note<'_>| without_key(note.says()).len() < note.says().len();
    let by_key = notes.iter().filter(keyed).count() >= 2;
    let counts = notes.iter().fold(HashMap::<&str, usize>::new(), |mut counts, note| {
        *counts.entry(note.says()).or_default() += 1;
        counts
    });
    let again = counts.values().filter(|count| **count >= 2);
    let (names, filled) = again.fold((0, 0), |(names, filled), count| (names + 1, filled + count));
    let by_place = names >= 2 && filled * 4 >= notes.len() * 3 && come_back(notes.iter().map(Note::says));
    let names_it = |note: &&Note<'_>| (by_key && keyed(note)) || (by_place && !by_key);
    let of_cue: HashMap<usize, &str> =
        notes.iter().filter(names_it).filter_map(|note| Some((note.timing?, without_key(note.says())))).collect();
    let mut speakers: Vec<Option<&str>> = cues.iter().map(|cue| of_cue.get(&cue.timing).copied()).collect();
    let named = speakers.iter().flatten().count();
    if named == 0 || (named * 2 < cues.len() && !by_key && !only_at_changes(&speakers)) {
        return notes.iter().for_each(|note| draft.set_aside(note.line, COMMENT, note.text));
    }
    if only_at_changes(&speakers) || named * 2 < cues.len() {
        super::cue_names::carry(&mut speakers);
    }
    for note in notes {
        if names_it(&note) { draft.structure(note.text) } else { draft.set_aside(note.line, COMMENT, note.text) }
    }
    for (cue, speaker) in cues.iter_mut().zip(speakers) {
        cue.id = speaker.unwrap_or(cue.id);
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    /// `label|text` of each utterance, for cues preceded by these comments.
    fn read(cues: &[(&str, &str)]) -> Vec<String> {
        let mut file = String::from("WEBVTT\n\n");
        for (at, (note, text)) in cues.iter().enumerate() {
            let note = if note.is_empty() { String::new() } else { format!("NOTE {note}\n\n") };
            file += &format!("{note}00:00:{at:02}.000 --> 00:00:{at:02}.900\n{text}\n\n");
        }
        let read = parse(file.as_bytes()).expect("captions");
        assert!(read.account.balances(), "{:?}\n{file}", read.account);
        read.utterances.iter().map(|said| format!("{}|{}", said.label.as_deref().unwrap_or(""), said.text)).collect()
    }

    #[test]
    fn a_comment_names_who_speaks_below_it() {
        for note in ["", "speaker: ", "Speaker = "] {
            let named = |name: &str| format!("{note}{name}");
            let (maya, tom) = (named("Maya Okafor"), named("Tom"));
            let talk = [(&*maya, "So it is."), (&*tom, "Is it?"), (&*maya, "Oh yes."), (&*tom, "I see.")];
            let wanted = ["Maya Okafor|So it is.", "Tom|Is it?", "Maya Okafor|Oh yes.", "Tom|I see."];
            assert_eq!(read(&talk), wanted, "{note}");
            let changes: Vec<(&str, &str)> = talk.iter().flat_map(|cue| [*cue, ("", "And so on.")]).collect();
            assert_eq!(read(&changes)[1], "Maya Okafor|And so on.", "{note}");
        }
    }

    #[test]
    fn other_comments_name_nobody() {
        let talk = [("Opening", "So it is."), ("Goals", "Is it?"), ("checked by Ana", "Oh yes."), ("", "I see.")];
        assert!(read(&talk).iter().all(|said| said.starts_with('|')));
    }
}
