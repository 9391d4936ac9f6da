//! Signing in, and one's own account.
//!
//! ```text
//! enter    /sign-in  /sign-in/link/{token}  /invitation/{token}
//! code     /sign-in/code
//! account  /account  and its forms: address, password, sign-ins
//! factor   /account/second-factor
//! passkeys /sign-in/passkey  /account/passkeys
//! address  /address/{token}
//! provider /sign-in/with/{provider}  /account/provider
//! start    /
//! browser  the cookies, and who is signed in
//! ```
//!
//! Each GET changes nothing but the cookie of its forms. Each POST has the token of the browser that it was shown in, is
//! one action in one transaction, and ends in a redirect. What is refused is shown on the same page, with what to do.

mod account;
mod address;
mod browser;
mod code;
mod enter;
mod factor;
mod passkeys;
mod provider;
mod start;

use axum::{
    Router,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use debrief_jobs::mail::MailError;

use super::{
    HttpState,
    failure::{self, Failure, wait},
};

/// The routes of signing in and of the account.
pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/", get(start::show))
        .route("/sign-in", get(enter::show))
        .route("/sign-in/link", post(enter::ask))
        .route("/sign-in/password", post(enter::by_password))
        .route("/sign-in/link/{token}", get(enter::show_link).post(enter::open_link))
        .route("/sign-in/code", get(code::show).post(code::type_code))
        .route("/sign-in/with/{provider}", get(provider::show).post(provider::begin))
        .route("/sign-in/with/{provider}/answer", get(provider::answer))
        .route("/invitation/{token}", get(enter::show_invitation).post(enter::accept))
        .route("/address/{token}", get(address::show).post(address::decide))
        .route("/account", get(account::show))
        .route("/account/link", post(account::ask_for_link))
        .route("/account/provider", post(provider::begin_anew))
        .route("/account/address", post(account::change_address))
        .route("/account/password", post(account::set_password))
        .route("/account/sign-ins/{sign_in}/end", post(account::end))
        .route("/account/sign-out", post(account::sign_out))
        .route("/account/sign-out-everywhere", post(account::sign_out_everywhere))
        .route("/account/second-factor", get(factor::show))
        .route("/account/second-factor/start", post(factor::start))
        .route("/account/second-factor/confirm", post(factor::confirm))
        .route("/account/second-factor/codes", post(factor::new_codes))
        .route("/account/second-factor/remove", post(factor::remove))
        .route("/sign-in/passkey/ask", post(passkeys::ask_to_enter))
        .route("/sign-in/passkey", post(passkeys::enter))
        .route("/account/passkeys/ask-to-show", post(passkeys::ask_to_show))
        .route("/account/passkeys/show", post(passkeys::show))
        .route("/account/passkeys/ask-to-add", post(passkeys::ask_to_add))
        .route("/account/passkeys", post(passkeys::add))
        .route("/account/passkeys/{passkey}/rename", post(passkeys::rename))
        .route("/account/passkeys/{passkey}/remove", post(passkeys::remove))
}

type Answer = Result<Response, Turn>;

/// Why a page isn't shown.
enum Turn {
    /// Something is wrong.
    Failure(Failure),
    /// Another page comes first.
    To(String),
}

impl IntoResponse for Turn {
    fn into_response(self) -> Response {
        match self {
            Self::Failure(failure) => failure.into_response(),
            Self::To(path) => to(path),
        }
    }
}

impl From<Failure> for Turn {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<sqlx::Error> for Turn {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<MailError> for Turn {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Database(error) => error.into(),
            other => Self::Failure(Failure::internal(&other)),
        }
    }
}

/// Why a form isn't taken: shown on its page, with what to do.
struct Refused {
    status: StatusCode,
    problem: String,
    /// How long to wait, in seconds.
    later: Option<i32>,
}

impl Refused {
    /// What was typed isn't right.
    fn input(problem: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problem: problem.into(), later: None }
    }

    /// It was tried too often; `problem` says what.
    fn too_many(problem: &str, seconds: i32) -> Self {
        let problem = format!("{problem} Try again {}.", wait(seconds));
        Self { status: StatusCode::TOO_MANY_REQUESTS, problem, later: Some(seconds) }
    }

    /// Too many passwords are hashed at this moment; nothing was checked.
    fn busy() -> Self {
        let problem = "Too many people are signing in at this moment. Try again in a few seconds.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, problem, later: Some(5) }
    }

    /// What was typed can't be checked here.
    fn unchecked(problem: &str) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, problem: problem.to_owned(), later: None }
    }

    /// Renders a page with what is wrong on it, if anything is.
    fn shown(
        refused: Option<Self>,
        render: impl FnOnce(StatusCode, Option<String>) -> Result<Response, Failure>,
    ) -> Answer {
        let Some(Self { status, problem, later }) = refused else { return Ok(render(StatusCode::OK, None)?) };
        let page = render(status, Some(problem))?;
        Ok(match later {
            Some(seconds) => failure::later(page, seconds),
            None => page,
        })
    }
}

/// The sign-in has ended since the page was shown.
fn ended() -> Turn {
    let detail = "Nothing was changed. Sign in again and try once more.";
    Failure::new(StatusCode::UNAUTHORIZED, "This sign-in has ended", detail).into()
}

/// A redirect.
fn to(path: String) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

/// A redirect that also sets a cookie.
fn to_with(cookie: String, path: String) -> Response {
    let headers: [(HeaderName, String); 2] = [(header::SET_COOKIE, cookie), (header::LOCATION, path)];
    (StatusCode::SEE_OTHER, headers).into_response()
}
