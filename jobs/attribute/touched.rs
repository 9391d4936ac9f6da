//! What a new attribution does to a session's summaries, to the follow-ups that are held, and to those that are gone.
//!
//! A summary is touched when the words that it may be drawn from are others than before: then it is due again, and gets
//! a new version (the old ones stay). One whose client did not speak after all is withdrawn: dismissed for good. An
//! approval of either ends, and a follow-up that still waits is cancelled. What had gone out is looked through for
//! sentences that rest on words which are not the client's; the coach is warned, as nobody can take a mail back.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use uuid::Uuid;

use super::{
    reattribute::{Session, Withdrawn},
    threads,
};
use crate::{
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    follow_up, mail,
    path::{self, State, SummarizeClient},
    queue::enqueue,
    review::{self, Desk},
    summarize::{self, SessionForClient},
    voice,
};

const REWRITTEN: &str = "Rewritten because you corrected who spoke in this session. Earlier versions are kept.";

/// What was touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Touched {
    /// Summaries that are written anew, or for the first time.
    pub due: usize,
    /// Summaries that are withdrawn.
    pub withdrawn: usize,
    /// Follow-ups that were held and are cancelled.
    pub stopped: usize,
    /// Follow-ups that had gone out, or were going, with words that are not their client's.
    pub misdelivered: usize,
}

/// A summary, locked.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) id: Uuid,
    pub(super) client_id: Uuid,
    client: String,
    state: String,
    version: i32,
    is_withdrawn: bool,
    /// What it could be drawn from before.
    input: Option<SessionForClient>,
}

/// Locks the summaries of a session, and notes what each could be drawn from; before the attribution changes.
pub(super) async fn lock_with_inputs(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let mut summaries = lock(tx, session_id).await?;
    for summary in &mut summaries {
        summary.input = summarize::load_input(tx, summary.id).await?.map(|found| found.input);
    }
    Ok(summaries)
}

pub(super) async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select summaries.id, client_id, name, state, version, withdrawn_reason is not null as "is_withdrawn!"
           from summaries join clients on clients.id = client_id
           where session_id = $1 order by summaries.id for update of summaries"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let summaries = rows.into_iter().map(|row| Summary {
        id: row.id,
        client_id: row.client_id,
        client: row.name,
        state: row.state,
        version: row.version,
        is_withdrawn: row.is_withdrawn,
        input: None,
    });
    Ok(summaries.collect())
}

/// Looks which summaries are touched, now that the attribution has changed, and moves them.
pub(super) async fn settle(
    tx: &mut TenantTx,
    desk: &Desk,
    session: &Session<'_>,
    summaries: Vec<Summary>,
    clients: &HashSet<Uuid>,
    visitor: &Visitor,
) -> Result<Touched, sqlx::Error> {
    let mut touched = Touched::default();
    let mut gone_wrong = Vec::new();
    for summary in &summaries {
        let input = summarize::load_input(tx, summary.id).await?.map(|found| found.input);
        let speaks = clients.contains(&summary.client_id);
        if !speaks && summary.is_withdrawn || speaks && !summary.is_withdrawn && input == summary.input {
            continue;
        }
        touched.stopped += stop_follow_ups(tx, summary.id).await?;
        let own = input.filter(|_| speaks).map_or_else(Vec::new, |input| input.utterances);
        let own: Vec<Uuid> = own.into_iter().map(|line| line.id).collect();
        gone_wrong.extend(misdeliveries(tx, session.id, summary, speaks, &own).await?);
        forget(tx, session.id, summary.client_id).await?;
        threads::look_again(tx, summary.id, session.correlation_id).await?;
        if speaks {
            rewrite(tx, summary.id, REWRITTEN).await?;
            enqueue(tx, &SummarizeClient { summary_id: summary.id }, session.correlation_id).await?;
            touched.due += 1;
        } else {
            withdraw(tx, session, summary, visitor).await?;
            touched.withdrawn += 1;
        }
    }
    for client in clients.iter().filter(|client| summaries.iter().all(|summary| summary.client_id != **client)) {
        let (summary_id, organization) = (Uuid::now_v7(), tx.tenant());
        sqlx::query!(
            "insert into summaries (id, organization_id, session_id, client_id) values ($1, $2, $3, $4)",
            summary_id,
            organization,
            session.id,
            client
        )
        .execute(tx.conn())
        .await?;
        enqueue(tx, &SummarizeClient { summary_id }, session.correlation_id).await?;
        touched.due += 1;
    }
    touched.misdelivered = gone_wrong.iter().filter(|found| found.is_new).count();
    if let Some(first) = gone_wrong.iter().find(|found| found.is_new) {
        review::warn_of_wrong_words(tx, desk, session.id, first.id).await?;
    }
    Ok(touched)
}

/// Cancels what has not gone out of a summary's follow-ups. One that is being handed to the mail server this moment is
/// not among them: it counts as gone.
pub(super) async fn stop_follow_ups(tx: &mut TenantTx, summary_id: Uuid) -> Result<usize, sqlx::Error> {
    let stopped = sqlx::query_scalar!(
        "update mails set state = 'cancelled', error = 'the coach corrected who spoke'
         where kind = 'follow_up' and subject_id = $1 and state in ('queued', 'failed') returning id",
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    for mail_id in &stopped {
        mail::clear_mark(tx, *mail_id).await?;
    }
    Ok(stopped.len())
}

/// A follow-up that is gone with words that are not its client's.
struct Misdelivery {
    id: Uuid,
    /// Whether the coach has not been told of all of it yet.
    is_new: bool,
}

/// Looks through the follow-ups of a summary that are gone, or may be, and writes down what was wrong in them, in place
/// of what an earlier correction found. `own` are the utterances that the summary may rest on.
async fn misdeliveries(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary: &Summary,
    speaks: bool,
    own: &[Uuid],
) -> Result<Vec<Misdelivery>, sqlx::Error> {
    let told = sqlx::query!("delete from misdeliveries where summary_id = $1 returning mail_id, claim_ids", summary.id)
        .fetch_all(tx.conn())
        .await?;
    let told: HashMap<Uuid, Vec<Uuid>> = told.into_iter().map(|row| (row.mail_id, row.claim_ids)).collect();
    let gone = sqlx::query!(
        r#"select mails.id, array_agg(claims.id order by claims.section, claims.position) as "claims!"
           from mails join claims on claims.summary_id = $1 and claims.version = mails.version
           where mails.kind = 'follow_up' and mails.subject_id = $1 and mails.state in ('sending', 'sent', 'uncertain')
             and claims.audience = 'client'
             and (not $3 or exists (select from evidence
                                    where claim_id = claims.id and utterance_id <> all($2)))
           group by mails.id order by mails.id"#,
        summary.id,
        own,
        speaks
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found = Vec::new();
    for mail in gone {
        let (id, organization) = (Uuid::now_v7(), tx.tenant());
        sqlx::query!(
            "insert into misdeliveries (id, organization_id, session_id, summary_id, mail_id, claim_ids)
             values ($1, $2, $3, $4, $5, $6)",
            id,
            organization,
            session_id,
            summary.id,
            mail.id,
            &mail.claims
        )
        .execute(tx.conn())
        .await?;
        let known = told.get(&mail.id);
        let is_new = mail.claims.iter().any(|claim| known.is_none_or(|known| !known.contains(claim)));
        found.push(Misdelivery { id, is_new });
    }
    Ok(found)
}

/// A search finds nothing any more of what was written, and nothing is learned of its words: they may be somebody
/// else's. The new version brings its own.
pub(super) async fn forget(tx: &mut TenantTx, session_id: Uuid, client_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from chunks where session_id = $1 and client_id = $2 and source = 'summary'",
        session_id,
        client_id
    )
    .execute(tx.conn())
    .await?;
    voice::unlearn(tx, session_id, client_id).await
}

/// Makes a summary due again. What is written is kept as it is; `reason` stands with the version to come.
pub(super) async fn rewrite(tx: &mut TenantTx, summary_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update summaries set state = 'due', failed_reason = null, withdrawn_reason = null, approved_version = null,
            approved_hash = null, approved_at = null, updated_at = now(),
            rewrite_reason = case when version > 0 then $2 end
         where id = $1",
        summary_id,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn withdraw(
    tx: &mut TenantTx,
    session: &Session<'_>,
    summary: &Summary,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let reason = match session.withdrawn {
        Withdrawn::AnotherSpoke => format!(
            "You told us {} didn’t speak in this session: what was here was said by someone else. It’s withdrawn, and \
             none of it is sent.",
            summary.client
        ),
        Withdrawn::TakenBack => format!(
            "You told us it wasn’t {} who spoke here. The summary is withdrawn, and none of it is sent.",
            summary.client
        ),
    };
    set_aside(tx, session.id, summary, reason, visitor).await
}

/// Puts a summary aside for good, for a reason that the coach reads.
pub(super) async fn set_aside(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary: &Summary,
    reason: String,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update summaries set state = 'dismissed', failed_reason = null, withdrawn_reason = $2, approved_version = null,
            approved_hash = null, approved_at = null, updated_at = now() where id = $1",
        summary.id,
        reason
    )
    .execute(tx.conn())
    .await?;
    let detail = json!({ "version": summary.version, "was": summary.state });
    let event = Event { summary_id: Some(summary.id), detail, ..Event::of(session_id, EventKind::Withdrawn) };
    audit::record(tx, &event, visitor).await
}

/// Puts aside what was written for clients who do not speak in the transcript that replaced the one before. `due` are the
/// summaries of those who do.
pub(super) async fn withdraw_others(tx: &mut TenantTx, session_id: Uuid, due: &[Uuid]) -> Result<(), sqlx::Error> {
    for summary in lock(tx, session_id).await? {
        if summary.is_withdrawn || due.contains(&summary.id) {
            continue;
        }
        let reason = format!(
            "{} doesn’t speak in the transcript that replaced the earlier one. The summary is withdrawn, and none of it is \
             sent.",
            summary.client
        );
        set_aside(tx, session_id, &summary, reason, &Visitor::default()).await?;
    }
    Ok(())
}

/// The session goes where its summaries are: back to be summarised, or on where none is due any more.
pub(super) async fn move_on(tx: &mut TenantTx, session: &Session<'_>) -> Result<(), sqlx::Error> {
    if path::follow_summaries(tx, session.id, session.state, session.correlation_id).await? == State::InReview {
        follow_up::close_if_finished(tx, session.id).await?;
    }
    Ok(())
}
