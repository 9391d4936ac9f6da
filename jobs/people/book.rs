//! Clients as the API shows them: a page at a time, one, and the sessions of one. Only reads.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Client;
use crate::{
    db::{TenantTx, Tx, View},
    model::SessionStatus,
};

/// Which clients a page shows.
#[derive(Clone, Debug, Default)]
pub struct WantedClients {
    /// Only this coach's.
    pub coach: Option<Uuid>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those whose name, alias or address holds this, whatever the case.
    pub named: Option<String>,
    /// Only those after this one: name and id.
    pub after: Option<(String, Uuid)>,
    /// At most this many.
    pub limit: i64,
}

/// A client.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct BookEntry {
    /// The id.
    pub id: Uuid,
    /// The coach.
    pub coach_id: Uuid,
    /// The name.
    pub name: String,
    /// Where follow-ups are sent; `null` for nowhere.
    pub email: Option<String>,
    /// What follows "Hello" in letters; `null` if it's derived from the name.
    pub greeting: Option<String>,
    /// Free-form tags.
    pub tags: Vec<String>,
    /// Other names, as they stand in transcripts.
    pub aliases: Vec<String>,
    /// How many sessions the client took part in.
    pub sessions: i64,
    /// The day of the last one.
    pub last_session_date: Option<NaiveDate>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<BookEntry> for Client {
    fn from(entry: BookEntry) -> Self {
        let BookEntry { id, coach_id, name, email, greeting, tags, aliases, .. } = entry;
        Self { id, coach_id, name, email, greeting, tags, aliases }
    }
}

/// A page of the clients that `tx` sees, by name.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn client_page(tx: &mut TenantTx, wanted: &WantedClients) -> Result<Vec<BookEntry>, sqlx::Error> {
    read(tx, None, wanted).await
}

/// One client; `None` if there is none, or it was removed or merged into another.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn client_by_id(tx: &mut TenantTx, id: Uuid) -> Result<Option<BookEntry>, sqlx::Error> {
    Ok(read(tx, Some(id), &WantedClients { limit: 1, ..WantedClients::default() }).await?.pop())
}

async fn read(tx: &mut TenantTx, id: Option<Uuid>, wanted: &WantedClients) -> Result<Vec<BookEntry>, sqlx::Error> {
    let (after_name, after_id) = wanted.after.clone().unzip();
    sqlx::query_as!(
        BookEntry,
        r#"with page as materialized (
               select id, coach_id, name, email, greeting, tags, updated_at from clients
               where removed_at is null and ($1::uuid is null or id = $1) and ($2::uuid is null or coach_id = $2)
                 and ($3::text is null or $3 = any (tags))
                 and ($4::text is null or strpos(folded(name), folded($4)) > 0 or strpos(lower(email), lower($4)) > 0
                      or exists (select from aliases
                                 where client_id = clients.id and strpos(folded(written), folded($4)) > 0))
                 and ($5::text is null or (name, id) > ($5, $6::uuid))
               order by name, id limit $7)
           select id as "id!", coach_id as "coach_id!", name as "name!", email, greeting, tags as "tags!",
                  updated_at as "updated_at!",
                  array(select written from aliases where client_id = page.id order by written) as "aliases!",
                  been.sessions as "sessions!", been.last_session_date
           from page cross join lateral (
               select count(distinct session_id), max(session_date)
               from participants join sessions on sessions.id = session_id
               where participants.client_id = page.id) as been (sessions, last_session_date)
           order by name, id"#,
        id,
        wanted.coach,
        wanted.tag,
        wanted.named,
        after_name,
        after_id,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await
}

/// A session from the side of one client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClientSession {
    /// The session.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its day.
    pub session_date: NaiveDate,
    /// Its state.
    pub state: SessionStatus,
    /// `high`, `medium`, `low` or `silent`; `null` if the session was attributed before that was recorded.
    pub engagement: Option<String>,
    /// The client's share of everything that was said, from 0 to 1.
    pub share: Option<f64>,
    /// Words that the client spoke.
    pub words: i32,
    /// Questions that the client asked.
    pub questions: i32,
    /// The client's summary of it.
    pub summary_id: Option<Uuid>,
}

/// A client's sessions, newest first: the history, and how engaged the client was over time.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn client_sessions(
    tx: &mut TenantTx,
    client: Uuid,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<ClientSession>, sqlx::Error> {
    let (after_day, after_id) = after.unzip();
    sqlx::query_as!(
        ClientSession,
        r#"select sessions.id as session_id, title, session_date,
                  state_for_people(sessions.id, sessions.state) as "state!: SessionStatus", engagement,
                  case when engagement is not null then share end as share, words, questions,
                  summaries.id as "summary_id?"
           from participants join sessions on sessions.id = participants.session_id
           left join summaries on summaries.session_id = sessions.id and summaries.client_id = participants.client_id
           where participants.client_id = $1 and ($2::date is null or (session_date, sessions.id) < ($2, $3::uuid))
           order by session_date desc, sessions.id desc limit $4"#,
        client,
        after_day,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Whether the organization has this coach, and they weren't removed.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn has_coach(tx: &mut TenantTx, id: Uuid) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from coaches where id = $1 and removed_at is null) as "found!""#,
        id
    );
    found.fetch_one(tx.conn()).await
}

/// The handle of a coach, and so the folder of the inbox: the one of that handle if it's in `view`, else the person's own.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn inbox_of(
    tx: &mut TenantTx,
    handle: Option<&str>,
    person: Option<Uuid>,
    view: &View,
) -> Result<Option<String>, sqlx::Error> {
    let own = if handle.is_some() { None } else { person };
    if handle.is_none() && own.is_none() {
        return Ok(None);
    }
    let in_view = match view {
        View::Organization => None,
        View::Coaches(coaches) => Some(coaches.as_slice()),
    };
    sqlx::query_scalar!(
        "select handle from coaches where removed_at is null and ($1::text is null or handle = lower($1))
            and ($2::uuid is null or id = $2) and ($3::uuid[] is null or id = any ($3))",
        handle,
        own,
        in_view
    )
    .fetch_optional(tx.conn())
    .await
}
