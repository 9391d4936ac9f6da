//! A coach's clients: added one at a time, or many from a roster. `put` decides which client an entry means.

use serde::Serialize;
use uuid::Uuid;

use super::{
    MOST_WORDS, PeopleError,
    aliases::{self, OwnNames, Source},
    coach, coaches, few, good_email, good_name,
    put::{self, Put, Unsure, Word},
    readable,
    roster::{self, Encoded, Entry, Roster},
};
use crate::{
    db::{Db, TenantTx, Tx},
    names, path,
};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The client's id.
    pub id: Uuid,
    /// Id of the coach.
    pub coach_id: Uuid,
    /// The full name.
    pub name: String,
    /// Where follow-ups are sent; without an address, none is.
    pub email: Option<String>,
    /// The greeting, if one was set; otherwise it's derived from the name.
    pub greeting: Option<String>,
    /// Free-form tags.
    pub tags: Vec<String>,
    /// Other names for the client.
    pub aliases: Vec<String>,
}

/// A client to add.
#[derive(Clone, Debug, Default)]
pub struct NewClient<'a> {
    /// The full name.
    pub name: &'a str,
    /// Where follow-ups are sent.
    pub email: Option<&'a str>,
    /// The greeting; `None` derives it from the name.
    pub greeting: Option<&'a str>,
    /// Whether this is a different person from the client who already has the name.
    pub namesake: bool,
    /// Other names for the client.
    pub aliases: Vec<String>,
    /// Tags; `None` leaves the current ones.
    pub tags: Option<Vec<String>>,
}

/// The effects of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterApplied)]
pub struct Applied {
    /// Number of new clients.
    pub added: usize,
    /// Number of existing clients, changed or not.
    pub updated: usize,
    /// Number of those whose email address changed.
    pub readdressed: usize,
    /// What couldn't be applied: sentences with line numbers, without personal data.
    pub problems: Vec<String>,
    /// What was applied but should be checked because emails now go elsewhere; in the same form.
    pub changes: Vec<String>,
    /// Anything else of interest, in the same form.
    pub notes: Vec<String>,
}

/// Adds a client to a coach, or updates the existing one: who has this email, else the only one with this name.
///
/// # Errors
/// If there is no such coach, an input can't be used, or it's unclear which client is meant.
pub async fn add_client(db: &Db, coach_handle: &str, client: NewClient<'_>) -> Result<Put, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    let put = add_client_of(&mut tx, coach_id, client).await?;
    tx.commit().await?;
    Ok(put)
}

/// The same in the caller's transaction.
///
/// # Errors
/// If an input can't be used, or it's unclear which client is meant.
pub async fn add_client_of(tx: &mut TenantTx, coach_id: Uuid, client: NewClient<'_>) -> Result<Put, PeopleError> {
    few(&client.aliases, "aliases")?;
    few(client.tags.as_deref().unwrap_or_default(), "tags")?;
    let entry = Entry {
        line: 0,
        name: good_name(client.name)?,
        email: client.email.map(good_email).transpose()?,
        greeting: client.greeting.map(good_greeting).transpose()?,
        aliases: clean_all("aliases", &client.aliases)?,
        tags: client.tags.map(|tags| clean_all("tags", &tags)).transpose()?,
    };
    let word = if client.namesake { Word::Namesake } else { Word::Operator };
    let put = put_one(tx, coach_id, entry.clone(), word).await?;
    aliases::put_typed(tx, (coach_id, put.id), &entry.aliases).await?;
    path::look_again(tx, coach_id).await?;
    Ok(put)
}

/// Adds a client in the caller's transaction, or finds the one with this email (without an email: this name). A client
/// with the same name and another address is another person: naming a speaker never changes anyone's address.
///
/// # Errors
/// If an input can't be used, or several clients have the name.
pub async fn new_client(
    tx: &mut TenantTx,
    coach_id: Uuid,
    name: &str,
    email: Option<&str>,
) -> Result<Uuid, PeopleError> {
    let name = good_name(name)?;
    let entry = Entry { name, email: email.map(good_email).transpose()?, ..Entry::default() };
    Ok(put_one(tx, coach_id, entry, Word::Speaker).await?.id)
}

async fn put_one(tx: &mut TenantTx, coach_id: Uuid, entry: Entry, word: Word) -> Result<Put, PeopleError> {
    let put = put::put(tx, coach_id, std::slice::from_ref(&entry), word).await?.pop();
    let is_speaker = word == Word::Speaker;
    match put.unwrap_or(Err(Unsure::Several)) {
        Ok(put) => Ok(put),
        Err(Unsure::Several | Unsure::NewAddresses) => Err(PeopleError::Ambiguous),
        Err(Unsure::AddressOf(name)) => {
            let email = entry.email.unwrap_or_default();
            let or_else = "correct the address";
            Err(match is_speaker {
                true => PeopleError::KnownSpeaker { given: email, name, or_else },
                false => PeopleError::AddressOfAnother { name, email },
            })
        }
        Err(Unsure::OtherNameOf(name)) => {
            let or_else = "write the name so that the two can be told apart";
            Err(match is_speaker {
                true => PeopleError::KnownSpeaker { given: entry.name, name, or_else },
                false => PeopleError::OtherNameOf { alias: entry.name, name },
            })
        }
    }
}

/// Tags and similar words that somebody typed, each on one line.
pub(super) fn clean_all(field: &'static str, words: &[String]) -> Result<Vec<String>, PeopleError> {
    let mut clean = words.iter().map(|word| readable(field, word)).collect::<Result<Vec<_>, _>>()?;
    clean.retain(|word| !word.is_empty());
    Ok(clean)
}

pub(super) fn good_greeting(greeting: &str) -> Result<String, PeopleError> {
    roster::greeting(greeting, "").ok_or_else(|| PeopleError::BadGreeting(greeting.to_owned()))
}

/// The clients of a coach, by name.
///
/// # Errors
/// If there is no such coach.
pub async fn list_clients(db: &Db, coach_handle: &str) -> Result<Vec<Client>, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    Ok(of_coach(&mut db.tenant(organization).await?, coach_id).await?)
}

pub(super) async fn of_coach(tx: &mut TenantTx, coach_id: Uuid) -> Result<Vec<Client>, sqlx::Error> {
    let clients = sqlx::query_as!(
        Client,
        r#"select id, coach_id, name, email, greeting, tags,
                  array(select written from aliases where client_id = clients.id order by written) as "aliases!"
           from clients where coach_id = $1 and removed_at is null order by name, id"#,
        coach_id
    );
    clients.fetch_all(tx.conn()).await
}

/// Applies a roster file to a coach's clients.
///
/// # Errors
/// If there is no such coach, or the file isn't a roster. Bad lines are no error: they are listed in the outcome.
pub async fn import_roster(db: &Db, coach_handle: &str, bytes: &[u8]) -> Result<Applied, PeopleError> {
    let (organization, coach_id) = coach(db, coach_handle).await?;
    let mut tx = db.tenant(organization).await?;
    let applied = import_roster_of(&mut tx, coach_id, bytes).await?;
    tx.commit().await?;
    Ok(applied)
}

/// The same in the caller's transaction.
///
/// # Errors
/// If the file isn't a roster.
pub async fn import_roster_of(tx: &mut TenantTx, coach_id: Uuid, bytes: &[u8]) -> Result<Applied, PeopleError> {
    let names = known_names(tx, coach_id).await?;
    let roster = roster::read_beside(bytes, &names)?;
    Ok(apply_roster(tx, coach_id, &roster).await?)
}

/// This many labels are enough to tell the encoding in which a coach's people are written.
const MOST_NAMES: i64 = 5_000;

/// The names in a coach's sessions: a roster is compared with them if its encoding is in doubt.
///
/// # Errors
/// If the database fails.
pub async fn known_names(tx: &mut TenantTx, coach_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select name as "name!" from clients where coach_id = $1
           union select written from aliases where coach_id = $1
           union (select distinct label from attributions join sessions on sessions.id = session_id
                  where coach_id = $1 limit $2)"#,
        coach_id,
        MOST_NAMES
    )
    .fetch_all(tx.conn())
    .await
}

/// Applies a roster in the caller's transaction, and has sessions on hold for speakers checked again.
///
/// # Errors
/// If the database fails.
pub async fn apply_roster(tx: &mut TenantTx, coach_id: Uuid, roster: &Roster) -> Result<Applied, sqlx::Error> {
    let mut applied = Applied { notes: roster.notes.clone(), ..Applied::default() };
    applied.problems.extend(doubt(roster));
    applied.problems.extend(roster.problems.iter().cloned());
    let coach = sqlx::query!("select name, email from coaches where id = $1", coach_id).fetch_one(tx.conn()).await?;
    let (own, mut clients): (Vec<Entry>, Vec<Entry>) =
        roster.clients.iter().cloned().partition(|entry| is_coach(entry, &coach.name, &coach.email));
    applied.problems.extend(own.iter().map(|entry| format!("line {}: {OWN_LINE}", entry.line)));
    for entry in clients.iter_mut().filter(|entry| entry.aliases.len() > MOST_WORDS) {
        entry.aliases.truncate(MOST_WORDS);
        applied.problems.push(format!(
            "line {}: {}; the others are left out",
            entry.line,
            PeopleError::TooMany("aliases")
        ));
    }
    if roster.has_aliases {
        put::forget_aliases(tx, coach_id, &clients).await?;
    }
    let put = put::put(tx, coach_id, &clients, Word::Roster).await?;
    // People on later lines own their names too.
    let own = OwnNames::load(tx, coach_id).await?;
    for (entry, put) in clients.iter().zip(put) {
        let line = entry.line;
        match put {
            Ok(put) => {
                *(if put.added { &mut applied.added } else { &mut applied.updated }) += 1;
                if put.was_email.is_some() {
                    applied.readdressed += 1;
                    applied.changes.push(format!("line {line}: {}’s {NEW_ADDRESS}", put.name));
                }
                if let Some(was) = &put.was_name {
                    applied.changes.push(format!("line {line}: the client {was} is now called {}", put.name));
                }
                let refused = aliases::put(tx, &own, (coach_id, put.id), &entry.aliases, Source::Roster).await?;
                let told = |(number, unfit)| format!("line {line}: alias {number} {unfit}");
                applied.problems.extend(refused.into_iter().map(told));
            }
            Err(unsure) => applied.problems.push(format!("line {line}: {unsure}")),
        }
    }
    path::look_again(tx, coach_id).await?;
    Ok(applied)
}

const NEW_ADDRESS: &str = "email address changed; letters go to the new one from now on";
const OWN_LINE: &str = "this looks like the coach (same name or email address), so the line is skipped; if it is a client, add them \
                        with `debrief client add`";

/// Whether a roster line is the coach, as in exports of a contact book. A first name alone isn't enough.
fn is_coach(entry: &Entry, name: &str, email: &str) -> bool {
    let key = sorted(name);
    entry.email.as_deref().is_some_and(|of_entry| coaches::same_address(of_entry, email))
        || (sorted(&entry.name) == key && (key.len() > 1 || (entry.email.is_none() && !key.is_empty())))
}

/// The words of a name, sorted: `Okafor, Maya` equals `Maya Okafor`.
fn sorted(name: &str) -> Vec<String> {
    let key = names::alias_key(name);
    let mut words: Vec<String> = key.split_whitespace().map(str::to_owned).collect();
    words.sort_unstable();
    words
}

/// The message about a file whose encoding is uncertain.
fn doubt(roster: &Roster) -> Option<String> {
    let line = roster.clients.iter().find(|client| !client.name.is_ascii()).map_or(1, |client| client.line);
    match roster.encoded {
        Encoded::Surely => None,
        Encoded::Perhaps(name) => Some(format!(
            "line {line}: the file doesn’t state its encoding; we read it as {name}. If any names are wrong, save it \
             as \"CSV UTF-8\" and upload it again"
        )),
        Encoded::Twice => Some(format!(
            "line {line}: letters beyond A to Z were garbled in the file, and we repaired them. If any names are \
             wrong, save it as \"CSV UTF-8\" and upload it again"
        )),
    }
}
