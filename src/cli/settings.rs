//! `debrief settings`: lists the settings, for people who have only the program installed.

use std::process::ExitCode;

use clap::Args;

use super::{
    Globals,
    output::{Output, say, tell},
};
use crate::config::{self, DEFAULTS};

/// List all settings, with what they mean and their defaults
///
/// Prints a settings file with every default. To change a setting, put its line in debrief/debrief.toml in the XDG config
/// folder, or set its environment variable (DEBRIEF_<SECTION>__<KEY>). `debrief doctor` checks your settings. With --json, prints each setting's key, environment variable and default.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Only this section: http, queue, ingest, llm, index, mail, review, export or log
    section: Option<String>,
}

impl Settings {
    pub(crate) fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let wanted = self.section.as_deref();
        let is_wanted = |key: &str| {
            wanted.is_none_or(|wanted| {
                key.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let settings = config::all_settings()?;
        let wanted_ones: Vec<_> = settings.into_iter().filter(|setting| is_wanted(&setting.key)).collect();
        if wanted_ones.is_empty() {
            tell(&format!("there is no section {}; see `debrief settings --help`", wanted.unwrap_or_default()));
            return Ok(ExitCode::FAILURE);
        }
        if globals.json {
            Output::new(true).list(&wanted_ones, "", ["KEY"], |setting| [setting.key.clone()])?;
        } else {
            say(&of(is_wanted));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The matching sections of the manual.
fn of(is_wanted: impl Fn(&str) -> bool) -> String {
    let section =
        |line: &str| line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name.to_owned());
    let mut is_in = is_wanted("");
    let mut lines = Vec::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = section(line) {
            is_in = is_wanted(&name);
        }
        if is_in {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}
