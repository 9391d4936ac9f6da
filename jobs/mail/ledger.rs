//! The ledger: one row per recipient, unique by its subject, with the message frozen in it. Writes `mails` and the job
//! that sends. A rerun finds the row and changes nothing.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{MailError, Message, Post, Recipient, SendMail, compose};
use crate::{
    db::{TenantTx, Tx},
    model::MailState,
    queue::{Options, enqueue_with},
};

/// An email to be queued.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// What it says, which also determines its kind.
    pub message: Message,
    /// Who gets it.
    pub to: Recipient,
    /// Who gets replies; the sender if `None`.
    pub reply_to: Option<Recipient>,
    /// The session, summary, transcript or rollup that it is about.
    pub subject_id: Uuid,
    /// Counts legitimate repeats, such as a summary's version or a new link. From 1.
    pub version: i32,
    /// The session, if it is about one.
    pub session_id: Option<Uuid>,
    /// The coach concerned.
    pub coach_id: Option<Uuid>,
    /// The client it is sent to.
    pub client_id: Option<Uuid>,
    /// Not before this time; immediately if `None`.
    pub due_at: Option<DateTime<Utc>>,
    /// The session's correlation id.
    pub correlation_id: Uuid,
}

/// A row's main fields.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its id.
    pub id: Uuid,
    /// Its kind, as stored.
    pub kind: String,
    /// Its state.
    pub state: MailState,
    /// The session, if it is about one.
    pub session_id: Option<Uuid>,
    /// The coach concerned.
    pub coach_id: Option<Uuid>,
}

/// Writes the email to the ledger and enqueues the job that sends it, which is all an email to a coach needs. Returns
/// its id, or `None` if the same email is on the ledger already.
///
/// # Errors
/// Returns an error if the recipient's address is invalid, a template is faulty, or the query fails.
pub async fn queue_mail(tx: &mut TenantTx, post: &Post, mail: NewMail) -> Result<Option<Uuid>, MailError> {
    let inserted = insert(tx, post, &mail).await?;
    if let Some(mail_id) = inserted {
        enqueue_send(tx, &SendMail { mail_id }, mail.due_at, mail.correlation_id).await?;
    }
    Ok(inserted)
}

/// Writes the email to the ledger and leaves sending to the caller.
///
/// # Errors
/// Same as [`queue_mail`].
pub async fn insert(tx: &mut TenantTx, post: &Post, mail: &NewMail) -> Result<Option<Uuid>, MailError> {
    let id = Uuid::now_v7();
    let composed = compose::compose(post, id, mail)?;
    let sha256 = sha256(&composed.bytes);
    let organization = tx.tenant();
    let inserted = sqlx::query_scalar!(
        "insert into mails (id, organization_id, kind, subject_id, recipient, version, session_id, coach_id, client_id,
            subject, message_id, message, message_sha256, carries_link, due_at, correlation_id, recipient_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, coalesce($15, now()), $16, $17)
         on conflict on constraint mails_once do nothing returning id",
        id,
        organization,
        mail.message.kind(),
        mail.subject_id,
        composed.recipient,
        mail.version,
        mail.session_id,
        mail.coach_id,
        mail.client_id,
        composed.subject,
        composed.message_id,
        composed.bytes,
        sha256,
        mail.message.carries_link(),
        mail.due_at,
        mail.correlation_id,
        mail.to.shown_name(),
    )
    .fetch_optional(tx.conn())
    .await?;
    match inserted {
        Some(id) => tracing::info!(
            target: "mail", { mail.id = %id, mail.kind = mail.message.kind(), correlation.id = %mail.correlation_id },
            "mail queued"
        ),
        None => tracing::info!(
            target: "mail", { mail.kind = mail.message.kind(), subject.id = %mail.subject_id,
            correlation.id = %mail.correlation_id }, "the same mail is in the ledger already"
        ),
    }
    Ok(inserted)
}

/// Enqueues the job that sends an email, due when the email is.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn enqueue_send<J: crate::queue::JobArgs>(
    tx: &mut TenantTx,
    job: &J,
    due_at: Option<DateTime<Utc>>,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let options = Options { run_at: due_at, correlation_id: Some(correlation_id) };
    enqueue_with(tx, job, options).await?;
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Queues a cancelled email on the ledger again, with its current text: nobody has it. Returns its id, or `None` if it
/// was sent or is being sent.
///
/// # Errors
/// Same as [`queue_mail`].
pub async fn revive(tx: &mut TenantTx, post: &Post, mail: &NewMail) -> Result<Option<Uuid>, MailError> {
    let Some(address) = mail.to.address() else { return Err(MailError::Recipient) };
    let cancelled = sqlx::query_scalar!(
        "select id from mails where kind = $1 and subject_id = $2 and version = $3 and recipient = $4
            and state = 'cancelled' for update",
        mail.message.kind(),
        mail.subject_id,
        mail.version,
        address
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(id) = cancelled else { return Ok(None) };
    let composed = compose::compose(post, id, mail)?;
    sqlx::query!(
        "update mails set state = 'queued', due_at = coalesce($2, now()), error = null, subject = $3, message = $4,
            message_sha256 = $5, recipient_name = $6 where id = $1",
        id,
        mail.due_at,
        composed.subject,
        composed.bytes,
        sha256(&composed.bytes),
        mail.to.shown_name(),
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(id))
}

/// Whether a follow-up's client still has the approved name and address; `None` if there is no such email.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub(crate) async fn is_for_its_client(tx: &mut TenantTx, mail_id: Uuid) -> Result<Option<bool>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select recipient, recipient_name, clients.name as "name?", clients.email
           from mails
           left join summaries on summaries.id = mails.subject_id
           left join clients on clients.id = summaries.client_id
           where mails.id = $1"#,
        mail_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let Some(name) = row.name else { return false };
        let approved = Recipient { name: row.recipient_name.unwrap_or_else(|| name.clone()), email: row.recipient };
        // Normalized like the address on the ledger, so that only a real change counts.
        Recipient::of(&name, row.email.as_deref()).is_some_and(|now| {
            let email = now.address().unwrap_or_else(|| now.email.clone());
            approved.is(&Recipient { email, ..now })
        })
    }))
}
