//! What a new attribution does to a session's summaries, to follow-ups that are held, and to those already sent.
//!
//! A summary is affected if the words that it may be drawn from have changed: it is then due again and gets a new
//! version (the old ones stay). If its client didn't speak after all, it's withdrawn: dismissed for good. In both cases
//! its approval ends, and a follow-up that is still held is cancelled. Emails that were already sent are searched for
//! sentences based on words that aren't the client's; the coach is warned, as no email can be recalled.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::reattribute::{Cause, Session};
use crate::{
    audit::Visitor,
    db::{TenantTx, Tx},
    desk::{self, Desk},
    follow_up, mail,
    path::{self, Locked, SessionState, SummarizeClient},
    queue::enqueue,
    summarize::{self, SessionForClient},
    written::{self, Summary},
};

const REWRITTEN: &str = "Rewritten because you corrected who spoke in this session. Earlier versions are kept.";
const REWRITTEN_BY_ANOTHER: &str =
    "Rewritten because you told us who someone is in another session. Earlier versions are kept.";

/// Why a follow-up was stopped, as recorded in the ledger.
pub(super) const CORRECTED: &str = "the coach corrected who spoke";

/// Counts of what was affected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Touched {
    /// Summaries to write or rewrite.
    pub due: usize,
    /// Summaries withdrawn.
    pub withdrawn: usize,
    /// Held follow-ups that were cancelled.
    pub stopped: usize,
    /// Follow-ups sent, or being sent, with words that aren't their client's.
    pub misdelivered: usize,
}

/// A summary, locked, as it was before a correction.
#[derive(Debug)]
pub(super) struct Before {
    summary: Summary,
    /// What it could be drawn from.
    input: Option<SessionForClient>,
}

/// Locks the summaries of a session and records what each could be drawn from, before the attribution changes.
pub(super) async fn lock_with_inputs(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Before>, sqlx::Error> {
    let mut all = Vec::new();
    for summary in written::lock(tx, session_id).await? {
        let input = summarize::load_input(tx, summary.id).await?.map(|found| found.input);
        all.push(Before { summary, input });
    }
    Ok(all)
}

/// Finds the summaries affected by the new attribution, and changes their state.
pub(super) async fn settle(
    tx: &mut TenantTx,
    desk: &Desk,
    session: &Session<'_>,
    summaries: Vec<Before>,
    clients: &HashSet<Uuid>,
    visitor: &Visitor,
) -> Result<Touched, sqlx::Error> {
    let mut touched = Touched::default();
    let mut gone_wrong = Vec::new();
    for Before { summary, input: before } in &summaries {
        let input = summarize::load_input(tx, summary.id).await?.map(|found| found.input);
        let speaks = clients.contains(&summary.client_id);
        if !speaks && summary.is_withdrawn || speaks && !summary.is_withdrawn && input == *before {
            continue;
        }
        touched.stopped += stop_follow_ups(tx, summary.id, CORRECTED).await?;
        let own = input.filter(|_| speaks).map_or_else(Vec::new, |input| input.utterances);
        let own: Vec<Uuid> = own.into_iter().map(|line| line.id).collect();
        gone_wrong.extend(misdeliveries(tx, session.locked.id, summary, speaks, &own).await?);
        written::forget(tx, session.locked.id, summary.client_id).await?;
        written::look_again(tx, summary.id, session.locked.correlation_id).await?;
        if speaks {
            let reason = if session.cause == Cause::SaidElsewhere { REWRITTEN_BY_ANOTHER } else { REWRITTEN };
            written::rewrite(tx, summary.id, reason).await?;
            enqueue(tx, &SummarizeClient { summary_id: summary.id }, session.locked.correlation_id).await?;
            touched.due += 1;
        } else {
            withdraw(tx, session, summary, visitor).await?;
            touched.withdrawn += 1;
        }
    }
    for client in clients.iter().filter(|client| summaries.iter().all(|it| it.summary.client_id != **client)) {
        let (summary_id, organization) = (Uuid::now_v7(), tx.tenant());
        sqlx::query!(
            "insert into summaries (id, organization_id, session_id, client_id) values ($1, $2, $3, $4)",
            summary_id,
            organization,
            session.locked.id,
            client
        )
        .execute(tx.conn())
        .await?;
        enqueue(tx, &SummarizeClient { summary_id }, session.locked.correlation_id).await?;
        touched.due += 1;
    }
    touched.misdelivered = gone_wrong.iter().filter(|found| found.is_new).count();
    if let Some(first) = gone_wrong.iter().find(|found| found.is_new) {
        desk::warn_of_wrong_words(tx, desk, session.locked.id, first.id).await?;
    }
    Ok(touched)
}

/// Cancels a summary's follow-ups that haven't been sent. One that is being handed to the mail server right now isn't
/// cancelled: it counts as sent.
pub(super) async fn stop_follow_ups(tx: &mut TenantTx, summary_id: Uuid, why: &str) -> Result<usize, sqlx::Error> {
    let stopped = sqlx::query_scalar!(
        "update mails set state = 'cancelled', error = $2
         where kind = 'follow_up' and subject_id = $1 and state in ('queued', 'failed') returning id",
        summary_id,
        why
    )
    .fetch_all(tx.conn())
    .await?;
    for mail_id in &stopped {
        mail::clear_mark(tx, *mail_id).await?;
    }
    Ok(stopped.len())
}

/// A follow-up that was sent with words that aren't its client's.
struct Misdelivery {
    id: Uuid,
    /// Whether it contains anything the coach hasn't been told about yet.
    is_new: bool,
}

/// Checks a summary's follow-ups that were sent, or may have been, and records what was wrong in them, replacing what
/// an earlier correction found. `own` are the utterances that the summary may be based on.
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

async fn withdraw(
    tx: &mut TenantTx,
    session: &Session<'_>,
    summary: &Summary,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let reason = match session.cause {
        Cause::SaidHere => format!(
            "You told us {} didn’t speak in this session: what was here was said by someone else. It’s withdrawn, and \
             nothing else from it will be sent.",
            summary.client
        ),
        Cause::SaidElsewhere => format!(
            "By what you told us in another session, {} didn’t speak in this one: what was here was said by someone \
             else. It’s withdrawn, and nothing else from it will be sent.",
            summary.client
        ),
        Cause::TakenBack => format!(
            "You told us it wasn’t {} who spoke here. The summary is withdrawn, and nothing else from it will be sent.",
            summary.client
        ),
    };
    written::set_aside(tx, session.locked.id, summary, reason, visitor).await
}

/// Moves the session to where its summaries are: back to be summarised, or on if none is due.
pub(super) async fn move_on(tx: &mut TenantTx, session: &Locked) -> Result<(), sqlx::Error> {
    if path::follow_summaries(tx, session).await? == SessionState::InReview {
        follow_up::close_if_finished(tx, session.id).await?;
    }
    Ok(())
}
