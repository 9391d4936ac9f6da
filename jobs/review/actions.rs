//! What a coach can do in a review. Each action is one function over the caller's transaction, which it does not
//! commit. Each locks the session first, so that two browsers take turns, and adds an audit entry.
//!
//! Doing the same thing twice changes nothing: an edit that is already the latest version, approving something approved
//! and dismissing something dismissed all succeed.

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
    webhook::{self, EventType},
};

/// At most this many new links per hour for one session.
pub const FRESH_LINKS_AN_HOUR: i64 = 3;

/// The version of a summary that was shown.
#[derive(Clone, Debug)]
pub struct ShownVersion {
    /// The version.
    pub version: i32,
    /// SHA-256 of its content.
    pub hash: String,
}

/// What an approval signs: what was shown, and the recipient.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The version that was shown.
    pub version: i32,
    /// SHA-256 of its content, as shown.
    pub hash: String,
    /// The recipient that was shown; `None` if the client had no address.
    pub recipient: Option<Recipient>,
    /// Whether sentences about the client go in the letter as they are.
    pub as_they_are: bool,
}

/// The result of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// Approved; the follow-up is held in this email.
    Queued(Uuid),
    /// Approved but not sent: the client has no email address.
    NotSent,
    /// It was already approved; nothing changed.
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

/// Approves exactly what was shown, for exactly the recipient that was shown, and starts the follow-up's hold.
///
/// # Errors
/// [`ActionError::Conflict`] if the version or the hash isn't that of the latest content;
/// [`ActionError::RecipientChanged`] if the client's name or address isn't the one shown; [`ActionError::SpeaksAbout`]
/// if a sentence speaks about the client and wasn't confirmed to go as it is.
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
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryApproved, summary_id)).await?;
    follow_up::close_if_finished(tx, session_id).await?;
    Ok(approved)
}

/// Dismisses a summary: nothing of it is sent. Also works for one that could not be written.
///
/// # Errors
/// [`ActionError::NotOpen`] if it is approved or not written yet.
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
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryDismissed, summary_id)).await?;
    follow_up::close_if_finished(tx, session_id).await?;
    Ok(())
}

/// Reopens a dismissed summary as it was before.
///
/// # Errors
/// [`ActionError::NotOpen`] if it is approved or not written yet.
pub async fn reopen(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    match row.state {
        SummaryState::Done | SummaryState::Failed => return Ok(()),
        // Its words are someone else's.
        SummaryState::Dismissed if row.is_withdrawn => return Err(ActionError::NotOpen { state: "withdrawn" }),
        SummaryState::Dismissed => {}
        state => return Err(ActionError::not_open(state)),
    }
    // A summary that was never written goes back to failed.
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
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryReopened, summary_id)).await?;
    Ok(())
}

/// Stops a follow-up within its hold, or revokes an approval from which nothing was sent (no email address, sending
/// failed). The summary is open again for editing and approval.
///
/// # Errors
/// [`ActionError::TooLate`] if the email is being sent or was sent.
pub async fn cancel_follow_up(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    match row.state {
        // Already cancelled: it is open again.
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
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryReopened, summary_id)).await?;
    Ok(())
}

/// Carries out the coach's decision about a follow-up that was refused or whose fate is unknown.
///
/// # Errors
/// [`ActionError::TooLate`] if there is nothing to decide: it is being sent, was sent or is stopped.
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

/// Closes a session in review that has nothing left to do, such as one without a client.
///
/// # Errors
/// [`ActionError::NotOpen`] while a summary or a follow-up is pending.
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

/// Emails a new link to the coach who received the old one. It replaces the older ones.
///
/// # Errors
/// [`ActionError::TooMany`] beyond [`FRESH_LINKS_AN_HOUR`].
pub async fn ask_fresh_link(
    tx: &mut TenantTx,
    desk: &Desk,
    link: &crate::links::Link,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    // The lock makes the count exact: two requests at once take turns.
    let state = session::lock(tx, link.session_id).await?.ok_or(ActionError::NotFound)?.state;
    let asked = sqlx::query!(
        r#"select count(*) as "count!", ceil(extract(epoch from min(at) + interval '1 hour' - now()))::int as seconds
           from audit_events where session_id = $1 and kind = 'fresh_link_asked' and at > now() - interval '1 hour'"#,
        link.session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if asked.count >= FRESH_LINKS_AN_HOUR {
        return Err(ActionError::TooMany(asked.seconds.unwrap_or_default()));
    }
    let event = Event { link_id: Some(link.id), ..Event::of(link.session_id, EventKind::FreshLinkAsked) };
    record(tx, &event, visitor).await?;
    desk::invite(tx, desk, link.session_id, Invitation::fresh(state), visitor).await?;
    Ok(())
}

/// Emails a new link to a session's coach at the current address, at an operator's request or after a change of
/// address.
///
/// # Errors
/// [`ActionError::NotOpen`] while the session has nothing to show yet.
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

/// Accepts the coach's answers about a session's speakers: for those it waits for, or to correct those it has.
///
/// # Errors
/// [`ActionError::Invalid`] if an answer can't be used, [`ActionError::NotWaiting`] if none is expected.
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

/// Accepts the coach's answers about the turns under a label that several people share.
///
/// # Errors
/// Same as [`set_speakers`].
pub async fn split_label(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    answers: &[(Uuid, Option<SpeakerIs>)],
    visitor: &Visitor,
) -> Result<Corrected, ActionError> {
    let split = correct::split(tx, desk, session_id, label, answers, visitor).await;
    split.map_err(|error| {
        let is_label = matches!(error, NameError::NoLabel(_) | NameError::NotShared(_));
        match refusal(error, &[]) {
            ActionError::Invalid(problems) => {
                let field = if is_label { "label" } else { "turns" };
                let problem = |problem: Problem| Problem { field: field.to_owned(), ..problem };
                ActionError::Invalid(problems.into_iter().map(problem).collect())
            }
            other => other,
        }
    })
}

/// Withdraws a guess about who a label is.
///
/// # Errors
/// Same as [`set_speakers`].
pub async fn take_back(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    visitor: &Visitor,
) -> Result<Corrected, ActionError> {
    correct::take_back(tx, desk, session_id, label, visitor).await.map_err(|error| refusal(error, &[]))
}

/// Accepts a person's correction of the session's date, until a letter was sent.
///
/// # Errors
/// [`ActionError::ImplausibleDate`] if it can't have been then; [`ActionError::DateIsFixed`] if it is too late.
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

/// What attribution rejects, placed at the answer concerned.
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
        NameError::NoLabel(label) | NameError::NoClient(label) | NameError::Person(label, _) => {
            at(&|answer| answer.label == label)
        }
        NameError::Database(error) => ActionError::Database(error),
    }
}
