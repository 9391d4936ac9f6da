//! Decides about files that are considered together: which join an existing session, which make a new one, which wait.
//! Pure; applies the rule of [`crate::meeting`] with the evidence of [`likeness`].

use crate::meeting::{
    self, Place,
    key::TranscriptKey,
    likeness::{self, Facts},
};
use std::collections::BTreeSet;

/// A file that has arrived.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its key.
    pub key: TranscriptKey,
    /// Its content.
    pub content: Content,
}

/// A file's content, as far as the plan needs it.
#[derive(Clone, Debug)]
pub enum Content {
    /// Speech; without facts if it wasn't compared or can't be read.
    Speech(Option<Facts>),
    /// A chat or a list of participants.
    Companion {
        /// The names in it, normalized.
        names: BTreeSet<String>,
        /// It names everyone who was there; a chat names only those who wrote.
        is_list: bool,
    },
}

/// A file of an existing session.
pub type File = (TranscriptKey, Facts);

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It joins the existing session with this index.
    Joins(usize),
    /// It belongs to the new session with this index, from 0.
    Begins(usize),
    /// It has no speech, and its meeting is missing or unclear.
    Waits(WaitReason),
}

/// Why a file waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// No transcript of its meeting is there.
    Alone,
    /// Several meetings are next to it.
    Several,
    /// It names no speaker of the meeting next to it.
    Strangers,
}

impl WaitReason {
    /// In words for the coach, following "waits: ".
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Alone => "the transcript of its meeting hasn’t arrived yet",
            Self::Several => "there are several meetings next to it, and nothing says which one it belongs to",
            Self::Strangers => "it names nobody who speaks in the meeting next to it",
        }
    }
}

/// Files of one meeting.
struct Group<'a> {
    decision: Decision,
    files: Vec<(&'a TranscriptKey, &'a Facts)>,
}

/// Decides about each candidate; `there` lists the existing sessions, each with its files.
#[must_use]
pub fn plan(candidates: &[Candidate], there: &[Vec<File>]) -> Vec<Decision> {
    let existing = there.iter().enumerate().map(|(at, files)| Group {
        decision: Decision::Joins(at),
        files: files.iter().map(|(key, facts)| (key, facts)).collect(),
    });
    let mut groups: Vec<Group<'_>> = existing.collect();
    let mut decisions = vec![Decision::Waits(WaitReason::Alone); candidates.len()];
    let mut begun = 0;
    // By name, so that the order of arrival doesn't matter.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*a].key.file.cmp(&candidates[*b].key.file));
    for &at in &order {
        let Content::Speech(facts) = &candidates[at].content else { continue };
        let key = &candidates[at].key;
        let fitting = |facts: &Facts| -> Option<usize> {
            let mut fits = (0..groups.len()).filter(|group| belongs(key, facts, &groups[*group]));
            // If it could be of two meetings, it joins neither: two sessions, and no guess.
            fits.next().filter(|_| fits.next().is_none())
        };
        match facts.as_ref().and_then(|facts| fitting(facts).map(|group| (group, facts))) {
            Some((group, facts)) => {
                groups[group].files.push((key, facts));
                decisions[at] = groups[group].decision;
            }
            None => {
                decisions[at] = Decision::Begins(begun);
                begun += 1;
                groups.push(Group { decision: decisions[at], files: facts.iter().map(|facts| (key, facts)).collect() });
            }
        }
    }
    // A file that couldn't be read as a transcript forms no meeting.
    groups.retain(|group| !group.files.is_empty());
    for (at, candidate) in candidates.iter().enumerate() {
        if let Content::Companion { names, is_list } = &candidate.content {
            decisions[at] = home(&candidate.key, &Written { names, is_list: *is_list }, &groups);
        }
    }
    decisions
}

/// Whether the words show that a file is of this meeting.
fn belongs(key: &TranscriptKey, facts: &Facts, group: &Group<'_>) -> bool {
    let tracks: Vec<_> = group.files.iter().filter(|(_, other)| other.is_one_track()).collect();
    let all: Vec<&Facts> = tracks.iter().map(|(_, other)| *other).collect();
    let same = group.files.iter().any(|(_, other)| likeness::is_same_speech(facts, other))
        || (all.len() > 1 && likeness::is_same_speech(facts, &Facts::together(&all)));
    let another_track = tracks.len() == group.files.len()
        && !tracks.is_empty()
        && tracks.iter().all(|(other_key, other)| {
            may_be_tracks(key, facts, other_key, other) && likeness::are_two_tracks(facts, other)
        });
    same || another_track
}

/// Whether the names of two files allow each to be one track of a meeting.
fn may_be_tracks(key: &TranscriptKey, facts: &Facts, other_key: &TranscriptKey, other: &Facts) -> bool {
    let (named, other_named) = (meeting::named(&key.file), meeting::named(&other_key.file));
    let speaker = |named: &meeting::Named| named.speaker.as_deref().map(likeness::fold);
    let labelled = !facts.names().is_empty() && !other.names().is_empty();
    if !labelled && speaker(&named) == speaker(&other_named) {
        return false;
    }
    match meeting::place(key) {
        Place::Own => true,
        Place::Day => {
            named.is_track && other_named.is_track && (named.stem == other_named.stem || are_numbered(key, other_key))
        }
        Place::Shared => named.is_track && other_named.is_track && named.stem == other_named.stem,
    }
}

/// `1-maya.srt`, `2-priya.srt`
fn are_numbered(one: &TranscriptKey, other: &TranscriptKey) -> bool {
    let number = |key: &TranscriptKey| {
        let digits: String = key.file.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    matches!((number(one), number(other)), (Some(one), Some(other)) if one != other)
}

/// The names in a chat or a list.
struct Written<'a> {
    names: &'a BTreeSet<String>,
    is_list: bool,
}

/// The only meeting that a chat or participant list can be of.
fn home(key: &TranscriptKey, written: &Written<'_>, groups: &[Group<'_>]) -> Decision {
    let stem = meeting::named(&key.file).stem;
    let of_stem = |group: &&Group<'_>| {
        stem.is_some() && group.files.iter().any(|(other, _)| meeting::named(&other.file).stem == stem)
    };
    let named: Vec<&Group<'_>> = groups.iter().filter(of_stem).collect();
    if !named.is_empty() {
        return by_names(written, &named, true);
    }
    let all: Vec<&Group<'_>> = groups.iter().collect();
    match meeting::place(key) {
        Place::Shared => Decision::Waits(WaitReason::Alone),
        place => by_names(written, &all, place == Place::Own),
    }
}

/// The only one of these meetings whose speakers are named. If only one is there and its place fits, names aren't
/// needed.
fn by_names(written: &Written<'_>, groups: &[&Group<'_>], is_told: bool) -> Decision {
    match groups {
        [] => Decision::Waits(WaitReason::Alone),
        [only] if is_told || written.names.is_empty() || only.speakers().next().is_none() => only.decision,
        // Every speaker was there: a list without one of them is of another meeting.
        [only] if written.is_list && only.speakers().all(|speaker| written.holds(speaker)) => only.decision,
        [only] if !written.is_list && only.speakers().any(|speaker| written.holds(speaker)) => only.decision,
        [_] => Decision::Waits(WaitReason::Strangers),
        // The coach speaks in all of them; a person who speaks in only one decides.
        several => {
            let mut telling = several.iter().enumerate().filter(|(at, group)| {
                let elsewhere = |speaker: &str| {
                    several.iter().enumerate().any(|(other, group)| other != *at && group.speaks(speaker))
                };
                group.speakers().any(|speaker| written.holds(speaker) && !elsewhere(speaker))
            });
            match (telling.next(), telling.next()) {
                (Some((_, group)), None) => group.decision,
                _ => Decision::Waits(WaitReason::Several),
            }
        }
    }
}

impl Group<'_> {
    fn speakers(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|(_, facts)| facts.names().iter().map(String::as_str))
    }

    fn speaks(&self, speaker: &str) -> bool {
        self.speakers().any(|other| other == speaker)
    }
}

impl Written<'_> {
    /// Whether a speaker is named: as written, or a full name within a longer one.
    fn holds(&self, speaker: &str) -> bool {
        let within = |name: &str| speaker.split(' ').all(|word| name.split(' ').any(|other| other == word));
        self.names.contains(speaker) || (speaker.contains(' ') && self.names.iter().any(|name| within(name)))
    }
}

#[cfg(test)]
mod tests;
