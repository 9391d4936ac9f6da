//! Passkeys: signing in with one, showing one, and the person's own.
//!
//! Each takes two requests, as a device signs what we chose: the page's script asks for a challenge (`ask…`, answered with
//! JSON), has the browser talk to the device, and sends the answer with the page's form like any other form. Pages that can do
//! so allow our own script and nothing else; where passkeys don't work they say nothing of them.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    db::Tx,
    secret::Secret,
    sign_in::{self, Answered, Lacks, PasskeyChallenge, PasskeyError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    Answer, Refused, Turn, account,
    browser::{self, Inside},
    code, ended, enter, factor, provider, to_with,
};
use crate::http::{
    HttpState, assets,
    failure::{Failure, capitalized, later},
    form::Form,
    guard,
};

/// What a page needs to offer passkeys.
#[derive(Debug, Serialize)]
pub(super) struct Offer {
    /// The path of the script.
    script: String,
    /// Where it asks for a challenge.
    ask: String,
    /// Where the form goes.
    answer: String,
}

fn offer(state: &HttpState, ask: &str, answer: &str) -> Option<Offer> {
    state.services.gate.offers_passkeys().then(|| Offer {
        script: state.path(&assets::script_path()),
        ask: state.path(ask),
        answer: state.path(answer),
    })
}

/// To sign in with one; `None` where passkeys don't work.
pub(super) fn to_enter(state: &HttpState) -> Option<Offer> {
    offer(state, "sign-in/passkey/ask", "sign-in/passkey")
}

/// The page that one is shown on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum On {
    /// The account page, and that of the code.
    #[default]
    Account,
    /// The page of the second factor.
    Factor,
}

/// To show one; `None` also if the person has none that can be shown.
pub(super) fn to_show(state: &HttpState, usable: usize, on: On) -> Option<Offer> {
    let answer = match on {
        On::Account => "account/passkeys/show",
        On::Factor => "account/passkeys/show?on=factor",
    };
    offer(state, "account/passkeys/ask-to-show", answer).filter(|_| usable > 0)
}

/// To add one; `None` where passkeys don't work.
pub(super) fn to_add(state: &HttpState) -> Option<Offer> {
    offer(state, "account/passkeys/ask-to-add", "account/passkeys")
}

/// Lets a page run our script, if it offers anything that needs it.
pub(super) fn scripted<const N: usize>(mut page: Response, offers: [bool; N]) -> Response {
    if offers.contains(&true) {
        page.extensions_mut().insert(guard::Scripted);
    }
    page
}

/// What the script gets: a challenge, and the token that the page's forms have from then on.
fn asked(asked: Result<PasskeyChallenge, PasskeyError>, form_token: &str) -> Answer {
    match asked {
        Ok(PasskeyChallenge { handle, options }) => {
            Ok(Json(json!({ "handle": handle, "options": options, "form_token": form_token })).into_response())
        }
        Err(error) => Ok(said(refused(error)?, form_token)),
    }
}

/// A refusal for the script, which shows it on the page.
fn said(refused: Refused, form_token: &str) -> Response {
    let Refused { status, problem, later: seconds } = refused;
    let response = (status, Json(json!({ "detail": problem, "form_token": form_token }))).into_response();
    match seconds {
        Some(seconds) => later(response, seconds),
        None => response,
    }
}

fn answered(form: &Form) -> Answered<'_> {
    let [handle, json] = ["handle", "answer"].map(|name| form.get(name).unwrap_or_default());
    Answered { handle, json }
}

/// What is wrong; other errors are failures.
fn refused(error: PasskeyError) -> Result<Refused, Turn> {
    Ok(match error {
        PasskeyError::Database(error) => return Err(error.into()),
        PasskeyError::Mail(error) => return Err(error.into()),
        PasskeyError::Internal(_) => return Err(Failure::internal(&error).into()),
        PasskeyError::NotOffered | PasskeyError::NoPasskey => return Err(Failure::not_found().into()),
        PasskeyError::Ended => return Err(ended()),
        PasskeyError::TooMany(seconds) => Refused::too_many("There were too many attempts with passkeys.", seconds),
        other => Refused::input(capitalized(&other.to_string())),
    })
}

/// `POST /sign-in/passkey/ask`
pub(super) async fn ask_to_enter(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let (secret, _) = browser::visitor_secret(&state, &parts.headers);
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let services = &state.services;
    let challenge = sign_in::ask_for_passkey(&services.db, &services.gate, &secret, visitor.address.as_deref()).await;
    asked(challenge, &secret.form_token())
}

/// `POST /sign-in/passkey`
pub(super) async fn enter(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let (secret, _) = browser::visitor_secret(&state, &parts.headers);
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let services = &state.services;
    match sign_in::by_passkey(&services.db, &services.gate, &secret, answered(&form), &visitor).await {
        Ok(entered) => enter::admitted(&state, &parts, &entered).await,
        Err(PasskeyError::Elsewhere(name)) => provider::in_place_of_another(&state, &parts, &name, "passkeys"),
        Err(error) => enter::refuse(&state, &parts, Refused { status: StatusCode::UNAUTHORIZED, ..refused(error)? }),
    }
}

/// `POST /account/passkeys/ask-to-show`
pub(super) async fn ask_to_show(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::at_all(&state, &parts).await?;
    inside.check(&form)?;
    let services = &state.services;
    asked(sign_in::ask_to_show_passkey(&services.db, &services.gate, &inside.signed_in).await, &inside.form_token)
}

/// Which page one is shown on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    on: On,
}

/// `POST /account/passkeys/show`: the second factor of a sign-in that lacks it, or anew who somebody is.
pub(super) async fn show(
    State(state): State<HttpState>,
    Query(Shown { on }): Query<Shown>,
    parts: Parts,
    form: Form,
) -> Answer {
    let inside = Inside::at_all(&state, &parts).await?;
    inside.check(&form)?;
    let services = &state.services;
    let shown =
        sign_in::show_passkey(&services.db, &services.gate, &inside.signed_in, answered(&form), &inside.visitor).await;
    match (shown, inside.signed_in.lacks, on) {
        (Ok(secret), Some(_), _) => Ok(to_with(browser::set(&state, &secret), enter::next(&state, false))),
        (Ok(secret), None, On::Account) => Ok(to_account(&state, &secret, "shown")),
        (Ok(secret), None, On::Factor) => {
            Ok(to_with(browser::set(&state, &secret), state.path("account/second-factor")))
        }
        (Err(error), Some(Lacks::Code | Lacks::Passkey), _) => code::refuse(&state, &inside, refused(error)?).await,
        // A sign-in that lacks something is shown nothing else.
        (Err(error), Some(Lacks::Enrolment), _) | (Err(error), None, On::Factor) => {
            factor::refuse(&state, &inside, refused(error)?).await
        }
        (Err(error), None, On::Account) => account::refuse(&state, &inside, refused(error)?).await,
    }
}

/// `POST /account/passkeys/ask-to-add`
pub(super) async fn ask_to_add(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => {
            let services = &state.services;
            let challenge = sign_in::ask_to_add_passkey(&services.db, &services.gate, &inside.signed_in).await;
            asked(challenge, &inside.form_token)
        }
        Err(refused) => Ok(said(refused, &inside.form_token)),
    };
    inside.answered(&state, answer)
}

/// `POST /account/passkeys`: who asked for the challenge has shown who they are within the five minutes that it works.
pub(super) async fn add(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let services = &state.services;
    let name = form.get("name").unwrap_or_default();
    let added =
        sign_in::add_passkey(&services.db, &services.gate, &inside.signed_in, name, answered(&form), &inside.visitor);
    match (added.await, inside.signed_in.lacks) {
        (Ok(secret), Some(_)) => Ok(to_with(browser::set(&state, &secret), enter::next(&state, false))),
        (Ok(secret), None) => Ok(to_account(&state, &secret, "passkey")),
        (Err(error), Some(_)) => factor::refuse(&state, &inside, refused(error)?).await,
        (Err(error), None) => account::refuse(&state, &inside, refused(error)?).await,
    }
}

fn to_account(state: &HttpState, secret: &Secret, done: &str) -> Response {
    to_with(browser::set(state, secret), state.path(&format!("account?done={done}")))
}

/// `POST /account/passkeys/{passkey}/rename`
pub(super) async fn rename(
    State(state): State<HttpState>,
    Path(passkey): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let name = form.get("name").unwrap_or_default();
    match sign_in::rename_passkey(&mut tx, &inside.signed_in, passkey, name, &inside.visitor).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(super::to(state.path("account?done=renamed")))
        }
        Err(error) => {
            drop(tx);
            account::refuse(&state, &inside, refused(error)?).await
        }
    }
}

/// `POST /account/passkeys/{passkey}/remove`: also where passkeys don't work any more.
pub(super) async fn remove(
    State(state): State<HttpState>,
    Path(passkey): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Answer {
    let mut inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => take_away(&state, &inside, passkey).await,
        Err(refused) => account::refuse(&state, &inside, refused).await,
    };
    inside.answered(&state, answer)
}

async fn take_away(state: &HttpState, inside: &Inside, passkey: Uuid) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let gate = &state.services.gate;
    match sign_in::remove_passkey(&mut tx, gate, &inside.signed_in, passkey, &inside.visitor).await {
        Ok(secret) => {
            tx.commit().await?;
            Ok(to_account(state, &secret, "passkey-removed"))
        }
        Err(error) => {
            drop(tx);
            account::refuse(state, inside, refused(error)?).await
        }
    }
}
