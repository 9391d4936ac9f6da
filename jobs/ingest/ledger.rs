//! The bucket's ledger, and which coach owns a folder. The installation owns it: objects are known before their
//! coaches.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    bucket::ObjectInfo,
    db::{SystemTx, TenantTx, Tx},
};

/// What became of an object, as stored in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectOutcome {
    /// Seen but not settled.
    Seen,
    /// A chat or participant list whose transcript is missing: not settled either.
    Waiting,
    /// A transcript of a session.
    Taken,
    /// Rejected for a reason.
    Rejected,
    /// Has the content of an existing transcript.
    Duplicate,
    /// A roster that is in force.
    Applied,
}

impl ObjectOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Applied => "applied",
        }
    }
}

/// The coach who owns the inbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coach {
    pub(super) organization: Uuid,
    pub(super) id: Uuid,
}

/// The status of an unsettled object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// No scan has seen it before.
    New,
    /// An earlier scan saw it unchanged.
    Seen,
    /// It waits for its transcript.
    Waiting {
        /// It has waited for the maximum time.
        overdue: bool,
    },
}

/// Finds the objects that aren't settled: their positions in the iteration, and their status. A chat or list waits for
/// its transcript for at most `patience_seconds`.
pub(super) async fn unsettled<'a>(
    tx: &mut SystemTx,
    bucket: &str,
    objects: impl Iterator<Item = &'a ObjectInfo>,
    patience_seconds: f64,
) -> Result<Vec<(usize, Standing)>, sqlx::Error> {
    let (keys, etags): (Vec<String>, Vec<String>) =
        objects.map(|object| (object.key.clone(), object.etag.clone())).unzip();
    let rows = sqlx::query!(
        r#"select place - 1 as "at!", standing as "outcome?", overdue as "overdue!"
           from ledger_unsettled($1, $2, $3, $4)"#,
        bucket,
        &keys,
        &etags,
        patience_seconds
    )
    .fetch_all(tx.conn())
    .await?;
    let standing = |outcome: Option<&str>, overdue| match outcome {
        None => Standing::New,
        Some("waiting") => Standing::Waiting { overdue },
        Some(_) => Standing::Seen,
    };
    let placed = rows
        .into_iter()
        .filter_map(|row| Some((usize::try_from(row.at).ok()?, standing(row.outcome.as_deref(), row.overdue))));
    Ok(placed.collect())
}

/// Records objects that were seen for the first time.
pub(super) async fn remember(tx: &mut SystemTx, bucket: &str, objects: &[&ObjectInfo]) -> Result<(), sqlx::Error> {
    if objects.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = objects.iter().map(|object| object.key.clone()).collect();
    let etags: Vec<String> = objects.iter().map(|object| object.etag.clone()).collect();
    let sizes: Vec<i64> = objects.iter().map(|object| bytes(object)).collect();
    let times: Vec<_> = objects.iter().map(|object| object.modified).collect();
    sqlx::query!(r#"select ledger_remember($1, $2, $3, $4, $5) as "done?: ()""#, bucket, &keys, &etags, &sizes, &times)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Has the next scan read a file of a coach's inbox again that somebody put there anew, although the object is the same, if the
/// session that it became was deleted.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn read_again(
    tx: &mut TenantTx,
    bucket: &str,
    object_key: &str,
    coach: &str,
    sha256: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        r#"select ledger_forget_deleted($1, $2, $3, $4) as "done?: ()""#,
        bucket,
        object_key,
        coach,
        sha256
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// Settles an object in the transaction of its effect. Returns false, to drop the transaction, if another scan has.
pub(super) async fn settle(
    tx: &mut impl Tx,
    bucket: &str,
    object: &ObjectInfo,
    outcome: ObjectOutcome,
    reason: Option<&str>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select ledger_settle($1, $2, $3, $4, $5, $6, $7) as "settled!""#,
        bucket,
        object.key,
        object.etag,
        bytes(object),
        object.modified,
        outcome.as_str(),
        reason,
    )
    .fetch_one(tx.conn())
    .await
}

/// The coaches with these handles.
pub(super) async fn coaches(
    tx: &mut SystemTx,
    mut handles: Vec<String>,
) -> Result<HashMap<String, Coach>, sqlx::Error> {
    handles.sort_unstable();
    handles.dedup();
    if handles.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select wanted.handle as "handle!", coach.organization_id as "organization!", coach.coach_id as "id!"
           from unnest($1::text[]) as wanted (handle) cross join lateral coach_by_handle(wanted.handle) as coach"#,
        &handles
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.handle, Coach { organization: row.organization, id: row.id })).collect())
}

/// The handles of an organization's coaches.
pub(super) async fn handles(tx: &mut TenantTx) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select handle from coaches where removed_at is null order by handle")
        .fetch_all(tx.conn())
        .await
}

/// The size as a Postgres integer.
pub(super) fn bytes(object: &ObjectInfo) -> i64 {
    i64::try_from(object.size).unwrap_or(i64::MAX)
}
