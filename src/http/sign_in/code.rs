//! The page for the code of the second factor.

use axum::{extract::State, http::request::Parts};
use debrief_jobs::sign_in::{self, CodeError, Lacks};
use serde::Serialize;

use super::{
    Answer, Refused, Turn,
    browser::{self, Inside},
    ended,
    enter::next,
    to_with,
};
use crate::http::{
    HttpState,
    failure::{Failure, capitalized},
    form::Form,
    page,
};

#[derive(Serialize)]
struct CodePage {
    style: String,
    action: String,
    sign_out: String,
    form_token: String,
    problem: Option<String>,
}

fn code_page(state: &HttpState, inside: &Inside, refused: Option<Refused>) -> Answer {
    Refused::shown(refused, |status, problem| {
        let context = CodePage {
            style: page::style_path(state),
            action: state.path("sign-in/code"),
            sign_out: state.path("account/sign-out"),
            form_token: inside.form_token.clone(),
            problem,
        };
        page::render(state, status, "page/code.html", &context)
    })
}

/// Whoever has still to type a code; others go on.
async fn with_code_due(state: &HttpState, parts: &Parts) -> Result<Inside, Turn> {
    let inside = Inside::at_all(state, parts).await?;
    match inside.signed_in.lacks {
        Some(Lacks::Code) => Ok(inside),
        _ => Err(Turn::To(next(state, false))),
    }
}

/// `GET /sign-in/code`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    let inside = with_code_due(&state, &parts).await?;
    code_page(&state, &inside, None)
}

/// `POST /sign-in/code`
pub(super) async fn type_code(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = with_code_due(&state, &parts).await?;
    inside.check(&form)?;
    let typed = form.get("code").unwrap_or_default();
    let services = &state.services;
    match sign_in::type_code(&services.db, &services.gate, &inside.signed_in, typed, &inside.visitor).await {
        Ok(passed) => {
            let target = match passed.codes_left {
                Some(_) => state.path("account?done=recovered"),
                None => next(&state, false),
            };
            Ok(to_with(browser::set(&state, &passed.secret), target))
        }
        Err(error) => code_page(&state, &inside, Some(refused_code(error)?)),
    }
}

/// What is wrong with a code; other errors are failures.
pub(super) fn refused_code(error: CodeError) -> Result<Refused, Turn> {
    Ok(match error {
        CodeError::Database(error) => return Err(error.into()),
        CodeError::Mail(error) => return Err(error.into()),
        CodeError::Closed => return Err(Failure::internal(&error).into()),
        CodeError::Ended => return Err(ended()),
        CodeError::TooMany(seconds) => Refused::too_many("Too many codes were tried.", seconds),
        other => Refused::input(capitalized(&other.to_string())),
    })
}
