//! After a follow-up: a person's decision about one that was refused or whose fate is unknown, and closing the session
//! after the last one. Writes the state of the email and the session in the caller's transaction; a rerun finds them
//! settled and changes nothing.

use uuid::Uuid;

use super::SendFollowUp;
use crate::{
    db::{TenantTx, Tx},
    mail,
    path::{self, SessionState, session},
    webhook::{self, Event, EventType},
};

/// What a person says about a follow-up that failed or whose fate is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client has it.
    Arrived,
    /// The client does not have it: it is sent again, with the same Message-ID.
    SendAgain,
}

/// Carries out a person's decision about a summary's latest follow-up. Returns false if there is nothing to decide: it
/// is being sent, was sent, or is cancelled.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn decide(tx: &mut TenantTx, summary_id: Uuid, verdict: Verdict) -> Result<bool, sqlx::Error> {
    let arrived = verdict == Verdict::Arrived;
    // The session is locked before the email, as everywhere.
    let session_id = sqlx::query_scalar!("select session_id from summaries where id = $1", summary_id)
        .fetch_optional(tx.conn())
        .await?;
    let Some(session_id) = session_id else { return Ok(false) };
    session::lock(tx, session_id).await?;
    let Some(mail) = sqlx::query!(
        r#"update mails set state = case when $2 then 'sent' else 'queued' end, sent_at = case when $2 then now() end,
               error = null
           where state in ('failed', 'uncertain') and id = (
               select id from mails where kind = 'follow_up' and subject_id = $1 order by created_at desc, id desc limit 1)
           returning id, correlation_id"#,
        summary_id,
        arrived
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(false);
    };
    tracing::info!(target: "follow_up", { mail.id = %mail.id, mail.arrived = arrived }, "a person decided on a follow-up");
    mail::clear_mark(tx, mail.id).await?;
    if arrived {
        webhook::emit(tx, &Event::mail(EventType::MailSent, mail.id)).await?;
        close_if_finished(tx, session_id).await?;
    } else {
        mail::enqueue_send(tx, &SendFollowUp { summary_id, mail_id: mail.id }, None, mail.correlation_id).await?;
    }
    Ok(true)
}

/// Closes a session in review once every summary is approved or dismissed and no follow-up is outstanding: none held,
/// none being sent, and none whose failure or unknown fate still needs a person. Returns whether it did.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn close_if_finished(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    // With the lock, two follow-ups that end at the same time see each other.
    let Some(session) = session::lock(tx, session_id).await? else { return Ok(false) };
    if session.state != SessionState::InReview {
        return Ok(false);
    }
    // The latest follow-up of a summary is the one that counts: it replaces a failed one.
    let outstanding = sqlx::query_scalar!(
        r#"select exists (select from summaries where session_id = $1 and state not in ('approved', 'dismissed'))
               or exists (
                   select from (
                       select distinct on (subject_id) mails.state, withdrawn_reason from mails
                       join summaries on summaries.id = subject_id
                       where mails.session_id = $1 and kind = 'follow_up'
                       order by subject_id, mails.created_at desc, mails.id desc
                   ) as newest
                   -- Of one that is withdrawn, nobody has to say whether it arrived.
                   where state in ('queued', 'sending') or state in ('failed', 'uncertain') and withdrawn_reason is null
               ) as "outstanding!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if outstanding {
        return Ok(false);
    }
    path::advance(tx, &session, SessionState::Closed).await?;
    tracing::info!(
        target: "follow_up", { session.id = %session_id, correlation.id = %session.correlation_id }, "session closed"
    );
    Ok(true)
}
