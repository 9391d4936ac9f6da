//! Gathers what is known about files that are considered together: their contents and the existing sessions.
//!
//! Reads the objects and our copies; writes our copies (named by their hash, so that a rerun writes the same).

use std::time::Instant;

use debrief_transcript::companion::{self, Companion};
use uuid::Uuid;

use super::{
    Needs,
    ledger::{Coach, ObjectOutcome},
    plan::{Candidate, Content, File},
    reject, take,
};
use crate::{
    bucket::{BucketError, ObjectInfo},
    db::{TenantTx, Tx},
    meeting::{
        self, Place,
        key::{self, InboxKey, TranscriptKey},
        likeness::{self, Facts},
    },
    queue::{Context, JobError, blocking},
};

/// A file of the inbox.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) object: ObjectInfo,
    pub(super) key: TranscriptKey,
    /// It has waited for its transcript for the maximum time.
    pub(super) overdue: bool,
    /// Its folder is so full that it is compared with nothing.
    pub(super) alone: bool,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) sha256: String,
    pub(super) stored_key: String,
    /// When our copy began to be written.
    pub(super) copied_at: Instant,
    /// As stored in `transcripts.role`.
    pub(super) role: &'static str,
    pub(super) candidate: Candidate,
}

/// The result of reading a file.
#[derive(Debug)]
pub(super) enum Gathered {
    Copied(Box<Copied>),
    /// It changed since the listing: the next scan sees its new content.
    Changed,
    /// It is settled: it need not be read.
    Settled(ObjectOutcome),
}

/// Reads a file and writes our own copy. Examines its content if it is to be `compared`.
pub(super) async fn read(
    ctx: &Context<Needs>,
    member: &Member,
    coach: Coach,
    compared: bool,
) -> Result<Gathered, JobError> {
    let Member { object, key, .. } = member;
    if object.size == 0 {
        return Ok(Gathered::Settled(reject::file(ctx, object, coach, &reject::EMPTY, Some(key)).await?));
    }
    if object.size > ctx.settings.max_bytes {
        let why = reject::too_large(ctx.settings.max_bytes);
        return Ok(Gathered::Settled(reject::file(ctx, object, coach, &why, Some(key)).await?));
    }
    let content = match ctx.bucket.get_listed(object).await {
        // It became a link since the listing: the next scan reports that.
        Err(BucketError::Changed | BucketError::NotFound | BucketError::Link) => return Ok(Gathered::Changed),
        content => content?,
    };
    let sha256 = take::sha256_hex(&content);
    let stored_key = format!("transcripts/{}/{sha256}", coach.organization);
    let copied_at = Instant::now();
    ctx.bucket.put(&stored_key, content.clone()).await?;
    let file = key.file.clone();
    let (role, content) = blocking(move || match companion::read(&content, &file) {
        Some(companion) => {
            let is_list = matches!(companion, Companion::Participants(_));
            (if is_list { "participants" } else { "chat" }, Content::Companion { names: names(&companion), is_list })
        }
        None => ("speech", Content::Speech(compared.then(|| facts(&content)).flatten())),
    })
    .await?;
    let candidate = Candidate { key: key.clone(), content };
    Ok(Gathered::Copied(Box::new(Copied { sha256, stored_key, copied_at, role, candidate })))
}

fn facts(content: &[u8]) -> Option<Facts> {
    debrief_transcript::parse(content).ok().map(|transcript| Facts::of(&transcript))
}

/// All names in a companion, normalized.
fn names(companion: &Companion) -> std::collections::BTreeSet<String> {
    let attendees = companion.attendees();
    let written = attendees.iter().flat_map(|one| one.name.iter().chain(&one.other_names));
    written.map(|name| likeness::fold(name)).filter(|name| !name.is_empty()).collect()
}

/// A file of an existing session in the same folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionFile {
    pub(super) session_id: Uuid,
    pub(super) object_key: String,
    transcript_id: Uuid,
    stored_key: String,
    /// Its words may show what belongs to it.
    tells: bool,
}

/// At most this many files of one folder are compared; a folder with more isn't one meeting or one day.
pub(super) const MOST: usize = 200;

/// The files of the coach's sessions that may be of the same meeting as `member`, oldest first.
pub(super) async fn session_files(
    tx: &mut TenantTx,
    coach: Coach,
    member: &Member,
) -> Result<Vec<SessionFile>, sqlx::Error> {
    let folder = member.object.key.rsplit_once('/').map_or("", |(folder, _)| folder);
    let shared = member.alone || meeting::place(&member.key) == Place::Shared;
    let stem = meeting::named(&member.key.file).stem.filter(|_| !member.alone);
    let most = if member.alone { MOST } else { MOST + 1 };
    sqlx::query_as!(
        SessionFile,
        r#"select session_id, transcripts.object_key, transcripts.id as transcript_id, stored_key,
                  role = 'speech' and rejected_reason is null as "tells!"
           from transcripts join sessions on sessions.id = session_id
           where coach_id = $1 and folder = $2 and (not $3 or stem = $4 or transcripts.object_key = $5)
           order by received_at, transcripts.id limit $6"#,
        coach.id,
        folder,
        shared,
        stem,
        member.object.key,
        i64::try_from(most).unwrap_or(i64::MAX)
    )
    .fetch_all(tx.conn())
    .await
}

/// The sessions of these files, each with those of its files that show what belongs to it. A file that came again (its
/// key is in `again`) isn't used: its new content counts.
pub(super) async fn sessions(
    ctx: &Context<Needs>,
    session_files: &[SessionFile],
    again: &[&str],
) -> Result<Vec<(Uuid, Vec<File>)>, JobError> {
    let mut sessions: Vec<(Uuid, Vec<File>)> = Vec::new();
    for file in session_files {
        let at = sessions.iter().position(|(id, _)| *id == file.session_id).unwrap_or_else(|| {
            sessions.push((file.session_id, Vec::new()));
            sessions.len() - 1
        });
        let InboxKey::Transcript(key) = key::read(&file.object_key) else { continue };
        if !file.tells || again.contains(&file.object_key.as_str()) {
            continue;
        }
        let content = match ctx.bucket.get(&file.stored_key).await {
            Err(BucketError::NotFound) => continue,
            content => content?,
        };
        if let Some(facts) = blocking(move || facts(&content)).await? {
            sessions[at].1.push((key, facts));
        }
    }
    Ok(sessions)
}
