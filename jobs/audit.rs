//! The audit: who did what, when and from where. Rows are only ever added.
//!
//! Writes `audit_events`, in the transaction of the recorded action. Never contains transcript text or names.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A link was emailed.
    LinkSent,
    /// The page was viewed.
    Viewed,
    /// A link was opened by its button.
    Opened,
    /// A version was edited by hand.
    Edited,
    /// A version was approved.
    Approved,
    /// A summary was dismissed.
    Dismissed,
    /// A dismissed summary was reopened.
    Reopened,
    /// A follow-up was stopped within its hold.
    FollowUpCancelled,
    /// The coach reported a follow-up's fate, or had it sent again.
    FollowUpDecided,
    /// The coach named the speakers.
    SpeakersNamed,
    /// The coach corrected a speaker, here or in a later session.
    SpeakersCorrected,
    /// A summary was withdrawn because its client did not speak after all.
    Withdrawn,
    /// A new link was requested.
    FreshLinkAsked,
    /// A link was revoked.
    Revoked,
    /// A session with nothing to send was closed.
    Closed,
    /// A refinement was requested.
    RefiningAsked,
    /// A refinement created a version.
    Refined,
    /// The previous version was restored.
    Undone,
    /// The coach changed the voice profile.
    VoiceChanged,
    /// Someone set the session's date.
    DateSet,
    /// A person or a program read clients' data; the detail has the operation.
    Read,
    /// A person or a program changed something; the detail has the operation.
    Changed,
    /// Somebody signed in; the detail has the sign-in and by what.
    SignedIn,
    /// Somebody tried to sign in as the person in the detail. What was typed isn't kept.
    SignInFailed,
    /// A sign-in was ended by its person.
    SignedOut,
    /// A password was set or changed.
    PasswordChanged,
    /// A second factor was set up, changed or removed.
    SecondFactorChanged,
    /// A person's account at an identity provider was connected or disconnected.
    ProviderChanged,
    /// A new address was asked for, confirmed, stopped or taken.
    AddressChanged,
    /// A person got other roles.
    RolesChanged,
    /// An invitation was sent, accepted or withdrawn.
    Invited,
    /// A person was deactivated or brought back.
    PersonChanged,
    /// A session was deleted for good.
    SessionDeleted,
    /// A team was created, renamed or deleted, or its members changed.
    TeamChanged,
    /// An action item was completed, dropped or opened again.
    Settled,
    /// A goal was set, changed, achieved, dropped, opened again or removed.
    GoalChanged,
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
            Self::Read => "read",
            Self::Changed => "changed",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::ProviderChanged => "provider_changed",
            Self::AddressChanged => "address_changed",
            Self::RolesChanged => "roles_changed",
            Self::Invited => "invited",
            Self::PersonChanged => "person_changed",
            Self::SessionDeleted => "session_deleted",
            Self::TeamChanged => "team_changed",
            Self::Settled => "settled",
            Self::GoalChanged => "goal_changed",
        }
    }
}

/// One entry of the audit.
#[derive(Clone, Debug)]
pub struct Event {
    /// The session; `None` if it's about several or none.
    pub session_id: Option<Uuid>,
    /// What happened.
    pub kind: EventKind,
    /// The link used.
    pub link_id: Option<Uuid>,
    /// The summary concerned.
    pub summary_id: Option<Uuid>,
    /// The client concerned, where no session is.
    pub client_id: Option<Uuid>,
    /// Facts, such as the signed version and hash.
    pub detail: Value,
}

impl Event {
    /// An entry about a session, without details.
    #[must_use]
    pub fn of(session_id: Uuid, kind: EventKind) -> Self {
        Self { session_id: Some(session_id), ..Self::about_nobody(kind) }
    }

    /// An entry about no session.
    #[must_use]
    pub fn about_nobody(kind: EventKind) -> Self {
        Self { session_id: None, kind, link_id: None, summary_id: None, client_id: None, detail: json!({}) }
    }
}

/// Who acts, as far as is known. Empty for the command line and for jobs.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The visit's link.
    pub link_id: Option<Uuid>,
    /// The person who signed in, or whose key it is.
    pub person_id: Option<Uuid>,
    /// The API key.
    pub key_id: Option<Uuid>,
    /// The address of the request.
    pub address: Option<String>,
    /// The browser's user agent.
    pub agent: Option<String>,
}

/// Adds an entry. Uses the visitor's link if the event names none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn record(tx: &mut TenantTx, event: &Event, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!(
        "insert into audit_events (id, organization_id, session_id, link_id, summary_id, kind, detail, address, agent, person_id,
            key_id, client_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        Uuid::now_v7(),
        organization,
        event.session_id,
        event.link_id.or(visitor.link_id),
        event.summary_id,
        event.kind.as_str(),
        event.detail,
        visitor.address,
        visitor.agent,
        visitor.person_id,
        visitor.key_id,
        event.client_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An entry as it's read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened: `read` and `changed` have the operation in `detail`.
    pub kind: String,
    /// The person who did it.
    pub person_id: Option<Uuid>,
    /// The API key that was used.
    pub key_id: Option<Uuid>,
    /// The review link that was used.
    pub link_id: Option<Uuid>,
    /// The session.
    pub session_id: Option<Uuid>,
    /// The summary.
    pub summary_id: Option<Uuid>,
    /// The client.
    pub client_id: Option<Uuid>,
    /// Facts: the operation, counts, versions, hashes.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The network address that it came from.
    pub address: Option<String>,
    /// The program that asked, as it names itself.
    pub agent: Option<String>,
}

/// A page of the organization's audit, newest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(
    tx: &mut TenantTx,
    session: Option<Uuid>,
    person: Option<Uuid>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    let (after_at, after_id) = after.unzip();
    sqlx::query_as!(
        Entry,
        "select id, at, kind, person_id, key_id, link_id, session_id, summary_id, client_id, detail, address, agent
         from audit_events where ($1::uuid is null or session_id = $1) and ($2::uuid is null or person_id = $2)
           and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
         order by at desc, id desc limit $5",
        session,
        person,
        after_at,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
