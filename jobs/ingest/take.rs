//! Takes complete files: the files of a meeting become a session's.
//!
//! Reads the objects and the existing files of their meeting; writes our copies, sessions, transcripts, the ledger and
//! jobs. A rerun finds the ledger's rows settled and changes nothing.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Needs,
    duplicate::Held,
    gather::{self, Copied, Gathered, Member, SessionFile},
    ledger::{self, Coach, ObjectOutcome},
    plan::{self, Candidate, Content, Decision, WaitReason},
    reject,
    session::receive_session,
};
use crate::{
    bucket::ObjectInfo,
    db::{TenantTx, Tx},
    meeting::{self, Place, key::TranscriptKey, likeness::Facts},
    model::SessionState,
    path::ParseTranscript,
    queue::{Context, JobError, blocking, enqueue},
    removal,
    webhook::{self, Event},
};

/// Takes files that may be of one meeting: first our own copies, then in one transaction the sessions, the transcripts,
/// the ledger and the parse jobs.
pub(super) async fn files(
    ctx: &Context<Needs>,
    members: Vec<Member>,
    coach: Coach,
) -> Result<Vec<ObjectOutcome>, JobError> {
    let Some(first) = members.first() else { return Ok(Vec::new()) };
    let session_files = gather::session_files(&mut ctx.db.tenant(coach.organization).await?, coach, first).await?;
    if session_files.len() > gather::MOST && !first.alone {
        // More than any meeting has: comparing each with all would take forever.
        let mut outcomes = Vec::with_capacity(members.len());
        for member in members {
            outcomes.extend(Box::pin(files(ctx, vec![Member { alone: true, ..member }], coach)).await?);
        }
        return Ok(outcomes);
    }
    let compared = members.len() > 1 || !session_files.is_empty();
    let mut outcomes = vec![None; members.len()];
    let (mut files, mut changed) = (Vec::with_capacity(members.len()), false);
    for (at, member) in members.iter().enumerate() {
        match gather::read(ctx, member, coach, compared).await? {
            Gathered::Copied(copied) => files.push(Incoming { at, member, copied, decision: Decision::Begins(0) }),
            Gathered::Settled(outcome) => outcomes[at] = Some(outcome),
            // Without this one the others may look different: they are considered again with it.
            Gathered::Changed => changed = true,
        }
    }
    let mut before = Before { company: meeting::company(&first.key), session_files, first };
    for _ in 0..ROUNDS {
        // A file that wasn't compared can't be checked against what another scan has just taken.
        let others = before.session_files.iter().any(|known| known.object_key != first.object.key);
        if changed || files.is_empty() || (others && !compared) {
            break;
        }
        decide(ctx, &before.session_files, &mut files).await?;
        if let Some(settled) = settle(ctx, coach, &before, &files).await? {
            for (at, outcome) in settled {
                outcomes[at] = Some(outcome);
            }
            break;
        }
        before.session_files =
            gather::session_files(&mut ctx.db.tenant(coach.organization).await?, coach, first).await?;
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(ObjectOutcome::Seen)).collect())
}

/// How often to decide again if another scan was faster; after that the next scan does it.
const ROUNDS: usize = 3;

/// A file on its way in.
struct Incoming<'a> {
    at: usize,
    member: &'a Member,
    copied: Box<Copied>,
    decision: Decision,
}

/// What existed when the decision was made.
struct Before<'a> {
    company: String,
    session_files: Vec<SessionFile>,
    first: &'a Member,
}

/// The existing sessions, in the order in which the decisions count them.
fn sessions_of(session_files: &[SessionFile]) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for file in session_files {
        if !ids.contains(&file.session_id) {
            ids.push(file.session_id);
        }
    }
    ids
}

async fn decide(
    ctx: &Context<Needs>,
    session_files: &[SessionFile],
    files: &mut [Incoming<'_>],
) -> Result<(), JobError> {
    let known = |file: &Incoming<'_>| session_files.iter().find(|known| known.object_key == file.member.object.key);
    let again: Vec<&str> =
        files.iter().filter(|file| known(file).is_some()).map(|file| file.member.object.key.as_str()).collect();
    let mut sessions = gather::sessions(ctx, session_files, &again).await?;
    for file in files.iter_mut() {
        // A file that comes again under its key is a new transcript of its session.
        let Some(known) = known(file) else { continue };
        let Some(at) = sessions.iter().position(|(id, _)| *id == known.session_id) else { continue };
        if let Content::Speech(Some(facts)) = &file.copied.candidate.content {
            sessions[at].1.push((file.member.key.clone(), facts.clone()));
        }
        file.decision = Decision::Joins(at);
    }
    let mut fresh: Vec<&mut Incoming<'_>> = files.iter_mut().filter(|file| known(file).is_none()).collect();
    let candidates: Vec<Candidate> = fresh.iter().map(|file| file.copied.candidate.clone()).collect();
    let sessions: Vec<Vec<plan::File>> = sessions.into_iter().map(|(_, files)| files).collect();
    let decisions = blocking(move || plan::plan(&candidates, &sessions)).await?;
    for (file, decision) in fresh.iter_mut().zip(decisions) {
        file.decision = decision;
    }
    Ok(())
}

/// Writes the decisions and returns the outcomes by position, or `None` if something else intervened.
async fn settle(
    ctx: &Context<Needs>,
    coach: Coach,
    before: &Before<'_>,
    files: &[Incoming<'_>],
) -> Result<Option<Vec<(usize, ObjectOutcome)>>, JobError> {
    let mut tx = ctx.db.tenant(coach.organization).await?;
    // One scan at a time decides about files that may be of one meeting.
    let lock = format!("{}/{}", coach.organization, before.company);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 1))", lock).execute(tx.conn()).await?;
    if gather::session_files(&mut tx, coach, before.first).await? != before.session_files {
        return Ok(None);
    }
    let mut shas: Vec<&str> = files.iter().map(|file| file.copied.sha256.as_str()).collect();
    shas.sort_unstable();
    shas.dedup();
    let mut writing = Writing { ctx, coach, known: HashMap::new(), sessions: HashMap::new(), outcomes: Vec::new() };
    for sha256 in shas {
        if let Some(found) = known_content(&mut tx, sha256, coach).await? {
            writing.known.insert(sha256.to_owned(), found);
        }
    }
    for (at, id) in sessions_of(&before.session_files).into_iter().enumerate() {
        writing.sessions.insert(at_there(at), Session { id, correlation_id: None });
    }
    // Speech before chats and lists, the best first: it names the session.
    let mut order: Vec<&Incoming<'_>> = files.iter().collect();
    order.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.member.key.file.cmp(&b.member.key.file)));
    let mut late = Vec::new();
    for file in order {
        match file.decision {
            Decision::Waits(why) => {
                if file.member.overdue {
                    late.push((file, why));
                } else {
                    writing.wait(&mut tx, file, why).await?;
                }
            }
            decision => writing.take(&mut tx, file, decision, files).await?,
        }
    }
    let Writing { sessions, mut outcomes, .. } = writing;
    tx.commit().await?;
    let touched = sessions.values().filter(|session| session.correlation_id.is_some()).count();
    tracing::info!(target: "ingest", { files = files.len(), sessions = touched }, "files of the inbox were settled");
    for (file, why) in late {
        let is_chat = file.copied.role == "chat";
        outcomes.push((file.at, reject::alone(ctx, &file.member.object, coach, is_chat, why).await?));
    }
    Ok(Some(outcomes))
}

/// A session's position among those of a decision: existing ones come first.
const fn at_there(at: usize) -> (bool, usize) {
    (true, at)
}

fn rank(file: &Incoming<'_>) -> Option<(usize, usize, usize)> {
    match &file.copied.candidate.content {
        Content::Speech(facts) => Some(facts.as_ref().map_or((0, 0, 0), Facts::worth)),
        Content::Companion { .. } => None,
    }
}

/// A session that files join.
#[derive(Clone, Copy)]
struct Session {
    id: Uuid,
    /// Set once something joined it in this transaction: its jobs' correlation id.
    correlation_id: Option<Uuid>,
}

/// The transaction's work, file by file.
struct Writing<'a> {
    ctx: &'a Context<Needs>,
    coach: Coach,
    /// Content that the coach already has.
    known: HashMap<String, Held>,
    /// Existing and new sessions, by decision.
    sessions: HashMap<(bool, usize), Session>,
    outcomes: Vec<(usize, ObjectOutcome)>,
}

impl Writing<'_> {
    async fn wait(&mut self, tx: &mut TenantTx, file: &Incoming<'_>, why: WaitReason) -> Result<(), sqlx::Error> {
        ledger::settle(tx, self.ctx.bucket.name(), &file.member.object, ObjectOutcome::Waiting, Some(why.says()))
            .await?;
        self.outcomes.push((file.at, ObjectOutcome::Waiting));
        Ok(())
    }

    /// Takes one file into its session.
    async fn take(
        &mut self,
        tx: &mut TenantTx,
        file: &Incoming<'_>,
        decision: Decision,
        all: &[Incoming<'_>],
    ) -> Result<(), JobError> {
        let place = match decision {
            Decision::Joins(at) => at_there(at),
            Decision::Begins(at) => (false, at),
            Decision::Waits(why) => return Ok(self.wait(tx, file, why).await?),
        };
        let (bucket, object) = (self.ctx.bucket.name(), &file.member.object);
        // A transcript that arrived too late for its session may become its own session.
        let its_own = |held: &&Held| {
            !held.came_late
                || held.object_key == object.key
                || self.sessions.get(&place).is_some_and(|session| session.id == held.session_id)
        };
        if let Some(held) = self.known.get(&file.copied.sha256).filter(its_own) {
            // Other files of this meeting go to the session that has the content.
            self.sessions.entry(place).or_insert(Session { id: held.session_id, correlation_id: None });
            let reason = held.says();
            if ledger::settle(tx, bucket, object, ObjectOutcome::Duplicate, Some(&reason)).await? {
                held.tell(tx, self.coach, object, &reason).await?;
            }
            self.outcomes.push((file.at, ObjectOutcome::Duplicate));
            return Ok(());
        }
        if file.copied.role != "speech" && !self.sessions.contains_key(&place) {
            // Another scan settled its transcript.
            return Ok(self.wait(tx, file, WaitReason::Alone).await?);
        }
        // Our copy may have been that of a session which is deleted, and be gone: the next scan writes it anew.
        if !removal::claim(tx, &file.copied.stored_key, file.copied.copied_at.elapsed()).await? {
            self.outcomes.push((file.at, ObjectOutcome::Seen));
            return Ok(());
        }
        if !ledger::settle(tx, bucket, object, ObjectOutcome::Taken, None).await? {
            self.outcomes.push((file.at, ObjectOutcome::Seen));
            return Ok(());
        }
        let (session_id, known_correlation) = match self.sessions.get(&place) {
            Some(session) => (session.id, session.correlation_id),
            None => {
                let tracks = all.iter().filter(|other| other.decision == decision && other.is_one_track()).count();
                let title = title(&file.member.key, tracks > 1 && file.is_one_track());
                let (id, correlation_id) =
                    receive_session(tx, object, &file.member.key, &title, self.coach, None).await?;
                (id, Some(correlation_id))
            }
        };
        let joined = known_correlation.is_none();
        let correlation_id = match known_correlation {
            Some(correlation_id) => correlation_id,
            None => join_session(tx, session_id, object, file).await?,
        };
        let transcript_id = insert(tx, session_id, file).await?;
        let held = known_content(tx, &file.copied.sha256, self.coach).await?;
        self.known.extend(held.map(|held| (file.copied.sha256.clone(), held)));
        let session = Session { id: session_id, correlation_id: Some(correlation_id) };
        let before = self.sessions.insert(place, session);
        // One job parses all of them.
        if before.is_none_or(|before| before.correlation_id.is_none()) {
            enqueue(tx, &ParseTranscript { transcript_id }, correlation_id).await?;
        }
        tracing::info!(
            target: "ingest",
            {
                session.id = %session_id, transcript.id = %transcript_id, correlation.id = %correlation_id,
                transcript.role = file.copied.role, joined
            },
            "a transcript was taken"
        );
        self.outcomes.push((file.at, ObjectOutcome::Taken));
        Ok(())
    }
}

impl Incoming<'_> {
    fn is_one_track(&self) -> bool {
        matches!(&self.copied.candidate.content, Content::Speech(Some(facts)) if facts.is_one_track())
    }
}

/// A session's title; one with several tracks is named after what they have in common.
fn title(key: &TranscriptKey, of_tracks: bool) -> String {
    if of_tracks && meeting::place(key) == Place::Own {
        return TranscriptKey { file: String::new(), ..key.clone() }.title();
    }
    meeting::title(key)
}

async fn insert(tx: &mut TenantTx, session_id: Uuid, file: &Incoming<'_>) -> Result<Uuid, sqlx::Error> {
    let (id, organization, object) = (Uuid::now_v7(), tx.tenant(), &file.member.object);
    sqlx::query!(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time, role, stem, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp())",
        id,
        organization,
        session_id,
        object.key,
        object.etag,
        file.copied.stored_key,
        file.copied.sha256,
        ledger::bytes(object),
        object.modified,
        file.copied.role,
        meeting::named(&file.member.key.file).stem
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// This coach's transcript with this content. Another coach's transcript is that coach's alone: a file from the wrong
/// folder becomes a session of the right coach. Holds a lock on the content until the transaction ends, so that two
/// copies taken at once don't both become transcripts.
async fn known_content(tx: &mut TenantTx, sha256: &str, coach: Coach) -> Result<Option<Held>, sqlx::Error> {
    removal::hold(tx, sha256).await?;
    sqlx::query_as!(
        Held,
        "select sessions.id as session_id, title, session_date, transcripts.object_key, rejected_reason,
            came_late
         from transcripts join sessions on sessions.id = session_id where sha256 = $1 and coach_id = $2
         order by rejected_reason is not null, received_at, transcripts.id limit 1",
        sha256,
        coach.id
    )
    .fetch_optional(tx.conn())
    .await
}

/// Adds a file to an existing session; returns the session's correlation id.
async fn join_session(
    tx: &mut TenantTx,
    session_id: Uuid,
    object: &ObjectInfo,
    file: &Incoming<'_>,
) -> Result<Uuid, sqlx::Error> {
    let is_again = sqlx::query_scalar!(
        r#"select exists (select from transcripts where session_id = $1 and object_key = $2) as "again!""#,
        session_id,
        object.key
    )
    .fetch_one(tx.conn())
    .await?;
    let key = &file.member.key;
    let is_track =
        file.is_one_track() && !is_again && (meeting::named(&key.file).is_track || meeting::place(key) == Place::Own);
    let joined = sqlx::query!(
        r#"update sessions
         set state = case when exists (select from utterances where session_id = sessions.id and replaced_at is null)
                          then state else 'received' end,
             title = coalesce($2, title), failed_stage = case when not $3 then failed_stage end,
             failed_reason = case when not $3 then failed_reason end, updated_at = now()
         from (select id as its_id, state as before from sessions where id = $1 for no key update) was
         where id = its_id returning correlation_id, state as "state: SessionState", before as "before: SessionState""#,
        session_id,
        // A second track has arrived: the session is no longer named after the first.
        is_track.then(|| title(key, true)),
        // A chat doesn't hide a failed stage.
        file.copied.role == "speech"
    )
    .fetch_one(tx.conn())
    .await?;
    if joined.state != joined.before {
        webhook::emit(tx, &Event::session(session_id, joined.state)).await?;
    }
    Ok(joined.correlation_id)
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}
