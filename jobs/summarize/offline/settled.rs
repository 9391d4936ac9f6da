//! What became of a promise before the session ended: taken back, replaced, moved to another day, or done.
//!
//! ```text
//! I'll write to Tom by Friday. – Actually, forget that.                     taken back
//! I'll write to Tom. – No, let me call him instead.                         replaced: the call stands
//! I'll write to Tom by Thursday. – No, make it Friday.                      moved
//! I'll send you the link. – There, just sent it.                            done
//! ```
//!
//! If a retraction may refer to a promise, we assume that it does: better to omit a promise than to list one that was
//! taken back. English only, like all cues.

mod patterns;
mod retracted;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use self::patterns::{
    ASKS_MOVE, BEFORE_NOW, BESIDE, CORRECTS, DID, DONE, IS_MOVE, IS_REALISTIC, LEAVES, MOVES, MOVES_AMOUNT, NOT_THEN,
    NOW, ONLY_LATER, POINTS, RECEIVED, RELEASES, RETRACTS, SAYS_NO, SAYS_YES, WONT,
};
use self::retracted::{cannot_after_all, named_and_refused, refuses, retracted};
use super::{
    super::due,
    cues, day,
    lemmas::{is_verb, lemma},
    owes, promise, score,
    speech::{Sentence, Speech},
    stems,
};
use crate::model::Owner;
use crate::text;

/// A word that refers back reaches at most this many turns.
const NEAR: usize = 4;
/// "Done" is only said while it's still clear what it refers to.
const NEAR_DONE: usize = 8;
/// How many earlier promises are considered.
const LAST: usize = 60;

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PromiseOutcome {
    /// It was taken back or replaced.
    TakenBack,
    /// It was done during the session.
    Done,
    /// The sentence at this index gives another day.
    Moved(usize),
}

/// A promise, as needed to match later sentences with it.
#[derive(Debug)]
struct Made {
    at: usize,
    turn: usize,
    owner: Owner,
    /// The base form of the verb.
    verb: Option<String>,
    /// Its content words without its days.
    about: BTreeSet<String>,
    day: Option<NaiveDate>,
}

/// Whether a sentence takes something back, and so isn't part of a promise.
pub(super) fn takes_back(own: &str) -> bool {
    RETRACTS.is_match(own) || cues::DROPPED.is_in(own)
}

/// What became of the promises of a session.
#[derive(Debug, Default)]
pub(super) struct Settled {
    outcomes: BTreeMap<usize, PromiseOutcome>,
}

impl Settled {
    /// Goes through all promises of the session.
    pub(super) fn new(speech: &Speech) -> Self {
        let mut settled = Self::default();
        let mut open: Vec<Made> = Vec::new();
        for sentence in speech.sentences.iter().filter(|it| !it.in_role) {
            settled.look(speech, sentence, &open);
            open.retain(|made| matches!(settled.outcomes.get(&made.at), None | Some(PromiseOutcome::Moved(_))));
            open.extend(made(speech, sentence.at));
            // Older ones are no longer considered, however many promises a session has.
            open.drain(..open.len().saturating_sub(4 * LAST));
        }
        settled
    }

    /// What became of the promise at `at`; `None` if it still holds as made.
    pub(super) fn outcome(&self, at: usize) -> Option<PromiseOutcome> {
        self.outcomes.get(&at).copied()
    }

    /// Whether what the sentence at `at` undertakes is off.
    pub(super) fn is_off(&self, speech: &Speech, at: usize) -> bool {
        match self.outcome(at) {
            Some(PromiseOutcome::TakenBack | PromiseOutcome::Done) => true,
            Some(PromiseOutcome::Moved(_)) => false,
            None => score::is_dropped(speech, at),
        }
    }

    /// Marks the promises that a new one replaces as off.
    fn replace(&mut self, speech: &Speech, new: &Made, recent: &[Made]) {
        for made in recent.iter().filter(|made| replaces(speech, new, made, recent)) {
            self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
        }
    }

    /// Records what `sentence` says cannot be done after all, or is left for another month. Returns whether nothing else is
    /// to be found in it: "I can't ask Peter, I'll do it myself until March" makes a promise as well.
    fn left(&mut self, speech: &Speech, sentence: &Sentence, speaker: Owner, recent: &[Made]) -> bool {
        let own = sentence.own.as_str();
        if let Some(made) = cannot_after_all(own, speaker, recent) {
            self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
        }
        let Some(left) = LEAVES.captures(own) else { return false };
        if let Some(made) = retracted::left(speech, &left[1], sentence, recent) {
            self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
        }
        true
    }

    /// Records what `sentence` says about earlier promises.
    fn look(&mut self, speech: &Speech, sentence: &Sentence, open: &[Made]) {
        let recent = &open[open.len().saturating_sub(LAST)..];
        let Some(speaker) = owes::speaks_for(sentence) else { return };
        let own = sentence.own.as_str();
        let last = |owner: Owner, turns: usize| last(recent, sentence, owner, turns);
        if let Some((at, moved)) = moves(speech, sentence, recent, speaker) {
            self.outcomes.insert(at, PromiseOutcome::Moved(moved));
            return;
        }
        // "I can't tonight. Tomorrow."
        if NOT_THEN.is_match(owes::without_days(own).as_ref())
            && let Some(made) = last(speaker, NEAR)
        {
            let next =
                speech.sentences.get(sentence.at + 1).filter(|it| it.turn == sentence.turn && day::only_day(&it.own));
            self.outcomes
                .insert(made.at, next.map_or(PromiseOutcome::TakenBack, |next| PromiseOutcome::Moved(next.at)));
            return;
        }
        let asked =
            speech.preceding(sentence.turn).and_then(|before| speech.sentences[before.sentences.clone()].last());
        let is_first = speech.turns[sentence.turn].sentences.start == sentence.at;
        if let Some(verb) = WONT.captures(own).filter(|_| !ONLY_LATER.is_match(own)).map(|found| lemma(&found[1]).0) {
            let same = |made: &&Made| made.owner == speaker && made.verb.as_ref() == Some(&verb);
            if let Some(made) = recent.iter().rev().find(same) {
                self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
            }
            return;
        }
        if let Some(made) = named_and_refused(own, speaker, recent) {
            self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
            return;
        }
        if self.left(speech, sentence, speaker, recent) {
            return;
        }
        if is_first && asked.is_some_and(|asked| refuses(sentence, asked)) {
            if let Some(new) = made(speech, sentence.at) {
                self.replace(speech, &new, recent);
            }
            return;
        }
        let released = RELEASES.find(own).map(|found| (found, owes::other(speaker)));
        if let Some((found, owner)) = RETRACTS.find(own).map(|found| (found, speaker)).or(released) {
            if let Some(made) = retracted(own, found.range(), owner, recent, last(owner, NEAR)) {
                self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
            }
            return;
        }
        if is_first
            && SAYS_NO.is_match(own)
            && asked.is_some_and(|it| it.asks() && IS_REALISTIC.is_match(&it.own) && it.speaker != sentence.speaker)
            && let Some(made) = last(speaker, NEAR)
        {
            self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
            return;
        }
        if let Some(new) = made(speech, sentence.at) {
            self.replace(speech, &new, recent);
            return;
        }
        // "I'll rest instead" is no promise, and cancels the previous one.
        if own.contains("instead") && !own.contains("instead of") && cues::WILL.is_in(own) {
            if let Some(made) = last(speaker, NEAR) {
                self.outcomes.insert(made.at, PromiseOutcome::TakenBack);
            }
            return;
        }
        if sentence.asks() || stems::is_negated(&sentence.text) {
            return;
        }
        if let Some(made) = done(sentence, recent, speaker) {
            self.outcomes.insert(made.at, PromiseOutcome::Done);
        }
    }
}

/// The last promise of `owner`, if `sentence` comes within `turns` turns of it.
fn last<'m>(recent: &'m [Made], sentence: &Sentence, owner: Owner, turns: usize) -> Option<&'m Made> {
    recent.iter().rev().find(|made| made.owner == owner).filter(|made| sentence.turn - made.turn <= turns)
}

/// The promise that `sentence` says to be done.
fn done<'m>(sentence: &Sentence, recent: &'m [Made], speaker: Owner) -> Option<&'m Made> {
    let own = sentence.own.as_str();
    if DONE.is_match(own) {
        let verbs: BTreeSet<String> = text::words(own).iter().map(|word| lemma(&word.normal).0).collect();
        let fits = |it: &&Made| {
            it.verb.as_ref().is_none_or(|verb| {
                verbs.contains(verb) || verbs.contains(&lemma("do").0) || own.contains(" in ") || own.contains("way")
            })
        };
        last(recent, sentence, speaker, NEAR_DONE).filter(fits)
    } else if RECEIVED.is_match(own) {
        let gives = |made: &&Made| {
            let given = ["send", "share", "mail", "forward", "post"].map(|verb| lemma(verb).0);
            made.verb.as_ref().is_some_and(|verb| given.contains(verb))
        };
        last(recent, sentence, owes::other(speaker), NEAR).filter(gives)
    } else {
        let now = done_now(sentence)?;
        recent.iter().rev().find(|made| made.owner == speaker && made.is_done_by(&now))
    }
}

/// A sentence that tells what its speaker has done just now.
struct DoneNow<'s> {
    sentence: &'s Sentence,
    verbs: BTreeSet<String>,
    about: BTreeSet<String>,
}

fn done_now(sentence: &Sentence) -> Option<DoneNow<'_>> {
    let own = sentence.own.as_str();
    let done = DID.captures_iter(own).map(|found| lemma(&found[1])).filter(|(_, is_past)| *is_past);
    let verbs: BTreeSet<String> = done.map(|(verb, _)| verb).collect();
    let is_now = !verbs.is_empty() && !BEFORE_NOW.is_match(own);
    is_now.then(|| DoneNow { sentence, verbs, about: about(&sentence.text) })
}

impl Made {
    /// Whether exactly this has been done.
    fn is_done_by(&self, now: &DoneNow<'_>) -> bool {
        let Some(verb) = self.verb.as_ref().filter(|verb| now.verbs.contains(*verb)) else { return false };
        let same = self.about.intersection(&now.about).filter(|word| *word != verb && !is_verb(&lemma(word).0)).count();
        let own = now.sentence.own.as_str();
        let near = now.sentence.turn - self.turn <= NEAR_DONE;
        NOW.is_match(own) && (same >= 1 || near && POINTS.is_match(own)) || same >= 2
    }
}

/// The promise made in the sentence at `at`.
fn made(speech: &Speech, at: usize) -> Option<Made> {
    let sentence = &speech.sentences[at];
    let answered = owes::answered(speech, at);
    if answered.is_none() && promise::promise(speech, at) < score::ENOUGH {
        return None;
    }
    let said = answered.map_or(sentence, |it| it.asked);
    let from = cues::WILL.place(&said.own).or(cues::COACH_WILL.place(&said.own)).unwrap_or_default();
    let words = text::words(said.own.get(from..).unwrap_or_default());
    let verb = words.into_iter().map(|word| lemma(&word.normal).0).find(|word| is_verb(word));
    // Of two days, the later statement counts: "Can you do it by Thursday?" – "By Friday."
    let day = [sentence, said].into_iter().find_map(|it| due::find(&it.text, NaiveDate::default())?.date);
    Some(Made { at, turn: sentence.turn, owner: owes::owner(speech, at), verb, about: about(&said.text), day })
}

/// The content words, without the days.
fn about(said: &str) -> BTreeSet<String> {
    let mut bare = said.to_owned();
    for day in due::places(said, NaiveDate::default()).into_iter().rev() {
        bare.replace_range(day, " ");
    }
    stems::stems(&bare)
}

/// The promise that `sentence` moves to another day, and the sentence that gives the day.
fn moves<'m>(speech: &Speech, sentence: &Sentence, recent: &'m [Made], speaker: Owner) -> Option<(usize, usize)> {
    let own = sentence.own.as_str();
    let near = |made: &&Made| sentence.turn - made.turn <= NEAR;
    let says_day = |it: &Sentence| {
        let bare = owes::without_days(&it.own);
        bare.len() + 3 < it.own.len()
            && it.words <= 12
            && !day::is_goodbye(&it.own)
            && MOVES.is_match(bare.as_ref())
            && IS_MOVE.is_match(&it.own)
    };
    // What the speaker has just undertaken is meant; if that is no promise, none is.
    let said_before = speech.sentences[..sentence.at].iter().rev().find(|it| it.speaker == sentence.speaker);
    let own_last = |recent: &'m [Made]| {
        let made = recent.iter().rev().find(|made| made.owner == speaker)?;
        let is_other = said_before.is_some_and(|it| it.at != made.at && cues::WILL.is_in(&it.own));
        (!is_other).then_some(made)
    };
    // "No, wait, Friday is the wedding order. By Sunday."
    let ends_correction = || {
        let made = own_last(recent).filter(|made| made.turn == sentence.turn && made.day.is_some());
        let between = made.map(|made| &speech.sentences[made.at + 1..sentence.at]);
        day::only_day(own) && between.is_some_and(|said| said.iter().any(|it| CORRECTS.is_match(&it.own)))
    };
    if !sentence.asks() && (says_day(sentence) || ends_correction()) {
        let made = own_last(recent).filter(near)?;
        if !can_move(speech, made, sentence, recent) {
            return None;
        }
        // The first day given moves nothing: "I'll write to her. By Thursday, I'd say."
        let is_first = made.day.is_none() && sentence.at == made.at + 1;
        return (!is_first).then_some((made.at, sentence.at));
    }
    if !sentence.asks() && MOVES_AMOUNT.is_match(own) {
        let made = own_last(recent).filter(near)?;
        return Some((made.at, sentence.at));
    }
    // "Can we make it Friday?" – "Sure."
    let is_first = speech.turns[sentence.turn].sentences.start == sentence.at;
    if !is_first || !SAYS_YES.is_match(own) {
        return None;
    }
    let before = speech.preceding(sentence.turn)?;
    let asked = speech.sentences.get(before.sentences.end.checked_sub(1)?)?;
    let asks_move = asked.asks() && asked.words <= 20 && ASKS_MOVE.is_match(&asked.own) && day::names(&asked.own);
    if asked.speaker == sentence.speaker || !asks_move && !says_day(asked) {
        return None;
    }
    let made = recent.iter().rev().find(|made| made.at < asked.at).filter(near)?;
    can_move(speech, made, asked, recent).then_some((made.at, asked.at))
}

/// Whether the day in `said` can belong to the promise `made`, and to no other plan: no other plan with a day was
/// mentioned in between, by anyone. If lines of a third person are missing there, only a correction counts ("No, make
/// it Friday."), not what may be agreement with theirs ("Friday then.").
fn can_move(speech: &Speech, made: &Made, said: &Sentence, recent: &[Made]) -> bool {
    let corrects = CORRECTS.is_match(&said.own);
    if recent.iter().any(|other| other.at > made.at && other.at < said.at) {
        return false;
    }
    let has_gap = speech.turns[made.turn + 1..=said.turn].iter().any(|turn| turn.after_gap);
    let is_plan = |it: &Sentence| {
        let bare = owes::without_days(&it.own);
        let day = due::find(&it.text, NaiveDate::default()).and_then(|due| due.date);
        let other_day = bare.len() + 3 < it.own.len() && day.is_none_or(|day| made.day != Some(day));
        // "Wednesday would be better" is about the same plan.
        let of_it = MOVES.is_match(bare.as_ref()) || day::only_day(&it.own) || CORRECTS.is_match(&it.own);
        !it.asks() && !of_it && other_day && !day::is_goodbye(&it.own)
    };
    (!has_gap || corrects) && !speech.sentences[made.at + 1..said.at].iter().any(is_plan)
}

/// Whether the promise `new` replaces an earlier one.
fn replaces(speech: &Speech, new: &Made, made: &Made, recent: &[Made]) -> bool {
    if made.owner != new.owner {
        return false;
    }
    let sentence = &speech.sentences[new.at];
    let own = sentence.own.as_str();
    let is_last = recent.iter().rev().find(|it| it.owner == new.owner).is_some_and(|it| it.at == made.at);
    let shared = made.about.intersection(&new.about).filter(|word| !is_verb(&lemma(word).0)).count();
    if is_last && !sentence.goes_on {
        let corrects = CORRECTS.is_match(own);
        let beside = made.turn == new.turn && new.at - made.at <= 2;
        let near = new.turn - made.turn <= NEAR;
        let instead = own.contains("instead") && !own.contains("instead of");
        if corrects && (beside || near && shared > 0)
            || instead && near && (corrects || shared > 0 || own.contains("let me"))
        {
            return true;
        }
    }
    // The same promise again, with a day, or another day.
    let fewest = made.about.len().min(new.about.len());
    let same = made.about.intersection(&new.about).count();
    made.verb == new.verb
        && new.day.is_some()
        && made.day != new.day
        && shared > 0
        && same * 10 >= fewest * 7
        && !BESIDE.is_match(own)
}
