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
    // The same speech in several files: the best of them, and the others.
    let mut used: Vec<(Source, Vec<Source>)> = Vec::new();
    for source in sources {
        match used.iter_mut().find(|(better, _)| likeness::is_same_speech(&source.facts, &better.facts)) {
            Some((better, others)) => {
                // A tool that was stopped early has good times, and not the rest of the talk.
                let is_fuller = source.facts.goes_on(&better.facts).is_some();
                let is_better = is_fuller && source.facts.names_as_well(&better.facts);
                others.push(if is_better { std::mem::replace(better, source) } else { source });
            }
            None => used.push((source, Vec::new())),
        }
    }
    let mut merged = Merged::default();
    used.sort_by_key(|(source, _)| source.of[0]);
    for (better, others) in used {
        others.iter().for_each(|other| set_aside(&mut merged, parts, other, &better));
        merged.speech.push(speech(parts, &facts, better.of));
    }
    merged
}

/// Sets a source aside because `better` has the same speech.
fn set_aside(merged: &mut Merged, parts: &[Part<'_>], source: &Source, better: &Source) {
    let files: Vec<&str> = better.of.iter().map(|at| parts[*at].file).collect();
    let mut reason = format!(
        "The same speech in another format: {} is used because it has {}.",
        files.join(" and "),
        better.facts.better_by(&source.facts)
    );
    if let Some(more) = source.facts.goes_on(&better.facts) {
        reason.push_str(&format!(
            " But this file has {more} more words, which are in no summary: if the talk goes on here, remove the other file."
        ));
    }
    merged.aside.extend(source.of.iter().map(|at| (*at, reason.clone())));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is used of two files, and why the other one isn't.
    fn used(files: [&str; 2]) -> (usize, String) {
        let read = files.map(|file| debrief_transcript::parse(file.as_bytes()).expect("a talk"));
        let parts = [0, 1].map(|at| Part { file: ["zoom.vtt", "otter.txt"][at], transcript: &read[at] });
        let merged = merge(&parts);
        assert_eq!((merged.speech.len(), merged.aside.len()), (1, 1), "{merged:?}");
        (merged.speech[0].of[0], merged.aside[0].1.clone())
    }

    #[test]
    fn a_file_that_stops_early_hides_no_words_of_another() {
        const SAID: [&str; 8] = [
            "How was the week, all in all, with the house and the move?",
            "Long, and I sold the house to the neighbour on Tuesday.",
            "What did you learn from selling it at last?",
            "That I wait too long before I ask anybody for help with it.",
            "And what will you do next week about the office?",
            "I will call Ines on Monday and ask her for the larger room.",
            "How will you know that it went well for both of you?",
            "When she smiles, and when I sleep through the night again.",
        ];
        let name = |at: usize| ["Dana Reed", "Priya Raman"][at % 2];
        let cue = |(at, said): (usize, &&str)| {
            format!("00:00:{:02}.000 --> 00:00:{:02}.000\n{}: {said}\n\n", at * 5, at * 5 + 4, name(at))
        };
        let turn = |(at, said): (usize, &&str)| format!("{}: {said}\n", name(at));
        let captions =
            |most: usize| format!("WEBVTT\n\n{}", SAID.iter().take(most).enumerate().map(cue).collect::<String>());
        let text: String = SAID.iter().enumerate().map(turn).collect();
        let unnamed: String = SAID.iter().enumerate().map(|(at, said)| format!("[0:{:02}] {said}\n", at * 5)).collect();
        assert_eq!(used([&captions(8), &text]).0, 0, "of two that are whole, the one with times");
        for most in [4, 5, 6] {
            let (of, reason) = used([&captions(most), &text]);
            assert_eq!((of, reason.contains("more of what was said")), (1, true), "{most}: {reason}");
            // Without names it can't stand for the other, and the coach is told.
            let (of, reason) = used([&captions(most), &unnamed]);
            assert_eq!((of, reason.contains("more words, which are in no summary")), (0, true), "{most}: {reason}");
        }
    }
}
