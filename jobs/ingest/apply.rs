//! Applies a roster: the coach's clients, their addresses and the names by which they are known.
//!
//! Reads the object; writes clients and aliases, the ledger, and the lines that are wrong beside the rejected files. A
//! rerun finds the ledger's row settled and changes nothing.

use super::{
    ledger::{self, Coach, Outcome},
    reject, roster as csv_roster,
};
use crate::{
    bucket::{BucketError, ObjectInfo},
    db::Tx,
    people,
    queue::{Context, JobError},
};

/// Applies a roster. Its problems stand in the ledger and beside the rejected files, where the coach finds them.
pub(super) async fn roster(ctx: &Context, object: &ObjectInfo, coach: Coach) -> Result<Outcome, JobError> {
    if object.size > ctx.ingest.max_bytes {
        return reject::roster(ctx, object, coach, &reject::too_large(ctx.ingest.max_bytes)).await;
    }
    let content = match ctx.bucket.get_listed(object).await {
        Err(BucketError::Changed | BucketError::NotFound) => return Ok(Outcome::Seen),
        Err(BucketError::Link) => return reject::roster(ctx, object, coach, &reject::LINK).await,
        content => content?,
    };
    let roster = match csv_roster::read(&content) {
        Ok(roster) => roster,
        Err(error) => return reject::roster(ctx, object, coach, &reject::no_roster(&error)).await,
    };
    let mut tx = ctx.db.tenant(coach.organization).await?;
    let applied = people::apply_roster(&mut tx, coach.id, &roster).await?;
    let reason = (!applied.problems.is_empty()).then(|| applied.problems.join("\n"));
    if !ledger::settle(&mut tx, ctx.bucket.name(), object, Outcome::Applied, reason.as_deref()).await? {
        return Ok(Outcome::Seen);
    }
    tx.commit().await?;
    if let Some(reason) = reason {
        reject::put_reason(ctx, object.key.as_str(), &reject::some_lines(reason), object.modified).await?;
    }
    tracing::info!(
        target: "ingest",
        {
            coach.id = %coach.id, clients.added = applied.added, clients.updated = applied.updated,
            roster.problems = applied.problems.len()
        },
        "a roster was applied"
    );
    Ok(Outcome::Applied)
}
