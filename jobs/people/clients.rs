//! A coach's clients: one by hand, many by a roster. Matched by email, else by exact name; nobody is ever deleted.

use serde::Serialize;
use uuid::Uuid;

use super::{PeopleError, coach, good_email, good_name};
use crate::{
    attribute::{self, generic, names},
    db::{Db, TenantTx, Tx},
    ingest::roster::{self, Entry, Roster},
};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Its id.
    pub id: Uuid,
    /// Its coach.
    pub coach_id: Uuid,
    /// Its name.
    pub name: String,
    /// Where its follow-ups go; without one, none is sent.
    pub email: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Other names by which it is known.
    pub aliases: Vec<String>,
}

/// A client to be added.
#[derive(Clone, Debug, Default)]
pub struct NewClient<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its follow-ups go.
    pub email: Option<&'a str>,
    /// Other names by which it is known.
    pub aliases: Vec<String>,
    /// Tags; none leaves those that there are.
    pub tags: Option<Vec<String>>,
}

/// What a roster did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Clients that are new.
    pub added: usize,
    /// Clients that were there; changed or not.
    pub updated: usize,
    /// What could not be applied: sentences with line numbers, without personal data.
    pub problems: Vec<String>,
}

/// Adds a client to a coach, or changes the one that has this email (without email: this name). Gives its id.
///
/// # Errors
/// When there is no such coach, an input cannot be used, or several clients have the name.
pub async fn add_client(db: &Db, coach_handle: &str, client: NewClient<'_>) -> Result<Uuid, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let entry = Entry {
        line: 0,
        name: good_name(client.name)?.to_owned(),
        email: client.email.map(good_email).transpose()?,
        aliases: client.aliases,
        tags: client.tags,
    };
    let mut tx = db.tenant(organization).await?;
    let (id, _) = put_client(&mut tx, coach_id, &entry).await?.ok_or(PeopleError::Ambiguous)?;
    put_aliases(&mut tx, coach_id, id, &entry, &mut Vec::new()).await?;
    attribute::look_again(&mut tx, coach_id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Adds a client in the caller's transaction, or finds the one that has this email (without email: this name).
///
/// # Errors
/// When an input cannot be used, or several clients have the name.
pub async fn new_client(
    tx: &mut TenantTx,
    coach_id: Uuid,
    name: &str,
    email: Option<&str>,
) -> Result<Uuid, PeopleError> {
    let name = good_name(name)?.to_owned();
    let entry = Entry { name, email: email.map(good_email).transpose()?, ..Entry::default() };
    Ok(put_client(tx, coach_id, &entry).await?.ok_or(PeopleError::Ambiguous)?.0)
}

/// The clients of a coach, by name.
///
/// # Errors
/// When there is no such coach.
pub async fn list_clients(db: &Db, coach_handle: &str) -> Result<Vec<Client>, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    let clients = sqlx::query_as!(
        Client,
        r#"select id, coach_id, name, email, tags,
                  array(select written from aliases where client_id = clients.id order by written) as "aliases!"
           from clients where coach_id = $1 order by name, id"#,
        coach_id
    );
    Ok(clients.fetch_all(tx.conn()).await?)
}

/// Applies a roster file to the clients of a coach.
///
/// # Errors
/// When there is no such coach, or the file is no roster. Bad lines are no error: they stand in the outcome.
pub async fn import_roster(db: &Db, coach_handle: &str, bytes: &[u8]) -> Result<Applied, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let roster = roster::read(bytes)?;
    let mut tx = db.tenant(organization).await?;
    let applied = apply_roster(&mut tx, coach_id, &roster).await?;
    tx.commit().await?;
    Ok(applied)
}

/// Applies a roster in the caller's transaction, and lets sessions that wait for speakers look again.
///
/// # Errors
/// When the database does not answer.
pub async fn apply_roster(tx: &mut TenantTx, coach_id: Uuid, roster: &Roster) -> Result<Applied, sqlx::Error> {
    let mut applied = Applied { problems: roster.problems.clone(), ..Applied::default() };
    for entry in &roster.clients {
        match put_client(tx, coach_id, entry).await? {
            Some((id, is_new)) => {
                *(if is_new { &mut applied.added } else { &mut applied.updated }) += 1;
                put_aliases(tx, coach_id, id, entry, &mut applied.problems).await?;
            }
            None => applied.problems.push(format!(
                "line {}: several clients have this name; write the email of the one that is meant",
                entry.line
            )),
        }
    }
    attribute::look_again(tx, coach_id).await?;
    Ok(applied)
}

/// Finds the client and changes it, or adds it; with whether it is new. None where several have the name.
async fn put_client(tx: &mut TenantTx, coach_id: Uuid, entry: &Entry) -> Result<Option<(Uuid, bool)>, sqlx::Error> {
    let organization = tx.tenant();
    // Two writers of one coach's clients go one after the other, so that neither adds whom the other just added; and
    // attribution waits, so that it does not miss them (see `attribute::look_again`).
    sqlx::query!("select id from coaches where id = $1 for no key update", coach_id).fetch_optional(tx.conn()).await?;
    let rows = sqlx::query!(
        r#"select id, coalesce(lower(email) = $3, false) as "by_email!" from clients
           where coach_id = $1 and (lower(email) = $3 or (name = $2 and (email is null or $3::text is null)))
           order by 2 desc"#,
        coach_id,
        entry.name,
        entry.email
    )
    .fetch_all(tx.conn())
    .await?;
    let found = match rows.as_slice() {
        [] => None,
        [first, ..] if first.by_email => Some(first.id),
        [only] => Some(only.id),
        _ => return Ok(None),
    };
    let is_new = found.is_none();
    let id = found.unwrap_or_else(Uuid::now_v7);
    sqlx::query!(
        "insert into clients (id, organization_id, coach_id, name, email, tags)
         values ($1, $2, $3, $4, $5, coalesce($6, '{}'::text[]))
         on conflict (id) do update set name = excluded.name, email = coalesce(excluded.email, clients.email),
             tags = coalesce($6, clients.tags), updated_at = now()",
        id,
        organization,
        coach_id,
        entry.name,
        entry.email,
        entry.tags.as_deref()
    )
    .execute(tx.conn())
    .await?;
    Ok(Some((id, is_new)))
}

/// Adds a client's other names. A name that means somebody already keeps its meaning: a wrong merge is worse than a miss.
async fn put_aliases(
    tx: &mut TenantTx,
    coach_id: Uuid,
    client_id: Uuid,
    entry: &Entry,
    problems: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    for (at, written) in entry.aliases.iter().enumerate() {
        let (line, number) = (entry.line, at + 1);
        let normalized = names::alias_key(written);
        if normalized.is_empty() || generic::is_generic(written) {
            problems.push(format!("line {line}: alias {number} could be anybody and is not used"));
            continue;
        }
        let means = sqlx::query_scalar!(
            "insert into aliases (organization_id, coach_id, normalized, written, client_id, source)
             values ($1, $2, $3, $4, $5, 'roster')
             on conflict (organization_id, coach_id, normalized) do update set written = aliases.written
             returning client_id",
            organization,
            coach_id,
            normalized,
            written,
            client_id
        )
        .fetch_one(tx.conn())
        .await?;
        if means != Some(client_id) {
            problems.push(format!("line {line}: alias {number} means another person already and keeps that meaning"));
        }
    }
    Ok(())
}
