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
use debrief_jobs::{bucket, desk, embed, export, ingest, llm, mail, masked, queue};
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
    /// How exports are written.
    pub export: export::Settings,
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
        if is_readable_on_the_way(&self.review.base_url) {
            return Err(format!(
                "review.base_url: `{}` is no address of this machine or of a private network, and with http:// everybody \
                 on the way could read the reviews; write https://",
                self.review.base_url
            ));
        }
        if !self.http.admin_listen.ip().is_loopback() && !self.http.admin_anywhere {
            return Err(format!(
                "http.admin_listen: {} can be reached from other machines, and nobody signs in there; write \
                 127.0.0.1:{}, or set http.admin_anywhere = true where something else keeps strangers away",
                self.http.admin_listen,
                self.http.admin_listen.port()
            ));
        }
        queue::WorkerSettings::new(&self.queue, debrief_jobs::schedules()).map_err(|error| error.to_string())?;
        let counts = [
            ("http.connections", self.http.connections as u64, 8),
            ("database_connections", u64::from(self.database_connections), 2),
            ("ingest.max_bytes", self.ingest.max_bytes, 1),
            ("review.link_days", u64::from(self.review.link_days), 1),
        ];
        match counts.into_iter().find(|(_, value, least)| value < least) {
            Some((key, value, least)) => Err(format!("{key}: {value} is too little; write {least} or more")),
            None => Ok(()),
        }
    }

    fn fill(&mut self, data: &Path) {
        if self.database_url.expose_secret().is_empty()
            && let Ok(url) = std::env::var("DATABASE_URL")
        {
            self.database_url = SecretString::from(url);
        }
        if self.database_owner_url.expose_secret().is_empty() {
            let url = std::env::var("DATABASE_OWNER_URL").ok().filter(|url| !url.is_empty());
            self.database_owner_url = url.map_or_else(|| self.database_url.clone(), SecretString::from);
        }
        if self.bucket.is_empty() {
            self.bucket = file_url(&data.join("bucket"));
        }
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
            bucket: bucket::Settings { url: self.bucket.clone() },
            ingest: self.ingest.clone(),
            llm: self.llm.clone(),
            index: self.index.clone(),
            mail: self.mail.clone(),
            review: self.review.clone(),
            export: self.export,
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

/// Whether traffic to `url` crosses other people's networks unencrypted.
fn is_readable_on_the_way(url: &url::Url) -> bool {
    let is_ours = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        // A name without a dot belongs to this machine or its network.
        Some(url::Host::Domain(name)) => {
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| name.ends_with(end))
        }
        None => true,
    };
    url.scheme() == "http" && !is_ours
}
/// Folders and switches of the program itself, which aren't settings.
const NOT_SETTINGS: [&str; 4] = ["DEBRIEF_CACHE_DIR", "DEBRIEF_DATA_DIR", "DEBRIEF_POSTGRES_VERSION", "DEBRIEF_CONFIG"];

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
    fn a_model_takes_an_address_and_a_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        std::fs::write(&file, "[llm]\nurl = 'http://127.0.0.1:11434/v1'\nmodel = 'qwen3:8b'").expect("a file");
        let llm = Config::load(Some(&file), Path::new("/data")).expect("it can be used").llm;
        assert_eq!((llm.provider.as_str(), llm.model.as_deref()), ("openai", Some("qwen3:8b")));
        std::fs::write(&file, "").expect("a file");
        assert_eq!(Config::load(Some(&file), Path::new("/data")).expect("the defaults").llm.provider, "offline");
    }

    #[test]
    fn a_sender_in_the_quotes_of_a_shell_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        for (written, read) in [
            ("\"Debrief <debrief@example.org>\"", "Debrief <debrief@example.org>"),
            ("\"Debrief, Inc.\" <debrief@example.org>", "\"Debrief, Inc.\" <debrief@example.org>"),
        ] {
            std::fs::write(&file, format!("[mail]\nfrom = '{written}'")).expect("a file");
            assert_eq!(Config::load(Some(&file), Path::new("/data")).expect("it can be used").mail.from, read);
        }
    }

    /// The error for a settings file with `text`; `None` if it is valid.
    fn complaint(text: &str) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        std::fs::write(&file, text).expect("a file");
        Config::load(Some(&file), Path::new("/data")).err().map(|error| error.to_string())
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_named() {
        for (text, key) in [
            ("bukket = 'x'", "bukket"),
            ("[http]\nlisten = 'here'", "listen"),
            ("[queue]\nconcurency = 3", "concurency"),
            ("[ingest]\nmax_byte = 3", "max_byte"),
            ("[queue.schedules]\nexport = 'every day'", "six fields"),
            ("[queue.schedules]\nexprot = 'off'", "did you mean queue.schedules.export?"),
            ("[llm]\ntimeout = 3", "timeout"),
            ("[llm]\non_budget = 'beg'", "on_budget"),
            ("[llm.models.cheap]\nmodell = 'm'", "modell"),
            ("[index]\nembeder = 'hashed'", "embeder"),
            ("[mail]\nurll = ''", "urll"),
            ("[review]\nlink_day = 3", "link_day"),
            ("[review]\nbase_url = 'debrief.example'", "base_url"),
            ("[review]\nbase_url = 'file:///x'", "review.base_url"),
            ("[review]\nbase_url = 'http://debrief.example'", "https://"),
            ("[review]\nbase_url = 'http://93.184.215.14'", "https://"),
            ("[http]\nadmin_listen = '0.0.0.0:8081'", "http.admin_listen"),
            ("[http]\nconnections = 0", "http.connections"),
            ("[log]\nfilter = 'queue=loud'", "log.filter"),
            ("[log]\nformat = 'yaml'", "format"),
            ("database_connections = 1", "database_connections"),
        ] {
            let complaint = complaint(text).unwrap_or_else(|| panic!("{text} is taken"));
            assert!(complaint.contains(key), "{text}: {complaint}");
        }
        for text in [
            DEFAULTS,
            "[review]\nbase_url = 'http://192.168.1.5:8080'",
            "[review]\nbase_url = 'http://debrief:8080'",
            "[review]\nbase_url = 'https://debrief.example'",
            "[http]\nadmin_listen = '0.0.0.0:8081'\nadmin_anywhere = true",
        ] {
            assert_eq!(complaint(text), None);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_without_a_value() {
        for (text, told) in [
            ("[llm]\nmodel = 'm'\napi_key = SECRET", "line 3, api_key: "),
            ("[llm]\napi_key = 'SECRET", "line 2, api_key: "),
            ("[llm]\napi_key = \"SECRET\\q\"", "line 2, api_key: "),
            ("[llm]\napi_key = \"\"\"\nSECRET = 1", "line "),
            ("[llm]\napi_key SECRET", "line 2: "),
            ("[llm]\napi_key = SECRET SECRET", "line 2, api_key: "),
            ("[llm]\napi_key = 'x' SECRET", "line 2, api_key: "),
            ("[llm]\napi_key = 1SECRET", "line 2, api_key: "),
            ("[llm]\napi_key = ['SECRET']", "llm.api_key: "),
            ("[llm]\napi_key = 99999999999999999999", ""),
            ("[llm]\n\ntimeout_seconds = 'SECRET'", "llm.timeout_seconds: it is a text"),
            ("[llm]\n\ntimeout_seconds = 'SECRET'", "debrief.toml, line 3)"),
            ("[llm]\non_budget = 'SECRET'", "llm.on_budget: it isn't one of"),
            ("[http]\nlisten = 'SECRET'", "http.listen: "),
            ("[http]\nlisten = 'SECRET'", "debrief.toml, line 2)"),
            ("[review]\nbase_url = 'SECRET'", "review.base_url: "),
            ("[review]\nbase_url = 'https://SECRET:99999999'", "review.base_url: "),
            ("[review]\nbase_url = 'https://u:SECRET@debrief.example'", "review.base_url: it contains a user"),
            ("[review]\nbase_url = 'ftp://u:SECRET@debrief.example'", "review.base_url: "),
            ("[log]\nfilter = 'queue=SECRET'", "log.filter: "),
            ("[log]\nfilter = 'queue[SECRET'", "log.filter: "),
            ("[log]\nformat = 'SECRET'", "log.format: "),
            ("[queue.schedules]\nexport = 'SECRET'", "queue.schedules: "),
        ] {
            let complaint = complaint(text).unwrap_or_else(|| panic!("{text} is taken"));
            assert!(complaint.contains(told) && !complaint.contains("SECRET"), "{text}: {complaint}");
        }
    }

    #[test]
    fn links_lead_to_where_the_pages_listen_unless_another_address_is_set() {
        let base_url = |text: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("debrief.toml");
            std::fs::write(&file, text).expect("a file");
            Config::load(Some(&file), Path::new("/data")).expect("it can be used").review.base_url.to_string()
        };
        assert_eq!(base_url(""), "http://127.0.0.1:8080/");
        assert_eq!(base_url("[http]\nlisten = '127.0.0.1:9090'"), "http://127.0.0.1:9090/");
        assert_eq!(base_url("[http]\nlisten = '0.0.0.0:9090'"), "http://127.0.0.1:9090/");
        assert_eq!(
            base_url("[http]\nlisten = '127.0.0.1:9090'\n[review]\nbase_url = 'https://debrief.example'"),
            "https://debrief.example/"
        );
    }

    /// A settings struct reveals its field names when it is deserialized, so no key can be missing from the manual.
    #[test]
    fn the_manual_names_every_key() {
        for (section, keys) in keys::sections() {
            assert!(!keys.is_empty(), "[{section}] has fields");
            let section = match section {
                "" => String::new(),
                // A model's keys are those of the section above.
                "llm.models.*" => "[llm]".to_owned(),
                section => format!("[{section}]"),
            };
            let from = DEFAULTS.find(&format!("\n{section}")).expect("the section is there");
            let text = &DEFAULTS[from + 1 + section.len()..];
            // Up to the next section; `[queue.schedules]` belongs to its parent.
            let text = text
                .split("\n[")
                .enumerate()
                .take_while(|(at, part)| *at == 0 || part.starts_with("queue.") && section == "[queue]");
            let text: String = text.map(|(_, part)| format!("\n{part}")).collect();
            for key in keys {
                let written = ["", "# "].iter().any(|lead| text.contains(&format!("\n{lead}{key} = ")));
                let is_section = DEFAULTS.contains(&format!("\n[{key}]")) || DEFAULTS.contains(&format!(".{key}]"));
                assert!(written || is_section, "{section} {key} is not in default.toml");
            }
        }
    }
}
