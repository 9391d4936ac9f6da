//! Reasons to doubt a claim that are in the very words it cites: they deny it, take it back, mean the opposite, are
//! about someone else, or were said in a role. Applies to drafts of language models and to our own. English cues only:
//! words in another language raise no doubt.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{
    super::{
        input::{SessionForClient, Speaker},
        kinds::{self, SentenceKind},
    },
    cues, owes, promise, role_play, score,
    settled::Settled,
    speech::{Sentence, Speech},
    stems, thread_outcomes,
};
use crate::model::{Claim, Evidence, Owner, Section};
use crate::text;

/// Checks claims of a session against the sentences that they cite.
#[derive(Debug)]
pub(in crate::summarize) struct Doubts<'a> {
    input: &'a SessionForClient,
    speech: Speech,
    settled: Settled,
    /// By line: the parts of sentences in it, in normal form, each with the index of its sentence.
    parts: HashMap<usize, Vec<(String, usize)>>,
}

/// Why the cited words don't support a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// They say that it isn't so, was almost so, or would be so.
    Denied,
    /// The plan was dropped later, or was carried out before the session ended.
    TakenBack,
    /// They are sarcasm.
    NotMeant,
    /// They are about someone else.
    OfAnother,
    /// They were said in a role.
    InRole,
    /// They were said to someone other than coach and client.
    ToAnother,
    /// They are less certain than the claim.
    Unsure,
    /// They are surely something else than what the section is for: a habit, a fear, a question.
    OfAnotherKind,
}

/// What is surely of one of these kinds is neither a win nor an action item, …
const NEITHER: [SentenceKind; 6] = [
    SentenceKind::Wish,
    SentenceKind::Habit,
    SentenceKind::Fear,
    SentenceKind::Refusal,
    SentenceKind::Hypothetical,
    SentenceKind::Difficulty,
];
/// … and of these or those, no win.
const NO_WIN: [SentenceKind; 3] = [SentenceKind::Decision, SentenceKind::Question, SentenceKind::Talk];
/// How sure that must be: the words of a claim may say more than one thing.
const SURELY: f32 = 0.9;

impl<'a> Doubts<'a> {
    pub(in crate::summarize) fn new(input: &'a SessionForClient) -> Self {
        let mut speech = Speech::new(input);
        role_play::mark(&mut speech, &input.coach);
        let settled = Settled::new(&speech);
        let mut parts: HashMap<usize, Vec<(String, usize)>> = HashMap::new();
        for sentence in speech.sentences.iter().filter(|it| it.words > 0) {
            for part in &sentence.evidence {
                parts.entry(part.utterance).or_default().push((text::normalize(&part.quote), sentence.at));
            }
        }
        Self { input, speech, settled, parts }
    }

    /// Whether the session is in English.
    pub(in crate::summarize) fn is_english(&self) -> bool {
        self.speech.is_english()
    }

    /// The reason to doubt a claim of `section` with this text that cites `evidence`: one that applies to every
    /// sentence it cites.
    pub(in crate::summarize) fn against<'e>(
        &self,
        section: Section,
        claim: &str,
        evidence: impl Iterator<Item = &'e Evidence>,
    ) -> Option<Doubt> {
        let cited: Vec<&Sentence> = evidence.flat_map(|evidence| self.cited(evidence)).collect();
        if section == Section::ActionItems && !denies(claim) && self.is_of_what_is_off(claim, &cited) {
            return Some(Doubt::TakenBack);
        }
        // "No." next to "I did not send it." adds nothing.
        let telling = cited.iter().filter(|it| !it.asks() && it.words >= 3);
        let mut doubts = telling.map(|it| self.doubt(section, claim, it));
        let first = doubts.next()?;
        doubts.all(|doubt| doubt.is_some()).then_some(first).flatten()
    }

    /// Whether a claim is about an undertaking that is off. A quote may cover one that is still on and one that isn't:
    /// what counts is the one whose words the claim has.
    fn is_of_what_is_off(&self, claim: &str, cited: &[&Sentence]) -> bool {
        let (off, rest): (Vec<&Sentence>, Vec<&Sentence>) =
            cited.iter().partition(|it| self.settled.is_off(&self.speech, it.at));
        let stand: Vec<&Sentence> =
            rest.into_iter().filter(|it| promise::promise(&self.speech, it.at) >= score::ENOUGH).collect();
        let told = stems::stems(claim);
        let only_off = |stem: &String| told.contains(stem) && !stand.iter().any(|it| it.stems.contains(stem));
        !off.is_empty() && (stand.is_empty() || off.iter().any(|it| it.stems.iter().any(only_off)))
    }

    /// The sentences that a quote overlaps.
    fn cited(&self, evidence: &Evidence) -> impl Iterator<Item = &Sentence> {
        let line = self.input.utterances.iter().find(|line| line.id == evidence.utterance_id);
        let quote = text::normalize(&evidence.quote);
        let parts = line.and_then(|line| self.parts.get(&line.index)).into_iter().flatten();
        let touched = parts.filter(move |(part, _)| part.contains(&quote) || quote.contains(part.as_str()));
        touched.map(|(_, at)| &self.speech.sentences[*at])
    }

    /// A claim for each open thread that `claims` don't mention but something that was said does.
    pub(in crate::summarize) fn outcomes(&self, claims: &[Claim]) -> Vec<Claim> {
        thread_outcomes::outcomes(self.input, &self.speech, claims)
    }

    /// Whether the cited words only express an intention, and promise nothing.
    pub(in crate::summarize) fn is_intention<'e>(&self, evidence: impl Iterator<Item = &'e Evidence>) -> bool {
        let mut undertakes = evidence.flat_map(|it| self.cited(it)).filter(|it| cues::WILL.is_in(&it.own)).peekable();
        undertakes.peek().is_some() && undertakes.all(|it| owes::is_hedged(&it.own))
    }

    /// Everyone who can owe something by the cited words; empty if no rule says so.
    pub(in crate::summarize) fn owners<'e>(&self, evidence: impl Iterator<Item = &'e Evidence>) -> Vec<Owner> {
        let mut all = Vec::new();
        for owner in evidence.flat_map(|it| self.cited(it)).flat_map(|it| owes::owners(&self.speech, it.at)) {
            if !all.contains(&owner) {
                all.push(owner);
            }
        }
        all
    }

    fn doubt(&self, section: Section, claim: &str, cited: &Sentence) -> Option<Doubt> {
        let own = cited.own.as_str();
        if cited.aside {
            return Some(Doubt::ToAnother);
        }
        if cited.in_role {
            return Some(Doubt::InRole);
        }
        match section {
            Section::Wins if cues::SARCASM.is_in(own) => Some(Doubt::NotMeant),
            Section::Wins if cues::TELLS_OF_ANOTHER.is_in(own) => Some(Doubt::OfAnother),
            Section::Wins if !denies(claim) && score::is_no_win(own) => Some(Doubt::Denied),
            Section::Wins if is_wish(own) => Some(Doubt::Unsure),
            Section::Wins | Section::ActionItems if owes::is_hedged(own) && !is_unsure(claim) => Some(Doubt::Unsure),
            Section::ActionItems if cues::TELLS_OF_ANOTHER.is_in(own) => Some(Doubt::OfAnother),
            Section::ActionItems if !denies(claim) && score::is_no_undertaking(own) => Some(Doubt::Denied),
            Section::Wins if self.is_surely_not(cited, &NO_WIN) => Some(Doubt::OfAnotherKind),
            Section::ActionItems if self.is_surely_not(cited, &[SentenceKind::Told]) => Some(Doubt::OfAnotherKind),
            _ => None,
        }
    }

    /// Whether what the client says is surely of a kind that is neither a win nor an action item, or of `others`.
    fn is_surely_not(&self, cited: &Sentence, others: &[SentenceKind]) -> bool {
        let by_client = cited.speaker == Speaker::Client;
        let of = |known: kinds::Kinds| known.of(&NEITHER) + known.of(others);
        by_client && self.speech.kinds_by_words(cited.at).is_some_and(|known| of(known) >= SURELY)
    }
}

/// Whether the claim itself says that something is uncertain.
fn is_unsure(claim: &str) -> bool {
    static UNSURE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:thinks?|thought|guess\w*|suppos\w*|believ\w*|reckon\w*|expect\w*|hop(?:e|es|ed|ing)|hopefully|may|might|maybe|perhaps|probably|possibly|likely|unsure|uncertain|not (?:yet )?(?:sure|certain|promised)|consider\w*|intend\w*|means? to|wants? to|plans? to|would like|sort of|kind of|seems?)\b")
            .expect("a constant pattern")
    });
    UNSURE.is_match(claim)
}

/// Whether a sentence says what somebody wants: nothing has been achieved by that.
fn is_wish(own: &str) -> bool {
    static WISH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:um+|uh+|oh|and|but|so|well|yeah|yes|also|then|now|okay)[,. ]+)*(?:i|we)(?:(?: (?:just|really|still|do|only|also))* (?:want|wanna|wish|hope|need)\b|(?:'d| would) (?:really |just |also )?(?:like|love|want) to\b)")
            .expect("a constant pattern")
    });
    WISH.is_match(own)
}

/// Whether the claim itself denies something: cited words that deny then support it.
fn denies(claim: &str) -> bool {
    static DENIAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:not|no|never|nobody|nothing|none|without|stop\w*|avoid\w*|refus\w*|declin\w*|almost|nearly|would|if|\w+n['’]t|won['’]t)\b")
            .expect("a constant pattern")
    });
    DENIAL.is_match(claim)
}

#[cfg(test)]
mod tests {
    use super::is_wish;

    #[test]
    fn a_wish_is_no_win() {
        for own in [
            "i want to be ready.",
            "and i'd really like to run again.",
            "we just hope that it holds.",
            "i would love to stay.",
        ] {
            assert!(is_wish(own), "{own}");
        }
        for own in
            ["i told him that i want to go.", "i like to run.", "i wanted to stop, and i stopped.", "i'd run before."]
        {
            assert!(!is_wish(own), "{own}");
        }
    }
}
