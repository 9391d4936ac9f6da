//! Which promise is taken back: the one that is named, refused or left for later, otherwise the last one that can be meant.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    super::{
        lemmas::{is_verb, lemma},
        owes,
        speech::{Sentence, Speech},
        wording::capital,
    },
    Made, NEAR, about,
    patterns::{CANNOT_AFTER_ALL, HAD_IN_MIND, ONLY_LATER, POINTS, WILL_NOT, WITHDRAWS},
};
use crate::model::Owner;

/// Whether "I'd rather not" refuses what was just asked for, and takes nothing back; "scrap that" is of what the other has
/// just asked after: "Could you leave that to Anders?".
pub(super) fn refuses(sentence: &Sentence, asked: &Sentence) -> bool {
    let own = sentence.own.as_str();
    let withdraws = own.contains("forget") || WITHDRAWS.is_match(own) && POINTS.is_match(&asked.own);
    asked.speaker != sentence.speaker
        && (owes::asks_for(&asked.own) || asked.asks() && own.contains("rather not"))
        && !withdraws
}

/// The promise that is taken back: the one it names, otherwise the last one that it can refer to.
pub(super) fn retracted<'m>(
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
pub(super) fn named_and_refused<'m>(own: &str, speaker: Owner, recent: &'m [Made]) -> Option<&'m Made> {
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

/// The promise of which the speaker says that it can't be kept: "Actually no, I can't ask Peter."
pub(super) fn cannot_after_all<'m>(own: &str, speaker: Owner, recent: &'m [Made]) -> Option<&'m Made> {
    let found = CANNOT_AFTER_ALL.captures(own)?;
    let deed = about(&found[1]);
    let named = about(&own[found.get(0)?.end()..]);
    let is_it = |made: &&Made| {
        made.owner == speaker && deed.is_subset(&made.about) && made.about.intersection(&named).count() > 0
    };
    recent.iter().rev().find(is_it)
}

/// The promise about `what` that `sentence` leaves for another month, whoever made it: it's a plan of the two. "Let's leave
/// Marcus until January" may be of "I'll invite him"; what it doesn't name stays.
pub(super) fn left<'m>(speech: &Speech, what: &str, sentence: &Sentence, recent: &'m [Made]) -> Option<&'m Made> {
    static WHOM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:he|she|him|her|them)\b").expect("a constant pattern"));
    let named = about(what);
    let of_it = recent.iter().rev().find(|made| made.about.intersection(&named).count() > 0);
    let is_somebody = what.split(' ').any(|word| sentence.text.contains(&capital(word)));
    let points = |made: &&Made| {
        let may_be = named.is_empty() || is_somebody && WHOM.is_match(&speech.sentences[made.at].own);
        may_be && sentence.turn - made.turn <= NEAR
    };
    of_it.or_else(|| recent.iter().rev().find(points))
}
