//! Lets language models draft: in one call if the session fits, otherwise in parts, each read by the mapping model; the
//! writing model then chooses from their claims. No part is cut off.
//!
//! A rerun only pays for calls that the last run didn't finish: the client caches the rest.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    draft::{Draft, DraftClaim},
    input::SessionForClient,
    parts::{Parts, SMALLEST_PART_LINES, halve, split},
    prompt, reduce,
};
use crate::{
    db::Db,
    llm::{Call, Client, LlmError, Prompt},
    prompts::SUMMARIZE,
};

/// The models that write one summary, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Team<'a> {
    pub(super) db: &'a Db,
    pub(super) organization: Uuid,
    pub(super) session_id: Uuid,
    /// Writes, reduces and repairs.
    pub(super) write: &'a Client,
    /// Reads the parts.
    pub(super) map: &'a Client,
}

impl<'a> Team<'a> {
    /// A call of one of the models.
    pub(super) fn call(&self, task: &'static str, prompt_version: &'a str) -> Call<'a> {
        Call { db: self.db, organization: self.organization, session_id: Some(self.session_id), task, prompt_version }
    }
}

/// What a model is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Answer {
    /// The claims.
    pub(super) claims: Vec<DraftClaim>,
}

/// The question about a whole session.
///
/// # Errors
/// If a template is faulty.
pub(super) fn whole(input: &SessionForClient) -> Result<Prompt, LlmError> {
    prompt::render(input, &input.utterances, 1, 1).map_err(broken_template)
}

/// Drafts a summary.
pub(super) async fn write(team: &Team<'_>, input: &SessionForClient) -> Result<Draft, LlmError> {
    let lines = &input.utterances;
    let whole = 0..lines.len();
    let parts = match split(lines, team.write.part_characters()).len() {
        0 => return Ok(by(team.write, Vec::new(), SUMMARIZE.version())),
        1 => match ask(team, "write", input, whole.clone(), (1, 1)).await {
            Ok(claims) => return Ok(by(team.write, claims, SUMMARIZE.version())),
            Err(LlmError::TooLong) if lines.len() >= SMALLEST_PART_LINES => halve(lines, whole).to_vec(),
            Err(error) => return Err(error),
        },
        _ => split(lines, team.write.part_characters().min(team.map.part_characters())),
    };
    let claims = map(team, input, parts).await?;
    reduce::reduce(team, input, claims).await
}

/// Reads the parts in order.
async fn map(team: &Team<'_>, input: &SessionForClient, parts: Vec<Range<usize>>) -> Result<Vec<DraftClaim>, LlmError> {
    let (mut claims, mut parts) = (Vec::new(), Parts::new(parts));
    while let Some((part, place)) = parts.next() {
        match ask(team, "map", input, part.clone(), place).await {
            Err(LlmError::TooLong) if parts.halve(&input.utterances, part) => {}
            answer => reduce::add(&mut claims, answer?),
        }
    }
    Ok(claims)
}

/// Asks for the claims of some lines: part `part` (from 1) of `parts`.
async fn ask(
    team: &Team<'_>,
    task: &'static str,
    input: &SessionForClient,
    lines: Range<usize>,
    (part, parts): (usize, usize),
) -> Result<Vec<DraftClaim>, LlmError> {
    let client = if task == "map" { team.map } else { team.write };
    let prompt = prompt::render(input, &input.utterances[lines], part, parts).map_err(broken_template)?;
    let answer: Answer = client.ask(&team.call(task, &SUMMARIZE.version()), &prompt).await?;
    Ok(answer.claims)
}

pub(super) fn by(client: &Client, claims: Vec<DraftClaim>, prompt_version: String) -> Draft {
    Draft { claims, provider: client.provider(), model: client.model().to_owned(), prompt_version, stands_in: None }
}

/// A faulty template, which no retry fixes.
pub(crate) fn broken_template(error: minijinja::Error) -> LlmError {
    LlmError::Misconfigured(format!("the prompt's template does not render: {error}"))
}
