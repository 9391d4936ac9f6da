//! Stub: Sends one mail of the ledger.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Sends one mail of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// The mail.
    pub mail_id: uuid::Uuid,
}

impl Job for SendMail {
    const KIND: &'static str = "mail.send";

    fn unique_key(&self) -> Option<String> {
        Some(self.mail_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}

/// How mail leaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `smtp://…`, `smtps://…` or `file:///folder` (a folder of .eml files). Holds a password, so it is secret.
    pub url: secrecy::SecretString,
    /// The sender: `Debrief <debrief@example.org>`.
    pub from: String,
}

/// What sends mail.
#[derive(Debug)]
pub struct Mailer {}

impl Mailer {
    /// Makes the transport that the settings name.
    ///
    /// # Errors
    /// When the URL or the sender cannot be used.
    pub fn new(_settings: &Settings) -> Result<Self, crate::SettingsError> {
        Ok(Self {})
    }
}
