//! Cue ids that are the names of speakers, bare or with a running number: `Maya Okafor`, `12 - Maya Okafor`,
//! `Maya Okafor #12`. Ids that are numbers, or the titles of parts, name nobody: a speaker comes again.

use std::collections::HashMap;

use super::{
    cue_speech,
    label::{self, Shape},
    webvtt_cues::Cue,
};

/// Whom an id names, if it is so written.
type Name = for<'a> fn(&'a str) -> Option<&'a str>;

/// The ways in which ids name speakers; whether the running number is left out.
const WAYS: [(Name, bool); 3] = [(bare, false), (behind_number, true), (before_number, true)];

/// The speaker of each cue, where the file names its speakers so.
pub(super) fn speakers<'a>(cues: &[Cue<'a>]) -> Option<Vec<Option<&'a str>>> {
    let letters = |cue: &&Cue<'_>| cue.id.contains(|letter: char| letter.is_alphabetic());
    let with_ids = cues.iter().filter(letters).count();
    if with_ids < 2 || with_ids * 2 < cues.len() {
        return None;
    }
    let (name, _) = WAYS.into_iter().find(|(name, numbered)| name_speakers(cues, *name, *numbered))?;
    Some(cues.iter().map(|cue| name(cue.id)).collect())
}

/// Whether ids, so read, are a few names that come again and again.
fn name_speakers(cues: &[Cue<'_>], name: Name, numbered: bool) -> bool {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in cues.iter().filter_map(|cue| name(cue.id)) {
        *counts.entry(name).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    // A word with a number ("cue-1") is read as somebody only where it is written as a name is.
    let most = if numbered { Shape::Name } else { Shape::Odd };
    let again =
        counts.iter().filter(|(name, count)| **count >= 2 && label::has_form(name) && label::shape(name) <= most);
    let (names, filled) = again.fold((0, 0), |(names, filled), (_, count)| (names + 1, filled + count));
    let enough = if numbered { names >= 2 } else { names >= 2 || filled == total };
    enough && total * 2 >= cues.len() && filled * 4 >= total * 3
}

/// Whether the first lines of cues are names, with the words on the lines below.
pub(super) fn stand_above(cues: &[Cue<'_>]) -> bool {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut filled = 0_usize;
    for cue in cues {
        let mut lines = cue_speech::lines(&cue.payload);
        filled += usize::from(!cue.payload.is_empty());
        // A cue of one line, or a first line that ends as a sentence does, has no name above its words.
        let first =
            lines.next().filter(|first| lines.next().is_some() && !first.ends_with(['.', '?', '!', ',', '…', '-']));
        if let Some(first) = first {
            *counts.entry(first).or_default() += 1;
        }
    }
    let again = counts
        .iter()
        .filter(|(name, count)| **count >= 2 && label::has_form(name) && label::shape(name) <= Shape::Handle);
    let (names, again) = again.fold((0, 0), |(names, again), (_, count)| (names + 1, again + count));
    names >= 2 && again * 10 >= filled * 8
}

fn bare(id: &str) -> Option<&str> {
    let name = id.trim();
    (label::has_form(name) || name.contains(|letter: char| letter.is_alphabetic())).then_some(name)
}

fn behind_number(id: &str) -> Option<&str> {
    let rest = id.trim().trim_start_matches(|letter: char| letter.is_ascii_digit());
    let name = rest.trim_start_matches([' ', '.', ':', '-', '–', '_', '|', ')', '#', '\t']);
    (rest.len() < id.trim().len() && name.len() < rest.len()).then(|| bare(name)).flatten()
}

fn before_number(id: &str) -> Option<&str> {
    let rest = id.trim().trim_end_matches(')').trim_end_matches(|letter: char| letter.is_ascii_digit());
    let name = rest.trim_end_matches([' ', '.', ':', '-', '–', '_', '|', '(', '#', '\t']);
    (rest.len() < id.trim().len() && name.len() < rest.len()).then(|| bare(name)).flatten()
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn labels(ids: &[&str], text: &str) -> Vec<Option<String>> {
        let mut file = String::from("WEBVTT\n\n");
        for (at, id) in ids.iter().enumerate() {
            file += &format!("{id}\n00:00:{at:02}.000 --> 00:00:{at:02}.900\n{text}\n\n");
        }
        parse(file.as_bytes()).expect("captions").utterances.into_iter().map(|said| said.label).collect()
    }

    #[test]
    fn ids_that_come_again_are_names() {
        for (ids, wanted) in [
            (["Maya Okafor", "Tom Becker", "Maya Okafor", "Tom Becker"], ["Maya Okafor", "Tom Becker"]),
            (["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"], ["Speaker 1", "Speaker 2"]),
            (["1 - Maya Okafor", "2 - Tom Becker", "3 - Maya Okafor", "4 - Tom Becker"], ["Maya Okafor", "Tom Becker"]),
            (["Maya #1", "Tom #2", "Maya #3", "Tom #4"], ["Maya", "Tom"]),
        ] {
            let seen = labels(&ids, "So it is.");
            let seen: Vec<_> = seen.iter().take(2).map(|label| label.as_deref().unwrap_or("")).collect();
            assert_eq!(seen, wanted, "{ids:?}");
        }
        for ids in [["cue-1", "cue-2", "cue-3", "cue-4"], ["1", "2", "3", "4"], ["Opening", "Goals", "Review", "End"]] {
            assert!(labels(&ids, "So it is.").iter().all(Option::is_none), "{ids:?}");
        }
    }

    #[test]
    fn names_stand_above_the_words_of_a_cue() {
        let cue = |at: usize, text: &str| format!("{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{text}\n\n");
        let read = |texts: &[&str]| {
            let file: String = texts.iter().enumerate().map(|(at, text)| cue(at + 1, text)).collect();
            let said = parse(file.as_bytes()).expect("captions").utterances.into_iter();
            said.map(|said| format!("{}: {}", said.label.unwrap_or_default(), said.text)).collect::<Vec<_>>()
        };
        let texts =
            ["Maya Okafor\nSo it is.", "Tom\nIs it?", "Maya Okafor\nIt is\nso.", "Tom\nOh.", "Anna at home\nI go."];
        let wanted =
            ["Maya Okafor: So it is.", "Tom: Is it?", "Maya Okafor: It is so.", "Tom: Oh.", "Anna at home: I go."];
        assert_eq!(read(&texts), wanted);
        assert_eq!(read(&["and so\nit is", "and so\nit was", "it was\nso"])[0], ": and so it is");
    }

    #[test]
    fn a_label_before_the_words_is_surer_than_an_id() {
        let ids = ["intro", "intro", "main", "main"];
        assert!(labels(&ids, "Maya: So it is.").iter().all(|label| label.as_deref() == Some("Maya")));
        let doubled = labels(&["Maya", "Tom", "Maya", "Tom"], "So it is.");
        assert_eq!(doubled[1].as_deref(), Some("Tom"));
    }
}
