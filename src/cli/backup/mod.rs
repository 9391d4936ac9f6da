//! `debrief backup`: makes backups, lists and checks them, restores one, and proves that one can be restored.

mod bar;
pub(super) mod check;
mod restored;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use debrief_jobs::backup::{self, Catalogue, Damage, Vault, Wanted};
use serde::Serialize;

use super::{App, Globals, app::config, output::Output};
use bar::Bar;

/// Back everything up, and restore it
///
/// A backup has every organization's data, with embeddings and transcripts. It has no keys: no passwords, API keys or
/// links, and of webhooks nothing. Set backup.url to a place that doesn't burn together with the database; from then
/// on a backup is made every night, and restored into a scratch database to prove that it can be:
///   debrief backup run
///   debrief backup list
///   debrief backup prove
/// After a fire, with a new and empty database in the settings:
///   debrief backup list --from s3://the-backups
///   debrief backup restore --from s3://the-backups
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Backup {
    Run(Run),
    List(List),
    Verify(Verify),
    Restore(restored::Restore),
    Prove(Prove),
}

/// Make a backup now
///
/// All of its tables show one moment, and people can go on working. Transcripts that an earlier backup has aren't copied
/// again. Exits with code 3 if the bucket no longer has some of the transcripts.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Only this organization, by its handle [default: all of them]
    #[arg(long, visible_alias = "organization", value_name = "HANDLE", conflicts_with = "all")]
    org: Option<String>,
    /// All organizations, as if neither were given
    #[arg(long)]
    all: bool,
    /// Where it goes: file:///folder or s3://name/prefix [default: backup.url]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Copy all transcripts again, also those that the place has already (after `verify` found one damaged)
    #[arg(long)]
    full: bool,
}

/// List the backups that are complete, newest first
///
/// Needs no database.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Where they are [default: backup.url]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

/// Check every object of a backup against its catalogue
///
/// Reads all of it, changes nothing, and needs no database. Names each damaged file and what it means. Exits with code 1
/// if there is damage.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The backup's id [default: the newest of everything]
    #[arg(value_name = "BACKUP")]
    id: Option<String>,
    /// Where it is [default: backup.url]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

/// Prove that a backup can be restored: restore it into a scratch database, compare every row, and drop it again
///
/// Runs every night by itself. `debrief doctor` fails when the last proof is older than backup.proof_days. The scratch
/// database is made on the server of backup.scratch_url (or DATABASE_OWNER_URL; the embedded Postgres needs neither).
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The backup's id [default: the newest of everything]
    #[arg(value_name = "BACKUP")]
    id: Option<String>,
}

impl Backup {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(command) => command.run(&App::open(globals).await?).await,
            Self::List(command) => command.run(globals).await,
            Self::Verify(command) => command.run(globals).await,
            Self::Restore(command) => command.run(globals).await,
            Self::Prove(command) => command.run(&App::open(globals).await?).await,
        }
    }
}

/// The place that is named, or that of the settings.
fn vault(settings: &backup::Settings, url: Option<&str>) -> anyhow::Result<Vault> {
    match url {
        Some(url) => settings.vault_at(url).map_err(|error| anyhow::anyhow!("{}", error.problem)),
        None => Ok(settings.vault()?.ok_or(backup::BackupError::NoPlace)?),
    }
}

/// The backup that is named, or the newest of everything.
async fn chosen(vault: &Vault, id: Option<&str>) -> anyhow::Result<Catalogue> {
    let id = match id {
        Some(id) => id.to_owned(),
        None => vault.newest().await?,
    };
    Ok(vault.catalogue(&id).await?)
}

/// A backup, as it is listed.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    snapshot_at: Option<chrono::DateTime<chrono::Utc>>,
    organizations: Vec<String>,
    rows: u64,
    transcripts: u64,
    /// Transcripts that the bucket didn't have.
    missing: usize,
    schema_version: i64,
    program: String,
    /// Why it can't be read.
    problem: Option<String>,
}

impl Row {
    fn of(backup: &Catalogue) -> Self {
        Self {
            id: backup.id.clone(),
            snapshot_at: Some(backup.snapshot_at),
            organizations: backup.organizations.iter().map(|part| part.handle.clone()).collect(),
            rows: backup.rows(),
            transcripts: backup.transcripts(),
            missing: backup.missing(),
            schema_version: backup.schema_version,
            program: backup.program.clone(),
            problem: None,
        }
    }

    /// One that can't be read.
    fn damaged(id: &str, problem: String) -> Self {
        let (organizations, program) = (Vec::new(), String::new());
        let (rows, transcripts, missing, schema_version) = (0, 0, 0, 0);
        let (id, problem) = (id.to_owned(), Some(problem));
        Self { id, snapshot_at: None, organizations, rows, transcripts, missing, schema_version, program, problem }
    }

    fn what(&self) -> String {
        match (&self.problem, &self.organizations[..]) {
            (Some(problem), _) => format!("DAMAGED: {problem}"),
            (None, [only]) => only.clone(),
            (None, several) => format!("{} organizations", several.len()),
        }
    }
}

impl Run {
    async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let vault = vault(&app.config.backup, self.to.as_deref())?;
        let organization = match &self.org {
            Some(_) => Some(app.organization(self.org.as_deref()).await?),
            None => None,
        };
        let bar = Bar::new();
        let wanted = Wanted { organization, full: self.full };
        let made = backup::run_and_record(&app.db, &app.services.bucket, &vault, wanted, &bar.tell()).await;
        drop(bar);
        let made = made?;
        app.output.one(&Row::of(&made), |row| {
            let mut text = format!(
                "{} is in {}: {} rows of {}, {} transcripts, as of {}",
                row.id,
                vault.name(),
                row.rows,
                row.what(),
                row.transcripts,
                made.snapshot_at.format("%Y-%m-%d %H:%M:%S UTC"),
            );
            for missing in made.organizations.iter().flat_map(|part| &part.missing).take(20) {
                text.push_str(&format!("\nnot in it: {}: {}", missing.key, missing.why));
            }
            if row.missing > 20 {
                text.push_str(&format!("\nand {} more transcripts", row.missing - 20));
            }
            text
        })?;
        Ok(if made.missing() == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }
}

impl List {
    async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let vault = vault(&config(globals)?.backup, self.from.as_deref())?;
        let mut rows = Vec::new();
        for id in vault.ids().await?.into_iter().rev() {
            rows.push(match vault.catalogue(&id).await {
                Ok(backup) => Row::of(&backup),
                Err(error) => Row::damaged(&id, error.to_string()),
            });
        }
        Output::new(globals.json).list(
            &rows,
            "no backups there yet: make one with `debrief backup run`",
            ["BACKUP", "AS OF", "ROWS", "TRANSCRIPTS", "OF"],
            |row| {
                let at =
                    row.snapshot_at.map_or_else(|| "?".into(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
                let lacks = if row.missing > 0 { format!(" ({} missing)", row.missing) } else { String::new() };
                [row.id.clone(), at, row.rows.to_string(), format!("{}{lacks}", row.transcripts), row.what()]
            },
        )?;
        Ok(if rows.iter().all(|row| row.problem.is_none()) { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }
}

/// What checking a backup found.
#[derive(Debug, Serialize)]
struct Verified {
    backup: String,
    ok: bool,
    damages: Vec<Damage>,
}

impl Verify {
    async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let vault = vault(&config(globals)?.backup, self.from.as_deref())?;
        let bar = Bar::new();
        let (id, damages) = match chosen(&vault, self.id.as_deref()).await {
            Ok(catalogue) => {
                let damages = backup::verify(&vault, &catalogue, &bar.tell()).await?;
                (catalogue.id, damages)
            }
            Err(error) => match error.downcast() {
                Ok(backup::BackupError::Damaged(damages)) => (self.id.unwrap_or_default(), damages),
                Ok(error) => return Err(error.into()),
                Err(error) => return Err(error),
            },
        };
        drop(bar);
        let verified = Verified { backup: id, ok: damages.is_empty(), damages };
        Output::new(globals.json).one(&verified, |verified| {
            if verified.ok {
                return format!("{} is as it was written", verified.backup);
            }
            let mut text = format!("{} is damaged:", verified.backup);
            for damage in &verified.damages {
                text.push_str(&format!("\n  {damage}"));
            }
            text.push_str(
                "\nIf only transcripts are damaged, `debrief backup run --full` copies them again from the bucket.",
            );
            text
        })?;
        Ok(if verified.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Prove {
    async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let vault = vault(&app.config.backup, None)?;
        let id = match self.id {
            Some(id) => id,
            None => vault.newest().await?,
        };
        let bar = Bar::new();
        let proof = backup::prove(&app.db, &vault, &id, &app.config.backup.scratch_url, &bar.tell()).await;
        drop(bar);
        app.output.one(&proof?, |proof| {
            format!(
                "{} was restored into a scratch database in {:.0} s: all {} rows of {} tables are equal to the original, and \
                 {} transcripts are as they were written",
                proof.restored.backup,
                proof.seconds.ceil(),
                proof.restored.rows,
                proof.restored.tables,
                proof.restored.transcripts
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
