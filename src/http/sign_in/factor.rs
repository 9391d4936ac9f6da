//! Setting up, renewing and removing a second factor.

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
};
use debrief_jobs::{
    db::Tx,
    secret::Secret,
    sign_in::{self, Lacks},
};
use serde::Serialize;

use super::{
    Answer, Turn, account,
    browser::{self, Inside},
    code::refused_code,
    later, to, to_with,
};
use crate::http::{HttpState, failure::Failure, form::Form, page};

#[derive(Serialize)]
struct FactorPage {
    style: String,
    start: String,
    confirm: String,
    sign_out: String,
    account: String,
    form_token: String,
    problem: Option<String>,
    /// Whether nothing else can be done before.
    required: bool,
    wants_password: bool,
    secret: Option<String>,
    path: String,
    side: usize,
}

#[derive(Serialize)]
struct CodesPage {
    style: String,
    account: String,
    notice: &'static str,
    codes: Vec<String>,
}

/// `GET /account/second-factor`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    render(&state, &inside, StatusCode::OK, None).await
}

async fn render(state: &HttpState, inside: &Inside, status: StatusCode, problem: Option<String>) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let person = sign_in::account(&mut tx, inside.signed_in.person).await?.ok_or_else(Failure::not_found)?;
    let enrolment = match sign_in::enrolment(&mut tx, &state.services.gate, person.id).await {
        Ok(enrolment) => enrolment,
        Err(error) => return Err(refused(error)),
    };
    drop(tx);
    let (path, side) = enrolment.as_ref().map(|it| (it.path.clone(), it.side)).unwrap_or_default();
    let context = FactorPage {
        style: page::style_path(state),
        start: state.path("account/second-factor/start"),
        confirm: state.path("account/second-factor/confirm"),
        sign_out: state.path("account/sign-out"),
        account: state.path("account"),
        form_token: inside.form_token.clone(),
        problem,
        required: inside.signed_in.lacks == Some(Lacks::Enrolment),
        wants_password: !inside.signed_in.is_fresh && person.password_since.is_some(),
        secret: enrolment.map(|it| it.secret),
        path,
        side,
    };
    Ok(page::render(state, status, "page/factor.html", &context)?)
}

/// An error that no page of these explains.
fn refused(error: sign_in::CodeError) -> Turn {
    match refused_code(error) {
        Ok((status, problem, _)) => Failure::new(status, "This isn’t possible", problem).into(),
        Err(turn) => turn,
    }
}

/// `POST /account/second-factor/start`
pub(super) async fn start(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    if let Err(problem) = inside.proved(&state, &form).await? {
        return render(&state, &inside, StatusCode::UNPROCESSABLE_ENTITY, Some(problem)).await;
    }
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    sign_in::enrol(&mut tx, &state.services.gate, inside.signed_in.person).await?;
    tx.commit().await?;
    Ok(to(state.path("account/second-factor")))
}

/// `POST /account/second-factor/confirm`: the first code turns it on. The recovery codes are in the answer and nowhere
/// else.
pub(super) async fn confirm(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let typed = form.get("code").unwrap_or_default();
    let (db, gate) = (&state.services.db, &state.services.gate);
    match sign_in::confirm_enrolment(db, gate, &inside.signed_in, typed, &inside.visitor).await {
        Ok((secret, codes)) => {
            codes_page(&state, Some(&secret), "The second factor is on. Your other sign-ins have ended.", codes)
        }
        Err(error) => {
            let (status, problem, seconds) = refused_code(error)?;
            let page = render(&state, &inside, status, Some(problem)).await?;
            Ok(match seconds {
                Some(seconds) => later(page, seconds),
                None => page,
            })
        }
    }
}

fn codes_page(state: &HttpState, secret: Option<&Secret>, notice: &'static str, codes: Vec<String>) -> Answer {
    let context = CodesPage { style: page::style_path(state), account: state.path("account"), notice, codes };
    let mut response = page::render(state, StatusCode::OK, "page/codes.html", &context)?;
    if let Some(value) = secret.and_then(|secret| browser::set(state, secret).parse().ok()) {
        response.headers_mut().append(axum::http::header::SET_COOKIE, value);
    }
    Ok(response)
}

/// `POST /account/second-factor/codes`
pub(super) async fn new_codes(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    if let Err(problem) = inside.proved(&state, &form).await? {
        return account::render(&state, &inside, StatusCode::UNPROCESSABLE_ENTITY, None, Some(problem)).await;
    }
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let made = sign_in::new_codes(&mut tx, &state.services.gate, inside.signed_in.person, &inside.visitor).await;
    let codes = made.map_err(refused)?;
    tx.commit().await?;
    codes_page(&state, None, "These are new. The codes that you had work no more.", codes)
}

/// `POST /account/second-factor/remove`
pub(super) async fn remove(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    if let Err(problem) = inside.proved(&state, &form).await? {
        return account::render(&state, &inside, StatusCode::UNPROCESSABLE_ENTITY, None, Some(problem)).await;
    }
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    match sign_in::remove_factor(&mut tx, &state.services.gate, &inside.signed_in, &inside.visitor).await {
        Ok(secret) => {
            tx.commit().await?;
            Ok(to_with(browser::set(&state, &secret), state.path("account?done=removed")))
        }
        Err(error) => {
            drop(tx);
            let (status, problem, _) = refused_code(error)?;
            account::render(&state, &inside, status, None, Some(problem)).await
        }
    }
}
