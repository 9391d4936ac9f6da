//! The page for the code of the second factor.

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
};
use debrief_jobs::sign_in::{self, CodeError, Lacks};
use serde::Serialize;

use super::{
    Answer, Turn,
    browser::{self, Inside},
    enter::next,
    later, to_with, wait,
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

fn code_page(state: &HttpState, inside: &Inside, status: StatusCode, problem: Option<String>) -> Answer {
    let context = CodePage {
        style: page::style_path(state),
        action: state.path("sign-in/code"),
        sign_out: state.path("account/sign-out"),
        form_token: inside.form_token.clone(),
        problem,
    };
    Ok(page::render(state, status, "page/code.html", &context)?)
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
    code_page(&state, &inside, StatusCode::OK, None)
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
        Err(error) => {
            let (status, problem, seconds) = refused_code(error)?;
            let page = code_page(&state, &inside, status, Some(problem))?;
            Ok(match seconds {
                Some(seconds) => later(page, seconds),
                None => page,
            })
        }
    }
}

/// What is wrong with a code: the status, a sentence, and how long to wait; other errors are failures.
pub(super) fn refused_code(error: CodeError) -> Result<(StatusCode, String, Option<i32>), Turn> {
    match error {
        CodeError::Database(error) => Err(error.into()),
        CodeError::Mail(error) => Err(error.into()),
        CodeError::Closed => Err(Failure::internal(&error).into()),
        CodeError::TooMany(seconds) => {
            let problem = format!("Too many codes were tried. Try again {}.", wait(seconds));
            Ok((StatusCode::TOO_MANY_REQUESTS, problem, Some(seconds)))
        }
        other => Ok((StatusCode::UNPROCESSABLE_ENTITY, capitalized(&other.to_string()), None)),
    }
}
