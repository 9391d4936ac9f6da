//! The settings: a commented file of defaults, a settings file, and the environment; one struct per concern.
//!
//! Reads `default.toml` (embedded), the settings file if there is one, `DEBRIEF_*` and `DATABASE_URL`.

mod keys;
mod problem;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use config::Source;
use debrief_jobs::{
    backup, bucket, desk, embed, export, ingest, llm, mail, masked,
    network::{self, Hosts},
    queue, sign_in, webhook,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use self::keys::{Setting, all as all_settings};
use crate::folders;

/// The manual of the settings, with their defaults.
pub const DEFAULTS: &str = include_str!("default.toml");

/// All settings, documented in `default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Empty for the embedded Postgres.
    pub database_url: SecretString,
    /// The same database as the owner of its tables, only for `migrate`.
    pub database_owner_url: SecretString,
    /// The bucket's URL.
    pub bucket: String,
    /// Hosts and networks of one's own that may be reached over `http://`.
    pub private_hosts: Hosts,
    /// The maximum number of Postgres connections per process.
    pub database_connections: u32,
    /// Where the pages listen.
    pub http: Http,
    /// How jobs run.
    pub queue: queue::Settings,
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
    /// How people sign in.
    pub sign_in: sign_in::Settings,
    /// How exports are written.
    pub export: export::Settings,
    /// Where backups go.
    pub backup: backup::Settings,
    /// Which addresses webhooks may have.
    pub webhooks: webhook::Settings,
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
    /// Whether these may listen on other addresses than loopback, and answer to any name.
    pub admin_anywhere: bool,
    /// The maximum number of connections served at a time.
    pub connections: usize,
    /// Addresses and networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// How many API requests a person's keys, or a key of the organization, may make in a minute.
    pub api_requests_per_minute: u32,
    /// The origins whose pages may call the API from a browser.
    pub cors_origins: Vec<String>,
}

/// Logging.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `tracing` filters.
    pub filter: String,
    /// `text`, `json` or `auto`.
    pub format: LogFormat,
}

impl Log {
    /// Logs only warnings, unless the operator changed the default.
    pub fn quieten(&mut self) {
        if self.filter == "info" {
            self.filter = "warn".into();
        }
    }
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For machines: one JSON object per line.
    Json,
}

/// The settings can't be used. Says which one and where it was set, but shows no value.
#[derive(Debug, thiserror::Error)]
#[error("invalid settings: {problem} (they come from {sources})")]
pub struct ConfigError {
    problem: String,
    sources: String,
}

impl Config {
    /// Reads the settings; empty ones default to places in the data folder.
    ///
    /// # Errors
    /// Returns an error if a file can't be read, a key is unknown, or a value has the wrong type.
    pub fn load(file: Option<&Path>, data: &Path) -> Result<Self, ConfigError> {
        Self::read(file, data).map_err(|problem| {
            // A key alone doesn't say where it was written.
            let file = file.map_or_else(folders::settings_file, Path::to_path_buf);
            let file = if file.exists() { format!("{} and ", file.display()) } else { String::new() };
            ConfigError { problem, sources: format!("{file}the variables DEBRIEF_… of the environment") }
        })
    }

    fn read(file: Option<&Path>, data: &Path) -> Result<Self, String> {
        let path = file.map_or_else(folders::settings_file, Path::to_path_buf);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            text => text.map_err(|error| format!("{}: {error}", path.display()))?,
        };
        let written = problem::Written { path: &path, text: &text };
        toml::de::DeTable::parse(&text).map_err(|error| written.unreadable(&error))?;
        let file = config::File::from_str(&text, config::FileFormat::Toml);
        let environment = config::Environment::with_prefix("DEBRIEF")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("http.cors_origins")
            .with_list_parse_key("http.trusted_proxies")
            .with_list_parse_key("private_hosts")
            .with_list_parse_key("webhooks.allow_private")
            .source(Some(environment()));
        let told =
            |error: config::ConfigError| problem::of_value(&error, written, &environment.collect().unwrap_or_default());
        keys::check(file.collect().map_err(told)?, environment.collect().map_err(told)?)?;
        let builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml))
            .add_source(file)
            .add_source(environment.clone());
        let mut config: Self =
            builder.build().and_then(with_base_url).and_then(|it| it.try_deserialize()).map_err(told)?;
        config.fill(data);
        config.check()?;
        Ok(config)
    }

    /// Checks what a type can't express about a value; says which key, what is wrong and what to write.
    fn check(&self) -> Result<(), String> {
        tracing_subscriber::EnvFilter::try_new(&self.log.filter)
            .map_err(|error| format!("log.filter: {error}; write `info`, `debug` or `info,queue=debug`"))?;
        if !matches!(self.review.base_url.scheme(), "http" | "https") {
            return Err(format!(
                "review.base_url: `{}` starts with neither http:// nor https://",
                masked(self.review.base_url.as_str())
            ));
        }
        if !self.review.base_url.username().is_empty() || self.review.base_url.password().is_some() {
            return Err(
                "review.base_url: it contains a user name or password that everyone who gets an email would see; write \
                        https://HOST"
                    .into(),
            );
        }
        if self.private_hosts.is_readable_on_the_way(&self.review.base_url) {
            return Err(format!("review.base_url: {}", network::READABLE));
        }
        if !self.http.admin_listen.ip().is_loopback() && !self.http.admin_anywhere {
            return Err(format!(
                "http.admin_listen: {} can be reached from other machines, and nobody signs in there; write \
                 127.0.0.1:{}, or set http.admin_anywhere = true where something else keeps strangers away",
                self.http.admin_listen,
                self.http.admin_listen.port()
            ));
        }
        self.http.cors_origins.iter().try_for_each(|written| origin(written))?;
        queue::WorkerSettings::new(&self.queue, debrief_jobs::schedules()).map_err(|error| error.to_string())?;
        webhook::Rules::new(&self.webhooks).map_err(|error| error.to_string())?;
        let counts = [
            ("http.connections", self.http.connections as u64, 8),
            ("database_connections", u64::from(self.database_connections), 2),
            ("ingest.max_bytes", self.ingest.max_bytes, 1),
            ("review.link_days", u64::from(self.review.link_days), 1),
            ("backup.keep_days", u64::from(self.backup.keep_days), 1),
            ("backup.proof_days", u64::from(self.backup.proof_days), 1),
        ];
        match counts.into_iter().find(|(_, value, least)| value < least) {
            Some((key, value, least)) => Err(format!("{key}: {value} is too little; write {least} or more")),
            None => Ok(()),
        }
    }

    fn fill(&mut self, data: &Path) {
        self.llm.private_hosts.clone_from(&self.private_hosts);
        self.index.private_hosts.clone_from(&self.private_hosts);
        self.backup.private_hosts.clone_from(&self.private_hosts);
        if self.database_url.expose_secret().is_empty()
            && let Ok(url) = std::env::var("DATABASE_URL")
        {
            self.database_url = SecretString::from(url);
        }
        if self.database_owner_url.expose_secret().is_empty() {
            let url = std::env::var("DATABASE_OWNER_URL").ok().filter(|url| !url.is_empty());
            self.database_owner_url = url.map_or_else(|| self.database_url.clone(), SecretString::from);
        }
        // Whoever gave the owner's login to this process may prove backups on the same server.
        if self.backup.scratch_url.expose_secret().is_empty()
            && self.database_owner_url.expose_secret() != self.database_url.expose_secret()
        {
            self.backup.scratch_url = self.database_owner_url.clone();
        }
        if self.bucket.is_empty() {
            self.bucket = file_url(&data.join("bucket"));
        }
        self.backup.bucket.clone_from(&self.bucket);
        if self.index.local_folder.as_os_str().is_empty() {
            self.index.local_folder = data.join("models").join(embed::NAME);
        }
        if self.llm.provider == "auto" {
            let named = self.llm.url.as_ref().is_some_and(|url| !url.is_empty());
            self.llm.provider = if named { "openai" } else { "offline" }.into();
        }
        // `docker run --env-file` keeps the quotes that a shell removes.
        if let Some(bare) = self.mail.from.strip_prefix('"').and_then(|from| from.strip_suffix('"')) {
            self.mail.from = bare.to_owned();
        }
        if self.mail.url.expose_secret().is_empty() {
            self.mail.url = SecretString::from(file_url(&data.join("mail")));
        }
    }

    /// The part of the settings that the stages need.
    #[must_use]
    pub fn services(&self) -> debrief_jobs::Settings {
        debrief_jobs::Settings {
            bucket: bucket::Settings { url: self.bucket.clone(), private_hosts: self.private_hosts.clone() },
            ingest: self.ingest.clone(),
            llm: self.llm.clone(),
            index: self.index.clone(),
            mail: self.mail.clone(),
            review: self.review.clone(),
            export: self.export,
            backup: self.backup.clone(),
            webhooks: self.webhooks.clone(),
            sign_in: self.sign_in.clone(),
        }
    }
}

/// Links point to where the pages listen, unless the settings name another address, such as a proxy's.
fn with_base_url(config: config::Config) -> Result<config::Config, config::ConfigError> {
    if !config.get_string("review.base_url")?.is_empty() {
        return Ok(config);
    }
    // An invalid address is reported under its own key.
    let listen = config.get_string("http.listen")?.parse::<SocketAddr>();
    let mut listen = listen.unwrap_or_else(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    // Every address of this machine: loopback always works.
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let url = format!("http://{listen}");
    config::Config::builder().add_source(config).set_override("review.base_url", url)?.build()
}

/// Checks an origin: a scheme, a host, and a port that isn't the scheme's own, exactly as browsers write it.
fn origin(written: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("http.cors_origins: `{}` {why}", masked(written)));
    if written == "*" {
        return wrong("would let every page on the web call the API; write each origin: https://app.example.org");
    }
    let Ok(url) = url::Url::parse(written) else {
        return wrong("is no origin; write it as https://app.example.org");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("starts with neither http:// nor https://");
    }
    let exact = url.origin().ascii_serialization();
    if exact == written { Ok(()) } else { wrong(&format!("isn’t as browsers write it; write {exact}")) }
}

/// Folders and switches of the program itself, which aren't settings.
const NOT_SETTINGS: [&str; 5] =
    ["DEBRIEF_API_KEY", "DEBRIEF_CACHE_DIR", "DEBRIEF_DATA_DIR", "DEBRIEF_POSTGRES_VERSION", "DEBRIEF_CONFIG"];

/// The variables that are settings: others with our prefix name folders or belong to tests.
fn environment() -> config::Map<String, String> {
    std::env::vars_os()
        // Another program's variable may contain anything.
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
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
mod tests;
