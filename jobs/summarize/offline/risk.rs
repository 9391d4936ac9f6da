//! Signs in a client's words that somebody should look soon.

use super::{
    super::input::Speaker,
    cues,
    score::{negation_before, not_done},
    speech::Speech,
};

/// What makes a client's sentence a sign of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Risk {
    Quitting,
    Distress,
    MissedPromise,
}

impl Risk {
    /// From 0 to 1.
    pub(super) fn weight(self) -> f32 {
        match self {
            Self::Quitting => 0.4,
            Self::Distress => 0.35,
            Self::MissedPromise => 0.15,
        }
    }

    /// Follows the client's name.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Quitting => "spoke of leaving or giving up",
            Self::Distress => "spoke of strain",
            Self::MissedPromise => "spoke of something not done",
        }
    }
}

/// The risk that a sentence is a sign of.
pub(super) fn risk(speech: &Speech, at: usize) -> Option<Risk> {
    let sentence = &speech.sentences[at];
    let own = &sentence.own;
    if sentence.speaker != Speaker::Client || sentence.in_role {
        return None;
    }
    if cues::REPORTS.is_in(own) || cues::HYPOTHETICAL.is_in(own) || cues::THIRD.is_in(own) || cues::NOT_HARD.is_in(own)
    {
        return None;
    }
    if cues::QUITTING.is_in(own) && !negation_before(own) {
        return Some(Risk::Quitting);
    }
    if cues::DISTRESS.is_in(own) && !own.contains("not exhausted") {
        return Some(Risk::Distress);
    }
    let missed =
        not_done(own) && (cues::WAS_DUE.is_in(&speech.around(at)) || cues::CHECKS.is_in(&speech.before(sentence.turn)));
    // "And did you look?" – "I did not." – "Wonderful!": what was promised was not to.
    let praised = cues::PRAISE.is_in(&speech.after(sentence.turn));
    (missed && !praised).then_some(Risk::MissedPromise)
}
