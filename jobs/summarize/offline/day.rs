//! When a promise is due: stated in the sentence itself, in the sentence before or after, or by either person in the
//! turns that follow.
//!
//! ```text
//! I'll write to her by Thursday.
//! I'll write to her. By Thursday, I'd say.
//! I'll write to her. – When? – On Thursday.
//! I'll write to her. – By Thursday? – Yes.
//! I'll write to her. Is tomorrow soon enough? – Tomorrow is great.
//! I'll write to her by Thursday. – No, make it Friday.        Friday (`settled`)
//! ```

use std::sync::LazyLock;

use chrono::NaiveDate;
use debrief_transcript::words;
use regex::Regex;

use super::{
    super::due::{self, Due},
    cues, owes, score,
    settled::{PromiseOutcome, Settled},
    speech::{Sentence, Speech},
};

/// The due date of the undertaking at `at`, and the sentence that states it.
pub(super) fn due<'s>(speech: &'s Speech, settled: &Settled, at: usize, day: NaiveDate) -> Option<(Due, &'s Sentence)> {
    let sentences = &speech.sentences;
    let sentence = &sentences[at];
    let find = |it: &'s Sentence| Some((due::find(&it.text, day)?, it));
    if let Some(PromiseOutcome::Moved(to)) = settled.outcome(at) {
        return find(&sentences[to]);
    }
    let turn = speech.turns[sentence.turn].sentences.clone();
    if let Some(answered) = owes::answered(speech, at) {
        // "Sure. By Friday."
        let next = sentences[at + 1..turn.end].first().filter(|next| next.words <= 4);
        let later = owes::confirms(speech, at);
        return std::iter::once(sentence).chain(next).chain(later).chain([answered.asked]).find_map(find);
    }
    let more = sentences[at + 1..(at + 3).min(turn.end)].iter().filter(|next| says_more(speech, next.at, at));
    let said = std::iter::once(sentence).chain(more).find_map(find);
    // "This week" is made precise in the answer to "when this week?".
    let is_wide = |(due, _): &(Due, &Sentence)| WIDE.is_match(&due.words.to_lowercase());
    let later = || answered(speech, at).or_else(|| offered(speech, at));
    let answer = if said.as_ref().is_none_or(is_wide) { later().and_then(find) } else { None };
    // "The board meets on Thursday. I'll send it by then."
    let before = at.checked_sub(1).filter(|it| turn.contains(it) && sentence.own.contains("by then"));
    answer.or(said).or_else(|| before.and_then(|it| find(&sentences[it])))
}

/// Vague dates that a more precise one may replace.
static WIDE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:week|month|weekend|fortnight|quarter|year)\b").expect("a constant pattern"));

/// Whether the due date of the undertaking at `at` is stated after it, and not in it.
pub(super) fn follows(speech: &Speech, at: usize) -> bool {
    let turn = &speech.turns[speech.sentences[at].turn].sentences;
    let next = speech.sentences[at + 1..turn.end].first();
    next.is_some_and(|it| only_day(&it.own)) || answered(speech, at).is_some_and(|it| names(&it.own))
}

/// Whether the sentence at `next` adds to the undertaking at `at`.
fn says_more(speech: &Speech, next: usize, at: usize) -> bool {
    score::goes_on_from(speech, next) == Some(at) || (next == at + 1 && only_day(&speech.sentences[next].own))
}

/// The sentence that states the day in the turns after an undertaking that ends its turn: "when?" – "on Monday"; "good"
/// – "by Monday, I'd say"; "by Monday?" – "yes".
fn answered(speech: &Speech, at: usize) -> Option<&Sentence> {
    let (sentences, sentence) = (&speech.sentences, &speech.sentences[at]);
    if speech.turns[sentence.turn].sentences.end != at + 1 {
        return None;
    }
    let reply = speech.following(sentence.turn)?.sentences.clone();
    let answer = sentences.get(speech.following(sentence.turn + 1)?.sentences.start)?;
    let asked = sentences[reply.clone()].last()?;
    // An answer that makes a promise has a day of its own.
    if answer.speaker != sentence.speaker || cues::WILL.is_in(&answer.own) {
        return None;
    }
    if asked.asks() && only_day(&asked.own.replace('?', "")) && owes::is_yes(&answer.own) {
        return Some(asked);
    }
    let is_brief = sentences[reply].iter().map(|it| it.words).sum::<usize>() <= 4;
    // "By when will the drawers be empty?" asks about something else.
    let of_it = asked.stems.is_empty() || !asked.stems.is_disjoint(&sentence.stems) || asked.words <= 4;
    let asks_when = of_it && speech.after(sentence.turn).contains("when");
    (asks_when || is_brief && only_day(&answer.own)).then_some(answer)
}

/// The sentence that states the day which the speaker offers in the same breath, and the other person takes: "I'll send
/// it. Is tomorrow early enough?" – "Tomorrow is great."
fn offered(speech: &Speech, at: usize) -> Option<&Sentence> {
    static OFFERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:early|soon|good) enough|\b(?:is|would|does|will) .{1,30}\b(?:okay|ok|fine|work|all right|alright|do)\b")
            .expect("a constant pattern")
    });
    let (sentences, sentence) = (&speech.sentences, &speech.sentences[at]);
    let asked = sentences.get(at + 1).filter(|it| it.turn == sentence.turn && it.asks() && OFFERS.is_match(&it.own))?;
    let answer = sentences.get(speech.following(sentence.turn)?.sentences.start)?;
    if answer.speaker == sentence.speaker || !names(&asked.own) {
        return None;
    }
    match () {
        () if names(&answer.own) => Some(answer),
        () if owes::is_yes(&answer.own) => Some(asked),
        () => None,
    }
}

/// Whether a due date is mentioned.
pub(super) fn names(own: &str) -> bool {
    // It doesn't matter which day it is, only that it's one.
    due::find(own, NaiveDate::default()).is_some()
}

/// Whether a sentence names the day of the next session, and no promise's: "Until the fifth, then."
pub(super) fn is_goodbye(own: &str) -> bool {
    static GOODBYE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|yes|good|great|right|and|then)[,. ]+)*(?:until|till|see you)\b",
        )
        .expect("a constant pattern")
    });
    GOODBYE.is_match(own)
}

/// Whether a sentence is little more than a day: "By Thursday, I'd say."
pub(super) fn only_day(own: &str) -> bool {
    if is_goodbye(own) {
        return false;
    }
    static REST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|yes|and|let's|say|make it|that's|probably|maybe|at the latest|at|the|latest|definitely|for sure|for certain|or so|i'd|i would|i think|i guess|i promise|i hope|then|first thing|early|late|before|lunch|noon|end of (?:the )?day|is fine|is good|works|would be (?:good|fine)|should work|already|by|on|sometime|some time|during|no later|if possible|sharp|it will be|it is|it's|done|due|that will be)[,. ]*)*$")
            .expect("a constant pattern")
    });
    let bare = owes::without_days(own);
    bare.len() + 3 < own.len() && words::count(&bare) <= 5 && REST.is_match(&bare)
}
