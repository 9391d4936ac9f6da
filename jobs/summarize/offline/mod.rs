//! The offline summariser: extractive, deterministic, and without any dependencies.
//!
//! It chooses sentences that were said, by cues of progress, difficulty and commitment, by who said them in answer to
//! what, by how central they are to the session and how little they repeat, and puts each in quotes with its speaker.
//! What a rule is sure of stands in its section; what may matter otherwise is a moment, for the coach to choose from.
//! It invents nothing, because all it writes itself is "Priya said".

mod asked;
mod boundaries;
mod challenges;
mod context;
mod cues;
mod day;
mod doubt;
mod elliptical;
mod lemmas;
mod moments;
mod owes;
mod promise;
mod rank;
mod referent;
mod risk;
mod role_play;
mod score;
mod settled;
mod sounds;
mod speech;
mod statement;
mod stems;
mod sure;
mod thread_outcomes;
mod wins;
mod wording;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

pub use doubt::Doubt;
pub(super) use doubt::Doubts;
pub use rank::{Passage, Ranking, passages};
pub(super) use sounds::{fluent, is_filler};
pub(crate) use stems::is_negated;
pub(super) use stems::stems as content_stems;
pub(super) use thread_outcomes::same_promise;

use self::{
    rank::Candidate,
    settled::Settled,
    speech::{Sentence, Speech},
};
use super::{
    draft::{Draft, DraftClaim},
    due,
    input::SessionForClient,
};
use crate::{
    embed::{self, Local},
    model::Section,
};

/// The version of these rules: it changes whenever they may choose differently.
pub(super) const RULES_VERSION: &str = "rules-11";

/// The maximum number of claims per section, and the maximum similarity of two of them.
const LIMITS: [(Section, usize, f32); 6] = [
    (Section::Wins, 4, 0.55),
    (Section::Challenges, 3, 0.55),
    (Section::ActionItems, 12, 0.75),
    (Section::Recommendations, 4, 0.6),
    (Section::Breakthrough, 2, 0.5),
    (Section::Priority, 3, 0.7),
];

/// The sections that sentences are chosen for by what they say.
const CHOSEN: [Section; 5] =
    [Section::Wins, Section::Challenges, Section::ActionItems, Section::Recommendations, Section::Breakthrough];

/// Neighbours that were chosen for one of these sections are one claim, …
const TOGETHER: [Section; 3] = [Section::Wins, Section::Challenges, Section::Breakthrough];
/// … up to this many words.
const LONGEST_TOGETHER: usize = 60;
/// A longer question doesn't help the reader of its answer.
const LONGEST_ASKED: usize = 25;

/// A sentence with more words than this isn't read to its end.
const LONGEST: usize = 30;
/// The model isn't asked about more sentences than this: an hour has about a thousand, and it processes about a hundred
/// per second.
const MOST_FOR_MODEL: usize = 20_000;

/// Writes a draft. Sentences are compared with the local model if there is one. Keeps all cores busy for some seconds.
#[must_use]
pub fn write(input: &SessionForClient, local: Option<&Local>) -> Draft {
    let whole = input;
    // Claims about danger are written by rule (`summarize::dangers`), and appear nowhere else.
    let input = &input.without_danger();
    let mut speech = Speech::new(input);
    role_play::mark(&mut speech, &input.coach);
    let vectors = local.and_then(|local| vectors(&speech, local));
    if let Some(vectors) = &vectors {
        speech = speech.with_meanings(vectors);
    }
    let alike = vectors.as_deref().and_then(|vectors| alike(input, vectors, local?));
    let model = if vectors.is_some() { embed::NAME } else { "extractive" };
    let passage = |it: &Sentence| Passage { text: meant(&speech, it), turn: it.turn };
    let ranking = Ranking::new(&speech.sentences.iter().map(passage).collect::<Vec<_>>(), vectors);
    let writer = Writer { input, speech: &speech, ranking, settled: Settled::new(&speech) };
    let (mut claims, mut unsure) = (Vec::new(), Vec::new());
    let chosen = writer.choose();
    let mut taken: BTreeSet<usize> = chosen.values().flatten().copied().collect();
    for section in CHOSEN {
        let (sure, rest) = writer.runs_of(section, &chosen);
        claims.extend(sure.into_iter().map(|run| writer.claim(section, run, &mut taken)));
        unsure.extend(rest);
    }
    claims.extend(writer.key_quotes(&taken));
    claims.extend(writer.moments(&unsure, &mut taken));
    claims.extend(writer.engagement(whole));
    let signs = chosen.get(&Section::Priority).map(Vec::as_slice).unwrap_or_default();
    claims.extend(writer.risks(signs));
    claims.extend(writer.priority(signs));
    claims.extend(thread_outcomes::reports(input, &speech, alike.as_deref()).into_iter().map(|told| DraftClaim {
        thread: Some(told.thread),
        met: Some(told.met),
        ..DraftClaim::new(Section::OpenThreads, input.threads[told.thread].text.clone(), told.evidence(&speech))
    }));
    Draft { claims, provider: "offline", model: model.into(), prompt_version: RULES_VERSION.into(), stands_in: None }
}

/// The words of a sentence; "Will do." stands for what was asked.
fn meant(speech: &Speech, sentence: &Sentence) -> String {
    match owes::answered(speech, sentence.at) {
        Some(answered) => format!("{} {}", answered.asked.text, sentence.text),
        None => sentence.text.clone(),
    }
}

/// The vectors of the sentences. Without them it continues with words alone: a damaged model must not stop a summary.
fn vectors(speech: &Speech, local: &Local) -> Option<Vec<Vec<f32>>> {
    if speech.sentences.len() > MOST_FOR_MODEL {
        tracing::warn!(target: "summarize", { sentences = speech.sentences.len() },
            "the session is too long for the local model: sentences are compared by their words");
        return None;
    }
    let texts: Vec<String> = speech.sentences.iter().map(|it| meant(speech, it)).collect();
    let embedded = local.embed(&texts);
    embedded
        .inspect_err(|error| tracing::warn!(target: "summarize", %error, "sentences are compared by their words"))
        .ok()
}

/// How similar each sentence is to each open thread in meaning.
fn alike(input: &SessionForClient, vectors: &[Vec<f32>], local: &Local) -> Option<Vec<Vec<f32>>> {
    let threads: Vec<&str> = input.threads.iter().map(thread_outcomes::quoted).collect();
    let threads = local.embed(&threads).ok()?;
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    Some(threads.iter().map(|thread| vectors.iter().map(|it| cosine(thread, it)).collect()).collect())
}

struct Writer<'a> {
    input: &'a SessionForClient,
    speech: &'a Speech,
    ranking: Ranking,
    settled: Settled,
}

impl Writer<'_> {
    /// The sentences of each section. A sentence is in only one section for the client, the one that it fits best.
    fn choose(&self) -> BTreeMap<Section, Vec<usize>> {
        let mut candidates: BTreeMap<Section, Vec<Candidate>> = BTreeMap::new();
        for at in 0..self.speech.sentences.len() {
            let scores = score::score(self.speech, at);
            let best = scores.for_client();
            for (section, score) in scores.coach().into_iter().chain(best) {
                let score = score + self.worth(at);
                candidates.entry(section).or_default().push(Candidate { sentence: at, score });
            }
        }
        LIMITS
            .iter()
            .map(|(section, limit, nearest)| {
                let mut found = candidates.remove(section).unwrap_or_default();
                if *section == Section::ActionItems {
                    let confirmed: BTreeSet<usize> =
                        found.iter().filter_map(|it| Some(owes::confirms(self.speech, it.sentence)?.at)).collect();
                    found.retain(|candidate| {
                        !confirmed.contains(&candidate.sentence)
                            && !self.settled.is_off(self.speech, candidate.sentence)
                            && score::goes_on_from(self.speech, candidate.sentence).is_none()
                    });
                    for candidate in &mut found {
                        // Of two sentences about the same thing, the one with a day is the promise.
                        if self.due(candidate.sentence).is_some() {
                            candidate.score += 0.4;
                        }
                    }
                }
                (*section, self.ranking.choose(found, *limit, *nearest))
            })
            .collect()
    }

    /// The runs of sentences that were chosen for a section and can be understood: those that surely belong there, and
    /// the others.
    fn runs_of(
        &self,
        section: Section,
        chosen: &BTreeMap<Section, Vec<usize>>,
    ) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let chosen = chosen.get(&section).map(Vec::as_slice).unwrap_or_default();
        let runs =
            if TOGETHER.contains(&section) { self.runs(chosen) } else { chosen.iter().map(|at| *at..at + 1).collect() };
        let stand = runs.into_iter().filter(|run| section == Section::ActionItems || self.can_stand(run));
        stand.partition(|run| run.clone().any(|at| sure::is_sure(self.speech, section, at)))
    }

    /// The chosen sentences, with those that follow each other in one turn together, in the order of the first chosen.
    fn runs(&self, chosen: &[usize]) -> Vec<Range<usize>> {
        let all: BTreeSet<usize> = chosen.iter().copied().collect();
        let sentences = &self.speech.sentences;
        let follows =
            |at: usize| all.contains(&at) && all.contains(&(at + 1)) && sentences[at].turn == sentences[at + 1].turn;
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in chosen.iter().copied() {
            if runs.iter().any(|run| run.contains(&at)) {
                continue;
            }
            let (mut first, mut last) = (at, at);
            let words = |first: usize, last: usize| sentences[first..=last].iter().map(|it| it.words).sum::<usize>();
            while first > 0 && follows(first - 1) && words(first - 1, last) <= LONGEST_TOGETHER {
                first -= 1;
            }
            while follows(last) && words(first, last + 1) <= LONGEST_TOGETHER {
                last += 1;
            }
            runs.push(first..last + 1);
        }
        runs
    }

    /// Whether a run of sentences can be understood: by itself, with the sentence before it, or as the answer to a
    /// question.
    fn can_stand(&self, run: &Range<usize>) -> bool {
        let sentences = &self.speech.sentences;
        let (first, last) = (&sentences[run.start], &sentences[run.end - 1]);
        if context::breaks_off(last) {
            return false;
        }
        let before = run.start.checked_sub(1).map(|before| &sentences[before]).filter(|it| it.turn == first.turn);
        let joins = before
            .is_some_and(|it| it.words >= 3 && !it.asks() && !context::refers_back(it) && !context::breaks_off(it));
        let asked =
            self.speech.answers(first.at).is_some_and(|it| it.asks() && it.words >= 4 && it.words <= LONGEST_ASKED);
        !context::refers_back(first) || joins || asked
    }

    /// The general worth of a sentence, whatever it says: a matter of degree, while cues are a matter of kind.
    fn worth(&self, at: usize) -> f32 {
        0.3 * (self.ranking.worth(at, LONGEST, 1.0) / 3.0).tanh()
    }

    /// The due date of the undertaking at `at`, and the sentence that states it.
    fn due(&self, at: usize) -> Option<(due::Due, &Sentence)> {
        day::due(self.speech, &self.settled, at, self.input.session_date)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::summarize::input::{Line, Speaker};

    /// A day's worth of talk: sentences that interest every section, in turns of `turn` lines.
    fn endless(lines: usize, turn: usize) -> SessionForClient {
        const SAID: [&str; 6] = [
            "I'll send the report about budgets to Anders by Friday, and I will call the office about numbers.",
            "I finished the planning document and I closed the account with the supplier yesterday.",
            "It is hard, I'm overwhelmed and I didn't do what I was going to do about the hiring.",
            "Let's drop the idea of the second newsletter, I won't do that.",
            "I realised that I've been waiting for permission which nobody needs to give.",
            "What will you do about the report, and by when will you call the office?",
        ];
        let line = |index: usize| {
            let speaker = if (index / turn).is_multiple_of(2) { Speaker::Client } else { Speaker::Coach };
            // Plans are dropped now and then, not all the time.
            let said = if index % 6 == 3 && index % 100 > 5 { SAID[1] } else { SAID[index % SAID.len()] };
            let text = format!("{said} That was number {index}.");
            Line { id: uuid::Uuid::nil(), index, speaker, name: "Priya Raman".into(), start_ms: None, text }
        };
        SessionForClient {
            session_date: chrono::NaiveDate::from_ymd_opt(2026, 3, 11).expect("a date"),
            coach: "Maya Okafor".into(),
            client: "Priya Raman".into(),
            other_names: BTreeSet::new(),
            utterances: (0..lines).map(line).collect(),
            threads: Vec::new(),
            template: Default::default(),
            voice: Default::default(),
            dangers: Vec::new(),
            asides: Vec::new(),
            has_off_the_record: false,
            share: None,
        }
    }

    /// Where sentences end is learned of English; other languages keep their words together.
    #[test]
    fn speech_without_full_stops_is_cut_in_english_alone() {
        let sentences = |said: &str| {
            let head = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n";
            Speech::new(&crate::summarize::read_session(&format!("{head}Priya| {said}\n"))).sentences.len()
        };
        let english = "yeah no i went to the gym twice last week and i felt really good about it i told my wife on sunday \
                       she was really proud of me";
        assert!(sentences(english) > 1);
        let german = "ich war am montag bei meinem chef und ich habe ihm gesagt dass ich das nicht mehr kann und er hat \
                      mich nur angesehen und nichts gesagt und dann bin ich wieder an meinen platz";
        assert_eq!(sentences(german), 1);
    }

    /// The page shows how many words a participant spoke: the summary must show the same number.
    #[test]
    fn the_words_of_the_summary_are_those_of_the_page() {
        let input = crate::summarize::read_session(
            "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n\
             Maya| How was the follow-up, by e-mail or face-to-face?\n\
             Priya| It's 3:30 p.m. and I've re-read it - twice - at the co-op. What's next?\n\
             Maya| Mm. And?\nPriya| Um... the 1,250 kr. aren't there yet (I don't think). #tired 🙂\n",
        );
        let draft = write(&input, None);
        let claim = draft.claims.iter().find(|claim| claim.section == Section::Engagement).expect("it is told");
        let said = |at: usize| crate::attribute::measures::Spoken {
            participant: Some(usize::from(input.utterances[at].speaker == Speaker::Client)),
            time: None,
            text: &input.utterances[at].text,
        };
        let spoken: Vec<_> = (0..input.utterances.len()).map(said).collect();
        let page = &crate::attribute::measures::measure(2, &spoken)[1];
        let expected = format!("Priya spoke {} words in {} turns, ", page.words, page.turns);
        assert!(claim.text.starts_with(&expected), "{} and not {expected}", claim.text);
        assert!(claim.text.ends_with(&format!("asked {} question.", page.questions)), "{}", claim.text);
    }

    /// A job's attempt is cut off after ten minutes; quadratic time would reach that, even on a fast machine.
    #[test]
    fn an_endless_session_is_summarised_in_time() {
        for (lines, turn) in [(10_000, 1), (10_000, 5_000)] {
            let input = endless(lines, turn);
            let begun = Instant::now();
            let draft = write(&input, None);
            println!("{lines} lines in turns of {turn}: {:?}", begun.elapsed());
            assert!(!draft.claims.is_empty());
            assert!(begun.elapsed() < Duration::from_secs(180), "{lines} lines took {:?}", begun.elapsed());
        }
    }
}
