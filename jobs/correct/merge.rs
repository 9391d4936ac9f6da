//! Merges two clients who are the same person. Reads and writes everything that names a client, in one transaction.
//!
//! The session is locked first, as everywhere; then the coach, so that nobody adds clients or attributes in the
//! meantime. If both speak in one session they may be two people after all: the merge is refused unless the operator
//! confirms that they are one. The session is then attributed again, with both under the remaining name, and its
//! summaries are rewritten.

use serde::Serialize;
use uuid::Uuid;

use super::unite::unite;
use crate::{
    audit::Visitor,
    db::{Db, TenantTx, Tx},
    goals,
    path::{self, session},
    people::{
        Client, PeopleError, aliases,
        change::find,
        client_by_id, coach,
        put::{hold, readdress},
    },
};

/// What a merge did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = MergedClient)]
pub struct Merged {
    /// The client that remains.
    pub id: Uuid,
    /// Name of the remaining client.
    pub name: String,
    /// Email address of the remaining client.
    pub email: Option<String>,
    /// Number of sessions moved to it.
    pub sessions: usize,
    /// Number of sessions in which both spoke, which are rewritten.
    pub rewritten: usize,
    /// The address that is no longer used, if both had one.
    pub dropped_email: Option<String>,
}

/// Merges the client `from` into `into`: sessions, summaries, goals, other names, emails and the search index. With `dry_run`
/// it only reports what would happen. `same_person` is the operator's confirmation if both speak in one session.
///
/// # Errors
/// If there is no such client, both are the same, or both speak in one session.
pub async fn merge_clients(
    db: &Db,
    coach_handle: &str,
    from: &str,
    into: &str,
    (same_person, dry_run): (bool, bool),
) -> Result<Merged, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    let from = find(&mut tx, coach_id, coach_handle, from).await?;
    let into = find(&mut tx, coach_id, coach_handle, into).await?;
    let merged = merge_found(&mut tx, from, into, (same_person, dry_run), &Visitor::default()).await?;
    tx.commit().await?;
    Ok(merged)
}

/// The same in the caller's transaction, for two clients of one coach.
///
/// # Errors
/// As [`merge_clients`].
pub async fn merge_found(
    tx: &mut TenantTx,
    from: Client,
    into: Client,
    (same_person, dry_run): (bool, bool),
    visitor: &Visitor,
) -> Result<Merged, PeopleError> {
    if from.id == into.id {
        return Err(PeopleError::SameClient);
    }
    if from.coach_id != into.coach_id {
        return Err(PeopleError::TwoCoaches);
    }
    let coach_id = into.coach_id;
    let mut sessions = Vec::new();
    // Attribution holds the session while it waits for the coach: so sessions are locked first, and then checked again.
    for _ in 0..ROUNDS {
        for id in &sessions {
            session::lock(tx, *id).await?;
        }
        let found = sessions_of(tx, &from, &into).await?;
        if found == sessions && !sessions.is_empty() {
            break;
        }
        sessions = found;
        if sessions.is_empty() {
            break;
        }
    }
    hold(tx, coach_id).await?;
    // As they are now that nobody else changes them: another merge may have been faster.
    let (from, into) = (still(tx, from).await?, still(tx, into).await?);
    let shared = shared_sessions(tx, &from, &into).await?;
    if !shared.is_empty() && !same_person {
        let titles: Vec<String> = shared.iter().map(|(_, title)| format!("“{title}”")).collect();
        return Err(PeopleError::BothSpoke { from: from.name, into: into.name, sessions: titles.join(", ") });
    }
    let moved = sqlx::query_scalar!(
        r#"select count(distinct session_id) as "count!" from participants where client_id = $1 and session_id <> all ($2)"#,
        from.id,
        &shared.iter().map(|(id, _)| *id).collect::<Vec<_>>()
    )
    .fetch_one(tx.conn())
    .await?;
    let merged = Merged {
        id: into.id,
        name: into.name.clone(),
        email: into.email.clone().or_else(|| from.email.clone()),
        sessions: usize::try_from(moved).unwrap_or(0),
        rewritten: shared.len(),
        dropped_email: from.email.clone().filter(|_| into.email.is_some()),
    };
    if dry_run {
        return Ok(merged);
    }
    remove(tx, &from, &into).await?;
    for (session_id, _) in &shared {
        unite(tx, *session_id, from.id, into.id).await?;
    }
    move_rows(tx, &from, &into).await?;
    goals::move_to(tx, from.id, into.id, visitor).await?;
    let names: Vec<String> = from.aliases.iter().cloned().chain([from.name.clone()]).collect();
    aliases::keep(tx, (coach_id, into.id), &names).await?;
    readdress(tx, into.id).await?;
    readdress(tx, from.id).await?;
    path::look_again(tx, coach_id).await?;
    tracing::info!(
        target: "people",
        { client.id = %into.id, client.merged = %from.id, sessions = merged.sessions, sessions.rewritten = merged.rewritten },
        "two clients were merged"
    );
    Ok(merged)
}

/// A client as it is now.
async fn still(tx: &mut TenantTx, client: Client) -> Result<Client, PeopleError> {
    let gone = PeopleError::ClientGone(client.name);
    client_by_id(tx, client.id).await?.map(Client::from).ok_or(gone)
}

const ROUNDS: usize = 3;

/// The ids of the sessions that name either client.
async fn sessions_of(tx: &mut TenantTx, from: &Client, into: &Client) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select session_id as "id!" from participants where client_id in ($1, $2)
           union select session_id from summaries where client_id in ($1, $2) order by 1"#,
        from.id,
        into.id
    )
    .fetch_all(tx.conn())
    .await
}

/// The sessions that name both, as participants or in a summary.
async fn shared_sessions(tx: &mut TenantTx, from: &Client, into: &Client) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with named as (select session_id, client_id from participants where client_id is not null
                          union select session_id, client_id from summaries where withdrawn_reason is null)
           select id, title from sessions
           where id in (select session_id from named where client_id = $1)
             and id in (select session_id from named where client_id = $2) order by session_date, id"#,
        from.id,
        into.id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.title)).collect())
}

/// Keeps the removed client as a row that points to the remaining one: attribution no longer knows it.
async fn remove(tx: &mut TenantTx, from: &Client, into: &Client) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update clients set email = null, removed_at = now(), merged_into = $2, updated_at = now() where id = $1",
        from.id,
        into.id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves everything that names one client to the other. If both have a summary of the same session, the moved client's
/// is withdrawn.
async fn move_rows(tx: &mut TenantTx, from: &Client, into: &Client) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update clients set email = coalesce(email, $2), greeting = coalesce(greeting, $3), updated_at = now(),
            tags = tags || array(select unnest($4::text[]) except select unnest(tags)) where id = $1",
        into.id,
        from.email,
        from.greeting,
        &from.tags
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("update participants set client_id = $2, name = $3 where client_id = $1", from.id, into.id, into.name)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "update summaries set client_id = $2 where client_id = $1 and not exists (
            select from summaries other where other.session_id = summaries.session_id and other.client_id = $2)",
        from.id,
        into.id
    )
    .execute(tx.conn())
    .await?;
    // An email goes with its summary, and so does what was learned from it.
    sqlx::query!(
        "update mails set client_id = $2 where client_id = $1
            and not exists (select from summaries where id = subject_id and client_id = $1)",
        from.id,
        into.id
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("update chunks set client_id = $2 where client_id = $1", from.id, into.id).execute(tx.conn()).await?;
    sqlx::query!("update voice_examples set client_id = $2 where client_id = $1", from.id, into.id)
        .execute(tx.conn())
        .await?;
    sqlx::query!("update corrections set was_client_id = $2 where was_client_id = $1", from.id, into.id)
        .execute(tx.conn())
        .await?;
    sqlx::query!("update clients set merged_into = $2 where merged_into = $1", from.id, into.id)
        .execute(tx.conn())
        .await?;
    // The roster line of the remaining client doesn't mention the removed one.
    sqlx::query!(
        "update aliases set client_id = $2, source = case source when 'roster' then 'operator' else source end
         where client_id = $1",
        from.id,
        into.id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
