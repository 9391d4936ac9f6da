//! Writes tables to local files, all as of one moment.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Settings, copy,
    files::{Style, Written},
    manifest::{ExportedFile, ExportedTable, SCHEMA_VERSION},
    schema::Table,
    scope::Wish,
};
use crate::{db::Db, queue::JobError};

/// The snapshot's time limit: it holds back the database's own cleanup.
pub(super) const LIMIT: Duration = Duration::from_secs(600);

/// How far an export is, as its job reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ExportProgress)]
pub struct Progress {
    /// `reading` or `uploading`.
    pub step: String,
    /// How many tables are through.
    pub tables_done: usize,
    /// How many there are.
    pub tables: usize,
    /// How many rows were read so far.
    pub rows: u64,
    /// How many bytes were written, or uploaded.
    pub bytes: u64,
}

impl Progress {
    /// How far the reading is.
    pub(super) fn reading(done: &[(&'static Table, Written)], tables: usize) -> Self {
        let files = done.iter().flat_map(|(_, written)| &written.files);
        Self {
            step: "reading".to_owned(),
            tables_done: done.len(),
            tables,
            rows: done.iter().map(|(_, written)| written.rows).sum(),
            bytes: files.map(|(_, sum)| sum.bytes).sum(),
        }
    }
}

/// Files that show one moment.
pub(super) struct Snapshot {
    pub(super) at: DateTime<Utc>,
    pub(super) tables: Vec<(&'static Table, Written)>,
}

/// Writes what `wish` says of an organization to files as `style` says. `tell` hears before each table how far it is.
pub(super) async fn write<Told>(
    db: &Db,
    organization: Uuid,
    wish: &Wish,
    mut style: Style,
    tell: impl Fn(Progress) -> Told,
) -> Result<Snapshot, JobError>
where
    Told: Future<Output = Result<(), JobError>> + Send,
{
    let mut tx = db.copying(organization, None, LIMIT).await?;
    let begun = sqlx::query!(r#"select now() as "at!", handle from organizations where id = $1"#, organization)
        .fetch_one(tx.conn())
        .await?;
    style.facts = vec![
        ("debrief.schema_version", SCHEMA_VERSION.to_string()),
        ("debrief.snapshot_at", begun.at.to_rfc3339()),
        ("debrief.organization", begun.handle),
    ];
    let wanted: Vec<&'static Table> = wish.wanted().collect();
    let mut tables = Vec::new();
    for table in &wanted {
        tell(Progress::reading(&tables, wanted.len())).await?;
        tables.push((*table, copy::table(&mut tx, table, &wish.scope, &style).await?));
    }
    Ok(Snapshot { at: begun.at, tables })
}

/// Writes what `wish` says of an organization to files in `folder`, as an export does before it uploads them. The keys
/// are the files' names.
///
/// # Errors
/// Returns an error if the database can't be reached or the files can't be written.
pub async fn to_folder(
    db: &Db,
    organization: Uuid,
    wish: &Wish,
    folder: &Path,
    settings: Settings,
) -> Result<Vec<ExportedTable>, JobError> {
    let style = Style { folder: folder.to_owned(), formats: wish.formats().to_vec(), facts: Vec::new(), settings };
    let snapshot = write(db, organization, wish, style, |_| std::future::ready(Ok(()))).await?;
    let table = |(table, written): (&Table, Written)| ExportedTable {
        name: table.name.to_owned(),
        rows: written.rows,
        files: written
            .files
            .into_iter()
            .map(|(format, sum)| ExportedFile::new(format!("{}.{format}", table.name), format, sum))
            .collect(),
    };
    Ok(snapshot.tables.into_iter().map(table).collect())
}
