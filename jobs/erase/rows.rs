//! The rows of a session. Whoever adds a table that hangs on a session adds it to [`delete`]: `tests/db/erased.rs` fills
//! every table and finds what is left.

use uuid::Uuid;

use super::EraseError;
use crate::db::{TenantTx, Tx};

/// The session, locked against everything.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) coach_id: Uuid,
    pub(super) title: String,
    pub(super) object_key: String,
    pub(super) is_rejected: bool,
    pub(super) correlation_id: Uuid,
}

/// Locks the session so that nothing new can refer to it.
pub(super) async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<Session>, sqlx::Error> {
    sqlx::query_as!(
        Session,
        r#"select coach_id, title, object_key, state = 'rejected' as "is_rejected!", correlation_id
           from sessions where id = $1 for update"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await
}

/// What is known of a session by ids of its own.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) transcripts: Vec<File>,
    pub(super) summaries: Vec<Summary>,
}

/// A file of the session.
#[derive(Debug)]
pub(super) struct File {
    id: Uuid,
    pub(super) object_key: String,
    pub(super) stored_key: String,
    pub(super) is_rejected: bool,
}

/// A summary of the session.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) id: Uuid,
    pub(super) version: i32,
}

/// Reads and locks them.
pub(super) async fn of(tx: &mut TenantTx, session_id: Uuid) -> Result<Own, sqlx::Error> {
    let summaries = sqlx::query_as!(
        Summary,
        "select id, version from summaries where session_id = $1 order by id for update",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let transcripts = sqlx::query_as!(
        File,
        r#"select id, object_key, stored_key, rejected_reason is not null as "is_rejected!"
           from transcripts where session_id = $1 order by id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Own { transcripts, summaries })
}

/// Whether a correction that was made in this session is still on its way to others.
pub(super) async fn is_correcting(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from corrections
               join jobs on jobs.kind = 'attribute.correct' and jobs.state in ('due', 'running')
                 and jobs.args ->> 'correction_id' = corrections.id::text
               where session_id = $1 and applied_at is null) as "correcting!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Ends the session's jobs. One that is running has lost its lease with this: whatever it does is rolled back, and nobody
/// is told that it failed. Dead ones need nobody any more. Returns how many would have run.
pub(super) async fn end_jobs(tx: &mut TenantTx, session_id: Uuid, own: &Own) -> Result<usize, sqlx::Error> {
    let mut ids = vec![session_id.to_string()];
    ids.extend(own.transcripts.iter().map(|file| file.id.to_string()));
    ids.extend(own.summaries.iter().map(|summary| summary.id.to_string()));
    let others = sqlx::query_scalar!(
        r#"select id::text as "id!" from mails where session_id = $1
           union all select id::text from corrections where session_id = $1
           union all select refinements.id::text from refinements
                     join summaries on summaries.id = summary_id where session_id = $1"#,
        session_id
    );
    ids.extend(others.fetch_all(tx.conn()).await?);
    let ended = sqlx::query_scalar!(
        r#"update jobs set state = 'cancelled', fence = fence + 1, finished_at = now(), leased_until = null,
               leased_by = null, tell_at = null
           from (select id, state from jobs
                 where state in ('due', 'running', 'dead')
                   and array[args ->> 'session_id', args ->> 'transcript_id', args ->> 'summary_id', args ->> 'mail_id',
                             args ->> 'refinement_id', args ->> 'correction_id'] && $1
                 for update) before
           where jobs.id = before.id returning before.state <> 'dead' as "would_have_run!""#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ended.into_iter().filter(|would_have_run| *would_have_run).count())
}

/// Forgets answers that are kept for repeated requests and show something of the session.
pub(super) async fn forget_answers(tx: &mut TenantTx, session_id: Uuid, own: &Own) -> Result<(), sqlx::Error> {
    let ids: Vec<String> = [session_id]
        .into_iter()
        .chain(own.summaries.iter().map(|summary| summary.id))
        .map(|id| id.to_string())
        .collect();
    sqlx::query!(
        "delete from idempotency_keys
         where exists (select from unnest($1::text[]) as named (id) where position(convert_to(id, 'UTF8') in body) > 0)",
        &ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes the session and everything that refers to it, in one statement: references are looked at when it is over, so no
/// order matters. The costs of language models stay, of no session. Returns how many links and utterances there were.
pub(super) async fn delete(tx: &mut TenantTx, session_id: Uuid) -> Result<(usize, usize), EraseError> {
    let gone = sqlx::query!(
        r#"with its_summaries as (select id from summaries where session_id = $1),
             its_claims as (select id from claims where summary_id in (select id from its_summaries)),
             its_links as (select id from review_links where session_id = $1),
             a as (delete from threads where claim_id in (select id from its_claims)),
             ba as (delete from action_item_states where summary_id in (select id from its_summaries)),
             bb as (update goals set summary_id = null, lasting_id = null where summary_id in (select id from its_summaries)),
             b as (delete from action_items where claim_id in (select id from its_claims)),
             c as (delete from evidence where claim_id in (select id from its_claims)),
             d as (delete from claims where summary_id in (select id from its_summaries)),
             e as (delete from refinements where summary_id in (select id from its_summaries)),
             f as (delete from voice_examples where summary_id in (select id from its_summaries)),
             g as (delete from summary_versions where summary_id in (select id from its_summaries)),
             h as (delete from misdeliveries where session_id = $1),
             i as (delete from summaries where session_id = $1),
             j as (delete from chunks where session_id = $1),
             k as (delete from attributions where session_id = $1),
             l as (delete from participants where session_id = $1),
             m as (delete from session_attendees where session_id = $1),
             n as (delete from chat_messages where session_id = $1),
             o as (delete from danger_signs where session_id = $1),
             p as (delete from utterances where session_id = $1 returning 1),
             q as (delete from transcripts where session_id = $1),
             r as (delete from corrections where session_id = $1),
             s as (delete from review_visits where link_id in (select id from its_links)),
             t as (delete from review_links where session_id = $1),
             u as (delete from inbox_notices where session_id = $1),
             v as (delete from llm_results where session_id = $1),
             w as (update llm_calls set session_id = null where session_id = $1),
             x as (delete from sessions where id = $1)
           select (select count(*) from its_links) as "links!", (select count(*) from p) as "utterances!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((usize::try_from(gone.links).unwrap_or_default(), usize::try_from(gone.utterances).unwrap_or_default()))
}
