//! Changes and removes clients. Reads and writes clients and aliases.
//!
//! Follow-ups held for an address that is no longer the client's are stopped by the job `review.readdress`. A client
//! with sessions stays as a row without an address: what was said and sent is kept, and nothing new is matched to it.

use serde::Serialize;
use uuid::Uuid;

use super::{
    Client, PeopleError, aliases,
    clients::{clean_all, good_greeting},
    coach, few, good_email, good_name,
    put::{hold, readdress},
};
use crate::{
    audit::Visitor,
    db::{Db, TenantTx, Tx},
    goals,
    model::id::IdPrefix,
    names, path,
};

/// Changes to a client; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// The new name. The old one stays as an alias.
    pub name: Option<String>,
    /// Where follow-ups are sent; `Some(None)` for nowhere.
    pub email: Option<Option<String>>,
    /// The greeting; `Some(None)` derives it from the name again.
    pub greeting: Option<Option<String>>,
    /// Other names to add.
    pub aliases: Vec<String>,
    /// Other names to remove.
    pub remove_aliases: Vec<String>,
    /// Tags that replace the current ones.
    pub tags: Option<Vec<String>>,
}

/// What a removal deletes, and what it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RemovedClient)]
pub struct Removal {
    /// The client's id.
    pub id: Uuid,
    /// The client's name.
    pub name: String,
    /// Number of the client's sessions; they keep the name and the words.
    pub sessions: i64,
    /// Number of summaries in review; they can still be read, but are sent nowhere.
    pub waiting: i64,
    /// Number of held follow-ups, which are stopped.
    pub held: i64,
    /// Number of open goals, which end.
    pub goals: i64,
}

/// Finds a coach's client by id, email or name, else by a prefix of the id.
///
/// # Errors
/// If there is none, or several have the name.
pub async fn find_client(db: &Db, coach_handle: &str, who: &str) -> Result<Client, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    find(&mut tx, coach_id, coach_handle, who).await
}

pub(crate) async fn find(
    tx: &mut TenantTx,
    coach_id: Uuid,
    coach_handle: &str,
    who: &str,
) -> Result<Client, PeopleError> {
    let clients = super::clients::of_coach(tx, coach_id).await?;
    let email = who.trim().to_lowercase();
    let exact = |client: &Client| client.id.to_string() == email || client.email.as_deref() == Some(email.as_str());
    if let Some(client) = clients.iter().find(|client| exact(client)) {
        return Ok(client.clone());
    }
    let key = names::alias_key(who);
    let mut named: Vec<&Client> = clients.iter().filter(|client| names::alias_key(&client.name) == key).collect();
    if named.is_empty() {
        let known_as = |client: &&Client| client.aliases.iter().any(|alias| names::alias_key(alias) == key);
        named = clients.iter().filter(known_as).collect();
    }
    // Somebody may be called Abba: names take precedence over id prefixes.
    if named.is_empty()
        && let Ok(prefix) = who.parse::<IdPrefix>()
    {
        named = clients.iter().filter(|client| prefix.fits(client.id)).collect();
    }
    match named.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(PeopleError::NoClient { coach: coach_handle.to_owned(), who: who.to_owned() }),
        several => {
            let one = |client: &&Client| format!("{} ({})", client.id, client.email.as_deref().unwrap_or("no email"));
            let ids = several.iter().map(one).collect::<Vec<_>>().join(", ");
            Err(PeopleError::SeveralClients { coach: coach_handle.to_owned(), who: who.to_owned(), ids })
        }
    }
}

/// Changes a client and returns it.
///
/// # Errors
/// If there is no such client, another one has the address, or an input can't be used.
pub async fn change_client(
    db: &Db,
    coach_handle: &str,
    who: &str,
    change: ClientChange,
) -> Result<Client, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    hold(&mut tx, coach_id).await?;
    let client = find(&mut tx, coach_id, coach_handle, who).await?;
    change_found(&mut tx, &client, change).await?;
    let changed = find(&mut tx, coach_id, coach_handle, &client.id.to_string()).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Changes a client in the caller's transaction. `client` is what was read while its coach was held ([`super::hold_client`]).
///
/// # Errors
/// If another client has the address, or an input can't be used.
pub async fn change_found(tx: &mut TenantTx, client: &Client, change: ClientChange) -> Result<(), PeopleError> {
    let nothing = change.name.is_none() && change.email.is_none() && change.greeting.is_none();
    if nothing && change.aliases.is_empty() && change.remove_aliases.is_empty() && change.tags.is_none() {
        return Err(PeopleError::NothingToChange);
    }
    few(&change.aliases, "aliases")?;
    few(&change.remove_aliases, "aliases")?;
    few(change.tags.as_deref().unwrap_or_default(), "tags")?;
    let coach_id = client.coach_id;
    let name = change.name.as_deref().map(good_name).transpose()?;
    let tags = change.tags.map(|tags| clean_all("tags", &tags)).transpose()?;
    let typed = clean_all("aliases", &change.aliases)?;
    let email = change.email.map(|email| email.as_deref().map(good_email).transpose()).transpose()?;
    let greeting = change.greeting.map(|greeting| greeting.as_deref().map(good_greeting).transpose()).transpose()?;
    if let Some(Some(email)) = &email {
        let other = sqlx::query_scalar!(
            "select name from clients where coach_id = $1 and lower(email) = $2 and id <> $3",
            coach_id,
            email,
            client.id
        );
        if let Some(name) = other.fetch_optional(tx.conn()).await? {
            return Err(PeopleError::EmailTaken { name, email: email.clone() });
        }
    }
    sqlx::query!(
        "update clients set name = coalesce($2, name), email = case when $6 then $3 else email end,
            greeting = case when $7 then $4 else greeting end, tags = coalesce($5, tags), updated_at = now() where id = $1",
        client.id,
        name,
        email.clone().flatten(),
        greeting.clone().flatten(),
        tags.as_deref(),
        email.is_some(),
        greeting.is_some()
    )
    .execute(tx.conn())
    .await?;
    let old_name =
        name.filter(|name| names::alias_key(name) != names::alias_key(&client.name)).map(|_| client.name.clone());
    aliases::keep(tx, (coach_id, client.id), old_name.as_slice()).await?;
    aliases::remove(tx, client.id, &change.remove_aliases).await?;
    aliases::put_typed(tx, (coach_id, client.id), &typed).await?;
    if email.is_some_and(|email| email != client.email) {
        readdress(tx, client.id).await?;
    }
    path::look_again(tx, coach_id).await?;
    Ok(())
}

/// Removes a client, or with `dry_run` only reports what would happen. A client without sessions is deleted; one with
/// sessions is no longer matched, listed or emailed.
///
/// # Errors
/// If there is no such client.
pub async fn remove_client(db: &Db, coach_handle: &str, who: &str, dry_run: bool) -> Result<Removal, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    hold(&mut tx, coach_id).await?;
    let client = find(&mut tx, coach_id, coach_handle, who).await?;
    let removal = remove_found(&mut tx, client, dry_run, &Visitor::default()).await?;
    tx.commit().await?;
    Ok(removal)
}

/// Removes a client in the caller's transaction.
///
/// # Errors
/// If the database fails.
pub async fn remove_found(
    tx: &mut TenantTx,
    client: Client,
    dry_run: bool,
    visitor: &Visitor,
) -> Result<Removal, PeopleError> {
    hold(tx, client.coach_id).await?;
    let counts = sqlx::query!(
        r#"select (select count(distinct session_id) from participants where client_id = $1) as "sessions!",
                  (select count(*) from summaries where client_id = $1 and state in ('due', 'done', 'failed')) as "waiting!",
                  (select count(*) from mails where client_id = $1 and kind = 'follow_up' and state = 'queued') as "held!",
                  (select count(*) from goals where client_id = $1 and state = 'open') as "goals!",
                  exists (select from summaries where client_id = $1) or exists (select from mails where client_id = $1)
                      or exists (select from chunks where client_id = $1)
                      or exists (select from clients where merged_into = $1) as "is_kept!""#,
        client.id
    )
    .fetch_one(tx.conn())
    .await?;
    let Client { id, name, .. } = client;
    let (sessions, waiting, held, goals) = (counts.sessions, counts.waiting, counts.held, counts.goals);
    let removal = Removal { id, name, sessions, waiting, held, goals };
    if dry_run {
        return Ok(removal);
    }
    sqlx::query!("delete from aliases where client_id = $1", id).execute(tx.conn()).await?;
    let is_kept = removal.sessions > 0 || counts.is_kept;
    goals::drop_of(tx, id, is_kept, visitor).await?;
    if !is_kept {
        sqlx::query!("delete from clients where id = $1", id).execute(tx.conn()).await?;
    } else {
        sqlx::query!("update clients set email = null, removed_at = now(), updated_at = now() where id = $1", id)
            .execute(tx.conn())
            .await?;
        readdress(tx, id).await?;
    }
    tracing::info!(target: "people", { client.id = %id, sessions = removal.sessions }, "a client was removed");
    Ok(removal)
}
