//! The rows of a session. Whoever adds a table that hangs on a session adds it to [`delete`]: `tests/db/erased.rs` fills
//! every table and finds what is left.

use std::time::Duration;

use uuid::Uuid;

use super::EraseError;
use crate::{
    db::{TenantTx, Tx},
    ingest::RejectTranscript,
    queue::JobArgs,
};

/// How long the bucket may take to answer what was asked before an attempt was cancelled.
const ANSWER: Duration = Duration::from_secs(60);

/// The session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) coach_id: Uuid,
    pub(super) title: String,
    pub(super) object_key: String,
    pub(super) correlation_id: Uuid,
}

/// Locks the session so that nothing new can refer to it, and the `later` ones that tell of it: first the sessions, then
/// their summaries, each by id as everywhere; at last its claims, so that no other summary begins to tell of one.
pub(super) async fn lock(tx: &mut TenantTx, session_id: Uuid, later: &[Uuid]) -> Result<Option<Session>, sqlx::Error> {
    let all: Vec<Uuid> = later.iter().copied().chain([session_id]).collect();
    sqlx::query!("select id from sessions where id = any($1) order by id for update", &all)
        .fetch_all(tx.conn())
        .await?;
    sqlx::query!("select id from summaries where session_id = any($1) order by id for update", &all)
        .fetch_all(tx.conn())
        .await?;
    sqlx::query!(
        "select id from claims where summary_id in (select id from summaries where session_id = $1) order by id for update",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query_as!(
        Session,
        "select coach_id, title, object_key, correlation_id from sessions where id = $1",
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
}

/// A summary of the session.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) id: Uuid,
    pub(super) version: i32,
}

/// Reads them.
pub(super) async fn of(tx: &mut TenantTx, session_id: Uuid) -> Result<Own, sqlx::Error> {
    let summaries =
        sqlx::query_as!(Summary, "select id, version from summaries where session_id = $1 order by id", session_id)
            .fetch_all(tx.conn())
            .await?;
    let transcripts = sqlx::query_as!(
        File,
        "select id, object_key, stored_key from transcripts where session_id = $1 order by id",
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

/// The jobs that ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// How many would have run.
    pub(super) would_have_run: usize,
    /// For how long one of them may still write to the bucket, if its worker hasn't noticed yet.
    pub(super) write_for: Duration,
}

/// Ends the session's jobs. One that is running has lost its lease with this: whatever it does is rolled back, and nobody
/// is told that it failed. Dead ones need nobody any more.
pub(super) async fn end_jobs(tx: &mut TenantTx, session_id: Uuid, own: &Own) -> Result<Ended, sqlx::Error> {
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
    let ended = sqlx::query!(
        r#"update jobs set state = 'cancelled', fence = fence + 1, finished_at = now(), leased_until = null,
               leased_by = null, tell_at = null
           from (select id, state from jobs
                 where state in ('due', 'running', 'dead')
                   and array[args ->> 'session_id', args ->> 'transcript_id', args ->> 'summary_id', args ->> 'mail_id',
                             args ->> 'refinement_id', args ->> 'correction_id'] && $1
                 for update) before
           where jobs.id = before.id returning kind, before.state <> 'dead' as "would_have_run!",
               before.state = 'running' as "was_running!""#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    // It puts a refused file beside the others that were refused, before it is asked for its lease.
    let writes = ended.iter().any(|job| job.was_running && job.kind == RejectTranscript::KIND);
    let write_for = if writes { RejectTranscript::POLICY.timeout + ANSWER } else { Duration::ZERO };
    Ok(Ended { would_have_run: ended.iter().filter(|job| job.would_have_run).count(), write_for })
}

/// Forgets answers that are kept for repeated requests and name one of these: they show something of it.
pub(super) async fn forget_answers(tx: &mut TenantTx, named: &[Uuid]) -> Result<(), sqlx::Error> {
    let ids: Vec<String> = named.iter().map(Uuid::to_string).collect();
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
             gone_threads as (delete from threads where claim_id in (select id from its_claims)),
             gone_action_item_states as (delete from action_item_states where summary_id in (select id from its_summaries)),
             freed_goals as (update goals set summary_id = null, lasting_id = null where summary_id in (select id from its_summaries)),
             gone_action_items as (delete from action_items where claim_id in (select id from its_claims)),
             gone_evidence as (delete from evidence where claim_id in (select id from its_claims)),
             gone_claims as (delete from claims where summary_id in (select id from its_summaries)),
             gone_refinements as (delete from refinements where summary_id in (select id from its_summaries)),
             gone_voice_examples as (delete from voice_examples where summary_id in (select id from its_summaries)),
             gone_summary_versions as (delete from summary_versions where summary_id in (select id from its_summaries)),
             gone_misdeliveries as (delete from misdeliveries where session_id = $1),
             gone_summaries as (delete from summaries where session_id = $1),
             gone_chunks as (delete from chunks where session_id = $1),
             gone_attributions as (delete from attributions where session_id = $1),
             gone_participants as (delete from participants where session_id = $1),
             gone_session_attendees as (delete from session_attendees where session_id = $1),
             gone_chat_messages as (delete from chat_messages where session_id = $1),
             gone_danger_signs as (delete from danger_signs where session_id = $1),
             gone_utterances as (delete from utterances where session_id = $1 returning 1),
             gone_transcripts as (delete from transcripts where session_id = $1),
             gone_corrections as (delete from corrections where session_id = $1),
             gone_review_visits as (delete from review_visits where link_id in (select id from its_links)),
             gone_review_links as (delete from review_links where session_id = $1),
             gone_inbox_notices as (delete from inbox_notices where session_id = $1),
             gone_llm_results as (delete from llm_results where session_id = $1),
             freed_llm_calls as (update llm_calls set session_id = null where session_id = $1),
             gone_sessions as (delete from sessions where id = $1)
           select (select count(*) from its_links) as "links!", (select count(*) from gone_utterances) as "utterances!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((usize::try_from(gone.links).unwrap_or_default(), usize::try_from(gone.utterances).unwrap_or_default()))
}
