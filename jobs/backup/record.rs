//! What became of backups and of proofs, in `backup_records`: for `debrief doctor`, the metrics, and whoever asks later.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{BackupError, Catalogue};
use crate::db::{Db, Tx};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A backup was made.
    Run,
    /// A backup was restored into a scratch database, and compared.
    Proof,
}

impl Kind {
    /// As stored, and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Proof => "proof",
        }
    }
}

/// What became of one.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The backup; none if it failed before it had an id.
    pub backup: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Whether it went well.
    pub ok: bool,
    /// What is wrong, or what should be known.
    pub detail: String,
    /// The rows in it.
    pub rows: Option<i64>,
}

/// Records longer ago than this are removed.
const KEPT_DAYS: i32 = 400;

pub(super) async fn note(
    db: &Db,
    kind: Kind,
    started_at: DateTime<Utc>,
    backup: Option<&Catalogue>,
    ok: bool,
    detail: &str,
) -> Result<(), BackupError> {
    let rows = backup.map(|backup| i64::try_from(backup.rows()).unwrap_or(i64::MAX));
    let detail: String = crate::masked(detail).chars().take(4000).collect();
    let mut tx = db.system().await?;
    sqlx::query!(
        "insert into backup_records (id, kind, backup, started_at, ok, detail, rows, is_whole) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        kind.as_str(),
        backup.map(|backup| backup.id.clone()),
        started_at,
        ok,
        detail,
        rows,
        backup.is_none_or(|backup| backup.is_whole)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from backup_records where finished_at < now() - make_interval(days => $1)", KEPT_DAYS)
        .execute(tx.conn())
        .await?;
    Ok(tx.commit().await?)
}

/// The last one of the whole installation that went well, if `well`, or the last one at all.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn last(db: &Db, kind: Kind, well: bool) -> Result<Option<Record>, sqlx::Error> {
    sqlx::query_as!(
        Record,
        "select backup, started_at, finished_at, ok, detail, rows from backup_records
         where kind = $1 and is_whole and (ok or not $2) order by finished_at desc, id desc limit 1",
        kind.as_str(),
        well
    )
    .fetch_optional(db.pool())
    .await
}

/// The last proofs that went well: when each backup was proved.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn records(db: &Db, kind: Kind) -> Result<Vec<Record>, sqlx::Error> {
    sqlx::query_as!(
        Record,
        "select backup, started_at, finished_at, ok, detail, rows from backup_records
         where kind = $1 order by finished_at desc, id desc limit 1000",
        kind.as_str()
    )
    .fetch_all(db.pool())
    .await
}
