//! Action items are settled by people: completed, dropped, or opened again.
//!
//! Reads the item as it is shown; writes what was said of it, by its lasting id, so that it follows the item through edits
//! and refinements; the event for webhooks; the audit; and the job that looks again at what the next summary says of it.
//! Saying the same twice changes nothing; a note or a day that is given later leaves the other as it was. The session is
//! locked first, so that of two who settle at once the second sees what the first did.

use serde_json::json;
use uuid::Uuid;

use super::actions::{ActionError, Problem};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    model::{
        ItemState,
        listing::{self, ActionLine},
        told::Told,
    },
    path::session,
    summarize, webhook,
};

/// Settles an action item, and returns it as it is then. `id` is the item's, or that of its claim in any version.
///
/// # Errors
/// [`ActionError::NotFound`] if no summary that is shown has it; [`ActionError::Invalid`] names the field `day` or `note`, also
/// if it's opened again on a day since which a session reports it done.
pub async fn settle(
    tx: &mut TenantTx,
    id: Uuid,
    state: ItemState,
    told: &Told,
    visitor: &Visitor,
) -> Result<ActionLine, ActionError> {
    let before = locked(tx, id).await?;
    let place = sqlx::query!(
        r#"select (now() at time zone time_zone)::date as "today!", correlation_id
           from sessions join coaches on coaches.id = coach_id where sessions.id = $1"#,
        before.session_id
    )
    .fetch_one(tx.conn())
    .await?;
    // A later session's word isn't a person's.
    let kept = before.since.filter(|_| before.state == state && before.told_at.is_some());
    let kept = kept.map(|since| (since, before.note.clone()));
    let (since, note) =
        told.checked(place.today, kept.clone()).map_err(|error| invalid(error.field(), error.to_string()))?;
    let is_same = kept == Some((since, note.clone()));
    // Nobody has to open what was never closed.
    let is_new = state == ItemState::Open && before.since.is_none() && *told == Told::default();
    if is_same || is_new {
        return Ok(before);
    }
    let organization = tx.tenant();
    sqlx::query!(
        "insert into action_item_states (organization_id, lasting_id, summary_id, state, since, note, told_by, told_at)
         values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
         on conflict (organization_id, lasting_id) do update
         set state = excluded.state, since = excluded.since, note = excluded.note, told_by = excluded.told_by, told_at = excluded.told_at",
        organization,
        before.item_id,
        before.summary_id,
        state as ItemState,
        since,
        note,
        visitor.person_id
    )
    .execute(tx.conn())
    .await?;
    summarize::look_again_after(tx, before.summary_id, place.correlation_id).await?;
    webhook::emit(tx, &webhook::Event::action_item(before.item_id)).await?;
    let detail = json!({ "item": before.item_id, "state": state, "was": before.state, "since": since });
    let event = Event {
        summary_id: Some(before.summary_id),
        client_id: Some(before.client_id),
        detail,
        ..Event::of(before.session_id, EventKind::Settled)
    };
    record(tx, &event, visitor).await?;
    let now = shown(tx, before.item_id).await?;
    if now.state == state { Ok(now) } else { Err(invalid("day", REPORTED.to_owned())) }
}

const REPORTED: &str = "a session since then reports it done; give that session’s day or a later one";

fn invalid(field: &str, problem: String) -> ActionError {
    ActionError::Invalid(vec![Problem { field: field.into(), problem }])
}

/// The item as it is shown, once nobody else changes it.
async fn locked(tx: &mut TenantTx, id: Uuid) -> Result<ActionLine, ActionError> {
    let seen = shown(tx, id).await?;
    session::lock(tx, seen.session_id).await?.ok_or(ActionError::NotFound)?;
    shown(tx, seen.item_id).await
}

async fn shown(tx: &mut TenantTx, id: Uuid) -> Result<ActionLine, ActionError> {
    let item = listing::item_of(tx, id).await?.ok_or(ActionError::NotFound)?;
    listing::action_item(tx, item).await?.ok_or(ActionError::NotFound)
}
