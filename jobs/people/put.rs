//! Decides which client an entry means: one from a roster, or one that an operator types. Reads and writes clients;
//! reads aliases.
//!
//! An entry means the client who has its address. Otherwise the name decides, and a different address changes the
//! client as long as no one else can be meant: one client with the name, and one entry with it. Two people with the
//! same name are told apart if a roster lists both, each with an address. Uncertain entries change nothing and are
//! reported with what to do. A rerun finds everyone by address and changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::roster::Entry;
use crate::{
    db::{TenantTx, Tx},
    names::{self, nicknames},
    path::Readdress,
    queue::enqueue,
};

/// The client that an entry was matched to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = AddedClient)]
pub struct Put {
    /// The client's id.
    pub id: Uuid,
    /// The name, as stored.
    pub name: String,
    /// The address, as stored.
    pub email: Option<String>,
    /// Whether the client was added.
    pub added: bool,
    /// The previous address, if it changed.
    pub was_email: Option<String>,
    /// The previous name, if the client is somebody else by it: a title or a middle name more isn't told.
    pub was_name: Option<String>,
}

/// Why an entry changes nothing: a sentence without personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsure {
    /// The address belongs to a client with another name.
    #[error(
        "the email belongs to a client with a very different name, so nothing was changed; if it’s the same person, \
         have the name changed (`debrief client change`), otherwise correct the address"
    )]
    AddressOf(String),
    /// The name is an alias of a client who has another address.
    #[error(
        "this is another name of a client with another address, so nothing was changed; if it’s someone else, have \
         them added (`debrief client add --namesake`)"
    )]
    OtherNameOf(String),
    /// Several clients have the name.
    #[error(
        "several clients have this name, so nothing was changed; add the email of the one you mean, or have that one \
         changed (`debrief client change`)"
    )]
    Several,
    /// Several lines have the name, each with an address that no client has.
    #[error(
        "several lines have this name with new addresses, and we can’t tell which of them is the client we already \
         have; nothing was changed: have that one changed first (`debrief client change`)"
    )]
    NewAddresses,
}

/// Who made an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A file: its lines may be mixed up.
    Roster,
    /// An operator.
    Operator,
    /// An operator who says that this is another person with the same name.
    Namesake,
    /// A coach who names a speaker: that changes nobody's address.
    Speaker,
}

/// A client, as needed for matching.
struct KnownClient {
    id: Uuid,
    name: String,
    email: Option<String>,
    aliases: Vec<String>,
}

impl KnownClient {
    /// Whether a name can be this client's: it shares a word, a form of the given name, or an alias.
    fn may_be_called(&self, name: &str) -> bool {
        let key = names::alias_key(name);
        self.aliases.contains(&key) || self.is_like(&key)
    }

    /// Whether a folded name shares a word with this client's, or is a form of the given name.
    fn is_like(&self, key: &str) -> bool {
        let own = names::alias_key(&self.name);
        let first = |key: &str| key.split(' ').next().unwrap_or_default().to_owned();
        key.split(' ').any(|word| own.split(' ').any(|other| other == word))
            || nicknames::alike(&first(key), &first(&own))
    }

    /// Whether an entry under an alias of this client can be someone else: a full name with an address of its own, or a
    /// name that shares nothing with this client's. A renamed client keeps the old name, which others may have.
    fn may_be_another(&self, key: &str, entry: &Entry, word: Word) -> bool {
        let begins = |own: &str| own.split(' ').any(|word| word.starts_with(key));
        let is_short = !key.contains(' ') && (self.is_like(key) || begins(&names::alias_key(&self.name)));
        let has_own = entry.email.is_some() && entry.email == self.email;
        !is_short && !has_own && (entry.email.is_some() || word == Word::Speaker)
    }
}

/// Keeps everyone else from changing a coach's clients until the transaction ends; attribution waits, so that it
/// doesn't miss them (see `path::look_again`).
pub(crate) async fn hold(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("select id from coaches where id = $1 for no key update", coach_id).fetch_optional(tx.conn()).await?;
    Ok(())
}

/// Keeps everyone else from changing this client: what is read of it from now on stays until the transaction ends.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn hold_client(tx: &mut TenantTx, id: Uuid) -> Result<(), sqlx::Error> {
    let coach = sqlx::query_scalar!("select coach_id from clients where id = $1", id);
    match coach.fetch_optional(tx.conn()).await? {
        Some(coach) => hold(tx, coach).await,
        None => Ok(()),
    }
}

/// Matches each entry to the client that it means, or adds one; returns the results in order.
pub(super) async fn put(
    tx: &mut TenantTx,
    coach_id: Uuid,
    entries: &[Entry],
    word: Word,
) -> Result<Vec<Result<Put, Unsure>>, sqlx::Error> {
    hold(tx, coach_id).await?;
    let known = load(tx, coach_id).await?;
    let mut put = Vec::with_capacity(entries.len());
    for (entry, meant) in entries.iter().zip(meant(entries, &known, word)) {
        put.push(match meant {
            Ok(client) => Ok(write(tx, coach_id, entry, client, word).await?),
            Err(unsure) => Err(unsure),
        });
    }
    Ok(put)
}

/// Removes from each client that an entry means the aliases which an earlier file gave it and this one doesn't. Those
/// typed by hand, or learned from the coach's corrections, stay.
pub(super) async fn forget_aliases(tx: &mut TenantTx, coach_id: Uuid, entries: &[Entry]) -> Result<(), sqlx::Error> {
    hold(tx, coach_id).await?;
    let known = load(tx, coach_id).await?;
    let (mut ids, mut left) = (Vec::new(), Vec::new());
    for (entry, meant) in entries.iter().zip(meant(entries, &known, Word::Roster)) {
        let Ok(Some(client)) = meant else { continue };
        let kept: HashSet<String> =
            entry.aliases.iter().chain([&entry.name]).map(|alias| names::alias_key(alias)).collect();
        for alias in client.aliases.iter().filter(|alias| !kept.contains(*alias)) {
            ids.push(client.id);
            left.push(alias.clone());
        }
    }
    sqlx::query!(
        "delete from aliases using unnest($1::uuid[], $2::text[]) as gone (client_id, normalized)
         where aliases.client_id = gone.client_id and aliases.normalized = gone.normalized and source = 'roster'",
        &ids,
        &left
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn load(tx: &mut TenantTx, coach_id: Uuid) -> Result<Vec<KnownClient>, sqlx::Error> {
    sqlx::query_as!(
        KnownClient,
        r#"select id, name, lower(email) as email,
                  array(select normalized from aliases where client_id = clients.id) as "aliases!"
           from clients where coach_id = $1 and removed_at is null order by id"#,
        coach_id
    )
    .fetch_all(tx.conn())
    .await
}

/// The client that each entry means; `None` for a new client.
fn meant<'a>(entries: &[Entry], known: &'a [KnownClient], word: Word) -> Vec<Result<Option<&'a KnownClient>, Unsure>> {
    let by_email: HashMap<&str, &KnownClient> =
        known.iter().filter_map(|client| Some((client.email.as_deref()?, client))).collect();
    let (mut by_name, mut by_alias) = (BTreeMap::<String, Vec<&KnownClient>>::new(), HashMap::new());
    for client in known {
        by_name.entry(names::alias_key(&client.name)).or_default().push(client);
        by_alias.extend(client.aliases.iter().map(|alias| (alias.as_str(), client)));
    }
    let addressed = |entry: &Entry| entry.email.as_deref().and_then(|email| by_email.get(email).copied());
    // Clients whose address is in some entry: no other entry with their name means them.
    let spoken_for: HashSet<Uuid> = entries.iter().filter_map(addressed).map(|client| client.id).collect();
    let mut rivals: HashMap<String, usize> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.email.is_some() && addressed(entry).is_none()) {
        *rivals.entry(names::alias_key(&entry.name)).or_default() += 1;
    }
    let decide = |entry: &Entry| {
        if let Some(client) = addressed(entry) {
            let fits = client.may_be_called(&entry.name);
            return if fits { Ok(Some(client)) } else { Err(Unsure::AddressOf(client.name.clone())) };
        }
        if word == Word::Namesake {
            return Ok(None);
        }
        let key = names::alias_key(&entry.name);
        let named = by_name.get(&key).map_or(&[][..], Vec::as_slice);
        // A second entry for someone who is also known under this name doesn't create another person.
        let Some(_) = named.first() else {
            return match by_alias.get(key.as_str()) {
                Some(client)
                    if (entry.email.is_some() && spoken_for.contains(&client.id))
                        || client.may_be_another(&key, entry, word) =>
                {
                    Err(Unsure::OtherNameOf(client.name.clone()))
                }
                client => Ok(client.copied()),
            };
        };
        if entry.email.is_none() {
            return if let [only] = named { Ok(Some(*only)) } else { Err(Unsure::Several) };
        }
        let free: Vec<&KnownClient> = named.iter().copied().filter(|client| !spoken_for.contains(&client.id)).collect();
        let without: Vec<&KnownClient> = free.iter().copied().filter(|client| client.email.is_none()).collect();
        if word == Word::Speaker {
            return Ok(if let [only] = without.as_slice() { Some(*only) } else { None });
        }
        let alone = rivals.get(&key).is_none_or(|count| *count == 1);
        match (free.as_slice(), without.as_slice(), alone) {
            ([], ..) => Ok(None),
            ([only], _, true) | (_, [only], true) => Ok(Some(*only)),
            (_, _, true) => Err(Unsure::Several),
            (_, _, false) => Err(Unsure::NewAddresses),
        }
    };
    entries.iter().map(decide).collect()
}

async fn write(
    tx: &mut TenantTx,
    coach_id: Uuid,
    entry: &Entry,
    client: Option<&KnownClient>,
    word: Word,
) -> Result<Put, sqlx::Error> {
    let (id, organization) = (client.map_or_else(Uuid::now_v7, |client| client.id), tx.tenant());
    // A client found by an alias isn't renamed; nor is anyone renamed by naming a speaker.
    let keeps_name = client.is_some_and(|client| {
        let key = names::alias_key(&entry.name);
        word == Word::Speaker || key != names::alias_key(&client.name) && client.aliases.contains(&key)
    });
    let name = client.filter(|_| keeps_name).map_or(entry.name.as_str(), |client| client.name.as_str());
    sqlx::query!(
        "insert into clients (id, organization_id, coach_id, name, email, tags, greeting)
         values ($1, $2, $3, $4, $5, coalesce($6, '{}'::text[]), $7)
         on conflict (id) do update set name = excluded.name, email = coalesce(excluded.email, clients.email),
             tags = coalesce($6, clients.tags), greeting = coalesce(excluded.greeting, clients.greeting),
             updated_at = now()",
        id,
        organization,
        coach_id,
        name,
        entry.email,
        entry.tags.as_deref(),
        entry.greeting
    )
    .execute(tx.conn())
    .await?;
    let was_email = client
        .and_then(|client| client.email.clone())
        .filter(|was| entry.email.as_ref().is_some_and(|email| email != was));
    if was_email.is_some() {
        readdress(tx, id).await?;
    }
    let email = entry.email.clone().or_else(|| client.and_then(|client| client.email.clone()));
    let was_name =
        client.map(|client| client.name.clone()).filter(|was| names::alias_key(was) != names::alias_key(name));
    Ok(Put { id, name: name.to_owned(), email, added: client.is_none(), was_email, was_name })
}

/// Has a job stop the follow-ups held for an address that is no longer the client's: everywhere else the session is
/// locked before the people's rows.
pub(crate) async fn readdress(tx: &mut TenantTx, client_id: Uuid) -> Result<(), sqlx::Error> {
    enqueue(tx, &Readdress { client_id }, Uuid::now_v7()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, email: Option<&str>, aliases: &[&str]) -> KnownClient {
        let aliases = aliases.iter().map(|alias| names::alias_key(alias)).collect();
        KnownClient { id: Uuid::now_v7(), name: name.into(), email: email.map(Into::into), aliases }
    }

    fn entry(name: &str, email: Option<&str>) -> Entry {
        Entry { name: name.into(), email: email.map(Into::into), ..Entry::default() }
    }

    /// Who is meant: the index among the known clients, `new`, or `?`.
    fn read(entries: &[Entry], known: &[KnownClient], word: Word) -> Vec<String> {
        let place = |client: Option<&KnownClient>| match client {
            Some(client) => known.iter().position(|one| one.id == client.id).unwrap_or_default().to_string(),
            None => "new".into(),
        };
        meant(entries, known, word).into_iter().map(|meant| meant.map_or("?".into(), place)).collect()
    }

    const OLD: Option<&str> = Some("old@client.example");
    const NEW: Option<&str> = Some("new@client.example");
    const THIRD: Option<&str> = Some("third@client.example");

    #[test]
    fn an_address_that_changes_is_a_change_of_the_client() {
        let one = [known("Priya Raman", OLD, &["Pri"])];
        for (entries, wanted) in [
            (vec![entry("Priya Raman", NEW)], vec!["0"]),
            (vec![entry("PRIYA  RAMAN", NEW)], vec!["0"]),
            (vec![entry("Priya Raman", None)], vec!["0"]),
            (vec![entry("Priya Shah", OLD)], vec!["0"]),
            (vec![entry("Tom Becker", NEW)], vec!["new"]),
            // Both at once are two people.
            (vec![entry("Priya Raman", OLD), entry("Priya Raman", NEW)], vec!["0", "new"]),
            (vec![entry("Priya Raman", NEW), entry("Priya Raman", OLD)], vec!["new", "0"]),
            // Which of the two is the one who is there?
            (vec![entry("Priya Raman", NEW), entry("Priya Raman", THIRD)], vec!["?", "?"]),
            // Her alias.
            (vec![entry("Pri", NEW)], vec!["0"]),
            (vec![entry("Priya Raman", OLD), entry("Pri", NEW)], vec!["0", "?"]),
            // Her address under someone else's name.
            (vec![entry("Tom Becker", OLD)], vec!["?"]),
        ] {
            assert_eq!(read(&entries, &one, Word::Roster), wanted, "{entries:?}");
        }
        for word in [Word::Operator, Word::Namesake, Word::Speaker] {
            assert_eq!(read(&[entry("Tom Becker", OLD)], &one, word), ["?"], "{word:?}");
            assert_eq!(read(&[entry("P. Raman", OLD)], &one, word), ["0"], "{word:?}");
        }
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one, Word::Namesake), ["new"]);
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one, Word::Speaker), ["new"]);
        assert_eq!(read(&[entry("Priya Raman", None)], &one, Word::Speaker), ["0"]);
    }

    #[test]
    fn of_two_clients_of_one_name_none_is_guessed() {
        let two = [known("Priya Raman", OLD, &[]), known("Priya Raman", THIRD, &[])];
        assert_eq!(read(&[entry("Priya Raman", NEW)], &two, Word::Roster), ["?"]);
        assert_eq!(read(&[entry("Priya Raman", None)], &two, Word::Roster), ["?"]);
        // The other is in the roster too: only one is left.
        let both = [entry("Priya Raman", NEW), entry("Priya Raman", THIRD)];
        assert_eq!(read(&both, &two, Word::Roster), ["0", "1"]);
        let one_without = [known("Priya Raman", OLD, &[]), known("Priya Raman", None, &[])];
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one_without, Word::Roster), ["1"]);
    }

    #[test]
    fn another_persons_whole_name_gives_nobody_a_new_address() {
        let known = [known("Vera Noll", OLD, &["Erik Dahl", "Vee"]), known("Priya Shah", None, &["Priya Raman"])];
        for word in [Word::Roster, Word::Operator, Word::Speaker] {
            assert_eq!(read(&[entry("Erik Dahl", NEW)], &known, word), ["?"], "{word:?}");
            assert_eq!(read(&[entry("Priya Raman", NEW)], &known, word), ["?"], "{word:?}");
            assert_eq!(read(&[entry("Erik Dahl", OLD)], &known, word), ["0"], "{word:?}");
        }
        assert_eq!(read(&[entry("Erik Dahl", NEW)], &known, Word::Namesake), ["new"]);
        // To name a speaker, choose the client, or give an address.
        assert_eq!(read(&[entry("Erik Dahl", None)], &known, Word::Speaker), ["?"]);
        assert_eq!(read(&[entry("Priya Raman", None)], &known, Word::Roster), ["1"]);
    }
}
