//! The events: their permanent names, what each means, and what identifies its subject. Pure.

use sha2::{Digest, Sha256};
use strum::{Display, EnumMessage, EnumString, IntoStaticStr, VariantArray, VariantNames};
use uuid::Uuid;

use crate::model::SessionState;

/// A type of event. Its name is permanent, as stored and as sent; its documentation is what the manual says about it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
pub enum EventType {
    /// A transcript arrived, and the session waits to be read.
    #[strum(serialize = "session.received")]
    SessionReceived,
    /// The transcript was read; who spoke is next.
    #[strum(serialize = "session.parsed")]
    SessionParsed,
    /// The coach has to say who spoke.
    #[strum(serialize = "session.waiting_for_speakers")]
    SessionWaitingForSpeakers,
    /// It is known who spoke; the summaries are next, also after a correction.
    #[strum(serialize = "session.attributed")]
    SessionAttributed,
    /// Every summary is written or has failed.
    #[strum(serialize = "session.summarized")]
    SessionSummarized,
    /// The coach was asked to review, or a closed session is open again.
    #[strum(serialize = "session.in_review")]
    SessionInReview,
    /// Nothing is left to do: every summary is approved or dismissed, and every letter has gone or none is due.
    #[strum(serialize = "session.closed")]
    SessionClosed,
    /// The file is no transcript or can't be read.
    #[strum(serialize = "session.rejected")]
    SessionRejected,
    /// A stage failed for good, and a person is needed; `stage` says which. The session's state stays.
    #[strum(serialize = "session.failed")]
    SessionFailed,
    /// A session was deleted for good, with all that hangs on it. Forget what you have of it.
    #[strum(serialize = "session.deleted")]
    SessionDeleted,
    /// A summary has a version that Debrief wrote.
    #[strum(serialize = "summary.written")]
    SummaryWritten,
    /// A summary has a version that the coach edited or asked for.
    #[strum(serialize = "summary.edited")]
    SummaryEdited,
    /// The coach approved a summary. The follow-up is held for a while and can be stopped.
    #[strum(serialize = "summary.approved")]
    SummaryApproved,
    /// Nothing of a summary is sent: the coach dismissed it, or it was withdrawn.
    #[strum(serialize = "summary.dismissed")]
    SummaryDismissed,
    /// An approval or a dismissal was taken back: the summary is open again.
    #[strum(serialize = "summary.reopened")]
    SummaryReopened,
    /// An action item was completed, dropped or opened again.
    #[strum(serialize = "action_item.settled")]
    ActionItemSettled,
    /// A goal was set, changed, achieved, dropped or opened again, or its client was merged into another.
    #[strum(serialize = "goal.changed")]
    GoalChanged,
    /// A goal was removed, or its client was, and it with them.
    #[strum(serialize = "goal.removed")]
    GoalRemoved,
    /// The mail server accepted an email, or the coach says that it arrived; `kind` says which email.
    #[strum(serialize = "mail.sent")]
    MailSent,
    /// An email couldn't be sent: nobody has it.
    #[strum(serialize = "mail.failed")]
    MailFailed,
    /// Nobody knows whether an email arrived; the coach decides.
    #[strum(serialize = "mail.uncertain")]
    MailUncertain,
    /// An export is complete in the bucket.
    #[strum(serialize = "export.finished")]
    ExportFinished,
    /// An export failed for good.
    #[strum(serialize = "export.failed")]
    ExportFailed,
    /// Someone tries out a webhook. Sent to that one alone, whatever it wants, and only once.
    #[strum(serialize = "webhook.test")]
    WebhookTest,
}

impl EventType {
    /// All of them, in the order of the manual.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;
    /// All names, as stored and sent.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// The name, as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What it means, in a sentence or two.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// The fields of its `data`. Those that don't apply (the session of an email about an export) are left out.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::SessionDeleted => &["session_id", "coach_id"],
            Self::SessionFailed => &["session_id", "coach_id", "state", "stage", "summary_id", "client_id"],
            Self::SummaryWritten
            | Self::SummaryEdited
            | Self::SummaryApproved
            | Self::SummaryDismissed
            | Self::SummaryReopened => &["session_id", "coach_id", "summary_id", "client_id", "version", "state"],
            Self::ActionItemSettled => &["item_id", "session_id", "coach_id", "summary_id", "client_id", "state"],
            Self::GoalChanged | Self::GoalRemoved => &["goal_id", "coach_id", "client_id", "state"],
            Self::MailSent | Self::MailFailed | Self::MailUncertain => {
                &["mail_id", "kind", "state", "session_id", "coach_id", "client_id"]
            }
            Self::ExportFinished | Self::ExportFailed => &["export_id", "state"],
            Self::WebhookTest => &["webhook_id"],
            _ => &["session_id", "coach_id", "state"],
        }
    }

    /// What a session's new state is called.
    fn of_state(state: SessionState) -> Self {
        match state {
            SessionState::Received => Self::SessionReceived,
            SessionState::Rejected => Self::SessionRejected,
            SessionState::Parsed => Self::SessionParsed,
            SessionState::WaitingForSpeakers => Self::SessionWaitingForSpeakers,
            SessionState::Attributed => Self::SessionAttributed,
            SessionState::Summarized => Self::SessionSummarized,
            SessionState::InReview => Self::SessionInReview,
            SessionState::Closed => Self::SessionClosed,
        }
    }
}

/// What happened, in the transaction of the change: [`super::emit`] reads the rest of it there.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub(super) kind: EventType,
    pub(super) subject: Subject,
    /// Whatever has this key is one event, however often it is reported.
    once: Option<Uuid>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Session(Uuid),
    /// A session that is deleted in this transaction.
    Gone(Uuid),
    /// A stage of the session failed, for one of its summaries or for all.
    Stage(Uuid, &'static str, Option<Uuid>),
    Summary(Uuid),
    ActionItem(Uuid),
    Goal(Uuid),
    Mail(Uuid),
    Export(Uuid),
}

impl Event {
    /// A session has a new state.
    #[must_use]
    pub fn session(session_id: Uuid, state: SessionState) -> Self {
        Self { kind: EventType::of_state(state), subject: Subject::Session(session_id), once: None }
    }

    /// A session is about to be deleted in this transaction: what it has to say is read before its row is gone.
    #[must_use]
    pub fn session_deleted(session_id: Uuid) -> Self {
        Self { kind: EventType::SessionDeleted, subject: Subject::Gone(session_id), once: Some(session_id) }
    }

    /// A session's stage failed for good. `cause` is the job that failed: each is reported once.
    #[must_use]
    pub fn stage_failed(session_id: Uuid, stage: &'static str, summary_id: Option<Uuid>, cause: Uuid) -> Self {
        let subject = Subject::Stage(session_id, stage, summary_id);
        Self { kind: EventType::SessionFailed, subject, once: Some(cause) }
    }

    /// Something happened to a summary.
    #[must_use]
    pub fn summary(kind: EventType, summary_id: Uuid) -> Self {
        Self { kind, subject: Subject::Summary(summary_id), once: None }
    }

    /// A person settled an action item, named by its lasting id.
    #[must_use]
    pub fn action_item(item_id: Uuid) -> Self {
        Self { kind: EventType::ActionItemSettled, subject: Subject::ActionItem(item_id), once: None }
    }

    /// A goal changed.
    #[must_use]
    pub fn goal(goal_id: Uuid) -> Self {
        Self { kind: EventType::GoalChanged, subject: Subject::Goal(goal_id), once: None }
    }

    /// A goal is about to be removed.
    #[must_use]
    pub fn goal_removed(goal_id: Uuid) -> Self {
        Self { kind: EventType::GoalRemoved, ..Self::goal(goal_id) }
    }

    /// An email has a new state, which its row didn't have before.
    #[must_use]
    pub fn mail(kind: EventType, mail_id: Uuid) -> Self {
        Self { kind, subject: Subject::Mail(mail_id), once: None }
    }

    /// The job that should send an email is dead. Each job is reported once; an email that is queued again has another.
    #[must_use]
    pub fn mail_given_up(kind: EventType, mail_id: Uuid, job_id: Uuid) -> Self {
        Self { once: Some(job_id), ..Self::mail(kind, mail_id) }
    }

    /// An export ended: reported once.
    #[must_use]
    pub fn export(kind: EventType, export_id: Uuid) -> Self {
        Self { kind, subject: Subject::Export(export_id), once: Some(export_id) }
    }

    /// Its id. What has a key always gets the same one, so that a report that is repeated is the same event.
    pub(super) fn id(&self) -> Uuid {
        let Some(key) = self.once else { return Uuid::now_v7() };
        let digest = Sha256::new().chain_update(self.kind.as_str()).chain_update(key).finalize();
        let bytes = std::array::from_fn(|at| digest[at]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_a_meaning_and_fields() {
        for kind in EventType::ALL {
            assert!(
                kind.as_str().split_once('.').is_some_and(|(of, what)| !of.is_empty() && !what.is_empty()),
                "{kind}"
            );
            assert!(kind.about().ends_with('.') && !kind.fields().is_empty(), "{kind}: {}", kind.about());
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        for state in SessionState::ALL {
            assert_eq!(EventType::of_state(state).as_str(), format!("session.{state}"));
        }
    }

    #[test]
    fn what_is_reported_twice_is_one_event() {
        let [mail, job, other] = [(); 3].map(|()| Uuid::now_v7());
        let id = |kind, job| Event::mail_given_up(kind, mail, job).id();
        assert_eq!(id(EventType::MailFailed, job), id(EventType::MailFailed, job));
        assert_ne!(id(EventType::MailFailed, job), id(EventType::MailUncertain, job));
        assert_ne!(id(EventType::MailFailed, job), id(EventType::MailFailed, other), "it may fail again");
        let state = || Event::session(mail, SessionState::Closed).id();
        assert_ne!(state(), state(), "a session may be closed again");
    }
}
