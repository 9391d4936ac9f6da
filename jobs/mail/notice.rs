//! Tells a coach that one of their sessions needs attention, as every stage does when its job is dead. Reads the
//! session and its coach; writes an email to the ledger. A rerun finds the email and changes nothing.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{MailError, Message, NewMail, Post, Recipient, SessionFailed, queue_mail};
use crate::{
    danger,
    db::{TenantTx, Tx},
    path::session::DATE_OF_UPLOAD,
};

/// What an email to the coach needs to know about a session.
#[derive(Clone, Debug)]
pub struct SessionCoach {
    /// The coach.
    pub coach_id: Uuid,
    /// The coach's mailbox.
    pub coach: Recipient,
    /// The coach's time zone, an IANA name.
    pub time_zone: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// Whether the date is only that of the upload.
    pub date_estimated: bool,
    /// The session's correlation id.
    pub correlation_id: Uuid,
}

/// Reads the session and its coach; `None` if there is no such session.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn session_coach(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<SessionCoach>, sqlx::Error> {
    let row = sqlx::query!(
        "select coaches.id, coaches.name, coaches.email, coaches.time_zone, title, session_date,
                date_source, correlation_id
         from sessions join coaches on coaches.id = sessions.coach_id where sessions.id = $1",
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| SessionCoach {
        coach_id: row.id,
        coach: Recipient { name: row.name, email: row.email },
        time_zone: row.time_zone,
        title: row.title,
        date: row.session_date,
        date_estimated: row.date_source == DATE_OF_UPLOAD,
        correlation_id: row.correlation_id,
    }))
}

/// What went wrong with a session, in the terms of [`SessionFailed`].
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// Its subject: the job that failed. A coach is told once about each.
    pub subject_id: Uuid,
    /// Completes "Debrief could not …".
    pub step: &'a str,
    /// Why, in a sentence that a coach understands.
    pub reason: &'a str,
    /// What to do, in a sentence.
    pub advice: &'a str,
}

/// Emails the session's coach that something went wrong. Returns the email's id, or `None` if the coach has been told
/// already or the session is gone.
///
/// # Errors
/// Returns an error if the coach's address is invalid or the query fails.
pub async fn tell_coach(
    tx: &mut TenantTx,
    post: &Post,
    session_id: Uuid,
    trouble: Trouble<'_>,
) -> Result<Option<Uuid>, MailError> {
    let Some(session) = session_coach(tx, session_id).await? else { return Ok(None) };
    let message = Message::SessionFailed(SessionFailed {
        coach: session.coach.name.clone(),
        title: session.title,
        date: session.date,
        step: trouble.step.to_owned(),
        reason: trouble.reason.to_owned(),
        advice: trouble.advice.to_owned(),
        danger: !danger::kinds(tx, session_id).await?.is_empty(),
    });
    let mail = NewMail {
        message,
        to: session.coach,
        reply_to: None,
        subject_id: trouble.subject_id,
        version: 1,
        session_id: Some(session_id),
        coach_id: Some(session.coach_id),
        client_id: None,
        due_at: None,
        correlation_id: session.correlation_id,
    };
    queue_mail(tx, post, mail).await
}

/// Clears a failed email's mark from its session after the email was sent after all, unless another email of the
/// session still needs attention.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn clear_mark(tx: &mut TenantTx, mail_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set failed_stage = null, failed_reason = null, updated_at = now()
         where id = (select session_id from mails where id = $1) and failed_stage in ('mail', 'follow_up')
           and not exists (select from mails where session_id = sessions.id and state in ('failed', 'uncertain'))",
        mail_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
