//! Sessions a page at a time, newest first.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Filter, Row, sessions};
use crate::{
    db::{TenantTx, Tx},
    model::SessionStatus,
};

/// Which sessions a page shows.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only this coach's.
    pub coach: Option<Uuid>,
    /// Only those in which this client took part.
    pub client: Option<Uuid>,
    /// Only those of a client with this tag.
    pub tag: Option<String>,
    /// Only on or after this day.
    pub from: Option<NaiveDate>,
    /// Only on or before this day.
    pub to: Option<NaiveDate>,
    /// `individual` or `group`.
    pub kind: Option<String>,
    /// The state.
    pub state: Option<SessionStatus>,
    /// Only those with a dead stage, or only those without one.
    pub failed: Option<bool>,
    /// Only those after this one: day and id.
    pub after: Option<(NaiveDate, Uuid)>,
    /// At most this many.
    pub limit: i64,
}

/// A page of the sessions that `tx` sees. The next one begins after the last.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(tx: &mut TenantTx, wanted: &Wanted) -> Result<Vec<Row>, sqlx::Error> {
    let (after_day, after_id) = wanted.after.unzip();
    // The ids first: what a line counts is counted for those alone. What people see of a state differs from what is stored in
    // review only, so that the function is asked for few.
    let ids = sqlx::query_scalar!(
        r#"select id from sessions
           where ($1::uuid is null or coach_id = $1)
             and ($2::uuid is null or exists (select from participants
                    where participants.session_id = sessions.id and participants.client_id = $2))
             and ($3::text is null or exists (select from participants join clients on clients.id = participants.client_id
                    where participants.session_id = sessions.id and $3 = any (clients.tags)))
             and ($4::date is null or session_date >= $4) and ($5::date is null or session_date <= $5)
             and ($6::text is null or type = $6) and ($7::text is null or state_for_people(id, state) = $7
                  and state = case when $7 in ('approved', 'sending') then 'in_review' else $7 end)
             and ($8::bool is null or (failed_stage is not null) = $8)
             and ($9::date is null or (session_date, id) < ($9, $10::uuid))
           order by session_date desc, id desc limit $11"#,
        wanted.coach,
        wanted.client,
        wanted.tag,
        wanted.from,
        wanted.to,
        wanted.kind,
        wanted.state as Option<SessionStatus>,
        wanted.failed,
        after_day,
        after_id,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await?;
    sessions(tx, &Filter { ids: Some(ids), ..Filter::default() }).await
}

/// A session's state, and the stage that failed for good; `None` if there is no such session.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn status(tx: &mut TenantTx, id: Uuid) -> Result<Option<(SessionStatus, Option<String>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select state_for_people(id, state) as "state!: SessionStatus", failed_stage from sessions where id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.state, row.failed_stage)))
}
