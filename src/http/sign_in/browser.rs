//! The cookies of this part: that of a sign-in, and that of the forms of whoever isn't signed in.

use axum::{
    http::{HeaderMap, header, request::Parts},
    response::IntoResponse,
};
use debrief_jobs::{
    audit::Visitor,
    secret::Secret,
    sign_in::{self, Account, Lacks, Proof, Provider, SignedIn},
};
use serde::Serialize;

use super::{Answer, Refused, Turn};
use crate::http::{HttpState, failure::Failure, form::Form, guard, onward};

/// The secret of the browser's sign-in, whether or not it's still worth anything.
pub(super) fn held(state: &HttpState, headers: &HeaderMap) -> Option<Secret> {
    guard::cookie(headers, &guard::sign_in_cookie(state))
}

/// The Set-Cookie header of a sign-in. The database knows when it ends.
pub(super) fn set(state: &HttpState, secret: &Secret) -> String {
    guard::bake(state, guard::sign_in_cookie(state), secret, Some(cookie::time::Duration::days(400)))
}

/// The Set-Cookie header that makes the browser forget its sign-in.
pub(super) fn forget(state: &HttpState) -> String {
    guard::bake(state, guard::sign_in_cookie(state), &Secret::from_cookie(""), Some(cookie::time::Duration::ZERO))
}

/// The secret of the forms in a browser in which nobody is signed in, and its Set-Cookie header if it's new.
pub(super) fn visitor_secret(state: &HttpState, headers: &HeaderMap) -> (Secret, Option<String>) {
    held_visitor_secret(state, headers).map_or_else(
        || {
            let secret = Secret::random();
            let cookie = guard::bake(state, visitor_cookie(state), &secret, None);
            (secret, Some(cookie))
        },
        |held| (held, None),
    )
}

/// The secret of the forms in this browser, if it has one.
pub(super) fn held_visitor_secret(state: &HttpState, headers: &HeaderMap) -> Option<Secret> {
    guard::cookie(headers, &visitor_cookie(state)).filter(|held| held.reveal().len() >= 40)
}

fn visitor_cookie(state: &HttpState) -> String {
    format!("{}debrief-form", guard::host_prefix(state))
}

/// Checks that a form was shown in this browser, in which nobody is signed in.
pub(super) fn check_visitor(state: &HttpState, parts: &Parts, form: &Form) -> Result<(), Failure> {
    let (secret, cookie) = visitor_secret(state, &parts.headers);
    guard::check_token(&secret.form_token(), form).map_err(|mut failure| {
        failure.detail = "Nothing happened yet: this page was shown before your browser was closed, or your browser keeps no cookies \
                          for this site, which signing in needs. Go back, reload the page and send it from there."
            .into();
        if let Some(again) = &mut failure.again {
            again.cookie = cookie;
        }
        failure
    })
}

/// Somebody who is signed in, on a page.
pub(super) struct Inside {
    pub(super) signed_in: SignedIn,
    pub(super) form_token: String,
    pub(super) visitor: Visitor,
    /// Whether the person came to sign in for a review, to which the start page leads on.
    pub(super) onward: bool,
    /// The secret that the browser has from now on, if it got another one on the way.
    renewed: Option<Secret>,
}

impl Inside {
    /// Whoever is signed in, whatever the sign-in still lacks; `None` if nobody is.
    pub(super) async fn found(state: &HttpState, parts: &Parts) -> Result<Option<Self>, Turn> {
        let Some(secret) = held(state, &parts.headers) else { return Ok(None) };
        let Some(signed_in) = sign_in::look(&state.services.db, &state.services.gate, &secret).await? else {
            return Ok(None);
        };
        let visitor = signed_in.visitor(guard::visitor(&parts.extensions, &parts.headers, None));
        let onward = onward::wanted(state, &parts.headers).is_some();
        Ok(Some(Self { signed_in, form_token: secret.form_token(), visitor, onward, renewed: None }))
    }

    /// Whoever is signed in, whatever the sign-in still lacks; else a way to the sign-in page.
    pub(super) async fn at_all(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        Self::found(state, parts).await?.ok_or_else(|| Turn::To(state.path("sign-in")))
    }

    /// Whoever is signed in and lacks nothing.
    pub(super) async fn whole(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        Self::at_all(state, parts).await?.with_all(state)
    }

    /// Whoever is signed in, and lacks no more than a second factor that the organization wants, and has none.
    pub(super) async fn enrolling(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        Self::at_all(state, parts).await?.with_code(state)
    }

    /// Itself if it lacks nothing, else a way to what it lacks.
    pub(super) fn with_all(self, state: &HttpState) -> Result<Self, Turn> {
        let inside = self.with_code(state)?;
        match inside.signed_in.lacks {
            None => Ok(inside),
            Some(_) => Err(Turn::To(state.path("account/second-factor"))),
        }
    }

    /// Itself if nothing is to be shown, else a way to where it is.
    fn with_code(self, state: &HttpState) -> Result<Self, Turn> {
        match self.signed_in.lacks {
            Some(Lacks::Code | Lacks::Passkey) => Err(Turn::To(state.path("sign-in/code"))),
            _ => Ok(self),
        }
    }

    /// Checks that a form was shown to this sign-in.
    pub(super) fn check(&self, form: &Form) -> Result<(), Failure> {
        guard::check_token(&self.form_token, form)
    }

    /// How the forms of the account have the person show who they are; `provider` is the organization's.
    pub(super) fn proof(&self, person: &Account, provider: Option<&Provider>) -> Proving {
        match (self.signed_in.is_fresh, person.password_since) {
            (true, _) => Proving::Done,
            (false, _) if provider.is_some_and(Provider::is_required) => Proving::ByProvider,
            (false, Some(_)) => Proving::ByPassword,
            (false, None) => Proving::ByLink,
        }
    }

    /// Whether the person has just shown who they are: in signing in, or with the password in the form. Else what to do.
    /// With the password comes another secret for the browser: the answer goes through [`Inside::answered`].
    pub(super) async fn proved(&mut self, state: &HttpState, form: &Form) -> Result<Result<(), Refused>, Turn> {
        if self.signed_in.is_fresh {
            return Ok(Ok(()));
        }
        let mut tx = self.signed_in.enter(&state.services.db).await?;
        let gate = &state.services.gate;
        let provider = sign_in::only_way(&mut tx, gate).await?;
        let typed = form.get("current").filter(|typed| !typed.is_empty());
        let (None, Some(typed)) = (provider, typed) else {
            let person = sign_in::account(&mut tx, self.signed_in.person).await?.ok_or_else(Failure::not_found)?;
            let passkeys = sign_in::usable_passkeys(&mut tx, gate, person.id).await?;
            let ways = ways(&person, passkeys, provider);
            return Ok(Err(Refused::input(format!("You signed in a while ago. First confirm that it’s you: {ways}."))));
        };
        drop(tx);
        Ok(match sign_in::prove(&state.services.db, &self.signed_in, typed, &self.visitor).await? {
            Proof::Proved(secret) => {
                self.form_token = secret.form_token();
                self.signed_in.is_fresh = true;
                self.renewed = Some(secret);
                Ok(())
            }
            Proof::Wrong => Err(Refused::input("That isn’t your password.")),
            Proof::TooMany(seconds) => Err(Refused::too_many("There were too many attempts.", seconds)),
            Proof::Busy => Err(Refused::busy()),
            Proof::Ended => return Err(super::ended()),
        })
    }

    /// The answer with the browser's new secret, if it got one and the answer has no newer one. Errors have it as well.
    pub(super) fn answered(&self, state: &HttpState, answer: Answer) -> Answer {
        let Some(secret) = &self.renewed else { return answer };
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        if !response.headers().contains_key(header::SET_COOKIE)
            && let Ok(cookie) = set(state, secret).parse()
        {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// By what a person may confirm that it's them, in words.
fn ways(person: &Account, passkeys: usize, only_way: Option<&Provider>) -> String {
    if let Some(provider) = only_way {
        return format!("with {}", provider.label());
    }
    let ways = [
        (person.password_since.is_some(), "with your password"),
        (passkeys > 0, "with a passkey"),
        (true, "with a link that we email you"),
    ];
    let ways: Vec<&str> = ways.into_iter().filter_map(|(has, way)| has.then_some(way)).collect();
    ways.join(", or ")
}

/// What the forms of an account want before they change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Proving {
    /// Nothing: the person has just shown who they are.
    Done,
    /// The password.
    ByPassword,
    /// To sign in anew by a mailed link: there is no password.
    ByLink,
    /// To sign in anew with the organization's identity provider: there is no other way.
    ByProvider,
}

impl Proving {
    /// Whether a passkey does as well.
    pub(super) const fn takes_a_passkey(self) -> bool {
        matches!(self, Self::ByPassword | Self::ByLink)
    }
}

/// How the organization's identity provider stands to the other ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// There is none, or there are other ways too.
    OneOfSeveral,
    /// It's the only way; a second factor is ours.
    Alone,
    /// It's the only way, and asks for the second factor as well.
    AloneWithFactor,
}

impl Standing {
    pub(super) fn of(provider: Option<&Provider>) -> Self {
        match provider.filter(|provider| provider.is_required()) {
            None => Self::OneOfSeveral,
            Some(provider) if provider.asks_for_factor() => Self::AloneWithFactor,
            Some(_) => Self::Alone,
        }
    }
}
