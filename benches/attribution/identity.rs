//! The same people under changing labels, across series of real Zoom calls. Only reads.
//!
//! All series of one publisher form a group, like the people of one coach; the test recording is another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use debrief_jobs::attribute::{
    KnownNames, Label, People, Person, THRESHOLD, Who,
    identity::{LabelContext, NamesInUse, same_person},
    resolve,
    roles::Utterance,
    spoken::{Called, names_in_speech},
};

use uuid::Uuid;

use crate::part;

/// What was said under each label of a call, by the label's index in the call.
pub(crate) struct Call {
    series: String,
    name: String,
    labels: Vec<String>,
    said: Vec<(usize, String)>,
}

/// The person behind a label of a series.
struct Truth {
    person: String,
    perhaps: String,
}

/// A label in a series: the unit of counting.
type Node = (String, String);

/// Prints the figures; returns true if the thresholds are met or there is nothing to judge.
pub(crate) fn judge(folder: &Path) -> anyhow::Result<bool> {
    let calls = load(&folder.join("zoom_calls"))?;
    if calls.is_empty() {
        println!("zoom_calls: not there");
        return Ok(true);
    }
    let truth = truth()?;
    let mut appearances: BTreeMap<Node, BTreeSet<usize>> = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        for label in &call.labels {
            appearances.entry((call.series.clone(), label.clone())).or_default().insert(at);
        }
    }
    let unknown: Vec<&Node> = appearances.keys().filter(|node| !truth.contains_key(*node)).collect();
    println!("== Identity: {} calls, {} labels of series; without a fact: {unknown:?}", calls.len(), appearances.len());
    appearances.retain(|node, _| truth.contains_key(node));
    let clusters = clusters(&appearances);
    let (found_all, false_merges) = count("all", &appearances, &clusters, &truth, true);
    let series: BTreeSet<&String> = appearances.keys().map(|(series, _)| series).collect();
    for (half, name) in [(0, "series at even places"), (1, "series at odd places")] {
        let of_half: BTreeSet<&&String> =
            series.iter().enumerate().filter(|(at, _)| at % 2 == half).map(|(_, series)| series).collect();
        let mut nodes = appearances.clone();
        nodes.retain(|(series, _), _| of_half.contains(&series));
        count(name, &nodes, &clusters, &truth, false);
    }
    names(&calls);
    let wrong = rosters(&calls, &truth);
    Ok(found_all && false_merges == 0 && wrong == 0)
}

/// Compares each call with a roster of people from other series: the full names they write, with the first as the
/// coach's. Anyone matched who isn't that person is a false merge; returns how many.
fn rosters(calls: &[Call], truth: &BTreeMap<Node, Truth>) -> usize {
    let mut names: BTreeMap<&String, BTreeMap<&String, &String>> = BTreeMap::new();
    for ((series, label), fact) in truth {
        if label.split_whitespace().count() == 2 && label.chars().all(|c| c.is_alphabetic() || c == ' ') {
            names.entry(series).or_default().insert(&fact.person, label);
        }
    }
    let (mut labels, mut decided, mut right, mut wrong) = (0, 0, 0, Vec::new());
    for call in calls {
        for (series, roster) in names.iter().filter(|(series, _)| ***series != call.series) {
            let ids: Vec<(Who, &String, &String)> = (0_u128..)
                .zip(roster)
                .map(|(at, (person, name))| {
                    let who = if at == 0 { Who::Coach } else { Who::Client(Uuid::from_u128(at)) };
                    (who, *person, *name)
                })
                .collect();
            let known = ids.iter().map(|(who, _, name)| Person::new(*who, (*name).clone(), None)).collect();
            let people = People { people: known, ..People::default() };
            let spoken: Vec<Label> = call.labels.iter().map(|label| Label { label: label.clone(), words: 1 }).collect();
            let said: Vec<Utterance<'_>> =
                call.said.iter().map(|(label, text)| Utterance { label: *label, text }).collect();
            for found in resolve(&spoken, &said, &people) {
                labels += 1;
                let Some(who) = found.who else { continue };
                decided += 1;
                let Some(fact) = truth.get(&(call.series.clone(), found.label.clone())) else { continue };
                let is_right = ids
                    .iter()
                    .any(|(id, person, _)| *id == who && (**person == fact.person || **person == fact.perhaps));
                if is_right {
                    right += 1;
                } else {
                    wrong.push(format!(
                        "“{}” of {} with the roster of {series}: {}",
                        found.label, call.name, found.reason
                    ));
                }
            }
        }
    }
    println!(
        "rosters of other series: {} of labels decided, {} of these right; false merges: {}",
        part(decided, labels),
        part(right, decided),
        wrong.len()
    );
    wrong.iter().for_each(|wrong| println!("  FALSE MERGE {wrong}"));
    wrong.len()
}

fn truth() -> anyhow::Result<BTreeMap<Node, Truth>> {
    let mut facts = csv::Reader::from_reader(include_str!("zoom_identity.csv").as_bytes());
    let rows = facts.records().map(|row| {
        let row = row.context("zoom_identity.csv")?;
        let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
        Ok(((cell(0), cell(1)), Truth { person: cell(2), perhaps: cell(3) }))
    });
    rows.collect()
}

/// Whether a series belongs to the other group.
fn is_other_group(series: &str) -> bool {
    series == "meeting001"
}

/// Joins labels of the same person, and whatever is joined with them. Assigns a cluster to each label.
fn clusters(appearances: &BTreeMap<Node, BTreeSet<usize>>) -> BTreeMap<Node, usize> {
    let nodes: Vec<&Node> = appearances.keys().collect();
    let mut cluster: Vec<usize> = (0..nodes.len()).collect();
    let known = |is_other: bool| {
        nodes.iter().filter(move |node| is_other_group(&node.0) == is_other).map(|node| node.1.as_str())
    };
    let in_use_by_group = [NamesInUse::new(known(false)), NamesInUse::new(known(true))];
    for one in 0..nodes.len() {
        for other in one + 1..nodes.len() {
            let (a, b) = (nodes[one], nodes[other]);
            let context = LabelContext {
                met: a.1 != b.1 && met(appearances, &a.1, &b.1),
                in_use: (is_other_group(&a.0) == is_other_group(&b.0))
                    .then(|| &in_use_by_group[usize::from(is_other_group(&a.0))]),
            };
            if same_person(&a.1, &b.1, context).confidence() >= THRESHOLD {
                let (keep, drop) = (cluster[one], cluster[other]);
                cluster.iter_mut().filter(|at| **at == drop).for_each(|at| *at = keep);
            }
        }
    }
    nodes.into_iter().cloned().zip(cluster).collect()
}

/// Whether both labels spoke in the same call.
fn met(appearances: &BTreeMap<Node, BTreeSet<usize>>, one: &str, other: &str) -> bool {
    let calls = |label: &str| -> BTreeSet<usize> {
        appearances.iter().filter(|((_, found), _)| found == label).flat_map(|(_, calls)| calls).copied().collect()
    };
    !calls(one).is_disjoint(&calls(other))
}

/// Counts pairs in three ways; prints each miss on request. Returns whether enough were found, and the number of false
/// merges.
fn count(
    name: &str,
    appearances: &BTreeMap<Node, BTreeSet<usize>>,
    clusters: &BTreeMap<Node, usize>,
    truth: &BTreeMap<Node, Truth>,
    tell: bool,
) -> (bool, usize) {
    let nodes: Vec<(&Node, usize)> = appearances.iter().map(|(node, calls)| (node, calls.len())).collect();
    let (mut of_labels, mut of_series, mut of_calls) = ([0, 0], [0, 0], [0, 0]);
    let mut wrong = BTreeSet::new();
    let mut missed = BTreeSet::new();
    let mut written: BTreeSet<(&String, &String)> = BTreeSet::new();
    for (at, (one, calls)) in nodes.iter().enumerate() {
        // The same label again in its own series.
        let again = calls * (calls - 1) / 2;
        of_calls = [of_calls[0] + again, of_calls[1] + again];
        for (other, other_calls) in &nodes[at + 1..] {
            let (a, b) = (&truth[*one], &truth[*other]);
            let is_found = clusters[*one] == clusters[*other];
            let labels = if one.1 < other.1 { (&one.1, &other.1) } else { (&other.1, &one.1) };
            if a.person == b.person {
                let add =
                    |sum: &mut [usize; 2], by: usize| *sum = [sum[0] + if is_found { by } else { 0 }, sum[1] + by];
                add(&mut of_series, 1);
                add(&mut of_calls, calls * other_calls);
                if one.1 != other.1 && written.insert(labels) {
                    add(&mut of_labels, 1);
                }
                if !is_found {
                    missed.insert(labels);
                }
            } else if is_found && a.perhaps != b.person && b.perhaps != a.person {
                wrong.insert(labels);
            }
        }
    }
    println!(
        "{name}: same-person pairs found: {} of labels in series, {} of appearances in calls, {} of labels written \
         differently; false merges: {}",
        part(of_series[0], of_series[1]),
        part(of_calls[0], of_calls[1]),
        part(of_labels[0], of_labels[1]),
        wrong.len()
    );
    if tell {
        wrong.iter().for_each(|(one, other)| println!("  FALSE MERGE “{one}” / “{other}”"));
        missed.iter().for_each(|(one, other)| println!("  missed “{one}” / “{other}”"));
    }
    (of_series[0] * 100 >= of_series[1] * 95, wrong.len())
}

/// Without the labels: which names does the conversation itself reveal?
fn names(calls: &[Call]) {
    let (mut labels, mut named, mut right) = (0, 0, 0);
    let mut wrong = Vec::new();
    for call in calls {
        let said: Vec<Utterance<'_>> =
            call.said.iter().map(|(label, text)| Utterance { label: *label, text }).collect();
        let called = names_in_speech(call.labels.len(), &said, &KnownNames::default());
        labels += call.labels.len();
        for (label, called) in call.labels.iter().zip(called) {
            let Called::Name(name) = called else { continue };
            if name.confidence < THRESHOLD {
                continue;
            }
            named += 1;
            let (label_lower, name_lower) = (label.to_lowercase(), name.name.to_lowercase());
            if label_lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == name_lower) {
                right += 1;
            } else {
                wrong.push(format!("“{}” for “{label}” ({})", name.name, call.name));
            }
        }
    }
    println!(
        "names from the talk, labels hidden: {} of labels named, {} of these as written",
        part(named, labels),
        part(right, named)
    );
    wrong.iter().for_each(|wrong| println!("  otherwise: {wrong}"));
}

fn load(folder: &Path) -> anyhow::Result<Vec<Call>> {
    let mut calls = Vec::new();
    let mut add = |path: PathBuf, series: String, name: String| -> anyhow::Result<()> {
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let transcript = debrief_transcript::parse(&bytes).with_context(|| path.display().to_string())?;
        let mut call = Call { series, name, labels: Vec::new(), said: Vec::new() };
        for utterance in transcript.utterances {
            let Some(label) = utterance.label.map(|label| label.trim().to_owned()) else { continue };
            let at = call.labels.iter().position(|known| *known == label).unwrap_or_else(|| {
                call.labels.push(label);
                call.labels.len() - 1
            });
            call.said.push((at, utterance.text));
        }
        calls.push(call);
        Ok(())
    };
    let recording = folder.join("meeting001_transcript.vtt");
    if recording.is_file() {
        add(recording, "meeting001".into(), "meeting001".into())?;
    }
    for series in folders(folder)? {
        for call in folders(&series)? {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let transcript = call.join("transcript.vtt");
            if transcript.is_file() {
                add(transcript, name(&series), format!("{}/{}", name(&series), name(&call)))?;
            }
        }
    }
    Ok(calls)
}

/// The folders in a folder, by name; empty if it is missing.
fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let mut folders: Vec<PathBuf> = entries.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}
