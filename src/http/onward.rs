//! Back to a review after signing in: the page that asks to sign in leaves a cookie that says which review it was, and the
//! start page, where every way to sign in ends, leads on to it once. The review itself looks who it is.

use axum::http::HeaderMap;
use debrief_jobs::secret::Secret;
use uuid::Uuid;

use super::{HttpState, guard};

/// A mailed link may take a while.
const LASTS: cookie::time::Duration = cookie::time::Duration::hours(1);

/// The Set-Cookie header that remembers where somebody wanted to go.
pub(super) fn remember(state: &HttpState, session: Uuid) -> String {
    guard::bake(state, name(state), &Secret::from_cookie(&session.to_string()), Some(LASTS))
}

fn name(state: &HttpState) -> String {
    format!("{}debrief-next", guard::host_prefix(state))
}

/// The review that somebody wanted to go to before they signed in in this browser.
pub(super) fn wanted(state: &HttpState, headers: &HeaderMap) -> Option<Uuid> {
    guard::cookie(headers, &name(state))?.reveal().parse().ok()
}

/// The Set-Cookie header that makes the browser forget it.
pub(super) fn forget(state: &HttpState) -> String {
    guard::bake(state, name(state), &Secret::from_cookie(""), Some(cookie::time::Duration::ZERO))
}
