//! The cookies of this part: that of a sign-in, and that of the forms of whoever isn't signed in.

use axum::http::{HeaderMap, request::Parts};
use debrief_jobs::{
    audit::Visitor,
    secret::Secret,
    sign_in::{self, Lacks, SignedIn},
};

use super::Turn;
use crate::http::{HttpState, failure::Failure, form::Form, guard};

const RELOAD: &str = "Nothing was changed. Go back, reload the page and send it from there. If that doesn’t help, let your \
    browser keep cookies for this site.";

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
    let name = format!("{}debrief-form", guard::host_prefix(state));
    match guard::cookie(headers, &name) {
        Some(held) if held.reveal().len() >= 40 => (held, None),
        _ => {
            let secret = Secret::random();
            let cookie = guard::bake(state, name, &secret, None);
            (secret, Some(cookie))
        }
    }
}

/// Checks that a form was shown in this browser, in which nobody is signed in.
pub(super) fn check_visitor(state: &HttpState, parts: &Parts, form: &Form) -> Result<(), Failure> {
    let (secret, _) = visitor_secret(state, &parts.headers);
    guard::check_token(&secret.form_token(), form.get("form_token"), RELOAD)
}

/// Somebody who is signed in, on a page.
pub(super) struct Inside {
    pub(super) signed_in: SignedIn,
    pub(super) form_token: String,
    pub(super) visitor: Visitor,
}

impl Inside {
    /// Whoever is signed in, whatever the sign-in still lacks; else a way to the sign-in page.
    pub(super) async fn at_all(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        let away = || Turn::To(state.path("sign-in"));
        let secret = held(state, &parts.headers).ok_or_else(away)?;
        let signed_in = sign_in::look(&state.services.db, &secret).await?.ok_or_else(away)?;
        let visitor = signed_in.visitor(guard::visitor(&parts.extensions, &parts.headers, None));
        Ok(Self { signed_in, form_token: secret.form_token(), visitor })
    }

    /// Whoever is signed in and lacks nothing.
    pub(super) async fn whole(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        let inside = Self::enrolling(state, parts).await?;
        match inside.signed_in.lacks {
            None => Ok(inside),
            Some(_) => Err(Turn::To(state.path("account/second-factor"))),
        }
    }

    /// Whoever is signed in, and lacks no more than a second factor that the organization wants.
    pub(super) async fn enrolling(state: &HttpState, parts: &Parts) -> Result<Self, Turn> {
        let inside = Self::at_all(state, parts).await?;
        match inside.signed_in.lacks {
            Some(Lacks::Code) => Err(Turn::To(state.path("sign-in/code"))),
            _ => Ok(inside),
        }
    }

    /// Checks that a form was shown to this sign-in.
    pub(super) fn check(&self, form: &Form) -> Result<(), Failure> {
        guard::check_token(&self.form_token, form.get("form_token"), RELOAD)
    }

    /// Whether the person has just shown who they are: in signing in, or with the password in the form. Else a sentence
    /// that says what to do.
    pub(super) async fn proved(&self, state: &HttpState, form: &Form) -> Result<Result<(), String>, Turn> {
        if self.signed_in.is_fresh {
            return Ok(Ok(()));
        }
        let again = "You signed in a while ago: sign out, sign in again, and do it then.";
        let Some(typed) = form.get("current").filter(|typed| !typed.is_empty()) else {
            return Ok(Err(again.to_owned()));
        };
        let db = &state.services.db;
        Ok(match sign_in::is_own(db, &self.signed_in, typed, &self.visitor).await? {
            Ok(true) => {
                let mut tx = self.signed_in.enter(db).await?;
                sign_in::prove(&mut tx, self.signed_in.id).await?;
                debrief_jobs::db::Tx::commit(tx).await?;
                Ok(())
            }
            Ok(false) => Err("That isn’t your password.".to_owned()),
            Err(seconds) => Err(format!("There were too many attempts. Try again {}.", super::wait(seconds))),
        })
    }
}
