//! The ledger of calls: a row is committed before each call, with what it may cost, and settled after it with what it
//! did, whatever became of the job. The budget is what the rows of the month add up to.
//!
//! A row that stays `started` is a call whose end nobody saw (the process died, or the job was cut off): it may have
//! cost something, and goes on counting as much as was reserved for it.

use uuid::Uuid;

use super::{LlmError, error::dollars, results};
use crate::db::{Db, TenantTx, Tx};

/// After so many refusals of one session's calls within a day there is no point in coming back.
const MOST_REFUSALS: i64 = 60;

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Where the ledger is.
    pub db: &'a Db,
    /// Whose call it is.
    pub organization: Uuid,
    /// The session that it is about.
    pub session_id: Option<Uuid>,
    /// What it is for: `write`, `map`, `reduce`, `repair`, …
    pub task: &'static str,
    /// The version of the prompt.
    pub prompt_version: &'a str,
}

/// What a call used, as the endpoint says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, those read from and written to a cache included.
    pub input_tokens: Option<u32>,
    /// Tokens of the prompt that the endpoint had cached.
    pub cached_tokens: Option<u32>,
    /// Tokens of the prompt that the endpoint wrote into its cache, where that has a price of its own.
    pub written_tokens: Option<u32>,
    /// Tokens of the answer.
    pub output_tokens: Option<u32>,
}

/// Who is called, as the ledger names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    pub(super) profile: &'a str,
    /// Where its settings stand.
    pub(super) section: &'a str,
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Settled<'a> {
    pub(super) usage: Usage,
    /// What it cost, in micro-dollars; none where that is not known.
    pub(super) cost: Option<i64>,
    pub(super) request_id: Option<&'a str>,
    pub(super) error: Option<&'a LlmError>,
    /// What is kept of it: the answer, or that it did not fit.
    pub(super) result: Option<(&'a results::Key, Option<&'a str>)>,
}

/// Commits the row of a call that is about to be made, and gives its id. `reserve` is what it may cost, in
/// micro-dollars; `budget` the installation's for organizations that have none of their own.
///
/// # Errors
/// [`LlmError::Budget`] where the call might cost more than is left of the month's budget.
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

/// Refuses a call that might cost more than is left. Under a lock on the organization's row, so that two processes never
/// reserve the same money; the lock is held until the call's row is committed, and not while it is made.
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

/// What the organization's calls of this calendar month (in its own time zone) cost, and may still cost, in micro-dollars.
///
/// # Errors
/// When the database does not answer.
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

/// Whether the endpoint said of this session's calls so often that it was asked too much that it will go on saying so:
/// such a refusal takes no attempt from the job, which would come back for ever.
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

/// Settles the row of a call: what it used, what it cost, how it failed where it did; and keeps its answer.
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
