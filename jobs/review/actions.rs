//! What a coach can do in a review. Each action is one function over the caller's transaction, which it does not
//! commit; each locks the session first, so that two browsers take turns, and each leaves an entry in the audit.
//!
//! Doing the same thing twice changes nothing: an edit that is already the newest version, an approval of what is
//! approved, a dismissal of what is dismissed are successes.

use serde_json::json;
use uuid::Uuid;

use super::outgoing;
pub use super::refusal::{ActionError, NewRecipient, Problem};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    correct::{self, Answer, Corrected, Dated, DayError, NameError, SpeakerIs, When},
    db::{TenantTx, Tx},
    desk::{self, Desk, Invitation},
    follow_up::{self, Verdict},
    mail::Recipient,
    model::{SummaryState, summary},
    path::{self, SessionState, session},
    voice,
};

/// At most so many fresh links an hour for one session.
pub const FRESH_LINKS_AN_HOUR: i64 = 3;

/// What was shown of a summary.
#[derive(Clone, Debug)]
pub struct ShownVersion {
    /// The version.
    pub version: i32,
    /// SHA-256 of its content.
    pub hash: String,
}

/// What an approval signs: what was shown, and to whom it goes.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The version that was shown.
    pub version: i32,
    /// SHA-256 of its content, as shown.
    pub hash: String,
    /// Who was shown as the recipient; none where the client had no address.
    pub recipient: Option<Recipient>,
    /// Whether sentences that speak about the client go into the letter as they are.
    pub as_they_are: bool,
}

/// What came of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// Approved, and the follow-up waits in this mail.
    Queued(Uuid),
    /// Approved, and not sent: the client has no email.
    NotSent,
    /// It was approved before; nothing changed.
    Already,
}

/// A summary and its session, locked.
pub(super) struct Locked {
    pub(super) state: SummaryState,
    pub(super) version: i32,
    approved_version: Option<i32>,
    approved_hash: Option<String>,
    pub(super) session: session::Locked,
    is_withdrawn: bool,
}

/// Locks the session, then the summary: always in this order.
pub(super) async fn lock(tx: &mut TenantTx, session_id: Uuid, summary_id: Uuid) -> Result<Locked, ActionError> {
    let session = session::lock(tx, session_id).await?.ok_or(ActionError::NotFound)?;
    let row = sqlx::query!(
        r#"select state as "state: SummaryState", version, approved_version, approved_hash, withdrawn_reason is not null as "is_withdrawn!"
           from summaries where id = $1 and session_id = $2 for update"#,
        summary_id,
        session_id
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(ActionError::NotFound)?;
    Ok(Locked {
        state: row.state,
        version: row.version,
        approved_version: row.approved_version,
        approved_hash: row.approved_hash,
        session,
        is_withdrawn: row.is_withdrawn,
    })
}

/// Approves exactly what was shown for exactly whom, and lets the follow-up wait out its hold.
///
/// # Errors
/// [`ActionError::Conflict`] when the version or the hash is not that of the newest content;
/// [`ActionError::RecipientChanged`] when the client's name or address is not that which was shown;
/// [`ActionError::SpeaksAbout`] where a sentence speaks about the client and it is not said that it goes as it is.
pub async fn approve(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    summary_id: Uuid,
    signed: &Signed,
    visitor: &Visitor,
) -> Result<Approved, ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    if row.state == SummaryState::Approved
        && row.approved_version == Some(signed.version)
        && row.approved_hash.as_ref() == Some(&signed.hash)
    {
        return Ok(Approved::Already);
    }
    if row.state != SummaryState::Done {
        return Err(ActionError::not_open(row.state));
    }
    let content = summary::load_version(tx, summary_id, row.version).await?;
    if row.version != signed.version || content.hash() != signed.hash {
        return Err(ActionError::Conflict { newest: row.version });
    }
    if content.for_client().next().is_none() {
        return Err(ActionError::NothingForClient);
    }
    sqlx::query!(
        "update summaries set state = 'approved', approved_version = $2, approved_hash = $3, approved_at = now(),
            updated_at = now() where id = $1",
        summary_id,
        signed.version,
        signed.hash
    )
    .execute(tx.conn())
    .await?;
    let approved = outgoing::follow_up(tx, desk, summary_id, signed).await?;
    voice::learn(tx, summary_id, signed.version).await?;
    let detail = json!({
        "version": signed.version, "hash": signed.hash, "sent": approved != Approved::NotSent,
        "recipient_sha256": signed.recipient.as_ref().map(Recipient::fingerprint),
        "as_they_are": signed.as_they_are,
    });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::Approved) };
    record(tx, &event, visitor).await?;
    follow_up::close_if_finished(tx, session_id).await?;
    Ok(approved)
}

/// Puts a summary aside: nothing of it is sent. Also for one that could not be written.
///
/// # Errors
/// [`ActionError::NotOpen`] when it is approved or not written yet.
pub async fn dismiss(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    match row.state {
        SummaryState::Dismissed => return Ok(()),
        SummaryState::Done | SummaryState::Failed => {}
        state => return Err(ActionError::not_open(state)),
    }
    sqlx::query!("update summaries set state = 'dismissed', updated_at = now() where id = $1", summary_id)
        .execute(tx.conn())
        .await?;
    let detail = json!({ "version": row.version });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::Dismissed) };
    record(tx, &event, visitor).await?;
    session::mark_unwritten(tx, session_id).await?;
    follow_up::close_if_finished(tx, session_id).await?;
    Ok(())
}

/// Takes up again what was put aside, as it was before.
///
/// # Errors
/// [`ActionError::NotOpen`] when it is approved or not written yet.
pub async fn reopen(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    match row.state {
        SummaryState::Done | SummaryState::Failed => return Ok(()),
        // Its words are somebody else's.
        SummaryState::Dismissed if row.is_withdrawn => return Err(ActionError::NotOpen { state: "withdrawn" }),
        SummaryState::Dismissed => {}
        state => return Err(ActionError::not_open(state)),
    }
    // One that was never written is what it was: failed.
    sqlx::query!(
        "update summaries set state = case when version = 0 then 'failed' else 'done' end, updated_at = now() where id = $1",
        summary_id
    )
    .execute(tx.conn())
    .await?;
    if row.session.state == SessionState::Closed {
        path::advance(tx, &row.session, SessionState::InReview).await?;
    }
    session::mark_unwritten(tx, session_id).await?;
    let event = Event { summary_id: Some(summary_id), ..Event::of(session_id, EventKind::Reopened) };
    record(tx, &event, visitor).await?;
    Ok(())
}

/// Stops a follow-up within its hold, or takes back an approval of which nothing went out (no email, sending failed).
/// The summary is open again, to be edited and approved anew.
///
/// # Errors
/// [`ActionError::TooLate`] when the mail is on its way or gone.
pub async fn cancel_follow_up(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    match row.state {
        // Cancelled before: it is open again already.
        SummaryState::Done => return Ok(()),
        SummaryState::Approved => {}
        state => return Err(ActionError::not_open(state)),
    }
    if !outgoing::stop_follow_up(tx, summary_id).await? {
        return Err(ActionError::TooLate);
    }
    if row.session.state == SessionState::Closed {
        path::advance(tx, &row.session, SessionState::InReview).await?;
    }
    sqlx::query!(
        "update summaries set state = 'done', approved_version = null, approved_hash = null, approved_at = null,
            updated_at = now() where id = $1",
        summary_id
    )
    .execute(tx.conn())
    .await?;
    let detail = json!({ "version": row.approved_version });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::FollowUpCancelled) };
    record(tx, &event, visitor).await?;
    Ok(())
}

/// Carries out what the coach says of a follow-up that was refused or whose fate is unknown.
///
/// # Errors
/// [`ActionError::TooLate`] when there is nothing to decide: it is on its way, sent or stopped.
pub async fn decide_follow_up(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    verdict: Verdict,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    lock(tx, session_id, summary_id).await?;
    if !follow_up::decide(tx, summary_id, verdict).await? {
        return Err(ActionError::TooLate);
    }
    let detail = json!({ "arrived": verdict == Verdict::Arrived });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::FollowUpDecided) };
    record(tx, &event, visitor).await?;
    Ok(())
}

/// Closes a session in review in which nothing is left to do, such as one without a client.
///
/// # Errors
/// [`ActionError::NotOpen`] while a summary or a follow-up waits.
pub async fn close(tx: &mut TenantTx, session_id: Uuid, visitor: &Visitor) -> Result<(), ActionError> {
    let state = session::lock(tx, session_id).await?.ok_or(ActionError::NotFound)?.state;
    if state == SessionState::Closed {
        return Ok(());
    }
    if !follow_up::close_if_finished(tx, session_id).await? {
        return Err(ActionError::NotOpen { state: "still waiting for you" });
    }
    record(tx, &Event::of(session_id, EventKind::Closed), visitor).await?;
    Ok(())
}

/// Mails a fresh link to the coach whom the old one was mailed to. It takes the place of the older ones.
///
/// # Errors
/// [`ActionError::TooMany`] beyond [`FRESH_LINKS_AN_HOUR`].
pub async fn ask_fresh_link(
    tx: &mut TenantTx,
    desk: &Desk,
    link: &crate::links::Link,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    // The lock makes the count exact: two that ask at once take turns.
    let state = session::lock(tx, link.session_id).await?.ok_or(ActionError::NotFound)?.state;
    let asked = sqlx::query_scalar!(
        r#"select count(*) as "count!" from review_events
           where session_id = $1 and kind = 'fresh_link_asked' and at > now() - interval '1 hour'"#,
        link.session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if asked >= FRESH_LINKS_AN_HOUR {
        return Err(ActionError::TooMany);
    }
    let event = Event { link_id: Some(link.id), ..Event::of(link.session_id, EventKind::FreshLinkAsked) };
    record(tx, &event, visitor).await?;
    desk::invite(tx, desk, link.session_id, Invitation::fresh(state), visitor).await?;
    Ok(())
}

/// Mails a fresh link to the coach of a session, wherever that coach is now: an operator says so, or the address changed.
///
/// # Errors
/// [`ActionError::NotOpen`] while there is nothing to be seen in the session yet.
pub async fn send_fresh_link(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let state = session::lock(tx, session_id).await?.ok_or(ActionError::NotFound)?.state;
    if !matches!(state, SessionState::WaitingForSpeakers | SessionState::InReview | SessionState::Closed) {
        return Err(ActionError::NotOpen { state: state.as_str() });
    }
    desk::invite(tx, desk, session_id, Invitation::fresh(state), visitor).await?;
    Ok(())
}

/// Takes what the coach says of a session's speakers: those that it waits for, or a correction of those that it has.
///
/// # Errors
/// [`ActionError::Invalid`] where an answer cannot be taken, [`ActionError::NotWaiting`] where none is to be had.
pub async fn set_speakers(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    answers: &[Answer],
    visitor: &Visitor,
) -> Result<Corrected, ActionError> {
    let set = correct::set_speakers(tx, desk, session_id, answers, visitor).await;
    set.map_err(|error| refusal(error, answers))
}

/// Takes what the coach says of the turns under a label that several people share.
///
/// # Errors
/// As [`set_speakers`].
pub async fn split_label(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    answers: &[(Uuid, Option<SpeakerIs>)],
    visitor: &Visitor,
) -> Result<Corrected, ActionError> {
    let split = correct::split(tx, desk, session_id, label, answers, visitor).await;
    split.map_err(|error| refusal(error, &[]))
}

/// Takes back whom a label was guessed to mean.
///
/// # Errors
/// As [`set_speakers`].
pub async fn take_back(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    visitor: &Visitor,
) -> Result<Corrected, ActionError> {
    correct::take_back(tx, desk, session_id, label, visitor).await.map_err(|error| refusal(error, &[]))
}

/// Takes what a person says of when the session was, until a letter of it went out.
///
/// # Errors
/// [`ActionError::ImplausibleDate`] where it cannot have been then; [`ActionError::DateIsFixed`] where it is too late.
pub async fn set_date(
    tx: &mut TenantTx,
    session_id: Uuid,
    when: When,
    visitor: &Visitor,
) -> Result<Dated, ActionError> {
    correct::set_date(tx, session_id, when, visitor).await.map_err(|error| match error {
        DayError::NoSession => ActionError::NotFound,
        DayError::Implausible(problem) => ActionError::ImplausibleDate(problem),
        DayError::Gone | DayError::Rejected => ActionError::DateIsFixed(error.to_string()),
        DayError::Database(error) => ActionError::Database(error),
    })
}

/// What attribute refuses, at the place of the answer that it is about.
fn refusal(error: NameError, answers: &[Answer]) -> ActionError {
    let problem = error.to_string();
    let at = |matches: &dyn Fn(&Answer) -> bool| {
        let index = answers.iter().position(matches).unwrap_or_default();
        ActionError::Invalid(vec![Problem { field: format!("speaker.{index}"), problem: problem.clone() }])
    };
    match error {
        NameError::NoSession => ActionError::NotFound,
        NameError::NotWaiting => ActionError::NotWaiting,
        NameError::NotShared(_) | NameError::NoTurn | NameError::NoGuess(_) | NameError::Gone => at(&|_| true),
        NameError::NoLabel(label) => at(&|answer| answer.label == label),
        NameError::NoClient => at(&|answer| matches!(answer.is, SpeakerIs::Client(_))),
        NameError::Person(_) => at(&|answer| matches!(answer.is, SpeakerIs::NewClient { .. })),
        NameError::Database(error) => ActionError::Database(error),
    }
}
