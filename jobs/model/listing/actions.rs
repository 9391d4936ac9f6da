//! Action items of all sessions, a page at a time: who owes what to whom by when, how it stands, and what is
//! overdue. Only reads.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::{ItemState, SummaryState},
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
    /// Only those that stand so.
    pub state: Option<ItemState>,
    /// Only those that are open and whose day has passed, or only the others.
    pub overdue: Option<bool>,
    /// Only those from sessions on or after this day.
    pub from: Option<NaiveDate>,
    /// Only those from sessions on or before this day.
    pub to: Option<NaiveDate>,
    /// Only this one, by its lasting id.
    pub item: Option<Uuid>,
    /// Only those after this one: the session's day and the item.
    pub after: Option<(NaiveDate, Uuid)>,
    /// At most this many.
    pub limit: i64,
}

/// An action item in a list.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ActionItemLine)]
pub struct ActionLine {
    /// Its id, which stays through edits and refinements.
    pub item_id: Uuid,
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
    /// How it stands: as a person said last, else `done` if a later session says so.
    pub state: ItemState,
    /// Since which day it is done or dropped, or open again; `null` if it was never anything but open.
    pub since: Option<NaiveDate>,
    /// What was noted with that.
    pub note: Option<String>,
    /// The person who said so; `null` if it was a later session, a key of the organization, or an operator.
    pub told_by: Option<Uuid>,
    /// That person's name.
    pub told_by_name: Option<String>,
    /// When they said so.
    pub told_at: Option<DateTime<Utc>>,
    /// Whether a later session says that it was done.
    pub reported_done: bool,
    /// Whether it is open and its day has passed, in the coach's time zone.
    pub is_overdue: bool,
}

/// The lasting id of the action item that `id` means: that itself, or the id of its claim in any version. `None` if there is
/// none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn item_of(tx: &mut TenantTx, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("select lasting_id from claims where id = $1 or lasting_id = $1 limit 1", id)
        .fetch_optional(tx.conn())
        .await
}

/// One action item, as it is in the version that is shown; `None` if that one hasn't got it.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn action_item(tx: &mut TenantTx, item: Uuid) -> Result<Option<ActionLine>, sqlx::Error> {
    let wanted = WantedActions { item: Some(item), limit: 1, ..WantedActions::default() };
    Ok(action_page(tx, &wanted).await?.pop())
}

/// A page of the action items that `tx` sees, those of the newest sessions first: of each summary's approved version, else of
/// its latest. Those of dismissed summaries are none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn action_page(tx: &mut TenantTx, wanted: &WantedActions) -> Result<Vec<ActionLine>, sqlx::Error> {
    let (after_day, after_id) = wanted.after.unzip();
    sqlx::query_as!(
        ActionLine,
        r#"with shown as not materialized (
               select id, session_id, client_id, state, coalesce(approved_version, version) as version
               from summaries where state in ('done', 'approved')),
           items as not materialized (
               select claims.lasting_id, claims.id as claim_id, shown.id as summary_id, shown.state as summary_state,
                      sessions.id as session_id, sessions.title as session_title, session_date, sessions.coach_id,
                      shown.client_id, clients.name as client, claims.text, audience, support, owner, due_date, due_words,
                      coalesce(due_date < (now() at time zone coaches.time_zone)::date, false) as is_past
               from sessions
               join shown on shown.session_id = sessions.id
               join coaches on coaches.id = sessions.coach_id
               join clients on clients.id = shown.client_id
               join claims on claims.summary_id = shown.id and claims.version = shown.version
               join action_items on action_items.claim_id = claims.id
               where ($1::uuid is null or shown.client_id = $1) and ($2::uuid is null or sessions.coach_id = $2)
                 and ($3::text is null or owner = $3)
                 and ($5::date is null or session_date >= $5) and ($6::date is null or session_date <= $6)
                 and ($7::date is null or (session_date, claims.lasting_id) < ($7, $8::uuid))
                 and ($11::uuid is null or claims.lasting_id = $11)),
           -- Sorted first: how an item stands is looked up item by item, and only until the page is full.
           sorted as materialized (
               select * from items where $4::bool is not true or is_past order by session_date desc, lasting_id desc),
           page as materialized (
               select sorted.*, stands.*
               from sorted cross join lateral action_item_now(sorted.lasting_id)
                   as stands (item_state, since, note, told_by, told_at, reported_done)
               where ($4 is null or (is_past and item_state = 'open') = $4) and ($10::text is null or item_state = $10)
               limit $9)
           select lasting_id as "item_id!", claim_id as "claim_id!", summary_id as "summary_id!",
                  summary_state as "summary_state!: SummaryState", session_id as "session_id!",
                  session_title as "session_title!", session_date as "session_date!", page.coach_id as "coach_id!",
                  client_id as "client_id!", client as "client!", text as "text!", audience as "audience!",
                  support as "support!", owner as "owner!", due_date, due_words, item_state as "state!: ItemState",
                  since, note, told_by, coaches.name as "told_by_name?", told_at,
                  reported_done as "reported_done!", is_past and item_state = 'open' as "is_overdue!"
           from page left join coaches on coaches.id = told_by
           order by session_date desc, lasting_id desc"#,
        wanted.client,
        wanted.coach,
        wanted.owner,
        wanted.overdue,
        wanted.from,
        wanted.to,
        after_day,
        after_id,
        wanted.limit,
        wanted.state as Option<ItemState>,
        wanted.item
    )
    .fetch_all(tx.conn())
    .await
}
