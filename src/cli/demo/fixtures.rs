//! The demo's people and transcripts, embedded in the binary. `fixtures/demo/README.md` describes them.

use chrono::NaiveDate;
use debrief_jobs::model::{Role, SessionStatus};
use serde::Deserialize;

/// The embedded files, by their path below `fixtures/demo`.
macro_rules! embed {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/", $path)))),*]
    };
}

const FILES: &[(&str, &str)] = embed![
    "manifest.toml",
    "jonas/hanna-week-1.vtt",
    "jonas/hanna-week-3.txt",
    "jonas/invoice-saved-as.vtt",
    "jonas/ipad-recording.vtt",
    "jonas/jurgen-week-1.srt",
    "jonas/jurgen-week-2.vtt",
    "jonas/marcus-week-1.vtt",
    "jonas/roster.csv",
    "maya/asa-week-1.txt",
    "maya/asa-week-2.vtt",
    "maya/daniel-week-1.vtt",
    "maya/daniel-week-2.srt",
    "maya/group-week-2.vtt",
    "maya/leila-week-1.txt",
    "maya/leila-week-2.vtt",
    "maya/priya-week-1.vtt",
    "maya/priya-week-2.vtt",
    "maya/priya-week-3.vtt",
    "maya/roster.csv",
    "maya/tomasz-week-2.vtt",
];

/// The demo's people and files.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) organization: Organization,
    pub(super) coaches: Vec<Coach>,
    pub(super) transcripts: Vec<Transcript>,
}

/// The demo's organization.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    pub(super) handle: String,
    pub(super) name: String,
    pub(super) time_zone: String,
}

/// One of its coaches.
#[derive(Debug, Deserialize)]
pub(super) struct Coach {
    pub(super) handle: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) roles: Vec<Role>,
    pub(super) time_zone: String,
    pub(super) roster: String,
}

/// One transcript, and the state it must reach without a person's help.
#[derive(Debug, Deserialize)]
pub(super) struct Transcript {
    pub(super) file: String,
    pub(super) coach: String,
    pub(super) name: String,
    pub(super) days_ago: u64,
    pub(super) expect: SessionStatus,
    pub(super) approve: bool,
    /// Words of earlier promises that this session says the client kept.
    #[serde(default)]
    pub(super) kept: Vec<String>,
    /// The same for promises not kept.
    #[serde(default)]
    pub(super) broken: Vec<String>,
}

impl Transcript {
    /// Its date, counted back from `today`.
    pub(super) fn day(&self, today: NaiveDate) -> NaiveDate {
        today - chrono::Days::new(self.days_ago)
    }

    /// Its key in the bucket.
    pub(super) fn key(&self, today: NaiveDate) -> String {
        format!("inbox/{}/{}/{}", self.coach, self.day(today), self.name)
    }
}

/// The manifest.
pub(super) fn manifest() -> anyhow::Result<Manifest> {
    let source = config::File::from_str(content("manifest.toml")?, config::FileFormat::Toml);
    Ok(config::Config::builder().add_source(source).build()?.try_deserialize()?)
}

/// An embedded file's text.
pub(super) fn content(path: &str) -> anyhow::Result<&'static str> {
    let file = FILES.iter().find(|(name, _)| *name == path);
    file.map(|(_, text)| *text).ok_or_else(|| anyhow::anyhow!("the demo has no file {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_manifest_is_embedded() {
        let manifest = manifest().expect("the manifest is of its kind");
        assert!(manifest.transcripts.len() >= 12);
        for transcript in &manifest.transcripts {
            content(&transcript.file).expect("the transcript is embedded");
        }
        for coach in &manifest.coaches {
            content(&coach.roster).expect("the roster is embedded");
        }
    }
}
