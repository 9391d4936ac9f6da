//! Proves that a backup can be restored: restores it into a scratch database, compares every row, checks every transcript,
//! and drops the database again. The bucket isn't written to.

use std::time::{Duration, Instant};

use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{BackupError, Catalogue, Kind, Restored, Target, Tell, Vault, record, restore};
use crate::db::{self, Db, Urls};

/// What the scratch databases' names begin with.
const PREFIX: &str = "debrief_proof_";
/// A scratch database older than this is from a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

/// A backup that was restored and compared.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// What was restored.
    #[serde(flatten)]
    pub restored: Restored,
    /// How long it took, which is about as long as a restore takes.
    pub seconds: f64,
}

/// Proves a backup, and records what became of it.
///
/// # Errors
/// See [`BackupError`].
pub async fn prove(
    db: &Db,
    vault: &Vault,
    id: &str,
    scratch: &SecretString,
    tell: Tell<'_>,
) -> Result<Proof, BackupError> {
    let (begun, clock) = (Utc::now(), Instant::now());
    let (catalogue, proved) = match vault.catalogue(id).await {
        Ok(catalogue) => {
            let proved = in_scratch(vault, &catalogue, scratch, tell).await;
            (Some(catalogue), proved)
        }
        Err(error) => (None, Err(error)),
    };
    let detail = proved.as_ref().err().map(|error| format!("{id}: {error}")).unwrap_or_default();
    record::note(db, Kind::Proof, begun, catalogue.as_ref(), proved.is_ok(), &detail).await?;
    let restored = proved?;
    tracing::info!(target: "backup", { backup.id = id, backup.rows = restored.rows }, "a backup is proved: it can be restored");
    Ok(Proof { restored, seconds: clock.elapsed().as_secs_f64() })
}

async fn in_scratch(
    vault: &Vault,
    catalogue: &Catalogue,
    scratch: &SecretString,
    tell: Tell<'_>,
) -> Result<Restored, BackupError> {
    if scratch.expose_secret().is_empty() {
        return Err(BackupError::NoScratch);
    }
    let mut server = db::connect(scratch).await?;
    drop_left_behind(&mut server).await?;
    let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
    server.execute(AssertSqlSafe(format!("create database {name}"))).await?;
    let mut url: url::Url = scratch.expose_secret().parse().map_err(BackupError::unreadable)?;
    url.set_path(&name);
    let url = SecretString::from(url.to_string());
    let urls = Urls { app: url.clone(), owner: url };
    let target = Target { urls: &urls, bucket: None, only: None, without_damaged_transcripts: false };
    let restored = restore(vault, catalogue, target, tell).await;
    let dropped = server.execute(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).await;
    let restored = restored?;
    dropped?;
    server.close().await?;
    Ok(restored)
}

/// Drops the scratch databases of processes that died. Their names say when they were made.
async fn drop_left_behind(server: &mut PgConnection) -> Result<(), BackupError> {
    let names: Vec<String> = sqlx::query_scalar("select datname::text from pg_database where starts_with(datname, $1)")
        .bind(PREFIX)
        .fetch_all(&mut *server)
        .await?;
    for name in names.iter().filter(|name| is_left_behind(name)) {
        server.execute(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).await?;
    }
    Ok(())
}

fn is_left_behind(name: &str) -> bool {
    let made = || {
        let id: Uuid = name.strip_prefix(PREFIX)?.parse().ok()?;
        let (seconds, _) = id.get_timestamp()?.to_unix();
        Some(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    let is_ours = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_ours && made().and_then(|made| made.elapsed().ok()).is_some_and(|age| age > LEFT_BEHIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_scratch_databases_are_dropped() {
        let of = |seconds| {
            format!("{PREFIX}{}", Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0)).simple())
        };
        assert!(is_left_behind(&of(1_700_000_000)));
        let fresh = format!("{PREFIX}{}", Uuid::now_v7().simple());
        for other in [&fresh, "debrief", "debrief_proof_", "debrief_proof_x\"; drop", "debrief_proof_production"] {
            assert!(!is_left_behind(other), "{other}");
        }
    }
}
