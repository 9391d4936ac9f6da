//! Deletes a session for good: what was said, what was written of it, and what it has in the bucket.
//!
//! ```text
//! rows      the session's own rows
//! letters   its emails: what is held is stopped; of each, only the record that it existed stays
//! later     what later sessions quote of it
//! ```
//!
//! All of it happens in the caller's transaction, under the locks of the session and of the later ones; the objects in the bucket are removed by a job
//! after that ([`crate::removal`]). Jobs of the session end: one that is running has lost its lease, so it changes nothing
//! and nobody is told of it. What stays is ids: in the audit, in the ledgers of emails and of language models' costs, and
//! in the inbox's ledger, so that the file that still lies there isn't read again.

mod later;
mod letters;
mod rows;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{self, EventKind, Visitor},
    db::TenantTx,
    ingest,
    queue::enqueue,
    removal,
    summarize::{self, LookAgain},
    webhook::{self, Event},
};

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// The session.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its files.
    pub transcripts: usize,
    /// Its utterances.
    pub utterances: usize,
    /// Its summaries.
    pub summaries: usize,
    /// Emails that were held or waiting and won't be sent.
    pub emails_stopped: usize,
    /// Emails of which only the fact stays.
    pub emails_kept: usize,
    /// Review links that end.
    pub links: usize,
    /// Jobs that end.
    pub jobs: usize,
    /// Later summaries that quoted it.
    pub later_summaries: usize,
}

/// Why a session can't be deleted, in words for people.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// A letter is between the mail server's greeting and its answer.
    #[error("a letter of this session is being sent at this moment: try again in a minute")]
    Sending,
    /// A correction that was made in it is still being applied to other sessions.
    #[error("a correction of a speaker is still being applied to other sessions: try again in a minute")]
    Correcting,
    /// A summary that quotes it came in between.
    #[error("a later summary that quotes this session was written at this moment: try again")]
    Overtaken,
    /// The query failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Deletes a session with everything that hangs on it. To see what would happen, drop the transaction.
///
/// # Errors
/// [`EraseError::NoSession`], [`EraseError::Sending`], [`EraseError::Correcting`] or [`EraseError::Overtaken`]; then nothing
/// has happened.
pub async fn session(tx: &mut TenantTx, session_id: Uuid, visitor: &Visitor) -> Result<Erased, EraseError> {
    let told: Vec<Uuid> = later::told(tx, session_id).await?.iter().map(|told| told.session_id).collect();
    let session = rows::lock(tx, session_id, &told).await?.ok_or(EraseError::NoSession)?;
    // Nothing more can be told of its promises now; what was told meanwhile, is in a session that isn't locked.
    let (locked, told) = (told, later::told(tx, session_id).await?);
    if told.iter().any(|told| !locked.contains(&told.session_id)) {
        return Err(EraseError::Overtaken);
    }
    let own = rows::of(tx, session_id).await?;
    letters::hold(tx, session_id).await?;
    if rows::is_correcting(tx, session_id).await? {
        return Err(EraseError::Correcting);
    }
    webhook::emit(tx, &Event::session_deleted(session_id)).await?;
    let mut next = Vec::new();
    for summary in &own.summaries {
        let later = summarize::next_in_review(tx, summary.id).await?;
        next.extend(later.map(|later| LookAgain {
            summary_id: later,
            after: summary.id,
            version: summary.version,
            settling: None,
        }));
    }
    let jobs = rows::end_jobs(tx, session_id, &own).await?;
    let (emails_stopped, emails_kept) = letters::erase(tx, session_id).await?;
    let later_summaries = later::forget(tx, &told).await?;
    let shown = own.summaries.iter().map(|summary| summary.id).chain(later_summaries.iter().copied());
    rows::forget_answers(tx, &shown.chain([session_id]).collect::<Vec<_>>()).await?;
    let files: Vec<&str> = own.transcripts.iter().map(|file| file.object_key.as_str()).collect();
    ingest::forget_duplicates(tx, session.coach_id, &files).await?;
    let (links, utterances) = rows::delete(tx, session_id).await?;
    removal::add(tx, session.coach_id, session_id, &objects(&session, &own), jobs.write_for, session.correlation_id)
        .await?;
    // What it had settled is open again for the sessions after it.
    for job in next {
        enqueue(tx, &job, session.correlation_id).await?;
    }
    let erased = Erased {
        session_id,
        title: session.title,
        transcripts: own.transcripts.len(),
        utterances,
        summaries: own.summaries.len(),
        emails_stopped,
        emails_kept,
        links,
        jobs: jobs.would_have_run,
        later_summaries: later_summaries.len(),
    };
    let detail = json!({
        "transcripts": erased.transcripts, "summaries": erased.summaries, "emails_stopped": erased.emails_stopped,
        "later_summaries": erased.later_summaries,
    });
    audit::record(tx, &audit::Event { detail, ..audit::Event::of(session_id, EventKind::SessionDeleted) }, visitor)
        .await?;
    Ok(erased)
}

/// What the session may have in the bucket besides the file in the inbox, which is the coach's own. A file may have been
/// refused and come again, so each may have been put beside the rejected ones; what isn't there counts as removed.
fn objects(session: &rows::Session, own: &rows::Own) -> Vec<String> {
    let copies = own.transcripts.iter().map(|file| file.stored_key.clone());
    let files = own.transcripts.iter().map(|file| file.object_key.as_str()).chain([session.object_key.as_str()]);
    copies.chain(files.flat_map(ingest::rejection)).collect()
}
