//! Language models, from outside: each provider's good and bad days, the limits that processes share, what is paid for
//! and what it cost.

mod limits;
mod money;
mod providers;

use std::sync::Arc;

use debrief_jobs::{
    Services,
    db::Tx,
    llm::{Call, LlmError, Prompt, Settings},
    summarize::DraftEvidence,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{LlmServer, World, world};

/// A world with the model `default` as configured by `change`.
async fn with_model(change: impl FnOnce(&mut Settings)) -> World {
    World::with(|settings| change(&mut settings.llm)).await
}

/// The settings of an OpenAI-compatible model behind `server`.
fn behind(server: &LlmServer) -> impl Fn(&mut Settings) + use<> {
    let url = server.url.clone();
    move |settings| {
        settings.provider = "openai".into();
        settings.url = Some(url.clone());
        settings.model = Some("test-model".into());
        settings.api_key = Some("sk-test".into());
        settings.timeout_seconds = Some(20);
    }
}

/// The services of another process of the same installation.
fn another_process(world: &World, change: impl FnOnce(&mut Settings)) -> Services {
    let mut settings = world::settings(&world.folder);
    change(&mut settings.llm);
    Services::new(world.database.db.clone(), &settings).expect("good settings")
}

/// Asks the model `default` about `words`, for an organization.
async fn ask(services: &Services, organization: Uuid, words: &str) -> Result<DraftEvidence, LlmError> {
    let client = Arc::clone(services.summarizer.models().client("default").expect("a model"));
    let call = Call { db: &services.db, organization, session_id: None, task: "write", prompt_version: "test-1" };
    client.ask(&call, &Prompt { system: "Answer.".into(), user: words.into() }).await
}

/// What every server here answers.
fn answer() -> Value {
    json!({ "utterance": 7, "quote": "as said" })
}

/// One column of the ledger's latest row.
async fn last<T>(world: &World, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect("one value")
}
