//! Takes one object that is complete: a transcript becomes a session's, a roster updates the coach's clients.

use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    key::TranscriptKey,
    ledger::{self, Coach, Outcome},
    reject, roster as csv_roster,
};
use crate::{
    bucket::{BucketError, ObjectInfo},
    db::{TenantTx, Tx},
    parse::ParseTranscript,
    people,
    queue::{Context, JobError, enqueue},
};

/// Takes a transcript: our own copy first (named by its hash, so that a rerun writes the same), then in one transaction
/// the session, the transcript, the ledger and the job that parses.
pub(super) async fn transcript(
    ctx: &Context,
    object: &ObjectInfo,
    key: &TranscriptKey,
    coach: Coach,
) -> Result<Outcome, JobError> {
    if object.size == 0 {
        return reject::unreadable(ctx, object, key, coach, &reject::EMPTY).await;
    }
    if object.size > ctx.ingest.max_bytes {
        return reject::unreadable(ctx, object, key, coach, &reject::too_large(ctx.ingest.max_bytes)).await;
    }
    let content = match ctx.bucket.get_listed(object).await {
        // Written again, or taken away, since the listing: the next scan sees what it is then.
        Err(BucketError::Changed | BucketError::NotFound) => return Ok(Outcome::Seen),
        content => content?,
    };
    let sha256 = sha256_hex(&content);
    let stored_key = format!("transcripts/{}/{sha256}", coach.organization);
    ctx.bucket.put(&stored_key, content).await?;

    let mut tx = ctx.db.tenant(coach.organization).await?;
    if is_known(&mut tx, &sha256).await? {
        let reason = Some("the same content is there as a transcript already");
        ledger::settle(&mut tx, ctx.bucket.name(), object, Outcome::Duplicate, reason).await?;
        tx.commit().await?;
        return Ok(Outcome::Duplicate);
    }
    if !ledger::settle(&mut tx, ctx.bucket.name(), object, Outcome::Taken, None).await? {
        return Ok(Outcome::Seen);
    }
    let (session_id, correlation_id) = receive_session(&mut tx, object, key, coach).await?;
    let transcript_id = Uuid::now_v7();
    sqlx::query!(
        "insert into transcripts
            (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        transcript_id,
        coach.organization,
        session_id,
        object.key,
        object.etag,
        stored_key,
        sha256,
        ledger::bytes(object),
        object.modified
    )
    .execute(tx.conn())
    .await?;
    enqueue(&mut tx, &ParseTranscript { transcript_id }, correlation_id).await?;
    tx.commit().await?;
    tracing::info!(
        target: "ingest",
        { session.id = %session_id, transcript.id = %transcript_id, correlation.id = %correlation_id },
        "a transcript was taken"
    );
    Ok(Outcome::Taken)
}

/// Whether the organization has this content. Holds a lock on it until the transaction ends, so that two copies that
/// are taken at once do not both become transcripts.
async fn is_known(tx: &mut TenantTx, sha256: &str) -> Result<bool, sqlx::Error> {
    let lock = format!("{}/{sha256}", tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock).execute(tx.conn()).await?;
    sqlx::query_scalar!(r#"select exists(select from transcripts where sha256 = $1) as "known!""#, sha256)
        .fetch_one(tx.conn())
        .await
}

/// Makes the session, or finds the one that came under the same key before. One without words goes back to the
/// beginning; one that has words keeps its state until the new transcript is parsed and takes their place (which it
/// does not when it is none, or when people read a summary of the old one already). Gives its id and correlation id.
async fn receive_session(
    tx: &mut TenantTx,
    object: &ObjectInfo,
    key: &TranscriptKey,
    coach: Coach,
) -> Result<(Uuid, Uuid), sqlx::Error> {
    let zone = coach_zone(tx, coach.id).await?;
    let (date, date_source) = key.date(object.modified, zone);
    let row = sqlx::query!(
        "insert into sessions
            (id, organization_id, coach_id, title, type, session_date, date_source, object_key, correlation_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (organization_id, coach_id, object_key) do update
         set state = case when exists (select from utterances where session_id = sessions.id)
                          then sessions.state else 'received' end,
             failed_stage = null, failed_reason = null, updated_at = now()
         returning id, correlation_id",
        Uuid::now_v7(),
        coach.organization,
        coach.id,
        key.title(),
        key.session_type(),
        date,
        date_source.as_str(),
        object.key,
        Uuid::now_v7()
    )
    .fetch_one(tx.conn())
    .await?;
    // What the coach said of `Speaker 1` was said of the earlier transcript: in this one it may be somebody else.
    sqlx::query!(
        "update attributions set by_coach = false where session_id = $1 and by_coach
            and not exists (select from summaries where session_id = $1 and version > 0)",
        row.id
    )
    .execute(tx.conn())
    .await?;
    Ok((row.id, row.correlation_id))
}

/// The coach's time zone, in which a session has its date.
pub(super) async fn coach_zone(tx: &mut TenantTx, coach_id: Uuid) -> Result<Tz, sqlx::Error> {
    let zone =
        sqlx::query_scalar!("select time_zone from coaches where id = $1", coach_id).fetch_one(tx.conn()).await?;
    Ok(zone.parse().unwrap_or(Tz::UTC))
}

/// Applies a roster. Its problems stand in the ledger and beside the rejected files, where the coach finds them.
pub(super) async fn roster(ctx: &Context, object: &ObjectInfo, coach: Coach) -> Result<Outcome, JobError> {
    if object.size > ctx.ingest.max_bytes {
        return reject::roster(ctx, object, coach, &reject::too_large(ctx.ingest.max_bytes)).await;
    }
    let content = match ctx.bucket.get_listed(object).await {
        Err(BucketError::Changed | BucketError::NotFound) => return Ok(Outcome::Seen),
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

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}
