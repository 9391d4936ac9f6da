//! Which client an entry means: one of a roster, or one that an operator types. Reads and writes clients and aliases.
//!
//! An entry means the client who has its address. Else the name tells, and an address that is another than before is a
//! change of the client, as long as nobody else can be meant: one client of the name, and one entry of it. Two people of
//! one name are told apart where a roster holds both, each with an address. Whatever is not sure changes nothing and is
//! a problem that says what to do. A rerun finds everybody by address and changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::roster::Entry;
use crate::{
    clean,
    db::{TenantTx, Tx},
    names::{self, generic, nicknames, phone},
    path::Readdress,
    queue::enqueue,
};

/// A client that an entry was put to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Put {
    /// The client.
    pub id: Uuid,
    /// Whether it was added.
    pub added: bool,
    /// The address that it had before, where that was another.
    pub was_email: Option<String>,
}

/// Why an entry changes nothing.
pub(super) type Unsure = String;

/// Whose word an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A file's: it may have mixed up lines.
    Roster,
    /// An operator's, who means the client that has the address, whatever the name.
    Operator,
    /// An operator's, who says that this is another person of the same name.
    Namesake,
    /// A coach's, who names a speaker: nobody's address is changed by that.
    Speaker,
}

/// A client as matching needs it.
struct Known {
    id: Uuid,
    name: String,
    email: Option<String>,
    aliases: Vec<String>,
}

impl Known {
    /// Whether a name can be this client's: a word of it, a form of the given name, or another name that is known.
    fn may_be_called(&self, name: &str) -> bool {
        let key = names::alias_key(name);
        let own = names::alias_key(&self.name);
        let first = |key: &str| key.split(' ').next().unwrap_or_default().to_owned();
        self.aliases.contains(&key)
            || key.split(' ').any(|word| own.split(' ').any(|other| other == word))
            || nicknames::alike(&first(&key), &first(&own))
    }
}

/// Keeps everybody else from changing a coach's clients until the transaction ends; attribution waits, so that it does
/// not miss them (see `path::look_again`).
pub(crate) async fn hold(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("select id from coaches where id = $1 for no key update", coach_id).fetch_optional(tx.conn()).await?;
    Ok(())
}

/// Puts each entry to the client that it means, or adds one; in their order, what became of each.
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
            Ok(client) => Ok(write(tx, coach_id, entry, client).await?),
            Err(unsure) => Err(unsure),
        });
    }
    Ok(put)
}

async fn load(tx: &mut TenantTx, coach_id: Uuid) -> Result<Vec<Known>, sqlx::Error> {
    sqlx::query_as!(
        Known,
        r#"select id, name, lower(email) as email,
                  array(select normalized from aliases where client_id = clients.id) as "aliases!"
           from clients where coach_id = $1 and removed_at is null order by id"#,
        coach_id
    )
    .fetch_all(tx.conn())
    .await
}

/// Whom each entry means; none where it is somebody new.
fn meant<'a>(entries: &[Entry], known: &'a [Known], word: Word) -> Vec<Result<Option<&'a Known>, Unsure>> {
    let by_email: HashMap<&str, &Known> =
        known.iter().filter_map(|client| Some((client.email.as_deref()?, client))).collect();
    let (mut by_name, mut by_alias) = (BTreeMap::<String, Vec<&Known>>::new(), HashMap::new());
    for client in known {
        by_name.entry(names::alias_key(&client.name)).or_default().push(client);
        by_alias.extend(client.aliases.iter().map(|alias| (alias.as_str(), client)));
    }
    let addressed = |entry: &Entry| entry.email.as_deref().and_then(|email| by_email.get(email).copied());
    // Clients whose address stands in some entry: no other entry of their name means them.
    let spoken_for: HashSet<Uuid> = entries.iter().filter_map(addressed).map(|client| client.id).collect();
    let mut rivals: HashMap<String, usize> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.email.is_some() && addressed(entry).is_none()) {
        *rivals.entry(names::alias_key(&entry.name)).or_default() += 1;
    }
    let decide = |entry: &Entry| {
        if let Some(client) = addressed(entry) {
            let fits = word != Word::Roster || client.may_be_called(&entry.name);
            return if fits { Ok(Some(client)) } else { Err(ANOTHERS_ADDRESS.to_owned()) };
        }
        if word == Word::Namesake {
            return Ok(None);
        }
        let key = names::alias_key(&entry.name);
        let named = by_name.get(&key).map_or(&[][..], Vec::as_slice);
        // A second entry of somebody who is known under this name too does not come back as another person.
        let Some(_) = named.first() else {
            return match by_alias.get(key.as_str()) {
                Some(client) if entry.email.is_some() && spoken_for.contains(&client.id) => Err(OTHER_NAME.to_owned()),
                client => Ok(client.copied()),
            };
        };
        if entry.email.is_none() {
            return if let [only] = named { Ok(Some(*only)) } else { Err(SEVERAL.to_owned()) };
        }
        let free: Vec<&Known> = named.iter().copied().filter(|client| !spoken_for.contains(&client.id)).collect();
        let without: Vec<&Known> = free.iter().copied().filter(|client| client.email.is_none()).collect();
        if word == Word::Speaker {
            return Ok(if let [only] = without.as_slice() { Some(*only) } else { None });
        }
        let alone = rivals.get(&key).is_none_or(|count| *count == 1);
        match (free.as_slice(), without.as_slice(), alone) {
            ([], ..) => Ok(None),
            ([only], _, true) | (_, [only], true) => Ok(Some(*only)),
            (_, _, true) => Err(SEVERAL.to_owned()),
            (_, _, false) => Err(NEW_ADDRESSES.to_owned()),
        }
    };
    entries.iter().map(decide).collect()
}

const ANOTHERS_ADDRESS: &str = "the email belongs to a client with a very different name, so nothing was changed; if \
                                it’s the same person, have the name changed (`debrief client change`), otherwise \
                                correct the address";
const OTHER_NAME: &str = "this is another name of a client who is in this roster with their own address, so nothing \
                          was changed; if it’s someone else, have them added (`debrief client add --namesake`)";
const SEVERAL: &str = "several clients have this name, so nothing was changed; add the email of the one you mean, or \
                       have that one changed (`debrief client change`)";
const NEW_ADDRESSES: &str = "several lines have this name with new addresses, and we can’t tell which of them is the \
                             client we already have; nothing was changed: have that one changed first (`debrief client \
                             change`)";

async fn write(tx: &mut TenantTx, coach_id: Uuid, entry: &Entry, client: Option<&Known>) -> Result<Put, sqlx::Error> {
    let (id, organization) = (client.map_or_else(Uuid::now_v7, |client| client.id), tx.tenant());
    // By another of their names, a client is found and not renamed.
    let is_alias = client.is_some_and(|client| {
        let key = names::alias_key(&entry.name);
        key != names::alias_key(&client.name) && client.aliases.contains(&key)
    });
    let name = client.filter(|_| is_alias).map_or(entry.name.as_str(), |client| client.name.as_str());
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
    Ok(Put { id, added: client.is_none(), was_email })
}

/// Stops the follow-ups that are held for an address that is no longer the client's, by a job: the session is locked
/// before the people's rows everywhere else.
pub(crate) async fn readdress(tx: &mut TenantTx, client_id: Uuid) -> Result<(), sqlx::Error> {
    enqueue(tx, &Readdress { client_id }, Uuid::now_v7()).await?;
    Ok(())
}

/// Adds a client's other names. A name that means somebody already keeps its meaning: a wrong merge is worse than a miss.
pub(crate) async fn put_aliases(
    tx: &mut TenantTx,
    coach_id: Uuid,
    client_id: Uuid,
    aliases: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let organization = tx.tenant();
    let mut problems = Vec::new();
    for (at, written) in aliases.iter().enumerate() {
        let number = at + 1;
        let written = clean::line(written);
        let normalized = names::alias_key(&written);
        if normalized.is_empty() || generic::is_generic(&written) && phone::number(&written).is_none() {
            problems.push(format!("alias {number} ({written}) could be anyone and isn’t used"));
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
            problems.push(format!("alias {number} already means someone else and keeps that meaning"));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, email: Option<&str>, aliases: &[&str]) -> Known {
        let aliases = aliases.iter().map(|alias| names::alias_key(alias)).collect();
        Known { id: Uuid::now_v7(), name: name.into(), email: email.map(Into::into), aliases }
    }

    fn entry(name: &str, email: Option<&str>) -> Entry {
        Entry { name: name.into(), email: email.map(Into::into), ..Entry::default() }
    }

    /// Who is meant: the place among the known, `new`, or `?`.
    fn read(entries: &[Entry], known: &[Known], word: Word) -> Vec<String> {
        let place = |client: Option<&Known>| match client {
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
            // Another name of hers.
            (vec![entry("Pri", NEW)], vec!["0"]),
            (vec![entry("Priya Raman", OLD), entry("Pri", NEW)], vec!["0", "?"]),
            // Her address under somebody else's name.
            (vec![entry("Tom Becker", OLD)], vec!["?"]),
        ] {
            assert_eq!(read(&entries, &one, Word::Roster), wanted, "{entries:?}");
        }
        assert_eq!(read(&[entry("Tom Becker", OLD)], &one, Word::Operator), ["0"]);
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one, Word::Namesake), ["new"]);
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one, Word::Speaker), ["new"]);
        assert_eq!(read(&[entry("Priya Raman", None)], &one, Word::Speaker), ["0"]);
    }

    #[test]
    fn of_two_clients_of_one_name_none_is_guessed() {
        let two = [known("Priya Raman", OLD, &[]), known("Priya Raman", THIRD, &[])];
        assert_eq!(read(&[entry("Priya Raman", NEW)], &two, Word::Roster), ["?"]);
        assert_eq!(read(&[entry("Priya Raman", None)], &two, Word::Roster), ["?"]);
        // The other stands in the roster too: only one is left.
        let both = [entry("Priya Raman", NEW), entry("Priya Raman", THIRD)];
        assert_eq!(read(&both, &two, Word::Roster), ["0", "1"]);
        let one_without = [known("Priya Raman", OLD, &[]), known("Priya Raman", None, &[])];
        assert_eq!(read(&[entry("Priya Raman", NEW)], &one_without, Word::Roster), ["1"]);
    }
}
