//! Whoever asks, and the transaction that they get. Reads people, teams and the organization's settings.

use uuid::Uuid;

use super::{Reach, Right, key};
use crate::{
    audit::Visitor,
    db::{Db, TenantTx, Tx, View},
    model::Role,
};

/// By what a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Someone who signed in.
    SignIn(Uuid),
    /// An API key, of a person or of the organization.
    Key(Uuid),
    /// A review link. It stands for its coach; which session it leads to is its visit's to know.
    Link(Uuid),
}

impl Via {
    /// The key, the sign-in or the link.
    #[must_use]
    pub const fn id(self) -> Uuid {
        match self {
            Self::SignIn(id) | Self::Key(id) | Self::Link(id) => id,
        }
    }
}

/// A person as far as rights depend on it.
#[derive(Clone, Debug, Default)]
struct Person {
    roles: Vec<Role>,
    /// The coaches in the teams that this person leads.
    team: Vec<Uuid>,
}

/// Whoever asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organization.
    pub organization: Uuid,
    /// The person; `None` for an API key of the organization.
    pub person: Option<Uuid>,
    /// By what the caller is known.
    pub via: Via,
    /// For the audit.
    pub visitor: Visitor,
    about: Person,
    /// Whether the organization lets admins read sessions.
    admins_read: bool,
    /// What an API key is for; `None` for everything.
    scopes: Option<Vec<Right>>,
}

/// The caller may not do this at all, whoever's things it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// None of the person's roles has the right.
    #[error("your role doesn't allow this (`{0}`)")]
    Role(Right),
    /// The organization doesn't let admins read what was said.
    #[error(
        "the organization doesn't let admins read sessions (its setting `admins_read_sessions`), which `{0}` needs"
    )]
    Setting(Right),
    /// The API key lacks the scope.
    #[error("this API key lacks the scope `{0}`")]
    Scope(Right),
}

impl Caller {
    /// Loads a caller; `None` if the person was removed.
    ///
    /// # Errors
    /// Returns an error if the query fails.
    pub async fn load(
        tx: &mut TenantTx,
        person: Option<Uuid>,
        via: Via,
        scopes: Option<Vec<Right>>,
        visitor: Visitor,
    ) -> Result<Option<Self>, sqlx::Error> {
        let organization = tx.tenant();
        let row = sqlx::query!(
            r#"select admins_read_sessions, coaches.id is not null as "is_there!",
                      coalesce(roles, '{}') as "roles!: Vec<Role>",
                      array(select distinct member.coach_id from team_members lead
                            join team_members member on member.team_id = lead.team_id
                            where lead.coach_id = coaches.id and lead.leads) as "team!"
               from organizations left join coaches on coaches.organization_id = organizations.id and coaches.id = $2
                    and removed_at is null
               where organizations.id = $1"#,
            organization,
            person
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row.filter(|row| row.is_there || person.is_none()) else { return Ok(None) };
        let (about, admins_read) = (Person { roles: row.roles, team: row.team }, row.admins_read_sessions);
        let visitor = match via {
            Via::Key(key) => Visitor { key_id: Some(key), person_id: person, ..visitor },
            Via::SignIn(_) => Visitor { person_id: person, ..visitor },
            Via::Link(link) => Visitor { link_id: Some(link), ..visitor },
        };
        Ok(Some(Self { organization, person, via, visitor, about, admins_read, scopes }))
    }

    /// Whether what the caller came by works at this moment. Each request begins with knowing the caller; what goes on for
    /// longer asks again.
    ///
    /// # Errors
    /// Returns an error if the query fails.
    pub async fn is_still_in(&self, tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
        match self.via {
            Via::Key(id) => key::works(tx, id).await,
            Via::SignIn(id) => {
                let works = sqlx::query_scalar!(
                    r#"select exists (select from sign_ins join coaches on coaches.id = person_id
                           where sign_ins.id = $1 and ended_at is null and ends_at > now()
                             and last_used_at > now() - make_interval(secs => idle_seconds) and removed_at is null) as "works!""#,
                    id
                );
                works.fetch_one(tx.conn()).await
            }
            Via::Link(id) => {
                let works = sqlx::query_scalar!(
                    r#"select exists (select from review_links where id = $1 and revoked_at is null and expires_at > now())
                           as "works!""#,
                    id
                );
                works.fetch_one(tx.conn()).await
            }
        }
    }

    /// Of whom limits are: the person, whatever they come by, or a key of the organization.
    #[must_use]
    pub fn account(&self) -> Uuid {
        self.person.unwrap_or(self.via.id())
    }

    /// The person's roles; none for a key of the organization.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.about.roles
    }

    /// The rights that this caller has, whoever's things they reach.
    #[must_use]
    pub fn rights(&self) -> Vec<Right> {
        super::TABLE.iter().map(|line| line.right).filter(|right| self.view(*right).is_ok()).collect()
    }

    /// The coaches whose clients' data this right reaches for this caller.
    ///
    /// # Errors
    /// [`Denied`] if the caller may not do this at all.
    pub fn view(&self, right: Right) -> Result<View, Denied> {
        if self.scopes.as_ref().is_some_and(|scopes| !scopes.contains(&right)) {
            return Err(Denied::Scope(right));
        }
        let line = right.line();
        let reaches: Vec<Reach> = match (self.via, self.person) {
            (Via::Link(_), _) => vec![line.link],
            (_, None) => vec![line.key],
            (_, Some(_)) => self.about.roles.iter().map(|role| line.of(*role)).collect(),
        };
        let (mut coaches, mut may, mut is_setting) = (Vec::new(), false, false);
        for reach in reaches {
            match reach {
                Reach::Nobody => {}
                Reach::Organization => return Ok(View::Organization),
                Reach::OrganizationIfAllowed if self.admins_read => return Ok(View::Organization),
                Reach::OrganizationIfAllowed => is_setting = true,
                Reach::NoClientData => may = true,
                Reach::Own => {
                    may = true;
                    coaches.extend(self.person);
                }
                Reach::Team => {
                    may = true;
                    coaches.extend_from_slice(&self.about.team);
                }
            }
        }
        coaches.sort_unstable();
        coaches.dedup();
        match (may, is_setting) {
            (true, _) => Ok(View::Coaches(coaches)),
            (false, true) => Err(Denied::Setting(right)),
            (false, false) => Err(Denied::Role(right)),
        }
    }

    /// Starts a transaction that sees what this right reaches for this caller.
    ///
    /// # Errors
    /// [`EnterError::Denied`] if the caller may not do this at all.
    pub async fn enter(&self, db: &Db, right: Right) -> Result<TenantTx, EnterError> {
        Ok(db.view(self.organization, &self.view(right)?).await?)
    }
}

/// Why a caller got no transaction.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
