//! Scans the bucket's inbox and takes files that are complete and new.
//!
//! Reads the objects under `inbox/` and the ledger `bucket_objects`; writes our own copies under `transcripts/`,
//! sessions, transcripts, the ledger, parse jobs, and reasons under `rejected/`. The files of one meeting are taken
//! together (see [`meeting`] for the rule). A rerun is safe: an object is identified by (bucket, key, etag) and settled
//! once, content by its SHA-256 within the organization, and our copy is named by that hash. The inbox is never
//! changed.

mod apply;
mod duplicate;
mod gather;
mod inbox;
mod ledger;
mod notices;
pub mod plan;
mod reject;
mod session;
mod take;
mod turns;
mod unusable;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::{
    bucket::{Bucket, BucketError, Listing, ObjectInfo},
    db::Db,
    mail::Post,
    meeting::{
        self,
        key::{self, InboxKey},
    },
    queue::{
        Context, Finished, Job, JobArgs, JobError, Policy,
        schedule::{Missed, Schedule, job},
    },
};
use ledger::{Coach, ObjectOutcome, Standing};

pub use duplicate::forget as forget_duplicates;
pub use inbox::{File, FileOutcome, InboxError, inbox, settled_file};
pub use ledger::read_again;
pub use notices::TellCoach;
pub use reject::{RejectTranscript, came_late, rejected, rejected_beside, rejection};

/// How the inbox is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Larger transcripts are rejected, in bytes.
    pub max_bytes: u64,
    /// How long a chat or participant list waits for its meeting's transcript, in hours.
    pub companion_hours: u32,
}

/// What this stage needs of the process.
#[derive(Debug)]
pub struct Needs {
    /// Where the files are.
    pub bucket: Bucket,
    /// How they are read.
    pub settings: Settings,
    /// How coaches are told.
    pub post: Post,
}

/// Every five seconds; the next scan makes up for a missed one.
pub const SCHEDULE: Schedule =
    Schedule::new("ingest", "*/5 * * * * *", chrono_tz::UTC, Missed::Skip, |tx, _| job(tx, ScanInbox {}));

/// Scans the bucket's inbox and takes files that are complete and new. A job of the installation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScanInbox {}

/// What a scan found: the job's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scan {
    /// Objects under `inbox/`.
    pub objects: usize,
    /// Neither transcripts nor rosters: hidden, unfinished, or in no coach's folder.
    pub ignored: usize,
    /// Settled by an earlier scan.
    pub known: usize,
    /// Seen for the first time, changing, or left because it is another coach's turn: the next scan checks again.
    pub waiting: usize,
    /// Chats and participant lists that wait for their meeting's transcript.
    pub held: usize,
    /// Taken as transcripts, or with one.
    pub taken: usize,
    /// The same content as an existing transcript.
    pub duplicate: usize,
    /// Rejected with a reason.
    pub rejected: usize,
    /// Rosters applied.
    pub applied: usize,
    /// Failed for now; the next scan retries, and the log says why.
    pub failed: usize,
}

/// After this a scan starts no more files, and leaves the rest to the next one, which also sees new arrivals.
const BUDGET: Duration = Duration::from_secs(5);
/// How long a file in a folder must stay unchanged.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// At most this many files are fetched at a time.
const AT_A_TIME: usize = 4;

impl JobArgs for ScanInbox {
    const KIND: &'static str = "ingest.scan_inbox";
    const POLICY: Policy =
        Policy { timeout: Duration::from_secs(600), concurrency: 1, priority: -1, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for ScanInbox {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let Listing { objects, unusable } = list(&ctx.db, &ctx.bucket).await?;
        let mut scan = Scan { objects: objects.len(), ..Scan::default() };
        let looked = look(ctx, objects, &mut scan).await?;
        let (meetings, left) = turns::take(ctx, &looked.coaches, looked.meetings).await?;
        scan.waiting += left;
        // Rosters first, so that people are known when their sessions are attributed.
        for units in [looked.rosters, meetings] {
            settle_all(ctx, &looked.coaches, units, &mut scan).await;
        }
        unusable::settle(ctx, unusable, &mut scan).await?;
        if scan.known + scan.ignored + scan.waiting + scan.held < scan.objects {
            tracing::info!(
                target: "ingest",
                { scan.taken, scan.duplicate, scan.rejected, scan.applied, scan.held, scan.failed },
                "the inbox was scanned"
            );
        }
        if scan.waiting > 0 {
            // The second check follows right away, not at the next tick.
            return Err(JobError::Snooze(SECOND_LOOK));
        }
        ctx.finish(ctx.system_tx().await?, scan).await
    }

    async fn on_dead(&self, _ctx: &Context<Needs>, _error: &str) -> Result<(), JobError> {
        // There is no session and no coach: the operator sees the dead job, and the next tick scans again.
        tracing::error!(target: "ingest", "the inbox could not be scanned; look at the bucket's settings and rights");
        Ok(())
    }
}

/// What is in the inbox, as far as it can be seen.
async fn list(db: &Db, bucket: &Bucket) -> Result<Listing, InboxError> {
    match bucket.look(key::INBOX).await {
        Err(BucketError::BadKey) => Ok(Listing { objects: list_by_coach(db, bucket).await?, unusable: Vec::new() }),
        listing => Ok(listing?),
    }
}

/// Lists each coach's folder separately: an S3 object whose key isn't a path (`inbox/maya//x`) breaks its whole
/// listing, and must not hide anyone else's files.
async fn list_by_coach(db: &Db, bucket: &Bucket) -> Result<Vec<ObjectInfo>, InboxError> {
    let mut objects = Vec::new();
    for organization in db.organizations().await? {
        for coach in ledger::handles(&mut db.tenant(organization).await?).await? {
            match bucket.list(&format!("{}{coach}", key::INBOX)).await {
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

/// A complete object that isn't settled yet.
#[derive(Debug)]
struct PendingObject {
    object: ObjectInfo,
    key: InboxKey,
    /// It has waited for its transcript for the maximum time.
    overdue: bool,
    /// Its folder is so full that it is compared with nothing.
    alone: bool,
}

/// Objects settled together: a roster, or files that may be of one meeting.
type Unit = Vec<PendingObject>;

/// What a scan found to settle.
#[derive(Debug, Default)]
struct Looked {
    rosters: Vec<Unit>,
    meetings: Vec<Unit>,
    coaches: HashMap<String, Coach>,
}

/// Files that may be of one meeting, during the scan.
#[derive(Default)]
struct Gathering {
    unit: Unit,
    /// One of them is new or has waited long enough: there is something to do.
    is_due: bool,
    /// One of them was seen for the first time: others may follow.
    grows: bool,
}

/// Sorts the objects into rosters and meetings to settle now, with their coaches. One query finds what is known, one
/// finds the coaches, one records first sightings: 10,000 known objects cost one query.
async fn look(ctx: &Context<Needs>, objects: Vec<ObjectInfo>, scan: &mut Scan) -> Result<Looked, JobError> {
    let candidates: Vec<(ObjectInfo, InboxKey)> = objects
        .into_iter()
        .filter(|object| !is_folder(object))
        .map(|object| {
            let key = key::read(&object.key);
            (object, key)
        })
        .filter(|(_, key)| *key != InboxKey::Ignored)
        .collect();
    scan.ignored = scan.objects - candidates.len();
    let crowded = crowded(&candidates);
    let mut tx = ctx.system_tx().await?;
    let patience = f64::from(ctx.settings.companion_hours) * 3600.0;
    let unsettled =
        ledger::unsettled(&mut tx, ctx.bucket.name(), candidates.iter().map(|(object, _)| object), patience).await?;
    scan.known = candidates.len() - unsettled.len();
    let (mut looked, mut first_seen) = (Looked::default(), Vec::new());
    let mut meetings: BTreeMap<String, Gathering> = BTreeMap::new();
    for (at, standing) in unsettled {
        let (object, key) = &candidates[at];
        // In a folder, a file is complete if two scans find it unchanged, and a meeting if none of its files is new.
        let company = matches!(key, InboxKey::Transcript(key) if meeting::may_have_company(key));
        let look_again = standing == Standing::New && (ctx.bucket.shows_unfinished_objects() || company);
        if look_again {
            first_seen.push(object);
        }
        let overdue = standing == Standing::Waiting { overdue: true };
        let alone = crowded.contains(folder(&object.key));
        let found = PendingObject { object: object.clone(), key: key.clone(), overdue, alone };
        match key {
            InboxKey::Transcript(key) if alone && meeting::place(key) != meeting::Place::Shared => match standing {
                _ if look_again => scan.waiting += 1,
                Standing::Waiting { overdue: false } => scan.held += 1,
                _ => looked.meetings.push(vec![found]),
            },
            InboxKey::Transcript(key) => {
                let gathering = meetings.entry(meeting::company(key)).or_default();
                gathering.grows |= look_again;
                gathering.is_due |= overdue || !matches!(standing, Standing::Waiting { .. });
                gathering.unit.push(found);
            }
            _ if look_again => scan.waiting += 1,
            _ => looked.rosters.push(vec![found]),
        }
    }
    for gathering in meetings.into_values() {
        match gathering {
            Gathering { grows: true, unit, .. } => scan.waiting += unit.len(),
            Gathering { is_due: false, unit, .. } => scan.held += unit.len(),
            // More than any meeting has: comparing each with all would take forever.
            Gathering { unit, .. } if unit.len() > gather::MOST => {
                looked.meetings.extend(unit.into_iter().map(|found| vec![PendingObject { alone: true, ..found }]));
            }
            Gathering { unit, .. } => {
                let unit = unit.into_iter().map(|found| PendingObject { alone: false, ..found });
                looked.meetings.push(unit.collect());
            }
        }
    }
    ledger::remember(&mut tx, ctx.bucket.name(), &first_seen).await?;
    let handles = looked.rosters.iter().chain(&looked.meetings).flatten().filter_map(|found| handle(&found.key));
    looked.coaches = ledger::coaches(&mut tx, handles.collect()).await?;
    crate::db::Tx::commit(tx).await?;
    Ok(looked)
}

fn folder(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Folders with more files than a meeting or a day has.
fn crowded(candidates: &[(ObjectInfo, InboxKey)]) -> HashSet<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (object, _) in candidates {
        *counts.entry(folder(&object.key)).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > gather::MOST).map(|(folder, _)| folder.to_owned()).collect()
}

/// In S3, folders may appear as empty objects without an extension.
fn is_folder(object: &ObjectInfo) -> bool {
    object.size == 0 && object.key.rsplit('/').next().is_none_or(|name| !name.contains('.'))
}

fn handle(key: &InboxKey) -> Option<String> {
    match key {
        InboxKey::Transcript(transcript) => Some(transcript.coach.clone()),
        InboxKey::Roster { coach } => Some(coach.clone()),
        InboxKey::Ignored => None,
    }
}

/// Settles each unit separately: a failure is logged and counted, and the others continue.
async fn settle_all(ctx: &Context<Needs>, coaches: &HashMap<String, Coach>, units: Vec<Unit>, scan: &mut Scan) {
    let start = Instant::now();
    let settled = futures::stream::iter(units).map(|unit| async move {
        let (keys, count): (Vec<String>, _) = (unit.iter().map(|found| found.object.key.clone()).collect(), unit.len());
        if start.elapsed() > BUDGET {
            return (keys, Ok(vec![ObjectOutcome::Seen; count]));
        }
        (keys, settle(ctx, coaches, unit).await)
    });
    let mut settled = settled.buffer_unordered(AT_A_TIME);
    while let Some((keys, outcomes)) = settled.next().await {
        match outcomes {
            Ok(outcomes) => outcomes.into_iter().for_each(|outcome| scan.count(outcome)),
            Err(error) => {
                scan.failed += keys.len();
                // A key may name a person, so the log has its hash, and the error is shown without it.
                let hash = take::sha256_hex(keys.join("\n").as_bytes());
                let error = keys.iter().fold(format!("{error:?}"), |error, key| error.replace(key, "(key)"));
                tracing::error!(
                    target: "ingest",
                    { object.key_sha256 = %hash, error },
                    "an object of the inbox failed; the next scan tries again"
                );
            }
        }
    }
}

impl Scan {
    fn count(&mut self, outcome: ObjectOutcome) {
        let counter = match outcome {
            ObjectOutcome::Seen => &mut self.waiting,
            ObjectOutcome::Waiting => &mut self.held,
            ObjectOutcome::Taken => &mut self.taken,
            ObjectOutcome::Duplicate => &mut self.duplicate,
            ObjectOutcome::Rejected => &mut self.rejected,
            ObjectOutcome::Applied => &mut self.applied,
        };
        *counter += 1;
    }
}

async fn settle(
    ctx: &Context<Needs>,
    coaches: &HashMap<String, Coach>,
    unit: Unit,
) -> Result<Vec<ObjectOutcome>, JobError> {
    let coach = unit.first().and_then(|found| handle(&found.key)).and_then(|handle| coaches.get(&handle));
    let Some(coach) = coach else {
        let mut outcomes = Vec::with_capacity(unit.len());
        for found in &unit {
            outcomes.push(reject::unknown_coach(ctx, &found.object).await?);
        }
        return Ok(outcomes);
    };
    let mut members = Vec::with_capacity(unit.len());
    for PendingObject { object, key, overdue, alone } in unit {
        match key {
            InboxKey::Roster { .. } => return Ok(vec![apply::roster(ctx, &object, *coach).await?]),
            InboxKey::Transcript(key) => members.push(gather::Member { object, key, overdue, alone }),
            InboxKey::Ignored => {}
        }
    }
    take::files(ctx, members, *coach).await
}
