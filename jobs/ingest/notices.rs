//! What a coach is told about files in the inbox: those rejected, and those already there.
//!
//! Writes `inbox_notices`, in the transaction of the fact, and the job that tells the coach. The job collects a coach's
//! unsent notices into one email: it waits until nothing has arrived for a moment, but not for long. Email, mark and
//! "done" are one transaction, so a rerun finds nothing left to tell.

use std::time::Duration;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Needs, reject, take};
use crate::{
    bucket::ObjectInfo,
    db::{TenantTx, Tx},
    mail::{self, InboxFile, MailError, Message, NewMail, Recipient, SessionRejected},
    meeting::key::INBOX,
    queue::{Context, Finished, Job, JobArgs, JobError, Options, enqueue_with},
};

/// More may follow within this time.
const QUIET: Duration = Duration::from_secs(2);

/// A file that a coach is told about.
#[derive(Debug)]
pub(super) struct Notice<'a> {
    pub(super) coach_id: Uuid,
    pub(super) session_id: Option<Uuid>,
    /// What it is about: a version of an object, or a transcript. Each is reported once.
    pub(super) about: String,
    pub(super) kind: Kind,
    pub(super) object_key: &'a str,
    pub(super) reason: &'a str,
    pub(super) what_to_do: &'a str,
    /// Whether a copy of the file is kept under `rejected/`.
    pub(super) kept: bool,
}

/// Identifies this version of an object.
pub(super) fn of_object(object: &ObjectInfo) -> String {
    format!("object {}", take::sha256_hex(format!("{}\n{}", object.key, object.etag).as_bytes()))
}

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Refused,
    Duplicate,
    /// A transcript that arrived after its session was summarized.
    Late,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
        }
    }
}

/// Records a notice for the coach. A transaction takes this lock last: it excludes the job that sends notices.
pub(super) async fn add(tx: &mut TenantTx, notice: &Notice<'_>) -> Result<(), sqlx::Error> {
    hold(tx, notice.coach_id).await?;
    let organization = tx.tenant();
    let added = sqlx::query!(
        "insert into inbox_notices (id, organization_id, coach_id, session_id, about, kind, object_key, reason, what_to_do,
            kept)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (organization_id, about) do nothing",
        Uuid::now_v7(),
        organization,
        notice.coach_id,
        notice.session_id,
        notice.about,
        notice.kind.as_str(),
        notice.object_key,
        notice.reason,
        notice.what_to_do,
        notice.kept
    )
    .execute(tx.conn())
    .await?;
    if added.rows_affected() > 0 {
        let options = Options { run_at: Some(Utc::now() + QUIET), ..Options::default() };
        enqueue_with(tx, &TellCoach { coach_id: notice.coach_id }, options).await?;
    }
    Ok(())
}

/// Adding and sending take turns: a new notice is sent by the existing job or by a new one.
async fn hold(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    let lock = format!("inbox notices/{coach_id}");
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 2))", lock).execute(tx.conn()).await?;
    Ok(())
}

/// Tells a coach about files in the inbox, in one email.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TellCoach {
    /// The coach.
    pub coach_id: Uuid,
}

/// A notice that hasn't been sent.
struct Untold {
    id: Uuid,
    session_id: Option<Uuid>,
    kind: String,
    object_key: String,
    reason: String,
    what_to_do: String,
    kept: bool,
}

impl JobArgs for TellCoach {
    const KIND: &'static str = "ingest.tell_coach";

    fn unique_key(&self) -> Option<String> {
        Some(self.coach_id.to_string())
    }
}

impl Job for TellCoach {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        hold(&mut tx, self.coach_id).await?;
        if more_comes(&mut tx, self.coach_id).await? {
            return Err(JobError::Snooze(QUIET));
        }
        let untold = sqlx::query_as!(
            Untold,
            "select id, session_id, kind, object_key, reason, what_to_do, kept from inbox_notices
             where coach_id = $1 and told_at is null order by id",
            self.coach_id
        )
        .fetch_all(tx.conn())
        .await?;
        let Some(first) = untold.first() else { return ctx.finish(tx, json!({ "told": 0 })).await };
        let coach = sqlx::query!("select name, email, handle, removed_at from coaches where id = $1", self.coach_id)
            .fetch_one(tx.conn())
            .await?;
        let mut sessions = untold.iter().map(|notice| notice.session_id);
        let session_id = sessions.next().flatten().filter(|_| sessions.next().is_none());
        let new = NewMail {
            message: Message::SessionRejected(told(&coach.name, &coach.handle, &untold)),
            to: Recipient { name: coach.name, email: coach.email },
            reply_to: None,
            subject_id: first.id,
            version: 1,
            session_id,
            coach_id: Some(self.coach_id),
            client_id: None,
            due_at: None,
            correlation_id: ctx.job.correlation_id,
        };
        let mail_id = if coach.removed_at.is_some() { None } else { queue(ctx, &mut tx, new).await? };
        let ids: Vec<Uuid> = untold.iter().map(|notice| notice.id).collect();
        sqlx::query!("update inbox_notices set told_at = now(), mail_id = $2 where id = any($1)", &ids, mail_id)
            .execute(tx.conn())
            .await?;
        ctx.finish(tx, json!({ "told": ids.len(), "mail_id": mail_id })).await
    }

    async fn on_dead(&self, _ctx: &Context<Needs>, error: &str) -> Result<(), JobError> {
        // `debrief inbox` lists the files and their reasons; the next notice includes these too.
        tracing::error!(target: "ingest", { coach.id = %self.coach_id, error }, "a coach was not told of files in the inbox");
        Ok(())
    }
}

async fn queue(ctx: &Context<Needs>, tx: &mut TenantTx, mail: NewMail) -> Result<Option<Uuid>, JobError> {
    match mail::queue_mail(tx, &ctx.post, mail).await {
        // An invalid address is still invalid at the next attempt; the inbox and the files next to it show everything.
        Err(MailError::Recipient) => {
            tracing::error!(target: "ingest", "a coach cannot be told of files in the inbox: the address is none");
            Ok(None)
        }
        queued => Ok(queued?),
    }
}

/// Whether more may follow soon: the latest notice is recent, or files of the coach are being read. What has waited
/// five minutes is sent in any case.
async fn more_comes(tx: &mut TenantTx, coach_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(min(created_at) > now() - interval '5 minutes'
                  and (max(created_at) > now() - make_interval(secs => $2)
                       or exists (select from jobs join sessions using (correlation_id)
                                  where coach_id = $1 and kind in ('parse.transcript', 'ingest.reject')
                                    and (jobs.state = 'running'
                                         or (jobs.state = 'due' and run_at < now() + interval '5 seconds')))),
                  false) as "more!"
           from inbox_notices where coach_id = $1 and told_at is null"#,
        coach_id,
        QUIET.as_secs_f64()
    )
    .fetch_one(tx.conn())
    .await
}

/// The email's content: for each kind the first files with their reasons, and how many more there are.
fn told(coach: &str, handle: &str, untold: &[Untold]) -> SessionRejected {
    let folder = format!("{INBOX}{handle}/");
    let of_kind = |kind: Kind| untold.iter().filter(move |notice| notice.kind == kind.as_str());
    let (refused, kept) = (of_kind(Kind::Refused).count(), of_kind(Kind::Refused).filter(|notice| notice.kept).count());
    // If only some are kept, each of them says so.
    let is_some_kept = (1..refused).contains(&kept);
    let file = |notice: &Untold| InboxFile {
        // In the coach's own folder, whatever its letter case.
        file: match notice.object_key.get(..folder.len()) {
            Some(begin) if begin.to_lowercase() == folder => notice.object_key[folder.len()..].to_owned(),
            _ => notice.object_key.clone(),
        },
        reason: match notice.kept && is_some_kept {
            true => format!("{} We’ve kept a copy in rejected/.", notice.reason),
            false => notice.reason.clone(),
        },
    };
    let mut advice: Vec<String> = Vec::new();
    for notice in of_kind(Kind::Refused).take(SessionRejected::MOST) {
        if !advice.contains(&notice.what_to_do) {
            advice.push(notice.what_to_do.clone());
        }
    }
    let more = |kind| of_kind(kind).count().saturating_sub(SessionRejected::MOST);
    SessionRejected {
        coach: coach.to_owned(),
        files: of_kind(Kind::Refused).take(SessionRejected::MOST).map(file).collect(),
        more: more(Kind::Refused),
        advice,
        all_kept: refused > 0 && kept == refused,
        comes_back: of_kind(Kind::Refused).any(|notice| notice.session_id.is_some()),
        there: of_kind(Kind::Duplicate).take(SessionRejected::MOST).map(file).collect(),
        more_there: more(Kind::Duplicate),
        late: of_kind(Kind::Late).take(SessionRejected::MOST).map(file).collect(),
        more_late: more(Kind::Late),
        late_advice: reject::LATE.to_owned(),
    }
}
