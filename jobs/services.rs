//! What every job has at hand: the database, the bucket, the mailer, the writers. Made once a process, at its start.

use std::borrow::Cow;

use serde::Deserialize;

use crate::{bucket, db::Db, embed, export, ingest, llm, mail, parse, review, summarize, template};

/// The settings of all that [`Services`] holds, one struct a concern. `src/config` fills it and documents each key.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Where transcripts come from and exports go to.
    pub bucket: bucket::Settings,
    /// How the inbox is read.
    pub ingest: ingest::Settings,
    /// Who writes summaries.
    pub llm: llm::Settings,
    /// Who embeds chunks.
    pub index: embed::Settings,
    /// How mail leaves.
    pub mail: mail::Settings,
    /// How coaches review.
    pub review: review::Settings,
    /// How exports are written.
    pub export: export::Settings,
}

/// A setting that cannot be used: which, what is wrong with it, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("setting {key}: {problem}")]
pub struct SettingsError {
    /// The key, as in the file: `mail.url`.
    pub key: Cow<'static, str>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl SettingsError {
    /// A problem with the setting `key`.
    pub fn new(key: impl Into<Cow<'static, str>>, problem: impl std::fmt::Display) -> Self {
        Self { key: key.into(), problem: problem.to_string() }
    }
}

/// The services of a process.
#[derive(Debug)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The bucket.
    pub bucket: bucket::Bucket,
    /// The templates of mails, prompts and pages.
    pub templates: template::Templates,
    /// What sends mail.
    pub mailer: mail::Mailer,
    /// What writes summaries.
    pub summarizer: summarize::Summarizer,
    /// What turns chunks into vectors.
    pub embedder: embed::Embedder,
    /// How the inbox is read.
    pub ingest: ingest::Settings,
    /// How coaches review.
    pub review: review::Settings,
    /// How much is read at a time.
    pub reading: parse::Room,
    /// How exports are written.
    pub export: export::Settings,
}

impl Services {
    /// Opens everything that `settings` names. Nothing is contacted yet.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn new(db: Db, settings: &Settings) -> Result<Self, SettingsError> {
        let local = settings.index.local();
        Ok(Self {
            bucket: bucket::Bucket::open(&settings.bucket)?,
            templates: template::Templates::new(),
            mailer: mail::Mailer::new(&settings.mail)?,
            summarizer: summarize::Summarizer::new(&settings.llm)?.with_local(local.clone()),
            embedder: embed::Embedder::with_local(&settings.index, local)?,
            ingest: settings.ingest.clone(),
            review: settings.review.clone(),
            reading: parse::Room::new(settings.ingest.max_bytes),
            export: settings.export,
            db,
        })
    }
}
