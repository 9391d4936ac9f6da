//! Teams: groups of people, some of whom lead. A lead reads the sessions of the coaches in the teams that they lead.
//!
//! Reads and writes `teams` and `team_members`, and notes every change in the audit.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::PeopleError;
use crate::{
    audit::{Event, EventKind, Visitor, record},
    clean,
    db::{TenantTx, Tx},
};

/// At most this many teams per organization.
const MOST_TEAMS: i64 = 500;

/// A team with its members.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Team {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Who is in it, by name.
    pub members: Vec<Member>,
}

/// A person in a team.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TeamMember)]
pub struct Member {
    /// The person.
    pub person_id: Uuid,
    /// Their handle.
    pub handle: String,
    /// Their name.
    pub name: String,
    /// Whether they lead the team.
    pub leads: bool,
}

/// The teams, by name, with their members who weren't deactivated.
///
/// # Errors
/// If the database fails.
pub async fn list_teams(tx: &mut TenantTx) -> Result<Vec<Team>, sqlx::Error> {
    let teams = sqlx::query!("select id, name from teams order by lower(name), id").fetch_all(tx.conn()).await?;
    let mut teams: Vec<Team> =
        teams.into_iter().map(|row| Team { id: row.id, name: row.name, members: Vec::new() }).collect();
    let members = sqlx::query!(
        "select team_id, coach_id, handle, name, leads from team_members join coaches on coaches.id = coach_id
         where removed_at is null order by lower(name), coach_id"
    );
    for row in members.fetch_all(tx.conn()).await? {
        if let Some(team) = teams.iter_mut().find(|team| team.id == row.team_id) {
            team.members.push(Member { person_id: row.coach_id, handle: row.handle, name: row.name, leads: row.leads });
        }
    }
    Ok(teams)
}

/// The team with this name or id.
///
/// # Errors
/// If there is none.
pub async fn find_team(tx: &mut TenantTx, which: &str) -> Result<Uuid, PeopleError> {
    let id: Option<Uuid> = which.parse().ok();
    let found = sqlx::query_scalar!("select id from teams where id = $1 or lower(name) = lower($2)", id, which);
    found.fetch_optional(tx.conn()).await?.ok_or(PeopleError::NoTeam)
}

/// Creates a team; returns its id.
///
/// # Errors
/// If the name can't be used or is taken, or there are too many teams.
pub async fn create_team(tx: &mut TenantTx, name: &str, visitor: &Visitor) -> Result<Uuid, PeopleError> {
    let (id, organization, name) = (Uuid::now_v7(), tx.tenant(), good_team(name)?);
    is_free(tx, &name, id).await?;
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from teams"#).fetch_one(tx.conn()).await?;
    if count >= MOST_TEAMS {
        return Err(PeopleError::TooManyTeams);
    }
    sqlx::query!("insert into teams (id, organization_id, name) values ($1, $2, $3)", id, organization, name)
        .execute(tx.conn())
        .await?;
    note(tx, id, json!({ "change": "created" }), visitor).await?;
    Ok(id)
}

/// Renames a team.
///
/// # Errors
/// If there is no such team, or the name can't be used or is taken.
pub async fn rename_team(tx: &mut TenantTx, id: Uuid, name: &str, visitor: &Visitor) -> Result<(), PeopleError> {
    let name = good_team(name)?;
    is_free(tx, &name, id).await?;
    let renamed = sqlx::query!("update teams set name = $2 where id = $1", id, name);
    if renamed.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(PeopleError::NoTeam);
    }
    note(tx, id, json!({ "change": "renamed" }), visitor).await?;
    Ok(())
}

/// Deletes a team. Its members stay, and its leads no longer see their sessions.
///
/// # Errors
/// If there is no such team.
pub async fn delete_team(tx: &mut TenantTx, id: Uuid, visitor: &Visitor) -> Result<(), PeopleError> {
    if sqlx::query!("delete from teams where id = $1", id).execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(PeopleError::NoTeam);
    }
    note(tx, id, json!({ "change": "deleted" }), visitor).await?;
    Ok(())
}

/// Adds a person to a team, or says anew whether they lead it.
///
/// # Errors
/// If there is no such team or person.
pub async fn add_member(
    tx: &mut TenantTx,
    team: Uuid,
    person: Uuid,
    leads: bool,
    visitor: &Visitor,
) -> Result<(), PeopleError> {
    let there = sqlx::query!(
        r#"select exists (select from teams where id = $1) as "team!",
                  exists (select from coaches where id = $2 and removed_at is null) as "person!""#,
        team,
        person
    );
    let there = there.fetch_one(tx.conn()).await?;
    if !there.team {
        return Err(PeopleError::NoTeam);
    }
    if !there.person {
        return Err(PeopleError::NoPerson);
    }
    let organization = tx.tenant();
    sqlx::query!(
        "insert into team_members (organization_id, team_id, coach_id, leads) values ($1, $2, $3, $4)
         on conflict (organization_id, team_id, coach_id) do update set leads = excluded.leads",
        organization,
        team,
        person,
        leads
    )
    .execute(tx.conn())
    .await?;
    note(tx, team, json!({ "change": "member", "account": person, "leads": leads }), visitor).await?;
    Ok(())
}

/// Takes a person out of a team. Returns whether they were in it.
///
/// # Errors
/// If the database fails.
pub async fn remove_member(
    tx: &mut TenantTx,
    team: Uuid,
    person: Uuid,
    visitor: &Visitor,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!("delete from team_members where team_id = $1 and coach_id = $2", team, person);
    let removed = removed.execute(tx.conn()).await?.rows_affected() > 0;
    if removed {
        note(tx, team, json!({ "change": "no_member", "account": person }), visitor).await?;
    }
    Ok(removed)
}

fn good_team(name: &str) -> Result<String, PeopleError> {
    let name = clean::line(name);
    if (1..=200).contains(&name.chars().count()) { Ok(name) } else { Err(PeopleError::BadTeam) }
}

async fn is_free(tx: &mut TenantTx, name: &str, but: Uuid) -> Result<(), PeopleError> {
    let taken = sqlx::query_scalar!(
        r#"select exists (select from teams where lower(name) = lower($1) and id <> $2) as "taken!""#,
        name,
        but
    );
    if taken.fetch_one(tx.conn()).await? { Err(PeopleError::TeamExists(name.to_owned())) } else { Ok(()) }
}

async fn note(tx: &mut TenantTx, team: Uuid, change: Value, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let detail = json!({ "team": team, "what": change });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::TeamChanged) }, visitor).await
}
