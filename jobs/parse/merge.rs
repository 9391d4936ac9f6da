//! Merges the transcripts of one session: repeated speech only once, and the tracks of one talk in order of time. Pure.
//!
//! Of several files with the same speech the best is used: by its speakers' names, then its times, then its words. The
//! others are set aside, with the reason. Files that are neither the same speech nor tracks of one talk are consecutive
//! parts, in order of arrival.

use debrief_transcript::{Transcript, Utterance};

use crate::meeting::{
    self,
    likeness::{self, Facts},
};

/// A transcript of the session.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The file's name.
    pub(super) file: &'a str,
    pub(super) transcript: &'a Transcript,
}

/// What is used from a session's transcripts.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// In the order of the parts that contain them.
    pub(super) speech: Vec<Speech>,
    /// The indexes of parts that are set aside, with the reason.
    pub(super) aside: Vec<(usize, String)>,
}

/// What was said, in one file or several tracks.
#[derive(Debug)]
pub(super) struct Speech {
    /// The indexes of the parts; the first one owns the utterances.
    pub(super) of: Vec<usize>,
    pub(super) utterances: Vec<Utterance>,
}

/// Files treated as one.
struct Source {
    of: Vec<usize>,
    facts: Facts,
}

/// Merges all parts.
pub(super) fn merge(parts: &[Part<'_>]) -> Merged {
    if let [only] = parts {
        let speech = Speech { of: vec![0], utterances: only.transcript.utterances.clone() };
        return Merged { speech: vec![speech], aside: Vec::new() };
    }
    let facts: Vec<Facts> = parts.iter().map(|part| Facts::of(part.transcript)).collect();
    let mut sources = sources(parts, &facts);
    // Best first; the name breaks ties, so that the order of arrival doesn't matter.
    sources.sort_by(|a, b| {
        b.facts.worth().cmp(&a.facts.worth()).then_with(|| parts[a.of[0]].file.cmp(parts[b.of[0]].file))
    });
    let mut used: Vec<Source> = Vec::new();
    let mut merged = Merged::default();
    for source in sources {
        match used.iter().find(|better| likeness::is_same_speech(&source.facts, &better.facts)) {
            Some(better) => {
                let files: Vec<&str> = better.of.iter().map(|at| parts[*at].file).collect();
                let reason = format!(
                    "The same speech in another format: {} is used because it has {}.",
                    files.join(" and "),
                    better.facts.better_by(&source.facts)
                );
                merged.aside.extend(source.of.iter().map(|at| (*at, reason.clone())));
            }
            None => used.push(source),
        }
    }
    used.sort_by_key(|source| source.of[0]);
    merged.speech = used.into_iter().map(|source| speech(parts, &facts, source.of)).collect();
    merged
}

/// Each file separately, but the tracks of one talk together.
fn sources(parts: &[Part<'_>], facts: &[Facts]) -> Vec<Source> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| parts[*at].file);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for at in order {
        let talks = |group: &Vec<usize>| {
            group.iter().all(|other| {
                speaker(&parts[at], &facts[at]) != speaker(&parts[*other], &facts[*other])
                    && likeness::are_two_tracks(&facts[at], &facts[*other])
            })
        };
        match groups.iter_mut().find(|group| facts[at].is_one_track() && talks(group)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    let source = |of: Vec<usize>| {
        let all: Vec<&Facts> = of.iter().map(|at| &facts[*at]).collect();
        let facts = match all[..] {
            [only] => only.clone(),
            _ => Facts::together(&all),
        };
        Source { of, facts }
    };
    groups.into_iter().map(source).collect()
}

/// The speaker of a track: from its label, or else its name.
fn speaker(part: &Part<'_>, facts: &Facts) -> Option<String> {
    let label = part.transcript.utterances.iter().find_map(|said| said.label.clone());
    if facts.names().is_empty() { meeting::named(part.file).speaker.or(label) } else { label }
}

fn speech(parts: &[Part<'_>], facts: &[Facts], of: Vec<usize>) -> Speech {
    if let [only] = of[..] {
        return Speech { utterances: parts[only].transcript.utterances.clone(), of };
    }
    let mut timed: Vec<(Option<i64>, Utterance)> = Vec::new();
    for &at in &of {
        let label = speaker(&parts[at], &facts[at]);
        // An utterance without a time stays after the one before it in its file.
        let mut last = None;
        for said in &parts[at].transcript.utterances {
            last = said.start_ms.or(last);
            timed.push((last, Utterance { label: label.clone(), ..said.clone() }));
        }
    }
    timed.sort_by_key(|(start, _)| *start);
    Speech { of, utterances: timed.into_iter().map(|(_, said)| said).collect() }
}
