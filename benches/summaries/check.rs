//! How well it is noticed that a sentence says something else than its words, on sets that label such errors.
//!
//! `pairs.tsv`, ours, on cited words from ACI-Bench and PriMock57 (CC-BY-4.0) and QMSum (MIT): tab-separated class, source, speaker, people, what was said before, the cited words, the sentence; the class
//! `faithful` has no error. `FacEval_human_result.csv` (github.com/BinWang28/FacEval): summaries of dialogues by five
//! systems, with the errors that people found. WiCE's `oracle_chunks/claim/test.jsonl` (github.com/ryokamoi/wice):
//! sentences of Wikipedia with the evidence for them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use debrief_jobs::summarize::{Basis, new_words, unsaid};
use serde::Deserialize;

/// A sentence, what it rests on, and whether it is known to be wrong.
struct Judged {
    /// The kind of error; `faithful` if there's none.
    class: String,
    sentences: Vec<String>,
    cited: String,
    people: Vec<String>,
    speaker: Option<String>,
    around: String,
}

/// What was found of the sentences of a class.
#[derive(Default)]
struct Count {
    all: usize,
    wrong: usize,
    /// By which rule.
    by: BTreeMap<String, usize>,
    /// Found wrong, or with words that nobody said.
    shown: usize,
}

/// Prints, per class, how many sentences the rules find an error in.
pub(crate) fn check(files: &[&Path]) -> Result<()> {
    for file in files {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let sets = match file.extension().and_then(|it| it.to_str()) {
            Some("csv") => faceval(&text)?,
            Some("jsonl") => wice(&text)?,
            _ => text.lines().filter_map(pair).collect(),
        };
        report(&file.display().to_string(), &sets);
    }
    Ok(())
}

fn report(name: &str, sets: &[Judged]) {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for judged in sets {
        let people: Vec<&str> = judged.people.iter().map(String::as_str).collect();
        let basis = Basis {
            cited: &judged.cited,
            around: &judged.around,
            days: &[],
            people: &people,
            speaker: judged.speaker.as_deref(),
            english: true,
        };
        let is_new = judged.sentences.iter().any(|sentence| !new_words(sentence, &basis).is_empty());
        let found = judged.sentences.iter().find_map(|sentence| unsaid(sentence, &basis));
        let count = counts.entry(&judged.class).or_default();
        count.all += 1;
        count.shown += usize::from(is_new || found.is_some());
        if let Some(found) = found {
            count.wrong += 1;
            *count.by.entry(format!("{found:?}")).or_default() += 1;
        }
    }
    println!("{name}: {} sentences", sets.len());
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let (mut errors, mut caught) = (0, 0);
    for (class, Count { all, wrong: found, by, shown }) in &counts {
        println!(
            "  {class:22} {all:4}  found wrong {found:4} ({:.0} %), or with words of its own {shown:4} ({:.0} %)  {by:?}",
            share(*found, *all),
            share(*shown, *all)
        );
        if *class != "faithful" {
            errors += all;
            caught += found;
        }
    }
    let (faithful, dropped) = counts.get("faithful").map_or((0, 0), |count| (count.all, count.wrong));
    let balanced = (share(caught, errors) + 100.0 - share(dropped, faithful)) / 2.0;
    println!(
        "  balanced accuracy {balanced:.1} %: {caught} of {errors} errors caught, {dropped} of {faithful} faithful ones dropped"
    );
}

fn pair(line: &str) -> Option<Judged> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [class, _, speaker, people, before, cited, sentence] = fields[..] else { return None };
    Some(Judged {
        class: class.into(),
        sentences: vec![sentence.into()],
        cited: cited.into(),
        people: people.split("; ").map(str::to_owned).collect(),
        speaker: Some(speaker.into()),
        around: before.into(),
    })
}

#[derive(Deserialize)]
struct FacEval {
    #[serde(rename = "Dialogue")]
    dialogue: String,
    #[serde(rename = "Summary")]
    summary: String,
    #[serde(rename = "SubObjE")]
    subject: String,
    #[serde(rename = "ProE")]
    pronoun: String,
    #[serde(rename = "NegE")]
    negation: String,
    #[serde(rename = "ParE")]
    particulars: String,
    #[serde(rename = "HalE")]
    invented: String,
    #[serde(rename = "OtherE")]
    other: String,
}

/// A summary with several errors counts under the first of them.
fn faceval(text: &str) -> Result<Vec<Judged>> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize::<FacEval>();
    rows.map(|row| {
        let row = row?;
        let yes = |it: &str| it.trim().eq_ignore_ascii_case("yes");
        let errors = [
            (&row.subject, "subject or object"),
            (&row.pronoun, "pronoun"),
            (&row.negation, "negation"),
            (&row.particulars, "particulars"),
            (&row.invented, "invented"),
            (&row.other, "other"),
        ];
        let class = errors.iter().find(|(it, _)| yes(it)).map_or("faithful", |(_, class)| class);
        let people: Vec<String> =
            row.dialogue.lines().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect();
        Ok(Judged {
            class: class.into(),
            sentences: row.summary.split_inclusive(". ").map(|it| it.trim().to_owned()).collect(),
            cited: row.dialogue,
            people,
            speaker: None,
            around: String::new(),
        })
    })
    .collect()
}

#[derive(Deserialize)]
struct Wice {
    label: String,
    claim: String,
    evidence: Vec<String>,
}

/// Only what is supported whole is faithful.
fn wice(text: &str) -> Result<Vec<Judged>> {
    let judged = |line: &str| {
        let row: Wice = serde_json::from_str(line)?;
        let class = if row.label == "supported" { "faithful".to_owned() } else { row.label };
        let cited = row.evidence.join(" ");
        Ok(Judged {
            class,
            sentences: vec![row.claim],
            cited,
            people: Vec::new(),
            speaker: None,
            around: String::new(),
        })
    };
    text.lines().filter(|line| !line.is_empty()).map(judged).collect()
}
