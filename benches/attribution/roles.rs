//! Who coaches, in two-person visits with generic labels: a doctor asks, explains and advises like a coach. Only reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use debrief_jobs::attribute::{
    Label, People, Person, Who, resolve,
    roles::{CLEAR, Utterance, coaching, likeliest, support},
};
use uuid::Uuid;

use crate::part;

/// A visit: 0 is the tagged doctor, 1 the patient.
struct Visit {
    set: String,
    name: String,
    patient: String,
    is_swapped: bool,
    said: Vec<(usize, String)>,
}

impl Visit {
    fn said(&self) -> Vec<Utterance<'_>> {
        self.said.iter().map(|(label, text)| Utterance { label: *label, text }).collect()
    }

    /// The label of the actual doctor.
    fn doctor(&self) -> usize {
        usize::from(self.is_swapped)
    }
}

/// Prints the figures; returns true if the thresholds are met or there is nothing to judge.
pub(crate) fn judge(folder: &Path) -> anyhow::Result<bool> {
    let mut visits = aci(&folder.join("aci_bench"))?;
    visits.extend(primock(&folder.join("primock57"))?);
    if visits.is_empty() {
        println!("aci_bench, primock57: not there");
        return Ok(true);
    }
    println!("== Roles: {} visits of two, labels made generic", visits.len());
    let mut is_met = count("all", &visits.iter().collect::<Vec<_>>(), true);
    let sets: BTreeSet<&String> = visits.iter().map(|visit| &visit.set).collect();
    for set in sets {
        count(set, &visits.iter().filter(|visit| visit.set == *set).collect::<Vec<_>>(), false);
    }
    for (half, name) in [(0, "visits at even places"), (1, "visits at odd places")] {
        let of_half: Vec<&Visit> =
            visits.iter().enumerate().filter(|(at, _)| at % 2 == half).map(|(_, visit)| visit).collect();
        count(name, &of_half, false);
    }
    windows(&visits);
    is_met &= swapped(&visits);
    clients(&visits);
    Ok(is_met)
}

fn count(name: &str, visits: &[&Visit], tell: bool) -> bool {
    let (mut decided, mut right) = (0, 0);
    let mut misses = Vec::new();
    for visit in visits {
        match coaching(&visit.said()) {
            Some(found) => {
                decided += 1;
                right += usize::from(found.coach == visit.doctor());
                if found.coach != visit.doctor() {
                    misses.push(format!("WRONG {}: {found:?}", visit.name));
                }
            }
            None => misses.push(format!("not decided {}: {:?}", visit.name, likeliest(&visit.said()))),
        }
    }
    println!("{name}: decided {}, right {}", part(decided, visits.len()), part(right, decided));
    if tell {
        misses.iter().for_each(|miss| println!("  {miss}"));
    }
    decided * 10 >= visits.len() * 9 && right * 100 >= decided * 99
}

/// The same with less evidence: only the first turns, and the middle without the opening.
fn windows(visits: &[Visit]) {
    for (name, skip, take) in [("first 8 utterances", 0, 8), ("first 16", 0, 16), ("16 after the first 10", 10, 16)] {
        let (mut decided, mut right) = (0, 0);
        for visit in visits {
            let all = visit.said();
            let said: Vec<Utterance<'_>> = all.iter().skip(skip).take(take).copied().collect();
            if let Some(found) = coaching(&said) {
                decided += 1;
                right += usize::from(found.coach == visit.doctor());
                if found.coach != visit.doctor() {
                    println!("  WRONG in {name}: {}", visit.name);
                }
            }
        }
        println!("{name} of each: decided {}, right {}", part(decided, visits.len()), part(right, decided));
    }
}

/// The tags as they are: swapped ones should be doubted, the others not.
fn swapped(visits: &[Visit]) -> bool {
    let is_doubted = |visit: &&Visit| support(0, 1, &visit.said()).is_some_and(|score| score <= -CLEAR / 2.0);
    let (tagged_wrong, tagged_right): (Vec<&Visit>, Vec<&Visit>) = visits.iter().partition(|visit| visit.is_swapped);
    let noticed = tagged_wrong.iter().copied().filter(|visit| is_doubted(visit)).count();
    let doubted: Vec<&str> =
        tagged_right.iter().copied().filter(|visit| is_doubted(visit)).map(|visit| visit.name.as_str()).collect();
    println!(
        "swapped tags, not undone: noticed {}; right tags doubted: {} {doubted:?}",
        part(noticed, tagged_wrong.len()),
        doubted.len()
    );
    let is_asked = |visit: &&&Visit| is_asked_by_name(visit);
    println!(
        "the same by their names: noticed {}; right names asked about: {}",
        part(tagged_wrong.iter().filter(is_asked).count(), tagged_wrong.len()),
        part(tagged_right.iter().filter(is_asked).count(), tagged_right.len())
    );
    noticed == tagged_wrong.len() && doubted.is_empty()
}

/// Whether both are asked about where the tags are whole names.
fn is_asked_by_name(visit: &Visit) -> bool {
    let (coach, client) = ("Wilhelmina Thackeray", "Barnaby Quill");
    let people = [(Who::Coach, coach), (Who::Client(Uuid::now_v7()), client)];
    let people = people.into_iter().map(|(who, name)| Person::new(who, name.to_owned(), None)).collect();
    let labels = [coach, client].map(|label| Label { label: label.to_owned(), words: 1 });
    let found = resolve(&labels, &visit.said(), &People { people, ..People::default() });
    found.iter().any(|one| one.who.is_none())
}

/// All patients as one coach's roster, every label generic: who is named without a question, and is it right?
fn clients(visits: &[Visit]) {
    let named: Vec<&Visit> = visits.iter().filter(|visit| !visit.patient.is_empty()).collect();
    let ids: BTreeMap<&str, Uuid> = named.iter().map(|visit| (visit.patient.as_str(), Uuid::now_v7())).collect();
    let coach = Person::new(Who::Coach, "The Doctor".to_owned(), None);
    let client = |(name, id): (&&str, &Uuid)| Person::new(Who::Client(*id), (*name).to_owned(), None);
    let people = People { people: std::iter::once(coach).chain(ids.iter().map(client)).collect(), ..People::default() };
    let labels = ["Speaker 1", "Speaker 2"].map(|label| Label { label: label.to_owned(), words: 1 });
    let (mut right, mut coaches, mut wrong) = (0, 0, Vec::new());
    for visit in &named {
        let found = resolve(&labels, &visit.said(), &people);
        let (doctor, patient) = (&found[visit.doctor()], &found[1 - visit.doctor()]);
        coaches += usize::from(doctor.who == Some(Who::Coach));
        match patient.who {
            Some(Who::Client(id)) if ids[visit.patient.as_str()] == id => right += 1,
            Some(_) => wrong.push(format!("{}: {}", visit.name, patient.reason)),
            None => {}
        }
        if doctor.who.is_some_and(|who| who != Who::Coach) {
            wrong.push(format!("{}: {}", visit.name, doctor.reason));
        }
    }
    println!(
        "a roster of {} patients: the doctor is found in {}, the patient in {}; false merges: {}",
        ids.len(),
        part(coaches, named.len()),
        part(right, named.len()),
        wrong.len()
    );
    wrong.iter().for_each(|wrong| println!("  FALSE MERGE {wrong}"));
}

fn aci(folder: &Path) -> anyhow::Result<Vec<Visit>> {
    let swapped: BTreeSet<&str> = include_str!("aci_swapped.csv").lines().skip(1).collect();
    let mut visits = Vec::new();
    for part in ["train", "valid"] {
        let (talks, people) = (folder.join(format!("{part}.csv")), folder.join(format!("{part}_metadata.csv")));
        if !talks.is_file() {
            continue;
        }
        let mut patients = BTreeMap::new();
        for row in csv::Reader::from_path(&people)?.records() {
            let row = row.with_context(|| people.display().to_string())?;
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            // A surname alone identifies nobody on a roster.
            let name = if cell(6).is_empty() { String::new() } else { format!("{} {}", cell(6), cell(7)) };
            patients.insert(cell(1).to_owned(), name.trim().to_owned());
        }
        for row in csv::Reader::from_path(&talks)?.records() {
            let row = row.with_context(|| talks.display().to_string())?;
            let name = row.get(1).unwrap_or_default().to_owned();
            let tagged =
                row.get(2).unwrap_or_default().lines().filter_map(|line| line.strip_prefix('[')?.split_once("] "));
            let said = tagged.map(|(tag, text)| (usize::from(tag != "doctor"), text.to_owned())).collect();
            let patient = patients.get(&name).cloned().unwrap_or_default();
            let is_swapped = swapped.contains(name.as_str());
            visits.push(Visit { set: format!("aci_bench {part}"), is_swapped, patient, name, said });
        }
    }
    Ok(visits)
}

fn primock(folder: &Path) -> anyhow::Result<Vec<Visit>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> =
        files.iter().filter_map(|path| name(path).strip_suffix("_doctor.TextGrid").map(str::to_owned)).collect();
    names.sort();
    let visits = names.into_iter().map(|name| {
        let mut said: Vec<(f64, usize, String)> = Vec::new();
        for (label, role) in ["doctor", "patient"].into_iter().enumerate() {
            let path = folder.join(format!("{name}_{role}.TextGrid"));
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            said.extend(intervals(&text).map(|(start, text)| (start, label, text)));
        }
        said.sort_by(|a, b| a.0.total_cmp(&b.0));
        let said = said.into_iter().map(|(_, label, text)| (label, text)).collect();
        Ok(Visit { set: "primock57".into(), name, patient: String::new(), is_swapped: false, said })
    });
    visits.collect()
}

/// The intervals of a TextGrid with speech: start in seconds, text without its `<marks>`.
fn intervals(text: &str) -> impl Iterator<Item = (f64, String)> {
    text.split("intervals [").skip(1).filter_map(|interval| {
        let start = interval.split_once("xmin =")?.1.split_whitespace().next()?.parse().ok()?;
        let said = interval.split_once("text = \"")?.1.rsplit_once('"')?.0;
        let mut plain = String::new();
        let mut depth = 0;
        for c in said.chars() {
            match c {
                '<' => depth += 1,
                '>' if depth > 0 => depth -= 1,
                c if depth == 0 => plain.push(c),
                _ => {}
            }
        }
        plain.chars().any(char::is_alphanumeric).then(|| (start, plain.trim().to_owned()))
    })
}
