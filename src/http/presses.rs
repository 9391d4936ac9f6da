//! How often the button of a mailed link may be pressed. Each press of one that works adds a visit and an entry to the audit,
//! and of one that doesn't an entry or a guess; whoever holds a link could fill tables with it.
//!
//! Counts in `request_counts`, by network and by link, for all processes together.

use axum::{
    extract::{RawPathParams, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use debrief_jobs::limits::{self, Limit};

use super::{HttpState, failure::Failure, guard};

/// Presses of one link: a person needs one, or a few.
const OF_A_LINK: Limit = Limit { name: "link_presses", most: 20, seconds: 60 * 60 };
/// Presses from one network. Behind a proxy that isn't in `http.trusted_proxies` that's everybody.
const FROM_A_NETWORK: Limit = Limit { name: "link_presses_from", most: 120, seconds: 15 * 60 };

/// The layer over all routes: counts each POST whose path has a token.
pub(super) async fn limit(
    State(state): State<HttpState>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let token = params.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned());
    let Some(token) = token.filter(|_| request.method() == Method::POST) else { return Ok(next.run(request).await) };
    let db = &state.services.db;
    let visitor = guard::visitor(request.extensions(), request.headers(), None);
    let by_network = limits::count(db, FROM_A_NETWORK, visitor.address.as_deref().unwrap_or_default()).await?;
    // A network that has no more presses makes no more rows.
    let left = if by_network.allowed { limits::count(db, OF_A_LINK, &token).await? } else { by_network };
    if left.allowed {
        return Ok(next.run(request).await);
    }
    guard::note_refused("link_presses");
    Err(Failure::too_often("This link, or links from your network, were opened very often.", &left))
}
