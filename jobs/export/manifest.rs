//! An export's manifest, which tells readers a complete export from a partial one. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Increases when a table or column is removed or changes its meaning, but not for new ones.
pub const SCHEMA_VERSION: u32 = 1;

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
    /// One file per format.
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

/// The folder of an export in the bucket, with a trailing slash. Microseconds keep two attempts apart.
pub(super) fn folder(organization: &str, snapshot_at: DateTime<Utc>) -> String {
    format!("exports/{organization}/{}/", snapshot_at.format("%Y-%m-%dT%H%M%S%.6fZ"))
}

/// The key of the manifest.
pub(super) fn key(organization: &str, snapshot_at: DateTime<Utc>) -> String {
    format!("{}manifest.json", folder(organization, snapshot_at))
}
