//! Asks a model to word the passages that the offline summarizer has chosen, one at a time: for models that lose
//! themselves in a whole session. It chooses nothing, so a bad sentence costs only itself: where it says anything that the
//! passage doesn't, the quote stands.
//!
//! A rerun only pays for passages that the last run didn't get an answer to.

use std::sync::{Arc, LazyLock};

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
};
use crate::{
    embed,
    llm::{LlmError, Prompt},
    model::{Section, Shortfall},
    text,
};

const SYSTEM: &str = include_str!("../../templates/prompt/passage/system.txt");
const USER: &str = include_str!("../../templates/prompt/passage/user.txt");

static VERSION: LazyLock<String> = LazyLock::new(|| prompt::version("passage-2", SYSTEM, USER));

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

/// Drafts a summary: the offline summarizer chooses, the model words what it chose. If none of its sentences holds, the
/// draft isn't the model's.
///
/// # Errors
/// See [`LlmError`]; [`LlmError::Unusable`] only if no passage was answered.
pub(super) async fn write(
    team: &Team<'_>,
    input: &SessionForClient,
    local: Option<Arc<embed::Local>>,
) -> Result<Result<Draft, Shortfall>, LlmError> {
    let chosen = {
        let input = input.clone();
        tokio::task::spawn_blocking(move || offline::write(&input, local.as_deref()))
            .await
            .map_err(|_| LlmError::Unusable("the offline summarizer panicked".into()))?
    };
    let mut claims = chosen.claims;
    let (mut answered, mut worded, mut failed) = (0, 0, None);
    for claim in claims.iter_mut().filter(|claim| is_worded(claim)) {
        match ask(team, input, claim).await {
            Ok(sentence) => {
                answered += 1;
                if holds(input, claim, &sentence) {
                    claim.text = sentence;
                    worded += 1;
                }
            }
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
        _ if answered > 0 && worded == 0 => Ok(Err(Shortfall::NothingHolds)),
        _ => Ok(Ok(by(team.write, claims, VERSION.clone()))),
    }
}

/// Whether a claim is a quote in a section of sentences.
fn is_worded(claim: &DraftClaim) -> bool {
    let sections =
        [Section::Wins, Section::Challenges, Section::ActionItems, Section::Recommendations, Section::Breakthrough];
    sections.contains(&claim.section) && claim.text.contains('\u{201c}')
}

async fn ask(team: &Team<'_>, input: &SessionForClient, claim: &DraftClaim) -> Result<String, LlmError> {
    let prompt = render(input, claim).map_err(broken_template)?;
    let answer: Answer = team.write.ask(&team.call("passage", &VERSION), &prompt).await?;
    Ok(answer.text.trim().to_owned())
}

/// Whether the sentence says what its passage says, by the rules.
pub(super) fn holds(input: &SessionForClient, claim: &DraftClaim, sentence: &str) -> bool {
    let passage = Passage::of(input, claim);
    let cited = passage.said.join(" ");
    let people = [input.client.as_str(), input.coach.as_str()];
    let around = passage.asked.as_deref().unwrap_or_default();
    let basis = Basis { cited: &cited, around, people: &people, speaker: Some(passage.about), english: true };
    let words = |text: &str| text::words(text).len();
    let is_own = text::without_quotes(sentence).len() == sentence.len()
        && !sentence.contains(['?', ':', '\u{201c}', '"'])
        && !FIRST_OR_SECOND.iter().any(|word| text::words(sentence).iter().any(|it| it.normal == *word));
    let names = text::words(sentence).first().is_some_and(|it| text::fold(&it.normal) == first_name(passage.about));
    // Advice that doesn't say so would be something the coach does.
    let advises = claim.section != Section::Recommendations
        || ADVISES.iter().any(|word| text::words(sentence).iter().any(|it| it.normal == *word));
    is_own
        && names
        && advises
        && !invents_gender(sentence, &cited)
        && !is_image(&cited)
        && !(claim.section == Section::Challenges && foretells(sentence))
        && (3..=words(&cited) + LONGER).contains(&words(sentence))
        && unsaid(sentence, &basis).is_none()
        && new_words(sentence, &basis).len() <= MOST_NEW_WORDS
}

/// Whether a sentence says "he" or "she" where the words don't: nobody has said which the client is.
fn invents_gender(sentence: &str, cited: &str) -> bool {
    const GENDERS: [&[&str]; 2] =
        [&["he", "him", "his", "himself", "he's", "he'll"], &["she", "her", "hers", "herself", "she's", "she'll"]];
    let has = |text: &str, words: &[&str]| text::words(text).iter().any(|it| words.contains(&it.normal.as_str()));
    GENDERS.iter().any(|words| has(sentence, words) && !has(cited, words))
}

/// Whether somebody speaks in an image, which a small model tells as a fact: "it's like when someone opens a door".
fn is_image(cited: &str) -> bool {
    static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:like when|as if|as though|(?:is|was|'s|feels?|felt|looks?|looked) (?:kind of |sort of |a bit |just )?like|like an?)\b")
            .expect("a constant pattern")
    });
    IMAGE.is_match(cited)
}

/// Whether a sentence tells a future as certain that somebody only fears.
fn foretells(sentence: &str) -> bool {
    let has = |words: &[&str]| text::words(sentence).iter().any(|it| words.contains(&it.normal.as_str()));
    has(&["will", "won't", "going", "gonna"])
        && !has(&[
            "fears", "worries", "worried", "afraid", "scared", "dreads", "may", "might", "could", "thinks", "expects",
        ])
}

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

fn first_name(name: &str) -> String {
    text::words(name).first().map(|word| text::fold(&word.normal)).unwrap_or_default()
}

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
    prompt::rendered([SYSTEM, USER], system, context! { asked, said, about => passage.about })
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
}
