//! An export's manifest, which tells readers a complete export from a partial one. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    files::Sum,
    scope::{Format, Scope},
};

/// Increases when a table or column is removed or changes its meaning, but not for new ones. 2: one folder for each table.
pub const SCHEMA_VERSION: u32 = 2;

/// An export: `manifest.json`, and `exports.manifest` in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Manifest {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The export's id.
    pub export_id: Uuid,
    /// The organization's handle.
    pub organization: String,
    /// The moment that all files show.
    pub snapshot_at: DateTime<Utc>,
    /// Which part of the organization's data it is.
    #[serde(default, skip_serializing_if = "Scope::is_everything")]
    pub scope: Scope,
    /// The tables, in order.
    pub tables: Vec<ExportedTable>,
}

/// A table of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportedTable {
    /// Its name.
    pub name: String,
    /// How many rows each of its files has.
    pub rows: u64,
    /// Its files, one per format.
    pub files: Vec<ExportedFile>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportedFile {
    /// Its key in the bucket.
    pub key: String,
    /// `parquet`, `csv` or `jsonl`.
    pub format: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
}

impl ExportedFile {
    /// A file that was written.
    pub(super) fn new(key: String, format: Format, sum: Sum) -> Self {
        Self { key, format: format.to_string(), bytes: sum.bytes, sha256: sum.sha256 }
    }
}

/// Where the files of an export are in the bucket: each table has a folder, and in it one for the organization and one
/// for the day (Hive's convention, which readers of Parquet know). An export of a part has a folder of its own, so that
/// who reads a table's folder reads whole exports only. Microseconds keep two attempts apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The organization's handle.
    pub(super) organization: &'a str,
    pub(super) snapshot_at: DateTime<Utc>,
    /// The export, if it isn't of everything.
    pub(super) part: Option<Uuid>,
}

impl Place<'_> {
    /// The key of a table's file.
    pub(super) fn file(&self, table: &str, format: Format) -> String {
        self.key(&format!("{format}/{table}"), &format.to_string())
    }

    /// The key of the manifest.
    pub(super) fn manifest(&self) -> String {
        self.key("manifests", "json")
    }

    /// The key under which the newest complete export's manifest is found; `None` for a part.
    pub(super) fn latest(&self) -> Option<String> {
        self.part.is_none().then(|| format!("exports/latest/{}.json", self.organization))
    }

    fn key(&self, folder: &str, extension: &str) -> String {
        let part = self.part.map(|export| format!("parts/{export}/")).unwrap_or_default();
        let (organization, day) = (self.organization, self.snapshot_at.format("%Y-%m-%d"));
        let time = self.snapshot_at.format("%Y-%m-%dT%H%M%S%.6fZ");
        format!("exports/{part}{folder}/organization={organization}/date={day}/{time}.{extension}")
    }
}
