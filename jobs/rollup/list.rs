//! The rollups that were made, newest first. Only reads.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Figures;
use crate::db::{TenantTx, Tx};

/// A rollup as it was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rollup)]
pub struct StoredRollup {
    /// Its id.
    pub id: Uuid,
    /// The coach.
    pub coach_id: Uuid,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// What was counted.
    #[schema(value_type = Figures)]
    pub figures: sqlx::types::Json<Figures>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A page of the rollups that `tx` sees.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(
    tx: &mut TenantTx,
    coach: Option<Uuid>,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<StoredRollup>, sqlx::Error> {
    let (after_day, after_id) = after.unzip();
    sqlx::query_as!(
        StoredRollup,
        r#"select id, coach_id, first_day, last_day, figures as "figures: sqlx::types::Json<Figures>", created_at
           from rollups where ($1::uuid is null or coach_id = $1)
             and ($2::date is null or (first_day, id) < ($2, $3::uuid))
           order by first_day desc, id desc limit $4"#,
        coach,
        after_day,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
