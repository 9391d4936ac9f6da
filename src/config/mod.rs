//! The settings: one commented file of defaults, a settings file, the environment; one struct a concern.
//!
//! Reads `default.toml` (embedded), the settings file where there is one, and `DEBRIEF_*` and `DATABASE_URL`.

use std::{net::SocketAddr, path::Path};

use debrief_jobs::{bucket, index, ingest, llm, mail, queue, review};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::folders;

const DEFAULTS: &str = include_str!("default.toml");

/// All settings. `default.toml` documents each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Empty: the embedded Postgres.
    pub database_url: SecretString,
    /// The bucket's URL.
    pub bucket: String,
    /// Connections to Postgres that one process may hold.
    pub database_connections: u32,
    /// Where the pages listen.
    pub http: Http,
    /// How jobs are run.
    pub queue: queue::Settings,
    /// How the inbox is read.
    pub ingest: ingest::Settings,
    /// Who writes summaries.
    pub llm: llm::Settings,
    /// Who embeds chunks.
    pub index: index::Settings,
    /// How mail leaves.
    pub mail: mail::Settings,
    /// How coaches review.
    pub review: review::Settings,
    /// What is logged, and how.
    pub log: Log,
}

/// Where the pages listen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The review pages.
    pub listen: SocketAddr,
    /// The admin page and the metrics.
    pub admin_listen: SocketAddr,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Filters of `tracing`.
    pub filter: String,
    /// `text`, `json` or `auto`.
    pub format: LogFormat,
}

impl Log {
    /// Leaves only warnings, unless the operator asked for something else than the default.
    pub fn quieten(&mut self) {
        if self.filter == "info" {
            self.filter = "warn".into();
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For machines: a JSON object a line.
    Json,
}

/// The settings cannot be used; says which, and where it was set.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used: {problem} (they come from {sources})")]
pub struct ConfigError {
    problem: Box<config::ConfigError>,
    sources: String,
}

impl Config {
    /// Reads the settings; what is empty is filled with places in the data folder.
    ///
    /// # Errors
    /// When a file cannot be read, a key is unknown, or a value is not of its kind.
    pub fn load(file: Option<&Path>, data: &Path) -> Result<Self, ConfigError> {
        Self::read(file, data).map_err(|problem| {
            // A key alone does not say where somebody wrote it.
            let file = file.map_or_else(folders::settings_file, Path::to_path_buf);
            let file = if file.exists() { format!("{} and ", file.display()) } else { String::new() };
            ConfigError {
                problem: Box::new(problem),
                sources: format!("{file}the variables DEBRIEF_… of the environment"),
            }
        })
    }

    fn read(file: Option<&Path>, data: &Path) -> Result<Self, config::ConfigError> {
        let mut builder =
            config::Config::builder().add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        builder = match file {
            Some(file) => builder.add_source(config::File::from(file).format(config::FileFormat::Toml)),
            None => builder.add_source(
                config::File::from(folders::settings_file()).format(config::FileFormat::Toml).required(false),
            ),
        };
        let environment = config::Environment::with_prefix("DEBRIEF")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            // Folders and switches of the program itself, which are no settings.
            .source(Some(environment()));
        let mut config: Self = builder.add_source(environment).build()?.try_deserialize()?;
        config.fill(data);
        Ok(config)
    }

    fn fill(&mut self, data: &Path) {
        if self.database_url.expose_secret().is_empty()
            && let Ok(url) = std::env::var("DATABASE_URL")
        {
            self.database_url = SecretString::from(url);
        }
        if self.bucket.is_empty() {
            self.bucket = file_url(&data.join("bucket"));
        }
        if self.mail.url.expose_secret().is_empty() {
            self.mail.url = SecretString::from(file_url(&data.join("mail")));
        }
    }

    /// What the stages need of the settings.
    #[must_use]
    pub fn services(&self) -> debrief_jobs::Settings {
        debrief_jobs::Settings {
            bucket: bucket::Settings { url: self.bucket.clone() },
            ingest: self.ingest.clone(),
            llm: self.llm.clone(),
            index: self.index.clone(),
            mail: self.mail.clone(),
            review: self.review.clone(),
        }
    }
}

/// The variables that are settings: the others with our prefix name folders or belong to the tests.
fn environment() -> config::Map<String, String> {
    const NOT_SETTINGS: [&str; 4] =
        ["DEBRIEF_CACHE_DIR", "DEBRIEF_DATA_DIR", "DEBRIEF_POSTGRES_VERSION", "DEBRIEF_CONFIG"];
    std::env::vars()
        .filter(|(name, _)| !NOT_SETTINGS.contains(&name.as_str()) && !name.starts_with("DEBRIEF_TESTS_"))
        .collect()
}

/// The URL of a folder.
#[must_use]
pub fn file_url(folder: &Path) -> String {
    let folder = folders::absolute(folder);
    url::Url::from_file_path(&folder).map_or_else(|()| format!("file://{}", folder.display()), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_fill_in_the_data_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.toml");
        std::fs::write(&empty, "").expect("a file");
        let config = Config::load(Some(&empty), Path::new("/data")).expect("the defaults hold");
        assert_eq!(config.bucket, "file:///data/bucket");
        assert_eq!(config.mail.url.expose_secret(), "file:///data/mail");
        assert_eq!(config.review.hold_seconds, 600);
    }

    #[test]
    fn a_key_that_nobody_knows_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        std::fs::write(&file, "[review]\nlink_day = 3\n").expect("a file");
        let error = Config::load(Some(&file), Path::new("/data")).expect_err("the key is unknown").to_string();
        assert!(error.contains("link_day"), "{error}");
        assert!(error.contains(&file.display().to_string()), "the file is named: {error}");
    }
}
