//! Exports: an organization's tables as Parquet, CSV and JSON Lines in the bucket, all as of one moment.
//!
//! [`start`] creates the row and enqueues [`ExportOrganization`]; [`ExportAll`] does so for every organization on a
//! schedule. The files go to `exports/{organization's handle}/{time of the snapshot}/{table}.{format}`, with
//! `manifest.json` last: a folder without it is not an export. A rerun writes its files to a new folder and deletes
//! what the previous attempt left.

mod cell;
mod job;
mod list;
mod manifest;
mod table;
mod tables;
mod text;
mod upload;

use serde::Deserialize;

/// How exports are written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether CSV starts with a byte-order mark, by which Excel recognizes UTF-8.
    pub csv_bom: bool,
}

pub use job::{ExportAll, ExportOrganization, Needs, SCHEDULE, start};
pub use list::{ColumnSchema, ExportLine, ExportState, TableSchema, one, page, schema};
pub use manifest::{ExportedFile, ExportedTable, Manifest, SCHEMA_VERSION};
