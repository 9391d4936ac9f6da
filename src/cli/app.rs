//! What every command opens: settings, logging, the database (the embedded one by default) and the services.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use debrief_jobs::{
    Services,
    audit::{self, Event, EventKind, Visitor},
    db::{self, Db, TenantTx, Urls},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Globals, demo, output::Output};
use crate::{
    config::Config,
    folders,
    postgres::{Durability, PostgresError, Server, Version, databases},
    telemetry,
};

/// The program's login on the embedded server.
const LOGIN: &str = "debrief";

/// An opened installation.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) db: Db,
    pub(crate) services: Arc<Services>,
    pub(crate) output: Output,
    /// Stops with the last process that uses it, so it lives as long as this value.
    _postgres: Option<Server>,
}

impl App {
    /// Opens the installation for a long-running process, which logs what happens. Migrates the embedded database; any
    /// other must be migrated already.
    pub(crate) async fn start(globals: &Globals) -> anyhow::Result<Self> {
        Self::with(config(globals)?, globals).await
    }

    /// Opens the installation for a short command, which prints its result: only warnings are logged.
    pub(crate) async fn open(globals: &Globals) -> anyhow::Result<Self> {
        let mut config = config(globals)?;
        config.log.quieten();
        Self::with(config, globals).await
    }

    async fn with(config: Config, globals: &Globals) -> anyhow::Result<Self> {
        telemetry::log(&config.log);
        let (urls, postgres) = database(&config, globals).await?;
        let mut config = config;
        if postgres.is_some() && config.backup.scratch_url.expose_secret().is_empty() {
            config.backup.scratch_url = urls.owner;
        }
        let url = urls.app;
        if postgres.is_none() && !db::is_migrated(&url).await.map_err(away)? {
            anyhow::bail!("the database schema is out of date: run `debrief migrate` first");
        }
        Self::over(config, url, postgres, Output::new(globals.json))
    }

    /// Opens the services on an existing database.
    pub(crate) fn over(
        config: Config,
        url: SecretString,
        postgres: Option<Server>,
        output: Output,
    ) -> anyhow::Result<Self> {
        let db = Db::connect(&url, config.database_connections).context("can't use DATABASE_URL")?;
        let services = Arc::new(Services::new(db.clone(), &config.services())?);
        Ok(Self { config, db, services, output, _postgres: postgres })
    }

    /// The organization with this handle, or the only one if no handle is given.
    pub(crate) async fn organization(&self, handle: Option<&str>) -> anyhow::Result<Uuid> {
        let Some(handle) = handle else {
            let all = self.db.organizations().await?;
            return match all[..] {
                [only] => Ok(only),
                [] => anyhow::bail!("there is no organization yet: add one with `debrief org add`"),
                _ => anyhow::bail!("there are {} organizations: choose one with --org HANDLE", all.len()),
            };
        };
        Ok(debrief_jobs::people::organization(&self.db, handle).await?)
    }
}

/// Notes in the audit what an operator did at the command line, where nobody signs in: the entry has the command, and no person.
pub(crate) async fn note(tx: &mut TenantTx, command: &str, mut detail: serde_json::Value) -> Result<(), sqlx::Error> {
    detail["operation"] = command.into();
    audit::record(tx, &Event { detail, ..Event::about_nobody(EventKind::Changed) }, &Visitor::default()).await
}

/// The database can't be reached: which setting names it, and what to do if it's about TLS.
fn away(error: sqlx::Error) -> anyhow::Error {
    let hint = db::about_tls(&error).map(|hint| format!("; {hint}")).unwrap_or_default();
    anyhow::Error::from(error).context(format!("the database isn't responding (DATABASE_URL{hint})"))
}

/// The settings, with the folders from the command line.
pub(crate) fn config(globals: &Globals) -> anyhow::Result<Config> {
    let mut config = Config::load(globals.config.as_deref(), &data_folder(globals))?;
    if globals.demo {
        demo::settle(&mut config, globals)?;
    }
    Ok(config)
}

/// The data folder from the command line, or the default one.
pub(crate) fn data_folder(globals: &Globals) -> PathBuf {
    globals.data_dir.as_deref().map_or_else(folders::data, folders::absolute)
}

/// The server that the settings name, or the embedded one, which is started.
pub(crate) async fn server(config: &Config, globals: &Globals) -> anyhow::Result<(Urls, Option<Server>)> {
    if !config.database_url.expose_secret().is_empty() {
        let urls = Urls { app: config.database_url.clone(), owner: config.database_owner_url.clone() };
        return Ok((urls, None));
    }
    let (folder, cache) = (data_folder(globals).join("postgres"), folders::cache());
    if !cache.join("postgres").is_dir() {
        // This takes long, so tell whoever is waiting.
        eprintln!("Downloading Postgres with pip (24 MB, first run only)");
    }
    let start = {
        let (folder, cache) = (folder.clone(), cache.clone());
        move || Server::start(&folder, &cache, Version::from_env(), Durability::Kept)
    };
    let server = tokio::task::spawn_blocking(start).await?.map_err(|error| {
        // The hint depends on which of the two folders it was.
        let hint = match &error {
            PostgresError::Io { path, .. } if path.starts_with(&folder) => {
                "choose another data folder with --data-dir FOLDER"
            }
            PostgresError::Io { path, .. } if path.starts_with(&cache) => {
                "choose another cache folder with DEBRIEF_CACHE_DIR=FOLDER"
            }
            _ => return anyhow::Error::from(error),
        };
        anyhow::anyhow!("{error}; {hint}")
    })?;
    Ok((databases::with_login(server.url("postgres"), LOGIN)?, Some(server)))
}

/// The database that the settings name, or the one on the embedded server, as it is: nothing is migrated.
pub(crate) async fn unmigrated(config: &Config, globals: &Globals) -> anyhow::Result<(Urls, Option<Server>)> {
    let (mut urls, server) = server(config, globals).await?;
    if server.is_some() {
        databases::ensure(&urls.owner, "debrief").await?;
        urls = databases::named(&urls, "debrief")?;
    }
    Ok((urls, server))
}

/// The database that the settings name, or the one on the embedded server, migrated. With --demo, the demo's, on the
/// same server.
pub(crate) async fn database(config: &Config, globals: &Globals) -> anyhow::Result<(Urls, Option<Server>)> {
    let (mut urls, server) = server(config, globals).await?;
    if globals.demo {
        anyhow::ensure!(
            databases::exists(&urls.app, demo::DATABASE).await.context("the database isn't responding")?,
            "there is no demo yet: run `debrief demo` first"
        );
        urls = databases::named(&urls, demo::DATABASE)?;
    } else if server.is_some() {
        databases::ensure(&urls.owner, "debrief").await?;
        urls = databases::named(&urls, "debrief")?;
    }
    if server.is_some() {
        db::migrate(&urls).await?;
    }
    Ok((urls, server))
}
