//! The ways through a provider: begun by a button in a browser, and answered in the same one.
//!
//! Reads and writes `provider_requests`. What identifies a way is random (`state`, of which the SHA-256 is stored) and belongs to
//! the browser by its cookie; nonce and code verifier are derived from both, so that nobody who reads the database has them.
//! Each way is used up by its first answer, whatever comes of it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::time::{Duration, timeout};
use url::Url;
use uuid::Uuid;

use super::whose;
use crate::{
    audit::Visitor,
    db::{Db, Tx, View},
    limits::{self, Limit, PROVIDER_FROM},
    mail::MailError,
    secret::{Secret, sha256, with_prefix},
    sign_in::{
        Gate, SignedIn,
        browsers::{self, Entered},
        one_time,
        provider::{
            Provider,
            protocol::{self, ProtocolError, Said, Ticket, address, is_from, redeem},
        },
    },
};

/// How long a way may take, in minutes.
const MINUTES: i32 = 10;
/// How long all questions to a provider may take for one answer, at most: a page has half a minute.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a signed-in person may show anew who they are. A bucket of its own: nobody else fills it.
const OWN_WAYS: Limit = Limit { name: "own_ways", most: 20, seconds: 15 * 60 };
/// How far the provider's clock may be behind ours, in seconds.
const SKEW_SECONDS: i64 = 60;
/// The longest state, code or issuer that is looked at.
const MOST: usize = 4096;

/// What became of a button's press.
#[derive(Debug)]
pub enum Begun {
    /// The browser goes there.
    To(Url),
    /// There were too many; this many seconds are left until more are taken.
    TooMany(i32),
    /// Too many come by this provider at this moment.
    Busy,
    /// The provider can't be reached, or the organization isn't there. The log says why.
    Away,
}

/// What a browser brings back from a provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// Which way it belongs to.
    pub state: Option<&'a str>,
    /// What the ID token is given for.
    pub code: Option<&'a str>,
    /// Who says so.
    pub issuer: Option<&'a str>,
    /// What went wrong there.
    pub error: Option<&'a str>,
}

/// What became of an answer.
#[derive(Debug)]
pub enum Outcome {
    /// The person is signed in.
    In(Entered),
    /// The same, and they have shown anew who they are.
    Anew(Entered),
    /// The way was used, is too old, was begun in another browser, or never: nobody is.
    Over,
    /// Too many answers that belong to no way came from this network; this many seconds are left until more are looked at.
    TooMany(i32),
    /// Nobody is.
    Refused(Refusal),
}

/// Why nobody is signed in who came back from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person stopped it at the provider, or may not come in here.
    Stopped,
    /// The provider says that something went wrong, with this code.
    Error(String),
    /// The provider can't be reached.
    Away,
    /// Too many come by this provider at this moment.
    Busy,
    /// What the provider says can't be relied on.
    Untrusted,
    /// The provider names no address, or doesn't say that it's the person's.
    NoAddress,
    /// Nobody here has the address.
    Unknown(String),
    /// The person is known here by another account at the provider.
    OtherAccount(String),
    /// The provider didn't ask who it is.
    NotAnew,
    /// The provider doesn't say when it asked who it is.
    NoTime,
    /// Somebody else than who is signed in.
    SomebodyElse,
}

/// Begins a way: the browser holds `browser`, the secret of its forms. `anew`: somebody who is signed in shows again who they are.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn begin(
    db: &Db,
    provider: &Provider,
    browser: &Secret,
    anew: Option<&SignedIn>,
    visitor: &Visitor,
) -> Result<Begun, sqlx::Error> {
    let left = match anew {
        Some(signed_in) => limits::count(db, OWN_WAYS, &signed_in.person.to_string()).await?,
        None => limits::count(db, PROVIDER_FROM, visitor.address.as_deref().unwrap_or_default()).await?,
    };
    if !left.allowed {
        browsers::count(BY, "limited");
        return Ok(Begun::TooMany(left.seconds));
    }
    let Some(organization) = provider.organization(db).await? else {
        tracing::error!(target: "sign_in", { provider = provider.name() }, "there is no organization of this identity provider");
        return Ok(Begun::Away);
    };
    let Ok(_place) = provider.places.try_acquire() else { return Ok(Begun::Busy) };
    let document = match provider.document().await {
        Ok(document) => document,
        Err(error) => {
            note_trouble(provider, &error);
            return Ok(Begun::Away);
        }
    };
    let ticket = ticket(with_prefix(""), browser);
    let mut tx = db.view(organization, &View::nothing()).await?;
    // Those that nobody comes back to.
    sqlx::query!("delete from provider_requests where expires_at < now() - interval '1 hour'")
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into provider_requests (organization_id, state_sha256, issuer, browser_sha256, anew, person_id, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))",
        organization,
        sha256(&ticket.state),
        provider.settings.issuer,
        of_browser(browser),
        anew.is_some(),
        anew.map(|signed_in| signed_in.person),
        MINUTES
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    browsers::count(BY, "asked");
    Ok(Begun::To(address(provider, &document, &ticket, anew.is_some())))
}

/// How it's called in the audit and the metrics.
pub(super) const BY: &str = "provider";

/// Takes the answer that a browser brings, and signs in whoever the provider says it is.
///
/// # Errors
/// Returns an error if the database can't be reached, or the mail about a new account can't be written.
pub async fn answer(
    db: &Db,
    gate: &Gate,
    provider: &Provider,
    browser: Option<&Secret>,
    answer: Answer<'_>,
    visitor: &Visitor,
) -> Result<Outcome, MailError> {
    let outcome = answered(db, gate, provider, browser, answer, visitor).await?;
    match &outcome {
        Outcome::In(entered) => browsers::uncount(db, PROVIDER_FROM, visitor, entered).await?,
        Outcome::Anew(_) => {}
        Outcome::Over | Outcome::TooMany(_) | Outcome::Refused(_) => browsers::count(BY, "refused"),
    }
    Ok(outcome)
}

async fn answered(
    db: &Db,
    gate: &Gate,
    provider: &Provider,
    browser: Option<&Secret>,
    answer: Answer<'_>,
    visitor: &Visitor,
) -> Result<Outcome, MailError> {
    let Some(organization) = provider.organization(db).await? else { return Ok(Outcome::Refused(Refusal::Away)) };
    let begun = match (answer.state.filter(|state| state.len() <= MOST), browser) {
        (Some(state), Some(browser)) => used_up(db, organization, provider, state, browser).await?,
        _ => None,
    };
    let (Some(way), Some(state), Some(browser)) = (begun, answer.state, browser) else {
        let wait = one_time::count_guess(db, visitor.address.as_deref()).await?;
        return Ok(wait.map_or(Outcome::Over, Outcome::TooMany));
    };
    let entered = match said(provider, &ticket(state.to_owned(), browser), answer).await {
        Err(why) => Err(why.into()),
        Ok(said) => match way.lacks(provider, &said) {
            Some(why) => Err(whose::of_account(db, provider, organization, &said, why).await?),
            None => whose::enter(db, gate, provider, organization, &said, way.person_id, visitor).await?,
        },
    };
    match entered {
        Ok(entered) if way.anew => Ok(Outcome::Anew(entered)),
        Ok(entered) => Ok(Outcome::In(entered)),
        Err(turned) => {
            whose::note_refused(db, organization, provider, &turned, visitor).await?;
            Ok(Outcome::Refused(turned.why))
        }
    }
}

/// What the provider says of whoever came back with `answer`.
async fn said(provider: &Provider, ticket: &Ticket, answer: Answer<'_>) -> Result<Said, Refusal> {
    if let Some(code) = answer.error {
        // Who may not come in at the provider, and who didn't want to, are told the same.
        return Err(if code == "access_denied" { Refusal::Stopped } else { Refusal::Error(protocol::plain(code)) });
    }
    let code = answer.code.filter(|code| !code.is_empty() && code.len() <= MOST).ok_or(Refusal::Untrusted)?;
    let Ok(_place) = provider.places.try_acquire() else { return Err(Refusal::Busy) };
    let asked = async {
        // Once for each sign-in, as keys are replaced at any time.
        let document = provider.document_now().await?;
        if !is_from(&document, answer.issuer) {
            return Err(ProtocolError::Untrusted("its answer names another issuer, or none".into()));
        }
        redeem(provider, &document, ticket, code).await
    };
    let asked = timeout(PATIENCE.min(provider.wire.timeout() * 2), asked).await;
    asked.unwrap_or_else(|_| Err(ProtocolError::Away("it is too slow".into()))).map_err(|error| {
        note_trouble(provider, &error);
        match error {
            ProtocolError::Away(_) => Refusal::Away,
            ProtocolError::Untrusted(_) => Refusal::Untrusted,
        }
    })
}

fn note_trouble(provider: &Provider, error: &ProtocolError) {
    tracing::warn!(target: "sign_in", { provider = provider.name(), error = %error }, "an identity provider can't be relied on");
}

/// A way that was begun.
struct Way {
    anew: bool,
    /// Who is to confirm that it's them.
    person_id: Option<Uuid>,
    begun_at: DateTime<Utc>,
}

impl Way {
    /// What is missing where somebody is to show anew who they are: that the provider says that it has asked since.
    fn lacks(&self, provider: &Provider, said: &Said) -> Option<Refusal> {
        if !self.anew {
            return None;
        }
        let Some(asked_at) = said.proved_at else {
            tracing::warn!(
                target: "sign_in",
                { provider = provider.name() },
                "an identity provider doesn't say when it asked who it is (auth_time), so nobody can confirm by it"
            );
            return Some(Refusal::NoTime);
        };
        (asked_at.timestamp() < self.begun_at.timestamp() - SKEW_SECONDS).then_some(Refusal::NotAnew)
    }
}

/// Uses a way up: of two answers at once, one gets it. `None` if it was used, is too old, or was begun in another browser.
async fn used_up(
    db: &Db,
    organization: Uuid,
    provider: &Provider,
    state: &str,
    browser: &Secret,
) -> Result<Option<Way>, sqlx::Error> {
    let mut tx = db.view(organization, &View::nothing()).await?;
    let way = sqlx::query_as!(
        Way,
        "update provider_requests set used_at = now()
         where state_sha256 = $1 and issuer = $2 and browser_sha256 = $3 and used_at is null and expires_at > now()
         returning anew, person_id, created_at as begun_at",
        sha256(state),
        provider.settings.issuer,
        of_browser(browser)
    )
    .fetch_optional(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(way)
}

fn ticket(state: String, browser: &Secret) -> Ticket {
    let derived = |what: &str| {
        let parts = [browser.reveal(), what, &state];
        let digest = parts.iter().fold(Sha256::new(), |digest, part| {
            digest.chain_update((part.len() as u64).to_be_bytes()).chain_update(part.as_bytes())
        });
        URL_SAFE_NO_PAD.encode(digest.finalize())
    };
    Ticket { nonce: derived("nonce"), verifier: derived("verifier"), state }
}

/// The cookie's hash for this end alone: that of the forms' token is another.
fn of_browser(browser: &Secret) -> Vec<u8> {
    sha256(&format!("provider request/{}", browser.reveal()))
}
