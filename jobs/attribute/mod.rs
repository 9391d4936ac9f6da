//! Finds out who speaks in a session.
//!
//! Reads the session's utterances, the coach's people and the names by which they are known; writes participants,
//! attributions, the session's type and state, one summary (due) a client, and the jobs that go on. It runs only while
//! the session is `parsed` or waits for speakers and nothing is summarised yet, and then builds everything anew, so a
//! rerun changes nothing. One unknown voice holds the session: its words must not end in anybody's summary.

mod address;
mod around;
mod attendees;
mod correct;
mod doubts;
mod excerpts;
pub mod identity;
mod labels;
mod lexicon;
pub mod measures;
mod occasion;
mod people;
mod quoted;
mod reattribute;
mod replaced;
mod resolve;
pub mod roles;
mod speakers;
mod split;
pub mod spoken;
mod store;
mod take_back;
mod threads;
mod touched;
mod unite;
#[cfg(test)]
mod unspaced;
mod voices;

use serde::Serialize;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    index::IndexSession,
    mail::{self, Trouble},
    path::{self, AttributeSession, State, session},
    queue::{Context, Finished, Job, JobError, blocking, enqueue},
    review::Desk,
};

pub use address::KnownNames;
pub use attendees::Attended;
pub(crate) use correct::is_pending;
pub use correct::{Answer, CorrectSessions, Corrected, set_speakers};
pub use excerpts::{Excerpt, Telling};
pub use labels::{Guess, Misdelivered, Speaker, guesses, misdelivered, speakers, unresolved};
pub use occasion::{Earlier, Occasion};
pub use people::{Alias, People, Person, Who};
pub use replaced::{forget_names, words_replaced};
pub use resolve::{Basis, Label, Resolution, THRESHOLD, resolve};
pub use speakers::{NameError, Named, SpeakerIs, name_speakers};
pub use split::{Turn, split, turns};
pub use take_back::take_back;
pub use threads::DropThreads;
pub use touched::Touched;
pub(crate) use unite::unite;

/// What a run came to; the job's output.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Outcome {
    labels: usize,
    unresolved: usize,
    participants: usize,
    clients: usize,
}

impl Job for AttributeSession {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let correlation_id = match session::lock(&mut tx, self.session_id).await? {
            Some((State::Parsed | State::WaitingForSpeakers, correlation_id)) => correlation_id,
            found => {
                let state = found.map(|(state, _)| state);
                tracing::info!(
                    target: "attribute",
                    { session.id = %self.session_id, session.state = ?state },
                    "nothing to attribute"
                );
                return ctx.finish(tx, Outcome::default()).await;
            }
        };
        if session::is_summarized(&mut tx, self.session_id).await? {
            tracing::warn!(
                target: "attribute",
                { session.id = %self.session_id },
                "a summary is there already; its speakers stay as they are"
            );
            return ctx.finish(tx, Outcome::default()).await;
        }
        let speech = store::load_speech(&mut tx, self.session_id).await?;
        store::hold_people(&mut tx, self.session_id).await?;
        let people = store::load_people(&mut tx, self.session_id).await?;
        // A session of days takes a while: no other job waits for it.
        let (resolutions, participants, people) = blocking(move || {
            let resolutions = resolve(&speech.labels(), &speech.said(), &people.people);
            let participants = store::participants(&speech, &resolutions, &people);
            (resolutions, participants, people)
        })
        .await?;
        store::replace(&mut tx, self.session_id, &resolutions, &participants, &people).await?;

        let unresolved = resolutions.iter().filter(|resolution| resolution.who.is_none()).count();
        let clients = participants.iter().filter(|participant| matches!(participant.who, Who::Client(_))).count();
        let outcome = Outcome { labels: resolutions.len(), unresolved, participants: participants.len(), clients };
        tracing::info!(
            target: "attribute",
            {
                session.id = %self.session_id, correlation.id = %correlation_id, labels = outcome.labels,
                labels.unresolved = unresolved, clients
            },
            "speakers were attributed"
        );
        // What is found shows who spoke: the index looks again.
        enqueue(&mut tx, &IndexSession { session_id: self.session_id }, correlation_id).await?;
        let to = match unresolved {
            0 => summaries_due(&mut tx, self.session_id).await?,
            _ => State::WaitingForSpeakers,
        };
        path::advance(&mut tx, self.session_id, to, correlation_id).await?;
        ctx.finish(tx, outcome).await
    }

    async fn on_dead(&self, ctx: &Context<Desk>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let trouble = Trouble {
            subject_id: ctx.job.id,
            step: "work out who speaks in this session",
            reason: "Something went wrong while we were identifying its speakers.",
            advice: mail::START_AGAIN,
        };
        mail::stage_failed(&mut tx, &ctx.post, self.session_id, "attribute", trouble).await?;
        Ok(tx.commit().await?)
    }
}

/// Everybody is known: makes one summary per client due. Without any client there is nothing to summarise, and the coach is
/// told so by the review request.
async fn summaries_due(tx: &mut TenantTx, session_id: Uuid) -> Result<State, sqlx::Error> {
    store::name_session(tx, session_id).await?;
    let summaries = store::make_summaries_due(tx, session_id).await?;
    touched::withdraw_others(tx, session_id, &summaries).await?;
    Ok(if summaries.is_empty() { State::Summarized } else { State::Attributed })
}

/// Lets the coach's sessions that wait for speakers look again, after people or names were added in this transaction,
/// which locks the coach's row: a job that read the people before has ended, and its session is seen to wait here; one
/// that reads them later waits for this transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn look_again(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    let waiting = sqlx::query!(
        "select id, correlation_id from sessions where coach_id = $1 and state = 'waiting_for_speakers'",
        coach_id
    )
    .fetch_all(tx.conn())
    .await?;
    for session in waiting {
        enqueue(tx, &AttributeSession { session_id: session.id }, session.correlation_id).await?;
    }
    Ok(())
}

/// To be called when a session that is summarised got a file that tells who was there: its speakers stay as they are.
/// What a person is to be asked, or attributed anew, is decided here and nowhere else.
///
/// # Errors
/// When the database does not answer.
pub async fn evidence_came(_tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    tracing::warn!(
        target: "attribute",
        { session.id = %session_id },
        "a file came after the summary; what it says of people is kept, and the speakers stay"
    );
    Ok(())
}
