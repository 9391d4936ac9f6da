//! Organizations, coaches and clients: added one at a time and by rosters.
//!
//! Reads and writes organizations, coaches, clients and their aliases. Everything is identified by its handle or email,
//! so adding it twice updates it and creates nothing new. People with sessions are never deleted: a removed client or
//! coach stays as a row that is no longer matched, listed or emailed.

mod add;
pub(crate) mod aliases;
mod book;
pub(crate) mod change;
mod clients;
mod coaches;
mod members;
mod organizations;
pub(crate) mod put;
pub mod roster;
mod settings;
mod teams;

use chrono_tz::Tz;
use serde::Serialize;
use uuid::Uuid;

use roster::RosterError;

use crate::{
    clean,
    db::{Db, Tx},
    model::Role,
};

pub use add::add_coach;
pub use book::{
    BookEntry, ClientSession, WantedClients, client_by_id, client_page, client_sessions, has_coach, inbox_of,
};
pub use change::{ClientChange, Removal, change_client, change_found, find_client, remove_client, remove_found};
pub use clients::{
    Applied, Client, NewClient, add_client, add_client_of, apply_roster, import_roster, import_roster_of, known_names,
    list_clients, new_client,
};
pub use coaches::{CoachChange, CoachRemoval, Readdressed, remove_coach};
pub(crate) use coaches::{change, move_to_address, same_address};
pub use members::{Person, Presence, activate, add_person, change_roles, deactivate, find_person, list_people, person};
pub(crate) use members::{address_is_free, lock_organization, uninvite};
pub use organizations::{
    Organization, OrganizationChange, add_organization, change_organization, list_organizations, organization,
};
pub use put::{Put, hold_client};
pub use settings::{OrganizationSettings, change_settings, hold_settings, organization_settings};
pub use teams::{
    Member, Team, add_member, create_team, delete_team, find_team, list_teams, remove_member, rename_team,
};

/// At most this many aliases, and this many tags, are given to a client at once: each alias is compared with all names.
pub(crate) const MOST_WORDS: usize = 50;

pub(crate) fn few(words: &[String], what: &'static str) -> Result<(), PeopleError> {
    if words.len() > MOST_WORDS { Err(PeopleError::TooMany(what)) } else { Ok(()) }
}

/// Why people couldn't be added or found, worded for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// No organization has this handle.
    #[error("there is no organization `{0}`; see `debrief org list`")]
    NoOrganization(String),
    /// No coach has this handle.
    #[error("there is no coach `{0}`; see `debrief coach list`")]
    NoCoach(String),
    /// The handle is invalid.
    #[error(
        "`{0}` cannot be a handle: use at most 63 of a-z, 0-9, dot, hyphen and underscore, starting with a letter or \
         digit"
    )]
    BadHandle(String),
    /// A coach of another organization has this handle.
    #[error("the handle `{0}` belongs to a coach of another organization; choose another")]
    HandleTaken(String),
    /// The coach is there already, and differs from what was asked for.
    #[error(
        "the coach `{handle}` already exists ({name}, {email}): to change their name or address, use `debrief coach change`; \
         for another coach, choose another handle"
    )]
    CoachExists {
        /// The handle.
        handle: String,
        /// The coach's name.
        name: String,
        /// The coach's address.
        email: String,
    },
    /// The organization is there already, and differs from what was asked for.
    #[error(
        "the organization `{handle}` already exists ({name}, {time_zone}): to change it, use `debrief org change`; for another \
         organization, choose another handle"
    )]
    OrganizationExists {
        /// The handle.
        handle: String,
        /// Its name.
        name: String,
        /// Its time zone.
        time_zone: String,
    },
    /// The name is empty.
    #[error("the name is missing")]
    NoName,
    /// The name is too long.
    #[error("`{0}…` is too long for a name: use at most {max} characters", max = aliases::LONGEST_NAME)]
    LongName(String),
    /// It has characters that can't be shown.
    #[error("`{0}` contains characters that can’t be shown; type it again")]
    Unreadable(&'static str),
    /// The name can't be an alias of this client.
    #[error("the alias `{alias}` {why}")]
    BadAlias {
        /// The alias.
        alias: String,
        /// Why it isn't used.
        why: String,
    },
    /// The client has no such alias.
    #[error("this client has no alias `{0}`; `debrief client list` shows the aliases of each")]
    NoAlias(String),
    /// The address belongs to a client with another name.
    #[error(
        "{email} is the address of {name}: to rename that client, use `debrief client change --name`; if there are two \
         entries of one person, use `debrief client merge`; otherwise correct the address"
    )]
    AddressOfAnother {
        /// The client's name.
        name: String,
        /// The address.
        email: String,
    },
    /// The name is a client's alias.
    #[error(
        "{alias} is another name of {name}: if that is who you mean, change {name} with `debrief client change`; if it’s \
         someone else, add --namesake"
    )]
    OtherNameOf {
        /// The name.
        alias: String,
        /// The client's name.
        name: String,
    },
    /// The person named as a new client is already known.
    #[error(
        "{given} already belongs to your client {name}: choose {name} if they spoke; if it was someone else, {or_else}"
    )]
    KnownSpeaker {
        /// The name or the address given.
        given: String,
        /// The client's name.
        name: String,
        /// What to do if it was someone else.
        or_else: &'static str,
    },
    /// The email address is invalid.
    #[error("`{0}` isn't a valid email address; write one address, as name@example.org or Name <name@example.org>")]
    BadEmail(String),
    /// The time zone is unknown.
    #[error("`{0}` isn't a time zone; use one like Europe/Stockholm or UTC")]
    BadTimeZone(String),
    /// The file isn't a roster.
    #[error("can't read the roster: {0}")]
    Roster(#[from] RosterError),
    /// Several clients match and none can be chosen.
    #[error(
        "several clients have this name; give the email of the one you mean, or change that one with `debrief client \
         change`"
    )]
    Ambiguous,
    /// The greeting is invalid.
    #[error(
        "`{0}` isn't a valid greeting; write what follows Hello, such as Priya or Frau Meier (a name of at most 8 words, no sentence and no link)"
    )]
    BadGreeting(String),
    /// The coach has no such client.
    #[error("coach {coach} has no client `{who}`; `debrief client list --coach {coach}` shows names, emails and ids")]
    NoClient {
        /// The coach's handle.
        coach: String,
        /// The client asked for.
        who: String,
    },
    /// The client was removed or merged meanwhile.
    #[error("{0} was removed or merged in the meantime; list the clients again")]
    ClientGone(String),
    /// Several clients have this name.
    #[error("coach {coach} has several clients `{who}`; give the email or the id: {ids}")]
    SeveralClients {
        /// The coach's handle.
        coach: String,
        /// The name asked for.
        who: String,
        /// Their ids and addresses.
        ids: String,
    },
    /// Another client has the address.
    #[error(
        "{name} already has the email {email}: merge the two with `debrief client merge`, or choose another address"
    )]
    EmailTaken {
        /// The other client's name.
        name: String,
        /// The address.
        email: String,
    },
    /// No change was requested.
    #[error("nothing to change: use an option such as --email or --name (see `--help`)")]
    NothingToChange,
    /// A client cannot be merged into itself.
    #[error("both are the same client: there is nothing to merge")]
    SameClient,
    /// The clients have two coaches.
    #[error("the two are clients of two coaches, so they can’t be merged")]
    TwoCoaches,
    /// Both speak in one session.
    #[error(
        "{from} and {into} both speak in {sessions}, so they may be two people. If they are one person, use \
         --same-person: the affected summaries are then withdrawn or rewritten"
    )]
    BothSpoke {
        /// The client to merge.
        from: String,
        /// The client that remains.
        into: String,
        /// The sessions, in words.
        sessions: String,
    },
    /// Work on the coach's sessions is in progress.
    #[error(
        "can't remove this coach yet: {0} still being processed; wait until `debrief sessions list` shows none that is \
         received, parsed, attributed or summarized, then try again"
    )]
    CoachBusy(String),
    /// Follow-ups of the coach are held or being sent.
    #[error(
        "can't remove this coach yet: {0} waiting to be sent; let it go out or cancel it on its review page, then \
             try again"
    )]
    FollowUpsHeld(String),
    /// Nobody could manage people any more.
    #[error("this is the organization’s only admin; make somebody else an admin first")]
    LastAdmin,
    /// A person needs a role.
    #[error("a person needs at least one role: {}", Role::NAMES.join(", "))]
    NoRole,
    /// There is no such person.
    #[error("there is no such person in the organization; see `debrief people list`")]
    NoPerson,
    /// Several people have this address.
    #[error("several people have this address; name the one you mean by the handle; see `debrief people list`")]
    SeveralPeople,
    /// Somebody has the address.
    #[error("{name} already has this address{}", if *removed { " and was deactivated; `debrief people activate` brings them back" } else { "" })]
    PersonExists {
        /// Their name.
        name: String,
        /// Whether they were deactivated.
        removed: bool,
    },
    /// There are too many aliases or tags.
    #[error("a client has at most {MOST_WORDS} {0}")]
    TooMany(&'static str),
    /// There is no such team.
    #[error("there is no such team; see `debrief people teams list`")]
    NoTeam,
    /// Another team has the name.
    #[error("there is already a team `{0}`; choose another name")]
    TeamExists(String),
    /// The name of a team is empty or too long.
    #[error("a team needs a name of at most 200 characters")]
    BadTeam,
    /// There are too many teams.
    #[error("there are too many teams; delete some first")]
    TooManyTeams,
    /// A database error.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl PeopleError {
    /// The field of what was sent that it is about, if it is about one.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoName
            | Self::LongName(_)
            | Self::OtherNameOf { .. }
            | Self::KnownSpeaker { .. }
            | Self::Ambiguous
            | Self::BadTeam
            | Self::TeamExists(_) => Some("name"),
            Self::Unreadable(field) | Self::TooMany(field) => Some(field),
            Self::BadAlias { .. } | Self::NoAlias(_) => Some("aliases"),
            Self::BadEmail(_)
            | Self::EmailTaken { .. }
            | Self::AddressOfAnother { .. }
            | Self::PersonExists { .. }
            | Self::SeveralPeople => Some("email"),
            Self::BadTimeZone(_) => Some("time_zone"),
            Self::BadGreeting(_) => Some("greeting"),
            Self::BadHandle(_) | Self::HandleTaken(_) | Self::CoachExists { .. } | Self::OrganizationExists { .. } => {
                Some("handle")
            }
            Self::NoRole | Self::LastAdmin => Some("roles"),
            Self::NoOrganization(_)
            | Self::NoCoach(_)
            | Self::Roster(_)
            | Self::NoClient { .. }
            | Self::ClientGone(_)
            | Self::SeveralClients { .. }
            | Self::NothingToChange
            | Self::SameClient
            | Self::TwoCoaches
            | Self::BothSpoke { .. }
            | Self::CoachBusy(_)
            | Self::FollowUpsHeld(_)
            | Self::NoPerson
            | Self::NoTeam
            | Self::TooManyTeams
            | Self::Database(_) => None,
        }
    }
}

/// A coach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coach {
    /// The coach's id.
    pub id: Uuid,
    /// Id of the coach's organization.
    pub organization_id: Uuid,
    /// The name of the coach's inbox folder.
    pub handle: String,
    /// The coach's name, as it appears in transcripts.
    pub name: String,
    /// Where the coach's email is sent.
    pub email: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// An IANA time zone.
    pub time_zone: String,
    /// How many clients it has.
    pub clients: i64,
}

/// A coach to add.
#[derive(Clone, Debug, Default)]
pub struct NewCoach<'a> {
    /// The name of the coach's inbox folder, unique in the installation.
    pub handle: &'a str,
    /// The coach's name, as it appears in transcripts.
    pub name: &'a str,
    /// Where the coach's email is sent.
    pub email: &'a str,
    /// The roles; empty for those that the coach has, and for a new one `coach`.
    pub roles: &'a [Role],
    /// An IANA time zone; defaults to the organization's.
    pub time_zone: Option<&'a str>,
}

/// An organization's coaches, by handle.
///
/// # Errors
/// If there is no such organization.
pub async fn list_coaches(db: &Db, organization: Uuid) -> Result<Vec<Coach>, PeopleError> {
    let mut tx = db.tenant(organization).await?;
    let coaches = sqlx::query_as!(
        Coach,
        r#"select id, organization_id, handle, name, email, roles as "roles: Vec<Role>", time_zone,
                  (select count(*) from clients where coach_id = coaches.id and removed_at is null) as "clients!"
           from coaches where removed_at is null order by handle"#
    );
    Ok(coaches.fetch_all(tx.conn()).await?)
}

/// The ids of the organization and the coach with this handle.
///
/// # Errors
/// If there is none.
pub async fn coach(db: &Db, handle: &str) -> Result<(Uuid, Uuid), PeopleError> {
    let found = sqlx::query!(
        r#"select organization_id as "organization_id!", coach_id as "coach_id!" from coach_by_handle($1)"#,
        handle
    );
    let found = found.fetch_optional(db.pool()).await?;
    found.map(|row| (row.organization_id, row.coach_id)).ok_or_else(|| PeopleError::NoCoach(handle.to_owned()))
}

fn good_handle(handle: &str) -> Result<&str, PeopleError> {
    let begins_well = handle.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let all_good = handle.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c));
    if begins_well && all_good && handle.len() <= 63 { Ok(handle) } else { Err(PeopleError::BadHandle(handle.into())) }
}

/// What somebody typed, on one line. What can't be shown would be stored as a sign for it, which nobody meant.
pub(crate) fn readable(field: &'static str, typed: &str) -> Result<String, PeopleError> {
    let line = clean::line(typed);
    if line.contains(char::REPLACEMENT_CHARACTER) { Err(PeopleError::Unreadable(field)) } else { Ok(line) }
}

pub(crate) fn good_name(name: &str) -> Result<String, PeopleError> {
    let name = readable("name", name)?;
    match name.chars().count() {
        0 => Err(PeopleError::NoName),
        count if count > aliases::LONGEST_NAME => Err(PeopleError::LongName(name.chars().take(40).collect())),
        _ => Ok(name),
    }
}

/// The address that somebody typed, in lower case; `None` if it isn't exactly one.
#[must_use]
pub fn address_of(typed: &str) -> Option<String> {
    roster::address(typed)
}

fn good_email(email: &str) -> Result<String, PeopleError> {
    roster::address(email).ok_or_else(|| PeopleError::BadEmail(shown(email)))
}

/// What somebody typed, made displayable: invisible characters are escaped, and long text is cut.
fn shown(typed: &str) -> String {
    const LONGEST: usize = 100;
    let is_seen = |c: char| c == ' ' || roster::is_seen(c) && !c.is_whitespace() && !c.is_control();
    let seen = |c: char| if is_seen(c) { c.to_string() } else { c.escape_unicode().to_string() };
    let cut = if typed.chars().count() > LONGEST { "…" } else { "" };
    typed.chars().take(LONGEST).map(seen).chain([cut.to_owned()]).collect()
}

fn good_zone(zone: &str) -> Result<&str, PeopleError> {
    zone.parse::<Tz>().map(|_| zone).map_err(|_| PeopleError::BadTimeZone(zone.to_owned()))
}
