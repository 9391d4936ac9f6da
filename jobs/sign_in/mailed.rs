//! Signing in with a mailed link that works once, for fifteen minutes. It is also what helps who forgot a password.
//!
//! Asking enqueues a job and nothing else, so that the answer and its time are the same whether or not the address is
//! known. The job looks the address up by its hash, makes a link for each organization in which it belongs to somebody (or
//! names the identity provider, where that is the only way in), and queues one mail. A rerun makes other links, which are in no mail and expire, and finds the mail in the ledger.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    Gate,
    browsers::{self, BY_OPERATOR, Entered, SignedIn},
    noted::note_failure,
    one_time::{self, OneTime, Purpose},
    person::{Account, account, send},
    provider::only_way,
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    limits::{self, Limit, MAILED_LINKS},
    mail::{Elsewhere, LinkOf, Message, SignInLink},
    people::address_of,
    queue::{Context, Finished, Job, JobArgs, JobError, enqueue},
    rights::lock_person,
    secret::sha256,
};

/// How long a link works, in minutes.
const MINUTES: i32 = 15;
/// Links that one client address may ask for: many people may share it.
const MAILED_LINKS_FROM: Limit = Limit { name: "mailed_links_from", most: 30, seconds: 60 * 60 };

/// Links that a signed-in person may ask for, to show anew who they are. A bucket of its own: nobody else fills it.
const OWN_LINKS: Limit = Limit { name: "own_links", most: 3, seconds: 60 * 60 };

/// What became of asking for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// If the address is known, a mail goes there.
    Taken,
    /// What was typed is no address.
    NoAddress,
    /// There were too many; this many seconds are left until more are taken.
    TooMany(i32),
}

/// Asks for a link to the typed address.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn ask_for_link(db: &Db, typed: &str, from: Option<&str>) -> Result<Asking, sqlx::Error> {
    let Some(address) = address_of(typed) else { return Ok(Asking::NoAddress) };
    let by_client = limits::count(db, MAILED_LINKS_FROM, from.unwrap_or_default()).await?;
    let by_account = limits::count(db, MAILED_LINKS, &address).await?;
    if let Some(left) = [by_client, by_account].iter().filter(|left| !left.allowed).max_by_key(|left| left.seconds) {
        browsers::count("link", "limited");
        return Ok(Asking::TooMany(left.seconds));
    }
    mail_links(db, &address).await
}

/// Asks for a link to a signed-in person's own address: whoever has no password shows anew with it who they are.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn ask_for_own_link(db: &Db, signed_in: &SignedIn) -> Result<Asking, sqlx::Error> {
    let left = limits::count(db, OWN_LINKS, &signed_in.person.to_string()).await?;
    if !left.allowed {
        browsers::count("link", "limited");
        return Ok(Asking::TooMany(left.seconds));
    }
    let mut tx = signed_in.enter(db).await?;
    let person = account(&mut tx, signed_in.person).await?;
    drop(tx);
    match person.and_then(|person| address_of(&person.email)) {
        Some(address) => mail_links(db, &address).await,
        None => Ok(Asking::NoAddress),
    }
}

async fn mail_links(db: &Db, address: &str) -> Result<Asking, sqlx::Error> {
    let mut tx = db.system().await?;
    enqueue(&mut tx, &MailLinks { address_sha256: hex(&sha256(address)) }, Uuid::now_v7()).await?;
    tx.commit().await?;
    browsers::count("link", "asked");
    Ok(Asking::Taken)
}

/// Mails the links that somebody asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailLinks {
    /// The SHA-256 of the address, in hex: arguments of jobs hold no address.
    pub address_sha256: String,
}

impl JobArgs for MailLinks {
    const KIND: &'static str = "sign_in.mail_links";

    fn unique_key(&self) -> Option<String> {
        Some(self.address_sha256.clone())
    }
}

impl Job for MailLinks {
    type Needs = Gate;

    async fn run(&self, ctx: &Context<Gate>) -> Result<Finished, JobError> {
        let hash = unhex(&self.address_sha256).ok_or_else(|| JobError::abort("this is no hash"))?;
        let found = sqlx::query!(
            r#"select organization_id as "organization!", person_id as "person!" from people_by_address_hash($1)"#,
            hash
        )
        .fetch_all(ctx.db.pool())
        .await?;
        let (mut links, mut elsewhere) = (Vec::new(), Vec::new());
        // The mail is on the ledger of the organization that comes last.
        let mut last: Option<(Uuid, Account)> = None;
        for row in found {
            let mut tx = ctx.db.tenant(row.organization).await?;
            lock_person(&mut tx, row.person).await?;
            // Whoever got another address meanwhile gets no link that was asked for by the one before.
            let person = account(&mut tx, row.person).await?;
            let Some(person) = person.filter(|person| sha256(&person.email.to_lowercase()) == hash) else { continue };
            let organization = person.organization.clone();
            if let Some(provider) = only_way(&mut tx, ctx).await? {
                let link = ctx.desk.settings.url(&format!("sign-in/with/{}", provider.name()));
                elsewhere.push(Elsewhere { organization, provider: provider.label().to_owned(), link });
            } else {
                let (_, token) = one_time::issue(&mut tx, person.id, Purpose::SignIn, MINUTES).await?;
                let link = ctx.desk.settings.url(&format!("sign-in/link/{}", token.reveal()));
                links.push(LinkOf { organization, name: person.name.clone(), link });
            }
            tx.commit().await?;
            last = Some((row.organization, person));
        }
        let output = json!({ "links": links.len() });
        if let Some((organization, person)) = last {
            let mut tx = ctx.db.tenant(organization).await?;
            let message = Message::SignInLink(SignInLink { links, elsewhere, minutes: MINUTES });
            // Its subject is the job: a rerun finds the mail in the ledger.
            send(&mut tx, ctx, person.id, &person, message, ctx.job.id).await?;
            tx.commit().await?;
        }
        ctx.finish(ctx.system_tx().await?, output).await
    }
}

/// Signs in with a link: the first time alone. `None` if it works no more.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn open_link(
    db: &Db,
    gate: &Gate,
    link: &OneTime,
    visitor: &Visitor,
) -> Result<Option<Entered>, sqlx::Error> {
    let mut tx = db.view(link.organization, &View::Coaches(vec![link.person])).await?;
    let by = match link.purpose {
        Purpose::SignIn => Some("link"),
        Purpose::ByOperator => Some(BY_OPERATOR),
        Purpose::Invitation | Purpose::OldAddress(_) | Purpose::NewAddress(_) => None,
    };
    let why = match (by, lock_person(&mut tx, link.person).await?) {
        (Some(by), Some(person)) if one_time::use_up(&mut tx, link).await? => {
            match browsers::begin(&mut tx, gate, person, by, visitor).await? {
                Ok(entered) => {
                    tx.commit().await?;
                    return Ok(Some(entered));
                }
                Err(_) => "elsewhere",
            }
        }
        (_, None) => "gone",
        _ => "over",
    };
    drop(tx);
    let by = by.unwrap_or("link");
    note_failure(db, (link.organization, link.person), by, Some(why), visitor).await?;
    browsers::count(by, "refused");
    Ok(None)
}

/// A link that an operator gives to a person who gets in in no other way; it works once, for a quarter of an hour. Returns the
/// link.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn operators_link(tx: &mut TenantTx, gate: &Gate, person: Uuid) -> Result<Option<String>, sqlx::Error> {
    let Some(person) = lock_person(tx, person).await? else { return Ok(None) };
    let (_, token) = one_time::issue(tx, person.id(), Purpose::ByOperator, MINUTES).await?;
    let detail = json!({ "operation": "debrief people sign-in-link", "account": person.id() });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::Changed) }, &Visitor::default()).await?;
    Ok(Some(gate.desk.settings.url(&format!("sign-in/link/{}", token.reveal()))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}
