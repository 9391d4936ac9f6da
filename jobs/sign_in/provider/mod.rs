//! The identity providers of organizations: which there are, whose they are and what is asked of them. OpenID Connect, the
//! authorization code flow with PKCE.
//!
//! ```text
//! settings   [sign_in.providers.NAME]
//! wire       the client that asks providers
//! protocol   OpenID Connect: where a browser is sent, and what the provider says of whoever comes back
//! ```
//!
//! Reads `organizations`, and writes nothing: how people come in is `by_provider`'s.

pub(super) mod protocol;
mod settings;
mod wire;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

pub use settings::{ProviderSettings, SecondFactor};

use self::{
    protocol::{Document, ProtocolError, discover},
    wire::Wire,
};
use super::Gate;
use crate::{
    SettingsError,
    db::{Db, TenantTx, Tx},
    desk,
    people::{self, PeopleError},
};

/// How long a provider's document is used before it's fetched again. Shortly: it also shows that the provider is there, before a
/// browser is sent to it.
const KEPT: Duration = Duration::from_secs(30);
/// At most this many ways go through a provider at once, in a process.
const AT_ONCE: usize = 8;

/// An identity provider, and whose it is.
pub struct Provider {
    name: String,
    pub(super) settings: ProviderSettings,
    listed: bool,
    /// Where its answers come to.
    answers_at: Url,
    pub(super) wire: Wire,
    document: Mutex<Option<(Instant, Arc<Document>)>>,
    /// Who goes through it at this moment.
    pub(super) places: Semaphore,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Provider").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Provider {
    fn new(name: &str, settings: &ProviderSettings, desk: &desk::Settings, alone: bool) -> Result<Self, SettingsError> {
        let issuer = settings.check(name)?;
        let answers_at = desk.url(&format!("sign-in/with/{name}/answer"));
        let answers_at =
            answers_at.parse().map_err(|error| SettingsError::new("review.base_url", format!("{error}")))?;
        Ok(Self {
            name: name.to_owned(),
            listed: settings.listed.unwrap_or(alone),
            settings: settings.clone(),
            answers_at,
            wire: Wire::new(&issuer, settings.timeout_seconds)?,
            document: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// Its name in the settings, and in the address of its page.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What buttons call it.
    #[must_use]
    pub fn label(&self) -> &str {
        self.settings.label.as_deref().unwrap_or(&self.name)
    }

    /// Where the provider sends browsers back to: it has to be registered there.
    #[must_use]
    pub fn answers_at(&self) -> &Url {
        &self.answers_at
    }

    /// Whether the organization's people sign in by it and in no other way.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.settings.required
    }

    /// Whether it has asked for a second factor of whoever comes from it.
    #[must_use]
    pub fn asks_for_factor(&self) -> bool {
        self.settings.second_factor == SecondFactor::Provider
    }

    /// The organization; `None` if there is none with this handle.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn organization(&self, db: &Db) -> Result<Option<Uuid>, sqlx::Error> {
        match people::organization(db, self.settings.organization.trim()).await {
            Ok(id) => Ok(Some(id)),
            Err(PeopleError::Database(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The document as it was fetched within the last minutes, or is now.
    pub(super) async fn document(&self) -> Result<Arc<Document>, ProtocolError> {
        let kept = self.document.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept {
            Some((fetched, document)) if fetched.elapsed() < KEPT => Ok(document),
            _ => self.document_now().await,
        }
    }

    /// The document as it is now: the keys may be others since.
    pub(super) async fn document_now(&self) -> Result<Arc<Document>, ProtocolError> {
        let document = Arc::new(discover(&self.wire, &self.settings.issuer).await?);
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&document)));
        Ok(document)
    }

    /// Asks the provider for its document and keys, and looks for the organization. Returns what is well, or what is wrong.
    ///
    /// # Errors
    /// Says what is wrong and what to do.
    pub async fn check(&self, db: &Db) -> Result<String, String> {
        let of = self.settings.organization.trim();
        let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", self.name);
        match self.organization(db).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                let problem = format!(
                    "there is no organization {of} (sign_in.providers.{}.organization); `debrief org list` shows them",
                    self.name
                );
                return Err(wrong(&problem));
            }
            Err(_) => return Err(wrong(&"its organization can't be looked up: the database isn't responding")),
        }
        self.document_now().await.map_err(|error| {
            wrong(&format!("{} (sign_in.providers.{}.issuer)", error.to_string().trim_end_matches('.'), self.name))
        })?;
        let only = if self.settings.required { " and in no other way" } else { "" };
        Ok(format!("{}: answers; people of {of} sign in with it{only}; register {} there", self.name, self.answers_at))
    }
}

/// The providers of an installation.
#[derive(Clone, Debug, Default)]
pub(super) struct Providers(Arc<[Provider]>);

impl Providers {
    pub(super) fn new(
        settings: &BTreeMap<String, ProviderSettings>,
        desk: &desk::Settings,
    ) -> Result<Self, SettingsError> {
        let mut providers: Vec<Provider> = Vec::new();
        for (name, one) in settings {
            let provider = Provider::new(name, one, desk, settings.len() == 1)?;
            let of = provider.settings.organization.trim();
            if let Some(other) = providers.iter().find(|other| other.settings.organization.trim() == of) {
                let problem = format!("{of} has the provider {} already; an organization has one", other.name);
                return Err(SettingsError::new(format!("sign_in.providers.{name}.organization"), problem));
            }
            providers.push(provider);
        }
        Ok(Self(providers.into()))
    }

    fn of(&self, handle: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.organization.trim() == handle)
    }
}

impl Gate {
    /// All identity providers.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers.0
    }

    /// The provider with this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers().iter().find(|provider| provider.name == name)
    }

    /// The providers whose buttons everybody sees.
    pub fn listed_providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers().iter().filter(|provider| provider.listed)
    }
}

/// The provider of the transaction's organization; `None` if it has none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn provider_of<'gate>(tx: &mut TenantTx, gate: &'gate Gate) -> Result<Option<&'gate Provider>, sqlx::Error> {
    if gate.providers().is_empty() {
        return Ok(None);
    }
    let organization = tx.tenant();
    let handle = sqlx::query_scalar!("select handle from organizations where id = $1", organization);
    Ok(handle.fetch_optional(tx.conn()).await?.and_then(|handle| gate.providers.of(&handle)))
}

/// The provider that is the only way in of the transaction's organization; `None` if there are others.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn only_way<'gate>(tx: &mut TenantTx, gate: &'gate Gate) -> Result<Option<&'gate Provider>, sqlx::Error> {
    Ok(provider_of(tx, gate).await?.filter(|provider| provider.is_required()))
}
