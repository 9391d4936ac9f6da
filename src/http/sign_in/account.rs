//! The account page: who somebody is here, and how they sign in.

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use debrief_jobs::{
    db::Tx,
    model::Role,
    sign_in::{self, AddressError, Asked, Asking, Change, ListedSignIn, Provider},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Answer, Refused,
    browser::{self, Inside, Proving, Standing},
    ended,
    enter::{CHECK_EMAIL, many_links, refused_password},
    passkeys, to, to_with,
};
use crate::http::{
    HttpState,
    failure::{Failure, capitalized},
    form::Form,
    page,
};

#[derive(Serialize)]
struct AccountPage {
    style: String,
    start: String,
    action: String,
    form_token: String,
    notice: Option<&'static str>,
    problem: Option<String>,
    name: String,
    organization: String,
    roles: String,
    email: String,
    change: Option<OpenChange>,
    password_since: Option<String>,
    factor_since: Option<String>,
    /// Whether the organization wants one of everybody.
    factor_required: bool,
    /// Whether it wants one of ours.
    factor_wanted: bool,
    codes_left: i64,
    proving: Proving,
    /// What the organization's identity provider is called.
    provider: Option<String>,
    /// How it stands to other ways in.
    standing: Standing,
    /// The way on to the review that the person came for.
    onward: Option<String>,
    sign_ins: Vec<OneSignIn>,
    /// To add a passkey, where they work.
    passkey: Option<passkeys::Offer>,
    /// To show one, where somebody has to show who they are and has one.
    to_show: Option<passkeys::Offer>,
    passkeys: Vec<OnePasskey>,
    /// How many of them browsers still ask for.
    usable_passkeys: usize,
    /// What the next one could be called.
    passkey_name: String,
}

#[derive(Serialize)]
struct OnePasskey {
    id: Uuid,
    name: String,
    created: String,
    used: Option<String>,
    /// Whether browsers still ask for it.
    works: bool,
}

#[derive(Serialize)]
struct OpenChange {
    new_email: String,
    /// Who has still to confirm.
    due: &'static str,
}

#[derive(Serialize)]
struct OneSignIn {
    id: Uuid,
    browser: String,
    current: bool,
    how: String,
    created: String,
    used: String,
}

/// What a redirect tells the page to say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// `GET /account`
pub(super) async fn show(State(state): State<HttpState>, Query(done): Query<Done>, parts: Parts) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    let notice = match done.done.as_deref() {
        Some("password") => Some("Your password is set. You’ve been signed out everywhere else."),
        Some("address") => {
            Some("We sent a link to both mailboxes. The new address takes effect once both have confirmed it.")
        }
        Some("ended") => Some("That sign-in has ended."),
        Some("removed") => Some("The second factor is removed."),
        Some("shown") => Some("Thank you. For ten minutes you can change your account."),
        Some("passkey") => Some("The passkey is added. Your other sign-ins have ended."),
        Some("renamed") => Some("The passkey was renamed."),
        Some("passkey-removed") => Some(
            "The passkey is removed, and your other sign-ins have ended. Your device may still offer it: delete it there too.",
        ),
        Some("recovered") => {
            Some("You used a recovery code, which no longer works. If you’ve lost your app, set up another one.")
        }
        _ => None,
    };
    render(&state, &inside, notice, None).await
}

/// Shows the page with what is wrong.
pub(super) async fn refuse(state: &HttpState, inside: &Inside, refused: Refused) -> Answer {
    render(state, inside, None, Some(refused)).await
}

/// What a sign-in is called in the list.
fn called(one: &ListedSignIn) -> String {
    match (one.is_program, one.agent.as_deref()) {
        (true, Some(agent)) => format!("A program ({})", agent.chars().take(60).collect::<String>()),
        (true, None) => "A program".into(),
        (false, agent) => agent.and_then(sign_in::browser).unwrap_or_else(|| "An unknown browser".into()),
    }
}

/// How somebody signed in, after "Signed in"; empty where it isn't known.
fn how(one: &ListedSignIn, provider: Option<&Provider>) -> String {
    match one.method.as_deref() {
        Some("password") => " with a password".into(),
        Some("link") => " with a mailed link".into(),
        Some("invitation") => " with an invitation".into(),
        Some("passkey") => " with a passkey".into(),
        Some("operator") => " with a link from whoever runs Debrief".into(),
        Some("provider") => match provider {
            Some(provider) => format!(" with {}", provider.label()),
            None => " with an identity provider".into(),
        },
        _ => String::new(),
    }
}

async fn render(state: &HttpState, inside: &Inside, notice: Option<&'static str>, refused: Option<Refused>) -> Answer {
    let signed_in = inside.signed_in;
    let mut tx = signed_in.enter(&state.services.db).await?;
    let person = sign_in::account(&mut tx, signed_in.person).await?.ok_or_else(Failure::not_found)?;
    let sign_ins = sign_in::list_sign_ins(&mut tx, signed_in.person).await?;
    let change = sign_in::open_change(&mut tx, signed_in.person).await?;
    let gate = &state.services.gate;
    let keys = sign_in::passkeys(&mut tx, gate, signed_in.person).await?;
    let usable = keys.iter().filter(|one| one.works).count();
    let provider = sign_in::provider_of(&mut tx, gate).await?;
    let factor_wanted = sign_in::wants_factor(&mut tx, gate, &person).await?;
    drop(tx);
    let zone: Tz = person.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string();
    let sign_ins = sign_ins.into_iter().map(|one| OneSignIn {
        id: one.id,
        browser: called(&one),
        current: one.id == signed_in.id,
        how: how(&one, provider),
        created: time(one.created_at),
        used: time(one.last_used_at),
    });
    let keys = keys.into_iter().map(|one| OnePasskey {
        id: one.id,
        name: one.name,
        created: time(one.created_at),
        used: one.last_used_at.map(time),
        works: one.works,
    });
    let standing = Standing::of(provider);
    let proving = inside.proof(&person, provider);
    let mut context = AccountPage {
        passkey: passkeys::to_add(state).filter(|_| standing != Standing::AloneWithFactor),
        to_show: passkeys::to_show(state, usable, passkeys::On::Account).filter(|_| proving.takes_a_passkey()),
        passkeys: keys.collect(),
        usable_passkeys: usable,
        passkey_name: inside.visitor.agent.as_deref().and_then(sign_in::browser).unwrap_or_default(),
        style: page::style_path(state),
        start: state.path(""),
        action: state.path("account"),
        form_token: inside.form_token.clone(),
        notice,
        problem: None,
        proving,
        provider: provider.map(|provider| provider.label().to_owned()),
        standing,
        name: person.name,
        organization: person.organization,
        roles: roles(&person.roles),
        email: person.email,
        change: change.map(|change| OpenChange { due: due(&change), new_email: change.new_email }),
        password_since: person.password_since.map(time),
        factor_since: person.factor_since.map(time),
        factor_required: person.factor_required,
        factor_wanted,
        codes_left: person.codes_left,
        onward: inside.onward.then(|| state.path("")),
        sign_ins: sign_ins.collect(),
    };
    let page = Refused::shown(refused, |status, problem| {
        context.problem = problem;
        page::render(state, status, "page/account.html", &context)
    });
    Ok(passkeys::scripted(page?, [context.passkey.is_some(), context.to_show.is_some()]))
}

fn due(change: &Change) -> &'static str {
    match (change.old_confirmed, change.new_confirmed) {
        (true, _) => "the new one still has",
        (_, true) => "your current one still has",
        _ => "both have",
    }
}

/// "coach and admin".
pub(super) fn roles(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    names.join(" and ")
}

/// `POST /account/link`: whoever has no password, or forgot it, shows who they are by signing in anew.
pub(super) async fn ask_for_link(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::enrolling(&state, &parts).await?;
    inside.check(&form)?;
    let (title, status, detail) = match sign_in::ask_for_own_link(&state.services.db, &inside.signed_in).await? {
        Asking::Taken => {
            let detail = "A link is on its way to you. It should arrive within a minute, and works once, within 15 minutes. \
                          Open it in this browser: it signs you in again, and for ten minutes you can change your account.";
            (CHECK_EMAIL, StatusCode::OK, detail.to_owned())
        }
        Asking::NoAddress => return Err(Failure::not_found().into()),
        Asking::TooMany(seconds) => {
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "Please wait", many_links(seconds));
            return Err(Failure { later: Some(seconds), ..failure }.into());
        }
    };
    Ok(page::message(&state, status, title, &detail)?)
}

/// `POST /account/password`
pub(super) async fn set_password(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => new_password(&state, &inside, &form).await,
        Err(refused) => refuse(&state, &inside, refused).await,
    };
    inside.answered(&state, answer)
}

async fn new_password(state: &HttpState, inside: &Inside, form: &Form) -> Answer {
    let password = form.get("password").unwrap_or_default();
    let (db, gate) = (&state.services.db, &state.services.gate);
    match sign_in::set_password(db, gate, &inside.signed_in, password, &inside.visitor).await {
        Ok(secret) => Ok(to_with(browser::set(state, &secret), state.path("account?done=password"))),
        Err(error) => refuse(state, inside, refused_password(error)?).await,
    }
}

/// `POST /account/address`
pub(super) async fn change_address(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let mut inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let answer = match inside.proved(&state, &form).await? {
        Ok(()) => new_address(&state, &inside, &form).await,
        Err(refused) => refuse(&state, &inside, refused).await,
    };
    inside.answered(&state, answer)
}

async fn new_address(state: &HttpState, inside: &Inside, form: &Form) -> Answer {
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    let asked = Asked { person: inside.signed_in.person, sign_in: Some(inside.signed_in.id) };
    let typed = form.get("email").unwrap_or_default();
    match sign_in::ask_for_address(&mut tx, &state.services.gate, asked, typed, &inside.visitor).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to(state.path("account?done=address")))
        }
        Err(AddressError::Database(error)) => Err(error.into()),
        Err(AddressError::Mail(error)) => Err(error.into()),
        Err(AddressError::Ended) => Err(ended()),
        Err(other) => {
            drop(tx);
            refuse(state, inside, Refused::input(capitalized(&other.to_string()))).await
        }
    }
}

/// `POST /account/sign-ins/{sign_in}/end`
pub(super) async fn end(State(state): State<HttpState>, Path(sign_in): Path<Uuid>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    if !sign_in::end_sign_in(&mut tx, inside.signed_in.person, sign_in, &inside.visitor).await? {
        return Err(Failure::not_found().into());
    }
    tx.commit().await?;
    Ok(to(state.path("account?done=ended")))
}

/// `POST /account/sign-out`
pub(super) async fn sign_out(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::at_all(&state, &parts).await?;
    inside.check(&form)?;
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    sign_in::end_sign_in(&mut tx, inside.signed_in.person, inside.signed_in.id, &inside.visitor).await?;
    tx.commit().await?;
    Ok(to_with(browser::forget(&state), state.path("sign-in")))
}

/// `POST /account/sign-out-everywhere`
pub(super) async fn sign_out_everywhere(State(state): State<HttpState>, parts: Parts, form: Form) -> Answer {
    let inside = Inside::whole(&state, &parts).await?;
    inside.check(&form)?;
    let mut tx = inside.signed_in.enter(&state.services.db).await?;
    sign_in::sign_out_everywhere(&mut tx, inside.signed_in.person, &inside.visitor).await?;
    tx.commit().await?;
    Ok(to_with(browser::forget(&state), state.path("sign-in")))
}
