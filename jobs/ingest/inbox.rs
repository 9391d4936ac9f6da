//! What lies in the inbox and what became of each file: for the operator. Only reads.
//!
//! The listing of the bucket says what lies there, the ledger what a scan made of it, and the sessions how it went on:
//! what was taken may still be refused when it is parsed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{is_folder, list, unusable};
use crate::{
    bucket::{Bucket, BucketError, Listing, ObjectInfo, Unusable},
    db::{Db, SystemTx, TenantTx, Tx},
    meeting::key,
    model::SessionStatus,
};

/// The inbox cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The bucket does not answer.
    #[error("{0}")]
    Bucket(#[from] BucketError),
    /// The database does not answer.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOutcome {
    /// No look at the inbox has seen it as it is.
    New,
    /// It was seen, and may still be written: the next look takes it when it is the same.
    Seen,
    /// It waits for the transcript of its meeting.
    Waiting,
    /// It is part of a session.
    Read,
    /// It was refused, for a reason.
    Rejected,
    /// Its content is there as a transcript already.
    Duplicate,
    /// A roster that is in force, perhaps not all of it.
    Applied,
    /// It is left alone: in nobody's folder, hidden, or not finished.
    Ignored,
    /// It can never be read as it is: no file, closed, or under a name or in a place where nothing can be taken.
    Unreadable,
}

impl FileOutcome {
    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Seen => "seen",
            Self::Waiting => "waiting",
            Self::Read => "read",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A file of the inbox.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    /// Its key in the bucket.
    pub object_key: String,
    /// What became of it.
    pub outcome: FileOutcome,
    /// Why, in words for people.
    pub reason: Option<String>,
    /// The session that it is of.
    pub session_id: Option<Uuid>,
    /// Where that session stands.
    pub session_state: Option<SessionStatus>,
    /// Its size; none of a file that lies there no more.
    pub size_bytes: Option<u64>,
    /// When it was written; of a file that lies there no more, when it was first seen.
    pub at: DateTime<Utc>,
    /// Whether it lies there, as it was.
    pub is_there: bool,
}

impl File {
    /// Whether it is in no session, or something is to be said of it.
    #[must_use]
    pub fn is_left(&self) -> bool {
        match self.outcome {
            FileOutcome::Read => false,
            FileOutcome::Applied => self.reason.is_some(),
            _ => true,
        }
    }
}

/// What the ledger and the sessions know of an object.
struct LedgerEntry {
    object_key: String,
    etag: String,
    outcome: String,
    reason: Option<String>,
    first_seen_at: DateTime<Utc>,
    session_id: Option<Uuid>,
    session_state: Option<SessionStatus>,
    rejected_reason: Option<String>,
    unused_reason: Option<String>,
}

/// Every file of the inbox, the newest first; with `gone` also what was there once and is not any more, as it was. Names of
/// files of all coaches: for the operator.
///
/// # Errors
/// When the bucket or the database does not answer.
pub async fn inbox(db: &Db, bucket: &Bucket, gone: bool) -> Result<Vec<File>, InboxError> {
    let Listing { mut objects, unusable } = list(db, bucket).await?;
    objects.retain(|object| !is_folder(object));
    let rows: Vec<ObjectInfo> = unusable.iter().map(|it| unusable::row(&it.object)).collect();
    let mut known = of_nobody(&mut db.system().await?, bucket.name()).await?;
    for organization in db.organizations().await? {
        known.extend(of_tenant(&mut db.tenant(organization).await?, bucket.name()).await?);
    }
    let all = objects.iter().chain(unusable.iter().map(|it| &it.object)).chain(&rows);
    let lying: HashSet<(&str, &str)> = all.map(|object| (object.key.as_str(), object.etag.as_str())).collect();
    let mut files: Vec<File> = Vec::with_capacity(objects.len());
    if gone {
        let gone = known.iter().filter(|known| !lying.contains(&(known.object_key.as_str(), known.etag.as_str())));
        files.extend(gone.map(|known| file(&known.object_key, None, known.first_seen_at, Some(known))));
    }
    let known: HashMap<(&str, &str), &LedgerEntry> =
        known.iter().map(|known| ((known.object_key.as_str(), known.etag.as_str()), known)).collect();
    files.extend(objects.iter().map(|object| {
        let known = known.get(&(object.key.as_str(), object.etag.as_str())).copied();
        file(&object.key, Some(object.size), object.modified, known)
    }));
    files.extend(unusable.iter().map(|it| {
        let known = known.get(&(it.object.key.as_str(), it.object.etag.as_str())).copied();
        unreadable(it, known)
    }));
    files.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.object_key.cmp(&other.object_key)));
    Ok(files)
}

/// What no organization is known of: objects that are not settled, or in nobody's folder.
async fn of_nobody(tx: &mut SystemTx, bucket: &str) -> Result<Vec<LedgerEntry>, sqlx::Error> {
    sqlx::query_as!(
        LedgerEntry,
        r#"select object_key, etag, outcome, reason, first_seen_at, null::uuid as session_id,
                  null::text as "session_state?: SessionStatus", null::text as rejected_reason, null::text as unused_reason
           from bucket_objects where bucket = $1 and organization_id is null"#,
        bucket
    )
    .fetch_all(tx.conn())
    .await
}

async fn of_tenant(tx: &mut TenantTx, bucket: &str) -> Result<Vec<LedgerEntry>, sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query_as!(
        LedgerEntry,
        r#"select ledger.object_key as "object_key!", ledger.etag as "etag!", ledger.outcome as "outcome!",
                  ledger.reason as "reason?", ledger.first_seen_at as "first_seen_at!",
                  coalesce(sessions.id, refused.id) as "session_id?",
                  coalesce(state_for_people(sessions.id, sessions.state), refused.state) as "session_state?: SessionStatus",
                  transcripts.rejected_reason as "rejected_reason?", transcripts.unused_reason as "unused_reason?"
           from bucket_objects ledger
           left join transcripts
             on transcripts.object_key = ledger.object_key and transcripts.etag = ledger.etag
           left join sessions on sessions.id = transcripts.session_id
           -- What was not even read shows as a session that was rejected.
           left join sessions refused
             on transcripts.id is null and ledger.outcome = 'rejected' and refused.object_key = ledger.object_key
             and refused.state = 'rejected'
           where ledger.bucket = $1 and ledger.organization_id = $2"#,
        bucket,
        organization
    )
    .fetch_all(tx.conn())
    .await
}

fn file(object_key: &str, size_bytes: Option<u64>, at: DateTime<Utc>, known: Option<&LedgerEntry>) -> File {
    let (outcome, reason) = fate(object_key, known);
    File {
        object_key: object_key.to_owned(),
        outcome,
        reason,
        session_id: known.and_then(|known| known.session_id),
        session_state: known.and_then(|known| known.session_state),
        size_bytes,
        at,
        is_there: size_bytes.is_some(),
    }
}

/// What lies there and cannot be read. What was settled while it could be read stays what it was.
fn unreadable(unusable: &Unusable, known: Option<&LedgerEntry>) -> File {
    let object = &unusable.object;
    let known = known.filter(|known| !["seen", "waiting"].contains(&known.outcome.as_str()));
    let file = file(&object.key, Some(object.size), object.modified, known);
    match (known, unusable::ignored(unusable)) {
        (Some(_), _) => file,
        (None, Some(why)) => File { outcome: FileOutcome::Ignored, reason: Some(why.to_owned()), ..file },
        (None, None) => File { outcome: FileOutcome::Unreadable, reason: Some(unusable::why(unusable).says()), ..file },
    }
}

fn fate(object_key: &str, known: Option<&LedgerEntry>) -> (FileOutcome, Option<String>) {
    if let Some(why) = key::ignored(object_key) {
        return (FileOutcome::Ignored, Some(why.to_owned()));
    }
    let Some(known) = known else {
        return (
            FileOutcome::New,
            Some("not scanned yet; `debrief up` or `debrief work` scans every five seconds".to_owned()),
        );
    };
    if let Some(why) = &known.rejected_reason {
        return (FileOutcome::Rejected, Some(why.clone()));
    }
    let fate = match known.outcome.as_str() {
        "seen" => {
            let why = "it may still be uploading; the next scan reads it if it hasn’t changed";
            return (FileOutcome::Seen, Some(why.to_owned()));
        }
        "waiting" => FileOutcome::Waiting,
        "taken" => return (FileOutcome::Read, known.unused_reason.clone()),
        "duplicate" => FileOutcome::Duplicate,
        "applied" => FileOutcome::Applied,
        _ => FileOutcome::Rejected,
    };
    (fate, known.reason.clone())
}
