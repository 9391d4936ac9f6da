//! Signing in with an organization's identity provider: the page with its button, the way there and the way back.
//!
//! A form must not lead to another site (`form-action 'self'`), also not by a redirect; so the answer to the button is a page that
//! goes on by itself, and has a link for browsers that don't.

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use debrief_jobs::{
    db::View,
    sign_in::{self, Begun, Lacks, OneTime, Outcome, Provider, Purpose, Refusal, SignedIn},
};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Turn,
    browser::{self, Inside},
    enter::{admitted, admitted_to, next, with_cookie},
    to,
};
use crate::http::{
    HttpState,
    failure::{Failure, later, wait},
    form::Form,
    guard, page,
};

/// A provider's button.
#[derive(Serialize)]
pub(super) struct Button {
    label: String,
    action: String,
}

impl Button {
    pub(super) fn of(state: &HttpState, provider: &Provider) -> Self {
        Self { label: provider.label().to_owned(), action: state.path(&format!("sign-in/with/{}", provider.name())) }
    }
}

#[derive(Serialize)]
struct ProviderPage<'a> {
    style: String,
    title: &'a str,
    problem: Option<String>,
    detail: Option<String>,
    button: Button,
    form_token: String,
    /// The page with other ways in; `None` if there are none.
    others: Option<String>,
}

/// The page that goes on to the provider.
#[derive(Serialize)]
struct ToProvider<'a> {
    style: String,
    label: &'a str,
    url: String,
}

/// What the page says beside its button.
#[derive(Default)]
struct Said {
    status: StatusCode,
    title: Option<&'static str>,
    problem: Option<String>,
    detail: Option<String>,
}

impl Said {
    fn of(problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..Self::default() }
    }
}

fn provider_page(state: &HttpState, parts: &Parts, provider: &Provider, said: Said) -> Answer {
    let (secret, cookie) = browser::visitor_secret(state, &parts.headers);
    let context = ProviderPage {
        style: page::style_path(state),
        title: said.title.unwrap_or("Sign in"),
        problem: said.problem,
        detail: said.detail,
        button: Button::of(state, provider),
        form_token: secret.form_token(),
        others: (!provider.is_required()).then(|| state.path("sign-in")),
    };
    Ok(with_cookie(page::render(state, said.status, "page/provider.html", &context)?, cookie))
}

fn named<'state>(state: &'state HttpState, name: &str) -> Result<&'state Provider, Failure> {
    state.services.gate.provider(name).ok_or_else(Failure::not_found)
}

/// `GET /sign-in/with/{provider}`
pub(super) async fn show(State(state): State<HttpState>, Path(name): Path<String>, parts: Parts) -> Answer {
    let provider = named(&state, &name)?;
    match Inside::found(&state, &parts).await? {
        Some(inside) => Ok(to(next(&state, inside.signed_in.lacks == Some(Lacks::Code)))),
        None => provider_page(&state, &parts, provider, Said::default()),
    }
}

/// `POST /sign-in/with/{provider}`
pub(super) async fn begin(
    State(state): State<HttpState>,
    Path(name): Path<String>,
    parts: Parts,
    form: Form,
) -> Answer {
    let provider = named(&state, &name)?;
    browser::check_visitor(&state, &parts, &form)?;
    on_the_way(&state, &parts, provider, None).await
}

/// `POST /account/provider`: whoever is signed in shows anew who they are, by signing in anew.
pub(super) async fn begin_anew(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let provider = sign_in::provider_of(&mut tx, &state.services.gate).await?.ok_or_else(Failure::not_found)?;
    drop(tx);
    on_the_way(&state, &parts, provider, Some(&inside.signed_in)).await
}

/// Sends a browser to the provider.
async fn on_the_way(state: &HttpState, parts: &Parts, provider: &Provider, anew: Option<&SignedIn>) -> Answer {
    let (secret, cookie) = browser::visitor_secret(state, &parts.headers);
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let label = provider.label();
    match sign_in::begin_at_provider(&state.services.db, provider, &secret, anew, &visitor).await? {
        Begun::To(url) => {
            let context = ToProvider { style: page::style_path(state), label, url: url.into() };
            Ok(with_cookie(page::render(state, StatusCode::OK, "page/to_provider.html", &context)?, cookie))
        }
        Begun::TooMany(seconds) => {
            let whose = if anew.is_some() { "" } else { " from your network" };
            let problem = format!("There were too many attempts{whose}. Try again {}.", wait(seconds));
            let said = Said { status: StatusCode::TOO_MANY_REQUESTS, problem: Some(problem), ..Said::default() };
            Ok(later(provider_page(state, parts, provider, said)?, seconds))
        }
        Begun::Busy => refused(state, parts, provider, &Refusal::Busy),
        Begun::Away => refused(state, parts, provider, &Refusal::Away),
    }
}

/// What a provider sends back with a browser. Everything else in it is nobody's business.
#[derive(Default, Deserialize)]
pub(super) struct Brought {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /sign-in/with/{provider}/answer`: where the provider sends browsers back to.
pub(super) async fn answer(
    State(state): State<HttpState>,
    Path(name): Path<String>,
    Query(brought): Query<Brought>,
    parts: Parts,
) -> Answer {
    let provider = named(&state, &name)?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let held = browser::held_visitor_secret(&state, &parts.headers);
    let answer = sign_in::Answer {
        state: brought.state.as_deref(),
        code: brought.code.as_deref(),
        issuer: brought.iss.as_deref(),
        error: brought.error.as_deref(),
    };
    let (db, gate) = (&state.services.db, &state.services.gate);
    match sign_in::answer_of_provider(db, gate, provider, held.as_ref(), answer, &visitor).await {
        Ok(Outcome::In(entered)) => admitted(&state, &parts, &entered).await,
        Ok(Outcome::Anew(entered)) => admitted_to(&state, &parts, &entered, "account?done=shown").await,
        Ok(Outcome::Over) => {
            let problem =
                "This sign-in was already completed, took longer than ten minutes, or was begun in another browser.";
            let said = Said { status: StatusCode::GONE, title: Some("Please start again"), ..Said::of(problem) };
            provider_page(&state, &parts, provider, said)
        }
        Ok(Outcome::TooMany(seconds)) => {
            let problem = format!("Too many failed sign-ins came from your network. Try again {}.", wait(seconds));
            let said = Said { status: StatusCode::TOO_MANY_REQUESTS, title: Some("Please wait"), ..Said::of(problem) };
            Ok(later(provider_page(&state, &parts, provider, said)?, seconds))
        }
        Ok(Outcome::Refused(refusal)) => refused(&state, &parts, provider, &refusal),
        Err(error) => Err(error.into()),
    }
}

/// The page of somebody who isn't let in, with what to do.
fn refused(state: &HttpState, parts: &Parts, provider: &Provider, refusal: &Refusal) -> Answer {
    let label = provider.label();
    let (status, title, problem) = match refusal {
        Refusal::Stopped => (
            StatusCode::FORBIDDEN,
            "You aren’t signed in",
            format!(
                "{label} didn’t let you in here: you stopped it there, or your account there may not use Debrief. An admin of \
                 your organization can change that."
            ),
        ),
        Refusal::Error(code) => (
            StatusCode::BAD_GATEWAY,
            "You aren’t signed in",
            format!(
                "{label} answered that something went wrong{}. Try again in a minute. If it keeps happening, tell whoever runs \
                 Debrief for you.",
                if code.is_empty() { String::new() } else { format!(" ({code})") }
            ),
        ),
        Refusal::Away => (
            StatusCode::SERVICE_UNAVAILABLE,
            "You aren’t signed in",
            format!(
                "{label} isn’t responding. Try again in a minute. If it keeps happening, tell whoever runs Debrief for you."
            ),
        ),
        Refusal::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "You aren’t signed in",
            "Too many people are signing in at this moment. Try again in a few seconds.".to_owned(),
        ),
        Refusal::Untrusted => (
            StatusCode::BAD_GATEWAY,
            "You aren’t signed in",
            format!(
                "What {label} answered can’t be relied on, so nobody was signed in. Try again. If it keeps happening, tell \
                 whoever runs Debrief for you: the log says why."
            ),
        ),
        Refusal::NoAddress => (
            StatusCode::FORBIDDEN,
            "We can’t tell who you are",
            format!(
                "{label} names no email address of your organization that it has verified as yours. Verify your address there, or \
                 ask an admin of your organization."
            ),
        ),
        Refusal::Unknown(address) => (
            StatusCode::FORBIDDEN,
            "We don’t know you here yet",
            if address.is_empty() {
                format!(
                    "Nobody here belongs to your account at {label}. Ask an admin of your organization to invite you."
                )
            } else {
                format!(
                    "{label} says that you’re {address}, and nobody here has that address. Ask an admin of your organization to \
                     invite you, with this very address."
                )
            },
        ),
        Refusal::OtherAccount(address) => (
            StatusCode::FORBIDDEN,
            "This isn’t the account that we know",
            format!(
                "{address} is linked to a different account at {label}. If that one is no longer yours, have whoever runs Debrief \
                 for you disconnect it."
            ),
        ),
        Refusal::NotAnew => (
            StatusCode::FORBIDDEN,
            "That didn’t show who you are",
            format!(
                "{label} sent you back without asking who you are. Sign out there and try again from your account page. You’re \
                 signed in here as before."
            ),
        ),
        Refusal::NoTime => (
            StatusCode::BAD_GATEWAY,
            "That didn’t show who you are",
            format!(
                "{label} doesn’t say when it asked who you are, so you can’t confirm with it that it’s you. Tell whoever runs \
                 Debrief for you: the log says more. You’re signed in here as before."
            ),
        ),
        Refusal::SomebodyElse => (
            StatusCode::FORBIDDEN,
            "That’s somebody else’s account",
            format!(
                "The account at {label} that you used belongs to somebody else than who is signed in here. Sign out there, and use \
                 your own. Nothing was changed: you’re signed in here as before."
            ),
        ),
    };
    let response = provider_page(
        state,
        parts,
        provider,
        Said { status, title: Some(title), problem: Some(problem), detail: None },
    )?;
    Ok(match refusal {
        Refusal::Busy => later(response, 5),
        _ => response,
    })
}

/// The page of the provider in place of a mailed link's, where the provider is the only way in; `None` also for a link that is
/// of use there, or of no use anywhere.
pub(super) async fn in_place_of(state: &HttpState, parts: &Parts, link: &OneTime) -> Result<Option<Response>, Turn> {
    if !link.works || !matches!(link.purpose, Purpose::SignIn | Purpose::Invitation) {
        return Ok(None);
    }
    let mut tx = state.services.db.view(link.organization, &View::nothing()).await?;
    let Some(provider) = sign_in::only_way(&mut tx, &state.services.gate).await? else { return Ok(None) };
    let person = sign_in::account(&mut tx, link.person).await?.ok_or_else(Failure::not_found)?;
    drop(tx);
    let detail =
        format!("People of {} sign in with {}. Use your account there.", person.organization, provider.label());
    provider_page(state, parts, provider, Said { detail: Some(detail), ..Said::default() }).map(Some)
}

/// The page of the provider for whoever has shown what is right, and no way in: `what` says of what kind.
pub(super) fn in_place_of_another(state: &HttpState, parts: &Parts, name: &str, what: &str) -> Answer {
    let provider = named(state, name)?;
    let problem = format!("Your organization signs in with {} and not with {what}.", provider.label());
    let said = Said { status: StatusCode::FORBIDDEN, ..Said::of(problem) };
    provider_page(state, parts, provider, said)
}
