//! The manifest of an export: what lies beside it, so that a reader can tell a whole export from a part. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rises when a table or a column is taken away or changes its meaning; a new one leaves it.
pub const SCHEMA_VERSION: u32 = 1;

/// An export: `manifest.json`, and `exports.manifest` in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The export's id.
    pub export_id: Uuid,
    /// The organization's handle.
    pub organization: String,
    /// The moment that every file shows.
    pub snapshot_at: DateTime<Utc>,
    /// The tables, in order.
    pub tables: Vec<ExportedTable>,
}

/// A table of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedTable {
    /// Its name.
    pub name: String,
    /// How many rows each of its files has.
    pub rows: u64,
    /// A file a format.
    pub files: Vec<ExportedFile>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The folder of an export in the bucket, with a slash at its end. Microseconds keep two attempts apart.
pub(super) fn folder(organization: &str, snapshot_at: DateTime<Utc>) -> String {
    format!("exports/{organization}/{}/", snapshot_at.format("%Y-%m-%dT%H%M%S%.6fZ"))
}

/// The manifest's key.
pub(super) fn key(organization: &str, snapshot_at: DateTime<Utc>) -> String {
    format!("{}manifest.json", folder(organization, snapshot_at))
}
