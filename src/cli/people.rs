//! `debrief people`: the people of an organization, who sign in, and their teams.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    model::{Role, id::IdPrefix},
    people::{self, PeopleError, Person},
    sign_in::{self, NewPerson},
};
use serde_json::json;

use super::{
    App,
    output::{confirmed, one_of},
};

mod teams;

/// Manage the people who sign in, and their teams
///
/// Everybody in an organization is a person with one or more roles: a coach has sessions and clients, a lead also reads
/// those of the coaches in the teams that they lead, an admin manages people and settings. A person is named by their
/// handle, address or id (or its first digits).
#[derive(Debug, Subcommand)]
pub(crate) enum People {
    /// List people
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
        /// Also list people who were deactivated
        #[arg(long)]
        all: bool,
    },
    /// Invite a person by email
    ///
    /// The email has a link that works once, for seven days. Whoever accepts is signed in, and may set a password.
    /// `debrief coach add` adds a person without an email; they can have a link to sign in emailed to them as well.
    Invite {
        /// The person's name, as it appears in transcripts
        name: String,
        /// Where the invitation goes
        email: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
        /// Their role; may be repeated [default: coach]
        #[arg(long = "role", value_name = "ROLE", value_parser = one_of::<Role>(Role::NAMES))]
        roles: Vec<Role>,
        /// A team that they join
        #[arg(long, value_name = "NAME")]
        team: Option<String>,
    },
    /// Email an invitation again; the link before stops working
    Resend {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Take an invitation back that wasn't accepted, also one that is too old
    Withdraw {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Give a person other roles, in place of those they have
    ///
    /// Whoever gets another role is signed out and signs in again. The last admin stays one.
    Roles {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// Their roles
        #[arg(required = true, value_parser = one_of::<Role>(Role::NAMES))]
        roles: Vec<Role>,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Deactivate a person: they can't sign in any more, and their API keys and review links stop working
    ///
    /// Their sessions and clients are kept. Refused while their sessions are being processed or follow-ups are held, and
    /// for the last admin. `debrief people activate` brings them back.
    Deactivate {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Bring a deactivated person back
    ///
    /// They sign in anew; sign-ins and API keys that ended stay ended.
    Activate {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Take a lost second factor and the passkeys from a person, who then signs in without a code
    ///
    /// For whoever has neither the app nor a recovery code nor a passkey any more. Make sure first that it's they who ask: their
    /// mailbox or password (or their account at the identity provider, where that is the only way in) alone lets somebody in afterwards. They are signed out everywhere and told by email. Where the
    /// organization requires a second factor, they set up another one before anything else.
    ResetFactor {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Show a link that signs a person in, once, within a quarter of an hour
    ///
    /// For whoever gets in in no other way: the organization's identity provider is the only one, and it's away; or no email
    /// arrives. Make sure that it's they who get it. A second factor is still asked for.
    SignInLink {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Disconnect a person from their account at the identity provider, and sign them out everywhere
    ///
    /// For whoever has another account there, or whose account isn't theirs any more; also for people who were deactivated. The
    /// next account that comes with their verified address is connected. They are told by email.
    DisconnectProvider {
        /// The person's handle, address or id (or its first digits)
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    #[command(subcommand)]
    Teams(teams::Teams),
}

impl People {
    /// Whether it may prompt on the terminal.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Deactivate { .. } | Self::ResetFactor { .. })
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { org, all } => list(app, org.as_deref(), all).await?,
            Self::Invite { name, email, org, roles, team } => {
                let mut tx = app.db.tenant(app.organization(org.as_deref()).await?).await?;
                let team = match &team {
                    Some(team) => Some(people::find_team(&mut tx, team).await?),
                    None => None,
                };
                let new = NewPerson { name: &name, email: &email, roles: &roles, team };
                let invited = sign_in::invite(&mut tx, &app.services.gate, &new, &Visitor::default()).await?;
                tx.commit().await?;
                super::coach::make_inbox(app, &invited.handle).await?;
                app.output.one(&invited, |invited| {
                    format!(
                        "{} is invited; the link works until {}",
                        invited.handle,
                        invited.expires_at.format("%-d %B %Y")
                    )
                })?;
            }
            Self::Resend { person, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                let until = sign_in::resend(&mut tx, &app.services.gate, person.id, &Visitor::default()).await?;
                tx.commit().await?;
                app.output.one(&json!({ "id": person.id, "handle": person.handle, "expires_at": until }), |_| {
                    format!("{} is invited again; the link works until {}", person.handle, until.format("%-d %B %Y"))
                })?;
            }
            Self::Withdraw { person, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                sign_in::withdraw(&mut tx, person.id, &Visitor::default()).await?;
                tx.commit().await?;
                done(app, &person, "the invitation is withdrawn")?;
            }
            Self::Roles { person, roles, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                people::change_roles(&mut tx, person.id, &roles, &Visitor::default()).await?;
                tx.commit().await?;
                done(app, &person, "changed")?;
            }
            Self::Deactivate { person, org, yes } => return deactivate(app, org.as_deref(), &person, yes).await,
            Self::Activate { person, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                people::activate(&mut tx, person.id, &Visitor::default()).await?;
                tx.commit().await?;
                done(app, &person, "active")?;
            }
            Self::ResetFactor { person, org, yes } => reset_factor(app, org.as_deref(), &person, yes).await?,
            Self::SignInLink { person, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                let link = sign_in::operators_link(&mut tx, &app.services.gate, person.id).await?;
                let link = link.ok_or_else(|| anyhow::anyhow!("{} was deactivated", person.handle))?;
                tx.commit().await?;
                app.output.one(&json!({ "id": person.id, "handle": person.handle, "link": link }), |_| link.clone())?;
            }
            Self::DisconnectProvider { person, org } => {
                let (mut tx, person) = find(app, org.as_deref(), &person).await?;
                let gone =
                    sign_in::disconnect_provider(&mut tx, &app.services.gate, person.id, &Visitor::default()).await?;
                tx.commit().await?;
                done(app, &person, if gone { "disconnected, and signed out" } else { "no account is connected" })?;
            }
            Self::Teams(command) => return command.run(app).await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(app: &App, org: Option<&str>, all: bool) -> anyhow::Result<()> {
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let people = people::list_people(&mut tx, all).await?;
    app.output.list(
        &people,
        "no people yet: invite one with `debrief people invite`",
        ["HANDLE", "NAME", "EMAIL", "ROLES", "STATE", "SECOND FACTOR", "IDENTITY PROVIDER", "LAST SEEN"],
        |person| {
            [
                person.handle.clone(),
                person.name.clone(),
                person.email.clone(),
                person.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "),
                person.presence.as_str().to_owned(),
                if person.second_factor { "yes" } else { "no" }.to_owned(),
                if person.provider_connected { "connected" } else { "" }.to_owned(),
                person.last_seen_at.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M").to_string()),
            ]
        },
    )
}

/// The person, in a transaction of their organization.
async fn find(app: &App, org: Option<&str>, who: &str) -> anyhow::Result<(TenantTx, Person)> {
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let person = match (people::find_person(&mut tx, who).await, who.parse::<IdPrefix>()) {
        (Err(PeopleError::NoPerson), Ok(digits)) => {
            let known = people::list_people(&mut tx, true).await?.into_iter().map(|one| (one.id, one.name));
            people::person(&mut tx, digits.choose("person", "debrief people list --all", known)?).await?
        }
        (found, _) => found?,
    };
    Ok((tx, person))
}

fn done(app: &App, person: &Person, what: &str) -> anyhow::Result<()> {
    app.output.one(&json!({ "id": person.id, "handle": person.handle }), |_| format!("{}: {what}", person.handle))
}

async fn deactivate(app: &App, org: Option<&str>, who: &str, yes: bool) -> anyhow::Result<ExitCode> {
    let (tx, person) = find(app, org, who).await?;
    // Nothing is held while somebody thinks.
    let organization = tx.tenant();
    drop(tx);
    let what = format!("{} ({}) will be signed out, and can't sign in any more.", person.name, person.email);
    if confirmed(&what, yes)? {
        let mut tx = app.db.tenant(organization).await?;
        let removal = people::deactivate(&mut tx, person.id, &Visitor::default()).await?;
        tx.commit().await?;
        app.output.one(&removal, |removal| {
            format!(
                "{}: deactivated (clients kept: {}; sessions kept: {})",
                removal.name, removal.clients, removal.sessions
            )
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn reset_factor(app: &App, org: Option<&str>, who: &str, yes: bool) -> anyhow::Result<()> {
    let (mut tx, person) = find(app, org, who).await?;
    let enough = sign_in::only_way(&mut tx, &app.services.gate).await?.map_or_else(
        || "their mailbox or password".to_owned(),
        |provider| format!("their account at {}", provider.label()),
    );
    // Nothing is held while somebody thinks.
    let organization = tx.tenant();
    drop(tx);
    let what = format!(
        "{} ({}) will be signed out, loses their passkeys, and can sign in without a code: {enough} is enough.",
        person.name, person.email
    );
    if confirmed(&what, yes)? {
        let mut tx = app.db.tenant(organization).await?;
        sign_in::reset_factor(&mut tx, &app.services.gate, person.id, &Visitor::default()).await?;
        tx.commit().await?;
        done(app, &person, "the second factor is reset")?;
    }
    Ok(())
}
