//! Whether a sentence that a person typed is still supported by its evidence. Pure, by rule, and strict: its words must
//! have been verified before, or said, in the original order, and who did it must stay the same, like any negation or
//! doubt. Anything else may be true, but we can't find it in the transcript.

use std::collections::BTreeSet;

use super::{facts, verify::check_words};
use crate::model::{Claim, Section};
use crate::text::{self, fold, name_words};

/// Words that can be dropped without changing the meaning.
const NEUTRAL: [&str; 10] = ["a", "an", "the", "that", "this", "these", "those", "and", "s", "own"];
/// Words that say how certain something is, to what degree, or according to whom: dropping one changes the meaning.
#[rustfmt::skip]
const MOOD: [&str; 59] = [
    "will", "wont", "would", "wouldnt", "could", "couldnt", "can", "cant", "cannot", "might", "may", "must", "should",
    "shouldnt", "shall", "ought", "if", "unless", "maybe", "perhaps", "possibly", "probably", "almost", "nearly", "barely",
    "hardly", "want", "wants", "wanted", "hope", "hopes", "hoped", "plan", "plans", "planned", "try",
    "tries", "tried", "trying", "intend", "intends", "think", "thinks", "thought", "believe", "guess", "wish", "wishes",
    "going", "need", "needs", "said", "says", "told", "asked", "heard", "according", "supposed", "instead",
];
const CLIENT: &str = "\u{a7}client";
const COACH: &str = "\u{a7}coach";
const OTHERS: [&str; 3] = ["\u{a7}he", "\u{a7}she", "\u{a7}they"];

/// The two people whom a claim is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The client's full name.
    pub(crate) client: &'a str,
    /// The coach's full name.
    pub(crate) coach: &'a str,
}

/// Who speaks in a text: determines who its `I` and `you` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Client,
    /// The coach, to the client: claims are also written like this.
    Coach,
}

impl Names<'_> {
    /// Whether `words`, in place of a claim's own, are still supported by its evidence.
    pub(crate) fn hold(self, claim: &Claim, words: &str) -> bool {
        let said = claim.evidence.iter().map(|item| item.quote.as_str());
        let verified = claim.support.holds().then_some(claim.text.as_str());
        if claim.evidence.is_empty() || check_words(words, said.chain(verified)).is_err() {
            return false;
        }
        let typed = self.tokens(words, Speaker::Coach);
        let says = |token: &String| !token.starts_with('\u{a7}');
        let quotes = claim.evidence.iter().filter_map(|item| Some((item.quote.as_str(), self.speaker(&item.speaker)?)));
        let imperative = claim.section == Section::ActionItems;
        typed.iter().any(says)
            && quotes.chain(verified.map(|text| (text, Speaker::Coach))).any(|(basis, speaker)| {
                facts::denies(basis) == facts::denies(words)
                    && is_made_of(&typed, &self.tokens(basis, speaker), imperative)
            })
    }

    fn speaker(self, name: &str) -> Option<Speaker> {
        let shares = |other: &str| {
            let other = name_words([other].into_iter());
            name_words([name].into_iter()).iter().any(|word| other.contains(word))
        };
        match (shares(self.client), shares(self.coach)) {
            (true, false) => Some(Speaker::Client),
            (false, true) => Some(Speaker::Coach),
            _ => None,
        }
    }

    /// The content words, in order and normalised; names and pronouns are replaced by who they refer to.
    fn tokens(self, text: &str, speaker: Speaker) -> Vec<String> {
        let (client, coach) = (name_words([self.client].into_iter()), name_words([self.coach].into_iter()));
        let mut tokens: Vec<String> = Vec::new();
        for word in parts(text) {
            let token = match (word.as_str(), speaker) {
                (word, _) if NEUTRAL.contains(&word) || word.ends_with("self") || word.ends_with("selves") => continue,
                ("i" | "me" | "my" | "mine" | "we" | "us" | "our" | "ours", Speaker::Client) => CLIENT,
                ("i" | "me" | "my" | "mine" | "we" | "us" | "our" | "ours", Speaker::Coach) => COACH,
                ("you" | "your" | "yours", Speaker::Client) => COACH,
                ("you" | "your" | "yours", Speaker::Coach) => CLIENT,
                ("he" | "him" | "his", _) => OTHERS[0],
                ("she" | "her" | "hers", _) => OTHERS[1],
                ("they" | "them" | "their" | "theirs", _) => OTHERS[2],
                ("is" | "are" | "am", _) => "is",
                ("was" | "were", _) => "was",
                ("has" | "have", _) => "have",
                (word, _) if client.contains(word) && !coach.contains(word) => CLIENT,
                (word, _) if coach.contains(word) && !client.contains(word) => COACH,
                (word, _) => word,
            };
            // "Priya Raman" is one person.
            if !(token.starts_with('\u{a7}') && tokens.last().is_some_and(|last| last == token)) {
                tokens.push(token.to_owned());
            }
        }
        tokens
    }
}

/// The words of a text, folded, with contractions split: `you'll` is `you will`.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for word in text::words(text) {
        let plain: String =
            text[word.range.clone()].chars().map(|c| if text::is_apostrophe(c) { '\'' } else { c }).collect();
        match fold(&plain).split_once('\'') {
            Some((head, tail @ ("ll" | "ve" | "re" | "m" | "d" | "s"))) => {
                parts.push(head.to_owned());
                parts.push(
                    match tail {
                        "ll" => "will",
                        "ve" => "have",
                        "re" | "m" => "is",
                        "d" => "would",
                        _ => "s",
                    }
                    .to_owned(),
                );
            }
            _ => parts.push(fold(&word.normal)),
        }
    }
    parts
}

/// Whether a sentence is the basis with some words dropped, none of which change the meaning.
fn is_made_of(typed: &[String], basis: &[String], imperative: bool) -> bool {
    let mood = |tokens: &[String]| -> BTreeSet<String> {
        let drops_will = |token: &&String| !(imperative && *token == "will");
        tokens.iter().filter(|token| MOOD.contains(&token.as_str())).filter(drops_will).cloned().collect()
    };
    if mood(typed) != mood(basis) {
        return false;
    }
    // "She" is the client if there is no one else: each such pronoun is tried as the client.
    let readings = std::iter::once(None).chain(OTHERS.into_iter().map(Some));
    readings.into_iter().any(|pronoun| {
        let read = |tokens: &[String]| -> Option<Vec<String>> {
            let Some(pronoun) = pronoun else { return Some(tokens.to_vec()) };
            let has = |wanted: &str| tokens.iter().any(|token| token == wanted);
            let as_client = |token: &String| if token == pronoun { CLIENT.to_owned() } else { token.clone() };
            (!(has(pronoun) && has(CLIENT))).then(|| tokens.iter().map(as_client).collect())
        };
        let (Some(typed), Some(basis)) = (read(typed), read(basis)) else { return false };
        let mut left = basis.iter();
        typed.iter().all(|word| left.any(|other| is_form(word, other)))
    })
}

/// Whether two words are the same except for an ending in -s.
fn is_form(one: &str, other: &str) -> bool {
    let longer = |short: &str, long: &str| long.strip_prefix(short).is_some_and(|ending| matches!(ending, "s" | "es"));
    one == other || longer(one, other) || longer(other, one)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{Evidence, Support};

    const NAMES: Names<'_> = Names { client: "Priya Raman", coach: "Maya Okafor" };

    fn claim(section: Section, text: &str, speaker: &str, quote: &str) -> Claim {
        let evidence = Evidence {
            utterance_id: Uuid::now_v7(),
            speaker: speaker.to_owned(),
            start_ms: None,
            quote: quote.to_owned(),
        };
        Claim { evidence: vec![evidence], ..Claim::new(section, text.to_owned()) }
    }

    #[test]
    fn what_is_cut_down_or_put_in_the_words_that_were_said_holds() {
        let quote = "I ran the planning meeting myself, and I kept it to half an hour.";
        let told = "You ran the planning meeting yourself and kept it to half an hour.";
        for (text, typed) in [
            (told, "You ran the planning meeting yourself, and kept it to half an hour!"),
            (told, "She ran the planning meeting and kept it to half an hour."),
            (told, "Priya ran the planning meeting and kept it to half an hour."),
            ("Priya said: \u{201c}I ran it.\u{201d}", "You ran the planning meeting and kept it to half an hour."),
        ] {
            assert!(NAMES.hold(&claim(Section::Wins, text, "Priya Raman", quote), typed), "{typed}");
        }
        let promise = claim(
            Section::ActionItems,
            "Hand the release notes to Jonas and let his first draft stand.",
            "Priya Raman",
            "I'll give Jonas the release notes by Friday.",
        );
        for typed in
            ["Hand the release notes to Jonas.", "Give Jonas the notes by Friday.", "You will give Jonas the notes."]
        {
            assert!(NAMES.hold(&promise, typed), "{typed}");
        }
    }

    #[test]
    fn what_says_more_or_something_else_is_the_coachs_own() {
        let quote = "I almost closed the Hartman account with Lena, and I told her no.";
        let win = claim(Section::Wins, "You almost closed the Hartman account with Lena.", "Priya Raman", quote);
        for typed in [
            "You closed the Hartman account with Lena.",
            "You did not almost close the Hartman account with Lena.",
            "You almost closed the Hartman account with Jonas.",
            "Lena almost closed the Hartman account.",
            "I almost closed the Hartman account with Lena.",
            "You almost closed the three Hartman accounts with Lena.",
            "You doubled the revenue.",
            "You almost closed the Hartman account with Lena: \u{201c}a triumph\u{201d}.",
            "You",
        ] {
            assert!(!NAMES.hold(&win, typed), "{typed}");
        }
        let of_coach =
            claim(Section::ActionItems, "Maya will send the piece.", "Maya Okafor", "I'll send you the piece.");
        assert!(NAMES.hold(&of_coach, "I will send the piece."));
        assert!(!NAMES.hold(&of_coach, "You will send the piece."));
        let swapped = claim(Section::Wins, "Priya told him the plan.", "Priya Raman", "I told him the plan.");
        assert!(!NAMES.hold(&swapped, "He told Priya the plan."));
        // What it replaces was already the coach's own: only what was said can support the new words.
        let own =
            Claim { support: Support::Own, ..claim(Section::Wins, "You tripled it.", "Priya Raman", "I doubled it.") };
        assert!(!NAMES.hold(&own, "You tripled it") && NAMES.hold(&own, "You doubled it."));
    }
}
