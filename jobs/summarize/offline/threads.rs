//! What became of what earlier sessions left to do, as far as this one says so: a sentence about the same thing that
//! tells that it is done, or that it is not. Of a thing that nobody speaks of, nothing is written here.

use std::collections::BTreeSet;

use super::{
    super::{
        draft::DraftClaim,
        due,
        input::{OpenThread, SessionForClient},
        text,
    },
    cues,
    speech::{Sentence, Speech},
    stems,
};
use crate::model::Section;

/// A sentence is about a thread when it has at least this part of the thread's content words, and two of them.
const ENOUGH: f32 = 0.4;

/// A claim for each open thread that is spoken of.
pub(super) fn outcomes(input: &SessionForClient, speech: &Speech) -> Vec<DraftClaim> {
    let claim = |(number, thread): (usize, &OpenThread)| {
        let (sentence, met) = outcome(input, speech, thread)?;
        Some(DraftClaim {
            thread: Some(number),
            met: Some(met),
            ..DraftClaim::new(Section::OpenThreads, thread.text.clone(), sentence.evidence.clone())
        })
    };
    input.threads.iter().enumerate().filter_map(claim).collect()
}

/// The last sentence about the thread that says what became of it: people tell how it went, and then how it ended.
fn outcome<'s>(input: &SessionForClient, speech: &'s Speech, thread: &OpenThread) -> Option<(&'s Sentence, bool)> {
    let wanted = content(input, &thread.text, thread);
    if wanted.len() < 2 {
        return None;
    }
    speech.sentences.iter().rev().filter(|it| !it.in_role && !it.asks()).find_map(|sentence| {
        let shared = wanted.intersection(&sentence.stems).count();
        // A count of words: far below what a float holds.
        #[allow(clippy::cast_precision_loss)]
        let about = shared >= 2 && shared as f32 >= ENOUGH * wanted.len() as f32;
        let answers = sentence.words >= 2 && answers_about(speech, sentence, &wanted);
        if about || answers { said(sentence).map(|met| (sentence, met)) } else { None }
    })
}

/// Whether the sentence answers a question of the coach about the thread: "Did you send Lena the numbers?" – "I did."
fn answers_about(speech: &Speech, sentence: &Sentence, wanted: &BTreeSet<String>) -> bool {
    let turn = &speech.turns[sentence.turn];
    let Some(before) = sentence.turn.checked_sub(1).map(|before| &speech.turns[before]) else { return false };
    let asked = speech.sentences[before.sentences.clone()].last();
    turn.sentences.start == sentence.at
        && turn.speaker != before.speaker
        && asked.is_some_and(|asked| asked.asks() && asked.stems.intersection(wanted).count() >= 2)
}

/// Whether a sentence says that something was done, or was not; none where it says neither.
fn said(sentence: &Sentence) -> Option<bool> {
    let own = sentence.own.as_str();
    if cues::NOT_DONE.is_in(own) || cues::STILL_OPEN.is_in(own) {
        return Some(false);
    }
    let speaks_of_later = cues::WILL.is_in(own) || cues::HYPOTHETICAL.is_in(own) || cues::MODAL.is_in(own);
    let done =
        cues::ACHIEVED.is_in(own) || cues::DID.is_in(own) || cues::MOVED.is_in(own) || cues::IT_IS_DONE.is_in(own);
    ((done || cues::YES_I_DID.is_in(own)) && !speaks_of_later).then_some(true)
}

/// The content words of a thread: of what it quotes, else of its sentence, without the names of the two and the words of
/// its date.
fn content(input: &SessionForClient, said: &str, thread: &OpenThread) -> BTreeSet<String> {
    let quoted = said.split_once('\u{201c}').and_then(|(_, rest)| rest.rsplit_once('\u{201d}')).map_or(said, |it| it.0);
    let mut stems = stems::stems(quoted);
    let without = [input.client.as_str(), input.coach.as_str()].map(str::to_owned);
    let due = due::find(quoted, thread.session_date).map(|due| due.words);
    for words in without.iter().chain(&due) {
        for stem in stems::stems(words) {
            stems.remove(&stem);
        }
        for word in text::words(words) {
            stems.remove(&word.normal);
        }
    }
    stems
}
