//! `/v1/prompts`: what language models are asked.

use axum::extract::Path;
use debrief_jobs::{
    prompts::{self, PromptTemplate},
    rights::Right,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call::{About, Answer, Call},
    input::Page,
    problem::Problem,
};

/// A prompt.
#[derive(Serialize, ToSchema)]
struct PromptLine {
    /// Its permanent name.
    name: &'static str,
    /// Its version, as summaries name it: it changes with every word.
    version: String,
    /// What it asks a model to do.
    purpose: &'static str,
}

/// A prompt with its words.
#[derive(Serialize, ToSchema)]
struct PromptDetail {
    /// Which.
    #[serde(flatten)]
    line: PromptLine,
    /// The part that is the same for every session, before values are inserted.
    system: &'static str,
    /// The part about one session, before values are inserted.
    user: &'static str,
}

impl From<&PromptTemplate> for PromptLine {
    fn from(prompt: &PromptTemplate) -> Self {
        Self { name: prompt.name, version: prompt.version(), purpose: prompt.purpose }
    }
}

/// List prompts
///
/// What language models are asked. They're part of the program; a summary template, and a coach's voice, add to them.
#[utoipa::path(get, path = "/v1/prompts", tag = "templates", operation_id = "list_prompts",
    security(("key" = ["templates:read"])),
    responses((status = 200, description = "The prompts", body = Page<PromptLine>)))]
pub(super) async fn list(call: Call) -> Answer {
    let tx = call.read(Right::TemplatesRead).await?;
    let items: Vec<_> = prompts::ALL.iter().map(PromptLine::from).collect();
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// Show a prompt
///
/// As it stands in the program: values are inserted where braces are. What a summary template makes of the sample session is
/// at `/v1/templates/{name}`.
#[utoipa::path(get, path = "/v1/prompts/{name}", tag = "templates", operation_id = "get_prompt",
    params(("name" = String, Path,)), security(("key" = ["templates:read"])),
    responses((status = 200, description = "The prompt", body = PromptDetail)))]
pub(super) async fn show(call: Call, Path(name): Path<String>) -> Answer {
    let tx = call.read(Right::TemplatesRead).await?;
    let prompt = prompts::ALL.iter().find(|prompt| prompt.name == name).ok_or_else(Problem::not_found)?;
    let detail = PromptDetail { line: prompt.into(), system: prompt.system, user: prompt.user };
    call.shown(tx, About::default(), &detail).await
}
