//! The sign-in page, mailed links and invitations.
//!
//! Mail scanners follow links, so a GET of a link shows one button, and the POST of the button signs in. What is said to
//! whoever isn't signed in is the same whether or not an address is known.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header, request::Parts},
    response::Response,
};
use debrief_jobs::sign_in::{self, Asking, Entered, Entry, Lacks, OneTime, PasswordError, Provider, Purpose, Token};
use serde::Serialize;

use super::{
    Answer, Refused, Turn,
    browser::{self, Inside},
    ended, passkeys,
    provider::{self, Button},
    to, to_with,
};
use crate::http::{
    HttpState,
    failure::{Failure, capitalized, wait},
    form::Form,
    guard, page, presses,
};

#[derive(Serialize)]
struct SignInPage<'a> {
    style: String,
    link_action: String,
    password_action: String,
    form_token: String,
    email: &'a str,
    problem: Option<String>,
    with_password: bool,
    passkey: Option<passkeys::Offer>,
    /// The identity providers that everybody sees.
    providers: Vec<Button>,
    /// Whether one of them is the only way in for its people.
    providers_first: bool,
}

/// What the sign-in page says.
#[derive(Default)]
struct Said<'a> {
    status: StatusCode,
    problem: Option<String>,
    email: &'a str,
    with_password: bool,
}

fn sign_in_page(state: &HttpState, parts: &Parts, said: &Said<'_>) -> Result<Response, Failure> {
    let (secret, cookie) = browser::visitor_secret(state, &parts.headers);
    let context = SignInPage {
        style: page::style_path(state),
        link_action: state.path("sign-in/link"),
        password_action: state.path("sign-in/password"),
        form_token: secret.form_token(),
        email: said.email,
        problem: said.problem.clone(),
        with_password: said.with_password,
        passkey: passkeys::to_enter(state),
        providers_first: state.services.gate.listed_providers().any(Provider::is_required),
        providers: state.services.gate.listed_providers().map(|provider| Button::of(state, provider)).collect(),
    };
    let page = page::render(state, said.status, "page/sign_in.html", &context)?;
    Ok(passkeys::scripted(with_cookie(page, cookie), [context.passkey.is_some()]))
}

/// The sign-in page with what is wrong.
pub(super) fn refuse(state: &HttpState, parts: &Parts, refused: Refused) -> Answer {
    refuse_typed(state, parts, refused, "", false)
}

/// The same, with what was typed, but for a password.
fn refuse_typed(state: &HttpState, parts: &Parts, refused: Refused, email: &str, with_password: bool) -> Answer {
    Refused::shown(Some(refused), |status, problem| {
        sign_in_page(state, parts, &Said { status, problem, email, with_password })
    })
}

pub(super) fn with_cookie(mut response: Response, cookie: Option<String>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `GET /sign-in`
pub(super) async fn show(State(state): State<HttpState>, parts: Parts) -> Answer {
    match Inside::found(&state, &parts).await? {
        Some(inside) => Ok(to(next(&state, inside.signed_in.lacks == Some(Lacks::Code)))),
        None => offer(&state, &parts),
    }
}

/// The sign-in page, empty.
pub(super) fn offer(state: &HttpState, parts: &Parts) -> Answer {
    Ok(sign_in_page(state, parts, &Said::default())?)
}

/// Where to go after signing in.
pub(super) fn next(state: &HttpState, code_due: bool) -> String {
    state.path(if code_due { "sign-in/code" } else { "" })
}

/// The title of the page after a link was asked for.
pub(super) const CHECK_EMAIL: &str = "Check your email";

/// `POST /sign-in/link`
pub(super) async fn ask(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let email = form.get("email").unwrap_or_default();
    match sign_in::ask_for_link(&state.services.db, email, visitor.address.as_deref()).await? {
        Asking::Taken => Ok(page::message(
            &state,
            StatusCode::OK,
            CHECK_EMAIL,
            "If the address that you typed is known here, a link to sign in is on its way. It should arrive within a minute, \
             and works once, within 15 minutes. If nothing comes, check the address and your spam folder, or ask whoever \
             runs Debrief for you.",
        )?),
        Asking::NoAddress => {
            let refused = Refused::input("This isn’t a valid email address. Write it as name@example.org.");
            refuse_typed(&state, &parts, refused, email, false)
        }
        Asking::TooMany(seconds) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let refused = Refused { status, problem: many_links(seconds), later: Some(seconds) };
            refuse_typed(&state, &parts, refused, email, false)
        }
    }
}

/// Links were asked for too often.
pub(super) fn many_links(seconds: i32) -> String {
    format!(
        "Several links have already been asked for. Use the newest one in your mailbox, or try again {}.",
        wait(seconds)
    )
}

/// `POST /sign-in/password`
pub(super) async fn by_password(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    let [email, password] = ["email", "password"].map(|name| form.get(name).unwrap_or_default());
    let services = &state.services;
    let entry = sign_in::by_password(&services.db, &services.gate, (email, password), &visitor).await?;
    let refused = match entry {
        Entry::In(entered) => return admitted(&state, &parts, &entered).await,
        Entry::Elsewhere(name) => return provider::in_place_of_another(&state, &parts, &name, "passwords"),
        Entry::Refused => {
            let problem = "The address or the password isn’t right. If you have no password or forgot it, sign in with a \
                           link that we email you.";
            Refused { status: StatusCode::UNAUTHORIZED, ..Refused::input(problem) }
        }
        Entry::TooMany(seconds) => {
            let problem = format!(
                "There were too many attempts. Try again {}, or sign in with a link that we email you.",
                wait(seconds)
            );
            Refused { status: StatusCode::TOO_MANY_REQUESTS, problem, later: Some(seconds) }
        }
        Entry::Busy => Refused::busy(),
    };
    refuse_typed(&state, &parts, refused, email, true)
}

/// Gives the browser its cookie. The sign-in that it had before, whoever's it was, ends.
pub(super) async fn admitted(state: &HttpState, parts: &Parts, entered: &Entered) -> Answer {
    admitted_to(state, parts, entered, "").await
}

/// The same, and where to go unless a code is still due.
pub(super) async fn admitted_to(state: &HttpState, parts: &Parts, entered: &Entered, path: &str) -> Answer {
    if let Some(held) = browser::held(state, &parts.headers) {
        let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
        sign_in::sign_out(&state.services.db, &held, &visitor).await?;
    }
    let target = if entered.code_due { next(state, true) } else { state.path(path) };
    Ok(to_with(browser::set(state, &entered.secret), target))
}

#[derive(Serialize)]
struct OneTimePage {
    style: String,
    action: String,
    form_token: String,
    title: String,
    detail: String,
    button: &'static str,
    with_password: bool,
    problem: Option<String>,
}

/// The link with this token, working or not. Whoever tries many that don't exist has to wait.
pub(super) async fn find(state: &HttpState, parts: &Parts, token: &str) -> Result<OneTime, Turn> {
    let db = &state.services.db;
    let found = match Token::parse(token) {
        Some(token) => sign_in::find_link(db, &token).await?,
        None => None,
    };
    if let Some(link) = found {
        return Ok(link);
    }
    guard::note_refused("unknown_link");
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    if let Some(seconds) = sign_in::count_guess(db, visitor.address.as_deref()).await? {
        let detail = "Too many links that don’t exist were tried from your network.";
        return Err(Failure::too_often(detail, seconds).into());
    }
    let detail = "The address may be incomplete: copy all of it from the email.";
    Err(Failure::new(StatusCode::NOT_FOUND, "We don’t recognise this link", detail).into())
}

/// The page of a link that works no more.
fn gone(state: &HttpState, parts: &Parts) -> Answer {
    let problem = "This link has already been used, or has expired. Ask for a new one below.";
    refuse(state, parts, Refused { status: StatusCode::GONE, ..Refused::input(problem) })
}

/// The page after a link let nobody in: that of the provider, where it's the only way, or that of a link that works no more.
async fn of_no_use(state: &HttpState, parts: &Parts, link: &OneTime) -> Answer {
    match provider::in_place_of(state, parts, link).await? {
        Some(page) => Ok(page),
        None => gone(state, parts),
    }
}

/// `GET /sign-in/link/{token}`
pub(super) async fn show_link(State(state): State<HttpState>, Path(token): Path<String>, parts: Parts) -> Answer {
    let link = find(&state, &parts, &token).await?;
    if !link.signs_in() {
        return gone(&state, &parts);
    }
    if let Some(page) = provider::in_place_of(&state, &parts, &link).await? {
        return Ok(page);
    }
    button_page(&state, &parts, &link, &token, None).await
}

/// `POST /sign-in/link/{token}`
pub(super) async fn open_link(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    parts: Parts,
    form: Form,
) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let link = find(&state, &parts, &token).await?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    presses::count(&state, &visitor, &token, link.signs_in()).await?;
    match sign_in::open_link(&state.services.db, &state.services.gate, &link, &visitor).await? {
        Some(entered) => admitted(&state, &parts, &entered).await,
        None => of_no_use(&state, &parts, &link).await,
    }
}

/// `GET /invitation/{token}`
pub(super) async fn show_invitation(State(state): State<HttpState>, Path(token): Path<String>, parts: Parts) -> Answer {
    let link = find(&state, &parts, &token).await?;
    if !link.invites() {
        return gone(&state, &parts);
    }
    if let Some(page) = provider::in_place_of(&state, &parts, &link).await? {
        return Ok(page);
    }
    button_page(&state, &parts, &link, &token, None).await
}

/// `POST /invitation/{token}`
pub(super) async fn accept(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    parts: Parts,
    form: Form,
) -> Answer {
    browser::check_visitor(&state, &parts, &form)?;
    let link = find(&state, &parts, &token).await?;
    let visitor = guard::visitor(&parts.extensions, &parts.headers, None);
    presses::count(&state, &visitor, &token, link.invites()).await?;
    let password = form.get("password").filter(|password| !password.is_empty());
    let services = &state.services;
    match sign_in::accept(&services.db, &services.gate, &link, password, &visitor).await {
        Ok(Some(entered)) => admitted(&state, &parts, &entered).await,
        Ok(None) => of_no_use(&state, &parts, &link).await,
        Err(error) => button_page(&state, &parts, &link, &token, Some(refused_password(error)?)).await,
    }
}

/// What is wrong with a password; other errors are failures.
pub(super) fn refused_password(error: PasswordError) -> Result<Refused, Turn> {
    match error {
        PasswordError::Database(error) => Err(error.into()),
        PasswordError::Mail(error) => Err(error.into()),
        PasswordError::Ended => Err(ended()),
        PasswordError::Busy => Ok(Refused::busy()),
        // Whoever runs Debrief reads in the log what is wrong with the file.
        error @ PasswordError::List(_) => Err(Failure::internal(&error).into()),
        other => Ok(Refused::input(capitalized(&other.to_string()))),
    }
}

/// The page with the button of a link, or with what is wrong with the password on it.
async fn button_page(
    state: &HttpState,
    parts: &Parts,
    link: &OneTime,
    token: &str,
    refused: Option<Refused>,
) -> Answer {
    let mut tx = state.services.db.view(link.organization, &debrief_jobs::db::View::nothing()).await?;
    let person = sign_in::account(&mut tx, link.person).await?.ok_or_else(Failure::not_found)?;
    drop(tx);
    let (secret, cookie) = browser::visitor_secret(state, &parts.headers);
    let is_invitation = link.purpose == Purpose::Invitation;
    let folder = if is_invitation { "invitation" } else { "sign-in/link" };
    let (title, detail, button) = if is_invitation {
        let detail = format!(
            "You’re joining as {}. You’ll sign in with the address that this invitation was sent to.",
            person.name
        );
        (format!("Welcome to {}", person.organization), detail, "Accept the invitation")
    } else {
        let detail = format!("One more click, {}, so that email scanners can’t use this link up.", person.name);
        (format!("Sign in to {}", person.organization), detail, "Sign in")
    };
    let page = Refused::shown(refused, |status, problem| {
        let context = OneTimePage {
            style: page::style_path(state),
            action: state.path(&format!("{folder}/{token}")),
            form_token: secret.form_token(),
            title,
            detail,
            button,
            with_password: is_invitation,
            problem,
        };
        page::render(state, status, "page/one_time.html", &context)
    });
    Ok(with_cookie(page?, cookie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_while_too_many_others_do_is_told_so_and_not_that_the_password_is_wrong() {
        let refused = refused_password(PasswordError::Busy).ok().expect("a page says so");
        assert_eq!((refused.status, refused.later), (StatusCode::SERVICE_UNAVAILABLE, Some(5)));
        assert!(refused.problem.contains("Too many people are signing in"), "{}", refused.problem);
        let refused = refused_password(PasswordError::Short).ok().expect("a page says so");
        assert_eq!((refused.status, refused.later), (StatusCode::UNPROCESSABLE_ENTITY, None));
    }
}
