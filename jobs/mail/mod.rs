//! Mail: a ledger row a recipient, the message frozen on it, and the calls that send it.
//!
//! Exactly once outside the database is impossible: a mail server may take a message and vanish before it says so.
//! The ledger makes that gap visible and small. [`queue_mail`] writes the row, with the rendered message, in the
//! transaction of the fact that calls for it. [`deliver`] talks to the server up to its "go ahead", commits `sending`,
//! transmits the message at once, and commits `sent` together with the job's "done". What an attempt left in between is
//! resolved by rule: a mail to a coach is sent again with the same Message-ID, a mail to a client is marked uncertain
//! and shown to the coach; where a repeat leaves nothing but the first (a folder of files), either is repeated.

mod compose;
mod deliver;
mod failed;
mod ledger;
mod messages;
mod notice;
mod post;
mod smtp;
mod transport;

use serde::{Deserialize, Serialize};

pub use compose::{MailError, Recipient, render};
pub use deliver::{Delivery, deliver, give_up};
pub use failed::{START_AGAIN, stage_failed, tell_of};
pub(crate) use ledger::is_for_its_client;
pub use ledger::{Mail, NewMail, enqueue_send, insert, queue_mail, revive};
pub use messages::{
    Again, FollowUp, FollowUpItem, Guess, InboxFile, Message, ReviewRequest, RosterProblems, SessionFailed,
    SessionRejected, SpeakersNeeded, Stopped, WeeklyClient, WeeklyItem, WeeklyRollup, WrongLetter, WrongWords,
};
pub use notice::{SessionCoach, Trouble, clear_mark, session_coach, tell_coach};
pub use post::Post;
pub use transport::{Mailer, Opened, SendError};

use crate::{
    path::{SEND_POLICY, session},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy},
};

/// Sends one mail of the ledger to a coach. Follow-ups have a job of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// The mail.
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
        if let Some(mail) = give_up(&mut tx, self.mail_id, error).await?
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

/// How mail leaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `smtps://user:password@host` (port 465), `smtp://host:port` (587 where none is given), or `file:///folder` (a
    /// folder of .eml files). `smtp://` uses STARTTLS where the server offers it; `?tls=required` insists on it (and is
    /// the rule where a password would leave this machine), `?tls=never` does without. `timeout=` shortens the time in
    /// seconds that the server has for each answer. Holds a password, so it is secret.
    pub url: secrecy::SecretString,
    /// The sender: `Debrief <debrief@example.org>`.
    pub from: String,
}
