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
    Answer, Refused, Turn, account,
    browser::{self, Inside, Proving, Standing},
    code::refused_code,
    enter::with_cookie,
    passkeys, to, to_with,
};
use crate::http::{HttpState, failure::Failure, form::Form, page};

#[derive(Serialize)]
struct FactorPage {
    style: String,
    start: String,
    confirm: String,
    leave: String,
    account: String,
    form_token: String,
    problem: Option<String>,
    /// Whether nothing else can be done before.
    required: bool,
    proving: Proving,
    ask_for_link: String,
    ask_provider: String,
    /// What the organization's identity provider is called.
    provider: Option<String>,
    email: String,
    secret: Option<String>,
    /// By which an app on this very device takes it.
    address: Option<String>,
    path: String,
    side: usize,
    /// How the provider stands to other ways in.
    standing: Standing,
    /// Another way, where a second factor is required: a passkey is one.
    passkey: Option<passkeys::Offer>,
    /// To show one, where somebody has to show who they are and has one.
    to_show: Option<passkeys::Offer>,
}

#[derive(Serialize)]
struct CodesPage {
    style: String,
    leave: String,
    form_token: String,
    next: String,
    /// Whether the review comes next that the person came for.
    onward: bool,
    notice: &'static str,
    codes: Vec<String>,
}

/// `GET /account/second-factor`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    render(&state, &inside, None).await
}

/// Shows the page with what is wrong.
pub(super) async fn refuse(state: &HttpState, inside: &Inside, refused: Refused) -> Answer {
    render(state, inside, Some(refused)).await
}

async fn render(state: &HttpState, inside: &Inside, refusal: Option<Refused>) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let person = sign_in::account(&mut tx, inside.signed_in.person).await?.ok_or_else(Failure::not_found)?;
    let provider = sign_in::provider_of(&mut tx, &state.services.gate).await?;
    let usable = sign_in::usable_passkeys(&mut tx, &state.services.gate, person.id).await?;
    let enrolment = sign_in::enrolment(&mut tx, &state.services.gate, &inside.signed_in).await.map_err(failed)?;
    drop(tx);
    let (path, side) = enrolment.as_ref().map(|it| (it.path.clone(), it.side)).unwrap_or_default();
    let required = inside.signed_in.lacks == Some(Lacks::Enrolment);
    let proving = inside.proof(&person, provider);
    let to_show = passkeys::to_show(state, usable, passkeys::On::Factor).filter(|_| proving.takes_a_passkey());
    let mut context = FactorPage {
        style: page::style_path(state),
        start: state.path("account/second-factor/start"),
        confirm: state.path("account/second-factor/confirm"),
        leave: state.path("account/sign-out"),
        account: state.path("account"),
        form_token: inside.form_token.clone(),
        problem: None,
        required,
        proving,
        to_show,
        ask_for_link: state.path("account/link"),
        ask_provider: state.path("account/provider"),
        standing: Standing::of(provider),
        provider: provider.map(|provider| provider.label().to_owned()),
        email: person.email,
        address: enrolment.as_ref().map(|it| it.address.clone()),
        secret: enrolment.map(|it| it.secret),
        path,
        side,
        passkey: passkeys::to_add(state).filter(|_| required),
    };
    let page = Refused::shown(refusal, |status, problem| {
        context.problem = problem;
        page::render(state, status, "page/factor.html", &context)
    });
    Ok(passkeys::scripted(page?, [context.passkey.is_some(), context.to_show.is_some()]))
}

/// An error that no page of these explains.
fn failed(error: sign_in::CodeError) -> Turn {
    match refused_code(error) {
        Ok(refused) => {
            let failure = Failure::new(refused.status, "This isn’t possible", refused.problem);
            Failure { later: refused.later, ..failure }.into()
        }
        Err(turn) => turn,
    }
}

/// `POST /account/second-factor/start`
pub(super) async fn start(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => begin(&state, &inside).await,
        Err(refused) => render(&state, &inside, Some(refused)).await,
    };
    inside.answered(&state, answer)
}

async fn begin(state: &HttpState, inside: &Inside) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    sign_in::enrol(&mut tx, &state.services.gate, &inside.signed_in).await.map_err(failed)?;
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
        Ok((secret, codes)) => codes_page(
            &state,
            &inside,
            &secret,
            "The second factor is on. You’ve been signed out everywhere else.",
            codes,
        ),
        Err(error) => render(&state, &inside, Some(refused_code(error)?)).await,
    }
}

fn codes_page(state: &HttpState, inside: &Inside, secret: &Secret, notice: &'static str, codes: Vec<String>) -> Answer {
    let onward = inside.onward;
    let next = state.path(if onward { "" } else { "account" });
    let (leave, form_token) = (state.path("account/sign-out"), secret.form_token());
    let context = CodesPage { style: page::style_path(state), leave, form_token, next, onward, notice, codes };
    let page = page::render(state, StatusCode::OK, "page/codes.html", &context)?;
    Ok(with_cookie(page, Some(browser::set(state, secret))))
}

/// `POST /account/second-factor/codes`
pub(super) async fn new_codes(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => make_codes(&state, &inside).await,
        Err(refused) => account::refuse(&state, &inside, refused).await,
    };
    inside.answered(&state, answer)
}

async fn make_codes(state: &HttpState, inside: &Inside) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let made = sign_in::new_codes(&mut tx, &state.services.gate, &inside.signed_in, &inside.visitor).await;
    let (secret, codes) = made.map_err(failed)?;
    tx.commit().await?;
    codes_page(state, inside, &secret, "These are your new codes. Your old codes no longer work.", codes)
}

/// `POST /account/second-factor/remove`
pub(super) async fn remove(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => take_away(&state, &inside).await,
        Err(refused) => account::refuse(&state, &inside, refused).await,
    };
    inside.answered(&state, answer)
}

async fn take_away(state: &HttpState, inside: &Inside) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    match sign_in::remove_factor(&mut tx, &state.services.gate, &inside.signed_in, &inside.visitor).await {
        Ok(secret) => {
            tx.commit().await?;
            Ok(to_with(browser::set(state, &secret), state.path("account?done=removed")))
        }
        Err(error) => {
            drop(tx);
            account::refuse(state, inside, refused_code(error)?).await
        }
    }
}
