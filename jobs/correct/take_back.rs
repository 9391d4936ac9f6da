//! The coach takes back a guess with one click, before anything based on it is sent.
//!
//! Writes what `reattribute` and `touched` write: the label belongs to nobody again, summaries based on its words are
//! withdrawn or due again, and the session is on hold until the coach says who it was. This label isn't guessed again
//! later. What has already been sent needs a correction, which handles misdeliveries. A second click finds nothing to
//! take back.

use uuid::Uuid;

use super::{
    naming::{self, NameError},
    reattribute::{self, Cause, Plan, Session},
    set_speakers::Corrected,
    touched,
};
use crate::{
    attribute::{Who, resolve::Resolution, store},
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    desk::Desk,
    path::session,
};

/// Takes back the guess for a label.
///
/// # Errors
/// [`NameError::NoGuess`] if it isn't a guess, [`NameError::Gone`] if a follow-up with its words has been sent or is
/// being sent: the caller must roll back the transaction.
pub async fn take_back(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    visitor: &Visitor,
) -> Result<Corrected, NameError> {
    let locked = session::lock(tx, session_id).await?.ok_or(NameError::NoSession)?;
    naming::hold_coach(tx, session_id).await?;
    let stored = store::stored(tx, session_id).await?;
    let Some(guess) = stored.get(label) else { return Err(NameError::NoLabel(label.to_owned())) };
    if guess.by_coach || guess.who.is_none() || !guess.basis.is_guess() || !locked.state.is_attributed() {
        return Err(NameError::NoGuess(label.to_owned()));
    }
    if let Some(Who::Client(client)) = guess.who
        && is_gone(tx, session_id, client).await?
    {
        return Err(NameError::Gone);
    }
    let mut known = store::load_people(tx, session_id).await?;
    known.people.refused.insert(label.to_owned());
    let speech = store::load_speech(tx, session_id).await?;
    let resolution = |(found, stored): (&String, &store::Stored)| {
        let stands = stored.resolution(found.clone());
        if found != label {
            return stands;
        }
        let reason = "You undid Debrief’s guess. Please say who this is.".to_owned();
        Resolution { who: None, confidence: 0.0, reason, ..stands }
    };
    let plan = Plan { resolutions: stored.iter().map(resolution).collect(), moved: 1 };
    let session = Session { locked, speech: &speech, known: &known, stored: &stored, cause: Cause::TakenBack };
    let summaries = touched::lock_with_inputs(tx, session_id).await?;
    let touched = reattribute::apply(tx, desk, &session, summaries, &plan, visitor).await?;
    tracing::info!(
        target: "attribute",
        { session.id = %session_id, correlation.id = %locked.correlation_id, summaries.withdrawn = touched.withdrawn },
        "a guess was taken back"
    );
    let remaining = plan.resolutions.iter().filter(|found| found.who.is_none()).count();
    let corrected = Corrected { remaining, moved: 1, touched, ..Corrected::default() };
    let detail = serde_json::to_value(corrected).unwrap_or_default();
    audit::record(tx, &Event { detail, ..Event::of(session_id, EventKind::SpeakersCorrected) }, visitor).await?;
    Ok(corrected)
}

/// Whether a follow-up of this client was sent, or may have been.
async fn is_gone(tx: &mut TenantTx, session_id: Uuid, client_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from mails join summaries on summaries.id = subject_id
                          where kind = 'follow_up' and summaries.session_id = $1 and summaries.client_id = $2
                            and mails.state in ('sending', 'sent', 'uncertain')) as "gone!""#,
        session_id,
        client_id
    )
    .fetch_one(tx.conn())
    .await
}
