//! What became of earlier sessions' action items, as far as this session says: a sentence about the same thing that
//! says that it's done or isn't, or a win or challenge of the summary that says so. Nothing is written about items for
//! which nothing is found.
//!
//! A sentence is about a thread by its words and those around it ("The draft. I did not send it."), or by its meaning
//! if a local model compares them. A thread that is closed by mistake is never asked about again, while a missed one
//! only says that no match was found: so uncertain cases count as misses.

mod deeds;
mod wanted;

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

pub(super) use self::wanted::quoted;
use self::{
    deeds::{I, IT, WENT, YOU},
    wanted::{Wanted, lemmas},
};
use super::{
    super::{
        draft::DraftEvidence,
        input::{OpenThread, SessionForClient, Speaker},
        verify::outcome,
    },
    asked, cues,
    lemmas::{is_verb, lemma},
    score,
    speech::{Sentence, Speech},
    stems,
};
use crate::model::{Claim, Owner, Section, ThreadOutcome};
use crate::text;

/// The share of the weight of a thread's words that makes a sentence be about it.
const ENOUGH: f32 = 0.4;
/// The same for a claim, which has no context.
const ENOUGH_OF_CLAIM: f32 = 0.5;

/// Of two sentences whose scores differ by less than this, the later one tells the outcome.
const ABOUT_AS_NEAR: f32 = 0.15;
/// The cosine similarity from which two sentences are about the same thing.
const ALIKE: f32 = 0.6;

/// Whether two promises, each with who made it, are the same. `two` are the names of client and coach.
pub(in crate::summarize) fn same_promise(two: [&str; 2], one: (&str, Owner), other: (&str, Owner)) -> bool {
    Wanted::of(two, one.0, one.1).is_same(&Wanted::of(two, other.0, other.1))
}

/// The outcome of a thread, and the sentence that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ThreadReport {
    pub(super) thread: usize,
    pub(super) sentence: usize,
    /// The question that the sentence answers with yes or no: only together do they state the outcome.
    pub(super) asked: Option<usize>,
    pub(super) met: bool,
}

impl ThreadReport {
    /// The words that state it.
    pub(super) fn evidence(&self, speech: &Speech) -> Vec<DraftEvidence> {
        let sentences = self.asked.into_iter().chain([self.sentence]);
        sentences.flat_map(|at| speech.sentences[at].evidence.iter().cloned()).collect()
    }
}

/// The outcome of each open thread that is mentioned. `alike` is the similarity of each sentence to each thread in
/// meaning.
pub(super) fn reports(input: &SessionForClient, speech: &Speech, alike: Option<&[Vec<f32>]>) -> Vec<ThreadReport> {
    if input.threads.is_empty() {
        return Vec::new();
    }
    let said: Vec<BTreeSet<String>> = speech.sentences.iter().map(|it| lemmas(&it.text)).collect();
    let one = |(thread, it): (usize, &OpenThread)| {
        let wanted = Wanted::new(input, it);
        let alike = alike.and_then(|alike| alike.get(thread)).map(Vec::as_slice);
        let (sentence, met) = wanted.outcome(speech, &said, alike)?;
        let asked = wanted.answered(speech, &speech.sentences[sentence]).map(|(asked, _)| asked);
        Some(ThreadReport { thread, sentence, asked, met })
    };
    input.threads.iter().enumerate().filter_map(one).collect()
}

/// A claim for each open thread that `claims` don't mention but something else does: a sentence, or another claim.
pub(super) fn outcomes(input: &SessionForClient, speech: &Speech, claims: &[Claim]) -> Vec<Claim> {
    let open = |thread: &OpenThread| {
        let tells = |claim: &Claim| claim.thread.as_ref().is_some_and(|told| told.claim_id == thread.claim_id);
        !claims.iter().any(tells)
    };
    let by_sentence = reports(input, speech, None);
    let claim = |(number, thread): (usize, &OpenThread)| {
        let (evidence, met) = match by_sentence.iter().find(|told| told.thread == number) {
            Some(told) => {
                let said = told.evidence(speech);
                let cited = said.iter().filter_map(|it| input.cite(it.utterance, &it.quote));
                (cited.collect::<Vec<_>>(), told.met)
            }
            None => {
                let wanted = Wanted::new(input, thread);
                let (claim, met) = claims.iter().find_map(|claim| Some((claim, wanted.settled_by(claim)?)))?;
                (claim.evidence.clone(), met)
            }
        };
        let became = outcome(thread, if met { ThreadOutcome::Met } else { ThreadOutcome::NotMet });
        let claim = Claim { evidence, thread: Some(became), ..Claim::new(Section::OpenThreads, thread.text.clone()) };
        (!claim.evidence.is_empty()).then_some(claim)
    };
    input.threads.iter().enumerate().filter(|(_, thread)| open(thread)).filter_map(claim).collect()
}

impl Wanted {
    /// The closest sentence that states the outcome; of about equally close ones, the last.
    fn outcome(&self, speech: &Speech, said: &[BTreeSet<String>], alike: Option<&[f32]>) -> Option<(usize, bool)> {
        if self.lemmas.is_empty() {
            return None;
        }
        let mut best: Option<(usize, bool, f32)> = None;
        for sentence in speech.sentences.iter().filter(|it| !it.in_role && !it.asks()) {
            let own = &said[sentence.at];
            let by_meaning = alike.and_then(|alike| alike.get(sentence.at)).copied().unwrap_or(0.0);
            let is_alike = by_meaning >= ALIKE;
            if let Some((_, met)) = self.answered(speech, sentence) {
                if best.is_none_or(|(.., nearest)| 1.0 + ABOUT_AS_NEAR >= nearest) {
                    best = Some((sentence.at, met, 1.0));
                }
                continue;
            }
            let is_asked = is_asked(speech, sentence);
            if self.lemmas.is_disjoint(own) && !is_asked && !is_alike {
                continue;
            }
            let around = around(speech, said, sentence);
            let asked = is_asked && !self.lemmas.is_disjoint(&around);
            let by_words = self.nearness(own, &around, asked);
            let near = if is_alike { by_words.max(by_meaning) } else { by_words };
            if near < ENOUGH && best.is_some_and(|(at, met, _)| met && asked && self.is_half(speech, at, sentence)) {
                best = Some((sentence.at, false, ENOUGH));
            }
            let is_about = is_alike || (asked || !self.lemmas.is_disjoint(own)) && self.may_be(&sentence.text);
            if near < ENOUGH || !is_about {
                continue;
            }
            let Some(met) = self.says(sentence, asked, is_alike) else { continue };
            let half = self.is_double && met && best.is_some_and(|(_, met, _)| !met);
            if !half && best.is_none_or(|(.., nearest)| near + ABOUT_AS_NEAR >= nearest) {
                best = Some((sentence.at, met, best.map_or(near, |(.., nearest)| near.max(nearest))));
            }
        }
        let (sentence, met, _) = best?;
        // "Two of the three pages. I didn't get to Lisbon."
        match self.rest_is_open(speech, sentence).filter(|_| met && (self.is_several || self.is_double)) {
            Some(open) => Some((open, false)),
            None => Some((sentence, met)),
        }
    }

    /// The sentence soon after `at` in its turn by which something was not done.
    fn rest_is_open(&self, speech: &Speech, at: usize) -> Option<usize> {
        let turn = &speech.turns[speech.sentences[at].turn].sentences;
        (at + 1..turn.end.min(at + 4)).find(|next| cues::NOT_DONE.is_in(&speech.sentences[*next].own))
    }

    /// The question about this very promise that a sentence answers with yes or no, and the answer: "Did you call the
    /// school?" – "Yes, they have a place." A qualified yes is neither, and if something else is asked in the same
    /// breath we can't tell which is answered.
    fn answered(&self, speech: &Speech, sentence: &Sentence) -> Option<(usize, bool)> {
        let turn = &speech.turns[sentence.turn].sentences;
        let before = speech.preceding(sentence.turn)?;
        if sentence.at != turn.start || before.speaker == sentence.speaker {
            return None;
        }
        let mut questions = before.sentences.clone().rev().map(|at| &speech.sentences[at]).filter(|it| it.asks());
        let asked = questions.next().filter(|it| !it.in_role)?;
        let mut said = lemmas(&asked.text);
        let asks_of_it = if self.is_owed_by(sentence.speaker) && asked::deed(&asked.own).is_some() {
            asked::deed(&asked.own).is_some_and(|deed| self.lemmas.contains(&lemma(deed).0))
        } else {
            // "Did my sheet arrive?" – yes: what was sent has arrived.
            let given = self.given();
            let asks = given.is_some() && self.is_owed_by(before.speaker) && asked::asks_arrival(&asked.own);
            said.extend(given);
            asks
        };
        if !asks_of_it
            || !self.may_be(&asked.text)
            || self.nearness(&said, &BTreeSet::new(), false) < ENOUGH
            || questions.next().is_some()
        {
            return None;
        }
        let rest = speech.sentences.get(sentence.at + 1).filter(|it| turn.contains(&it.at));
        let met = asked::answer(&sentence.own, rest.map_or("", |it| it.own.as_str()))?;
        Some((asked.at, met))
    }

    /// The deed by which something in the thread is handed over, if any.
    fn given(&self) -> Option<String> {
        let deeds = ["send", "give", "mail", "email", "forward", "post", "submit", "hand", "share", "bring", "deliver"];
        deeds.into_iter().map(|deed| lemma(deed).0).find(|deed| self.lemmas.contains(deed))
    }

    fn is_owed_by(&self, speaker: Speaker) -> bool {
        match self.owner {
            Owner::Client => speaker == Speaker::Client,
            Owner::Coach => speaker == Speaker::Coach,
            Owner::Unclear => true,
        }
    }

    /// Whether a sentence about the thread says that it was done, or wasn't; `None` if it says neither, or is about
    /// someone else.
    fn says(&self, sentence: &Sentence, asked: bool, is_alike: bool) -> Option<bool> {
        static THANKS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\bthank(?:s| you)(?: so much| very much)? for (?:the|your|sending|sharing|writing)\b|\bi got (?:the|your) ")
                .expect("a constant pattern")
        });
        let own = sentence.own.as_str();
        let is_own = self.is_owed_by(sentence.speaker);
        if is_own && self.is_undone(own, asked) {
            return Some(false);
        }
        let is_later = cues::WILL.is_in(own) || cues::MODAL.is_in(own) || super::owes::is_hedged(own);
        if is_later || score::is_no_win(own) {
            return None;
        }
        if !is_own {
            return (THANKS.is_match(own) || self.deed_is_past(own, &YOU)).then_some(true);
        }
        let did = self.deed_is_past(own, &I)
            || cues::IT_IS_DONE.is_in(own)
            || self.deed_is_past(own, &IT)
            || self.given().is_some() && WENT.is_match(own)
            || asked && cues::YES_I_DID.is_in(own)
            || is_alike && (cues::ACHIEVED.is_in(own) || cues::DID.is_in(own) || cues::MOVED.is_in(own));
        did.then_some(true)
    }

    /// Whether `sentence`, soon after `at` says that the deed is done, says that part of it isn't: "I raised them." –
    /// "And the cafés?" – "I did not raise it there."
    fn is_half(&self, speech: &Speech, at: usize, sentence: &Sentence) -> bool {
        let told = &speech.sentences[at];
        let deeds: BTreeSet<String> = lemmas(&sentence.own).into_iter().filter(|it| self.lemmas.contains(it)).collect();
        sentence.speaker == told.speaker
            && sentence.turn <= told.turn + 6
            && lemmas(&told.own).intersection(&deeds).any(|it| is_verb(it))
            && self.is_undone(&sentence.own, true)
    }

    /// Whether the speaker says that it isn't done: the thread's verb is denied, or one that can replace any; or, if
    /// the other person asked about it, a mere "not yet".
    fn is_undone(&self, own: &str, asked: bool) -> bool {
        static DENIED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?:i|we)(?:'ve|'d)? (?:still |also |just |actually )?(?:have not|haven't|did not|didn't|had not|hadn't|could not|couldn't|not|never)(?: \w+ly| actually| really| yet| even)* (\w+)")
                .expect("a constant pattern")
        });
        let mut denied = DENIED.captures_iter(own).map(|found| lemma(&found[1]).0).peekable();
        if denied.peek().is_some() {
            let any = ["do", "have", "get", "make", "manage", "finish", "yet"].map(|verb| lemma(verb).0);
            return denied.any(|verb| self.lemmas.contains(&verb) || any.contains(&verb));
        }
        cues::NOT_DONE.is_in(own) || asked && cues::STILL_OPEN.is_in(own) && !super::owes::is_hedged(own)
    }

    /// Whether somebody did what the thread says: the thread's verb, in the past.
    fn deed_is_past(&self, own: &str, who: &Regex) -> bool {
        who.captures_iter(own).any(|found| {
            let (deed, is_past) = lemma(&found[1]);
            is_past && self.lemmas.contains(&deed)
        })
    }

    /// Whether a win or a challenge is the outcome.
    fn settled_by(&self, claim: &Claim) -> Option<bool> {
        if !matches!(claim.section, Section::Wins | Section::Challenges) {
            return None;
        }
        let quotes: Vec<&str> = claim.evidence.iter().map(|it| it.quote.as_str()).collect();
        let said = format!("{} {}", claim.text, quotes.join(" "));
        let nothing = BTreeSet::new();
        if self.nearness(&lemmas(&said), &nothing, false) < ENOUGH_OF_CLAIM
            || self.owner == Owner::Coach
            || !self.may_be(&said)
        {
            return None;
        }
        let has_deed = |past: bool| {
            let deed = |word: text::Word| {
                let (deed, is_past) = lemma(&word.normal);
                (is_past || !past) && is_verb(&deed) && self.lemmas.contains(&deed)
            };
            text::words(&said).into_iter().any(deed)
        };
        match (claim.section, stems::is_negated(&said)) {
            (Section::Wins, false) => has_deed(true).then_some(true),
            (Section::Challenges, true) => has_deed(false).then_some(false),
            _ => None,
        }
    }
}

/// The words around a sentence: near it in its turn, and the end of the previous turn; if that is hardly a word, of the
/// one before as well.
fn around(speech: &Speech, said: &[BTreeSet<String>], sentence: &Sentence) -> BTreeSet<String> {
    let turn = &speech.turns[sentence.turn].sentences;
    let mut places: Vec<usize> =
        (sentence.at.saturating_sub(3).max(turn.start)..(sentence.at + 3).min(turn.end)).collect();
    let mut earlier = sentence.turn;
    for _ in 0..3 {
        let Some(before) = earlier.checked_sub(1) else { break };
        let sentences = speech.turns[before].sentences.clone();
        places.extend(sentences.end.saturating_sub(3).max(sentences.start)..sentences.end);
        earlier = before;
        if speech.sentences[sentences].iter().map(|it| it.words).sum::<usize>() >= 4 {
            break;
        }
    }
    places.into_iter().filter(|at| *at != sentence.at).flat_map(|at| said[at].iter().cloned()).collect()
}

/// Whether the other person asked about something in the previous turn: a question, or "you were going to …".
fn is_asked(speech: &Speech, sentence: &Sentence) -> bool {
    let Some(before) = sentence.turn.checked_sub(1) else { return false };
    let turn = &speech.turns[sentence.turn].sentences;
    let first = sentence.at < turn.start + 2;
    let asked = &speech.sentences[speech.turns[before].sentences.clone()];
    let asks = asked.iter().rev().take(3).any(|it| it.asks() || cues::CHECKS.is_in(&it.own));
    first && asks && speech.turns[before].speaker != sentence.speaker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::read_session;

    /// What is said in other words is found by meaning if a model compares them, and is missed by words alone.
    #[test]
    fn a_promise_is_found_by_meaning_where_no_word_is_the_same() {
        let input = read_session(
            "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n\
             thread: 2026-03-04 Priya said: \u{201c}I'll talk to Gareth about Mossgate.\u{201d}\n---\n\
             Maya| What was good?\nPriya| I told a very charming salesman no.\nPriya| I will tell him again.\n",
        );
        let speech = Speech::new(&input);
        assert_eq!(reports(&input, &speech, None), []);
        let near = |nearness: f32| vec![vec![0.0, nearness, nearness]];
        assert_eq!(reports(&input, &speech, Some(&near(0.3))), []);
        let found = reports(&input, &speech, Some(&near(0.7)));
        assert_eq!(
            found,
            [ThreadReport { thread: 0, sentence: 1, asked: None, met: true }],
            "and what is yet to be done is not done"
        );
    }
}
