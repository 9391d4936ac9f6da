//! Backups: everything that an installation knows of its organizations, in a place of its own, and back.
//!
//! [`run()`] writes one, [`verify()`] holds every object against the catalogue, [`restore()`] fills an empty installation with
//! it, and [`prove()`] restores the newest into a scratch database and compares. [`RunBackup`] and [`ProveBackup`] do the
//! first and the last every night. `docs/BACKUP.md` is the operator's manual.
//!
//! A backup is a catalogue (`catalogue/{id}.json`, written last), a Parquet file per table and organization
//! (`tables/{id}/{organization}/{table}.parquet`), and the transcripts, named by their content and shared by all backups
//! (`transcripts/{organization}/{sha256}`). All tables show one moment. What is in them, [`tables`] lists.
//!
//! A rerun writes another backup and changes none; what an interrupted run leaves has no catalogue, and [`retain`]
//! removes it.

mod catalogue;
mod column;
mod copy;
mod file;
mod job;
mod load;
mod prove;
mod record;
mod restore;
mod retention;
mod run;
pub mod tables;
mod transcripts;
mod vault;
mod verify;
mod wire;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{SettingsError, bucket, bucket::BucketError, db::MigrateError, network::Hosts};

pub use catalogue::{Catalogue, Missing, Part, Stored, Table, Transcript};
pub use column::Column;
pub use job::{Needs, ProveBackup, RunBackup, SCHEDULE};
pub use prove::{Proof, prove};
pub use record::{Kind, Record, last, records};
pub use restore::{Restored, Target, restore};
pub use retention::{Removed, retain};
pub use run::{Wanted, run, run_and_record};
pub use vault::Vault;
pub use verify::verify;
pub use wire::RowDigest;

/// Where backups go, and how long they stay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Like the bucket's URL; empty for no backups.
    pub url: String,
    /// A backup is removed when it is older than this; the newest one never is.
    pub keep_days: u32,
    /// `doctor` fails when the last backup, or the last proof that one can be restored, is older than this.
    pub proof_days: u32,
    /// A Postgres login that may create databases, for the scratch database of the proof; empty for none.
    pub scratch_url: SecretString,
    /// Hosts that may be reached over `http://`, besides those that are near.
    #[serde(skip)]
    pub private_hosts: Hosts,
    /// The URL of the bucket, where no backup goes; empty if there is none.
    #[serde(skip)]
    pub bucket: String,
}

impl Default for Settings {
    fn default() -> Self {
        let (url, scratch_url) = (String::new(), SecretString::default());
        Self { url, keep_days: 30, proof_days: 3, scratch_url, private_hosts: Hosts::default(), bucket: String::new() }
    }
}

impl Settings {
    /// The place for backups; `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if the URL can't be used.
    pub fn vault(&self) -> Result<Option<Vault>, SettingsError> {
        if self.url.trim().is_empty() { Ok(None) } else { self.vault_at(&self.url).map(Some) }
    }

    /// The place for backups at another URL.
    ///
    /// # Errors
    /// Returns an error if the URL can't be used.
    pub fn vault_at(&self, url: &str) -> Result<Vault, SettingsError> {
        if place(url) == place(&self.bucket) {
            let problem = "that is the bucket itself: its transcripts would be taken for those of backups, and removed; take another place";
            return Err(SettingsError::new("backup.url", problem));
        }
        Vault::open(&bucket::Settings { url: url.to_owned(), private_hosts: self.private_hosts.clone() })
    }
}

/// A URL without what doesn't change the place: how it is reached, and how a folder is written.
fn place(url: &str) -> &str {
    let url = url.trim().split('?').next().unwrap_or_default();
    url.strip_prefix("file://").unwrap_or(url).trim_end_matches('/')
}

/// What is wrong with an object of a backup, and what that means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Its key.
    pub file: String,
    /// How it is damaged.
    pub kind: DamageKind,
    /// What was found.
    pub found: String,
    /// What it means for whoever restores.
    pub meaning: String,
}

/// How an object is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// It isn't there.
    Missing,
    /// It is there, and isn't what was written.
    Changed,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.file, self.found, self.meaning)
    }
}

/// Why a backup couldn't be written, checked or restored. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No place is set.
    #[error("no place for backups is set: set backup.url, or name one with --to or --from")]
    NoPlace,
    /// Another process is at it.
    #[error("another backup is being written, or old ones removed; try again when it's done")]
    Busy,
    /// There is no backup with this id.
    #[error("there is no backup {0} there: `debrief backup list` shows which there are")]
    Unknown(String),
    /// There is no backup at all.
    #[error("there is no backup there: check the URL, or make one with `debrief backup run`")]
    None,
    /// The organization isn't in it.
    #[error("the backup has no organization {0}; it has {1}")]
    NoOrganization(String, String),
    /// Objects are damaged.
    #[error(
        "the backup is damaged, so nothing was restored: {}. `debrief backup list` shows the others; `debrief backup verify ID` checks one",
        .0.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Damaged(Vec<Damage>),
    /// The backup is of a later program.
    #[error(
        "the backup was made by Debrief {program}, whose database is newer (migration {backup}) than this program knows \
         ({own}): install that version or a later one, then restore"
    )]
    LaterSchema {
        /// The version of the program that made it.
        program: String,
        /// Its last migration.
        backup: i64,
        /// This program's last migration.
        own: i64,
    },
    /// The backup's own form is of a later program.
    #[error("the backup was made by a later version of Debrief: install that version, then restore")]
    LaterFormat,
    /// The installation has data.
    #[error(
        "the installation isn't empty ({0}), so nothing was restored: a backup is restored into an empty one only. Point \
         DATABASE_URL and DATABASE_OWNER_URL (or --data-dir) to a new database"
    )]
    NotEmpty(String),
    /// What was restored isn't what was backed up.
    #[error("what was restored isn't what was backed up ({0}), so nothing was kept: please report this")]
    Differs(String),
    /// No login for the scratch database.
    #[error(
        "there is no Postgres login that may create the scratch database: set backup.scratch_url, or DATABASE_OWNER_URL, \
         for the process that runs jobs"
    )]
    NoScratch,
    /// The database.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The bucket, or the place for backups.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A local file.
    #[error("a temporary file can't be written or read: {0}; make room in the folder that TMPDIR names")]
    Io(#[from] std::io::Error),
    /// Something has another form than it must have.
    #[error("{0}")]
    Unreadable(String),
}

impl BackupError {
    pub(crate) fn unreadable(problem: impl std::fmt::Display) -> Self {
        Self::Unreadable(problem.to_string())
    }
}

/// What is being done, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tables are read.
    Read,
    /// Files are uploaded.
    Upload,
    /// Transcripts are copied.
    Transcripts,
    /// Objects are held against the catalogue.
    Verify,
    /// Tables are loaded.
    Load,
    /// What was loaded is compared.
    Compare,
}

/// Told how far a step is: done, and of how many.
pub type Tell<'a> = &'a (dyn Fn(Step, u64, u64) + Send + Sync);
