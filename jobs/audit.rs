//! The audit: who did what, when and from where. Rows are only ever added.
//!
//! Writes `review_events`, in the transaction of what it records. Never transcript text, never a name.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A link was mailed.
    LinkSent,
    /// The page was looked at.
    Viewed,
    /// A link was opened by its button.
    Opened,
    /// A version was made by hand.
    Edited,
    /// A version was signed.
    Approved,
    /// A summary was put aside.
    Dismissed,
    /// A summary that was put aside was taken up again.
    Reopened,
    /// A follow-up was stopped within its hold.
    FollowUpCancelled,
    /// The coach said what became of a follow-up, or that it be sent again.
    FollowUpDecided,
    /// The coach said who spoke.
    SpeakersNamed,
    /// The coach said that somebody else spoke than was thought, here or in a later session.
    SpeakersCorrected,
    /// A summary was withdrawn, since its client did not speak after all.
    Withdrawn,
    /// A fresh link was asked for.
    FreshLinkAsked,
    /// A link was taken back.
    Revoked,
    /// A session without anything to send was closed.
    Closed,
    /// A refinement was asked for.
    RefiningAsked,
    /// A version was made by a refinement.
    Refined,
    /// The version before the newest was brought back.
    Undone,
    /// The coach changed the voice profile.
    VoiceChanged,
    /// Somebody said when the session was.
    DateSet,
}

impl EventKind {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkSent => "link_sent",
            Self::Viewed => "viewed",
            Self::Opened => "opened",
            Self::Edited => "edited",
            Self::Approved => "approved",
            Self::Dismissed => "dismissed",
            Self::Reopened => "reopened",
            Self::FollowUpCancelled => "follow_up_cancelled",
            Self::FollowUpDecided => "follow_up_decided",
            Self::SpeakersNamed => "speakers_named",
            Self::SpeakersCorrected => "speakers_corrected",
            Self::Withdrawn => "withdrawn",
            Self::FreshLinkAsked => "fresh_link_asked",
            Self::Revoked => "revoked",
            Self::Closed => "closed",
            Self::RefiningAsked => "refining_asked",
            Self::Refined => "refined",
            Self::Undone => "undone",
            Self::VoiceChanged => "voice_changed",
            Self::DateSet => "date_set",
        }
    }
}

/// One entry of the audit.
#[derive(Clone, Debug)]
pub struct Event {
    /// The session.
    pub session_id: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// By which link.
    pub link_id: Option<Uuid>,
    /// To which summary.
    pub summary_id: Option<Uuid>,
    /// Facts such as the version and the hash that were signed.
    pub detail: Value,
}

impl Event {
    /// An entry without particulars.
    #[must_use]
    pub fn of(session_id: Uuid, kind: EventKind) -> Self {
        Self { session_id, kind, link_id: None, summary_id: None, detail: json!({}) }
    }
}

/// Who acts, as far as the network tells. Empty for the command line and for jobs.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The link that the visit came by.
    pub link_id: Option<Uuid>,
    /// The address that the request came from.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// Adds an entry. The visitor's link stands in where the event names none.
///
/// # Errors
/// When the database refuses.
pub async fn record(tx: &mut TenantTx, event: &Event, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!(
        "insert into review_events (id, organization_id, session_id, link_id, summary_id, kind, detail, address, agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        Uuid::now_v7(),
        organization,
        event.session_id,
        event.link_id.or(visitor.link_id),
        event.summary_id,
        event.kind.as_str(),
        event.detail,
        visitor.address,
        visitor.agent,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
