//! The link in the mails about a new address: one page to confirm it or to stop the change.

use axum::{
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use debrief_jobs::{
    db::View,
    sign_in::{self, AddressError, Change, Confirmed, OneTime, Purpose},
};
use serde::Serialize;

use super::{
    Answer, Turn, browser,
    enter::{find, with_cookie},
};
use crate::http::{
    HttpState,
    failure::{Failure, capitalized},
    form::Form,
    guard, page, presses,
};

#[derive(Serialize)]
struct AddressPage {
    style: String,
    action: String,
    form_token: String,
    new_email: String,
    confirmed: bool,
}

/// The change that a link is about, if it isn't over.
async fn change(state: &HttpState, link: &OneTime) -> Result<(Change, bool), Turn> {
    let (id, is_new) = match link.purpose {
        Purpose::OldAddress(id) => (id, false),
        Purpose::NewAddress(id) => (id, true),
        Purpose::SignIn | Purpose::Invitation | Purpose::ByOperator => return Err(over().into()),
    };
    let mut tx = state.services.db.view(link.organization, &View::nothing()).await?;
    let open = sign_in::open_change(&mut tx, link.person).await?;
    Ok((open.filter(|open| open.id == id).ok_or_else(over)?, is_new))
}

fn over() -> Failure {
    let detail =
        "The change has already been made or stopped, or this link has expired. Your account page shows your address.";
    Failure::new(StatusCode::GONE, "There’s nothing left to decide", detail)
}

/// `GET /address/{token}`
pub(super) async fn show(State(state): State<HttpState>, Path(token): Path<String>, parts: Parts) -> Answer {
    let link = find(&state, &parts, &token).await?;
    let (change, is_new) = change(&state, &link).await?;
    let (secret, cookie) = browser::visitor_secret(&state, &parts.headers);
    let context = AddressPage {
        style: page::style_path(&state),
        action: state.path(&format!("address/{token}")),
        form_token: secret.form_token(),
        new_email: change.new_email,
        confirmed: if is_new { change.new_confirmed } else { change.old_confirmed },
    };
    Ok(with_cookie(page::render(&state, StatusCode::OK, "page/address.html", &context)?, cookie))
}

/// `POST /address/{token}`: confirms the new address, or stops the change.
pub(super) async fn decide(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    parts: Parts,
    form: Form,
) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let link = find(&state, &parts, &token).await?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let open = change(&state, &link).await;
    presses::count(&state, &visitor, &token, open.is_ok()).await?;
    open?;
    let (db, gate) = (&state.services.db, &state.services.gate);
    if form.get("do") == Some("stop") {
        if !sign_in::stop_change(db, &link, &visitor).await? {
            return Err(over().into());
        }
        return said(&state, "The change is stopped", "Your account keeps its address.");
    }
    match sign_in::confirm_address(db, gate, &link, &visitor).await {
        Ok(Confirmed::Done) => said(&state, "The address is changed", "From now on, sign in with the new address."),
        Ok(Confirmed::OtherIsDue) => said(
            &state,
            "Thank you",
            "The address changes as soon as the other mailbox has confirmed it too. The link there works for a day.",
        ),
        Ok(Confirmed::NoMore) => Err(over().into()),
        Err(AddressError::Database(error)) => Err(error.into()),
        Err(AddressError::Mail(error)) => Err(error.into()),
        Err(other) => {
            let detail = capitalized(&other.to_string());
            Err(Failure::new(StatusCode::CONFLICT, "The address can’t be changed", detail).into())
        }
    }
}

fn said(state: &HttpState, title: &str, detail: &str) -> Result<Response, Turn> {
    Ok(page::message(state, StatusCode::OK, title, detail)?)
}
