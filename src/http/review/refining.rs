//! Requests and undoes refinements, as posted from a summary's card.

use axum::{
    extract::{Path, State},
    http::request::Parts,
    response::Response,
};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    limits,
    model::summary,
    review::{
        actions::{ActionError, ShownVersion},
        edit, refining,
    },
};
use uuid::Uuid;

use super::{Posting, refused, see_other, shown, too_often};
use crate::http::{HttpState, failure::Failure, form::Form};

/// `POST …/refine`: requests a change in words. Unsaved input is saved first, as its own version.
pub(in crate::http) async fn refine(
    State(state): State<HttpState>,
    Path((session, summary)): Path<(Uuid, Uuid)>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, tx } = Posting::enter(&state, &parts, session, form).await?;
    let left = limits::count(&state.services.db, limits::REFINEMENTS, &guest.account().to_string()).await?;
    if !left.allowed {
        let mut failure = too_often(left);
        failure.typed = form.typed(None);
        return Err(failure);
    }
    match ask(tx, &visitor, (session, summary), &form).await {
        Ok(()) => Ok(see_other(&state, session, Some(summary), "refining")),
        Err(error) => refused(&state, &guest, summary, &form, error).await,
    }
}

async fn ask(
    mut tx: TenantTx,
    visitor: &Visitor,
    (session, summary_id): (Uuid, Uuid),
    form: &Form,
) -> Result<(), ActionError> {
    let (version, edits) = (form.version(), form.edits());
    let content = shown(&mut tx, session, summary_id, version).await?;
    let shown = if edits.change(&content) {
        let version = edit::edit(&mut tx, session, summary_id, version, &edits, visitor).await?;
        ShownVersion { version, hash: summary::load_version(&mut tx, summary_id, version).await?.hash() }
    } else {
        ShownVersion { version, hash: form.get("hash").unwrap_or_default().to_owned() }
    };
    let instruction = form.get("instruction").unwrap_or_default();
    // Input is saved only together with the request: a refused request saves nothing.
    refining::refine(&mut tx, session, summary_id, &shown, instruction, visitor).await?;
    tx.commit().await?;
    Ok(())
}

/// `POST …/undo`: restores the previous version. Refused if it would lose unsaved input.
pub(in crate::http) async fn undo(
    State(state): State<HttpState>,
    Path((session, summary)): Path<(Uuid, Uuid)>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, mut tx } = Posting::enter(&state, &parts, session, form).await?;
    let content = shown(&mut tx, session, summary, form.version()).await?;
    let undone = if form.edits().change(&content) {
        Err(ActionError::Unsaved)
    } else {
        let shown = ShownVersion { version: form.version(), hash: form.get("hash").unwrap_or_default().to_owned() };
        refining::undo(&mut tx, session, summary, &shown, &visitor).await
    };
    match undone {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&state, session, Some(summary), "undone"))
        }
        Err(error) => {
            drop(tx);
            refused(&state, &guest, summary, &form, error).await
        }
    }
}
