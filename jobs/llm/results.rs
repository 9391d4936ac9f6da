//! Answers that were paid for: the same request by the same organization to the same model is answered from here.
//!
//! Reads and writes `llm_results`. Concurrent requests write the same row again.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    LlmError, Prompt,
    ledger::{self, Call, Called},
};
use crate::{
    db::{TenantTx, Tx},
    queue::{
        Context, Finished, Job, JobArgs, JobError,
        schedule::{Missed, Schedule, job},
    },
};

/// How long an answer is kept: roughly as long as a dead job may be retried, since it contains what was said.
const KEEP_DAYS: f64 = 7.0;
/// How long to remember that something did not fit: a retry need not learn it again, but an operator may have given the
/// model more room since.
const KEEP_MISFIT_DAYS: f64 = 1.0 / 24.0;
/// Rows per batch.
const BATCH: i64 = 1000;

/// Identifies a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of a request: each part is preceded by its length, so that different requests never have the same bytes.
    pub(super) fn of(call: &Call<'_>, called: Called<'_>, prompt: &Prompt, schema: &Value) -> Self {
        let mut hasher = Sha256::new();
        let schema = schema.to_string();
        for part in [call.prompt_version, called.provider, called.model, schema.as_str(), &prompt.system, &prompt.user]
        {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

/// What is known about a request.
#[derive(Debug)]
pub(super) enum StoredResult {
    /// Its answer.
    Answer(String),
    /// It does not fit.
    TooLong,
}

/// Looks up the request's result; a hit is recorded as reused in the ledger.
pub(super) async fn find(call: &Call<'_>, called: Called<'_>, key: &Key) -> Result<Option<StoredResult>, LlmError> {
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    let found = sqlx::query_scalar!(
        "select answer from llm_results where organization_id = $1 and key = $2 and expires_at > now()",
        call.organization,
        &key.0
    )
    .fetch_optional(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    let Some(answer) = found else { return Ok(None) };
    ledger::insert(&mut tx, call, called, "reused", None).await?;
    tx.commit().await.map_err(LlmError::Ledger)?;
    Ok(Some(answer.map_or(StoredResult::TooLong, StoredResult::Answer)))
}

/// Stores a result; without an answer if the request doesn't fit. Nothing is kept of a session that was deleted meanwhile.
pub(super) async fn keep(tx: &mut TenantTx, call: &Call<'_>, key: &Key, answer: Option<&str>) -> Result<(), LlmError> {
    sqlx::query!(
        "insert into llm_results (organization_id, key, session_id, answer, expires_at)
         select $1, $2, $3, $4, now() + make_interval(secs => $5::double precision * 86400)
         where $3::uuid is null or exists (select from sessions where id = $3 for key share)
         on conflict (organization_id, key) do update set answer = excluded.answer, expires_at = excluded.expires_at",
        call.organization,
        &key.0,
        call.session_id,
        answer,
        if answer.is_some() { KEEP_DAYS } else { KEEP_MISFIT_DAYS }
    )
    .execute(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    Ok(())
}

/// Hourly.
pub const SCHEDULE: Schedule =
    Schedule::new("expire_answers", "0 23 * * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, ExpireAnswers {}));

/// Deletes old answers. A rerun deletes what is left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpireAnswers {}

impl JobArgs for ExpireAnswers {
    const KIND: &'static str = "llm.expire_answers";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for ExpireAnswers {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut deleted = 0;
        for organization in ctx.db.organizations().await? {
            loop {
                let mut tx = ctx.db.tenant(organization).await?;
                let batch = sqlx::query!(
                    "delete from llm_results where organization_id = $1 and key in (
                         select key from llm_results where organization_id = $1 and expires_at <= now() limit $2)",
                    organization,
                    BATCH
                )
                .execute(tx.conn())
                .await?
                .rows_affected();
                tx.commit().await?;
                deleted += batch;
                if batch < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        let tx = ctx.system_tx().await?;
        ctx.finish(tx, json!({ "answers": deleted })).await
    }
}
