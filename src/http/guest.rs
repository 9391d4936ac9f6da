//! Who is in a review: whoever opened a link to its session, or its coach, signed in.
//!
//! A visit is a cookie whose hash is in the database; it sees only its own session. A sign-in sees what the person's
//! rights reach.

use axum::http::{StatusCode, request::Parts};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, View},
    review::visits,
    rights::{Caller, EnterError, Right, Via},
    sign_in,
};
use uuid::Uuid;

use super::{HttpState, failure::Failure, guard};

/// Somebody in a review: with a visit to this session, or signed in as its coach.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) session_id: Uuid,
    pub(super) form_token: String,
    caller: Caller,
}

impl Guest {
    /// Starts a transaction that sees what this visitor may see.
    pub(super) async fn enter(&self, state: &HttpState) -> Result<TenantTx, Failure> {
        match self.caller.enter(&state.services.db, REVIEWS).await {
            Ok(tx) => Ok(tx),
            Err(EnterError::Denied(_)) => Err(closed()),
            Err(EnterError::Database(error)) => Err(error.into()),
        }
    }

    /// Who acts, for the audit.
    pub(super) fn visitor(&self) -> Visitor {
        self.caller.visitor.clone()
    }
}

/// The right that opens a review: it reaches one's own sessions, and nobody else's.
const REVIEWS: Right = Right::SummariesApprove;

/// The visit of the request's cookie, or else its sign-in; if neither opens this session, a failure that says how to get
/// in.
pub(super) async fn guest(state: &HttpState, parts: &Parts, session_id: Uuid) -> Result<Guest, Failure> {
    let (db, headers) = (&state.services.db, &parts.headers);
    let visitor = guard::visitor(&parts.extensions, headers, None);
    if let Some(secret) = guard::held_secret(state, headers, session_id)
        && let Some(visit) = visits::find(db, &secret).await?
        // The browser can choose any cookie name: what counts is the session that the visit was opened for.
        && visit.session_id == session_id
    {
        let mut tx = db.view(visit.organization, &View::nothing()).await?;
        let via = Via::Link(visit.link_id);
        let caller = Caller::load(&mut tx, Some(visit.coach_id), via, None, visitor).await?.ok_or_else(closed)?;
        return Ok(Guest { session_id, form_token: secret.form_token(), caller });
    }
    let secret = guard::cookie(headers, &guard::sign_in_cookie(state)).ok_or_else(closed)?;
    let caller = sign_in::find(db, &secret, visitor).await?.ok_or_else(closed)?;
    let guest = Guest { session_id, form_token: secret.form_token(), caller };
    let mut tx = guest.enter(state).await?;
    if visits::is_in_view(&mut tx, session_id).await? { Ok(guest) } else { Err(closed()) }
}

/// Checks the token of a posted form.
pub(super) fn check_form_token(guest: &Guest, given: Option<&str>) -> Result<(), Failure> {
    guard::check_token(&guest.form_token, given, "Nothing was changed. Reload the review and send it from there.")
}

fn closed() -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "This review isn’t open in this browser",
        "Nothing was changed. Open the link in your email again; it brings you back here. The session’s coach can also sign in.",
    )
}
