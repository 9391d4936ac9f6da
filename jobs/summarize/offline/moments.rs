//! Moments: passages that may matter, of which no rule is sure what they are. The coach reads them, and may move one to a
//! section; nothing of them is sent.

use std::{collections::BTreeSet, ops::Range};

use super::{
    super::{draft::DraftClaim, input::Speaker, kinds::SentenceKind},
    Writer, owes,
    rank::Candidate,
    sounds,
};
use crate::model::Section;

/// What a client says that a coach may want to keep.
const OF_CLIENT: [SentenceKind; 8] = [
    SentenceKind::Decision,
    SentenceKind::Assent,
    SentenceKind::Did,
    SentenceKind::Difficulty,
    SentenceKind::Insight,
    SentenceKind::Wish,
    SentenceKind::Fear,
    SentenceKind::Refusal,
];
/// A sentence is considered if it's as likely of one of these kinds.
const LEAST: f32 = 0.6;
/// What was chosen for a section comes before what wasn't.
const CHOSEN: f32 = 0.5;
/// What agrees to a proposal is worth more than a statement: it may be the plan.
const AGREED: f32 = 0.3;
/// Two moments are at most as alike.
const NEAREST: f32 = 0.55;
/// A shorter sentence says nothing by itself.
const SHORTEST: usize = 6;

impl Writer<'_> {
    /// The moments, in the order of the session: of `unsure`, what was chosen for a section, and of what else may matter.
    pub(super) fn moments(&self, unsure: Vec<Range<usize>>, taken: &mut BTreeSet<usize>) -> Vec<DraftClaim> {
        let of_runs = unsure
            .iter()
            .map(|run| Candidate { sentence: run.start, score: CHOSEN + LEAST.max(self.matters(run.start)) });
        let others = (0..self.speech.sentences.len()).filter(|at| !taken.contains(at) && self.is_moment(*at));
        let others = others.map(|at| Candidate { sentence: at, score: self.matters(at) + self.worth(at) });
        let candidates: Vec<Candidate> = of_runs.chain(others).collect();
        let most = self.input.template.limit(Section::Moments);
        let mut chosen = self.ranking.choose(candidates, most, NEAREST);
        chosen.sort_unstable();
        let run_of = |at: usize| unsure.iter().find(|run| run.start == at).cloned().unwrap_or(at..at + 1);
        chosen.into_iter().map(|at| self.claim(Section::Moments, run_of(at), taken)).collect()
    }

    /// How likely a sentence is of a kind that matters, and more if it agrees to a proposal.
    fn matters(&self, at: usize) -> f32 {
        let Some(known) = self.speech.kinds(at) else { return 0.0 };
        match self.speech.sentences[at].speaker {
            Speaker::Client if self.agrees(at) => known.of(&OF_CLIENT) + AGREED,
            Speaker::Client => known.of(&OF_CLIENT),
            _ => known.of(&[SentenceKind::Advice]),
        }
    }

    /// An address or markup is nothing that somebody says to a coach.
    fn is_moment(&self, at: usize) -> bool {
        let sentence = &self.speech.sentences[at];
        let says = (sentence.words >= SHORTEST || self.agrees(at)) && !sounds::without(&sentence.own).is_empty();
        says && !sentence.asks()
            && !sentence.text.contains(['@', '<', '/'])
            && !sentence.in_role
            && owes::answered(self.speech, at).is_none()
            && !self.settled.is_off(self.speech, at)
            && self.matters(at) >= LEAST
            && self.can_stand(&(at..at + 1))
    }

    /// Whether a sentence agrees to what was proposed in a question just before.
    fn agrees(&self, at: usize) -> bool {
        let is_assent = self.speech.kinds(at).is_some_and(|known| known.of(&[SentenceKind::Assent]) >= LEAST);
        is_assent && self.speech.answers(at).is_some_and(|asked| asked.asks() && asked.words >= SHORTEST)
    }
}
