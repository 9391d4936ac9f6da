//! Action items of all sessions, a page at a time: who owes what to whom by when, and what is overdue. Only reads.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::SummaryState,
};

/// Which action items a page shows.
#[derive(Clone, Debug, Default)]
pub struct WantedActions {
    /// Only those from sessions with this client.
    pub client: Option<Uuid>,
    /// Only this coach's.
    pub coach: Option<Uuid>,
    /// Only those of this owner: `client`, `coach` or `unclear`.
    pub owner: Option<&'static str>,
    /// Only those whose day has passed and of which no later session says that they were done.
    pub overdue: bool,
    /// Only those from sessions on or after this day.
    pub from: Option<NaiveDate>,
    /// Only those from sessions on or before this day.
    pub to: Option<NaiveDate>,
    /// Only those after this one: the session's day and the claim.
    pub after: Option<(NaiveDate, Uuid)>,
    /// At most this many.
    pub limit: i64,
}

/// An action item in a list.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ActionItemLine)]
pub struct ActionLine {
    /// Its claim, in the version that is shown.
    pub claim_id: Uuid,
    /// Its summary.
    pub summary_id: Uuid,
    /// `done` (for the coach to read) or `approved`.
    pub summary_state: SummaryState,
    /// The session.
    pub session_id: Uuid,
    /// The session's title.
    pub session_title: String,
    /// The session's day.
    pub session_date: NaiveDate,
    /// The coach.
    pub coach_id: Uuid,
    /// The client of the summary.
    pub client_id: Uuid,
    /// The client's name.
    pub client: String,
    /// The sentence.
    pub text: String,
    /// `client`, or `coach` if it is for the coach alone.
    pub audience: String,
    /// What the sentence is based on (see [`crate::model::Support`]).
    pub support: String,
    /// `client`, `coach` or `unclear`.
    pub owner: String,
    /// The due date, if one was said.
    pub due_date: Option<NaiveDate>,
    /// The words that the date comes from.
    pub due_words: Option<String>,
    /// Whether a later session says that it was done.
    pub reported_done: bool,
    /// Whether its day has passed, in the coach's time zone, and no later session says that it was done.
    pub is_overdue: bool,
}

/// A page of the action items that `tx` sees, those of the newest sessions first: of each summary's approved version, else of
/// its latest. Those of dismissed summaries are none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn action_page(tx: &mut TenantTx, wanted: &WantedActions) -> Result<Vec<ActionLine>, sqlx::Error> {
    let (after_day, after_id) = wanted.after.unzip();
    // A version gives its claims new ids, so a thread's earlier claim is known by its summary and its words.
    sqlx::query_as!(
        ActionLine,
        r#"with shown as not materialized (
               select id, session_id, client_id, state, coalesce(approved_version, version) as version
               from summaries where state in ('done', 'approved')),
           items as not materialized (
               select claims.id as claim_id, shown.id as summary_id, shown.state as summary_state, sessions.id as session_id,
                      sessions.title as session_title, session_date, sessions.coach_id, shown.client_id, clients.name as client,
                      claims.text, audience, support, owner, due_date, due_words,
                      due_date < (now() at time zone coaches.time_zone)::date as is_past
               from sessions
               join shown on shown.session_id = sessions.id
               join coaches on coaches.id = sessions.coach_id
               join clients on clients.id = shown.client_id
               join claims on claims.summary_id = shown.id and claims.version = shown.version
               join action_items on action_items.claim_id = claims.id
               where ($1::uuid is null or shown.client_id = $1) and ($2::uuid is null or sessions.coach_id = $2)
                 and ($3::text is null or owner = $3)
                 and ($5::date is null or session_date >= $5) and ($6::date is null or session_date <= $6)
                 and ($7::date is null or (session_date, claims.id) < ($7, $8::uuid))),
           -- Where only those that are overdue are wanted, it is looked which were done; else for the page's own alone.
           page as materialized (
               select * from items
               where not $4 or (is_past and not exists (
                   select from claims earlier
                   join threads on threads.earlier_claim_id = earlier.id
                   join claims said on said.id = threads.claim_id
                   join shown later on later.id = said.summary_id and later.version = said.version
                   where outcome = 'met' and earlier.summary_id = items.summary_id
                     and earlier.section = 'action_items' and earlier.text = items.text))
               order by session_date desc, claim_id desc limit $9)
           select claim_id as "claim_id!", page.summary_id as "summary_id!", summary_state as "summary_state!: SummaryState",
                  session_id as "session_id!", session_title as "session_title!", session_date as "session_date!",
                  coach_id as "coach_id!", client_id as "client_id!", client as "client!", text as "text!",
                  audience as "audience!", support as "support!", owner as "owner!", due_date, due_words,
                  reported_done as "reported_done!", coalesce(is_past, false) and not reported_done as "is_overdue!"
           from page cross join lateral (
               select exists (
                   select from claims earlier
                   join threads on threads.earlier_claim_id = earlier.id
                   join claims said on said.id = threads.claim_id
                   join shown later on later.id = said.summary_id and later.version = said.version
                   where outcome = 'met' and earlier.summary_id = page.summary_id
                     and earlier.section = 'action_items' and earlier.text = page.text)) as done (reported_done)
           order by session_date desc, claim_id desc"#,
        wanted.client,
        wanted.coach,
        wanted.owner,
        wanted.overdue,
        wanted.from,
        wanted.to,
        after_day,
        after_id,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await
}
