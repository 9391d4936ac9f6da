//! The emailed link: a page with one button, the button's action, and a new link for an expired one.
//!
//! Email scanners follow links and some run scripts, so a GET changes nothing and nothing submits itself: only a
//! person's click on the button opens the review.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    db::Tx,
    links::{self, Link, Token},
    review::{actions, visits},
};
use serde::Serialize;

use super::{
    HttpState,
    failure::{Failure, Then},
    guard, page, presses,
};

#[derive(Serialize)]
struct Open {
    action: String,
    style: String,
}

/// `GET /r/{token}`
pub(super) async fn show(State(state): State<HttpState>, Path(token): Path<String>) -> Result<Response, Failure> {
    open_still(&state, &token, find(&state, &token).await?)?;
    let context = Open { action: state.path(&format!("r/{token}/open")), style: page::style_path(&state) };
    page::render(&state, StatusCode::OK, "page/open.html", &context)
}

/// `POST /r/{token}/open`
pub(super) async fn open(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let found = find(&state, &token).await;
    let link_id = found.as_ref().ok().map(|link| link.id);
    let visitor = guard::visitor(request.extensions(), request.headers(), link_id);
    presses::count(&state, &visitor, &token, found.as_ref().is_ok_and(Link::opens)).await?;
    let link = open_still(&state, &token, found?)?;
    let mut tx = state.services.db.tenant(link.organization).await?;
    let held = guard::held_secret(&state, request.headers(), link.session_id);
    let secret = visits::open(&mut tx, &link, held, &visitor).await?;
    tx.commit().await?;
    let cookie: (HeaderName, String) = (header::SET_COOKIE, guard::set_cookie(&state, link.session_id, &secret));
    let target = (header::LOCATION, state.path(&format!("review/{}", link.session_id)));
    Ok((StatusCode::SEE_OTHER, [cookie, target]).into_response())
}

/// `POST /r/{token}/fresh`
pub(super) async fn fresh(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let found = find(&state, &token).await;
    let link_id = found.as_ref().ok().map(|link| link.id);
    let visitor = guard::visitor(request.extensions(), request.headers(), link_id);
    // An expired link is what this button is for.
    presses::count(&state, &visitor, &token, found.as_ref().is_ok_and(|link| !is_revoked(link))).await?;
    let link = found?;
    if is_revoked(&link) {
        return Err(revoked());
    }
    let mut tx = state.services.db.tenant(link.organization).await?;
    actions::ask_fresh_link(&mut tx, &state.services.desk, &link, &visitor).await?;
    tx.commit().await?;
    page::message(
        &state,
        StatusCode::OK,
        "A new link is on its way",
        "It goes to your email address and should arrive within a minute. It replaces all older links to this review.",
    )
}

async fn find(state: &HttpState, token: &str) -> Result<Link, Failure> {
    let unknown = || {
        // Truncated by an email program, or guessed.
        guard::note_refused("unknown_link");
        let detail = "The address may be incomplete: copy all of it from the email.";
        Failure::new(StatusCode::NOT_FOUND, "We don’t recognise this link", detail)
    };
    let token = Token::parse(token).ok_or_else(unknown)?;
    links::find(&state.services.db, &token).await?.ok_or_else(unknown)
}

/// Whether somebody took the link back; one that a newer link replaced still asks for another.
fn is_revoked(link: &Link) -> bool {
    link.revoked && !link.replaced
}

/// The link, if it opens its review; else a failure that says why not.
fn open_still(state: &HttpState, token: &str, link: Link) -> Result<Link, Failure> {
    if is_revoked(&link) {
        return Err(revoked());
    }
    if !link.opens() {
        let (title, detail) = if link.replaced {
            let detail = "A newer link to this review was made: use the newest one. If you can’t find it, we can email you \
                          another one.";
            ("There’s a newer link", detail)
        } else {
            ("This link has expired", "Links work for a limited time. We can send a new one to your email address.")
        };
        let mut failure = Failure::new(StatusCode::GONE, title, detail);
        failure.then = Then::FreshLink(state.path(&format!("r/{token}/fresh")));
        return Err(failure);
    }
    Ok(link)
}

fn revoked() -> Failure {
    let detail = "Someone in your organization revoked it. If that surprises you, ask them.";
    Failure::new(StatusCode::GONE, "This link has been revoked", detail)
}
