//! Back to a review after signing in: the page that asks to sign in leaves a cookie that says which review it was, and the
//! start page, where every way to sign in ends, leads on to it once. The review itself looks who it is.

use axum::{
    extract::{Request, State},
    http::{HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use debrief_jobs::{secret::Secret, sign_in};
use uuid::Uuid;

use super::{HttpState, failure::Failure, guard};

/// A mailed link may take a while.
const LASTS: cookie::time::Duration = cookie::time::Duration::hours(1);

/// The Set-Cookie header that remembers where somebody wanted to go.
pub(super) fn remember(state: &HttpState, session: Uuid) -> String {
    guard::bake(state, name(state), &Secret::from_cookie(&session.to_string()), Some(LASTS))
}

fn name(state: &HttpState) -> String {
    format!("{}debrief-next", guard::host_prefix(state))
}

/// The layer over the start page.
pub(super) async fn lead_on(State(state): State<HttpState>, request: Request, next: Next) -> Result<Response, Failure> {
    if request.method() != Method::GET || request.uri().path() != "/" {
        return Ok(next.run(request).await);
    }
    let wanted = guard::cookie(request.headers(), &name(&state)).and_then(|id| id.reveal().parse::<Uuid>().ok());
    let held = guard::cookie(request.headers(), &guard::sign_in_cookie(&state));
    let (Some(session), Some(held)) = (wanted, held) else { return Ok(next.run(request).await) };
    let visitor = guard::visitor(request.extensions(), request.headers(), None);
    // Who still lacks a code or a second factor gets there first.
    if sign_in::find(&state.services.db, &held, visitor).await?.is_none() {
        return Ok(next.run(request).await);
    }
    let forget = guard::bake(&state, name(&state), &Secret::from_cookie(""), Some(cookie::time::Duration::ZERO));
    let target = state.path(&format!("review/{session}"));
    let headers: [(HeaderName, String); 2] = [(header::SET_COOKIE, forget), (header::LOCATION, target)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
