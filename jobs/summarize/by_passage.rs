//! Asks a model to word the passages that the offline summarizer has chosen, one at a time: for models that lose
//! themselves in a whole session. It chooses nothing, so a bad sentence costs only itself: where it says anything that the
//! passage doesn't, the quote stands.
//!
//! A rerun only pays for passages that the last run didn't get an answer to.

use std::sync::LazyLock;

use minijinja::context;
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    by_model::{Team, broken_template, by},
    draft::{Draft, DraftClaim, DraftEvidence},
    input::{SessionForClient, Speaker},
    offline, prompt,
    supported::{Basis, new_words, unsaid},
    verify::FREELY_WORDED,
};
use crate::{
    llm::{LlmError, Prompt},
    model::{Section, Shortfall},
    prompts::PASSAGE,
    text,
};

/// A sentence with more words than its passage explains instead of saying it.
const LONGER: usize = 4;
/// So many of its content words may be others than those that were said.
const MOST_NEW_WORDS: usize = 1;

/// What a model is to answer about a passage.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Answer {
    #[schemars(length(max = 240))]
    pub(super) text: String,
}

/// A question about a passage of a session, and the claim that it words; `None` if nothing in it needs wording.
///
/// # Errors
/// If a template is faulty.
pub(super) fn sample(input: &SessionForClient) -> Result<Option<(Prompt, DraftClaim)>, LlmError> {
    let claims = offline::write(input, None).claims;
    let Some(claim) = claims.into_iter().find(is_worded) else { return Ok(None) };
    Ok(Some((render(input, &claim).map_err(broken_template)?, claim)))
}

/// Has the model word the passages of `chosen`, the offline summarizer's draft. If none needs wording, that draft stays its
/// own; if none of the model's sentences holds, there's no draft of the model's.
///
/// # Errors
/// See [`LlmError`]; [`LlmError::Unusable`] only if no passage was answered.
pub(super) async fn write(
    team: &Team<'_>,
    input: &SessionForClient,
    mut chosen: Draft,
) -> Result<Result<Draft, Shortfall>, LlmError> {
    let (mut answered, mut worded, mut failed) = (0, 0, None);
    for claim in chosen.claims.iter_mut().filter(|claim| is_worded(claim)) {
        match ask(team, input, claim).await {
            Ok(sentence) => {
                answered += 1;
                if holds(input, claim, &sentence) {
                    claim.text = sentence;
                    worded += 1;
                }
            }
            // Who can't answer two questions won't answer the others.
            Err(error @ (LlmError::Unusable(_) | LlmError::TooLong)) if answered == 0 && failed.is_some() => {
                return Err(error);
            }
            Err(error @ (LlmError::Unusable(_) | LlmError::TooLong)) => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    tracing::info!(target: "summarize", { session.id = %team.session_id, passages = answered, passages.worded = worded },
        "Passages were worded by the model");
    match failed {
        Some(error) if answered == 0 => Err(error),
        None if answered == 0 => Ok(Ok(chosen)),
        _ if worded == 0 => Ok(Err(Shortfall::NothingHolds)),
        _ => Ok(Ok(by(team.write, chosen.claims, PASSAGE.version()))),
    }
}

/// Whether a claim is a quote in a section of sentences.
fn is_worded(claim: &DraftClaim) -> bool {
    FREELY_WORDED.contains(&claim.section) && claim.text.contains('\u{201c}')
}

async fn ask(team: &Team<'_>, input: &SessionForClient, claim: &DraftClaim) -> Result<String, LlmError> {
    let prompt = render(input, claim).map_err(broken_template)?;
    let answer: Answer = team.write.ask(&team.call("passage", &PASSAGE.version()), &prompt).await?;
    Ok(answer.text.trim().to_owned())
}

/// Whether the sentence says what its passage says, by the rules.
pub(super) fn holds(input: &SessionForClient, claim: &DraftClaim, sentence: &str) -> bool {
    let passage = Passage::of(input, claim);
    let cited = passage.said.join(" ");
    let people = [input.client.as_str(), input.coach.as_str()];
    let basis = Basis {
        cited: &cited,
        around: passage.asked.as_deref().unwrap_or_default(),
        days: &[],
        people: &people,
        speaker: Some(passage.about),
        english: true,
    };
    let (words, said) = (normal(sentence), normal(&cited));
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let is_named = words.first() == normal(passage.about).first();
    // Advice that doesn't say so would be something the coach does.
    let advises = claim.section != Section::Recommendations || has(&ADVISES);
    let foretells = claim.section == Section::Challenges && has(&AHEAD) && !has(&FEARED);
    // "I'll put one in the door pocket" isn't "Paul put one in the door pocket".
    let is_ahead = claim.section != Section::ActionItems || has(&["will"]);
    !sentence.contains(['?', ':', '\u{201c}', '"'])
        && !quotes(sentence)
        && is_ahead
        && !confuses(&words, &said)
        && text::without_quotes(sentence).len() == sentence.len()
        && !has(&FIRST_OR_SECOND)
        && is_named
        && advises
        && !invents_gender(&words, &said)
        && !is_image(&cited)
        && !foretells
        && (3..=said.len() + LONGER).contains(&words.len())
        && unsaid(sentence, &basis).is_none()
        && new_words(sentence, &basis).len() <= MOST_NEW_WORDS
}

/// The words of a text, folded.
fn normal(text: &str) -> Vec<String> {
    text::words(text).iter().map(|word| text::fold(&word.normal)).collect()
}

/// Whether a sentence says "he" or "she" where the words don't: nobody has said which the client is.
fn invents_gender(sentence: &[String], said: &[String]) -> bool {
    const GENDERS: [&[&str]; 2] =
        [&["he", "him", "his", "himself", "he's", "he'll"], &["she", "her", "hers", "herself", "she's", "she'll"]];
    let has = |words: &[String], gender: &[&str]| words.iter().any(|word| gender.contains(&word.as_str()));
    GENDERS.iter().any(|gender| has(sentence, gender) && !has(said, gender))
}

/// Whether a sentence has words between single quotation marks: they would be a quotation that nobody checks.
fn quotes(sentence: &str) -> bool {
    static SINGLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[\s(])['\u{2018}][^'\u{2018}\u{2019}]+['\u{2019}](?:[\s.,;!)]|$)")
            .expect("a constant pattern")
    });
    SINGLE.is_match(sentence)
}

/// Whether "he" or "she" may be the speaker in one place and another person in the next: "I'll ask her to wake me up" isn't
/// "Jamie will ask her to wake her up".
fn confuses(sentence: &[String], said: &[String]) -> bool {
    const OBJECTS: [&str; 4] = ["her", "him", "she", "he"];
    const SELF: [&str; 3] = ["me", "myself", "mine"];
    let count = |words: &[String], any: &[&str]| words.iter().filter(|word| any.contains(&word.as_str())).count();
    count(said, &SELF) > 0 && count(sentence, &OBJECTS) > count(said, &OBJECTS)
}

/// Whether somebody speaks in an image, which a small model tells as a fact: "it's like when someone opens a door".
fn is_image(cited: &str) -> bool {
    static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:like when|as if|as though|(?:is|was|'s|feels?|felt|looks?|looked) (?:kind of |sort of |a bit |just )?like|like an?)\b")
            .expect("a constant pattern")
    });
    IMAGE.is_match(cited)
}

/// A future, and the words by which a sentence says that it's only feared.
const AHEAD: [&str; 4] = ["will", "won't", "going", "gonna"];
const FEARED: [&str; 11] =
    ["fears", "worries", "worried", "afraid", "scared", "dreads", "may", "might", "could", "thinks", "expects"];

/// How a sentence says that somebody advises something.
const ADVISES: [&str; 10] = [
    "suggests",
    "suggested",
    "recommends",
    "recommended",
    "advises",
    "advised",
    "encourages",
    "encouraged",
    "proposes",
    "invites",
];

/// Words of somebody who speaks: a sentence about somebody has none.
const FIRST_OR_SECOND: [&str; 14] =
    ["i", "me", "my", "mine", "we", "us", "our", "you", "your", "yours", "i'm", "i'll", "i've", "you're"];

/// What a model sees of a claim.
struct Passage<'a> {
    /// Whom the sentence is about: who says the words.
    about: &'a str,
    by_coach: bool,
    /// The cited words of that person.
    said: Vec<String>,
    /// What the other person asked.
    asked: Option<String>,
}

impl<'a> Passage<'a> {
    fn of(input: &'a SessionForClient, claim: &DraftClaim) -> Self {
        let by_coach = |evidence: &&DraftEvidence| {
            input.line(evidence.utterance).is_some_and(|line| line.speaker == Speaker::Coach)
        };
        let is_coachs = claim.evidence.last().is_some_and(|last| by_coach(&last));
        let (own, other): (Vec<_>, Vec<_>) = claim.evidence.iter().partition(|it| by_coach(it) == is_coachs);
        let words = |evidence: &&DraftEvidence| prompt::inert(&evidence.quote);
        Self {
            about: if is_coachs { input.coach_short() } else { input.client_short() },
            by_coach: is_coachs,
            said: own.iter().map(words).collect(),
            asked: other.last().map(words),
        }
    }
}

fn render(input: &SessionForClient, claim: &DraftClaim) -> Result<Prompt, minijinja::Error> {
    let passage = Passage::of(input, claim);
    let other = if passage.by_coach { input.client_short() } else { input.coach_short() };
    let line = |text: &String| context! { name => passage.about, text };
    let said: Vec<minijinja::Value> = passage.said.iter().map(line).collect();
    let asked = passage.asked.as_ref().map(|text| context! { name => other, text });
    let system = context! { tone => input.template.tone.trim(), voice => prompt::voice_lines(input) };
    PASSAGE.render(system, context! { asked, said, about => passage.about })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::summarize::cases;

    fn case() -> (SessionForClient, DraftClaim) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/transcript.txt");
        let input = cases::read(&path);
        let line = input.utterances.iter().find(|line| line.text.contains("Hartman")).expect("the line");
        let evidence = vec![DraftEvidence { utterance: line.index, quote: line.text.clone() }];
        let text = format!("Priya said: \u{201c}{}\u{201d}", line.text);
        let claim = DraftClaim::new(Section::Wins, text, evidence);
        (input, claim)
    }

    /// A person has reviewed every word that a model reads.
    #[test]
    fn the_prompt_is_as_it_was_read() {
        let (input, claim) = case();
        let prompt = render(&input, &claim).expect("the templates render");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/passage.txt");
        prompt::assert_as_read(&path, &prompt);
    }

    #[test]
    fn a_sentence_that_says_more_than_its_passage_is_not_taken() {
        let (input, claim) = case();
        for (sentence, taken) in [
            ("Priya closed the Hartman account on Tuesday.", true),
            ("Priya closed the Hartman account on Monday.", false),
            ("Priya did not close the Hartman account on Tuesday.", false),
            ("Maya closed the Hartman account on Tuesday.", false),
            ("Priya proudly celebrated closing the Hartman account and was promoted.", false),
            ("I closed the Hartman account on Tuesday.", false),
            ("Priya closed her Hartman account on Tuesday.", false),
        ] {
            assert_eq!(holds(&input, &claim, sentence), taken, "{sentence}");
        }
    }

    /// All of these were written by a small model, and a reader found them wrong.
    #[test]
    fn a_promise_stays_one_and_nobody_is_confused_or_misquoted() {
        let said = |words: &str| {
            let (mut input, claim) = case();
            let utterance = claim.evidence[0].utterance;
            let line = input.utterances.iter_mut().find(|line| line.index == utterance).expect("the line");
            line.text = words.into();
            let evidence = vec![DraftEvidence { utterance, quote: words.into() }];
            let text = format!("Priya said: \u{201c}{words}\u{201d}");
            (input, DraftClaim::new(Section::ActionItems, text, evidence))
        };
        for (words, sentence, taken) in [
            (
                "I'll put one spoon in the door pocket tonight.",
                "Priya will put one spoon in the door pocket tonight.",
                true,
            ),
            ("I'll put one spoon in the door pocket tonight.", "Priya put one spoon in the door pocket.", false),
            ("I'll ask her tonight to wake me up.", "Priya will ask her tonight to wake her up.", false),
            (
                "I'll email her tonight and say is two days on the table.",
                "Priya will email her tonight and say 'two days on the table'.",
                false,
            ),
        ] {
            let (input, claim) = said(words);
            assert_eq!(holds(&input, &claim, sentence), taken, "{sentence}");
        }
    }
}
