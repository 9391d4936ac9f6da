//! The start page: who is signed in, and what waits for them; for others the way in. Whoever came to sign in for a review is
//! led on to it.

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
};
use debrief_jobs::{review::visits, sign_in};
use serde::Serialize;

use super::{Answer, account::roles, browser::Inside, enter, to_with};
use crate::http::{HttpState, failure::Failure, onward, page};

#[derive(Serialize)]
struct Start {
    style: String,
    name: String,
    organization: String,
    roles: String,
    account: String,
    sign_out: String,
    form_token: String,
    sessions: Vec<Session>,
}

/// A session that waits for the person.
#[derive(Serialize)]
struct Session {
    title: String,
    date: String,
    link: String,
    for_speakers: bool,
}

/// `GET /`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    let Some(inside) = Inside::found(&state, &parts).await? else { return enter::offer(&state, &parts) };
    let inside = inside.with_all(&state)?;
    if let Some(review) = onward::wanted(&state, &parts.headers) {
        return Ok(to_with(onward::forget(&state), state.path(&format!("review/{review}"))));
    }
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let person = sign_in::account(&mut tx, inside.signed_in.person).await?.ok_or_else(Failure::not_found)?;
    let sessions = visits::waiting(&mut tx, inside.signed_in.person).await?;
    let session = |one: visits::Waiting| Session {
        title: one.title,
        date: one.date.format("%A %-d %B %Y").to_string(),
        link: state.path(&format!("review/{}", one.id)),
        for_speakers: one.for_speakers,
    };
    let context = Start {
        sessions: sessions.into_iter().map(session).collect(),
        style: page::style_path(&state),
        name: person.name,
        organization: person.organization,
        roles: roles(&person.roles),
        account: state.path("account"),
        sign_out: state.path("account/sign-out"),
        form_token: inside.form_token,
    };
    Ok(page::render(&state, StatusCode::OK, "page/start.html", &context)?)
}
