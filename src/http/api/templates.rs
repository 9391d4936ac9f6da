//! `/v1/templates`: summary templates, with a preview of what they make.

use axum::{extract::Path, http::StatusCode};
use debrief_jobs::{
    follow_up::{self, Preview},
    rights::Right,
    summarize::template::{self, Saved, StoreError, SummaryTemplate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{About, Answer, Call, json_response},
    input::{Json, Page},
    problem::{Code, Problem},
};
use crate::http::failure::capitalized;

fn refused(error: StoreError) -> Problem {
    let detail = capitalized(&error.to_string());
    match error {
        StoreError::Database(error) => error.into(),
        StoreError::Unknown(_) => Problem::not_found(),
        StoreError::Taken => Problem::new(Code::Taken, detail),
        StoreError::Fault(_) | StoreError::NoCoach(_) => Problem::invalid("definition", detail),
    }
}

/// List summary templates
#[utoipa::path(get, path = "/v1/templates", tag = "templates", operation_id = "list_templates",
    security(("key" = ["templates:read"])),
    responses((status = 200, description = "The latest version of each", body = Page<Saved>)))]
pub(super) async fn list(call: Call) -> Answer {
    let mut tx = call.read(Right::TemplatesRead).await?;
    let items = template::list(&mut tx).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// A template and what it makes of the sample session.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryTemplateDetail)]
struct Shown {
    /// The template.
    #[serde(flatten)]
    saved: Saved,
    /// The letter that it makes of the sample session.
    letter: Option<String>,
    /// What only the coach would read.
    notes: Option<String>,
    /// What a language model would be asked about the sample session.
    prompt: Option<SamplePrompt>,
}

/// A prompt with all that is inserted.
#[derive(Serialize, ToSchema)]
struct SamplePrompt {
    /// The part that is the same for every session.
    system: String,
    /// The part about this one.
    user: String,
}

/// A template with what it makes of the sample session. Writing it takes a while, so no transaction is open and no thread of
/// the pages is held.
async fn preview(definition: String) -> Option<Preview> {
    let made = tokio::task::spawn_blocking(move || {
        SummaryTemplate::read(&definition).and_then(|template| follow_up::preview(&template)).ok()
    });
    made.await.ok().flatten()
}

impl Shown {
    fn new(saved: Saved, preview: Option<Preview>) -> Self {
        let Some(Preview { follow_up, notes, prompt }) = preview else {
            return Self { saved, letter: None, notes: None, prompt: None };
        };
        let prompt = SamplePrompt { system: prompt.system, user: prompt.user };
        Self { saved, letter: Some(follow_up), notes: Some(notes), prompt: Some(prompt) }
    }
}

/// Show a summary template
#[utoipa::path(get, path = "/v1/templates/{name}", tag = "templates", operation_id = "get_template",
    params(("name" = String, Path,)), security(("key" = ["templates:read"])),
    responses((status = 200, description = "The template, and what it makes of the sample session", body = Shown)))]
pub(super) async fn show(call: Call, Path(name): Path<String>) -> Answer {
    let mut tx = call.read(Right::TemplatesRead).await?;
    let saved = template::show(&mut tx, &name, None).await.map_err(refused)?;
    call.noted(tx, About::default()).await?;
    let preview = preview(saved.definition.clone()).await;
    Ok(json_response(StatusCode::OK, &Shown::new(saved, preview))?)
}

/// A template to save, or to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSummaryTemplate)]
pub(super) struct Definition {
    /// The template as TOML; docs/SUMMARIES.md describes it.
    #[schema(max_length = 20000)]
    definition: String,
}

/// Save a summary template
///
/// As the next version of its name. The same text again changes nothing.
#[utoipa::path(post, path = "/v1/templates", tag = "templates", operation_id = "save_template", request_body = Definition,
    security(("key" = ["templates:write"])),
    responses((status = 200, description = "The template, and what it makes of the sample session", body = Shown)))]
pub(super) async fn save(call: Call, body: Json<Definition>) -> Answer {
    // Refused before any work is done.
    call.caller.view(Right::TemplatesWrite)?;
    let preview = preview(body.value.definition.clone()).await;
    let mut tx = call.change(Right::TemplatesWrite, &body.sha256).await?;
    let saved = template::save(&mut tx, &body.value.definition).await.map_err(refused)?;
    call.done(tx, About::default(), StatusCode::OK, &Shown::new(saved, preview), &[]).await
}

/// Retire a summary template
///
/// Summaries that it made stay; new ones don't use it.
#[utoipa::path(delete, path = "/v1/templates/{name}", tag = "templates", operation_id = "retire_template",
    params(("name" = String, Path,)), security(("key" = ["templates:write"])),
    responses((status = 204, description = "It is retired")))]
pub(super) async fn retire(call: Call, Path(name): Path<String>) -> Answer {
    let mut tx = call.change(Right::TemplatesWrite, &[]).await?;
    template::retire(&mut tx, &name).await.map_err(refused)?;
    call.done(tx, About::default(), StatusCode::NO_CONTENT, &(), &[]).await
}
