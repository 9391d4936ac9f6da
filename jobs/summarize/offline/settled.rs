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

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::LazyLock,
};

use chrono::NaiveDate;
use regex::Regex;

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

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {
        $($(#[$doc])* static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));)+
    };
}

patterns! {
    /// The speaker's own promise is taken back.
    RETRACTS = r"\b(?:forget (?:it|that|this|about (?:it|that|this)|what i(?: just)? said|i said (?:that|it|anything))|(?:let's|we can|i can|i'll|better|so|just|then) forget (?:about )?\w+|^forget (?:about )?\w+|(?:scratch|scrap|strike|drop|delete|cancel) (?:that|this|it)(?: one| idea| plan)?|never ?mind|(?:i )?take (?:that|it) back|changed my mind|on second thoughts?|(?:that|it)'s not (?:going to )?happen(?:ing)?|i won't (?:do|manage|make) (?:that|it|this)|i(?:'m| am) not (?:going to do|doing) (?:that|it|this)|(?:let's|let us|i'll|we'll|better|rather|i'd rather) (?:just )?(?:drop|skip|leave out|scrap|park|cut|cancel|not do|strike|cross out) (?:that|it|this|the \w+)|(?:that|it|this) off (?:the|my|your) list|(?:can't|cannot|shouldn't|don't want to) promise (?:that|it|this)|don't (?:hold me to|write) (?:that|it|this)|let me not\b|let me (?:think about|take) (?:that|it|this)|i'd rather not|^(?:(?:oh|well|hm+|honestly|actually|no|wait),? )+not (?:this|next|today|tonight|tomorrow|on|by|\w+day)\b|that's (?:too much|not realistic|unrealistic|never going to)|that won't (?:work|happen)|i don't think i(?:'ll| will| can) (?:do|manage|make|get) (?:that|it|this|to (?:that|it)))\b";
    /// Takes back a promise, rather than refusing what was just asked.
    WITHDRAWS = r"\b(?:(?:forget|scratch|scrap|strike|drop|delete|cancel) (?:about )?(?:that|this|it)|take (?:that|it|this) (?:back|off)|off (?:the|my|your) list|changed my mind|never ?mind|not going to happen)\b";
    /// What the speaker now won't do.
    WILL_NOT = r"\b(?:i|we)(?: won't| will not|'ll not|(?:'m| am|'re| are) not going to) (?:actually |now |even |just )?";
    /// "Then I won't send it."
    WONT = r"\bi (?:won't|will not) (\w+) (?:it|that|this|them|those)\b";
    /// It will be done, only later or differently.
    ONLY_LATER = r"\b(?:until|till|before|without|late|later|only|just|unless|forget|be able|all|again)\b";
    /// The other person releases the speaker from the promise.
    RELEASES = r"\b(?:let's|let us) (?:just )?(?:drop|skip|leave out|scrap|park|cut|cancel|not do|strike) (?:that|it|this|the \w+)|\byou (?:don't|do not) (?:have|need) to(?: do (?:that|it|this))?[.,!]|^(?:\w+,? )?(?:no need|don't bother|never ?mind|forget (?:it|that|about (?:it|that)))\b|\btake (?:that|it) off (?:the|your|my) list\b";
    /// Begins with a correction.
    CORRECTS = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|or|but)[,.…-]* )*(?:actually|no|nope|wait|sorry|hang on|hold on|hm+|scratch that|forget that|forget it|on second thoughts?|or rather|rather|or better|better|better still|i mean|you know what)\b[,;:.…–—-]*";
    /// Another day, and nothing else: "no, make it Friday"; the days are removed beforehand.
    MOVES = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|or|but|actually|no|nope|wait|sorry|hang on|hold on|hm+|let me (?:see|think)|on second thoughts?|scratch that|forget that|i mean|you know what|honestly|rather|better|yes)\b[,;:.…–—-]* ?)*(?:(?:let's |let me |can we |could we |shall we |i'd |we'd |please )?(?:better |rather )?(?:make|say|call|move|push|shift|change)(?: (?:it|that|this))?(?: to| for)?|not until|more like|rather|better|it(?:'ll| will| has to|'s going to) (?:be|have to be)|i need until|give me until|i'll need until|i'd rather|i'd say|i meant|i mean)?[ ,?]*(?:(?:is|would be|'s|will be|works|is probably|might be|sounds|feels) (?:\w+ )?(?:better|safer|fine|easier|realistic|more realistic|possible|best|good|enough)|instead|rather|then|for sure|at the latest|latest|please|i'd say|i promise|i think|to be safe|just to be safe|that's (?:safer|better|more realistic)|not)?[ .!?,]*$";
    /// Another hour or amount: "no, make it ten".
    MOVES_AMOUNT = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|hm+|and|or)[,;:.…–—-]* ?)*(?:actually|no|nope|wait|sorry|hang on|hold on|scratch that|on second thoughts?|or rather|rather|or better|better|i mean)\b[,;:.…–—-]* ?(?:let's |let me |better |rather )?(?:make|say|call) (?:it|that)(?: at| to| only| just)? (?:\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|half|noon|midnight|an? (?:hour|quarter|half)|once|twice|more|less|fewer)\b)";
    /// An intention taken back in the same sentence: it's about that one and no other promise.
    HAD_IN_MIND = r"\b(?:promised|planned|intended|meant|wanted|agreed|hoped|said|thought|was|were) (?:to|i'd|i would|i'll|about|of|going to)\b";
    /// Marks it as a correction.
    IS_MOVE = r"\b(?:actually|no|nope|wait|sorry|hang on|hold on|make|move|push|shift|change|say|better|rather|instead|not until|more like|until|meant|i mean|realistic|safer|scratch|second thoughts?|then)\b";
    /// The other person would prefer another day.
    ASKS_MOVE = r"\b(?:let's|shall we|can we|could we|should we|do you want to|would you rather|why don't we|shouldn't we) (?:rather |better |just )?(?:say|make (?:it|that)|move (?:it|that)|push (?:it|that)|do (?:it|that))\b";
    /// The day given doesn't work; the days are removed beforehand.
    NOT_THEN = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|but|actually|no|nope|wait|sorry|hang on|hold on|hm+)\b[,;:.…–—-]* ?)*(?:(?:i )?(?:can't|cannot|won't|couldn't|won't be able to|am not able to|'m not able to)(?: (?:do|make|manage|get to))?(?: (?:it|that|this))?(?: (?:then|on|by|until|before))?|not (?:this|next|on|by|before|today|tonight|tomorrow|\w+day)\b.{0,12})[.! ]*$";
    /// The other person asks whether it can be kept.
    IS_REALISTIC = r"\b(?:(?:yours|your (?:job|task|place|turn)|for you) to\b|(?:need|have|like|wish) to (?:do (?:that|it|this)|be (?:you|the one))|(?:that|it|this) (?:help|serve)s? you|realistic|doable|manageable|too (?:much|many|soon|ambitious)|sure|certain|will you really|do you really|will you manage|can you manage|in your hands|what you want|want to do that|are you up for)\b";
    /// And it cannot.
    SAYS_NO = r"^(?:(?:um+|uh+|oh|well|hm+|honestly|to be honest|actually|if i'm honest)[,.…-]* )*(?:no|nope|not really|probably not|i don't think so|i doubt it|maybe not|not (?:quite|entirely|honestly|at all))\b";
    SAYS_YES = r"^(?:(?:um+|uh+|oh|well|hm+)[,.…-]* )*(?:yes|yeah|yep|sure|okay|ok|fine|of course|absolutely|good|perfect|great|deal|agreed|works|that works|all right|alright|no problem)\b";
    /// Something is done, whatever it is.
    DONE = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|yes|and|there|there you go|there we go|right|hang on|one second|one moment|great|good|see)[,.!…-]* )*(?:(?:i(?:'ve| have)? |it(?:'s| is| has been) |that(?:'s| is| has been) |they're |all )?(?:just |now |already )*(?:done|did (?:it|that)|sent|booked|called|paid|signed|posted|shared|ordered|submitted|e-?mailed|forwarded|uploaded|cancelled|canceled|deleted|moved|blocked|set up|bought|texted|messaged|written|registered|invited)(?: (?:it|that|them|her|him))?(?: (?:off|over|now|just now|already|to you|for you|up|across|away|in the chat))*|(?:it|that|they)(?:'s| is|'re| are)? (?:just |now |already )*(?:in (?:your|the) (?:inbox|chat|calendar|mail|folder|diary)|on its way|out|gone|with (?:you|him|her|them)))[.!,…]*(?: (?:while we (?:were )?\w+|as we speak|just now|there))?[.!]*$";
    /// It was done at another time: a different, earlier deed.
    BEFORE_NOW = r"\b(?:last|yesterday|ago|earlier this|back in|when i|used to|once|at the time|before (?:we|the session|this)|since|in (?:january|february|march|april|may|june|july|august|september|october|november|december|\d{4})|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|this (?:morning|week|month|year)|the other day|first time)\b";
    /// It is done now.
    NOW = r"\b(?:just|now|already|while we|there)\b";
    /// Who did what.
    DID = r"\bi(?:'ve| have)?(?: (?:just|now|already|actually|even|also|finally))* (\w+)";
    /// The other person received it.
    RECEIVED = r"\b(?:it|that|your (?:mail|e-?mail|message|link|file|invite|invitation))(?:'s| has| is| just|'s just| has just)* (?:arrived|come through|came through|landed|here|in my (?:inbox|calendar))\b|\bi(?:'ve)? (?:just )?(?:received|see) (?:it|your \w+)\b|\bi just got (?:it|your \w+)\b|\bgot it (?:here|in my inbox|in the chat)\b";
    POINTS = r"\b(?:it|that|them|this|those|him|her)\b";
    /// It's in addition to the other, not in its place.
    BESIDE = r"\b(?:again|also|another|too|as well|second|both|next one)\b";
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

/// The last promise of `owner`, if `sentence` comes within so many turns of it.
fn last<'m>(recent: &'m [Made], sentence: &Sentence, owner: Owner, turns: usize) -> Option<&'m Made> {
    recent.iter().rev().find(|made| made.owner == owner).filter(|made| sentence.turn - made.turn <= turns)
}

/// Whether "I'd rather not" refuses what was just asked for, and takes nothing back; "scrap that" is of what the other has
/// just asked after: "Could you leave that to Anders?".
fn refuses(sentence: &Sentence, asked: &Sentence) -> bool {
    let own = sentence.own.as_str();
    let withdraws = own.contains("forget") || WITHDRAWS.is_match(own) && POINTS.is_match(&asked.own);
    asked.speaker != sentence.speaker
        && (owes::asks_for(&asked.own) || asked.asks() && own.contains("rather not"))
        && !withdraws
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

/// The promise that is taken back: the one it names, otherwise the last one that it can refer to.
fn retracted<'m>(
    own: &str,
    at: Range<usize>,
    owner: Owner,
    recent: &'m [Made],
    last: Option<&'m Made>,
) -> Option<&'m Made> {
    static NEXT_CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[,;.!…–—]|\b(?:because|since|it's|i|let|and|but|for now)\b").expect("a constant pattern")
    });
    let before = own.get(..at.start).unwrap_or_default();
    if let Some(mind) = HAD_IN_MIND.find(before) {
        let meant = about(&before[mind.end()..]);
        return recent.iter().rev().find(|made| made.owner == owner && made.about.intersection(&meant).count() > 0);
    }
    let rest = own.get(at.end..).unwrap_or_default();
    let clause = NEXT_CLAUSE.find(rest).map_or(rest, |next| &rest[..next.start()]);
    let named = about(clause);
    let named: BTreeSet<&String> =
        named.iter().filter(|word| !matches!(word.as_str(), "one" | "idea" | "plan" | "part" | "whole")).collect();
    if named.is_empty() {
        return last;
    }
    recent.iter().rev().find(|made| made.owner == owner && made.about.iter().any(|word| named.contains(word)))
}

/// The promise that the speaker now refuses in its very words: "I won't write to the team about the rota."
fn named_and_refused<'m>(own: &str, speaker: Owner, recent: &'m [Made]) -> Option<&'m Made> {
    let refused = WILL_NOT.find(own)?;
    let rest = &own[refused.end()..];
    let clause = rest.find([',', ';', '.', '!', '…', '–', '—']).map_or(rest, |end| &rest[..end]);
    if ONLY_LATER.is_match(clause) {
        return None;
    }
    let named = about(clause);
    let things = named.iter().filter(|word| !is_verb(&lemma(word).0)).count();
    let is_it = |made: &&Made| made.owner == speaker && things > 0 && named.is_subset(&made.about);
    recent.iter().rev().find(is_it)
}

/// The promise that `sentence` moves to another day, and the sentence that gives the day.
fn moves<'m>(speech: &Speech, sentence: &Sentence, recent: &'m [Made], speaker: Owner) -> Option<(usize, usize)> {
    let own = sentence.own.as_str();
    let near = |made: &&Made| sentence.turn - made.turn <= NEAR;
    let says_day = |it: &Sentence| {
        let bare = owes::without_days(&it.own);
        bare.len() + 3 < it.own.len() && it.words <= 12 && MOVES.is_match(bare.as_ref()) && IS_MOVE.is_match(&it.own)
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
        !it.asks() && !of_it && other_day
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
