//! Errors of the pages: for people a page that says what to do, for programs a problem document (RFC 9457).
//!
//! A handler returns a [`Failure`]; the layer [`render`] turns it into one or the other depending on the Accept header.
//! So all errors look the same, including the framework's own.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use debrief_jobs::{db, review::actions::ActionError};
use serde::Serialize;
use serde_json::json;

use super::{HttpState, api::Problem, page};

/// An error as shown to a person.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) title: String,
    pub(super) detail: String,
    /// What the person typed, for copying: nothing typed is lost.
    pub(super) typed: Vec<String>,
    /// What the form was, for sending it again with another token.
    pub(super) again: Option<Box<Again>>,
    /// How many seconds to wait before it's tried again.
    pub(super) later: Option<i32>,
    pub(super) then: Then,
}

/// A form that only lacked the right token: the page has it once more, with one that will do.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Again {
    /// Its fields, with the token.
    pub(super) fields: Vec<(String, String)>,
    /// The Set-Cookie header of the token, if the browser needs one.
    #[serde(skip)]
    pub(super) cookie: Option<String>,
}

/// What helps after a failure.
#[derive(Clone, Debug, Default)]
pub(super) enum Then {
    /// What the page says.
    #[default]
    Nothing,
    /// A new link, which a POST to this path mails.
    FreshLink(String),
    /// Signing in.
    SignIn(Box<WayIn>),
    /// The start page, where one signs out.
    Start,
}

/// Where one signs in.
#[derive(Clone, Debug)]
pub(super) struct WayIn {
    /// The path of the page.
    pub(super) path: String,
    /// The Set-Cookie header that leads on from there.
    pub(super) cookie: String,
}

#[derive(Serialize)]
struct Page<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    typed: &'a [String],
    again: Option<&'a Again>,
    action: &'a str,
    fresh: Option<&'a str>,
    sign_in: Option<&'a str>,
    start: Option<String>,
    style: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, title: impl Into<String>, detail: impl Into<String>) -> Self {
        let (title, detail) = (title.into(), detail.into());
        Self { status, title, detail, typed: Vec::new(), again: None, later: None, then: Then::Nothing }
    }

    /// Something was asked for too often: `detail` says what, and in how many seconds it may be again.
    pub(super) fn too_often(detail: &str, seconds: i32) -> Self {
        let detail = format!("{detail} Try again {}.", wait(seconds));
        Self { later: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Please wait", detail) }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Page not found", "Check that the address is complete.")
    }

    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(target: "http", { error = %error }, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            "Nothing was changed. Go back and try again in a minute. If it keeps happening, tell whoever runs Debrief \
             for you.",
        )
    }

    /// `action` is the path that was asked for.
    fn response(&self, state: &HttpState, action: &str, wants_json: bool) -> Response {
        let mut response = if wants_json { self.problem() } else { self.page(state, action) };
        let cookie = match &self.then {
            Then::SignIn(way) if !wants_json => Some(way.cookie.clone()),
            _ => self.again.as_ref().and_then(|again| again.cookie.clone()),
        };
        let cookie = cookie.and_then(|cookie| cookie.parse().ok());
        response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
        *response.status_mut() = self.status;
        match self.later {
            Some(seconds) => later(response, seconds),
            None => response,
        }
    }

    fn problem(&self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        ([content_type], body.to_string()).into_response()
    }

    fn page(&self, state: &HttpState, action: &str) -> Response {
        let context = Page {
            status: self.status.as_u16(),
            title: &self.title,
            detail: &self.detail,
            typed: &self.typed,
            again: self.again.as_deref(),
            action,
            fresh: if let Then::FreshLink(path) = &self.then { Some(path) } else { None },
            sign_in: if let Then::SignIn(way) = &self.then { Some(&way.path) } else { None },
            start: matches!(self.then, Then::Start).then(|| state.path("")),
            style: page::style_path(state),
        };
        match state.services.desk.post.templates.render("page/error.html", &context) {
            Ok(html) => axum::response::Html(html).into_response(),
            Err(error) => {
                tracing::error!(target: "http", { error = %error }, "the error page did not render");
                format!("{}\n\n{}\n", self.title, self.detail).into_response()
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unstorable(&error) {
            let detail = "Something you typed holds a character that can’t be stored. Nothing was changed.";
            return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Please check this first", detail);
        }
        tracing::error!(target: "http", { error = %error }, "the database did not do what a page needs");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database isn’t responding",
            "Nothing was changed. Go back and try again in a minute.",
        )
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        let detail = capitalized(&error.to_string());
        match error {
            ActionError::NotFound => Self::not_found(),
            ActionError::Conflict { .. }
            | ActionError::NotOpen { .. }
            | ActionError::NotWaiting
            | ActionError::RecipientChanged(_) => Self::new(StatusCode::CONFLICT, "This has changed", detail),
            ActionError::TooLate => Self::new(StatusCode::CONFLICT, "It’s already on its way", detail),
            ActionError::DateIsFixed(_) => Self::new(StatusCode::CONFLICT, "The date can’t be changed", detail),
            ActionError::ImplausibleDate(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Please check the date", detail)
            }
            ActionError::Busy | ActionError::NothingToUndo | ActionError::Unsaved => {
                Self::new(StatusCode::CONFLICT, "Not possible right now", detail)
            }
            ActionError::SpeaksAbout { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Please check this first", detail)
            }
            ActionError::NothingForClient => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "There’s nothing to send", detail)
            }
            ActionError::Invalid(problems) => {
                let problems: Vec<String> = problems.into_iter().map(|problem| problem.problem).collect();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Something is missing", problems.join(" "))
            }
            ActionError::TooMany(seconds) => {
                let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many links requested", detail);
                Self { later: Some(seconds), ..failure }
            }
            ActionError::Database(error) => error.into(),
            ActionError::Mail(problem) => Self::internal(&problem),
        }
    }
}

/// Says in the headers when to try again: the one place for pages and for the API.
pub(super) fn later(mut response: Response, seconds: i32) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
    response
}

/// How long to wait, in words.
pub(super) fn wait(seconds: i32) -> String {
    match (seconds + 59) / 60 {
        ..=1 => "in a minute".into(),
        minutes => format!("in {minutes} minutes"),
    }
}

/// An error's sentence as a page shows it.
pub(super) fn capitalized(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let Some(first) = characters.next() else { return String::new() };
    format!("{}{}.", first.to_uppercase(), characters.as_str().trim_end_matches('.'))
}

/// Renders failures, and gives the framework's own bare errors the same look.
pub(super) async fn render(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/v1/");
    let wants_json = wants_json(request.headers());
    let path = state.path(request.uri().path().trim_start_matches('/'));
    let mut response = next.run(request).await;
    let failure = match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure,
        None if is_bare(&response) => bare(response.status()),
        None => return response,
    };
    if is_api {
        return Problem::of_status(failure.status).into_response();
    }
    let mut shown = failure.response(&state, &path, wants_json);
    // A browser may have got another secret before something failed.
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        shown.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    shown
}

/// An error that isn't one of our pages: the framework's responses are plain text or empty.
pub(super) fn is_bare(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let status = response.status();
    (status.is_client_error() || status.is_server_error())
        && content_type.is_none_or(|value| value.starts_with("text/plain"))
}

fn bare(status: StatusCode) -> Failure {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(status, "That’s too long", "Shorten what you typed and send it again.")
        }
        StatusCode::SERVICE_UNAVAILABLE => Failure::new(
            status,
            "This is taking too long",
            "It may or may not have worked: go back, reload the page and check.",
        ),
        _ if status.is_server_error() => Failure::internal(&status),
        _ => {
            Failure::new(status, "We couldn’t understand this request", "Go back to the page and try again from there.")
        }
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}
