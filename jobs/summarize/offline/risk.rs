//! Signs in a client's words that someone should look soon.

use std::sync::LazyLock;

use regex::Regex;

use super::{super::input::Speaker, cues, score::negation_before, speech::Speech};

/// Why a client's sentence is a sign of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Risk {
    Quitting,
    Distress,
}

impl Risk {
    /// From 0 to 1.
    pub(super) fn weight(self) -> f32 {
        match self {
            Self::Quitting => 0.4,
            Self::Distress => 0.35,
        }
    }

    /// Follows "Priya spoke of".
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Quitting => "leaving or giving up",
            Self::Distress => "strain",
        }
    }
}

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
    if cues::QUITTING.is_in(own) && !negation_before(own) && !of_a_habit(own) {
        return Some(Risk::Quitting);
    }
    let strained = cues::DISTRESS.is_in(own) && !own.contains("not exhausted") && !is_of_another(&sentence.text, own);
    strained.then_some(Risk::Distress)
}

/// Whether what is given up is a habit: "That's the longest I quit", "I want to quit smoking".
fn of_a_habit(own: &str) -> bool {
    static HABIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:longest|last time|first time|before|after|since|when|if|once|until) i quit\b|\bquit(?:ting)? (?:smoking|drinking|vaping|alcohol|sugar|coffee|weed|drugs|cigarettes|tobacco|gambling|it|them|cold turkey|altogether)\b|\bgiv(?:e|ing) up (?:smoking|drinking|vaping|alcohol|sugar|coffee|weed|drugs|cigarettes|tobacco|gambling|meat|bread|sweets|chocolate)\b")
            .expect("a constant pattern")
    });
    HABIT.is_match(own)
}

/// Whether the strain is someone else's: "I used it with Priti, and she cried", "Priti cried", "my boss is burnt out".
fn is_of_another(text: &str, own: &str) -> bool {
    static WHO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:(?P<self>i|i'm|i've|i'd|i'll|we|we're|we've|me|us|myself)|he|she|they|he's|she's|they're|everybody|everyone|people|you|(?:my|his|her|our|their|the) (?:\w+ )?(?:brother|sister|mum|mom|mother|dad|father|parents|wife|husband|partner|son|daughter|kids?|child|children|boss|manager|ceo|team|staff|people|colleagues?|friends?|client|customer|deputy|assistant|neighbou?r|boy|girl|baby)(?:'s)?)\b")
            .expect("a constant pattern")
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?P<name>\p{Lu}\p{Ll}+)(?:['\u{2019}]s| is| was| has| had| nearly| almost| just| even| really| totally| completely| felt| feels| looks| looked| got| been)* (?:burn(?:ed|t|ing)? out|panic\w*|crying|cried|hopeless|depress\w*|exhausted|desperate|breaking down|broke down|at (?:his|her|their) limit|overwhelmed|falling apart|on sick leave|in tears)\b")
            .expect("a constant pattern")
    });
    let Some(cue) = cues::DISTRESS.place(own) else { return false };
    // "I've been putting it off because Philip panics": the name right before it is nearer than "I".
    let is_named = NAMED.captures_iter(text).any(|found| {
        !matches!(
            &found["name"],
            "Honestly"
                | "Just"
                | "Really"
                | "Totally"
                | "Completely"
                | "Still"
                | "So"
                | "Always"
                | "Quite"
                | "Pretty"
                | "Very"
                | "Rather"
                | "Utterly"
                | "Frankly"
                | "Kind"
                | "Been"
                | "Got"
                | "Felt"
                | "Was"
        )
    });
    let who = WHO.captures_iter(&own[..cue]).last();
    is_named || who.is_some_and(|who| who.name("self").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::read_session;

    #[test]
    fn who_gives_up_a_habit_is_not_leaving() {
        let found = |words: &str| {
            let head = "date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n";
            risk(&Speech::new(&read_session(&format!("{head}Priya| {words}\n"))), 0)
        };
        assert_eq!(found("I'm going to quit, I've had enough of this job."), Some(Risk::Quitting));
        for words in [
            "I've been putting it off because Philip panics.",
            "That's the longest I quit.",
            "I want to quit smoking before the summer.",
            "I'm giving up sugar.",
        ] {
            assert_eq!(found(words), None, "{words}");
        }
    }
}
