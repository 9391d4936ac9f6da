//! Looks through the inbox of the bucket and takes what is complete and new.
//!
//! Reads the objects under `inbox/` and the ledger `bucket_objects`; writes our own copies under `transcripts/`,
//! sessions, transcripts, the ledger and the jobs that parse, and reasons under `rejected/`. A rerun is safe: an object
//! is known by (bucket, key, etag) and settled once, content is known by its SHA-256 within the organization, and our
//! copy is named by that hash. What lies in the inbox is never touched.

pub mod key;
mod ledger;
mod reject;
pub mod roster;
mod take;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::{
    bucket::{BucketError, ObjectInfo},
    queue::{
        Context, Finished, Job, JobError, Policy,
        schedule::{Missed, Schedule, job},
    },
};
use key::InboxKey;
use ledger::{Coach, Outcome};

pub use reject::{RejectTranscript, rejected};

/// How the inbox is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A transcript larger than this is rejected, in bytes.
    pub max_bytes: u64,
}

/// Every five seconds; a look that was missed is made up for by the next.
pub const SCHEDULE: Schedule =
    Schedule::new("ingest", "*/5 * * * * *", chrono_tz::UTC, Missed::Skip, |tx, _| job(tx, ScanInbox {}));

/// Looks through the inbox of the bucket; takes what is complete and new. A job of the installation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScanInbox {}

/// What a scan found; the job's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scan {
    /// Objects under `inbox/`.
    pub objects: usize,
    /// Neither transcripts nor rosters: hidden, unfinished, in nobody's folder.
    pub ignored: usize,
    /// Settled by an earlier scan.
    pub known: usize,
    /// Seen for the first time, or changing: the next scan looks again.
    pub waiting: usize,
    /// Taken as transcripts.
    pub taken: usize,
    /// The same content as a transcript that is there already.
    pub duplicate: usize,
    /// Rejected with a reason.
    pub rejected: usize,
    /// Rosters applied.
    pub applied: usize,
    /// Failed for now; the next scan tries again, and the log says why.
    pub failed: usize,
}

/// A scan begins no further file after this, and leaves the rest to the next one.
const BUDGET: Duration = Duration::from_secs(240);
/// How long a file in a folder must have stayed the same.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// So many files are fetched at a time.
const AT_A_TIME: usize = 4;

impl Job for ScanInbox {
    const KIND: &'static str = "ingest.scan_inbox";
    const POLICY: Policy =
        Policy { timeout: Duration::from_secs(600), concurrency: 1, priority: -1, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(&self, ctx: &Context) -> Result<Finished, JobError> {
        let objects = match ctx.bucket.list(key::INBOX).await {
            Err(BucketError::BadKey) => list_by_coach(ctx).await?,
            objects => objects?,
        };
        let mut scan = Scan { objects: objects.len(), ..Scan::default() };
        let (rosters, transcripts, coaches) = look(ctx, objects, &mut scan).await?;
        // Rosters first, so that the people are known when their sessions are attributed.
        for found in [rosters, transcripts] {
            settle_all(ctx, &coaches, found, &mut scan).await;
        }
        if scan.known + scan.ignored + scan.waiting < scan.objects {
            tracing::info!(
                target: "ingest",
                { scan.taken, scan.duplicate, scan.rejected, scan.applied, scan.failed },
                "the inbox was scanned"
            );
        }
        if scan.waiting > 0 {
            // The second look follows at once, instead of with the next tick.
            return Err(JobError::Snooze(SECOND_LOOK));
        }
        ctx.finish(ctx.system_tx().await?, scan).await
    }

    async fn on_dead(&self, _ctx: &Context, _error: &str) -> Result<(), JobError> {
        // There is no session and no coach to tell: the operator sees the dead job, and the next tick scans again.
        tracing::error!(target: "ingest", "the inbox could not be scanned; look at the bucket's settings and rights");
        Ok(())
    }
}

/// Lists each coach's folder by itself: an S3 object whose key is no path (`inbox/maya//x`) spoils the listing that it
/// is in, and must keep nobody else's files from being seen.
async fn list_by_coach(ctx: &Context) -> Result<Vec<ObjectInfo>, JobError> {
    let mut objects = Vec::new();
    for organization in ctx.db.organizations().await? {
        for coach in ledger::handles(&mut ctx.db.tenant(organization).await?).await? {
            match ctx.bucket.list(&format!("{}{coach}", key::INBOX)).await {
                Ok(found) => objects.extend(found),
                Err(BucketError::BadKey) => {
                    tracing::error!(
                        target: "ingest",
                        { coach.handle = coach },
                        "an object in the coach's folder has a key with an empty or dotted part; delete or rename \
                         it: until then nothing in the folder is seen"
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(objects)
}

/// An object that is complete and not settled yet.
type Found = (ObjectInfo, InboxKey);

/// Sorts the objects into rosters and transcripts to settle now, with their coaches. One query for what is known, one
/// for the coaches, one to remember what was seen for the first time: 10,000 known objects cost one query.
async fn look(
    ctx: &Context,
    objects: Vec<ObjectInfo>,
    scan: &mut Scan,
) -> Result<(Vec<Found>, Vec<Found>, HashMap<String, Coach>), JobError> {
    let candidates: Vec<Found> = objects
        .into_iter()
        // In S3, folders may show as empty objects without an ending.
        .filter(|object| object.size > 0 || object.key.rsplit('/').next().is_some_and(|name| name.contains('.')))
        .map(|object| {
            let key = key::read(&object.key);
            (object, key)
        })
        .filter(|(_, key)| *key != InboxKey::Ignored)
        .collect();
    scan.ignored = scan.objects - candidates.len();
    let mut tx = ctx.system_tx().await?;
    let unsettled = ledger::unsettled(&mut tx, ctx.bucket.name(), candidates.iter().map(|(object, _)| object)).await?;
    scan.known = candidates.len() - unsettled.len();
    let (mut rosters, mut transcripts, mut first_seen) = (Vec::new(), Vec::new(), Vec::new());
    for (at, seen_before) in unsettled {
        let (object, key) = &candidates[at];
        // In a folder, a file is complete when it is the same at two looks.
        if !seen_before && ctx.bucket.shows_unfinished_objects() {
            first_seen.push(object);
        } else if matches!(key, InboxKey::Roster { .. }) {
            rosters.push((object.clone(), key.clone()));
        } else {
            transcripts.push((object.clone(), key.clone()));
        }
    }
    scan.waiting = first_seen.len();
    ledger::remember(&mut tx, ctx.bucket.name(), &first_seen).await?;
    let handles = rosters.iter().chain(&transcripts).filter_map(|(_, key)| handle(key)).collect();
    let coaches = ledger::coaches(&mut tx, handles).await?;
    crate::db::Tx::commit(tx).await?;
    Ok((rosters, transcripts, coaches))
}

fn handle(key: &InboxKey) -> Option<String> {
    match key {
        InboxKey::Transcript(transcript) => Some(transcript.coach.clone()),
        InboxKey::Roster { coach } => Some(coach.clone()),
        InboxKey::Ignored => None,
    }
}

/// Settles each object by itself: what goes wrong with one is logged and counted, and the others go on.
async fn settle_all(ctx: &Context, coaches: &HashMap<String, Coach>, found: Vec<Found>, scan: &mut Scan) {
    let start = Instant::now();
    let settled = futures::stream::iter(found).map(|(object, key)| async move {
        if start.elapsed() > BUDGET {
            return (object, Ok(Outcome::Seen));
        }
        let outcome = settle(ctx, coaches, &object, &key).await;
        (object, outcome)
    });
    let mut settled = settled.buffer_unordered(AT_A_TIME);
    while let Some((object, outcome)) = settled.next().await {
        match outcome {
            Ok(Outcome::Seen) => scan.waiting += 1,
            Ok(Outcome::Taken) => scan.taken += 1,
            Ok(Outcome::Duplicate) => scan.duplicate += 1,
            Ok(Outcome::Rejected) => scan.rejected += 1,
            Ok(Outcome::Applied) => scan.applied += 1,
            Err(error) => {
                scan.failed += 1;
                // A key may name a person, so the log has its hash, and the error is shown without it.
                let hash = take::sha256_hex(object.key.as_bytes());
                let error = format!("{error:?}").replace(&object.key, "(key)");
                tracing::error!(
                    target: "ingest",
                    { object.key_sha256 = %hash, error },
                    "an object of the inbox failed; the next scan tries again"
                );
            }
        }
    }
}

async fn settle(
    ctx: &Context,
    coaches: &HashMap<String, Coach>,
    object: &ObjectInfo,
    key: &InboxKey,
) -> Result<Outcome, JobError> {
    let Some(coach) = handle(key).and_then(|handle| coaches.get(&handle)) else {
        return reject::unknown_coach(ctx, object).await;
    };
    match key {
        InboxKey::Roster { .. } => take::roster(ctx, object, *coach).await,
        InboxKey::Transcript(key) => take::transcript(ctx, object, key, *coach).await,
        InboxKey::Ignored => Ok(Outcome::Seen),
    }
}
