//! Action items are settled by people: completed, dropped, or opened again.
//!
//! Reads the item as it is shown; writes what was said of it, by its lasting id, so that it follows the item through edits
//! and refinements; the event for webhooks; the audit; and the job that looks again at what the next summary says of it.
//! Saying the same twice changes nothing.

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
    summarize, webhook,
};

/// Settles an action item, and returns it as it is then. `id` is the item's, or that of its claim in any version.
///
/// # Errors
/// [`ActionError::NotFound`] if no summary that is shown has it; [`ActionError::Invalid`] names the field `day` or `note`.
pub async fn settle(
    tx: &mut TenantTx,
    id: Uuid,
    state: ItemState,
    told: &Told,
    visitor: &Visitor,
) -> Result<ActionLine, ActionError> {
    let before = shown(tx, id).await?;
    let place = sqlx::query!(
        r#"select (now() at time zone time_zone)::date as "today!", correlation_id
           from sessions join coaches on coaches.id = coach_id where sessions.id = $1"#,
        before.session_id
    )
    .fetch_one(tx.conn())
    .await?;
    let (since, note) = told.checked(place.today).map_err(|error| {
        ActionError::Invalid(vec![Problem { field: error.field().into(), problem: error.to_string() }])
    })?;
    // A later session's word isn't a person's; and nobody has to open what was never closed.
    let is_told = before.told_at.is_some() || state == ItemState::Open;
    let says_the_same = told.day.is_none_or(|_| before.since == Some(since)) && (note.is_none() || before.note == note);
    if before.state == state && is_told && says_the_same {
        return Ok(before);
    }
    let organization = tx.tenant();
    sqlx::query!(
        "insert into action_item_states (organization_id, lasting_id, summary_id, state, since, note, told_by)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (organization_id, lasting_id) do update
         set state = excluded.state, since = excluded.since, note = excluded.note, told_by = excluded.told_by, told_at = now()",
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
    shown(tx, before.item_id).await
}

async fn shown(tx: &mut TenantTx, id: Uuid) -> Result<ActionLine, ActionError> {
    let item = listing::item_of(tx, id).await?.ok_or(ActionError::NotFound)?;
    listing::action_item(tx, item).await?.ok_or(ActionError::NotFound)
}
