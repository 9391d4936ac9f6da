//! What every job can use: the database, the bucket, the mailer, the writers. Created once per process, at its start.

use std::sync::Arc;

use serde::Deserialize;

use crate::{
    SettingsError,
    backup::{self, Vault},
    bucket::{self, Bucket},
    db::Db,
    desk::{self, Desk},
    embed::{self, Embedder},
    export, ingest, llm,
    mail::{self, Mailer, Post},
    parse::{self, Room},
    removal,
    sign_in::{self, Gate},
    summarize::Summarizer,
    template::Templates,
    webhook,
};

/// The settings of everything in [`Services`], one struct per concern. `src/config` fills it and documents each key.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Where transcripts come from and exports go.
    pub bucket: bucket::Settings,
    /// How the inbox is read.
    pub ingest: ingest::Settings,
    /// Who writes summaries.
    pub llm: llm::Settings,
    /// Who embeds chunks.
    pub index: embed::Settings,
    /// How email is sent.
    pub mail: mail::Settings,
    /// How coaches review.
    pub review: desk::Settings,
    /// How exports are written.
    pub export: export::Settings,
    /// Where backups go.
    pub backup: backup::Settings,
    /// Which addresses webhooks may have.
    pub webhooks: webhook::Settings,
    /// How people sign in.
    pub sign_in: sign_in::Settings,
}

/// The services of a process.
#[derive(Debug)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The bucket.
    pub bucket: Bucket,
    /// What it takes to reach a coach: templates, what sends mail, and how coaches review.
    pub desk: Desk,
    /// What signing in needs.
    pub gate: Gate,
    /// Writes summaries.
    pub summarizer: Arc<Summarizer>,
    /// Turns chunks into vectors.
    pub embedder: Arc<Embedder>,
    /// How the inbox is read.
    pub ingest: ingest::Settings,
    /// How much is read at a time.
    pub reading: Room,
    /// How exports are written.
    pub export: export::Settings,
    /// Where backups go, if a place is set.
    pub vault: Option<Vault>,
    /// How long they stay, and where they are proved.
    pub backup: backup::Settings,
    /// Calls the receivers of webhooks.
    pub webhooks: Arc<webhook::Sender>,
}

impl Services {
    /// Opens everything that `settings` names. Doesn't contact anything yet.
    ///
    /// # Errors
    /// Returns the first invalid setting.
    pub fn new(db: Db, settings: &Settings) -> Result<Self, SettingsError> {
        let local = settings.index.local();
        let bucket = Bucket::open(&settings.bucket)?;
        let post = Post { templates: Arc::new(Templates::new()), mailer: Arc::new(Mailer::new(&settings.mail)?) };
        let desk = Desk { post, settings: settings.review.clone() };
        Ok(Self {
            bucket,
            gate: Gate::new(desk.clone(), &settings.sign_in)?,
            desk,
            summarizer: Arc::new(Summarizer::new(&settings.llm)?.with_local(local.clone())),
            embedder: Arc::new(Embedder::with_local(&settings.index, local)?),
            ingest: settings.ingest.clone(),
            reading: Room::new(settings.ingest.max_bytes),
            export: settings.export,
            vault: settings.backup.vault()?,
            backup: settings.backup.clone(),
            webhooks: Arc::new(webhook::Sender::new(&settings.webhooks)?),
            db,
        })
    }
}

/// Provides a kind of job with what it needs from the process ([`crate::queue::Job::Needs`]).
pub trait Provide<N> {
    /// Returns what it needs.
    fn provide(&self) -> Arc<N>;
}

impl Provide<()> for Services {
    fn provide(&self) -> Arc<()> {
        Arc::new(())
    }
}

impl Provide<ingest::Needs> for Services {
    fn provide(&self) -> Arc<ingest::Needs> {
        let (bucket, post) = (self.bucket.clone(), self.desk.post.clone());
        Arc::new(ingest::Needs { bucket, settings: self.ingest.clone(), post })
    }
}

impl Provide<parse::Needs> for Services {
    fn provide(&self) -> Arc<parse::Needs> {
        let (bucket, post) = (self.bucket.clone(), self.desk.post.clone());
        let embedder = Arc::clone(&self.embedder);
        Arc::new(parse::Needs { bucket, reading: self.reading.clone(), embedder, post })
    }
}

impl Provide<removal::Needs> for Services {
    fn provide(&self) -> Arc<removal::Needs> {
        Arc::new(removal::Needs { bucket: self.bucket.clone() })
    }
}

impl Provide<export::Needs> for Services {
    fn provide(&self) -> Arc<export::Needs> {
        let (bucket, post) = (self.bucket.clone(), self.desk.post.clone());
        Arc::new(export::Needs { bucket, settings: self.export, post })
    }
}

impl Provide<backup::Needs> for Services {
    fn provide(&self) -> Arc<backup::Needs> {
        let (bucket, vault) = (self.bucket.clone(), self.vault.clone());
        Arc::new(backup::Needs { bucket, vault, settings: self.backup.clone() })
    }
}

impl Provide<Desk> for Services {
    fn provide(&self) -> Arc<Desk> {
        Arc::new(self.desk.clone())
    }
}

impl Provide<Gate> for Services {
    fn provide(&self) -> Arc<Gate> {
        Arc::new(self.gate.clone())
    }
}

impl Provide<Post> for Services {
    fn provide(&self) -> Arc<Post> {
        Arc::new(self.desk.post.clone())
    }
}

impl Provide<webhook::Sender> for Services {
    fn provide(&self) -> Arc<webhook::Sender> {
        Arc::clone(&self.webhooks)
    }
}

impl Provide<Summarizer> for Services {
    fn provide(&self) -> Arc<Summarizer> {
        Arc::clone(&self.summarizer)
    }
}

impl Provide<Embedder> for Services {
    fn provide(&self) -> Arc<Embedder> {
        Arc::clone(&self.embedder)
    }
}
