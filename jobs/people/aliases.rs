//! Other names by which clients are known. Reads coaches, clients and aliases; writes aliases.
//!
//! One person's own name can't be another person's alias: one client's words would go to the other. Any alias that
//! could mean two people is refused with a message, so that the coach is asked who speaks.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::PeopleError;
use crate::{
    clean,
    db::{TenantTx, Tx},
    names::{self, generic, phone},
};

/// The maximum length of a name, in characters.
pub(super) const LONGEST_NAME: usize = 200;

/// Where an alias comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A roster file: the alias is removed once the file no longer has it.
    Roster,
    /// An operator, or the client's previous name.
    Operator,
}

/// Why an alias isn't used. The text continues after the alias, and names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// A generic label: `Speaker 1`, `iPhone`.
    #[error("could be anyone and isn’t used")]
    Anyones,
    /// Too long for a name.
    #[error("is longer than {max} characters and isn’t used", max = LONGEST_NAME)]
    TooLong,
    /// Another client has that name.
    #[error("is the name of another client and isn’t used")]
    AnotherClients,
    /// The coach has that name.
    #[error("is the coach’s name and isn’t used")]
    Coachs,
    /// It's another client's alias.
    #[error("already means someone else and keeps that meaning")]
    Taken,
}

/// An alias that isn't used: its number, from 1, and why.
pub(super) type Refused = (usize, Unfit);

/// The names of the coach and the clients, normalised.
#[derive(Debug, Default)]
pub(crate) struct OwnNames {
    /// Full names, addresses and greetings; `None` stands for the coach.
    whole: HashMap<String, Vec<Option<Uuid>>>,
    /// Given names of people who also have another name.
    given: HashMap<String, Vec<Option<Uuid>>>,
}

impl OwnNames {
    pub(crate) async fn load(tx: &mut TenantTx, coach_id: Uuid) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select null::uuid as client_id, name as "name!", email, null as greeting from coaches where id = $1
               union all
               select id, name, email, greeting from clients where coach_id = $1 and removed_at is null"#,
            coach_id
        )
        .fetch_all(tx.conn())
        .await?;
        let mut own = Self::default();
        for row in rows {
            own.add(row.client_id, &row.name, row.email.as_deref(), row.greeting.as_deref());
        }
        Ok(own)
    }

    fn add(&mut self, owner: Option<Uuid>, name: &str, email: Option<&str>, greeting: Option<&str>) {
        let words = names::name_words(name);
        let mut keys = HashSet::from([names::alias_key(name)]);
        keys.extend(greeting.map(names::alias_key));
        keys.extend(email.map(str::to_lowercase));
        if let [first, .., last] = words.as_slice() {
            keys.extend([sorted(&words), words.concat(), sorted(&[first.clone(), last.clone()])]);
            self.given.entry(first.clone()).or_default().push(owner);
        }
        for key in keys.into_iter().filter(|key| !key.is_empty()) {
            self.whole.entry(key).or_default().push(owner);
        }
    }

    /// Why a name can't be this client's alias: someone else has it. A given name that two clients share may be
    /// assigned to one of them, but not to a client without it, and never if it's the coach's.
    fn unfit(&self, alias: &str, client: Uuid) -> Option<Unfit> {
        let forms = names::forms(alias);
        let mut keys = vec![names::alias_key(alias)];
        keys.extend(names::emails(alias));
        keys.extend(forms.iter().map(|form| sorted(&form.words)));
        let whole = keys.iter().filter_map(|key| self.whole.get(key)).flatten();
        let given = forms.iter().filter_map(|form| match form.words.as_slice() {
            [only] => self.given.get(only).filter(|owners| !owners.contains(&Some(client)) || owners.contains(&None)),
            _ => None,
        });
        let mut others = whole.chain(given.flatten()).filter(|owner| **owner != Some(client));
        let first = others.next()?;
        let is_coachs = first.is_none() || others.any(Option::is_none);
        Some(if is_coachs { Unfit::Coachs } else { Unfit::AnotherClients })
    }
}

/// The words of a name, sorted: `Okafor, Maya` equals `Maya Okafor`.
fn sorted(words: &[String]) -> String {
    let mut words = words.to_vec();
    words.sort_unstable();
    words.join(" ")
}

/// Adds a client's other names; returns those that aren't used, in order. A name that already means someone keeps its
/// meaning: a wrong merge is worse than a miss.
pub(super) async fn put(
    tx: &mut TenantTx,
    own: &OwnNames,
    (coach_id, client_id): (Uuid, Uuid),
    aliases: &[String],
    source: Source,
) -> Result<Vec<Refused>, sqlx::Error> {
    let organization = tx.tenant();
    let mut refused = Vec::new();
    for (at, written) in aliases.iter().enumerate() {
        let number = at + 1;
        let written = clean::line(written);
        if written.chars().count() > LONGEST_NAME {
            refused.push((number, Unfit::TooLong));
            continue;
        }
        let normalized = names::alias_key(&written);
        if normalized.is_empty() || generic::is_generic(&written) && phone::number(&written).is_none() {
            refused.push((number, Unfit::Anyones));
            continue;
        }
        if let Some(unfit) = own.unfit(&written, client_id) {
            refused.push((number, unfit));
            // It may have been assigned when nobody had that name.
            sqlx::query!(
                "delete from aliases where client_id = $1 and normalized = $2 and source <> 'correction'",
                client_id,
                normalized
            )
            .execute(tx.conn())
            .await?;
            continue;
        }
        let means = sqlx::query_scalar!(
            "insert into aliases (organization_id, coach_id, normalized, written, client_id, source)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (organization_id, coach_id, normalized) do update set source =
                 case when aliases.client_id = excluded.client_id and aliases.source = 'operator' then excluded.source
                 else aliases.source end
             returning client_id",
            organization,
            coach_id,
            normalized,
            written,
            client_id,
            match source {
                Source::Roster => "roster",
                Source::Operator => "operator",
            }
        )
        .fetch_one(tx.conn())
        .await?;
        if means != Some(client_id) {
            refused.push((number, Unfit::Taken));
        }
    }
    Ok(refused)
}

/// Adds other names that somebody typed.
///
/// # Errors
/// If one can't be used.
pub(super) async fn put_typed(
    tx: &mut TenantTx,
    (coach_id, client_id): (Uuid, Uuid),
    aliases: &[String],
) -> Result<(), PeopleError> {
    let own = OwnNames::load(tx, coach_id).await?;
    let refused = put(tx, &own, (coach_id, client_id), aliases, Source::Operator).await?;
    match refused.first() {
        None => Ok(()),
        Some((number, unfit)) => {
            let alias = super::shown(&aliases[number - 1]);
            Err(PeopleError::BadAlias { alias, why: unfit.to_string().replace("isn’t used", "can’t be used") })
        }
    }
}

/// Keeps a client's former names, unless they are someone else's.
pub(crate) async fn keep(
    tx: &mut TenantTx,
    (coach_id, client_id): (Uuid, Uuid),
    aliases: &[String],
) -> Result<(), sqlx::Error> {
    let own = OwnNames::load(tx, coach_id).await?;
    put(tx, &own, (coach_id, client_id), aliases, Source::Operator).await.map(drop)
}

/// Removes other names from a client, wherever they come from.
///
/// # Errors
/// If the client has none of them.
pub(super) async fn remove(tx: &mut TenantTx, client_id: Uuid, aliases: &[String]) -> Result<(), PeopleError> {
    for alias in aliases {
        let gone = sqlx::query!(
            "delete from aliases where client_id = $1 and normalized = $2",
            client_id,
            names::alias_key(alias)
        );
        if gone.execute(tx.conn()).await?.rows_affected() == 0 {
            return Err(PeopleError::NoAlias(super::shown(alias)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_anothers_is_no_other_name() {
        let [vera, erik, anna, milen] = [1, 2, 3, 4].map(Uuid::from_u128);
        let mut own = OwnNames::default();
        own.add(None, "Sara Berg", Some("sara@coach.example"), None);
        own.add(Some(vera), "Vera Noll", Some("vera@client.example"), None);
        own.add(Some(erik), "Erik Magnus Dahl", Some("erik@client.example"), Some("Herr Dahl"));
        own.add(Some(anna), "Anna Weiss", None, None);
        own.add(Some(milen), "Milen", None, None);
        for (alias, wanted) in [
            ("Vee", None),
            ("Vera", None),
            ("Vera N.", None),
            ("Noll, Vera", None),
            ("vera@client.example", None),
            ("Erik Sommer", None),
            ("Erik Magnus Dahl", Some(Unfit::AnotherClients)),
            ("ERIK  MAGNUS DÁHL", Some(Unfit::AnotherClients)),
            ("Erik Dahl", Some(Unfit::AnotherClients)),
            ("Dahl, Erik", Some(Unfit::AnotherClients)),
            ("Dahl Erik", Some(Unfit::AnotherClients)),
            ("Dr. Erik Dahl (Guest)", Some(Unfit::AnotherClients)),
            ("Erik Dahl | Acme", Some(Unfit::AnotherClients)),
            ("erikmagnusdahl", Some(Unfit::AnotherClients)),
            ("Herr Dahl", Some(Unfit::AnotherClients)),
            ("Erik", Some(Unfit::AnotherClients)),
            ("erik@client.example", Some(Unfit::AnotherClients)),
            ("milen", Some(Unfit::AnotherClients)),
            ("sara berg", Some(Unfit::Coachs)),
            ("Berg, Sara", Some(Unfit::Coachs)),
            ("Sara", Some(Unfit::Coachs)),
            ("sara@coach.example", Some(Unfit::Coachs)),
        ] {
            assert_eq!(own.unfit(alias, vera), wanted, "{alias}");
        }
        // If two clients share a given name, the coach may say who goes by it.
        let other = Uuid::from_u128(5);
        own.add(Some(other), "Anna Larsson", None, None);
        assert_eq!(own.unfit("Anna", anna), None);
        assert_eq!(own.unfit("Anna", vera), Some(Unfit::AnotherClients));
    }
}
