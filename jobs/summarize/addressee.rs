//! Who is addressed if more than two people speak: "Ingrid, I'll send you the invoice" is no promise to the client.
//! Pure.
//!
//! Whoever the speaker names is addressed ("Ingrid, …", "…, Ted."), with what follows in the same breath; otherwise
//! it's the previous speaker. What the coach says to someone else must not end up in this client's summary.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::input::{Line, SessionForClient, Speaker};
use crate::{names::nicknames, text};

/// A sentence addressed to someone who is neither this client nor the coach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The number of its line.
    pub index: usize,
    /// The sentence, as said.
    pub sentence: String,
}

/// A line of at most this many words ("Lovely.", "Mm-hm.") doesn't make its speaker the one addressed.
const NOD_WORDS: usize = 2;

static FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:(?i:and|so|but|okay|ok|right|well|now|good|great|thanks|thank you|hi|hello|morning|good morning|hey|yes|no|sure|then|oh|welcome|perfect|dear|sorry|fine)\b[,.!]? ?)*(\p{L}[\p{L}'\u{2019}-]+)(?: (?:and|&) (\p{L}[\p{L}'\u{2019}-]+))?\s*(?:[,:–—!]|\s-)",
    )
});
static LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:[,–—]|(?i:\b(?:thanks|thank you|bye|goodbye|hello|hi|welcome|morning|sorry)))\s+(\p{L}[\p{L}'\u{2019}-]+)(?: (?:and|&) (\p{L}[\p{L}'\u{2019}-]+))?\s*[.!?…]*\s*$",
    )
});
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| pattern(r", (\p{L}[\p{L}'\u{2019}-]+)(), "));
/// Addressed to one person.
static YOU: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\byou(?:r|rs)?\b"));
static ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:you both|both of you|you two|the two of you|you all|all of you|everyone|everybody)\b")
});
/// What the speaker undertakes for the person addressed.
static FOR_YOU: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:i['\u{2019}]ll|i will|i['\u{2019}]m going to|i can|let me)\b.*\byou\b|\byou(?:['\u{2019}]ll| will)\b",
    )
});
static THANKS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:\w+[,.!]? ){0,2}(?:thanks|thank you|much appreciated|please do)\b"));
/// A capitalised first word that isn't a name.
static NO_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\w+day|January|February|March|April|May|June|July|August|September|October|November|December|God|English|German|Zoom|Teams)$",
    )
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// The client or the coach.
    OfTheTwo,
    Another,
}

/// The sentences of coach and client that are addressed to someone else. Takes a session with all its lines.
pub(super) fn asides(input: &SessionForClient) -> Vec<Aside> {
    let lines = &input.utterances;
    let names = Names::of(input);
    let mut asides = Vec::new();
    let mut to = To::OfTheTwo;
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line.speaker, Speaker::Coach | Speaker::Client) {
            continue;
        }
        to = match at.checked_sub(1).map(|before| &lines[before]) {
            None => To::OfTheTwo,
            Some(before) if before.speaker == line.speaker => to,
            Some(before) if matches!(before.speaker, Speaker::Coach | Speaker::Client) => To::OfTheTwo,
            Some(before) if text::words(&before.text).len() <= NOD_WORDS => to,
            Some(_) => To::Another,
        };
        let after = lines.get(at + 1);
        let sentences = text::sentences(&line.text);
        let last = sentences.len().saturating_sub(1);
        for (nth, range) in sentences.into_iter().enumerate() {
            let sentence = &line.text[range];
            let named = names.named(sentence);
            to = match named {
                Some(Named::OfTheTwo) => To::OfTheTwo,
                Some(Named::Speaks) => To::Another,
                _ => to,
            };
            let is_asked_of_client =
                text::asks(sentence) && named.is_none() && after.is_some_and(|it| it.speaker == Speaker::Client);
            let is_thanked = nth == last
                && after.is_some_and(|it| it.speaker == Speaker::Guest && THANKS.is_match(&it.text))
                && YOU.is_match(sentence)
                && named.is_none()
                && !answers_request(lines, at);
            let elsewhere =
                to == To::Another || named == Some(Named::Mentioned) || is_thanked && line.speaker == Speaker::Coach;
            let counts = match line.speaker {
                Speaker::Coach => !is_asked_of_client,
                // A client's own promise stays the client's, whoever it's made to; "I'll send you" would read as the
                // coach's.
                _ => named.is_none() && FOR_YOU.is_match(sentence),
            };
            if elsewhere && counts && !ALL.is_match(sentence) {
                asides.push(Aside { index: line.index, sentence: sentence.to_owned() });
            }
        }
    }
    asides
}

/// Whether the previous line is the client's and asks something.
fn answers_request(lines: &[Line], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| lines[before].speaker == Speaker::Client && lines[before].text.contains('?'))
}

/// Who is addressed by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    OfTheTwo,
    /// Someone else who speaks in the session.
    Speaks,
    /// Someone else who says nothing in the session.
    Mentioned,
}

struct Names {
    two: BTreeSet<String>,
    others: BTreeSet<String>,
    /// Capitalised words within the client's sentences: people's names, among others, and hardly ever the client's own.
    capitals: BTreeSet<String>,
}

impl Names {
    fn of(input: &SessionForClient) -> Self {
        static CAPITAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\p{Ll}\d,;] (\p{Lu}[\p{L}-]+)"));
        let two = text::name_words([input.client.as_str(), input.coach.as_str()].into_iter());
        let is_other = |line: &&Line| matches!(line.speaker, Speaker::Guest | Speaker::OtherClient);
        let mut others = text::name_words(input.utterances.iter().filter(is_other).map(|line| line.name.as_str()));
        others.extend(input.other_names.iter().cloned());
        others.retain(|name| !two.contains(name));
        let own = input.utterances.iter().filter(|line| line.speaker == Speaker::Client);
        let found = own.flat_map(|line| CAPITAL.captures_iter(&line.text));
        let capitals = found.map(|found| text::fold(&found[1].to_lowercase())).collect();
        Self { two, others, capitals }
    }

    /// Who the sentence addresses by name.
    fn named(&self, sentence: &str) -> Option<Named> {
        let is_to_you = YOU.is_match(sentence);
        let mut found: Vec<Named> = Vec::new();
        for form in [&*FIRST, &*LAST, &*BETWEEN] {
            let Some(captures) = form.captures(sentence) else { continue };
            let words = [1, 2].into_iter().filter_map(|group| Some(captures.get(group)?.as_str()));
            for word in words.filter(|word| !word.is_empty()) {
                let folded = text::fold(&word.to_lowercase());
                let has_capital = word.starts_with(char::is_uppercase) && !NO_NAME.is_match(word);
                // "Ted" is Theodore if there is no one else.
                if self.two.contains(&folded) {
                    found.push(Named::OfTheTwo);
                } else if self.others.contains(&folded) {
                    found.push(Named::Speaks);
                } else if self.two.iter().any(|name| nicknames::alike(name, &folded)) {
                    found.push(Named::OfTheTwo);
                } else if self.others.iter().any(|name| nicknames::alike(name, &folded)) {
                    found.push(Named::Speaks);
                } else if has_capital && is_to_you && self.capitals.contains(&folded) {
                    found.push(Named::Mentioned);
                }
            }
        }
        [Named::OfTheTwo, Named::Speaks, Named::Mentioned].into_iter().find(|it| found.contains(it))
    }
}

#[cfg(test)]
mod tests {
    use crate::summarize::read_session;

    fn asides(lines: &str) -> Vec<String> {
        let input = read_session(&format!("date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n{lines}"));
        input.asides.iter().map(|it| it.sentence.clone()).collect()
    }

    #[test]
    fn what_is_said_to_somebody_else_is_known_by_the_name_or_by_whose_turn_it_answers() {
        for (lines, expected) in [
            (
                "Maya| Jonas, I'll send you the offer on Monday.\nJonas| Lovely.",
                vec!["Jonas, I'll send you the offer on Monday."],
            ),
            (
                "Maya| I'll send you the offer on Monday, Jonas.\nJonas| Lovely.",
                vec!["I'll send you the offer on Monday, Jonas."],
            ),
            (
                "Jonas| Could I have a line for the invoice?\nMaya| You'll have it by Monday.",
                vec!["You'll have it by Monday."],
            ),
            ("Jonas| I need the dates.\nMaya| Will do. Priya, I'll send you the slides tomorrow.", vec!["Will do."]),
            (
                "Priya| Yes.\nMaya| I'll send you the form tonight.\nJonas| Thank you, that's quick.",
                vec!["I'll send you the form tonight."],
            ),
            (
                "Jonas| I only listen today.\nPriya| I'll send you the figures on Friday.",
                vec!["I'll send you the figures on Friday."],
            ),
            (
                "Maya| jonas, i'll send you the offer on monday. you'll have the dates too.\nJonas| ok",
                vec!["jonas, i'll send you the offer on monday. you'll have the dates too."],
            ),
            (
                "Maya| Hello Jonas.\nJonas| Hi.\nPriya| Hi.\nMaya| I'll send you the slides tomorrow.",
                vec!["Hello Jonas."],
            ),
            // Nobody with that name speaks.
            (
                "Maya| We have Helen with us.\nPriya| Hello Helen.\nMaya| Helen, I'll send you the offer on Monday.\nPriya| Good.",
                vec!["Helen, I'll send you the offer on Monday."],
            ),
        ] {
            assert_eq!(asides(lines), expected, "{lines}");
        }
        for lines in [
            "Maya| I'll send you the offer on Monday.\nPriya| Lovely.",
            "Jonas| I only listen today.\nMaya| And you, Priya, I'll call you tomorrow.",
            "Jonas| I only listen today.\nMaya| I'll send you both the notes tomorrow.",
            "Jonas| His team copies him.\nMaya| What will you do about that?\nPriya| I'll stop at seven.",
            "Jonas| Ask her.\nPriya| I'll stop at seven from Monday.",
            "Priya| The plan.\nJonas| Mm-hm.\nMaya| I'll send you a template on Monday.",
            "Maya| Brilliant, I'll send you a template. Monday, then, you'll have it.\nPriya| Thanks.",
        ] {
            assert_eq!(asides(lines), Vec::<String>::new(), "{lines}");
        }
    }
}
