//! The offline summariser: extractive, deterministic, and needs nothing.
//!
//! It chooses sentences that were said, by cues of progress, difficulty and commitment, by who said them in answer to
//! what, by how central they are to the session and how little they repeat, and sets each in quotes with its speaker.
//! It invents nothing, because it writes nothing but "Priya said".

mod cues;
mod rank;
mod score;
mod speech;

use std::collections::BTreeMap;

use self::{
    rank::{Candidate, Vector},
    speech::{Sentence, Speech},
};
use super::{
    draft::{Draft, DraftClaim, DraftEvidence},
    due,
    input::{SessionForClient, Speaker},
    text,
};
use crate::model::{Owner, Section};

/// The version of these rules: it changes with every change of what they choose.
pub(super) const RULES_VERSION: &str = "rules-1";

/// How many claims a section has at most, and how alike two of them may be.
const LIMITS: [(Section, usize, f32); 6] = [
    (Section::Wins, 4, 0.55),
    (Section::Challenges, 4, 0.55),
    (Section::ActionItems, 6, 0.5),
    (Section::Recommendations, 4, 0.6),
    (Section::Breakthrough, 2, 0.5),
    (Section::Priority, 3, 0.7),
];

/// Writes a draft.
#[must_use]
pub(super) fn write(input: &SessionForClient) -> Draft {
    let mut speech = Speech::new(input);
    score::mark_roles(&mut speech, &input.coach);
    let (vectors, central) = rank::centrality(speech.sentences.iter().map(|sentence| sentence.text.as_str()));
    let writer = Writer { input, speech: &speech, vectors, central };
    let mut claims = Vec::new();
    let chosen = writer.choose();
    for section in [Section::Wins, Section::Challenges, Section::ActionItems, Section::Recommendations] {
        claims.extend(chosen.get(&section).into_iter().flatten().map(|at| writer.claim(section, *at)));
    }
    claims.extend(writer.engagement());
    claims.extend(
        chosen.get(&Section::Breakthrough).into_iter().flatten().map(|at| writer.claim(Section::Breakthrough, *at)),
    );
    claims.extend(writer.priority(chosen.get(&Section::Priority).map(Vec::as_slice).unwrap_or_default()));
    Draft { claims, provider: "offline", model: "extractive".into(), prompt_version: RULES_VERSION.into() }
}

struct Writer<'a> {
    input: &'a SessionForClient,
    speech: &'a Speech,
    vectors: Vec<Vector>,
    central: Vec<f32>,
}

impl Writer<'_> {
    /// The sentences of each section. A sentence stands in one section for the client, the one that it fits best.
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
                    found.retain(|candidate| !score::is_dropped(self.speech, candidate.sentence));
                    for candidate in &mut found {
                        // Of two sentences about the same, the one with a day is the promise.
                        if self.due(candidate.sentence).is_some() {
                            candidate.score += 0.4;
                        }
                    }
                }
                (*section, rank::choose(found, &self.vectors, *limit, *nearest))
            })
            .collect()
    }

    /// What a sentence is worth whatever it says: central, and of a length that reads well.
    fn worth(&self, at: usize) -> f32 {
        let words = self.speech.sentences[at].words;
        let length = match words {
            0..=4 => -0.25,
            5..=30 => 0.1,
            31..=45 => 0.0,
            _ => -0.3,
        };
        0.5 * self.central[at] + length
    }

    fn claim(&self, section: Section, at: usize) -> DraftClaim {
        let sentence = &self.speech.sentences[at];
        let mut parts = vec![sentence];
        // "I did not send it." says little without the sentence before it.
        if section != Section::Recommendations
            && section != Section::ActionItems
            && (sentence.words < 7 || score::leans_back(sentence))
        {
            parts.splice(0..0, self.context(at));
        }
        let due = if section == Section::ActionItems { self.due(at) } else { None };
        let mut evidence: Vec<DraftEvidence> = Vec::new();
        for item in parts.iter().flat_map(|part| &part.evidence).chain(due.iter().flat_map(|(_, from)| &from.evidence))
        {
            match evidence.iter_mut().find(|other| other.utterance == item.utterance) {
                // The schema holds one quote of an utterance: the run from the first to the last.
                Some(other) => other.quote = self.run(item.utterance, &other.quote, &item.quote),
                None => evidence.push(item.clone()),
            }
        }
        let (name, verb, owner) = match (section, sentence.speaker) {
            (Section::Recommendations, _) => (self.input.coach_short(), "suggested", None),
            (Section::ActionItems, Speaker::Coach) => (self.input.coach_short(), "said", Some(Owner::Coach)),
            (Section::ActionItems, _) => (self.input.client_short(), "said", Some(Owner::Client)),
            (_, Speaker::Coach) => (self.input.coach_short(), "said", None),
            _ => (self.input.client_short(), "said", None),
        };
        let quote = parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" ");
        DraftClaim {
            section,
            text: format!("{name} {verb}: \u{201c}{}\u{201d}", readable(&quote)),
            owner,
            due_date: due.as_ref().and_then(|(due, _)| due.date),
            due_words: due.map(|(due, _)| due.words),
            evidence,
        }
    }

    /// The sentence before, of the same turn, where it can be read with this one.
    fn context(&self, at: usize) -> Option<&Sentence> {
        let sentence = &self.speech.sentences[at];
        let before = &self.speech.sentences[at.checked_sub(1)?];
        (before.turn == sentence.turn
            && !before.asks()
            && !before.in_role
            && before.words >= 3
            && before.words + sentence.words <= 40)
            .then_some(before)
    }

    /// The shortest run of the utterance's own words that has both quotes.
    fn run(&self, utterance: usize, one: &str, other: &str) -> String {
        let Some(line) = self.input.line(utterance) else { return one.to_owned() };
        let both = [one, other].map(|quote| {
            let found = text::locate(&line.text, quote)?;
            let from = found.as_ptr() as usize - line.text.as_ptr() as usize;
            Some((from, from + found.len()))
        });
        let [Some(one), Some(other)] = both else { return line.text.clone() };
        line.text[one.0.min(other.0)..one.1.max(other.1)].to_owned()
    }

    /// By when: said in the sentence itself, in the few words after it, or in answer to the coach's "when?".
    fn due(&self, at: usize) -> Option<(due::Due, &Sentence)> {
        let sentences = &self.speech.sentences;
        let sentence = &sentences[at];
        let own = due::find(&sentence.text, self.input.session_date);
        let next = sentences.get(at + 1).filter(|next| next.turn == sentence.turn && next.words <= 6);
        let ends_turn = self.speech.turns[sentence.turn].sentences.end == at + 1;
        let answer = (ends_turn && sentence.speaker == Speaker::Client)
            .then(|| self.speech.turns.get(sentence.turn + 2).map(|turn| turn.sentences.start))
            .flatten()
            .filter(|_| self.speech.after(sentence.turn).contains("when"))
            .and_then(|first| sentences.get(first));
        let later = answer.and_then(|it| Some((due::find(&it.text, self.input.session_date)?, it)));
        // An answer to "when this week?" is nearer than "this week".
        if let Some(later) = later {
            return Some(later);
        }
        own.map(|due| (due, sentence))
            .or_else(|| next.and_then(|it| Some((due::find(&it.text, self.input.session_date)?, it))))
    }

    /// How engaged the client was: counts, with the client's longest sentence as evidence.
    fn engagement(&self) -> Option<DraftClaim> {
        let of = |speaker| self.speech.sentences.iter().filter(move |it| it.speaker == speaker);
        let longest =
            of(Speaker::Client).filter(|it| !it.in_role).max_by_key(|it| it.words).filter(|it| it.words >= 3)?;
        let words: usize = of(Speaker::Client).map(|it| it.words).sum();
        let all: usize = self.speech.sentences.iter().map(|it| it.words).sum();
        let turns = self.speech.turns.iter().filter(|turn| turn.speaker == Speaker::Client).count();
        let questions = of(Speaker::Client).filter(|it| it.asks()).count();
        let share = (words * 100 + all / 2) / all.max(1);
        let name = self.input.client_short();
        let mut text = format!("{name} spoke {} in {}", many(words, "word"), many(turns, "turn"));
        // In a group the rest of the room was taken out, and a share of what is left says nothing.
        if self.input.other_names.is_empty() {
            text.push_str(&format!(", {share}\u{a0}% of the conversation,"));
        }
        text.push_str(&format!(" and asked {}.", many(questions, "question")));
        Some(plain(Section::Engagement, text, longest.evidence.clone()))
    }

    /// How urgently the client needs attention, from 0 to 1, with the words that say so.
    fn priority(&self, signs: &[usize]) -> Option<DraftClaim> {
        let risks: Vec<(score::Risk, &Sentence)> =
            signs.iter().filter_map(|at| Some((score::risk(self.speech, *at)?, &self.speech.sentences[*at]))).collect();
        if risks.is_empty() {
            return None;
        }
        let calm: f32 = risks.iter().map(|(risk, _)| 1.0 - risk.weight()).product();
        let mut reasons: Vec<&str> = Vec::new();
        for (risk, _) in &risks {
            if !reasons.contains(&risk.reason()) {
                reasons.push(risk.reason());
            }
        }
        let text = format!("Priority {:.2} of 1: {} {}.", 1.0 - calm, self.input.client_short(), reasons.join(", "));
        let evidence = risks.iter().flat_map(|(_, it)| it.evidence.clone()).collect();
        Some(plain(Section::Priority, text, evidence))
    }
}

fn plain(section: Section, text: String, evidence: Vec<DraftEvidence>) -> DraftClaim {
    DraftClaim { section, text, owner: None, due_date: None, due_words: None, evidence }
}

fn many(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// The words without the sounds before them, with a capital, and with inner quotes that do not end the outer ones.
fn readable(quote: &str) -> String {
    let bare = cues::FILLERS.cut(quote);
    let bare = if text::words(bare).len() >= 3 { bare } else { quote };
    let mut inner = String::with_capacity(bare.len());
    let mut open = false;
    for c in bare.trim_end_matches([',', ' ', '-', ';']).chars() {
        match c {
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => {
                inner.push(if open { '\u{2019}' } else { '\u{2018}' });
                open = !open;
            }
            c => inner.push(c),
        }
    }
    let mut chars = inner.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
