//! Moments: passages that may matter, of which no rule is sure what they are. The coach reads them, and may move one to a
//! section; nothing of them is sent.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    super::{draft::DraftClaim, input::Speaker, kinds::SentenceKind},
    Writer, context, cues, day, owes, promise,
    rank::Candidate,
    score, sounds,
    speech::Sentence,
    wording::readable,
};
use crate::model::Section;

/// What a client says that a coach may want to keep, and what it's worth. Readers of counselling sessions missed plans,
/// insights and wins most.
const OF_CLIENT: [(SentenceKind, f32); 7] = [
    (SentenceKind::Decision, 1.1),
    (SentenceKind::Insight, 1.0),
    (SentenceKind::Did, 1.0),
    (SentenceKind::Difficulty, 0.9),
    (SentenceKind::Fear, 0.8),
    (SentenceKind::Refusal, 0.8),
    (SentenceKind::Wish, 0.8),
];
/// A sentence is considered if it's worth as much.
const LEAST: f32 = 0.6;
/// What was chosen for a section comes before what wasn't.
const OF_A_SECTION: f32 = 0.3;
/// What both agree to is worth more than what one says: it may be the plan.
const AGREED: f32 = 1.4;
/// A day or a form of advice makes a plan of it.
const PLANNED: f32 = 0.2;
/// The first part of a session, and what a sentence in it is worth less.
const FIRST: f32 = 0.1;
const SMALL_TALK: f32 = 0.3;
/// The last part of a session begins here, and a sentence in it is worth more.
const LAST: f32 = 0.7;
const AT_THE_END: f32 = 0.15;
/// Two moments are at most as alike.
const NEAREST: f32 = 0.45;
/// A shorter sentence says nothing by itself.
const SHORTEST: usize = 6;
/// A longer answer is more than assent.
const LONGEST_ASSENT: usize = 8;
/// A moment goes on with the next sentence up to this many words.
const LONGEST: usize = 50;
/// A longer question doesn't help the reader of its answer, and a longer proposal isn't one.
const LONGEST_ASKED: usize = 35;

/// A passage, and what it answers.
struct Moment {
    asked: Option<usize>,
    run: Range<usize>,
}

impl Writer<'_> {
    /// The moments, in the order of the session: of `unsure`, what was chosen for a section, and of what else may matter.
    pub(super) fn moments(&self, unsure: &[Range<usize>], taken: &mut BTreeSet<usize>) -> Vec<DraftClaim> {
        let is_unsure = |at: usize| unsure.iter().any(|run| run.start == at);
        let score = |at: usize| {
            let matters = if is_unsure(at) { LEAST.max(self.matters(at)) + OF_A_SECTION } else { self.matters(at) };
            let is_free = is_unsure(at) || !taken.contains(&at) && !self.is_told(at, taken);
            (is_free && matters >= LEAST && (is_unsure(at) || self.says_enough(at)) && self.is_moment(at))
                .then(|| matters + self.worth(at) + self.by_place(at))
        };
        let all = 0..self.speech.sentences.len();
        let candidates = all.filter_map(|at| Some(Candidate { sentence: at, score: score(at)? })).collect();
        let most = self.input.template.limit(Section::Moments);
        let mut chosen = self.ranking.choose(candidates, most, NEAREST);
        chosen.sort_unstable();
        let mut moments = Vec::new();
        for at in chosen {
            let moment = self.moment(at, unsure.iter().find(|run| run.start == at));
            let parts = moment.asked.into_iter().chain(moment.run.clone());
            // A sentence that a moment goes on with isn't one of its own.
            if moment.run.clone().any(|at| taken.contains(&at) && !is_unsure(at)) {
                continue;
            }
            taken.extend(parts);
            moments.push(self.told(&moment));
        }
        moments
    }

    /// A session begins with small talk and ends with what was made of it.
    fn by_place(&self, at: usize) -> f32 {
        match at as f32 / self.speech.sentences.len().max(1) as f32 {
            place if place < FIRST => -SMALL_TALK,
            place if place > LAST => AT_THE_END,
            _ => 0.0,
        }
    }

    /// What a sentence is worth, by its likely kind; more if it agrees to a proposal or names a day.
    fn matters(&self, at: usize) -> f32 {
        let sentence = &self.speech.sentences[at];
        let Some(known) = self.speech.kinds(at) else { return 0.0 };
        if self.agreed(at).is_some() {
            return AGREED;
        }
        let planned = if day::names(&sentence.own) { PLANNED } else { 0.0 };
        match sentence.speaker {
            Speaker::Client => OF_CLIENT.iter().map(|(kind, worth)| known.of(&[*kind]) * worth).sum::<f32>() + planned,
            _ if score::recommendation(sentence) > 0.0 => known.of(&[SentenceKind::Advice]) + PLANNED + planned,
            _ => known.of(&[SentenceKind::Advice]),
        }
    }

    /// Whether a claim says the same already: "Send Lena the draft by Friday" in the recap.
    fn is_told(&self, at: usize, taken: &BTreeSet<usize>) -> bool {
        let stems = &self.speech.sentences[at].stems;
        let same = |other: &usize| self.speech.sentences[*other].stems.intersection(stems).count();
        stems.len() >= 2 && taken.iter().any(|other| same(other) * 5 >= stems.len() * 3)
    }

    /// Whether a sentence says something by itself, or by what it agrees to.
    fn says_enough(&self, at: usize) -> bool {
        self.speech.sentences[at].words >= SHORTEST || self.agreed(at).is_some()
    }

    /// Whether a sentence can be a moment at all. An address or markup is nothing that somebody says to a coach, what
    /// begins with a dash goes on from elsewhere, and what another person said isn't the speaker's.
    fn is_moment(&self, at: usize) -> bool {
        let sentence = &self.speech.sentences[at];
        !sentence.asks()
            && !sentence.in_role
            && !sentence.text.contains(['@', '<', '/'])
            && !sentence.text.starts_with(['-', '\u{2013}', '\u{2014}', '\u{2026}'])
            && !sounds::without(&sentence.own).is_empty()
            && !cues::REPORTS.is_in(&sentence.own)
            && owes::answered(self.speech, at).is_none()
            && !self.settled.is_off(self.speech, at)
            && (self.agreed(at).is_some() || self.can_stand(&(at..at + 1)))
    }

    /// The proposal that the sentence at `at` agrees to: in the coach's words just before, with a deed or a day in it.
    fn agreed(&self, at: usize) -> Option<&Sentence> {
        static ASSENTS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:(?:um+|uh+|oh|well|mm+|ah|and|i think)[,. ]+)*(?:yes|yeah|yep|yup|okay|ok|sure|alright|all right|right|absolutely|definitely|of course|sounds (?:good|great|fine)|that (?:sounds|works|would (?:work|help|be))|i (?:can|could|will|would|guess i (?:can|could))(?: \w+)? (?:do|try) (?:that|it|this)|perfect|great|fine|i will|i would|i could|i'd like that|let's do)\b")
                .expect("a constant pattern")
        });
        static PROPOSES: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?:you'll|you will|you're going to|you are going to|you're gonna|you wanna|you want to|we'll|we will|we can|let's|how about|what if (?:you|we)|(?:would|will|could|can) (?:you|we)|are you (?:willing|ready|going|able|okay|comfortable)|i'd like (?:you|us|to see you)|i want you to|you (?:could|can|might|should)|your (?:goal|plan|first step|homework)|the (?:goal|plan)|come back|check (?:back|in)|appointment|follow up|(?:and |so |then |or )?(?:maybe|perhaps)|why don't you|shall we)\b")
                .expect("a constant pattern")
        });
        let sentence = &self.speech.sentences[at];
        if sentence.speaker != Speaker::Client || sentence.words > LONGEST_ASSENT || !ASSENTS.is_match(&sentence.own) {
            return None;
        }
        let turn = &self.speech.turns[sentence.turn].sentences;
        let before = self.speech.preceding(sentence.turn).filter(|_| turn.start == at)?;
        let proposes = |it: &&Sentence| {
            it.speaker == Speaker::Coach
                && !it.in_role
                && (SHORTEST..=LONGEST_ASKED).contains(&it.words)
                && PROPOSES.is_match(&it.own)
                && (promise::names_deed(&it.own) || day::names(&it.own))
        };
        // What was said last is what the answer is to.
        self.speech.sentences[before.sentences.clone()].iter().rev().take(2).find(proposes)
    }

    /// The sentence at `at` with what it needs: what it answers, what it refers back to, and the "but" that follows.
    fn moment(&self, at: usize, run: Option<&Range<usize>>) -> Moment {
        let sentences = &self.speech.sentences;
        let mut run = run.cloned().unwrap_or(at..at + 1);
        if let Some(proposal) = self.agreed(at) {
            return Moment { asked: Some(proposal.at), run };
        }
        let first = &sentences[run.start];
        let before = run.start.checked_sub(1).map(|before| &sentences[before]).filter(|it| it.turn == first.turn);
        if let Some(before) = before.filter(|it| it.words >= 3 && !it.asks() && !it.in_role)
            && (context::refers_back(first) || context::leans_back(first) || first.own.starts_with("but "))
            && before.words + first.words <= LONGEST
        {
            run.start -= 1;
        }
        let words = |run: &Range<usize>| sentences[run.clone()].iter().map(|it| it.words).sum::<usize>();
        while let Some(next) = sentences.get(run.end)
            && next.turn == first.turn
            && next.own.starts_with("but ")
            && !next.in_role
            && words(&run) + next.words <= LONGEST
        {
            run.end += 1;
        }
        let asks = |it: &&Sentence| {
            it.speaker != first.speaker && it.asks() && !it.in_role && (3..=LONGEST_ASKED).contains(&it.words)
        };
        Moment { asked: self.speech.answers(run.start).filter(asks).map(|it| it.at), run }
    }

    /// A moment in words: who said it, and to what.
    fn told(&self, moment: &Moment) -> DraftClaim {
        let sentences = &self.speech.sentences;
        let name = |it: &Sentence| match it.speaker {
            Speaker::Coach => self.input.coach_short(),
            _ => self.input.client_short(),
        };
        let asked = moment.asked.map(|at| &sentences[at]);
        let answering = asked.map(|it| {
            let verb = if it.asks() { "Asked" } else { "Told" };
            format!("{verb} \u{201c}{}\u{201d}, ", readable(&it.text))
        });
        let run = &sentences[moment.run.clone()];
        let said = run.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(" ");
        let text =
            format!("{}{} said: \u{201c}{}\u{201d}", answering.unwrap_or_default(), name(&run[0]), readable(&said));
        DraftClaim::new(Section::Moments, text, self.evidence(asked.into_iter().chain(run)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::Section,
        summarize::{offline::write, read_session},
    };

    fn moments(lines: &str) -> Vec<String> {
        let head = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n";
        let draft = write(&read_session(&format!("{head}{lines}")), None);
        draft.claims.into_iter().filter(|it| it.section == Section::Moments).map(|it| it.text).collect()
    }

    /// A yes says nothing without what it answers, and the coach's words alone don't say that it was agreed.
    #[test]
    fn what_was_agreed_is_shown_with_what_was_proposed() {
        let moments = moments(
            "Maya| So what if you write down two sentences before the board meets?\nPriya| Okay, I could do that.\n\
             Maya| And the office, is it warm?\nPriya| Yes.\n",
        );
        let agreed = "Asked \u{201c}What if you write down two sentences before the board meets?\u{201d}, Priya said:";
        assert!(moments.iter().any(|it| it.starts_with(agreed)), "{moments:?}");
        assert!(!moments.iter().any(|it| it.contains("warm")), "{moments:?}");
    }

    #[test]
    fn a_recap_of_what_is_claimed_is_no_moment_and_there_are_at_most_eight() {
        let recap = moments(
            "Maya| What will you do?\nPriya| I'll send the draft to Lena by Friday.\nMaya| Then say it once more.\n\
             Priya| Send Lena the draft by Friday, that is what I decided.\n",
        );
        assert!(!recap.iter().any(|it| it.contains("draft")), "{recap:?}");
        let line =
            |about: &str| format!("Maya| Go on.\nPriya| I finally told my {about} that I feel worried and sad.\n");
        let people =
            ["boss", "sister", "doctor", "neighbour", "teacher", "landlord", "deputy", "brother", "uncle", "aunt"];
        let many = moments(&people.map(line).concat());
        assert!((1..=8).contains(&many.len()), "{many:?}");
    }
}
