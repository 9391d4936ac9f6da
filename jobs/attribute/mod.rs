//! Finds out who speaks in a session.
//!
//! Reads the session's utterances, the coach's people and the names by which they are known; writes participants,
//! attributions, the session's type and state, one summary (due) per client, and the jobs that follow. It only runs
//! while the session is `parsed` or on hold for speakers and nothing has been summarised, and then rebuilds everything,
//! so a rerun changes nothing. One unknown speaker puts the session on hold: their words must not end up in anyone's
//! summary.

mod address;
mod around;
mod attendees;
mod doubts;
pub(crate) mod excerpts;
pub mod identity;
mod introductions;
mod labels;
mod lexicon;
pub mod measures;
mod occasion;
mod people;
mod quoted;
pub(crate) mod resolve;
pub mod roles;
pub mod spoken;
pub(crate) mod store;
mod unnamed;
#[cfg(test)]
mod unspaced;
pub(crate) mod write;

use serde::Serialize;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    index::IndexSession,
    mail::{self, Post, Trouble},
    path::{self, AttributeSession, Locked, SessionState, session},
    queue::{Context, Finished, Job, JobError, blocking, enqueue},
    written,
};

pub use address::KnownNames;
pub use attendees::Attended;
pub use excerpts::{Excerpt, Telling};
pub use labels::{Guess, Misdelivered, Speaker, guesses, misdelivered, speakers, unresolved};
pub use occasion::{Earlier, Occasion};
pub use people::{Alias, People, Person, Who};
pub use resolve::{Basis, Label, Resolution, THRESHOLD, resolve};

/// The job's output: what a run did.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Output {
    labels: usize,
    unresolved: usize,
    participants: usize,
    clients: usize,
}

impl Job for AttributeSession {
    type Needs = Post;

    async fn run(&self, ctx: &Context<Post>) -> Result<Finished, JobError> {
        for _ in 0..ROUNDS {
            // Read-only: a session of days takes a while to resolve, and nobody waits for a lock in the meantime.
            let mut tx = ctx.tenant_tx().await?;
            if self.lock(&mut tx).await?.is_none() {
                return ctx.finish(tx, Output::default()).await;
            }
            let stamp = store::stamp(&mut tx, self.session_id).await?;
            let speech = store::load_speech(&mut tx, self.session_id).await?;
            let people = store::load_people(&mut tx, self.session_id).await?;
            tx.commit().await?;
            let found = blocking(move || Attribution::of(&speech, people)).await?;

            let mut tx = ctx.tenant_tx().await?;
            let Some(session) = self.lock(&mut tx).await? else {
                return ctx.finish(tx, Output::default()).await;
            };
            store::hold_people(&mut tx, self.session_id).await?;
            let now = store::load_people(&mut tx, self.session_id).await?;
            if found.people.says_as_much_as(&now) && store::stamp(&mut tx, self.session_id).await? == stamp {
                return self.write(ctx, tx, session, found).await;
            }
        }
        Err(JobError::overtaken("what is known of the session's people keeps changing"))
    }

    async fn on_dead(&self, ctx: &Context<Post>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let trouble = Trouble {
            subject_id: ctx.job.id,
            step: "work out who speaks in this session",
            reason: "Something went wrong while we were identifying its speakers.",
            advice: mail::START_AGAIN,
        };
        mail::stage_failed(&mut tx, ctx, self.session_id, "attribute", trouble).await?;
        Ok(tx.commit().await?)
    }
}

/// How often a session is resolved again if what is known about its people changes in the meantime.
const ROUNDS: usize = 3;

/// Who speaks in a session, and the evidence for it.
struct Attribution {
    resolutions: Vec<Resolution>,
    participants: Vec<store::Participant>,
    people: store::KnownPeople,
}

impl Attribution {
    fn of(speech: &store::Speech, people: store::KnownPeople) -> Self {
        let resolutions = resolve(&speech.labels(), &speech.said(), &people.people);
        let participants = store::participants(speech, &resolutions, &people);
        Self { resolutions, participants, people }
    }
}

impl AttributeSession {
    /// Locks the session; `None` if there is nothing to attribute in it.
    async fn lock(&self, tx: &mut TenantTx) -> Result<Option<Locked>, sqlx::Error> {
        let session = match session::lock(tx, self.session_id).await? {
            Some(session @ Locked { state: SessionState::Parsed | SessionState::WaitingForSpeakers, .. }) => session,
            found => {
                let state = found.map(|session| session.state);
                tracing::info!(
                    target: "attribute",
                    { session.id = %self.session_id, session.state = ?state },
                    "nothing to attribute"
                );
                return Ok(None);
            }
        };
        if session::is_summarized(tx, self.session_id).await? {
            tracing::warn!(
                target: "attribute",
                { session.id = %self.session_id },
                "a summary is there already; its speakers stay as they are"
            );
            return Ok(None);
        }
        Ok(Some(session))
    }

    async fn write(
        &self,
        ctx: &Context<Post>,
        mut tx: TenantTx,
        session: Locked,
        found: Attribution,
    ) -> Result<Finished, JobError> {
        let Attribution { resolutions, participants, people } = found;
        write::replace(&mut tx, self.session_id, &resolutions, &participants, &people).await?;

        let unresolved = resolutions.iter().filter(|resolution| resolution.who.is_none()).count();
        let clients = participants.iter().filter(|participant| matches!(participant.who, Who::Client(_))).count();
        let outcome = Output { labels: resolutions.len(), unresolved, participants: participants.len(), clients };
        tracing::info!(
            target: "attribute",
            {
                session.id = %self.session_id, correlation.id = %session.correlation_id, labels = outcome.labels,
                labels.unresolved = unresolved, clients
            },
            "speakers were attributed"
        );
        // The attributions show who spoke, so the index is updated.
        enqueue(&mut tx, &IndexSession { session_id: self.session_id }, session.correlation_id).await?;
        let to = match unresolved {
            0 => summaries_due(&mut tx, self.session_id).await?,
            _ => SessionState::WaitingForSpeakers,
        };
        path::advance(&mut tx, &session, to).await?;
        ctx.finish(tx, outcome).await
    }
}

/// Once everybody is known: makes one summary per client due. Without any client there is nothing to summarise, and the
/// review request tells the coach so.
async fn summaries_due(tx: &mut TenantTx, session_id: Uuid) -> Result<SessionState, sqlx::Error> {
    write::name_session(tx, session_id).await?;
    let summaries = write::make_summaries_due(tx, session_id).await?;
    written::withdraw_others(tx, session_id, &summaries).await?;
    Ok(if summaries.is_empty() { SessionState::Summarized } else { SessionState::Attributed })
}
