//! Checks a language model's answer against the version and the session. Pure.
//!
//! A claim that stays keeps its section, evidence, owner, date, score and thread. Only its words can change, and if the
//! new words don't hold it keeps the old ones. A new claim is verified like any other draft. Promises and the coach's
//! own words are only removed if the coach names them: otherwise they are restored, and the coach is told.

use std::collections::BTreeSet;

use super::named::is_kept;
use crate::{
    model::{Audience, Claim, Content, MAX_CHARACTERS, MAX_CLAIMS, Section, Support, ThreadOutcome, diff},
    summarize::{DraftClaim, DraftEvidence, Names, SessionForClient, check_words, clean, facts, verify},
    text,
};

/// A client's sentence that has this much in common with a coach-only note says the same thing.
const TELLS_THE_SAME: f32 = 0.6;

/// The requested change to a version.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// The claims that stay, by their index in the version, and their new words; `None` if unchanged.
    pub(super) kept: Vec<(usize, Option<String>)>,
    /// Claims to be added.
    pub(super) new: Vec<DraftClaim>,
}

/// The result of a change.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) content: Content,
    /// How many changes did not hold and were dropped.
    pub(super) dropped: usize,
    /// Sentences that were removed without being asked for, and are back.
    pub(super) put_back: Vec<String>,
}

/// Applies `change` to the version. `is_named` says whether the coach asked to remove a claim.
pub(super) fn apply(
    input: &SessionForClient,
    base: &Content,
    change: &Change,
    is_named: impl Fn(usize) -> bool,
) -> Applied {
    let (mut claims, mut dropped): (Vec<Claim>, usize) = (Vec::new(), 0);
    let mut seen = BTreeSet::new();
    for (number, words) in &change.kept {
        let Some(claim) = base.claims.get(*number) else {
            dropped += 1;
            continue;
        };
        if !seen.insert(*number) {
            continue;
        }
        let mut claim = claim.clone();
        if let Some(words) = words.as_ref().map(|words| clean(words)).filter(|words| *words != claim.text) {
            match reworded(input, base, &claim, &words) {
                Some((text, support)) => (claim.text, claim.support) = (text, support),
                None => dropped += 1,
            }
        }
        claims.push(claim);
    }
    let put_back = put_back(base, &mut claims, is_named);
    for draft in &change.new {
        let known = |claim: &Claim| claims.iter().any(|it| same_words(it, claim) && it.section == claim.section);
        match added(input, base, draft).filter(|claim| !known(claim) && claims.len() < MAX_CLAIMS) {
            Some(claim) => claims.push(claim),
            None => dropped += 1,
        }
    }
    // Stable: within a section in the order of the answer, with new claims last.
    claims.sort_by_key(|claim| claim.section);
    Applied { content: Content { claims }, dropped, put_back }
}

/// Restores, in place, the claims that may not be removed unless named, and returns their sentences.
fn put_back(base: &Content, claims: &mut Vec<Claim>, is_named: impl Fn(usize) -> bool) -> Vec<String> {
    let place = |claim: &Claim| base.claims.iter().position(|it| it.id == claim.id);
    let mut sentences = Vec::new();
    for (at, claim) in base.claims.iter().enumerate() {
        if !is_kept(claim) || claims.iter().any(|it| it.id == claim.id) || is_named(at) {
            continue;
        }
        let next = claims.iter().position(|it| it.section == claim.section && place(it).is_some_and(|it| it > at));
        claims.insert(next.unwrap_or(claims.len()), claim.clone());
        sentences.push(claim.text.clone());
    }
    sentences
}

fn same_words(one: &Claim, other: &Claim) -> bool {
    text::normalize(&one.text) == text::normalize(&other.text)
}

/// A claim's new words if they hold, and what they are then based on.
fn reworded(input: &SessionForClient, base: &Content, claim: &Claim, words: &str) -> Option<(String, Support)> {
    if claim.audience == Audience::Client && input.tells_danger(words) {
        return None;
    }
    if text::words(words).is_empty() || words.chars().count() > MAX_CHARACTERS || input.names_another(words) {
        return None;
    }
    if claim.section == Section::KeyQuotes && !claim.evidence.is_empty() {
        return shorter_quote(claim, words).map(|quote| (quote, Support::Verified));
    }
    let lines = lines(input, claim);
    let earlier = claim.thread.iter().map(|thread| thread.text.as_str());
    let said: Vec<&str> = lines.iter().copied().chain([claim.text.as_str()]).chain(earlier).collect();
    let mut known: BTreeSet<String> = said.iter().flat_map(|text| facts::of(text)).collect();
    known.extend(claim.action.iter().filter_map(|action| action.due_date).flat_map(facts::of_day));
    // A sentence that gains or loses a negation may say the opposite of its evidence.
    if facts::denies(words) != facts::denies(&claim.text) {
        return None;
    }
    if !facts::of(words).is_subset(&known) || check_words(words, said.iter().copied()).is_err() {
        return None;
    }
    if claim.audience == Audience::Client && tells_a_note(base, words, diff::likeness(&claim.text, words)) {
        return None;
    }
    let support = match claim.support {
        // What was supported before must still be supported.
        Support::Verified | Support::ReadTwice | Support::Doubted => {
            verify(input, &[as_draft(input, claim, words)]).dropped.is_empty().then_some(Support::Verified)?
        }
        Support::NothingSaid => Support::NothingSaid,
        // The coach's own words need no evidence; a model's rewording of them has none, unless it was said.
        Support::Own | Support::Unchecked => {
            let names = Names { client: &input.client, coach: &input.coach };
            if names.hold(claim, words) { Support::Verified } else { Support::Unchecked }
        }
    };
    Some((words.to_owned(), support))
}

/// A key quote says what was said: it can only be shortened to a run of its own words.
fn shorter_quote(claim: &Claim, words: &str) -> Option<String> {
    let quote = claim.evidence.iter().find_map(|evidence| text::locate(&evidence.quote, words))?;
    (text::words(quote).len() >= 3).then(|| format!("\u{201c}{}\u{201d}", quote.trim()))
}

/// A new claim, if it holds.
fn added(input: &SessionForClient, base: &Content, draft: &DraftClaim) -> Option<Claim> {
    // Verification adds the open threads that nobody mentioned: the version already has them.
    let claim = verify(input, std::slice::from_ref(draft)).claims.into_iter().find(|it| !it.evidence.is_empty())?;
    let known: BTreeSet<String> = lines(input, &claim).into_iter().flat_map(facts::of).collect();
    let due: Vec<String> = claim.action.iter().filter_map(|action| action.due_date).flat_map(facts::of_day).collect();
    let told = |thread: &crate::model::Thread| {
        base.claims.iter().any(|it| it.thread.as_ref().is_some_and(|it| it.claim_id == thread.claim_id))
    };
    let holds = facts::of(&claim.text).iter().all(|fact| known.contains(fact) || due.contains(fact))
        && !(claim.audience == Audience::Client && tells_a_note(base, &claim.text, 0.0))
        && !claim.thread.as_ref().is_some_and(told);
    holds.then_some(claim)
}

/// Whether words repeat a coach-only note more closely than the sentence they replace.
fn tells_a_note(base: &Content, words: &str, own: f32) -> bool {
    let words = words.to_lowercase();
    base.claims
        .iter()
        // An open thread is the client's own action item.
        .filter(|claim| claim.audience == Audience::Coach && claim.section != Section::OpenThreads)
        .map(|claim| diff::likeness(&claim.text.to_lowercase(), &words))
        .any(|likeness| likeness >= TELLS_THE_SAME && likeness > own)
}

/// The lines that a claim cites, if they may be cited.
fn lines<'a>(input: &'a SessionForClient, claim: &Claim) -> Vec<&'a str> {
    let line = |id| input.utterances.iter().find(|line| line.id == id);
    claim.evidence.iter().filter_map(|item| Some(line(item.utterance_id)?.text.as_str())).collect()
}

/// A claim as a draft with other words, to be verified.
pub(super) fn as_draft(input: &SessionForClient, claim: &Claim, words: &str) -> DraftClaim {
    let number = |id| input.utterances.iter().find(|line| line.id == id).map(|line| line.index);
    let evidence = claim
        .evidence
        .iter()
        .filter_map(|item| Some(DraftEvidence { utterance: number(item.utterance_id)?, quote: item.quote.clone() }));
    let thread = claim.thread.as_ref();
    DraftClaim {
        owner: claim.action.as_ref().map(|action| action.owner),
        due_date: claim.action.as_ref().and_then(|action| action.due_date),
        due_words: claim.action.as_ref().and_then(|action| action.due_words.clone()),
        score: claim.score.map(f32::from),
        thread: thread.and_then(|thread| input.threads.iter().position(|it| it.claim_id == thread.claim_id)),
        met: thread.map(|thread| thread.outcome == ThreadOutcome::Met),
        ..DraftClaim::new(claim.section, words.to_owned(), evidence.collect())
    }
}
