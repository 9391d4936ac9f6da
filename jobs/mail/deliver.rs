//! The only way in which an email on the ledger is sent. Reads the frozen message; writes the row's state before and
//! after the message is transmitted.
//!
//! The conversation with the server is split. Up to its "go ahead" nothing is marked, because nothing can have been
//! sent. Only then is `sending` committed, and the message is transmitted immediately. A worker killed before that
//! leaves an email that is still `queued`.
//!
//! A rerun finds `sent` or `cancelled` and does nothing, or finds `sending`: then an earlier attempt vanished between
//! the message and its record, and it is unknown whether the server accepted it. The rule: if a repeat leaves only the
//! first copy (a file with the same name), it is repeated. To a coach, a second copy with the same Message-ID is
//! harmless, so it is sent again. To a client it isn't, so the email is marked `uncertain` and a person decides.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{FollowUp, Mail, Post, SendError, clear_mark, ledger::is_for_its_client};
use crate::{
    db::{TenantTx, Tx},
    model::MailState,
    queue::{Context, Finished, JobError},
    webhook::{self, Event, EventType},
};

/// The outcome of a delivery, to be recorded in the transaction that finishes the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    mail_id: Uuid,
    fence: i64,
    outcome: DeliveryOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DeliveryOutcome {
    Sent,
    Uncertain(String),
    /// Nothing to do: the state that the row was in.
    Nothing(&'static str),
}

/// What an attempt should do next.
enum NextStep {
    ToSend(Letter),
    Settled(DeliveryOutcome),
}

/// An email as it is sent.
struct Letter {
    kind: String,
    message_id: String,
    recipient: String,
    message: Vec<u8>,
}

/// Sends an email, unless it is settled already. Marks it `sending` and commits that when the server waits for the
/// message; the caller records the [`Delivery`] in its finishing transaction.
///
/// # Errors
/// [`JobError::Retry`] if it was not sent and may be later, or if a coach's email may have been sent and will be sent
/// again; [`JobError::Abort`] if the server refused it for good; [`JobError::Snooze`] before it is due.
pub async fn deliver(ctx: &Context<Post>, mail_id: Uuid) -> Result<Delivery, JobError> {
    let delivered = |outcome| Delivery { mail_id, fence: ctx.job.fence, outcome };
    let mut tx = ctx.tenant_tx().await?;
    let letter = match examine(&mut tx, ctx, mail_id).await? {
        NextStep::ToSend(letter) => letter,
        NextStep::Settled(outcome) => return Ok(delivered(outcome)),
    };
    drop(tx);

    let opened = match ctx.mailer.open(&letter.message_id, &letter.recipient, &letter.message).await {
        Ok(opened) => opened,
        Err(error) => {
            count(&letter.kind, outcome(&error));
            note_unsent(ctx, mail_id, &error).await?;
            return Err(failure(error));
        }
    };
    // Until the message is transmitted, returning closes the conversation, and the server discards what it has.
    if let Some(outcome) = begin(ctx, mail_id).await? {
        return Ok(delivered(outcome));
    }
    match opened.transmit().await {
        Ok(()) => {
            count(&letter.kind, "sent");
            tracing::info!(
                target: "mail", { mail.id = %mail_id, mail.kind = letter.kind, correlation.id = %ctx.job.correlation_id },
                "mail sent"
            );
            Ok(delivered(DeliveryOutcome::Sent))
        }
        Err(error) => {
            count(&letter.kind, outcome(&error));
            match error {
                SendError::Uncertain(why) if letter.kind == FollowUp::KIND => {
                    Ok(delivered(DeliveryOutcome::Uncertain(why)))
                }
                // The row stays `sending`: by the rule, the next attempt sends it again.
                SendError::Uncertain(_) => Err(failure(error)),
                SendError::NotSent(_) | SendError::Refused { .. } => {
                    put_back(ctx, mail_id, Some(&error)).await?;
                    Err(failure(error))
                }
            }
        }
    }
}

/// The label in metrics.
fn outcome(error: &SendError) -> &'static str {
    match error {
        SendError::Refused { .. } => "refused",
        SendError::NotSent(_) => "not_sent",
        SendError::Uncertain(_) => "uncertain",
    }
}

fn count(kind: &str, outcome: &'static str) {
    metrics::counter!("debrief_mails_total", "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
}

fn failure(error: SendError) -> JobError {
    match error {
        SendError::Refused { .. } => JobError::abort(error),
        SendError::NotSent(_) | SendError::Uncertain(_) => JobError::retry(error),
    }
}

/// Checks under a row lock whether this attempt should send the email now.
async fn examine(tx: &mut TenantTx, ctx: &Context<Post>, mail_id: Uuid) -> Result<NextStep, JobError> {
    let Some(mail) = sqlx::query!(
        r#"select kind, state as "state: MailState", recipient, message_id, message,
                  greatest(extract(epoch from due_at - now()), 0)::float8 as "early!"
           from mails where id = $1 for update"#,
        mail_id
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        tracing::info!(target: "mail", { mail.id = %mail_id }, "the mail is gone");
        return Ok(NextStep::Settled(DeliveryOutcome::Nothing("gone")));
    };
    if !ctx.is_ours(tx).await? {
        return Err(JobError::Stale);
    }
    match mail.state {
        // A failed email was refused, so nobody has it: it is sent if an operator retries the job.
        MailState::Queued | MailState::Failed => {
            // Also between the server's greeting and its "go ahead": the next attempt stops it and tells the coach.
            if mail.kind == FollowUp::KIND && is_for_its_client(tx, mail_id).await? == Some(false) {
                return Err(JobError::retry("the client's name or address is not that which was approved"));
            }
        }
        MailState::Sending if mail.kind == FollowUp::KIND && !ctx.mailer.repeat_is_harmless() => {
            let why = "an earlier attempt ended between the message and its record".to_owned();
            return Ok(NextStep::Settled(DeliveryOutcome::Uncertain(why)));
        }
        MailState::Sending => tracing::warn!(
            target: "mail", { mail.id = %mail_id, mail.kind = mail.kind },
            "an earlier attempt may have sent this mail: it is sent again with the same Message-ID"
        ),
        state @ (MailState::Sent | MailState::Uncertain | MailState::Cancelled) => {
            tracing::info!(target: "mail", { mail.id = %mail_id, mail.state = %state }, "nothing is to be sent");
            return Ok(NextStep::Settled(DeliveryOutcome::Nothing(state.as_str())));
        }
    }
    if mail.early > 0.0 {
        return Err(JobError::Snooze(Duration::from_secs_f64(mail.early)));
    }
    let Some(message) = mail.message else {
        return Err(JobError::abort("the mail has no message, although it is not sent"));
    };
    let (kind, message_id, recipient) = (mail.kind, mail.message_id, mail.recipient);
    Ok(NextStep::ToSend(Letter { kind, message_id, recipient, message }))
}

/// Checks again, since much may have happened during the conversation with the server, and commits `sending`. Returns
/// the email's outcome if it is settled by now.
async fn begin(ctx: &Context<Post>, mail_id: Uuid) -> Result<Option<DeliveryOutcome>, JobError> {
    let mut tx = ctx.tenant_tx().await?;
    if let NextStep::Settled(outcome) = examine(&mut tx, ctx, mail_id).await? {
        return Ok(Some(outcome));
    }
    sqlx::query!("update mails set state = 'sending', fence = $2, error = null where id = $1", mail_id, ctx.job.fence)
        .execute(tx.conn())
        .await?;
    if let Err(error) = tx.commit().await {
        // The commit may have succeeded although its response was lost; only this process knows that nothing was sent.
        put_back(ctx, mail_id, None).await?;
        return Err(error.into());
    }
    Ok(None)
}

/// The server refused before the message. An email with an unknown outcome (`sending`, by an earlier attempt) keeps it.
async fn note_unsent(ctx: &Context<Post>, mail_id: Uuid, error: &SendError) -> Result<(), JobError> {
    let mut tx = ctx.tenant_tx().await?;
    sqlx::query!(
        "update mails set state = case when $3 then 'failed' else 'queued' end, error = $4
         where id = $1 and state in ('queued', 'failed')
           and exists (select from jobs where id = $5 and fence = $2 and state = 'running')",
        mail_id,
        ctx.job.fence,
        matches!(error, SendError::Refused { .. }),
        error.to_string(),
        ctx.job.id
    )
    .execute(tx.conn())
    .await?;
    Ok(tx.commit().await?)
}

/// The message was certainly not accepted, although `sending` is committed: the row records it for the next attempt.
/// Nobody else can know this, so it waits for a database that is away.
async fn put_back(ctx: &Context<Post>, mail_id: Uuid, error: Option<&SendError>) -> Result<(), JobError> {
    let mut done = put_back_once(ctx, mail_id, error).await;
    for pause in pauses() {
        if done.is_ok() {
            break;
        }
        tokio::time::sleep(pause).await;
        done = put_back_once(ctx, mail_id, error).await;
    }
    done
}

async fn put_back_once(ctx: &Context<Post>, mail_id: Uuid, error: Option<&SendError>) -> Result<(), JobError> {
    let mut tx = ctx.tenant_tx().await?;
    sqlx::query!(
        "update mails set state = case when $3 then 'failed' else 'queued' end, error = $4
         where id = $1 and state = 'sending' and fence = $2",
        mail_id,
        ctx.job.fence,
        matches!(error, Some(SendError::Refused { .. })),
        error.map(ToString::to_string)
    )
    .execute(tx.conn())
    .await?;
    Ok(tx.commit().await?)
}

/// How long to wait for a database that is away if giving up would lose what only this process knows.
fn pauses() -> impl Iterator<Item = Duration> {
    (0..4).map(|exponent| Duration::from_secs(1 << exponent))
}

impl Delivery {
    /// Whether the server accepted the message in this attempt.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.outcome == DeliveryOutcome::Sent
    }

    /// Why its outcome is unknown, where it is.
    #[must_use]
    pub fn uncertainty(&self) -> Option<&str> {
        match &self.outcome {
            DeliveryOutcome::Uncertain(why) => Some(why),
            DeliveryOutcome::Sent | DeliveryOutcome::Nothing(_) => None,
        }
    }

    /// Writes the outcome to the row. A message with a review link is wiped once it is sent.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn record(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        lock_session(tx, self.mail_id).await?;
        match &self.outcome {
            DeliveryOutcome::Sent => self.mark_sent(tx, false).await?,
            // The fence stays that of the attempt which may have sent it.
            DeliveryOutcome::Uncertain(why) => {
                tracing::warn!(
                    target: "mail",
                    { mail.id = %self.mail_id, error = why },
                    "whether the client has this mail is not known: it is not sent again"
                );
                let marked = sqlx::query!(
                    "update mails set state = 'uncertain', error = $2 where id = $1 and state = 'sending'",
                    self.mail_id,
                    why
                )
                .execute(tx.conn())
                .await?;
                if marked.rows_affected() > 0 {
                    webhook::emit(tx, &Event::mail(EventType::MailUncertain, self.mail_id)).await?;
                }
            }
            DeliveryOutcome::Nothing(_) => {}
        }
        Ok(())
    }

    /// For the job's output.
    #[must_use]
    pub fn outcome(&self) -> Value {
        let state = match &self.outcome {
            DeliveryOutcome::Sent => MailState::Sent.as_str(),
            DeliveryOutcome::Uncertain(_) => MailState::Uncertain.as_str(),
            DeliveryOutcome::Nothing(state) => state,
        };
        json!({ "mail_id": self.mail_id, "state": state, "now": self.is_sent() })
    }

    /// Writes that it is sent. An attempt that has `lost_its_lease` writes so over what others found since.
    async fn mark_sent(&self, tx: &mut TenantTx, lost_its_lease: bool) -> Result<(), sqlx::Error> {
        let marked = sqlx::query!(
            "update mails set state = 'sent', sent_at = now(), error = null,
                message = case when carries_link then null else message end
             where id = $1 and (state = 'sending' and fence = $2 or $3 and state in ('sending', 'uncertain'))",
            self.mail_id,
            self.fence,
            lost_its_lease
        )
        .execute(tx.conn())
        .await?;
        if marked.rows_affected() > 0 {
            webhook::emit(tx, &Event::mail(EventType::MailSent, self.mail_id)).await?;
        }
        clear_mark(tx, self.mail_id).await
    }

    /// Ends the job by `finish`, which records the delivery. When the database is away it is tried again: a sent mail whose
    /// record is lost becomes one of unknown outcome. Where nothing was sent, the queue's own retry will do. When another
    /// worker had taken the job over meanwhile, the finish was rolled back, but this attempt knows what nobody else can:
    /// that the mail is sent.
    ///
    /// # Errors
    /// Those of the finish.
    pub async fn finish<F: Future<Output = Result<Finished, JobError>>>(
        &self,
        ctx: &Context<Post>,
        finish: impl Fn() -> F,
    ) -> Result<Finished, JobError> {
        let mut finished = finish().await;
        for pause in pauses().take_while(|_| self.is_sent()) {
            let Err(JobError::Retry { .. } | JobError::Away(_)) = finished else { break };
            tokio::time::sleep(pause).await;
            finished = finish().await;
        }
        if matches!(finished, Err(JobError::Stale)) && self.is_sent() {
            let mut tx = ctx.tenant_tx().await?;
            lock_session(&mut tx, self.mail_id).await?;
            self.mark_sent(&mut tx, true).await?;
            tx.commit().await?;
            tracing::warn!(target: "mail", { mail.id = %self.mail_id }, "sent by a worker that had lost its lease");
        }
        finished
    }
}

/// Locks the email's session before the email, as the review page does: a deadlock here would lose the record of a sent
/// email. `for no key update`, as in `session::lock`: a row that references the session while it is written (the
/// index's) must not delay such a record.
async fn lock_session(tx: &mut TenantTx, mail_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        "select id from sessions where id = (select session_id from mails where id = $1) for no key update",
        mail_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// Called when an email's job is dead. Marks the email failed, or uncertain if an attempt may have sent it. Returns the
/// email, or `None` if it is sent, cancelled or gone. Webhooks are told once of each dead job: an email that a person
/// has sent again may fail again.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn give_up(tx: &mut TenantTx, mail_id: Uuid, job_id: Uuid, error: &str) -> Result<Option<Mail>, sqlx::Error> {
    lock_session(tx, mail_id).await?;
    let mail = sqlx::query_as!(
        Mail,
        r#"update mails set state = case when state in ('sending', 'uncertain') then 'uncertain' else 'failed' end,
            error = coalesce(error, $2)
         where id = $1 and state in ('queued', 'sending', 'failed', 'uncertain')
         returning id, kind, state as "state: MailState", session_id, coach_id"#,
        mail_id,
        error
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(mail) = &mail {
        let kind = if mail.state == MailState::Uncertain { EventType::MailUncertain } else { EventType::MailFailed };
        webhook::emit(tx, &Event::mail_given_up(kind, mail_id, job_id)).await?;
    }
    Ok(mail)
}
