//! For the operator: what is in the inbox and what became of each file. Only reads.
//!
//! The bucket's listing says what is there, the ledger what a scan made of it, and the sessions what happened next: an
//! accepted file may still be rejected by the parser.

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

/// The inbox can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The bucket can't be reached.
    #[error("{0}")]
    Bucket(#[from] BucketError),
    /// The database can't be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileOutcome {
    /// No scan has seen it in its present form.
    New,
    /// A scan saw it, but it may still be changing: it is taken if the next scan finds it unchanged.
    Seen,
    /// It waits for its meeting's transcript.
    Waiting,
    /// It is part of a session.
    Read,
    /// It was refused, for a reason.
    Rejected,
    /// A transcript already has its content.
    Duplicate,
    /// A roster in force, perhaps only partly.
    Applied,
    /// It is ignored: in no coach's folder, hidden, or unfinished.
    Ignored,
    /// It can never be read as it is: not a regular file, unreadable, or with a name or in a place that can't be used.
    Unreadable,
}

impl FileOutcome {
    /// The name as shown.
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
    /// Why, in plain words.
    pub reason: Option<String>,
    /// Its session.
    pub session_id: Option<Uuid>,
    /// That session's state.
    pub session_state: Option<SessionStatus>,
    /// Its size; `None` if it is no longer there.
    pub size_bytes: Option<u64>,
    /// When it was last written, or when it was first seen if it is no longer there.
    pub at: DateTime<Utc>,
    /// Whether it is still there unchanged.
    pub is_there: bool,
}

impl File {
    /// Whether it is in no session, or something must be said about it.
    #[must_use]
    pub fn is_left(&self) -> bool {
        match self.outcome {
            FileOutcome::Read => false,
            FileOutcome::Applied => self.reason.is_some(),
            _ => true,
        }
    }
}

/// What the ledger and the sessions know about an object.
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

/// Lists every file in the inbox, newest first; with `gone` also those that are no longer there. Contains file names of
/// all coaches: for the operator.
///
/// # Errors
/// Returns an error if the bucket or the database can't be reached.
pub async fn inbox(db: &Db, bucket: &Bucket, gone: bool) -> Result<Vec<File>, InboxError> {
    let Listing { mut objects, unusable } = list(db, bucket).await?;
    objects.retain(|object| !is_folder(object));
    let rows: Vec<ObjectInfo> = unusable.iter().map(|it| unusable::row(&it.object)).collect();
    let mut known = of_nobody(&mut db.system().await?, bucket.name()).await?;
    for organization in db.organizations().await? {
        known.extend(of_tenant(&mut db.tenant(organization).await?, bucket.name(), None).await?);
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

/// What belongs to no known organization: objects that aren't settled or are in no coach's folder.
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

/// What became of one file of a coach, in its latest form; `None` if no scan has settled it yet. A file that is still
/// uploading belongs to nobody.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn settled_file(tx: &mut TenantTx, bucket: &str, object_key: &str) -> Result<Option<File>, sqlx::Error> {
    let mut entries = of_tenant(tx, bucket, Some(object_key)).await?;
    entries.sort_by_key(|entry| entry.first_seen_at);
    Ok(entries.pop().map(|entry| file(&entry.object_key, None, entry.first_seen_at, Some(&entry))))
}

async fn of_tenant(tx: &mut TenantTx, bucket: &str, object_key: Option<&str>) -> Result<Vec<LedgerEntry>, sqlx::Error> {
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
           where ledger.bucket = $1 and ledger.organization_id = $2 and ($3::text is null or ledger.object_key = $3)"#,
        bucket,
        organization,
        object_key
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

/// Files that are there and can't be read. One that was settled while it was readable stays as it was.
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
        "taken" if known.session_id.is_none() => {
            return (
                FileOutcome::Read,
                Some("its session was deleted; upload it again to have it read again".to_owned()),
            );
        }
        "taken" => return (FileOutcome::Read, known.unused_reason.clone()),
        "duplicate" => FileOutcome::Duplicate,
        "applied" => FileOutcome::Applied,
        _ => FileOutcome::Rejected,
    };
    (fate, known.reason.clone())
}
