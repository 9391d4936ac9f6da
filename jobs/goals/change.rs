//! Goals are set and changed. Each function works in its caller's transaction, which it doesn't commit.

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use super::{Goal, GoalError, MOST_OPEN, one};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    model::{GoalState, MAX_CHARACTERS, told::Told},
    text::{is_readable, one_line},
    webhook,
};

/// A goal to set.
#[derive(Clone, Debug)]
pub struct NewGoal<'a> {
    /// The client.
    pub client: Uuid,
    /// What the client works towards.
    pub text: &'a str,
    /// By when, if there is a day.
    pub due: Option<NaiveDate>,
    /// The claim that it was taken from, by its id in any version or by its lasting one.
    pub claim: Option<Uuid>,
}

/// What to change; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct GoalChange {
    /// What the client works towards.
    pub text: Option<String>,
    /// By when; `Some(None)` for no day.
    pub due: Option<Option<NaiveDate>>,
}

/// Sets a goal.
///
/// # Errors
/// If `tx` sees no such client or claim, the text or the day can't be used, or the client has too many open goals.
pub async fn create(tx: &mut TenantTx, goal: &NewGoal<'_>, visitor: &Visitor) -> Result<Goal, GoalError> {
    let text = good_text(goal.text)?;
    let due = goal.due.map(good_due).transpose()?;
    let client = hold_client(tx, goal.client).await?.ok_or(GoalError::NoClient)?;
    may_have_another(tx, goal.client).await?;
    let from = match goal.claim {
        None => None,
        Some(claim) => Some(source(tx, goal.client, claim).await?),
    };
    let (summary_id, lasting_id) = from.unzip();
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    sqlx::query!(
        "insert into goals (id, organization_id, coach_id, client_id, text, due_date, since, told_by, summary_id, lasting_id,
            created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8)",
        id,
        organization,
        client.coach_id,
        goal.client,
        text,
        due,
        client.today,
        visitor.person_id,
        summary_id,
        lasting_id
    )
    .execute(tx.conn())
    .await?;
    changed(tx, id, goal.client, "created", visitor).await
}

/// A client who is there, and stays there until this transaction ends; whoever sets or changes goals of theirs waits.
struct HeldClient {
    coach_id: Uuid,
    /// The coach's day.
    today: NaiveDate,
}

async fn hold_client(tx: &mut TenantTx, id: Uuid) -> Result<Option<HeldClient>, sqlx::Error> {
    sqlx::query_as!(
        HeldClient,
        r#"select coach_id, (now() at time zone time_zone)::date as "today!"
           from clients join coaches on coaches.id = coach_id
           where clients.id = $1 and clients.removed_at is null for no key update of clients"#,
        id
    )
    .fetch_optional(tx.conn())
    .await
}

/// Whether a client who is held may have another open goal. A statement of its own: it sees what was waited for.
async fn may_have_another(tx: &mut TenantTx, client: Uuid) -> Result<(), GoalError> {
    let open =
        sqlx::query_scalar!(r#"select count(*) as "open!" from goals where client_id = $1 and state = 'open'"#, client);
    if open.fetch_one(tx.conn()).await? < MOST_OPEN { Ok(()) } else { Err(GoalError::TooMany) }
}

/// The summary and the lasting id of a claim.
async fn source(tx: &mut TenantTx, client: Uuid, claim: Uuid) -> Result<(Uuid, Uuid), GoalError> {
    let found = sqlx::query!(
        "select summary_id, lasting_id from claims join summaries on summaries.id = summary_id
         where client_id = $1 and (claims.id = $2 or lasting_id = $2) limit 1",
        client,
        claim
    )
    .fetch_optional(tx.conn())
    .await?;
    found.map(|row| (row.summary_id, row.lasting_id)).ok_or(GoalError::NoClaim)
}

/// Locks a goal, so that nobody changes it before this transaction ends, and its client before it, as whoever removes or
/// merges a client does. `None` if there is none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn hold(tx: &mut TenantTx, id: Uuid) -> Result<Option<Goal>, sqlx::Error> {
    sqlx::query!("select id from clients where id = (select client_id from goals where id = $1) for no key update", id)
        .fetch_optional(tx.conn())
        .await?;
    sqlx::query!("select id from goals where id = $1 for update", id).fetch_optional(tx.conn()).await?;
    one(tx, id).await
}

/// Changes the words or the day of a goal that is held.
///
/// # Errors
/// If nothing is given, or the text or the day can't be used.
pub async fn change(tx: &mut TenantTx, goal: &Goal, change: &GoalChange, visitor: &Visitor) -> Result<Goal, GoalError> {
    if change.text.is_none() && change.due.is_none() {
        return Err(GoalError::NothingToChange);
    }
    let text = change.text.as_deref().map(good_text).transpose()?.unwrap_or_else(|| goal.text.clone());
    let due = change.due.map_or(Ok(goal.due_date), |due| due.map(good_due).transpose())?;
    if (&text, due) == (&goal.text, goal.due_date) {
        return Ok(goal.clone());
    }
    sqlx::query!("update goals set text = $2, due_date = $3, updated_at = now() where id = $1", goal.id, text, due)
        .execute(tx.conn())
        .await?;
    changed(tx, goal.id, goal.client_id, "changed", visitor).await
}

/// A goal that is held was achieved, was dropped, or is open again.
///
/// # Errors
/// If the day or the note can't be used; or if it's to be open again, and the client has been removed or has too many open
/// goals.
pub async fn settle(
    tx: &mut TenantTx,
    goal: &Goal,
    state: GoalState,
    told: &Told,
    visitor: &Visitor,
) -> Result<Goal, GoalError> {
    let today = sqlx::query_scalar!(
        r#"select (now() at time zone time_zone)::date as "today!" from coaches where id = $1"#,
        goal.coach_id
    );
    let today = today.fetch_one(tx.conn()).await?;
    let kept = (goal.state == state).then(|| (goal.since, goal.note.clone()));
    let (since, note) = told.checked(today, kept.clone())?;
    if kept == Some((since, note.clone())) {
        return Ok(goal.clone());
    }
    if state == GoalState::Open && goal.state != state {
        hold_client(tx, goal.client_id).await?.ok_or(GoalError::ClientGone)?;
        may_have_another(tx, goal.client_id).await?;
    }
    sqlx::query!(
        "update goals set state = $2, since = $3, note = $4, told_by = $5, told_at = clock_timestamp(), updated_at = now() where id = $1",
        goal.id,
        state as GoalState,
        since,
        note,
        visitor.person_id
    )
    .execute(tx.conn())
    .await?;
    let what = match state {
        GoalState::Open => "reopened",
        GoalState::Achieved => "achieved",
        GoalState::Dropped => "dropped",
    };
    changed(tx, goal.id, goal.client_id, what, visitor).await
}

/// Removes a goal that was set by mistake.
///
/// # Errors
/// Returns an error if a query fails.
pub async fn remove(tx: &mut TenantTx, goal: &Goal, visitor: &Visitor) -> Result<(), sqlx::Error> {
    // Its row says whose it was.
    webhook::emit(tx, &webhook::Event::goal_removed(goal.id)).await?;
    sqlx::query!("delete from goals where id = $1", goal.id).execute(tx.conn()).await?;
    note(tx, goal.id, goal.client_id, "removed", visitor).await
}

/// Ends the goals of a client who is removed. Where the client's row goes they go with it; where it stays, open ones are
/// dropped.
pub(crate) async fn drop_of(
    tx: &mut TenantTx,
    client: Uuid,
    is_kept: bool,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    // Whoever sets a goal, or opens one again, holds the client.
    sqlx::query!("select id from clients where id = $1 for update", client).fetch_optional(tx.conn()).await?;
    if !is_kept {
        let all = sqlx::query_scalar!("select id from goals where client_id = $1 order by id", client);
        for id in all.fetch_all(tx.conn()).await? {
            webhook::emit(tx, &webhook::Event::goal_removed(id)).await?;
            note(tx, id, client, "removed", visitor).await?;
        }
        sqlx::query!("delete from goals where client_id = $1", client).execute(tx.conn()).await?;
        return Ok(());
    }
    let dropped = sqlx::query_scalar!(
        "update goals set state = 'dropped', since = (now() at time zone time_zone)::date, note = 'The client was removed.',
            told_by = null, told_at = now(), updated_at = now()
         from coaches where client_id = $1 and state = 'open' and coaches.id = goals.coach_id returning goals.id",
        client
    )
    .fetch_all(tx.conn())
    .await?;
    for id in dropped {
        webhook::emit(tx, &webhook::Event::goal(id)).await?;
        note(tx, id, client, "dropped", visitor).await?;
    }
    Ok(())
}

/// Moves the goals of a client to another, who is the same person. Both are locked.
pub(crate) async fn move_to(tx: &mut TenantTx, from: Uuid, into: Uuid, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let moved = sqlx::query_scalar!(
        "update goals set client_id = $2, updated_at = now() where client_id = $1 returning id",
        from,
        into
    );
    for id in moved.fetch_all(tx.conn()).await? {
        webhook::emit(tx, &webhook::Event::goal(id)).await?;
        note(tx, id, into, "moved", visitor).await?;
    }
    Ok(())
}

async fn changed(
    tx: &mut TenantTx,
    id: Uuid,
    client: Uuid,
    what: &'static str,
    visitor: &Visitor,
) -> Result<Goal, GoalError> {
    webhook::emit(tx, &webhook::Event::goal(id)).await?;
    note(tx, id, client, what, visitor).await?;
    one(tx, id).await?.ok_or(GoalError::Database(sqlx::Error::RowNotFound))
}

async fn note(
    tx: &mut TenantTx,
    id: Uuid,
    client: Uuid,
    what: &'static str,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let detail = json!({ "goal": id, "what": what });
    let event = Event { client_id: Some(client), detail, ..Event::about_nobody(EventKind::GoalChanged) };
    record(tx, &event, visitor).await
}

fn good_text(text: &str) -> Result<String, GoalError> {
    let text = one_line(text);
    match text.chars().count() {
        0 => Err(GoalError::NoText),
        count if count > MAX_CHARACTERS => Err(GoalError::LongText),
        _ if !is_readable(&text) => Err(GoalError::Unreadable),
        _ => Ok(text),
    }
}

fn good_due(day: NaiveDate) -> Result<NaiveDate, GoalError> {
    if (2000..2200).contains(&day.year()) { Ok(day) } else { Err(GoalError::Due) }
}
