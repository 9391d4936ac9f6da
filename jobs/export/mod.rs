//! Exports: an organization's tables as Parquet, CSV and JSON Lines in the bucket, all as of one moment.
//!
//! [`start`] creates the row and enqueues [`ExportOrganization`]; [`ExportAll`] does so for every organization on a
//! schedule. The files go to `exports/{format}/{table}/organization={handle}/date={day}/{time of the snapshot}.{format}`,
//! and the manifest comes last: files that no manifest names are no export. A rerun writes its files anew and deletes
//! what the previous attempt left.
//!
//! `tables` says what is exported; `copy` takes the rows from the server, `decode` makes columns of them, and `files`
//! writes each format on a thread of its own.

mod copy;
mod decode;
mod files;
mod job;
mod list;
mod manifest;
mod schema;
mod schemas;
mod scope;
mod snapshot;
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

pub use job::{ExportAll, ExportOrganization, Needs, SCHEDULE, StartError, start, start_as};
pub use list::{ColumnSchema, ExportLine, ExportState, TableSchema, one, page, schema};
pub use manifest::{ExportedFile, ExportedTable, Manifest, SCHEMA_VERSION};
pub use schemas::{json_schema, sql};
pub use scope::{Format, Scope, Wish, WishError};
pub use snapshot::{Progress, to_folder};
