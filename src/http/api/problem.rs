//! What went wrong, for programs: problem documents (RFC 9457) with stable codes.
//!
//! A code never changes its meaning, and a code that is gone isn't given out again. `docs/API.md` lists them; a test keeps
//! the list and [`Code::ALL`] alike.

mod causes;
mod code;

use std::collections::BTreeSet;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::code::Code;
use super::words::listed;
use crate::http::failure::later;

/// What is said of a value with a NUL, which Postgres stores nowhere.
pub(super) const UNSTORABLE: &str = "A value holds a character that can’t be stored (NUL). Leave it out.";

/// One value that can't be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FieldProblem {
    /// The field.
    pub field: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    /// `urn:debrief:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:debrief:problem:COACH_005")]
    pub kind: String,
    /// What kind of problem it is, in words.
    #[schema(example = "Not found")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// The stable code.
    #[schema(example = "COACH_005")]
    pub code: String,
    /// The values that can't be used, if it's about values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// Why a request wasn't carried out; nothing of it happened.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldProblem>,
    headers: Vec<(HeaderName, String)>,
    later: Option<i32>,
}

impl Problem {
    /// A problem, told in a sentence.
    pub(in crate::http) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), later: None }
    }

    pub(in crate::http) fn not_found() -> Self {
        Self::new(Code::NotFound, "There’s nothing here that you can see. Check the id.")
    }

    /// One value that can't be used.
    pub(in crate::http) fn invalid(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let errors = vec![FieldProblem { field: field.to_owned(), problem: problem.clone() }];
        Self { errors, ..Self::new(Code::Invalid, problem) }
    }

    /// A query parameter that can't be used; `problem` goes on after its name.
    pub(super) fn parameter(name: &str, problem: &str) -> Self {
        Self::new(Code::BadParameter, format!("`{name}` {problem}.")).with_fields([(name, format!("It {problem}."))])
    }

    /// Names the values that it is about, each with what is wrong with it.
    pub(super) fn with_fields<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let field = |(field, problem): (&str, String)| FieldProblem { field: field.to_owned(), problem };
        self.errors.extend(fields.into_iter().map(field));
        self
    }

    /// Values that can't be used.
    fn of_fields(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.first().map_or_else(String::new, |first| first.problem.clone());
        Self { errors, ..Self::new(Code::Invalid, detail) }.with_all_named()
    }

    /// The same under other names: a field of a page has another one in a body.
    pub(super) fn renamed(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        for error in &mut self.errors {
            if let Some(name) = name(&error.field) {
                error.field = name;
            }
        }
        self.with_all_named()
    }

    /// One problem of several that are about values, if there are any: each is told.
    pub(super) fn of_all(problems: Vec<Self>) -> Result<(), Self> {
        let mut problems = problems.into_iter();
        let Some(mut first) = problems.next() else { return Ok(()) };
        first.errors.extend(problems.flat_map(|other| other.errors));
        Err(first.with_all_named())
    }

    /// With a sentence that names the values, if there are several that can't be used.
    fn with_all_named(mut self) -> Self {
        if let (Code::Invalid, [_, _, ..]) = (self.code, self.errors.as_slice()) {
            let fields: BTreeSet<&str> = self.errors.iter().map(|error| error.field.as_str()).collect();
            self.detail = format!("These can’t be used: {}. `errors` says why.", listed(fields));
        }
        self
    }

    pub(in crate::http) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(target: "http", { error = %error }, "a request failed");
        Self::new(Code::Internal, "Try again in a minute; if it keeps happening, tell the operator.")
    }

    pub(in crate::http) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// May be tried again after so many seconds.
    pub(in crate::http) fn later(self, seconds: i32) -> Self {
        Self { later: Some(seconds), ..self }
    }

    /// What is wrong and what to do, for a reader who sees nothing but this.
    pub(in crate::http) fn sentence(&self) -> String {
        let (code, ..) = self.code.entry();
        let fields = self.errors.iter().filter(|error| error.problem != self.detail);
        let fields: String = fields.map(|error| format!(" {}: {}", error.field, error.problem)).collect();
        let remedy = match self.code {
            Code::RoleForbids | Code::ScopeMissing => {
                " Tell the person who set this up: an admin or `debrief keys create` makes a key that may."
            }
            _ => "",
        };
        format!("{}{fields}{remedy} ({code})", self.detail)
    }

    /// For a bare answer of the framework.
    pub(in crate::http) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(Code::NotFound, "There is no such path; /v1/openapi.json lists them."),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(Code::MethodNotAllowed, "The path doesn’t have this method."),
            StatusCode::FORBIDDEN => Self::new(
                Code::OtherSite,
                "A browser sent this from a page of another site. Call the API from a server.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Code::BodyTooLarge, "Send less at a time."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(Code::UnsupportedMediaType, "Send JSON with Content-Type: application/json.")
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => {
                Self::new(Code::TimedOut, "It may or may not have happened: look before you try again.")
            }
            status if status.is_server_error() => Self::internal(&status),
            _ => Self::new(Code::UnreadableBody, "The request can’t be understood."),
        }
    }
}

impl Problem {
    /// As it's told, within another answer too.
    pub(super) fn document(&self) -> Document {
        let (code, status, title) = self.code.entry();
        Document {
            kind: format!("urn:debrief:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            code: code.to_owned(),
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (_, status, _) = self.code.entry();
        let document = self.document();
        let body = serde_json::to_string(&document).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        match self.later {
            Some(seconds) => later(response, seconds),
            None => response,
        }
    }
}
