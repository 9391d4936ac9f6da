//! Two clients who spoke in one session are the same person: the session then knows only one of them.
//!
//! Reads the session's words and attributions; writes participants, attributions and the state of both summaries. The
//! caller has locked the session and the coach, and removed one of the clients. What was sent belonged to the same
//! person, so nobody is warned. A rerun no longer finds the removed client and changes nothing.

use uuid::Uuid;

use super::{reattribute, touched};
use crate::{
    attribute::{
        self, Who,
        resolve::{Basis, Resolution},
        store::{self, stored},
        write,
    },
    audit::Visitor,
    db::{TenantTx, Tx},
    index::IndexSession,
    path::{SummarizeClient, session},
    queue::enqueue,
    written::{self, Summary},
};

const UNITED: &str = "Rewritten because two entries in your client list were one person: it now draws on all of that \
                      person’s words. Earlier versions are kept.";

const IN_THE_OTHER: &str = "Two entries in your client list were one person: what was here is in the other summary of \
                            this session, which is being rewritten.";

/// Moves everything that `from` has in a session to `into`.
///
/// # Errors
/// If the database fails.
pub(crate) async fn unite(tx: &mut TenantTx, session_id: Uuid, from: Uuid, into: Uuid) -> Result<(), sqlx::Error> {
    let Some(session) = session::lock(tx, session_id).await? else { return Ok(()) };
    let correlation_id = session.correlation_id;
    let known = store::load_people(tx, session_id).await?;
    let stored = stored(tx, session_id).await?;
    let speech = store::load_speech(tx, session_id).await?;
    let resolution = |label: attribute::Label| {
        let before = stored.get(&label.label);
        let who = before.and_then(|before| before.who);
        Resolution {
            who: if who == Some(Who::Client(from)) { Some(Who::Client(into)) } else { who },
            confidence: before.map_or(0.0, |before| before.confidence),
            reason: before.map_or_else(String::new, |before| before.reason.clone()),
            basis: before.map_or(Basis::Name, |before| before.basis),
            suggestion: None,
            label: label.label,
        }
    };
    let resolutions: Vec<Resolution> = speech.labels().into_iter().map(resolution).collect();
    let known = reattribute::with_names(known, &stored);
    let participants = store::participants(&speech, &resolutions, &known);
    write::replace(tx, session_id, &resolutions, &participants, &known).await?;
    enqueue(tx, &IndexSession { session_id }, correlation_id).await?;
    if !session.state.is_attributed() {
        return Ok(());
    }
    let summaries = written::lock(tx, session_id).await?;
    let of = |client: Uuid| summaries.iter().find(|summary| summary.client_id == client);
    match (of(from), of(into)) {
        (Some(one), Some(other)) => {
            touched::stop_follow_ups(tx, one.id, touched::CORRECTED).await?;
            written::forget(tx, session_id, from).await?;
            let reason = IN_THE_OTHER.to_owned();
            written::set_aside(tx, session_id, one, reason, &Visitor::default()).await?;
            rewrite(tx, session_id, other, into, correlation_id).await?;
        }
        (Some(one), None) => {
            sqlx::query!("update summaries set client_id = $2 where id = $1", one.id, into).execute(tx.conn()).await?;
            rewrite(tx, session_id, one, from, correlation_id).await?;
        }
        (None, Some(other)) => rewrite(tx, session_id, other, into, correlation_id).await?,
        (None, None) => {}
    }
    touched::move_on(tx, &session).await
}

/// Has a summary rewritten with the words of both, also one that was approved or dismissed: the coach decided about the
/// words of one.
async fn rewrite(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary: &Summary,
    client: Uuid,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    touched::stop_follow_ups(tx, summary.id, touched::CORRECTED).await?;
    written::forget(tx, session_id, client).await?;
    written::rewrite(tx, summary.id, UNITED).await?;
    enqueue(tx, &SummarizeClient { summary_id: summary.id }, correlation_id).await?;
    Ok(())
}
