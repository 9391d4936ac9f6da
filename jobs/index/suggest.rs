//! What somebody may mean who is still typing: clients, sessions and tags of which a word begins like that. Only reads.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// At most this many of each kind are suggested.
pub const MOST_SUGGESTED: u32 = 20;
/// The titles of so many of the newest sessions are looked at.
const MOST_LOOKED_AT: i64 = 5_000;

/// What is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SuggestionKind {
    /// A client, by name or alias.
    Client,
    /// A tag of clients.
    Tag,
    /// A session, by its title, of the 5,000 newest; of several with one title the newest.
    Session,
}

/// Something that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SearchSuggestion)]
pub struct Suggestion {
    /// What it is.
    pub kind: SuggestionKind,
    /// The client’s or session’s id; `null` for a tag.
    pub id: Option<Uuid>,
    /// The name, the tag or the title.
    pub text: String,
    /// The session’s day; `null` for others.
    pub date: Option<NaiveDate>,
}

/// What `tx` sees and may be meant by the beginnings of words, whatever their case and accents: clients and tags, if they're
/// wanted, then sessions. Nothing for nothing.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn suggest(
    tx: &mut TenantTx,
    typed: &str,
    with_clients: bool,
    limit: u32,
) -> Result<Vec<Suggestion>, sqlx::Error> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Suggestion,
        r#"(select 'client' as "kind!: SuggestionKind", id, name as "text!", null::date as date from clients
            where $2 and removed_at is null
              and (begin_words(name, $1)
                   or exists (select from aliases where client_id = clients.id and begin_words(written, $1)))
            order by folded(name), id limit $3)
           union all
           (select distinct 'tag', null::uuid, tag, null::date from clients cross join unnest(tags) tag
            where $2 and removed_at is null and begin_words(tag, $1)
            order by tag limit $3)
           union all
           (select 'session', id, title, session_date from (
                select distinct on (title) id, title, session_date from (
                    select id, title, session_date from (
                        select id, title, session_date from sessions order by session_date desc, id desc limit $4) looked_at
                    where begin_words(title, $1)
                    order by session_date desc, id desc limit 200) newest
                order by title, session_date desc, id desc) titles
            order by session_date desc, id desc limit $3)"#,
        typed,
        with_clients,
        i64::from(limit.clamp(1, MOST_SUGGESTED)),
        MOST_LOOKED_AT,
    )
    .fetch_all(tx.conn())
    .await
}
