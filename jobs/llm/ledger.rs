//! The ledger of calls: a row with the possible cost is committed before each call, and settled with the actual cost
//! after it, whatever became of the job. The budget limits the sum of the month's rows.
//!
//! A row that stays `started` is a call whose end nobody saw (the process died, or the job was cancelled). It may have
//! cost something, and keeps counting at its reserved amount.

use uuid::Uuid;

use super::{LlmError, error::dollars, results};
use crate::db::{Db, TenantTx, Tx};

/// After this many refusals of one session's calls within a day, coming back is pointless.
const MOST_REFUSALS: i64 = 60;

/// Who makes a call, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The database with the ledger.
    pub db: &'a Db,
    /// The organization that makes the call.
    pub organization: Uuid,
    /// The session it is about.
    pub session_id: Option<Uuid>,
    /// Its purpose: `write`, `map`, `reduce`, `repair`, …
    pub task: &'static str,
    /// The prompt's version.
    pub prompt_version: &'a str,
}

/// What a call used, as the endpoint reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, including those read from and written to a cache.
    pub input_tokens: Option<u32>,
    /// Tokens of the prompt that the endpoint had cached.
    pub cached_tokens: Option<u32>,
    /// Tokens of the prompt that the endpoint wrote to its cache, if that has its own price.
    pub written_tokens: Option<u32>,
    /// Tokens of the answer.
    pub output_tokens: Option<u32>,
}

/// The model called, as the ledger names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    pub(super) profile: &'a str,
    /// The section of its settings.
    pub(super) section: &'a str,
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Settled<'a> {
    pub(super) usage: Usage,
    /// Its cost in micro-dollars; `None` if unknown.
    pub(super) cost: Option<i64>,
    pub(super) request_id: Option<&'a str>,
    pub(super) error: Option<&'a LlmError>,
    /// What to keep of it: the answer, or that it did not fit.
    pub(super) result: Option<(&'a results::Key, Option<&'a str>)>,
}

/// Commits the row of a call that is about to be made, and returns its id. `reserve` is its possible cost in
/// micro-dollars; `budget` is the installation's, for organizations without their own.
///
/// # Errors
/// [`LlmError::Budget`] if the call might cost more than is left of the month's budget.
pub(super) async fn start(
    call: &Call<'_>,
    called: Called<'_>,
    reserve: Option<i64>,
    budget: Option<i64>,
) -> Result<Uuid, LlmError> {
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    hold_to_budget(&mut tx, called, reserve, budget).await?;
    let id = insert(&mut tx, call, called, "started", reserve).await?;
    tx.commit().await.map_err(LlmError::Ledger)?;
    Ok(id)
}

/// Adds a row to the ledger.
pub(super) async fn insert(
    tx: &mut TenantTx,
    call: &Call<'_>,
    called: Called<'_>,
    state: &str,
    reserve: Option<i64>,
) -> Result<Uuid, LlmError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into llm_calls (id, organization_id, session_id, task, profile, provider, model, prompt_version, state,
            reserved_micro_usd, finished_at, cost_micro_usd)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $9 = 'reused' then now() end,
            case when $9 = 'reused' then 0 end)",
        id,
        call.organization,
        call.session_id,
        call.task,
        called.profile,
        called.provider,
        called.model,
        call.prompt_version,
        state,
        reserve
    )
    .execute(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    Ok(id)
}

/// Rejects a call that might cost more than is left. Locks the organization's row, so that two processes never reserve
/// the same money. The lock is held until the call's row is committed, but not during the call.
async fn hold_to_budget(
    tx: &mut TenantTx,
    called: Called<'_>,
    reserve: Option<i64>,
    budget: Option<i64>,
) -> Result<(), LlmError> {
    let organization = tx.tenant();
    let own =
        sqlx::query_scalar!("select budget_micro_usd from organization_llm where organization_id = $1", organization)
            .fetch_optional(tx.conn())
            .await
            .map_err(LlmError::Ledger)?
            .flatten();
    let Some(budget) = own.or(budget) else { return Ok(()) };
    let Some(reserve) = reserve else {
        return Err(LlmError::Misconfigured(format!(
            "the organization has a budget for language models, but the cost of the model {} isn't known: set \
             {section}.input_price and {section}.output_price (0 where it costs nothing), then retry the job",
            called.profile,
            section = called.section
        )));
    };
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_optional(tx.conn())
        .await
        .map_err(LlmError::Ledger)?;
    let spent = spent_this_month(tx).await.map_err(LlmError::Ledger)?;
    if spent + reserve > budget {
        tracing::warn!(target: "llm", { organization.id = %organization, llm.budget = %dollars(budget), llm.spent = %dollars(spent) },
            "The month's budget for language models is used up");
        metrics::counter!("debrief_llm_budget_total", "event" => "refused").increment(1);
        return Err(LlmError::Budget(budget));
    }
    let warned_at = budget / 5 * 4;
    if spent < warned_at && spent + reserve >= warned_at {
        tracing::warn!(target: "llm", { organization.id = %organization, llm.budget = %dollars(budget), llm.spent = %dollars(spent) },
            "Four fifths of the month's budget for language models are used");
        metrics::counter!("debrief_llm_budget_total", "event" => "warned").increment(1);
    }
    Ok(())
}

/// What the organization's calls cost or may still cost in this month (in its time zone), in micro-dollars.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn spent_this_month(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query_scalar!(
        r#"select coalesce(sum(coalesce(cost_micro_usd, reserved_micro_usd, 0)), 0)::bigint as "spent!"
           from organizations
           join llm_calls on llm_calls.organization_id = organizations.id
               and started_at >= date_trunc('month', now() at time zone time_zone) at time zone time_zone
           where organizations.id = $1"#,
        organization
    )
    .fetch_one(tx.conn())
    .await
}

/// Whether the endpoint has reported too many requests for this session's calls so often that it will go on doing so.
/// Such a refusal doesn't count as one of the job's attempts, so the job would retry forever.
pub(super) async fn is_limited_for_ever(call: &Call<'_>) -> Result<bool, LlmError> {
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    let refusals = sqlx::query_scalar!(
        r#"select count(*) as "refusals!" from llm_calls
           where organization_id = $1 and session_id = $2 and error = 'limited' and started_at > now() - interval '1 day'"#,
        call.organization,
        call.session_id
    )
    .fetch_one(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    Ok(refusals >= MOST_REFUSALS)
}

/// Settles a call's row: its usage, its cost, and its error if it failed. Also keeps its answer.
pub(super) async fn settle(call: &Call<'_>, id: Uuid, settled: Settled<'_>) -> Result<(), LlmError> {
    let count = |tokens: Option<u32>| tokens.and_then(|tokens| i32::try_from(tokens).ok());
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    sqlx::query!(
        "update llm_calls set state = $2, input_tokens = $3, cached_tokens = $4, output_tokens = $5,
            cost_micro_usd = $6, request_id = $7, error = $8, finished_at = now() where id = $1",
        id,
        if settled.error.is_some() { "failed" } else { "succeeded" },
        count(settled.usage.input_tokens),
        count(settled.usage.cached_tokens),
        count(settled.usage.output_tokens),
        settled.cost,
        settled.request_id,
        settled.error.map(LlmError::kind)
    )
    .execute(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    if let Some((key, answer)) = settled.result {
        results::keep(&mut tx, call, key, answer).await?;
    }
    tx.commit().await.map_err(LlmError::Ledger)
}
