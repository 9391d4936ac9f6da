//! The catalogue of a backup: all that is in it, with counts and hashes. It is written last, so a backup without one was
//! never finished, and is none. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{column::Column, wire::RowDigest};

/// Increases when a program that knows only an earlier one could no longer restore it.
pub(super) const FORMAT: u32 = 1;

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Increases when a program that knows only an earlier one could no longer restore it.
    pub format: u32,
    /// Its id, which begins with its time.
    pub id: String,
    /// The version of the program that made it.
    pub program: String,
    /// The last migration of the database that it was made of.
    pub schema_version: i64,
    /// The moment that all of its tables show.
    pub snapshot_at: DateTime<Utc>,
    /// When it was complete.
    pub finished_at: DateTime<Utc>,
    /// Whether it is of the whole installation, and not of one organization chosen by somebody.
    pub is_whole: bool,
    /// The organizations in it.
    pub organizations: Vec<Part>,
    /// How many rows there were of what is in no backup, by table.
    pub left_out: BTreeMap<String, u64>,
}

/// What a backup has of one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its id.
    pub id: Uuid,
    /// Its handle.
    pub handle: String,
    /// Its tables, in the order in which they are loaded.
    pub tables: Vec<Table>,
    /// The list of its transcripts: a JSON document per line; none if it has no transcript.
    pub transcripts: Option<Stored>,
    /// How many transcripts are in it.
    pub transcript_count: u64,
    /// The transcripts that the bucket no longer had, or not as they were when they came.
    pub missing: Vec<Missing>,
}

/// A table of one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub rows: u64,
    /// The digest of the rows, in whichever order.
    pub digest: RowDigest,
    /// Its file; none without rows.
    pub file: Option<Stored>,
}

/// An object of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
}

/// A transcript whose bytes are not in the backup, although its rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The transcript's key in the installation's bucket.
    pub key: String,
    /// Why.
    pub why: String,
}

/// A line of the list of transcripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// Its key in the installation's bucket.
    pub key: String,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

impl Catalogue {
    /// Whether its names are names, and nothing that leads elsewhere: they become local files.
    pub(super) fn is_sound(&self) -> bool {
        let is_name = |name: &str| {
            let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            !name.is_empty() && name.len() <= 63 && name.bytes().all(is_letter)
        };
        self.organizations.iter().flat_map(|part| &part.tables).all(|table| is_name(&table.name))
    }

    /// How many rows are in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.organizations.iter().flat_map(|part| &part.tables).map(|table| table.rows).sum()
    }

    /// The bytes of its tables.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let tables = self.organizations.iter().flat_map(|part| &part.tables);
        tables.filter_map(|table| table.file.as_ref()).map(|file| file.bytes).sum()
    }

    /// How many transcripts are in it.
    #[must_use]
    pub fn transcripts(&self) -> u64 {
        self.organizations.iter().map(|part| part.transcript_count).sum()
    }

    /// How many transcripts it should have and has not.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.organizations.iter().map(|part| part.missing.len()).sum()
    }

    /// The handles of its organizations.
    #[must_use]
    pub fn handles(&self) -> String {
        let handles: Vec<&str> = self.organizations.iter().map(|part| part.handle.as_str()).collect();
        handles.join(", ")
    }
}

/// A new id: by name, the later backup comes last.
pub(super) fn new_id(snapshot_at: DateTime<Utc>) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("{}-{}", snapshot_at.format("%Y%m%dT%H%M%SZ"), &random[..8])
}

/// Whether a text is an id, as [`new_id`] makes them.
pub(super) fn is_id(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    text.len() == 25 && text.chars().all(is_letter)
}

/// Where catalogues are.
pub(super) const CATALOGUES: &str = "catalogue/";
/// Where the tables of all backups are.
pub(super) const TABLES: &str = "tables/";
/// Where transcripts are; one that an earlier backup has isn't copied again.
pub(super) const TRANSCRIPTS: &str = "transcripts/";

/// The key of a backup's catalogue.
pub(super) fn key(id: &str) -> String {
    format!("{CATALOGUES}{id}.json")
}

/// The key of the catalogue's own hash, which is written before it.
pub(super) fn hash_key(id: &str) -> String {
    format!("{TABLES}{id}/catalogue.sha256")
}

/// The folder of an organization's tables, with a slash.
pub(super) fn folder(id: &str, organization: Uuid) -> String {
    format!("{TABLES}{id}/{organization}/")
}

/// The key of a transcript in the backup.
pub(super) fn transcript_key(organization: Uuid, sha256: &str) -> String {
    format!("{TRANSCRIPTS}{organization}/{sha256}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_leads_elsewhere_is_no_table() {
        let with = |name: &str| {
            let digest = serde_json::json!("0");
            let table = serde_json::json!({ "name": name, "columns": [], "rows": 1, "digest": digest, "file": null });
            let part = serde_json::json!({ "id": Uuid::nil(), "handle": "h", "tables": [table], "transcripts": null,
                "transcript_count": 0, "missing": [] });
            let catalogue = serde_json::json!({ "format": 1, "id": "x", "program": "0", "schema_version": 1,
                "snapshot_at": "2026-11-30T00:00:00Z", "finished_at": "2026-11-30T00:00:00Z", "is_whole": true,
                "organizations": [part], "left_out": {} });
            serde_json::from_value::<Catalogue>(catalogue).expect("a catalogue").is_sound()
        };
        assert!(with("utterances"));
        for wrong in ["../../etc/cron.d/x", "/etc/x", "", "a b", "x\"; drop table y; --"] {
            assert!(!with(wrong), "{wrong}");
        }
    }

    #[test]
    fn later_ids_come_last_and_nothing_else_is_an_id() {
        let at = |text: &str| text.parse().expect("a time");
        let [one, other] = ["2026-11-30T01:15:00Z", "2026-12-01T01:15:00Z"].map(|text| new_id(at(text)));
        assert!(one < other && is_id(&one) && is_id(&other), "{one} {other}");
        assert!(!is_id("../20261130T011500Z-0000") && !is_id(""));
    }
}
