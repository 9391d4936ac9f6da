//! How well a sentence fits what is difficult for the client.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    super::kinds::SentenceKind,
    cues,
    score::{self, ENOUGH},
    speech::Speech,
};

pub(super) fn challenges(speech: &Speech, at: usize) -> f32 {
    let sentence = &speech.sentences[at];
    let cued = cued_challenges(speech, at);
    // What is praised isn't what is difficult.
    let praised = cued < ENOUGH && cues::PRAISE.is_in(&speech.after(sentence.turn));
    if cues::DROPPED.is_in(&sentence.own) || praised {
        return 0.0;
    }
    score::by_kind(speech, at, &[SentenceKind::Difficulty, SentenceKind::Fear], cued)
}

/// What the cues of a difficulty say, whatever kind of sentence it is.
pub(super) fn cued_challenges(speech: &Speech, at: usize) -> f32 {
    let sentence = &speech.sentences[at];
    // Someone who is late was stuck, but isn't troubled.
    static LATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bstuck (?:on|in|at|behind) (?:the |an? |some |my |this )?(?:[\w-]+ )?(?:road|roads|motorway|highway|freeway|traffic|jam|train|tram|bus|tube|lift|elevator|queue|airport|roadworks|station|[ma]\d+|snow|rain|customs|junction|bridge|tunnel|call|meeting|lorry|tractor)\b")
            .expect("a constant pattern")
    });
    let own = &LATE.replace_all(&sentence.own, "late").into_owned();
    let before = speech.before(sentence.turn);
    let turn = speech.around(at);
    let mut score = 0.0;
    if cues::HARD.is_in(own) && !cues::NOT_HARD.is_in(own) {
        // "A little sad, but also three hours back" ends well.
        let ends_well = own.rsplit_once(" but ").is_some_and(|(_, end)| !cues::HARD.is_in(end));
        // A long sentence that doesn't mention the speaker explains something.
        let explains = sentence.words > 12 && !cues::OF_SELF.is_in(own);
        score += if ends_well || explains { 0.6 } else { 0.9 };
    } else if cues::CANNOT.is_in(own) {
        score += 0.9;
    }
    if score::not_done(own) {
        score += 0.5;
        if cues::WAS_DUE.is_in(&turn) || cues::CHECKS.is_in(&before) {
            score += 0.5;
        }
    }
    if score == 0.0 && cues::ASKS_HARD.is_in(&before) && score::answers_first(speech, at) && !cues::NOT_HARD.is_in(own)
    {
        score = 0.5;
    }
    if score == 0.0 {
        return 0.0;
    }
    if cues::ASKS_HARD.is_in(&before) {
        score += 0.5;
    }
    if cues::ASKS_WINS.is_in(&before) || cues::PRAISE.is_in(&speech.after(sentence.turn)) {
        score -= 0.4;
    }
    if told_with_joy(speech, at) {
        score -= 0.4;
    }
    if cues::HYPOTHETICAL.is_in(own) || cues::WILL.is_in(own) {
        score *= 0.7;
    }
    if cues::REPORTS.is_in(own) || cues::THIRD_HARD.is_in(own) {
        score *= 0.6;
    } else if cues::THIRD.is_in(own) {
        score *= 0.8;
    }
    score
}

/// Whether the turn begins with an exclamation about the speaker that isn't a complaint: "I was at the wheel again!
/// Nine were terrible."
fn told_with_joy(speech: &Speech, at: usize) -> bool {
    let complains = |own: &str| [&cues::HARD, &cues::CANNOT, &cues::NOT_DONE].iter().any(|cue| cue.is_in(own));
    let turn = speech.turns[speech.sentences[at].turn].sentences.start..at;
    let mut before = speech.sentences[turn].iter();
    before.any(|it| it.text.trim_end().ends_with('!') && cues::OF_SELF.is_in(&it.own) && !complains(&it.own))
}
