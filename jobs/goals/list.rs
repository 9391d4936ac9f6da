//! Goals as lists show them: a page at a time, or one. Only reads.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::GoalState,
};

/// Which goals a page shows.
#[derive(Clone, Debug, Default)]
pub struct WantedGoals {
    /// Only this client's.
    pub client: Option<Uuid>,
    /// Only those of this coach's clients.
    pub coach: Option<Uuid>,
    /// Only those that stand so.
    pub state: Option<GoalState>,
    /// Only those that are open and whose day has passed, or only the others.
    pub overdue: Option<bool>,
    /// Only those older than this one.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: i64,
}

/// A client's goal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Goal {
    /// The id.
    pub id: Uuid,
    /// The coach.
    pub coach_id: Uuid,
    /// The client.
    pub client_id: Uuid,
    /// The client's name.
    pub client: String,
    /// What the client works towards.
    pub text: String,
    /// By when, if there is a day.
    pub due_date: Option<NaiveDate>,
    /// How it stands.
    pub state: GoalState,
    /// Since which day it stands so: for an open one, when it was set or opened again.
    pub since: NaiveDate,
    /// What was noted with that.
    pub note: Option<String>,
    /// The person who said so; `null` for a key of the organization or an operator.
    pub told_by: Option<Uuid>,
    /// That person's name.
    pub told_by_name: Option<String>,
    /// When they said so.
    pub told_at: DateTime<Utc>,
    /// Whether it is open and its day has passed, in the coach's time zone.
    pub is_overdue: bool,
    /// The summary that it was taken from.
    pub summary_id: Option<Uuid>,
    /// The lasting id of the claim that it was taken from.
    pub lasting_id: Option<Uuid>,
    /// Who set it; `null` for a key of the organization or an operator.
    pub created_by: Option<Uuid>,
    /// When it was set.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of the goals that `tx` sees, newest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(tx: &mut TenantTx, wanted: &WantedGoals) -> Result<Vec<Goal>, sqlx::Error> {
    read(tx, None, wanted).await
}

/// A goal; `None` if there is none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn one(tx: &mut TenantTx, id: Uuid) -> Result<Option<Goal>, sqlx::Error> {
    Ok(read(tx, Some(id), &WantedGoals { limit: 1, ..WantedGoals::default() }).await?.pop())
}

async fn read(tx: &mut TenantTx, id: Option<Uuid>, wanted: &WantedGoals) -> Result<Vec<Goal>, sqlx::Error> {
    sqlx::query_as!(
        Goal,
        r#"with read as (
               select goals.*, clients.name as client, persons.name as told_by_name,
                      coalesce(due_date < (now() at time zone coaches.time_zone)::date, false) and state = 'open' as is_overdue
               from goals
               join clients on clients.id = client_id
               join coaches on coaches.id = goals.coach_id
               left join coaches persons on persons.id = told_by)
           select id as "id!", coach_id as "coach_id!", client_id as "client_id!", client as "client!", text as "text!",
                  due_date, state as "state!: GoalState", since as "since!", note, told_by,
                  told_by_name as "told_by_name?", told_at as "told_at!", is_overdue as "is_overdue!", summary_id,
                  lasting_id, created_by, created_at as "created_at!", updated_at as "updated_at!"
           from read
           where ($1::uuid is null or id = $1) and ($2::uuid is null or client_id = $2)
             and ($3::uuid is null or coach_id = $3) and ($4::text is null or state = $4) and ($5::bool is null or is_overdue = $5)
             and ($6::uuid is null or id < $6)
           order by id desc limit $7"#,
        id,
        wanted.client,
        wanted.coach,
        wanted.state as Option<GoalState>,
        wanted.overdue,
        wanted.after,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await
}
