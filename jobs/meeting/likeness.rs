//! Whether two files belong to one meeting: by what is said in them, when, and under which labels. Pure.
//!
//! The same speech in two formats: the other file contains most of what the shorter one says, in runs of three words,
//! at the same times if both have times; and neither has a speaker name that the other lacks. Two tracks of one
//! meeting: each file has at most one label, both have times, the times overlap, and the two hardly ever speak at once,
//! as strangers in two meetings constantly would.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use debrief_transcript::{Transcript, words};

/// At most this many runs of words are kept per file, those with the smallest hashes: enough for a comparison.
const RUNS: usize = 20_000;
/// Fewer runs than this prove nothing.
const FEWEST: usize = 4;
/// The share of its runs that the shorter file must have in common with the other if times agree.
const SHARED_IN_TIME: f64 = 0.5;
/// The same if a file has no times, so that two readings of one script don't look the same.
const SHARED: f64 = 0.7;
/// The share of common runs that must have the same offset in time.
const IN_STEP: f64 = 0.7;
/// How far from that offset they may be: captions arrive late, in bursts.
const STEP_MS: i64 = 6_000;
/// Two people speak at once for at most this share of the time that the one who says less speaks, …
const AT_ONCE: f64 = 0.35;
/// … and for at most this share of what chance predicts for two who don't hear each other. In real visits with one file
/// per speaker it's 0.15 to 0.45, between files of different visits 0.7 to 1.1.
const BY_CHANCE: f64 = 0.55;
/// If chance predicts less than this, in milliseconds, we can't tell.
const TELLING_MS: f64 = 2_000.0;

/// The features of a transcript that are compared.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The labels that are names, normalised.
    names: BTreeSet<String>,
    /// Number of labels, names or not.
    labels: usize,
    /// Whether any utterance has no label.
    unlabelled: bool,
    /// Whether it's made of several tracks: the file tells who speaks, whatever the label.
    is_tracks: bool,
    /// Runs of three words and when they are said, smallest hashes first.
    runs: Vec<(u64, Option<i64>)>,
    /// When somebody speaks: disjoint spans in order.
    spans: Vec<(i64, i64)>,
    /// Whether the utterances have start times.
    timed: bool,
    ended: bool,
    words: usize,
}

impl Facts {
    /// Extracts the features of a transcript.
    #[must_use]
    pub fn of(transcript: &Transcript) -> Self {
        let mut facts = Self { words: transcript.account.in_utterances, ..Self::default() };
        let mut labels = BTreeSet::new();
        let (mut starts, mut ends) = (0, 0);
        for said in &transcript.utterances {
            match &said.label {
                Some(label) => {
                    labels.insert(label.as_str());
                }
                None => facts.unlabelled = true,
            }
            starts += usize::from(said.start_ms.is_some());
            ends += usize::from(said.start_ms.is_some() && said.end_ms.is_some());
            facts.spans.extend(said.start_ms.zip(said.end_ms).filter(|(start, end)| start < end));
        }
        facts.labels = labels.len();
        facts.names = labels.into_iter().filter(|label| is_name(label)).map(fold).collect();
        let most = transcript.utterances.len() * 9 / 10;
        (facts.timed, facts.ended) = (starts > 0 && starts >= most, ends > 0 && ends >= most);
        facts.spans = joined(facts.spans);
        facts.runs = runs(transcript);
        facts
    }

    /// Whether it has at most one speaker.
    #[must_use]
    pub fn is_one_track(&self) -> bool {
        self.labels == 0 || (self.labels == 1 && !self.unlabelled)
    }

    /// The labels that are names, normalised.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// How good a source it is, greater is better: by labels, then by times, then by words.
    #[must_use]
    pub fn worth(&self) -> (usize, usize, usize) {
        let labels = if self.names.len() > 1 || self.is_tracks {
            3
        } else {
            usize::from(self.labels > 1) + usize::from(self.labels > 0)
        };
        (labels, usize::from(self.timed) + usize::from(self.ended), self.words)
    }

    /// How many words it has more than another file with the same speech, if that is so many that the other one stops early
    /// or begins late.
    #[must_use]
    pub fn goes_on(&self, other: &Self) -> Option<usize> {
        /// Tools differ by this many words in a hundred.
        const USUAL: usize = 8;
        /// Fewer words may be a caption or two.
        const FEWEST: usize = 12;
        let more = self.words.checked_sub(other.words)?;
        (more >= FEWEST && more * 100 > other.words * USUAL).then_some(more)
    }

    /// Whether its speakers' names are at least as good as another file's.
    #[must_use]
    pub fn names_as_well(&self, other: &Self) -> bool {
        self.worth().0 >= other.worth().0
    }

    /// Why it's better than another one: words that follow "as it has".
    #[must_use]
    pub fn better_by(&self, other: &Self) -> &'static str {
        if self.goes_on(other).is_some() {
            return "more of what was said";
        }
        let ((labels, times, _), (other_labels, other_times, _)) = (self.worth(), other.worth());
        if labels > other_labels {
            "better speaker names"
        } else if times > other_times {
            "better times"
        } else {
            "more words, or came first"
        }
    }

    /// Combines the tracks of one meeting, to compare them with further files.
    #[must_use]
    pub fn together(all: &[&Self]) -> Self {
        let mut facts = Self {
            names: all.iter().flat_map(|one| one.names.iter().cloned()).collect(),
            labels: all.len(),
            unlabelled: false,
            is_tracks: all.len() > 1,
            runs: all.iter().flat_map(|one| one.runs.iter().copied()).collect(),
            spans: joined(all.iter().flat_map(|one| one.spans.iter().copied()).collect()),
            timed: true,
            ended: true,
            words: all.iter().map(|one| one.words).sum(),
        };
        facts.runs.sort_unstable();
        facts.runs.dedup_by_key(|(hash, _)| *hash);
        facts.runs.truncate(RUNS);
        facts
    }
}

/// Whether two files contain the same speech.
#[must_use]
pub fn is_same_speech(one: &Facts, other: &Facts) -> bool {
    let named_alike = are_among(&one.names, &other.names) || are_among(&other.names, &one.names);
    let (Some(last), Some(other_last)) = (one.runs.last(), other.runs.last()) else { return false };
    // Of a long file only the smallest hashes are kept: greater ones in the other file don't count.
    let limit = if one.runs.len() == RUNS || other.runs.len() == RUNS { last.0.min(other_last.0) } else { u64::MAX };
    let within = |facts: &Facts| facts.runs.partition_point(|(hash, _)| *hash <= limit);
    let (one_runs, other_runs) = (&one.runs[..within(one)], &other.runs[..within(other)]);
    let fewer = one_runs.len().min(other_runs.len());
    if !named_alike || fewer < FEWEST {
        return false;
    }
    let shared: Vec<(Option<i64>, Option<i64>)> = one_runs
        .iter()
        .filter_map(|(hash, at)| {
            let found = other_runs.binary_search_by_key(hash, |(hash, _)| *hash).ok()?;
            Some((*at, other_runs[found].1))
        })
        .collect();
    let part = ratio(shared.len(), fewer);
    match in_step(&shared) {
        Some(steady) => part >= SHARED_IN_TIME && steady >= IN_STEP,
        None => part >= SHARED,
    }
}

/// Whether every name is among the others, in full or as part of one (`priya` of `priya raman`).
fn are_among(names: &BTreeSet<String>, others: &BTreeSet<String>) -> bool {
    let part = |name: &str, of: &str| name.split(' ').all(|word| of.split(' ').any(|other| other == word));
    names.iter().all(|name| others.iter().any(|other| part(name, other) || part(other, name)))
}

/// The share of runs that have the most common offset in time; `None` if hardly any has times in both files.
fn in_step(shared: &[(Option<i64>, Option<i64>)]) -> Option<f64> {
    let mut apart: Vec<i64> = shared.iter().filter_map(|(one, other)| Some((*one)? - (*other)?)).collect();
    if apart.len() < FEWEST || apart.len() * 2 < shared.len() {
        return None;
    }
    apart.sort_unstable();
    let usual = apart[apart.len() / 2];
    let near = apart.iter().filter(|distance| (**distance - usual).abs() <= STEP_MS).count();
    Some(ratio(near, apart.len()))
}

/// Whether two files are two tracks of one meeting.
#[must_use]
pub fn are_two_tracks(one: &Facts, other: &Facts) -> bool {
    let apart = one.names.is_empty() || other.names.is_empty() || one.names.is_disjoint(&other.names);
    if !(one.is_one_track() && other.is_one_track() && apart && one.ended && other.ended) {
        return false;
    }
    let (Some((first, last)), Some((other_first, other_last))) = (stretch(one), stretch(other)) else { return false };
    // They belong to one stretch of time: most of the shorter is within the longer.
    let (from, to) = (first.max(other_first), last.min(other_last));
    let shorter = (last - first).min(other_last - other_first).max(1);
    if (to - from) * 2 < shorter || is_same_speech(one, other) {
        return false;
    }
    let (spoken, other_spoken) = (within(&one.spans, from, to), within(&other.spans, from, to));
    let chance = milliseconds(spoken) * milliseconds(other_spoken) / milliseconds(to - from);
    let together = milliseconds(at_once(&one.spans, &other.spans));
    chance >= TELLING_MS
        && together <= BY_CHANCE * chance
        && together <= AT_ONCE * milliseconds(spoken.min(other_spoken))
}

fn milliseconds(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}

/// How long anyone speaks between two moments.
fn within(spans: &[(i64, i64)], from: i64, to: i64) -> i64 {
    spans.iter().map(|(start, end)| ((*end).min(to) - (*start).max(from)).max(0)).sum()
}

fn stretch(facts: &Facts) -> Option<(i64, i64)> {
    Some((facts.spans.first()?.0, facts.spans.last()?.1))
}

/// How long both speak at once.
fn at_once(one: &[(i64, i64)], other: &[(i64, i64)]) -> i64 {
    let (mut at, mut sum) = (0, 0);
    for (start, end) in one {
        while other.get(at).is_some_and(|(_, ends)| ends <= start) {
            at += 1;
        }
        let over = other[at..].iter().take_while(|(starts, _)| starts < end);
        sum += over.map(|(starts, ends)| (ends.min(end) - starts.max(start)).max(0)).sum::<i64>();
    }
    sum
}

/// Sorted spans, with touching ones merged.
fn joined(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match apart.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => apart.push((start, end)),
        }
    }
    apart
}

fn runs(transcript: &Transcript) -> Vec<(u64, Option<i64>)> {
    let mut runs: Vec<(u64, Option<i64>)> = Vec::new();
    let mut last: [u64; 3] = [0; 3];
    let mut seen = 0_usize;
    for said in &transcript.utterances {
        let letters = said.text.split(|c: char| !c.is_alphanumeric());
        for word in letters.flat_map(words::of) {
            last = [last[1], last[2], hash(&word.to_lowercase())];
            seen += 1;
            if seen >= 3 {
                runs.push((hash(&last), said.start_ms));
            }
        }
        // A day of talk must not be kept in memory as a whole.
        if runs.len() > 8 * RUNS {
            smallest(&mut runs);
        }
    }
    smallest(&mut runs);
    runs
}

fn smallest(runs: &mut Vec<(u64, Option<i64>)>) {
    runs.sort_unstable();
    runs.dedup_by_key(|(hash, _)| *hash);
    runs.truncate(RUNS);
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Whether a label is a person's name and not a tool's (`Speaker 1`, `spk_0`).
fn is_name(label: &str) -> bool {
    let lower = label.to_lowercase();
    let tools = ["speaker", "spk", "unknown", "unidentified", "participant", "channel", "guest", "user", "anonymous"];
    lower.chars().filter(|c| c.is_alphabetic()).count() > 1 && !tools.iter().any(|tool| lower.starts_with(tool))
}

/// A normalised name: letters and digits in lower case.
#[must_use]
pub fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(whole.max(1))
}
