//! Rights: who may do what to whose things. All of it is one table, [`TABLE`].
//!
//! A [`Caller`] is whoever asks: a person, an API key, or the holder of a review link. [`Caller::enter`] is the only way
//! for pages and the API into the database: it looks up what the caller may do and opens a transaction that sees exactly
//! the coaches whose data that right reaches. So a check that is forgotten later shows nothing, and what isn't the
//! caller's isn't forbidden but absent.

mod caller;
mod end;
mod key;

pub use caller::{Caller, Denied, EnterError, Via};
pub use end::{
    LockedPerson, cancel_mails, end_all, end_keys_of_organization, end_sign_ins, lock_anybody, lock_person,
    stop_address_changes, withdraw_links,
};
pub use key::{ApiKey, Issued, KeyError, KeyText, NewKey, issue, list, revoke, signed_in};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use crate::model::Role;

/// Something that may be done. Its name is also the scope of an API key.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
    utoipa::ToSchema,
)]
#[non_exhaustive]
pub enum Right {
    /// List, show and search sessions; their transcripts, people and progress.
    #[serde(rename = "sessions:read")]
    #[strum(serialize = "sessions:read")]
    SessionsRead,
    /// Change a session's title, date and type; name, split and correct its speakers.
    #[serde(rename = "sessions:write")]
    #[strum(serialize = "sessions:write")]
    SessionsWrite,
    /// Delete a session with all that was said in it.
    #[serde(rename = "sessions:delete")]
    #[strum(serialize = "sessions:delete")]
    SessionsDelete,
    /// Upload transcripts.
    #[serde(rename = "transcripts:write")]
    #[strum(serialize = "transcripts:write")]
    TranscriptsWrite,
    /// List and show clients, their history and engagement.
    #[serde(rename = "clients:read")]
    #[strum(serialize = "clients:read")]
    ClientsRead,
    /// Add, change, merge and remove clients; import rosters.
    #[serde(rename = "clients:write")]
    #[strum(serialize = "clients:write")]
    ClientsWrite,
    /// Show summaries with their evidence, their versions, and what would be sent.
    #[serde(rename = "summaries:read")]
    #[strum(serialize = "summaries:read")]
    SummariesRead,
    /// Edit, refine, undo, dismiss and reopen summaries; change, complete, drop and reopen action items.
    #[serde(rename = "summaries:write")]
    #[strum(serialize = "summaries:write")]
    SummariesWrite,
    /// Approve a summary, so that its follow-up goes to the client; stop or decide about a follow-up.
    #[serde(rename = "summaries:approve")]
    #[strum(serialize = "summaries:approve")]
    SummariesApprove,
    /// List and show clients' goals.
    #[serde(rename = "goals:read")]
    #[strum(serialize = "goals:read")]
    GoalsRead,
    /// Set, change, achieve, drop, reopen and remove goals.
    #[serde(rename = "goals:write")]
    #[strum(serialize = "goals:write")]
    GoalsWrite,
    /// Read weekly rollups.
    #[serde(rename = "rollups:read")]
    #[strum(serialize = "rollups:read")]
    RollupsRead,
    /// Read and change how a coach's summaries are worded.
    #[serde(rename = "voice:write")]
    #[strum(serialize = "voice:write")]
    VoiceWrite,
    /// List summary templates and try them.
    #[serde(rename = "templates:read")]
    #[strum(serialize = "templates:read")]
    TemplatesRead,
    /// Add, change and retire summary templates.
    #[serde(rename = "templates:write")]
    #[strum(serialize = "templates:write")]
    TemplatesWrite,
    /// Start and download exports. They hold everything that was said in the organization.
    #[serde(rename = "exports:read")]
    #[strum(serialize = "exports:read")]
    ExportsRead,
    /// List people and teams.
    #[serde(rename = "people:read")]
    #[strum(serialize = "people:read")]
    PeopleRead,
    /// Invite, change and deactivate people; manage teams.
    #[serde(rename = "people:write")]
    #[strum(serialize = "people:write")]
    PeopleWrite,
    /// Show the organization's settings.
    #[serde(rename = "organization:read")]
    #[strum(serialize = "organization:read")]
    OrganizationRead,
    /// Change the organization's settings.
    #[serde(rename = "organization:write")]
    #[strum(serialize = "organization:write")]
    OrganizationWrite,
    /// List, create and revoke one's own API keys.
    #[serde(rename = "keys:own")]
    #[strum(serialize = "keys:own")]
    KeysOwn,
    /// List, create and revoke the organization's API keys, and revoke anybody's.
    #[serde(rename = "keys:organization")]
    #[strum(serialize = "keys:organization")]
    KeysOrganization,
    /// Manage webhooks.
    #[serde(rename = "webhooks:write")]
    #[strum(serialize = "webhooks:write")]
    WebhooksWrite,
    /// List, retry and cancel the organization's jobs.
    #[serde(rename = "jobs:write")]
    #[strum(serialize = "jobs:write")]
    JobsWrite,
    /// See what language models cost.
    #[serde(rename = "costs:read")]
    #[strum(serialize = "costs:read")]
    CostsRead,
    /// Read the audit.
    #[serde(rename = "audit:read")]
    #[strum(serialize = "audit:read")]
    AuditRead,
}

impl Right {
    /// Their names, as scopes are written.
    pub const NAMES: &[&str] = Self::VARIANTS;

    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Its line in [`TABLE`].
    #[must_use]
    pub fn line(self) -> &'static Line {
        // Every right has a line: a test holds it.
        TABLE.iter().find(|line| line.right == self).unwrap_or(&NOBODY)
    }
}

/// Whose things a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody's: it isn't allowed.
    Nobody,
    /// One's own.
    Own,
    /// Those of the coaches in the teams that one leads.
    Team,
    /// Everyone's in the organization, if the organization says that admins read sessions.
    OrganizationIfAllowed,
    /// Everyone's in the organization.
    Organization,
    /// Allowed, and no client's data is in it.
    NoClientData,
}

/// One right, and how far it reaches for whom.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The right.
    pub right: Right,
    /// For a coach.
    pub coach: Reach,
    /// For a lead.
    pub lead: Reach,
    /// For an admin.
    pub admin: Reach,
    /// For an API key of the organization itself, if it has the scope.
    pub key: Reach,
    /// For whoever opened a review link: it stands for the coach, and for one session.
    pub link: Reach,
}

impl Line {
    /// How far it reaches for a role.
    #[must_use]
    pub const fn of(&self, role: Role) -> Reach {
        match role {
            Role::Coach => self.coach,
            Role::Lead => self.lead,
            Role::Admin => self.admin,
        }
    }
}

const NOBODY: Line = {
    use Reach::Nobody as N;
    Line { right: Right::AuditRead, coach: N, lead: N, admin: N, key: N, link: N }
};

/// Who may do what. A key of a person has that person's rights, as far as its scopes go. Approving takes a person: a key of
/// the organization can't.
pub const TABLE: &[Line] = {
    use Reach::{NoClientData as Yes, Nobody as No, Organization as All, OrganizationIfAllowed as May, Own, Team};
    const fn line(right: Right, coach: Reach, lead: Reach, admin: Reach, key: Reach, link: Reach) -> Line {
        Line { right, coach, lead, admin, key, link }
    }
    &[
        //                             coach  lead   admin key   link
        line(Right::SessionsRead, Own, Team, May, All, Own),
        line(Right::SessionsWrite, Own, No, No, All, Own),
        line(Right::SessionsDelete, Own, No, No, All, No),
        line(Right::TranscriptsWrite, Own, No, No, All, No),
        line(Right::ClientsRead, Own, Team, May, All, No),
        line(Right::ClientsWrite, Own, No, No, All, No),
        line(Right::SummariesRead, Own, Team, May, All, Own),
        line(Right::SummariesWrite, Own, No, No, All, Own),
        line(Right::SummariesApprove, Own, No, No, No, Own),
        line(Right::GoalsRead, Own, Team, May, All, No),
        line(Right::GoalsWrite, Own, No, No, All, No),
        line(Right::RollupsRead, Own, Team, May, All, No),
        line(Right::VoiceWrite, Own, No, No, No, Own),
        line(Right::TemplatesRead, Yes, Yes, Yes, Yes, No),
        line(Right::TemplatesWrite, No, No, Yes, No, No),
        line(Right::ExportsRead, No, No, May, All, No),
        line(Right::PeopleRead, Yes, Yes, Yes, Yes, No),
        line(Right::PeopleWrite, No, No, Yes, No, No),
        line(Right::OrganizationRead, Yes, Yes, Yes, Yes, No),
        line(Right::OrganizationWrite, No, No, Yes, No, No),
        line(Right::KeysOwn, Yes, Yes, Yes, No, No),
        line(Right::KeysOrganization, No, No, Yes, No, No),
        line(Right::WebhooksWrite, No, No, Yes, Yes, No),
        line(Right::JobsWrite, No, No, Yes, Yes, No),
        line(Right::CostsRead, No, No, Yes, Yes, No),
        line(Right::AuditRead, No, No, Yes, No, No),
    ]
};

#[cfg(test)]
mod tests {
    use super::{Right, TABLE};

    #[test]
    fn every_right_has_one_line_and_a_name_that_is_read_back() {
        for name in Right::NAMES {
            let right: Right = name.parse().expect("its own name");
            assert_eq!(right.as_str(), *name);
            assert_eq!(TABLE.iter().filter(|line| line.right == right).count(), 1, "{name}");
            assert_eq!(serde_json::to_value(right).expect("a name"), **name);
        }
    }
}
