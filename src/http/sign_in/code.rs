//! The page for the code of the second factor.

use axum::{extract::State, http::request::Parts};
use debrief_jobs::sign_in::{self, CodeError, Lacks};
use serde::Serialize;

use super::{
    Answer, Refused, Turn,
    browser::{self, Inside},
    ended,
    enter::next,
    passkeys, to_with,
};
use crate::http::{HttpState, failure::capitalized, form::Form, page};

#[derive(Serialize)]
struct CodePage {
    style: String,
    action: String,
    sign_out: String,
    form_token: String,
    problem: Option<String>,
    /// Whether a code is taken: the person has an app.
    with_code: bool,
    passkey: Option<passkeys::Offer>,
}

async fn code_page(state: &HttpState, inside: &Inside, refused: Option<Refused>) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let usable = sign_in::usable_passkeys(&mut tx, &state.services.gate, inside.signed_in.person).await?;
    drop(tx);
    let passkey = passkeys::to_show(state, usable, passkeys::On::Account);
    let offers = [passkey.is_some()];
    let page = Refused::shown(refused, |status, problem| {
        let context = CodePage {
            style: page::style_path(state),
            action: state.path("sign-in/code"),
            sign_out: state.path("account/sign-out"),
            form_token: inside.form_token.clone(),
            problem,
            with_code: inside.signed_in.lacks == Some(Lacks::Code),
            passkey,
        };
        page::render(state, status, "page/code.html", &context)
    });
    Ok(passkeys::scripted(page?, offers))
}

/// Shows the page with what is wrong.
pub(super) async fn refuse(state: &HttpState, inside: &Inside, refused: Refused) -> Answer {
    code_page(state, inside, Some(refused)).await
}

/// Whoever has still to type a code or show a passkey; others go on.
async fn with_code_due(state: &HttpState, parts: &Parts) -> Result<Inside, Turn> {
    let inside = Inside::at_all(state, parts).await?;
    match inside.signed_in.lacks {
        Some(Lacks::Code | Lacks::Passkey) => Ok(inside),
        _ => Err(Turn::To(next(state, false))),
    }
}

/// `GET /sign-in/code`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    let inside = with_code_due(&state, &parts).await?;
    code_page(&state, &inside, None).await
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
        Err(error) => refuse(&state, &inside, refused_code(error)?).await,
    }
}

/// What is wrong with a code; other errors are failures.
pub(super) fn refused_code(error: CodeError) -> Result<Refused, Turn> {
    Ok(match error {
        CodeError::Database(error) => return Err(error.into()),
        CodeError::Mail(error) => return Err(error.into()),
        CodeError::Closed => Refused::unchecked(
            "We can’t check your app’s codes at the moment. Type a recovery code, or tell whoever runs Debrief for you.",
        ),
        CodeError::Ended => return Err(ended()),
        CodeError::TooMany(seconds) => Refused::too_many("Too many codes were tried.", seconds),
        other => Refused::input(capitalized(&other.to_string())),
    })
}
