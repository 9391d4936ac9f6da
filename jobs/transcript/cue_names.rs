//! Cue ids that are speaker names, bare or with a running number: `Maya Okafor`, `12 - Maya Okafor`, `Maya Okafor #12`.
//! Numbers and section titles aren't names: a speaker returns.

use std::collections::{HashMap, HashSet};

use super::{
    cue_speech,
    label::{self, Shape},
    webvtt_cues::Cue,
};

/// Extracts the name from an id, if it's written in this way.
type Name = for<'a> fn(&'a str) -> Option<&'a str>;

/// The ways in which ids name speakers, and whether a running number is dropped.
const WAYS: [(Name, bool); 3] = [(bare, false), (behind_number, true), (before_number, true)];

/// The speaker of each cue, if the file names its speakers by id.
pub(super) fn speakers<'a>(cues: &[Cue<'a>]) -> Option<Vec<Option<&'a str>>> {
    let letters = |cue: &&Cue<'_>| cue.id.contains(|letter: char| letter.is_alphabetic());
    let with_ids = cues.iter().filter(letters).count();
    if with_ids < 2 || with_ids * 4 < cues.len() {
        return None;
    }
    let (name, _) = WAYS.into_iter().find(|(name, numbered)| name_speakers(cues, *name, *numbered))?;
    let mut speakers: Vec<Option<&str>> = cues.iter().map(|cue| name(cue.id)).collect();
    if only_at_changes(&speakers) {
        carry(&mut speakers);
    }
    Some(speakers)
}

/// Whether ids, read in this way, are a few names that keep returning.
fn name_speakers(cues: &[Cue<'_>], name: Name, numbered: bool) -> bool {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in cues.iter().filter_map(|cue| name(cue.id)) {
        *counts.entry(name).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    // A word with a number ("cue-1") only counts as a person if it's written like a name.
    let returns = || come_back(cues.iter().filter_map(|cue| name(cue.id)));
    let most = match numbered {
        true if returns() => Shape::Handle,
        true => Shape::Name,
        false => Shape::Odd,
    };
    let again =
        counts.iter().filter(|(name, count)| **count >= 2 && label::has_form(name) && label::shape(name) <= most);
    let (names, filled) = again.fold((0, 0), |(names, filled), (_, count)| (names + 1, filled + count));
    let enough = if numbered { names >= 2 } else { names >= 2 || filled == total };
    let often = || {
        let speakers: Vec<Option<&str>> = cues.iter().map(|cue| name(cue.id)).collect();
        total * 2 >= cues.len() || only_at_changes(&speakers)
    };
    enough && filled * 4 >= total * 3 && often()
}

/// Whether anyone speaks again after someone else: section titles don't return.
pub(super) fn come_back<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let (mut over, mut last, mut back) = (HashSet::new(), None, 0);
    for name in names {
        if last != Some(name) {
            back += usize::from(over.contains(name));
            over.extend(last.replace(name));
        }
    }
    back >= 2
}

/// Whether a cue only names its speaker when the speaker changes: no name follows itself, and the names are few and
/// followed by cues without one.
pub(super) fn only_at_changes(speakers: &[Option<&str>]) -> bool {
    let (mut named, mut bare, mut again, mut followed, mut last) = (0_usize, 0_usize, 0_usize, 0_usize, None);
    let mut names = HashSet::new();
    let mut below = false;
    for speaker in speakers {
        match speaker {
            Some(name) => {
                named += 1;
                again += usize::from(last == Some(*name));
                last = Some(*name);
                names.insert(*name);
                below = true;
            }
            None => {
                bare += 1;
                followed += usize::from(std::mem::take(&mut below));
            }
        }
    }
    names.len() >= 2 && named >= 3 && bare * 4 >= speakers.len() && followed * 2 >= named && again * 20 <= named
}

/// Gives each cue without a speaker the previous cue's speaker.
pub(super) fn carry(speakers: &mut [Option<&str>]) {
    let mut last = None;
    for speaker in speakers {
        last = speaker.or(last);
        *speaker = last;
    }
}

/// Where names occur on the first lines of cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    /// In nearly every cue.
    Everywhere,
    /// Where the speaker changes.
    AtChanges,
}

/// The first line of a cue, if more lines follow and it doesn't end like a sentence: it may be a name.
pub(super) fn first_line<'c>(cue: &'c Cue<'_>) -> Option<&'c str> {
    let mut lines = cue_speech::lines(&cue.payload);
    let ends = ['.', '?', '!', ',', '…', '-'];
    lines.next().filter(|first| lines.next().is_some() && !first.ends_with(ends)).map(label::bare)
}

/// Whether the first lines of cues are names, with the words on the lines below.
pub(super) fn stand_above(cues: &[Cue<'_>]) -> Option<Above> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let firsts: Vec<Option<&str>> = cues.iter().map(first_line).collect();
    for first in firsts.iter().flatten() {
        *counts.entry(first).or_default() += 1;
    }
    let filled = cues.iter().filter(|cue| !cue.payload.is_empty()).count();
    counts.retain(|name, count| *count >= 2 && label::has_form(name) && label::shape(name) <= Shape::Handle);
    if counts.len() >= 2 && counts.values().sum::<usize>() * 10 >= filled * 8 {
        return Some(Above::Everywhere);
    }
    if counts.len() < 2 {
        return None;
    }
    let names: Vec<Option<&str>> = firsts
        .iter()
        .map(|first| first.filter(|name| counts.contains_key(name) && label::reads_like_a_name(name)))
        .collect();
    let few = names.iter().flatten().count() * 5 >= filled;
    (few && only_at_changes(&names) && come_back(names.iter().flatten().copied())).then_some(Above::AtChanges)
}

fn bare(id: &str) -> Option<&str> {
    let name = without_key(id.trim());
    (label::has_form(name) || name.contains(|letter: char| letter.is_alphabetic())).then_some(name)
}

/// A name without the keyword that marks it: `speaker: Maya`, `name=Maya`.
pub(super) fn without_key(text: &str) -> &str {
    const KEYS: [&str; 8] = ["speaker", "speaker name", "name", "voice", "spk", "sprecher", "talker", "who"];
    let keyed =
        text.split_once([':', '=']).filter(|(key, _)| KEYS.iter().any(|own| key.trim().eq_ignore_ascii_case(own)));
    let name = keyed.map_or(text, |(_, name)| name.trim().trim_matches('"')).trim();
    // A number means nothing without the keyword.
    if name.contains(char::is_alphabetic) { name } else { text.trim() }
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
