//! How often the button of a mailed link may be pressed. Each press of one that works adds a visit and an entry to the audit,
//! and of one that doesn't an entry or a guess; whoever holds a link could fill tables with it.
//!
//! Counts in `request_counts`, for all processes together: each link by itself, and by network the links that are unknown or
//! have ended. Links that work aren't counted by network: everybody in an office has the same one.

use debrief_jobs::{
    audit::Visitor,
    limits::{self, Limit},
};

use super::{HttpState, failure::Failure, guard};

/// Presses of one link: a person needs one, or a few.
const OF_A_LINK: Limit = Limit { name: "link_presses", most: 20, seconds: 60 * 60 };
/// Presses of links that don't work, from one network. Behind a proxy that isn't in `http.trusted_proxies` that's everybody.
const FROM_A_NETWORK: Limit = Limit { name: "link_presses_from", most: 120, seconds: 15 * 60 };

/// Counts a press of the button of the link with this token. `works` is whether there is such a link and its button does
/// something still. To be called by each handler of such a button, before it does anything.
pub(super) async fn count(state: &HttpState, visitor: &Visitor, token: &str, works: bool) -> Result<(), Failure> {
    let db = &state.services.db;
    if !works {
        let left = limits::count(db, FROM_A_NETWORK, visitor.address.as_deref().unwrap_or_default()).await?;
        // A network that has no more presses makes no more rows.
        if !left.allowed {
            guard::note_refused("link_presses");
            return Err(Failure::too_often(
                "Too many links that don’t work were opened from your network.",
                left.seconds,
            ));
        }
    }
    let left = limits::count(db, OF_A_LINK, token).await?;
    if left.allowed {
        return Ok(());
    }
    guard::note_refused("link_presses");
    Err(Failure::too_often("This link was opened too often.", left.seconds))
}
