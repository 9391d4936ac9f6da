//! The cost of language models: the ledger by month, organization, task and model. Only reads `llm_calls`.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::db::{Db, TenantTx, Tx};

/// Which part of the ledger to report.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// From this day, in the organization's time zone.
    pub since: Option<NaiveDate>,
    /// Only this organization.
    pub organization: Option<Uuid>,
}

/// A row of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cost {
    /// The calendar month in the organization's time zone: `2026-11`.
    pub month: String,
    /// The organization's handle.
    pub organization: String,
    /// The purpose: `write`, `map`, `reduce`, `repair`, …
    pub task: String,
    /// The provider.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Calls made.
    pub calls: i64,
    /// How many of these failed.
    pub failed: i64,
    /// Answers reused without a call.
    pub reused: i64,
    /// Tokens sent.
    pub input_tokens: i64,
    /// How many of these were cached by the endpoint.
    pub cached_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// Known cost in micro-dollars; `None` if nothing is known.
    pub cost_micro_usd: Option<i64>,
    /// Calls of unknown cost: no price in the settings, no usage from the endpoint, or an end that nobody saw.
    pub unknown: i64,
}

/// Reports the ledger by month, organization, task and model.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn costs(db: &Db, wanted: &Wanted) -> Result<Vec<Cost>, sqlx::Error> {
    let organizations = match wanted.organization {
        Some(organization) => vec![organization],
        None => db.organizations().await?,
    };
    let mut all = Vec::new();
    for organization in organizations {
        all.extend(of(&mut db.tenant(organization).await?, wanted.since).await?);
    }
    let key = |cost: &Cost| {
        (cost.month.clone(), cost.organization.clone(), cost.task.clone(), cost.provider.clone(), cost.model.clone())
    };
    all.sort_by_cached_key(key);
    Ok(all)
}

/// Reports the ledger of the transaction's organization, by month, task and model.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn of(tx: &mut TenantTx, since: Option<NaiveDate>) -> Result<Vec<Cost>, sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query_as!(
        Cost,
        r#"select to_char(started_at at time zone time_zone, 'YYYY-MM') as "month!", handle as organization, task,
            provider, model,
            count(*) filter (where state <> 'reused') as "calls!",
            count(*) filter (where state = 'failed') as "failed!",
            count(*) filter (where state = 'reused') as "reused!",
            coalesce(sum(input_tokens), 0)::bigint as "input_tokens!",
            coalesce(sum(cached_tokens), 0)::bigint as "cached_tokens!",
            coalesce(sum(output_tokens), 0)::bigint as "output_tokens!",
            (sum(cost_micro_usd) filter (where state <> 'reused'))::bigint as cost_micro_usd,
            count(*) filter (where cost_micro_usd is null) as "unknown!"
           from llm_calls
           join organizations on organizations.id = organization_id
           where organization_id = $1 and ($2::date is null or started_at >= $2::timestamp at time zone time_zone)
           group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"#,
        organization,
        since
    )
    .fetch_all(tx.conn())
    .await
}
