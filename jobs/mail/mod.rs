//! Email: one ledger row per recipient, the message frozen in it, and the calls that send it.
//!
//! Exactly-once delivery outside the database is impossible: a mail server may accept a message and vanish before it
//! says so. The ledger makes this gap small and visible. [`queue_mail`] writes the row with the rendered message, in
//! the transaction of the fact that calls for it. [`deliver`] talks to the server up to its "go ahead", commits
//! `sending`, transmits the message immediately, and commits `sent` together with the job's "done". What an attempt
//! left in between is resolved by rule: an email to a coach is sent again with the same Message-ID; an email to a
//! client is marked uncertain and shown to the coach. If a repeat leaves only the first copy (a folder of files),
//! either is repeated.

mod compose;
mod deliver;
mod failed;
mod ledger;
mod list;
mod messages;
mod notice;
mod post;
#[cfg(test)]
mod samples;
mod smtp;
mod transport;
mod webhook_paused;

use serde::{Deserialize, Serialize};

pub use compose::{MailError, Recipient, Rendered, render};
pub use deliver::{Delivery, deliver, give_up};
pub use failed::{START_AGAIN, stage_failed, tell_of};
pub(crate) use ledger::is_for_its_client;
pub use ledger::{Mail, NewMail, enqueue_send, insert, queue_mail, revive};
pub use list::{MailLine, WantedMails, page};
pub use messages::{
    AccountChange, AccountChanged, Again, ConfirmAddress, Elsewhere, FollowUp, FollowUpItem, Guess, InboxFile,
    Invitation, LinkOf, Message, ReviewRequest, RosterProblems, SessionFailed, SessionRejected, SignInLink,
    SpeakersNeeded, Stopped, WebhookPaused, WeeklyClient, WeeklyItem, WeeklyRollup, WrongLetter, WrongWords,
};
pub use notice::{SessionCoach, Trouble, clear_mark, session_coach, tell_coach};
pub use post::Post;
pub use transport::{Mailer, Opened, SendError};

use crate::{
    path::{SEND_POLICY, session},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy},
};

/// Sends one email on the ledger to a coach. Follow-ups have their own job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// The email's id.
    pub mail_id: uuid::Uuid,
}

impl JobArgs for SendMail {
    const KIND: &'static str = "mail.send";
    const POLICY: Policy = SEND_POLICY;

    fn unique_key(&self) -> Option<String> {
        Some(self.mail_id.to_string())
    }
}

impl Job for SendMail {
    type Needs = Post;

    async fn run(&self, ctx: &Context<Post>) -> Result<Finished, JobError> {
        let delivery = deliver(ctx, self.mail_id).await?;
        delivery.finish(ctx, || self.finish(ctx, &delivery)).await
    }

    async fn on_dead(&self, ctx: &Context<Post>, error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(mail) = give_up(&mut tx, self.mail_id, ctx.job.id, error).await?
            && let Some(session_id) = mail.session_id
        {
            session::mark_failed(&mut tx, session_id, "mail", "The email to the coach couldn’t be sent.").await?;
        }
        crate::db::Tx::commit(tx).await?;
        Ok(())
    }
}

impl SendMail {
    async fn finish(&self, ctx: &Context<Post>, delivery: &Delivery) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        delivery.record(&mut tx).await?;
        ctx.finish(tx, delivery.outcome()).await
    }
}

/// How email is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `smtps://user:password@host` (port 465), `smtp://host:port` (587 by default), or `file:///folder` (a folder of
    /// .eml files). `smtp://` insists on STARTTLS (`?tls=required`); for a server in a private network that takes no
    /// password, it's used if the server offers it (`?tls=offered`); `?tls=never` turns it off. `timeout=` lowers the
    /// server's response timeout, in seconds. Contains a password, so it is secret.
    pub url: secrecy::SecretString,
    /// The sender: `Debrief <debrief@example.org>`.
    pub from: String,
}
