//! Lets each system choose sentences for each task of a set, measures the choice, and reports.

use std::collections::HashMap;

use anyhow::Result;
use debrief_jobs::{embed::Local, summarize::Ranking};
use serde::Serialize;

use crate::{
    corpora::{Set, Talk, Task, is_for_choosing},
    peers::{PEERS, Peers},
    rouge::rouge,
};

/// The names of our systems.
const OURS: [&str; 2] = ["Debrief", "Debrief without a model"];
/// The peers that ours must beat: those with the same information.
const BARS: [&str; 2] = ["LexRank", "TextRank"];

/// The vectors of sentences, each computed once.
pub(crate) struct Vectors {
    local: Local,
    known: HashMap<String, Vec<f32>>,
}

impl Vectors {
    pub(crate) fn new(local: Local) -> Self {
        Self { local, known: HashMap::new() }
    }

    fn of<'a>(&mut self, texts: impl Iterator<Item = &'a str> + Clone) -> Result<Vec<Vec<f32>>> {
        let mut new: Vec<&str> = texts.clone().filter(|text| !self.known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        let vectors = self.local.embed(&new)?;
        self.known.extend(new.into_iter().map(str::to_owned).zip(vectors));
        Ok(texts.filter_map(|text| self.known.get(text).cloned()).collect())
    }
}

/// The figures of one system, in percent.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Figures {
    tasks: usize,
    rouge_1: f64,
    rouge_2: f64,
    rouge_lsum: f64,
    /// The share of gold spans (or topics) from which something was chosen.
    spans_reached: f64,
    /// The share of chosen words that are in a gold span.
    words_in_spans: f64,
}

impl Figures {
    fn mean<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for it in all {
            sum.tasks += 1;
            sum.rouge_1 += it.rouge_1;
            sum.rouge_2 += it.rouge_2;
            sum.rouge_lsum += it.rouge_lsum;
            sum.spans_reached += it.spans_reached;
            sum.words_in_spans += it.words_in_spans;
        }
        let count = sum.tasks.max(1) as f64;
        for figure in
            [&mut sum.rouge_1, &mut sum.rouge_2, &mut sum.rouge_lsum, &mut sum.spans_reached, &mut sum.words_in_spans]
        {
            *figure /= count;
        }
        sum
    }

    fn as_list(&self) -> [f64; 5] {
        [self.rouge_1, self.rouge_2, self.rouge_lsum, self.spans_reached, self.words_in_spans]
    }
}

/// A system's figures on each half and on everything.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    system: String,
    choosing: Figures,
    held_out: Figures,
    all: Figures,
}

/// One of our bad summaries.
#[derive(Debug, Serialize)]
struct Example {
    talk: String,
    query: Option<String>,
    reference: Vec<String>,
    chosen: Vec<String>,
    rouge_1: f64,
    best_peer_rouge_1: f64,
}

/// The result of a set.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    set: &'static str,
    words: usize,
    has_spans: bool,
    rows: Vec<Row>,
    worst: Vec<Example>,
}

/// A system's choice for a task: sentences in the order of the talk, with the one over the budget cut.
struct Chosen {
    sentences: Vec<(usize, String)>,
}

impl Chosen {
    fn new(talk: &Talk, order: &[usize], budget: usize) -> Self {
        let mut left = budget;
        let mut sentences = Vec::new();
        for at in order {
            let words: Vec<&str> = talk.sentences[*at].text.split_whitespace().take(left).collect();
            if words.is_empty() {
                break;
            }
            left -= words.len();
            sentences.push((*at, words.join(" ")));
        }
        sentences.sort_unstable();
        Self { sentences }
    }

    fn figures(&self, talk: &Talk, task: &Task) -> Figures {
        let texts: Vec<String> = self.sentences.iter().map(|(_, text)| text.clone()).collect();
        let rouge = rouge(&task.reference, &texts);
        let within = |turn: usize, span: &[(usize, usize)]| span.iter().any(|(from, to)| (*from..=*to).contains(&turn));
        let turn = |at: usize| talk.sentences[at].turn;
        let reached = |span: &&Vec<(usize, usize)>| self.sentences.iter().any(|(at, _)| within(turn(*at), span));
        let words = |text: &str| text.split_whitespace().count();
        let inside = |at: usize| task.spans.iter().any(|span| within(turn(at), span));
        let all: usize = texts.iter().map(|text| words(text)).sum();
        let in_spans: usize = self.sentences.iter().filter(|(at, _)| inside(*at)).map(|(_, text)| words(text)).sum();
        Figures {
            tasks: 1,
            rouge_1: rouge.one,
            rouge_2: rouge.two,
            rouge_lsum: rouge.lsum,
            spans_reached: percent(task.spans.iter().filter(reached).count(), task.spans.len()),
            words_in_spans: percent(in_spans, all),
        }
    }
}

fn percent(some: usize, all: usize) -> f64 {
    100.0 * some as f64 / all.max(1) as f64
}

/// Judges a set.
pub(crate) fn judge(set: &Set, vectors: &mut Vectors) -> Result<Report> {
    let mut figures: HashMap<&str, Vec<Figures>> = HashMap::new();
    let mut examples = Vec::new();
    for (at, talk) in set.talks.iter().enumerate() {
        let tasks: Vec<&Task> = set.tasks.iter().filter(|task| task.talk == at).collect();
        if tasks.is_empty() || talk.sentences.is_empty() {
            continue;
        }
        let of_sentences = vectors.of(talk.sentences.iter().map(|it| it.text.as_str()))?;
        let rankings = [Ranking::new(&talk.sentences, Some(of_sentences)), Ranking::new(&talk.sentences, None)];
        let peers = Peers::new(talk);
        // The others choose the same for any query.
        let unbiased: HashMap<&str, Vec<usize>> =
            PEERS.into_iter().filter(|it| !it.ends_with("biased")).map(|it| (it, peers.order(it, None))).collect();
        for task in tasks {
            let mut best_peer = 0.0_f64;
            for name in PEERS.into_iter().filter(|name| task.query.is_some() || !name.ends_with("biased")) {
                let biased = || peers.order(name, task.query.as_deref());
                let order = unbiased.get(name).cloned().unwrap_or_else(biased);
                let got = Chosen::new(talk, &order, set.budget).figures(talk, task);
                best_peer = best_peer.max(got.rouge_1);
                figures.entry(name).or_default().push(got);
            }
            let query_vector = vectors.of(task.query.as_deref().into_iter())?;
            for (name, ranking) in OURS.into_iter().zip(&rankings) {
                let query = task.query.as_deref().map(|text| (text, query_vector.first().map(Vec::as_slice)));
                let chosen = Chosen::new(talk, &ranking.extract(set.budget, query), set.budget);
                let got = chosen.figures(talk, task);
                figures.entry(name).or_default().push(got);
                if name == OURS[0] {
                    examples.push(Example {
                        talk: talk.name.clone(),
                        query: task.query.clone(),
                        reference: task.reference.clone(),
                        chosen: chosen.sentences.into_iter().map(|(_, text)| text).collect(),
                        rouge_1: got.rouge_1,
                        best_peer_rouge_1: best_peer,
                    });
                }
            }
        }
    }
    let choosing: Vec<bool> = examples.iter().map(|example| is_for_choosing(&example.talk)).collect();
    let names = PEERS.into_iter().chain(OURS).filter(|name| figures.contains_key(name));
    let rows = names.map(|name| row(name, &figures[name], &choosing)).collect();
    examples.sort_by(|a, b| (a.rouge_1 - a.best_peer_rouge_1).total_cmp(&(b.rouge_1 - b.best_peer_rouge_1)));
    examples.truncate(10);
    let has_spans = set.tasks.iter().any(|task| !task.spans.is_empty());
    Ok(Report { set: set.name, words: set.budget, has_spans, rows, worst: examples })
}

fn row(name: &str, figures: &[Figures], choosing: &[bool]) -> Row {
    let of = |half: bool| figures.iter().zip(choosing).filter(move |(_, it)| **it == half).map(|(figures, _)| figures);
    Row {
        system: name.to_owned(),
        choosing: Figures::mean(of(true)),
        held_out: Figures::mean(of(false)),
        all: Figures::mean(figures.iter()),
    }
}

impl Report {
    /// Whether ours beats each peer in each measure, both overall and on the held-out half.
    pub(crate) fn is_well(&self) -> bool {
        let find = |name: &str| self.rows.iter().find(|row| row.system == name);
        let Some(ours) = find(OURS[0]) else { return false };
        BARS.iter().filter_map(|name| find(name)).all(|bar| {
            [(&ours.all, &bar.all), (&ours.held_out, &bar.held_out)].into_iter().all(|(ours, bar)| {
                // Without gold spans there is nothing to reach. The share of words in them is shown but isn't a
                // threshold: for general queries they cover nearly the whole meeting.
                let measures = ours.as_list().into_iter().zip(bar.as_list());
                measures.take(if self.has_spans { 4 } else { 3 }).all(|(ours, bar)| ours > bar)
            })
        })
    }

    /// The table, and our `examples` worst summaries.
    pub(crate) fn print(&self, examples: usize) {
        let tasks = self.rows.first().map(|row| (row.all.tasks, row.choosing.tasks, row.held_out.tasks));
        let (all, choosing, held_out) = tasks.unwrap_or_default();
        println!("\n{} ({all} tasks, {} words; half A {choosing} tasks, half B {held_out})", self.set, self.words);
        println!("{:26}{:^36}{:^36}{:^36}", "", "all", "half A (choices were made)", "half B (held out)");
        let head = "    R-1   R-2 R-Lsum  spans  words  ";
        println!("{:26}{head}{head}{head}", "");
        for row in &self.rows {
            print!("{:26}", row.system);
            for figures in [row.all, row.choosing, row.held_out] {
                let [one, two, lsum, spans, words] = figures.as_list();
                print!("{one:7.2}{two:6.2}{lsum:7.2}");
                if self.has_spans { print!("{spans:7.1}{words:7.1}  ") } else { print!("{:>7}{:>7}  ", "-", "-") }
            }
            println!();
        }
        for example in self.worst.iter().take(examples) {
            let query = example.query.as_deref().unwrap_or("the whole of it");
            println!("\n  worst: {}, {query}", example.talk);
            println!("    R-1 {:.1}, the best peer's {:.1}", example.rouge_1, example.best_peer_rouge_1);
            println!("    reference: {}", shortened(&example.reference.join(" ")));
            println!("    chosen:    {}", shortened(&example.chosen.join(" / ")));
        }
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 420;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(MOST).collect::<String>())
    }
}
