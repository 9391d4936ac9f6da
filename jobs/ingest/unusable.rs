//! Items in an inbox folder that can never be taken as they are: a pipe, a name that isn't text, an unreadable file.
//! The coach is told once, as about a rejected file.
//!
//! Reads the ledger; writes it, the reasons under `rejected/`, and notices. A rerun finds the ledger's rows settled. An
//! unreadable file or one with a second name has its own row, separate from its content's: one that was read before
//! needs no notice, and one that becomes readable is taken.

use std::collections::BTreeMap;

use super::{
    Needs, Scan, handle,
    ledger::{self, Coach, ObjectOutcome, Standing},
    reject::{self, RejectReason},
    turns::A_TURN,
};
use crate::{
    bucket::{DEEPEST, LONGEST, ObjectInfo, Obstacle, Unusable},
    db::Tx,
    meeting::key::{self, InboxKey},
    queue::{Context, JobError},
};

/// Reports and counts what can't be taken. As with files, two scans must find it unchanged, and coaches take turns.
pub(super) async fn settle(ctx: &Context<Needs>, found: Vec<Unusable>, scan: &mut Scan) -> Result<(), JobError> {
    scan.objects += found.len();
    let due = due(ctx, found, scan).await?;
    let mut tx = ctx.system_tx().await?;
    let coaches = ledger::coaches(&mut tx, due.keys().cloned().collect()).await?;
    drop(tx);
    for (handle, mut unusable) in due {
        scan.waiting += unusable.len().saturating_sub(A_TURN);
        unusable.truncate(A_TURN);
        match tell(ctx, coaches.get(&handle).copied(), &unusable).await {
            Ok(settled) => scan.rejected += settled,
            Err(error) => {
                scan.failed += unusable.len();
                let error =
                    unusable.iter().fold(format!("{error:?}"), |error, it| error.replace(&it.object.key, "(key)"));
                tracing::error!(
                    target: "ingest",
                    { coach.handle = handle, error },
                    "couldn't report files that can't be read; the next scan tries again"
                );
            }
        }
    }
    Ok(())
}

/// What to report now, by the handle of the coach's folder.
async fn due(
    ctx: &Context<Needs>,
    found: Vec<Unusable>,
    scan: &mut Scan,
) -> Result<BTreeMap<String, Vec<Unusable>>, JobError> {
    let mut due: BTreeMap<String, Vec<Unusable>> = BTreeMap::new();
    let all = found.len();
    let placed: Vec<(String, Unusable)> =
        found.into_iter().filter_map(|it| Some((handle(&key::read(&place(&it)))?, it))).collect();
    scan.ignored += all - placed.len();
    if placed.is_empty() {
        return Ok(due);
    }
    let (mut tx, bucket) = (ctx.system_tx().await?, ctx.bucket.name());
    // What was settled while it was readable stays settled.
    let content = ledger::unsettled(&mut tx, bucket, placed.iter().map(|(_, it)| &it.object), 0.0).await?;
    let rows: Vec<ObjectInfo> = content.iter().map(|(at, _)| row(&placed[*at].1.object)).collect();
    let unsettled = ledger::unsettled(&mut tx, bucket, rows.iter(), 0.0).await?;
    scan.known += placed.len() - unsettled.len();
    let mut first_seen = Vec::new();
    for (at, standing) in unsettled {
        let (handle, unusable) = &placed[content[at].0];
        if standing == Standing::New {
            first_seen.push(&rows[at]);
        } else {
            due.entry(handle.clone()).or_default().push(unusable.clone());
        }
    }
    scan.waiting += first_seen.len();
    ledger::remember(&mut tx, bucket, &first_seen).await?;
    tx.commit().await?;
    Ok(due)
}

/// Settles what is in the folder of one coach, or of none, and returns how much that was.
async fn tell(ctx: &Context<Needs>, coach: Option<Coach>, found: &[Unusable]) -> Result<usize, JobError> {
    for it in found {
        reject::put_reason(ctx, &it.object.key, &why(it), it.object.modified).await?;
    }
    let bucket = ctx.bucket.name();
    let mut settled = 0;
    match coach {
        Some(coach) => {
            let mut tx = ctx.db.tenant(coach.organization).await?;
            for it in found {
                let (row, why) = (row(&it.object), why(it));
                if ledger::settle(&mut tx, bucket, &row, ObjectOutcome::Rejected, Some(&why.says())).await? {
                    reject::notice(&mut tx, coach, None, &row, &why).await?;
                    settled += 1;
                }
            }
            tx.commit().await?;
        }
        None => {
            let mut tx = ctx.system_tx().await?;
            for it in found {
                let says = why(it).says();
                let is_new =
                    ledger::settle(&mut tx, bucket, &row(&it.object), ObjectOutcome::Rejected, Some(&says)).await?;
                settled += usize::from(is_new);
            }
            tx.commit().await?;
        }
    }
    if settled > 0 {
        tracing::warn!(
            target: "ingest",
            { coach.id = coach.map(|coach| tracing::field::display(coach.id)), files = settled },
            "some files in the inbox can't be read as they are; `debrief inbox` names them"
        );
    }
    Ok(settled)
}

/// The key that shows the owner: for a folder, that of its contents.
pub(super) fn place(unusable: &Unusable) -> String {
    let key = &unusable.object.key;
    if unusable.is_folder { format!("{key}/file") } else { key.clone() }
}

/// Its representation in the ledger.
pub(super) fn row(object: &ObjectInfo) -> ObjectInfo {
    ObjectInfo { etag: format!("{}-unusable", object.etag), ..object.clone() }
}

/// Why it isn't taken, and what to do.
pub(super) fn why(unusable: &Unusable) -> RejectReason {
    let what = if unusable.is_folder { "folder" } else { "file" };
    let (reason, what_to_do) = match unusable.obstacle {
        Obstacle::NoFile => (
            "This is a pipe, a socket or a device, not a file, so there is nothing to read in it.".to_owned(),
            "Put the transcript itself in the folder.".to_owned(),
        ),
        Obstacle::Link => (
            "This is a link to a file, or a file with a second name elsewhere. We don’t follow these: they could lead into \
             someone else’s folder."
                .to_owned(),
            "Copy the file itself into your folder. A file with a second name is read once that name is gone.".to_owned(),
        ),
        Obstacle::Name => (
            format!(
                "The name of this {what} contains bytes that aren't UTF-8 text; they are shown as \\x and two digits."
            ),
            format!("Rename the {what}, and Debrief will read it."),
        ),
        Obstacle::Far => (
            format!(
                "This {what} lies too deep: Debrief looks into {DEEPEST} folders, one within the other, and at paths of up to \
                 {LONGEST} bytes."
            ),
            format!("Move the {what} up into your own folder, or shorten the names of the folders."),
        ),
        Obstacle::Closed => (
            format!("Debrief doesn't have permission to read this {what}."),
            if unusable.is_folder {
                "Give it permission to read and enter the folder (chmod a+rx), and it will read what is inside."
                    .to_owned()
            } else {
                "Give it permission to read the file (chmod a+r).".to_owned()
            },
        ),
    };
    RejectReason { reason, what_to_do }
}

/// Why it is silently ignored, as a file in its place would be, if it is.
pub(super) fn ignored(unusable: &Unusable) -> Option<&'static str> {
    match key::read(&place(unusable)) {
        InboxKey::Ignored => key::ignored(&place(unusable)),
        _ => None,
    }
}
