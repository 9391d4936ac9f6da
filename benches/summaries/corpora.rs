//! Reads the corpora: talks as sentences with turns, and the tasks to judge them by.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use debrief_jobs::summarize::{Passage, passages};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) name: String,
    pub(crate) sentences: Vec<Passage>,
}

/// A task about a talk.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// The index of its talk in [`Set::talks`].
    pub(crate) talk: usize,
    pub(crate) query: Option<String>,
    /// The reference's sentences.
    pub(crate) reference: Vec<String>,
    /// The gold evidence: parts of the talk, each a list of inclusive ranges of turns.
    pub(crate) spans: Vec<Vec<(usize, usize)>>,
}

/// A set of tasks with one budget.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) name: &'static str,
    /// The number of words in a summary.
    pub(crate) budget: usize,
    pub(crate) talks: Vec<Talk>,
    pub(crate) tasks: Vec<Task>,
}

/// Whether a talk belongs to the half on which choices were made; the other half is held out.
pub(crate) fn is_for_choosing(name: &str) -> bool {
    Sha256::digest(name.as_bytes()).last().is_some_and(|byte| byte % 2 == 1)
}

#[derive(Deserialize)]
struct Meeting {
    topic_list: Vec<Topic>,
    general_query_list: Vec<Question>,
    specific_query_list: Vec<Question>,
    meeting_transcripts: Vec<Turn>,
}

#[derive(Deserialize)]
struct Topic {
    relevant_text_span: Vec<[String; 2]>,
}

#[derive(Deserialize)]
struct Question {
    query: String,
    answer: String,
    #[serde(default)]
    relevant_text_span: Vec<[String; 2]>,
}

#[derive(Deserialize)]
struct Turn {
    content: String,
}

fn spans(written: &[[String; 2]]) -> Result<Vec<(usize, usize)>> {
    written.iter().map(|[from, to]| Ok((from.trim().parse()?, to.trim().parse()?))).collect()
}

/// A reference's sentences. As in the talks, its words may be separated from their punctuation.
fn lines(text: &str) -> Vec<String> {
    text.lines().flat_map(|line| passages([line])).map(|it| it.text).collect()
}

/// QMSum: the general queries over whole meetings; the specific ones over whole meetings, and over their gold spans.
pub(crate) fn qmsum(folder: &Path) -> Result<Vec<Set>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let set = |name, budget| Set { name, budget, talks: Vec::new(), tasks: Vec::new() };
    let mut general = set("QMSum, general queries", 110);
    let mut specific = set("QMSum, specific queries, whole meeting", 70);
    let mut gold = set("QMSum, specific queries, gold spans", 70);
    for path in files {
        let meeting: Meeting = serde_json::from_slice(&fs::read(&path)?).with_context(|| path.display().to_string())?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let turns: Vec<String> = meeting.meeting_transcripts.iter().map(|it| bare(&it.content)).collect();
        let sentences = passages(turns.iter().map(String::as_str));
        let (talk, of_gold) = (general.talks.len(), gold.talks.len());
        let topics: Vec<_> =
            meeting.topic_list.iter().map(|it| spans(&it.relevant_text_span)).collect::<Result<_>>()?;
        for it in &meeting.general_query_list {
            let task = Task { talk, query: None, reference: lines(&it.answer), spans: topics.clone() };
            general.tasks.push(task);
        }
        for (at, it) in meeting.specific_query_list.iter().enumerate() {
            let evidence = spans(&it.relevant_text_span)?;
            let inside = |turn: usize| evidence.iter().any(|(from, to)| (*from..=*to).contains(&turn));
            let cut: Vec<Passage> = sentences.iter().filter(|sentence| inside(sentence.turn)).cloned().collect();
            let task = Task {
                talk,
                query: Some(it.query.clone()),
                reference: lines(&it.answer),
                spans: evidence.iter().map(|span| vec![*span]).collect(),
            };
            if !cut.is_empty() {
                // Anything chosen from the gold spans is in them.
                gold.tasks.push(Task { talk: of_gold + at, spans: Vec::new(), ..task.clone() });
            }
            gold.talks.push(Talk { name: name.clone(), sentences: cut });
            specific.tasks.push(task);
        }
        for set in [&mut general, &mut specific] {
            set.talks.push(Talk { name: name.clone(), sentences: sentences.clone() });
        }
    }
    Ok(vec![general, specific, gold])
}

/// Without sound marks (`{vocalsound}`).
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// ACI-Bench: visits and their reference notes. It has no gold evidence.
pub(crate) fn aci_bench(folder: &Path) -> Result<Set> {
    let mut set = Set { name: "ACI-Bench, notes", budget: 200, talks: Vec::new(), tasks: Vec::new() };
    for part in ["train.csv", "valid.csv"] {
        #[derive(Deserialize)]
        struct Visit {
            encounter_id: String,
            dialogue: String,
            note: String,
        }
        let path = folder.join(part);
        let mut reader = csv::Reader::from_path(&path).with_context(|| path.display().to_string())?;
        for visit in reader.deserialize() {
            let visit: Visit = visit?;
            let turns = visit.dialogue.lines().map(|line| {
                let tagged = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                tagged.map_or(line, |(_, text)| text.trim())
            });
            let task = Task { talk: set.talks.len(), query: None, reference: lines(&visit.note), spans: Vec::new() };
            set.tasks.push(task);
            set.talks.push(Talk { name: visit.encounter_id, sentences: passages(turns) });
        }
    }
    Ok(set)
}
