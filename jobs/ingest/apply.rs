//! Applies a roster: the coach's clients, their addresses and aliases.
//!
//! Reads the object and, if its encoding is in doubt, the coach's transcripts; writes clients and aliases, the ledger,
//! and the problems, both in an email to the coach and next to the rejected files. A rerun finds the ledger's row
//! settled and changes nothing.

use super::{
    Needs,
    ledger::{self, Coach, ObjectOutcome},
    reject,
};
use crate::{
    bucket::{BucketError, ObjectInfo},
    db::Tx,
    meeting::key::{self, InboxKey},
    people::{
        self,
        roster::{self as csv_roster, Encoded, Roster, RosterError},
    },
    queue::{Context, JobError, blocking},
};

/// How many of the coach's latest transcripts are checked to see how names are spelled.
const MOST_TRANSCRIPTS: usize = 12;
/// Larger ones are skipped.
const MOST_BYTES: u64 = 4 << 20;

/// Applies a roster. Its problems are emailed to the coach, and are in the ledger and next to the rejected files.
pub(super) async fn roster(ctx: &Context<Needs>, object: &ObjectInfo, coach: Coach) -> Result<ObjectOutcome, JobError> {
    if object.size > ctx.settings.max_bytes {
        return reject::file(ctx, object, coach, &reject::too_large(ctx.settings.max_bytes), None).await;
    }
    let content = match ctx.bucket.get_listed(object).await {
        Err(BucketError::Changed | BucketError::NotFound | BucketError::Link) => return Ok(ObjectOutcome::Seen),
        content => content?,
    };
    let roster = match read(ctx, coach, object, &content).await? {
        Ok(roster) => roster,
        Err(error) => return reject::file(ctx, object, coach, &reject::no_roster(&error), None).await,
    };
    let mut tx = ctx.db.tenant(coach.organization).await?;
    let applied = people::apply_roster(&mut tx, coach.id, &roster).await?;
    let said: Vec<&str> =
        applied.changes.iter().chain(&applied.problems).chain(&applied.notes).map(String::as_str).collect();
    // An unused column alone isn't worth a message.
    let is_told = !applied.problems.is_empty() || !applied.changes.is_empty();
    let reason = is_told.then(|| said.join("\n"));
    if !ledger::settle(&mut tx, ctx.bucket.name(), object, ObjectOutcome::Applied, reason.as_deref()).await? {
        return Ok(ObjectOutcome::Seen);
    }
    if is_told {
        reject::tell_of_roster(ctx, &mut tx, object, coach, &applied, names_in_doubt(&roster)).await?;
    }
    tx.commit().await?;
    if !applied.problems.is_empty() {
        let problems = applied.problems.join("\n");
        reject::put_reason(ctx, object.key.as_str(), &reject::some_lines(problems), object.modified).await?;
    }
    tracing::info!(
        target: "ingest",
        {
            coach.id = %coach.id, clients.added = applied.added, clients.updated = applied.updated,
            roster.problems = applied.problems.len()
        },
        "a roster was applied"
    );
    Ok(ObjectOutcome::Applied)
}

/// Reads a roster; if its encoding is in doubt, compares the names in the coach's sessions and transcripts.
async fn read(
    ctx: &Context<Needs>,
    coach: Coach,
    object: &ObjectInfo,
    content: &bytes::Bytes,
) -> Result<Result<Roster, RosterError>, JobError> {
    let once = content.clone();
    let roster = blocking(move || csv_roster::read(&once)).await?;
    if !matches!(&roster, Ok(roster) if matches!(roster.encoded, Encoded::Perhaps(_))) {
        return Ok(roster);
    }
    let mut names = people::known_names(&mut ctx.db.tenant(coach.organization).await?, coach.id).await?;
    names.extend(labels_beside(ctx, object).await?);
    let content = content.clone();
    blocking(move || csv_roster::read_beside(&content, &names)).await
}

/// The labels in the latest transcripts in the roster's folder, which may not be parsed yet.
async fn labels_beside(ctx: &Context<Needs>, roster: &ObjectInfo) -> Result<Vec<String>, JobError> {
    let folder = roster.key.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut objects = match ctx.bucket.list(folder).await {
        Err(BucketError::BadKey) => return Ok(Vec::new()),
        objects => objects?,
    };
    let is_transcript = |object: &ObjectInfo| {
        (1..=MOST_BYTES).contains(&object.size) && matches!(key::read(&object.key), InboxKey::Transcript(_))
    };
    objects.retain(is_transcript);
    objects.sort_by_key(|object| std::cmp::Reverse(object.modified));
    let mut labels = Vec::new();
    for object in objects.iter().take(MOST_TRANSCRIPTS) {
        let content = match ctx.bucket.get_listed(object).await {
            Err(BucketError::Changed | BucketError::NotFound | BucketError::Link) => continue,
            content => content?,
        };
        labels.extend(blocking(move || labels_in(&content)).await?);
    }
    Ok(labels)
}

fn labels_in(content: &[u8]) -> Vec<String> {
    let Ok(transcript) = debrief_transcript::parse(content) else { return Vec::new() };
    let labels: std::collections::BTreeSet<String> =
        transcript.utterances.into_iter().filter_map(|utterance| utterance.label).collect();
    labels.into_iter().collect()
}

/// A few names whose letters may be wrong, as they were read.
fn names_in_doubt(roster: &Roster) -> Vec<String> {
    if roster.encoded == Encoded::Surely {
        return Vec::new();
    }
    let beyond = roster.clients.iter().filter(|client| !client.name.is_ascii());
    beyond.take(5).map(|client| client.name.clone()).collect()
}
