//! Rejections: puts the reason where the coach finds it, in the bucket and by email.
//!
//! Writes `rejected/{key}` (a copy, if there is one) and `rejected/{key}.reason.json`, the session's state and the
//! notice for the coach's email. A rerun writes the same files, and each file is noticed once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Needs,
    ledger::{self, Coach, ObjectOutcome},
    notices::{self, Kind, Notice},
    plan,
    session::receive_session,
    take,
};
use crate::{
    bucket::{BucketError, ObjectInfo},
    clean,
    db::{TenantTx, Tx},
    mail::{self, Message, NewMail, Recipient, RosterProblems, Trouble},
    meeting::key::{INBOX, TranscriptKey},
    path::{self, SessionState, session},
    people::{Applied, roster::RosterError},
    queue::{Context, Finished, Job, JobArgs, JobError, enqueue},
    removal,
};

/// Why an object is rejected, in words for the coach.
#[derive(Clone, Debug)]
pub(super) struct RejectReason {
    pub(super) reason: String,
    pub(super) what_to_do: String,
}

impl RejectReason {
    /// Both in one string.
    pub(super) fn says(&self) -> String {
        format!("{} {}", self.reason, self.what_to_do)
    }
}

/// The file next to a rejected one.
#[derive(Debug, Serialize)]
struct ReasonFile<'a> {
    key: &'a str,
    reason: &'a str,
    what_to_do: &'a str,
    at: DateTime<Utc>,
}

pub(super) const EXPORT_AGAIN: &str = "Export the transcript from your meeting tool again (VTT, SRT, Word, JSON, or \
                                       plain text with names; we read the exports of most meeting and transcription \
                                       tools) and upload it under the same name. It then replaces this one.";

pub(super) const LATE: &str = "The session stays as it is. To have this transcript summarised as well, put it in a folder of \
                               its own inside your inbox folder, such as “2026-11-03 Second transcript”: it becomes a \
                               session of its own.";

pub(super) static EMPTY: std::sync::LazyLock<RejectReason> = std::sync::LazyLock::new(|| RejectReason {
    reason: "The file is empty.".to_owned(),
    what_to_do: EXPORT_AGAIN.to_owned(),
});

pub(super) fn too_large(max_bytes: u64) -> RejectReason {
    let limit = if max_bytes >= 1 << 20 { format!("{} MiB", max_bytes >> 20) } else { format!("{max_bytes} bytes") };
    RejectReason {
        reason: format!("The file is larger than {limit}, which is more than any transcript needs."),
        what_to_do: "Upload the transcript (VTT, SRT, Word, JSON or plain text), not the recording, or split the file."
            .to_owned(),
    }
}

pub(super) fn no_roster(error: &RosterError) -> RejectReason {
    RejectReason {
        reason: format!("We couldn’t read the roster: {error}."),
        what_to_do:
            "Save it as CSV with the columns name, email, aliases, tags, or export it from your contacts, then \
                     upload it again."
                .to_owned(),
    }
}

pub(super) fn some_lines(reason: String) -> RejectReason {
    RejectReason {
        reason,
        what_to_do: "The other lines were imported. Correct these and upload the roster again.".to_owned(),
    }
}

/// Rejects an object in a folder without a coach: there is no tenant and nobody to email, so the reason file says it.
pub(super) async fn unknown_coach(ctx: &Context<Needs>, object: &ObjectInfo) -> Result<ObjectOutcome, JobError> {
    let why = RejectReason {
        reason: "No coach has this folder’s name as a handle.".to_owned(),
        what_to_do: "Move the file into a coach’s folder, or add the coach (`debrief coach add`): the files in the \
                     folder are then read."
            .to_owned(),
    };
    put_reason(ctx, &object.key, &why, object.modified).await?;
    let mut tx = ctx.system_tx().await?;
    ledger::settle(&mut tx, ctx.bucket.name(), object, ObjectOutcome::Rejected, Some(&why.reason)).await?;
    tx.commit().await?;
    tracing::warn!(target: "ingest", "an object in the folder of an unknown coach was rejected");
    Ok(ObjectOutcome::Rejected)
}

/// Rejects an object in a coach's folder. With a `key`, it shows as a rejected session, unless a session came under this
/// key before: then that one stays as it is.
pub(super) async fn file(
    ctx: &Context<Needs>,
    object: &ObjectInfo,
    coach: Coach,
    why: &RejectReason,
    key: Option<&TranscriptKey>,
) -> Result<ObjectOutcome, JobError> {
    let mut tx = ctx.db.tenant(coach.organization).await?;
    removal::spare(&mut tx, &rejection(&object.key)).await?;
    tx.commit().await?;
    put_reason(ctx, &object.key, why, object.modified).await?;
    let mut tx = ctx.db.tenant(coach.organization).await?;
    if !ledger::settle(&mut tx, ctx.bucket.name(), object, ObjectOutcome::Rejected, Some(&why.reason)).await? {
        return Ok(ObjectOutcome::Seen);
    }
    let session = match key {
        Some(key) => Some(receive_session(&mut tx, object, key, &key.title(), coach, Some(&why.reason)).await?.0),
        None => None,
    };
    notice(&mut tx, coach, session, object, why).await?;
    tx.commit().await?;
    Ok(ObjectOutcome::Rejected)
}

/// Tells the coach what part of a roster was not applied or may be wrong: once per version of the file.
pub(super) async fn tell_of_roster(
    ctx: &Context<Needs>,
    tx: &mut TenantTx,
    object: &ObjectInfo,
    coach: Coach,
    applied: &Applied,
    names: Vec<String>,
) -> Result<(), JobError> {
    let to = sqlx::query_as!(Recipient, "select name, email from coaches where id = $1", coach.id)
        .fetch_one(tx.conn())
        .await?;
    // Where letters go comes first: a long list of problems mustn't push it out.
    let said = || applied.changes.iter().chain(&applied.problems);
    let message = Message::RosterProblems(RosterProblems {
        coach: to.name.clone(),
        file: object.key.rsplit('/').next().unwrap_or_default().to_owned(),
        taken: applied.added + applied.updated,
        problems: said().take(RosterProblems::MOST).cloned().collect(),
        more: said().count().saturating_sub(RosterProblems::MOST),
        names,
    });
    let mail = NewMail {
        message,
        to,
        reply_to: None,
        subject_id: subject_of(&format!("{}\n{}", object.key, object.etag), coach),
        version: 1,
        session_id: None,
        coach_id: Some(coach.id),
        client_id: None,
        due_at: None,
        correlation_id: ctx.job.correlation_id,
    };
    match mail::queue_mail(tx, &ctx.post, mail).await {
        // An invalid address must not keep the roster from being applied; the inbox shows the problems too.
        Err(mail::MailError::Recipient) => {
            tracing::error!(target: "ingest", { coach.id = %coach.id }, "a coach cannot be told of a roster");
            Ok(())
        }
        queued => Ok(queued.map(|_| ())?),
    }
}

/// Identifies a file on the email ledger if there is no session: a hash of its identity.
fn subject_of(known_by: &str, coach: Coach) -> Uuid {
    let hash = take::sha256_hex(known_by.as_bytes());
    u128::from_str_radix(&hash[..32], 16).map(Uuid::from_u128).unwrap_or(coach.id)
}

/// Rejects the chat or participant list of a meeting whose transcript is missing or unclear.
pub(super) async fn alone(
    ctx: &Context<Needs>,
    object: &ObjectInfo,
    coach: Coach,
    is_chat: bool,
    because: plan::WaitReason,
) -> Result<ObjectOutcome, JobError> {
    let what = if is_chat { "the chat" } else { "the list of participants" };
    let why = RejectReason {
        reason: match because {
            plan::WaitReason::Alone => format!("This is {what} of a meeting whose transcript didn’t arrive."),
            unclear => format!("This is {what} of a meeting, but we couldn’t tell which one: {}.", unclear.says()),
        },
        what_to_do: "Put it and the transcript of its meeting in a folder of their own, such as 2026-11-03 Session 4, \
                     inside your inbox folder."
            .to_owned(),
    };
    file(ctx, object, coach, &why, None).await
}

/// Records that the coach must be told about a rejected object: once per version.
pub(super) async fn notice(
    tx: &mut TenantTx,
    coach: Coach,
    session_id: Option<Uuid>,
    object: &ObjectInfo,
    why: &RejectReason,
) -> Result<(), sqlx::Error> {
    let notice = Notice {
        coach_id: coach.id,
        session_id,
        about: notices::of_object(object),
        kind: Kind::Refused,
        object_key: &object.key,
        reason: &why.reason,
        what_to_do: &why.what_to_do,
        kept: false,
    };
    notices::add(tx, &notice).await
}

/// Rejects a file that is not a transcript: its session shows that, and a job brings the reason to the coach. For the
/// stage that found out; `reason` is a sentence for the coach, without words from the transcript.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn rejected(tx: &mut TenantTx, transcript_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let session_id = sqlx::query_scalar!(
        "update transcripts set rejected_reason = $2 where id = $1 returning session_id",
        transcript_id,
        clean::line(reason)
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(session_id) = session_id else { return Ok(()) };
    let Some(session) = session::lock(tx, session_id).await? else { return Ok(()) };
    path::advance(tx, &session, SessionState::Rejected).await?;
    enqueue(tx, &RejectTranscript { transcript_id }, session.correlation_id).await?;
    Ok(())
}

/// Rejects one transcript of a session that continues with its other words; a job brings the reason to the coach.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn rejected_beside(tx: &mut TenantTx, transcript_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("update transcripts set rejected_reason = $2 where id = $1", transcript_id, clean::line(reason))
        .execute(tx.conn())
        .await?;
    tell(tx, transcript_id).await
}

/// Marks a transcript that arrived when its session's words could no longer change, so it isn't used; a job tells the
/// coach.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn came_late(tx: &mut TenantTx, transcript_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("update transcripts set came_late = true where id = $1", transcript_id).execute(tx.conn()).await?;
    tell(tx, transcript_id).await
}

async fn tell(tx: &mut TenantTx, transcript_id: Uuid) -> Result<(), sqlx::Error> {
    let correlation_id = sqlx::query_scalar!(
        "select correlation_id from sessions join transcripts on session_id = sessions.id where transcripts.id = $1",
        transcript_id
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(correlation_id) = correlation_id {
        enqueue(tx, &RejectTranscript { transcript_id }, correlation_id).await?;
    }
    Ok(())
}

/// Puts a rejected transcript and its reason where the coach finds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RejectTranscript {
    /// The transcript.
    pub transcript_id: Uuid,
}

impl JobArgs for RejectTranscript {
    const KIND: &'static str = "ingest.reject";

    fn unique_key(&self) -> Option<String> {
        Some(self.transcript_id.to_string())
    }
}

impl Job for RejectTranscript {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let row = sqlx::query!(
            "select transcripts.object_key, stored_key, rejected_reason, received_at, session_id, coach_id, came_late
             from transcripts join sessions on sessions.id = session_id where transcripts.id = $1",
            self.transcript_id
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some((row, reason)) = row.and_then(|mut row| row.rejected_reason.take().map(|reason| (row, reason))) else {
            tracing::info!(
                target: "ingest",
                { transcript.id = %self.transcript_id },
                "no rejected transcript is there any more"
            );
            return ctx.finish(tx, ()).await;
        };
        removal::spare(&mut tx, &rejection(&row.object_key)).await?;
        tx.commit().await?;
        let kept = match ctx.bucket.get(&row.stored_key).await {
            Ok(content) => {
                ctx.bucket.put(&rejected_key(&row.object_key), content).await?;
                true
            }
            Err(BucketError::NotFound) => {
                tracing::warn!(
                    target: "ingest",
                    { transcript.id = %self.transcript_id },
                    "our copy is gone; only the reason is put beside the rejected files"
                );
                false
            }
            Err(error) => return Err(error.into()),
        };
        let what_to_do = if row.came_late { LATE } else { EXPORT_AGAIN };
        let why = RejectReason { reason, what_to_do: what_to_do.to_owned() };
        put_reason(ctx, &row.object_key, &why, row.received_at).await?;
        let mut tx = ctx.tenant_tx().await?;
        let notice = Notice {
            coach_id: row.coach_id,
            session_id: Some(row.session_id),
            about: format!("transcript {}", self.transcript_id),
            kind: if row.came_late { Kind::Late } else { Kind::Refused },
            object_key: &row.object_key,
            reason: &why.reason,
            what_to_do: &why.what_to_do,
            kept,
        };
        notices::add(&mut tx, &notice).await?;
        ctx.finish(tx, ()).await
    }

    async fn on_dead(&self, ctx: &Context<Needs>, error: &str) -> Result<(), JobError> {
        tracing::error!(
            target: "ingest",
            { transcript.id = %self.transcript_id, error },
            "the coach was not told of a rejected transcript"
        );
        let mut tx = ctx.tenant_tx().await?;
        let session = sqlx::query_scalar!("select session_id from transcripts where id = $1", self.transcript_id)
            .fetch_optional(tx.conn())
            .await?;
        if let Some(session) = session {
            let trouble = Trouble {
                subject_id: ctx.job.id,
                step: "read the transcript of this session",
                reason: "We couldn’t use the file, and we couldn’t save the note that says why next to it.",
                advice: EXPORT_AGAIN,
            };
            mail::stage_failed(&mut tx, &ctx.post, session, "ingest", trouble).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Puts the reason where the coach finds it. Repeating it changes nothing.
pub(super) async fn put_reason(
    ctx: &Context<Needs>,
    key: &str,
    why: &RejectReason,
    at: DateTime<Utc>,
) -> Result<(), JobError> {
    let file = ReasonFile { key, reason: &why.reason, what_to_do: &why.what_to_do, at };
    let json = serde_json::to_vec_pretty(&file)?;
    Ok(ctx.bucket.put(&format!("{}.reason.json", rejected_key(key)), json).await?)
}

/// Everything that a rejection of this object put into the bucket: the copy, if there is one, and the reason.
#[must_use]
pub fn rejection(key: &str) -> [String; 2] {
    let copy = rejected_key(key);
    [format!("{copy}.reason.json"), copy]
}

/// Where a rejected file is kept. The reason's extension must fit after its name, so a name at the file system's limit
/// is cut and kept unique by its hash.
fn rejected_key(key: &str) -> String {
    const LONGEST_NAME: usize = 230;
    let key = key.strip_prefix(INBOX).unwrap_or(key);
    let (folder, name) = key.rsplit_once('/').map_or((None, key), |(folder, name)| (Some(folder), name));
    let name = if name.len() > LONGEST_NAME {
        let begin = &name[..name.floor_char_boundary(LONGEST_NAME - 20)];
        format!("{begin}…{}", &take::sha256_hex(name.as_bytes())[..16])
    } else {
        name.to_owned()
    };
    folder.map_or_else(|| format!("rejected/{name}"), |folder| format!("rejected/{folder}/{name}"))
}
