//! The exports of an organization, newest first. Only reads.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Manifest, Progress,
    schema::{Column, Kind, Table},
    scope::Wish,
    tables,
};
use crate::db::{TenantTx, Tx};

/// An export.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportLine {
    /// Its id.
    pub id: Uuid,
    /// How far it is.
    pub state: ExportState,
    /// What was asked for.
    #[schema(value_type = Wish)]
    pub wish: Json<Wish>,
    /// How far it is, while it runs.
    #[schema(value_type = Option<Progress>)]
    pub progress: Option<Json<Progress>>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// The moment that all its files show.
    pub snapshot_at: Option<DateTime<Utc>>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub failed_reason: Option<String>,
    /// Its files, once it is finished.
    #[schema(value_type = Option<Manifest>)]
    pub manifest: Option<Json<Manifest>>,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// It runs, or waits to.
    Running,
    /// Its files can be downloaded.
    Finished,
    /// It was given up.
    Failed,
}

struct Row {
    id: Uuid,
    wish: Json<Wish>,
    progress: Option<Json<Progress>>,
    created_at: DateTime<Utc>,
    snapshot_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    failed_reason: Option<String>,
    manifest: Option<Json<Manifest>>,
}

impl From<Row> for ExportLine {
    fn from(row: Row) -> Self {
        let Row { id, wish, progress, created_at, snapshot_at, finished_at, failed_reason, manifest } = row;
        let state = match (&failed_reason, finished_at) {
            (Some(_), _) => ExportState::Failed,
            (None, Some(_)) => ExportState::Finished,
            (None, None) => ExportState::Running,
        };
        let progress = progress.filter(|_| state == ExportState::Running);
        Self { id, state, wish, progress, created_at, snapshot_at, finished_at, failed_reason, manifest }
    }
}

/// A page of exports.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<ExportLine>, sqlx::Error> {
    read(tx, None, after, limit).await
}

/// One export; `None` if there is no such one.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn one(tx: &mut TenantTx, id: Uuid) -> Result<Option<ExportLine>, sqlx::Error> {
    Ok(read(tx, Some(id), None, 1).await?.pop())
}

async fn read(
    tx: &mut TenantTx,
    id: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ExportLine>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, wish as "wish: Json<Wish>", created_at, snapshot_at, finished_at, failed_reason,
                manifest as "manifest: Json<Manifest>",
                (select progress from jobs where kind = 'export.organization' and unique_key = exports.id::text
                 order by jobs.id desc limit 1) as "progress: Json<Progress>"
           from exports where ($1::uuid is null or id = $1) and ($2::uuid is null or id < $2)
           order by id desc limit $3"#,
        id,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(ExportLine::from).collect())
}

/// A table of an export.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TableSchema {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// Its columns, in order.
    pub columns: Vec<ColumnSchema>,
}

/// A column of an exported table.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ColumnSchema {
    /// Its name, in every format.
    pub name: &'static str,
    /// `text`, `integer`, `number`, `boolean`, `date`, `timestamp` (UTC, in microseconds), `json` or `numbers`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it means.
    pub description: &'static str,
}

/// The tables of every export, in order.
#[must_use]
pub fn schema() -> Vec<TableSchema> {
    let column = |column: &Column| ColumnSchema {
        name: column.name,
        kind: match column.kind {
            Kind::Id | Kind::Word | Kind::Prose | Kind::Key => "text",
            Kind::Json => "json",
            Kind::Int => "integer",
            Kind::Float => "number",
            Kind::Bool => "boolean",
            Kind::Day => "date",
            Kind::Time => "timestamp",
            Kind::Vector => "numbers",
        },
        nullable: column.nullable,
        description: column.about,
    };
    let table = |table: &&Table| TableSchema {
        name: table.name,
        description: table.about,
        columns: table.columns.iter().map(column).collect(),
    };
    tables::ALL.iter().map(table).collect()
}
