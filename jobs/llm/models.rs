//! The installation's models, and which of them writes for an organization.
//!
//! Reads and writes `organization_llm`, which contains names and a budget; addresses and keys are only in the settings.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use uuid::Uuid;

use super::{
    Client, LlmError, Settings,
    error::dollars,
    ledger,
    settings::{DEFAULT, OFFLINE, OnBudget, OnDoubt},
};
use crate::{
    SettingsError,
    db::{Db, Tx},
};

/// All models in the settings, and their tasks.
#[derive(Debug)]
pub struct Models {
    clients: BTreeMap<String, Arc<Client>>,
    write: String,
    map: Option<String>,
    check: Option<String>,
    budget: Option<i64>,
    on_budget: OnBudget,
    on_doubt: OnDoubt,
}

/// Who writes for an organization.
#[derive(Clone, Debug)]
pub enum Writers {
    /// The offline summarizer.
    Offline,
    /// Language models.
    Models {
        /// Writes, chooses claims, corrects and refines.
        write: Arc<Client>,
        /// Reads the parts of a long session.
        map: Arc<Client>,
    },
}

/// What an organization uses, for display.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The model that writes.
    pub write: String,
    /// The model that reads parts.
    pub map: String,
    /// Whether the organization chose these itself.
    pub own: bool,
    /// The monthly budget in micro-dollars; `None` for no limit.
    pub budget_micro_usd: Option<i64>,
    /// Whether the organization has its own budget.
    pub own_budget: bool,
    /// What this month's calls cost or may still cost, in micro-dollars.
    pub spent_micro_usd: i64,
}

/// A change of what an organization uses: `None` keeps the value, `Some(None)` resets it to the installation's.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The model that writes.
    pub write: Option<Option<String>>,
    /// The model that reads parts.
    pub map: Option<Option<String>>,
    /// The monthly budget in micro-dollars.
    pub budget_micro_usd: Option<Option<i64>>,
}

impl Models {
    /// Creates the clients of all models in the settings. Doesn't contact anything.
    ///
    /// # Errors
    /// Returns the first setting that is missing or invalid.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let budget = match settings.budget {
            Some(budget) if !(budget.is_finite() && (0.0..=1e9).contains(&budget)) => {
                return Err(SettingsError::new("llm.budget", "must be an amount in US dollars, 0 or more"));
            }
            budget => budget.map(|dollars| (dollars * 1e6).round() as i64),
        };
        let mut clients = BTreeMap::new();
        for profile in settings.profiles()? {
            let name = profile.name.clone();
            clients.insert(name, Arc::new(Client::new(profile, budget, &settings.private_hosts)?));
        }
        let default = if clients.contains_key(DEFAULT) { DEFAULT } else { OFFLINE };
        let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        let models = Self {
            write: named(&settings.tasks.write).unwrap_or_else(|| default.to_owned()),
            map: named(&settings.tasks.map),
            check: named(&settings.tasks.check).filter(|name| name != OFFLINE),
            clients,
            budget,
            on_budget: settings.on_budget,
            on_doubt: settings.on_doubt,
        };
        let wrong = |key: &'static str| move |problem| SettingsError::new(key, problem);
        models.known(&models.write).map_err(wrong("llm.tasks.write"))?;
        if let Some(map) = &models.map {
            models.known_to_map(map).map_err(wrong("llm.tasks.map"))?;
        }
        if let Some(check) = &models.check {
            models.known_to_map(check).map_err(wrong("llm.tasks.check"))?;
        }
        if models.budget.is_some() {
            for client in [Some(&models.write), models.map.as_ref(), models.check.as_ref()].into_iter().flatten() {
                if let Some(client) = models.clients.get(client).filter(|client| !client.is_priced()) {
                    let problem = "is needed, with output_price, since there is a budget (0 where it costs nothing)";
                    return Err(client.profile.wrong("input_price", problem));
                }
            }
        }
        Ok(models)
    }

    /// The names of the models that can be chosen.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(OFFLINE).chain(self.clients.keys().map(String::as_str))
    }

    /// The model with this name; `None` for the offline summarizer and for unknown names.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<&Arc<Client>> {
        self.clients.get(name)
    }

    /// The model that writes for the installation, unless that is the offline summarizer.
    #[must_use]
    pub fn writing(&self) -> Option<&Arc<Client>> {
        self.clients.get(&self.write)
    }

    /// The models that the installation itself uses, the writing one first.
    pub(super) fn used(&self) -> impl Iterator<Item = &Arc<Client>> {
        let map = self.map.as_ref().filter(|map| **map != self.write);
        let check = self.check.as_ref().filter(|check| **check != self.write && self.map.as_ref() != Some(check));
        [Some(&self.write), map, check].into_iter().flatten().filter_map(|name| self.clients.get(name))
    }

    /// The model that reads the sentences of `write` a second time, if the settings name one. An organization that chose
    /// its own writer has its sentences read by that one: they go nowhere else.
    #[must_use]
    pub fn reader(&self, write: &Arc<Client>) -> Option<Arc<Client>> {
        let check = self.check.as_ref()?;
        let own = write.name() != self.write;
        if own { Some(Arc::clone(write)) } else { self.clients.get(check).cloned() }
    }

    /// What happens to a sentence that the second reader doubts.
    #[must_use]
    pub fn on_doubt(&self) -> OnDoubt {
        self.on_doubt
    }

    /// What happens to a summary when the month's budget is used up.
    #[must_use]
    pub fn on_budget(&self) -> OnBudget {
        self.on_budget
    }

    /// Returns who writes for an organization.
    ///
    /// # Errors
    /// Returns an error if its chosen model is no longer in the settings or the database can't be reached.
    pub async fn writers(&self, db: &Db, organization: Uuid) -> Result<Writers, LlmError> {
        let choice = self.choice(db, organization).await.map_err(LlmError::Ledger)?;
        let gone = |problem| {
            LlmError::Misconfigured(format!(
                "the organization's language model can't be used: {problem}; choose another with `debrief org models`, \
                 then retry the job"
            ))
        };
        self.known(&choice.write).map_err(gone)?;
        let Some(write) = self.clients.get(&choice.write) else { return Ok(Writers::Offline) };
        self.known_to_map(&choice.map).map_err(gone)?;
        let map = self.clients.get(&choice.map).unwrap_or(write);
        Ok(Writers::Models { write: Arc::clone(write), map: Arc::clone(map) })
    }

    /// Returns what an organization uses.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn choice(&self, db: &Db, organization: Uuid) -> Result<Choice, sqlx::Error> {
        let mut tx = db.tenant(organization).await?;
        let row = sqlx::query!(
            "select write_profile, map_profile, budget_micro_usd from organization_llm where organization_id = $1",
            organization
        )
        .fetch_optional(tx.conn())
        .await?;
        let spent_micro_usd = ledger::spent_this_month(&mut tx).await?;
        let (own_write, own_map, budget) =
            row.map_or((None, None, None), |row| (row.write_profile, row.map_profile, row.budget_micro_usd));
        let own = own_write.is_some() || own_map.is_some();
        // Choosing a model for writing must not send the parts to another one.
        let general_map = if own_write.is_none() { self.map.clone() } else { None };
        let write = own_write.unwrap_or_else(|| self.write.clone());
        let map = own_map.or(general_map).unwrap_or_else(|| write.clone());
        Ok(Choice {
            map: if write == OFFLINE { OFFLINE.to_owned() } else { map },
            write,
            own,
            budget_micro_usd: budget.or(self.budget),
            own_budget: budget.is_some(),
            spent_micro_usd,
        })
    }

    /// Changes what an organization uses.
    ///
    /// # Errors
    /// In words: an unknown model name, or a budget for a model without a known price.
    pub async fn choose(&self, db: &Db, organization: Uuid, change: &Change) -> Result<Choice, String> {
        if let Some(Some(write)) = &change.write {
            self.known(write)?;
        }
        if let Some(Some(map)) = &change.map {
            self.known_to_map(map)?;
        }
        let failed = |error: sqlx::Error| format!("the database failed: {error}");
        let mut tx = db.tenant(organization).await.map_err(failed)?;
        sqlx::query!(
            "insert into organization_llm (organization_id, write_profile, map_profile, budget_micro_usd)
             values ($1, $3, $5, $7)
             on conflict (organization_id) do update set
                 write_profile = case when $2 then $3 else organization_llm.write_profile end,
                 map_profile = case when $4 then $5 else organization_llm.map_profile end,
                 budget_micro_usd = case when $6 then $7 else organization_llm.budget_micro_usd end,
                 updated_at = now()",
            organization,
            change.write.is_some(),
            change.write.clone().flatten(),
            change.map.is_some(),
            change.map.clone().flatten(),
            change.budget_micro_usd.is_some(),
            change.budget_micro_usd.flatten()
        )
        .execute(tx.conn())
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        let choice = self.choice(db, organization).await.map_err(failed)?;
        if let Some(budget) = choice.budget_micro_usd {
            for name in [&choice.write, &choice.map] {
                if let Some(client) = self.clients.get(name).filter(|client| !client.is_priced()) {
                    return Err(format!(
                        "saved, but the budget of {} can't be enforced until the settings say what the model {name} \
                         costs: set {section}.input_price and {section}.output_price",
                        dollars(budget),
                        section = client.profile.section
                    ));
                }
            }
        }
        Ok(choice)
    }

    fn known(&self, name: &str) -> Result<(), String> {
        if name == OFFLINE || self.clients.contains_key(name) {
            return Ok(());
        }
        let names: Vec<&str> = self.names().collect();
        Err(format!("the settings have no model {name:?}; use {}", names.join(", ")))
    }

    fn known_to_map(&self, name: &str) -> Result<(), String> {
        self.known(name)?;
        if name == OFFLINE {
            return Err("the offline summariser cannot read parts for a language model; leave it out".into());
        }
        Ok(())
    }
}
