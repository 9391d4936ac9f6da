//! Exports: an organization's tables as Parquet, CSV and JSON Lines in the bucket, all as of one moment.
//!
//! [`start`] makes the row and enqueues [`ExportOrganization`]; the schedule does so for every organization by
//! [`ExportAll`]. The files go to `exports/{organization's handle}/{time of the snapshot}/{table}.{format}`, and
//! `manifest.json` beside them last: a folder without it is not an export. A rerun makes its files in a folder of its
//! own and takes away what the attempt before left.

mod cell;
mod job;
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
    /// Whether CSV begins with a byte-order mark, by which Excel knows that it is UTF-8.
    pub csv_bom: bool,
}

pub use job::{ExportAll, ExportOrganization, Needs, SCHEDULE, start};
pub use manifest::{ExportedFile, ExportedTable, Manifest, SCHEMA_VERSION};
