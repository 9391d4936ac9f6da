//! Asks a model for one section at a time: a small question with a small answer, for models that can't write a whole
//! summary at once. The questions about a session begin alike, so an endpoint that caches prompts reads it once.
//!
//! A rerun only pays for questions that the last run didn't get an answer to.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    by_model::{Team, broken_template, by},
    draft::{Draft, DraftClaim, DraftEvidence},
    input::SessionForClient,
    parts::{Parts, split},
    prompt, reduce,
};
use crate::{
    llm::{LlmError, Prompt},
    model::{Owner, Section},
    prompts::SECTION,
};

/// What a model is to answer about a section.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer<C> {
    /// The claims, the most important first; empty if nothing was said of it.
    #[schemars(length(max = 6))]
    claims: Vec<C>,
}

/// A claim of most sections.
#[derive(Debug, Deserialize, JsonSchema)]
struct Told {
    utterance: usize,
    #[schemars(length(max = 300))]
    quote: String,
    #[schemars(length(max = 300))]
    text: String,
}

/// Words worth keeping.
#[derive(Debug, Deserialize, JsonSchema)]
struct Kept {
    utterance: usize,
    #[schemars(length(max = 300))]
    quote: String,
}

/// What somebody will do. The day is computed from its words by rule: small models are bad at calendars.
#[derive(Debug, Deserialize, JsonSchema)]
struct Undertaken {
    utterance: usize,
    #[schemars(length(max = 300))]
    quote: String,
    #[schemars(length(max = 300))]
    text: String,
    owner: Owner,
    #[schemars(length(max = 80))]
    due_words: Option<String>,
}

/// What is more or less grave.
#[derive(Debug, Deserialize, JsonSchema)]
struct Graded {
    utterance: usize,
    #[schemars(length(max = 300))]
    quote: String,
    #[schemars(length(max = 300))]
    text: String,
    score: f32,
}

/// What became of an earlier action item.
#[derive(Debug, Deserialize, JsonSchema)]
struct Settled {
    thread: usize,
    utterance: usize,
    #[schemars(length(max = 300))]
    quote: String,
    #[schemars(length(max = 300))]
    text: String,
    met: bool,
}

/// An answer's claim as a claim of its section.
trait Answered: DeserializeOwned + JsonSchema {
    fn into_draft(self, section: Section) -> DraftClaim;
}

fn claim(section: Section, text: String, utterance: usize, quote: String) -> DraftClaim {
    DraftClaim::new(section, text, vec![DraftEvidence { utterance, quote }])
}

impl Answered for Told {
    fn into_draft(self, section: Section) -> DraftClaim {
        claim(section, self.text, self.utterance, self.quote)
    }
}

impl Answered for Kept {
    fn into_draft(self, section: Section) -> DraftClaim {
        claim(section, self.quote.clone(), self.utterance, self.quote)
    }
}

impl Answered for Undertaken {
    fn into_draft(self, section: Section) -> DraftClaim {
        let claim = claim(section, self.text, self.utterance, self.quote);
        DraftClaim { owner: Some(self.owner), due_words: self.due_words, ..claim }
    }
}

impl Answered for Graded {
    fn into_draft(self, section: Section) -> DraftClaim {
        DraftClaim { score: Some(self.score), ..claim(section, self.text, self.utterance, self.quote) }
    }
}

impl Answered for Settled {
    fn into_draft(self, section: Section) -> DraftClaim {
        let claim = claim(section, self.text, self.utterance, self.quote);
        DraftClaim { thread: Some(self.thread), met: Some(self.met), ..claim }
    }
}

/// Drafts a summary, section by section. An answer that doesn't fit its schema costs that section alone.
///
/// # Errors
/// See [`LlmError`]; [`LlmError::Unusable`] only if no section was answered.
pub(super) async fn write(team: &Team<'_>, input: &SessionForClient) -> Result<Draft, LlmError> {
    let parts = split(&input.utterances, team.write.part_characters());
    let sections = Section::ALL.into_iter().filter(|section| is_asked_for(input, *section));
    let (mut claims, mut answered, mut failed) = (Vec::new(), 0, None);
    for section in sections {
        match of_section(team, input, section, parts.clone()).await {
            Ok(more) => {
                answered += 1;
                reduce::add(&mut claims, more);
            }
            Err(error @ (LlmError::Unusable(_) | LlmError::TooLong)) => {
                tracing::warn!(target: "summarize", { llm.error = error.kind(), section = section.as_str(), session.id = %team.session_id },
                    "The model did not answer about a section");
                // Who can't answer two questions won't answer the others.
                if answered == 0 && failed.is_some() {
                    return Err(error);
                }
                failed = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match failed {
        Some(error) if answered == 0 => Err(error),
        _ => Ok(by(team.write, claims, SECTION.version())),
    }
}

/// Whether the template has the section, and there is anything that it could be about.
fn is_asked_for(input: &SessionForClient, section: Section) -> bool {
    section.is_for_model()
        && input.template.limit(section) > 0
        && (section != Section::OpenThreads || !input.threads.is_empty())
}

/// Asks about one section, part by part.
async fn of_section(
    team: &Team<'_>,
    input: &SessionForClient,
    section: Section,
    parts: Vec<Range<usize>>,
) -> Result<Vec<DraftClaim>, LlmError> {
    let (mut claims, mut parts) = (Vec::new(), Parts::new(parts));
    while let Some((part, place)) = parts.next() {
        let prompt = render(input, part.clone(), place, section).map_err(broken_template)?;
        match ask(team, section, &prompt).await {
            Err(LlmError::TooLong) if parts.halve(&input.utterances, part) => {}
            answer => reduce::add(&mut claims, answer?),
        }
    }
    Ok(claims)
}

async fn ask(team: &Team<'_>, section: Section, prompt: &Prompt) -> Result<Vec<DraftClaim>, LlmError> {
    match section {
        Section::KeyQuotes => answer::<Kept>(team, section, prompt).await,
        Section::ActionItems => answer::<Undertaken>(team, section, prompt).await,
        Section::Risk | Section::Priority => answer::<Graded>(team, section, prompt).await,
        Section::OpenThreads => answer::<Settled>(team, section, prompt).await,
        Section::Wins
        | Section::Challenges
        | Section::Recommendations
        | Section::Moments
        | Section::Engagement
        | Section::Breakthrough => answer::<Told>(team, section, prompt).await,
    }
}

async fn answer<C: Answered>(team: &Team<'_>, section: Section, prompt: &Prompt) -> Result<Vec<DraftClaim>, LlmError> {
    let answer: Answer<C> = team.write.ask(&team.call("section", &SECTION.version()), prompt).await?;
    Ok(answer.claims.into_iter().map(|claim| claim.into_draft(section)).collect())
}

fn render(
    input: &SessionForClient,
    lines: Range<usize>,
    (part, parts): (usize, usize),
    section: Section,
) -> Result<Prompt, minijinja::Error> {
    prompt::render_with(&SECTION, input, &input.utterances[lines], (part, parts), Some(section))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::summarize::cases;

    /// A person has reviewed every word that a model reads.
    #[test]
    fn the_prompt_is_as_it_was_read_and_begins_alike_for_each_section() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/threads/transcript.txt");
        let input = cases::read(&path);
        let all = 0..input.utterances.len();
        let of = |section| render(&input, all.clone(), (1, 1), section).expect("the templates render");
        let asked: Vec<Prompt> = Section::ALL.into_iter().filter(|it| it.is_for_model()).map(of).collect();
        let session = |prompt: &Prompt| prompt.user.split_once("TRANSCRIPT-END").map(|(before, _)| before.to_owned());
        assert!(asked.iter().all(|one| one.system == asked[0].system && session(one) == session(&asked[0])));
        let mut whole = asked[0].clone();
        for one in &asked[1..] {
            let (_, question) = one.user.split_once("TRANSCRIPT-END").expect("the transcript ends");
            whole.user.push_str(question);
        }
        prompt::assert_as_read(&path.with_file_name("section.txt"), &whole);
    }
}
