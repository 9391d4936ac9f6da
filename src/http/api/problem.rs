//! What went wrong, for programs: problem documents (RFC 9457) with stable codes.
//!
//! A code never changes its meaning, and a code that is gone isn't given out again. `docs/API.md` lists them; a test keeps
//! the list and [`Code::ALL`] alike.

use std::collections::BTreeSet;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    db,
    goals::GoalError,
    people::PeopleError,
    review::actions::ActionError,
    rights::{Denied, EnterError, KeyError},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{parameters::listed, words};
use crate::http::failure::{capitalized, later};

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// Nothing says who asks.
    NoCredentials,
    /// The key or token is unknown, revoked or expired.
    BadCredentials,
    /// No role of the caller has the right.
    RoleForbids,
    /// The API key lacks the scope.
    ScopeMissing,
    /// There is no such thing, or it isn't the caller's.
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// A browser sent it from another site.
    OtherSite,
    /// The code of the second factor is missing or isn't taken.
    CodeDue,
    /// The body isn't what the endpoint reads.
    UnreadableBody,
    /// The body is too large.
    BodyTooLarge,
    /// The body's media type isn't one that the endpoint reads.
    UnsupportedMediaType,
    /// A query parameter can't be used.
    BadParameter,
    /// The cursor is not one of ours.
    BadCursor,
    /// Some values can't be used; `errors` names them.
    Invalid,
    /// Too many requests.
    TooManyRequests,
    /// The idempotency key can't be used, or was used for another request.
    IdempotencyKey,
    /// The request must say which version it changes.
    MatchRequired,
    /// It has changed since that version.
    VersionChanged,
    /// Another version of the tus protocol.
    OtherTusVersion,
    /// Its state doesn't allow this.
    WrongState,
    /// The recipient isn't the one that was shown.
    RecipientChanged,
    /// Sentences speak about the client instead of to the client.
    SpeaksAboutClient,
    /// Nothing in it is for the client.
    NothingForClient,
    /// Another one has this name or address.
    Taken,
    /// Something else failed here.
    Internal,
    /// The database or the bucket can't be reached.
    Away,
    /// It took too long.
    TimedOut,
    /// The operator hasn't set this up.
    NotSetUp,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 28] = [
        Self::NoCredentials,
        Self::BadCredentials,
        Self::RoleForbids,
        Self::ScopeMissing,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::OtherSite,
        Self::CodeDue,
        Self::UnreadableBody,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::BadParameter,
        Self::BadCursor,
        Self::Invalid,
        Self::TooManyRequests,
        Self::IdempotencyKey,
        Self::MatchRequired,
        Self::VersionChanged,
        Self::OtherTusVersion,
        Self::WrongState,
        Self::RecipientChanged,
        Self::SpeaksAboutClient,
        Self::NothingForClient,
        Self::Taken,
        Self::Internal,
        Self::Away,
        Self::TimedOut,
        Self::NotSetUp,
    ];

    /// Its code, status and title.
    #[must_use]
    pub const fn entry(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::NoCredentials => ("COACH_001", S::UNAUTHORIZED, "Sign in first"),
            Self::BadCredentials => ("COACH_002", S::UNAUTHORIZED, "This key, token or password doesn’t work"),
            Self::RoleForbids => ("COACH_003", S::FORBIDDEN, "Your role doesn’t allow this"),
            Self::ScopeMissing => ("COACH_004", S::FORBIDDEN, "The API key lacks a scope"),
            Self::NotFound => ("COACH_005", S::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => ("COACH_006", S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::OtherSite => ("COACH_007", S::FORBIDDEN, "This came from another site"),
            Self::CodeDue => ("COACH_008", S::UNAUTHORIZED, "The second factor is missing"),
            Self::UnreadableBody => ("COACH_010", S::BAD_REQUEST, "The body can’t be read"),
            Self::BodyTooLarge => ("COACH_011", S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => ("COACH_012", S::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
            Self::BadParameter => ("COACH_013", S::BAD_REQUEST, "A parameter can’t be used"),
            Self::BadCursor => ("COACH_014", S::UNPROCESSABLE_ENTITY, "The cursor can’t be used"),
            Self::Invalid => ("COACH_015", S::UNPROCESSABLE_ENTITY, "Some values can’t be used"),
            Self::TooManyRequests => ("COACH_020", S::TOO_MANY_REQUESTS, "Too many requests"),
            Self::IdempotencyKey => ("COACH_021", S::UNPROCESSABLE_ENTITY, "The idempotency key can’t be used"),
            Self::MatchRequired => ("COACH_030", S::PRECONDITION_REQUIRED, "Say which version you change"),
            Self::VersionChanged => ("COACH_031", S::PRECONDITION_FAILED, "It has changed"),
            Self::OtherTusVersion => ("COACH_032", S::PRECONDITION_FAILED, "Another version of the tus protocol"),
            Self::WrongState => ("COACH_040", S::CONFLICT, "Not possible in this state"),
            Self::RecipientChanged => ("COACH_041", S::CONFLICT, "The recipient has changed"),
            Self::SpeaksAboutClient => {
                ("COACH_042", S::UNPROCESSABLE_ENTITY, "A sentence talks about the client, not to them")
            }
            Self::NothingForClient => ("COACH_043", S::UNPROCESSABLE_ENTITY, "There’s nothing to send"),
            Self::Taken => ("COACH_044", S::CONFLICT, "Already taken"),
            Self::Internal => ("COACH_090", S::INTERNAL_SERVER_ERROR, "Something went wrong"),
            Self::Away => ("COACH_091", S::SERVICE_UNAVAILABLE, "A part of the system isn’t responding"),
            Self::TimedOut => ("COACH_092", S::SERVICE_UNAVAILABLE, "This is taking too long"),
            Self::NotSetUp => ("COACH_093", S::NOT_IMPLEMENTED, "This isn’t set up here"),
        }
    }
}

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
        Self { errors, ..Self::new(Code::Invalid, detail) }.and([])
    }

    /// The same under other names: a field of a page has another one in a body.
    pub(super) fn renamed(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        for error in &mut self.errors {
            if let Some(name) = name(&error.field) {
                error.field = name;
            }
        }
        self.and([])
    }

    /// This and other problems, if all are about values: each is told.
    pub(super) fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        for other in others {
            self.errors.extend(other.errors);
        }
        if let [_, _, ..] = self.errors.as_slice() {
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

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unstorable(&error) {
            return Self::new(Code::Invalid, "A value holds a character that can’t be stored (NUL). Leave it out.");
        }
        if db::is_unusable_value(&error) {
            return Self::new(Code::Invalid, "A value is out of range, such as a day thousands of years away.");
        }
        if !db::is_away(&error) {
            return Self::internal(&error);
        }
        tracing::error!(target: "http", { error = %error }, "the database did not do what a request needs");
        Self::new(Code::Away, "The database isn’t responding. Try again in a minute.")
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::Role(_) | Denied::Setting(_) => Code::RoleForbids,
            Denied::Scope(_) => Code::ScopeMissing,
        };
        Self::new(code, capitalized(&denied.to_string()))
    }
}

impl From<EnterError> for Problem {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Denied(denied) => denied.into(),
            EnterError::Database(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let field = match &error {
            KeyError::Database(_) => None,
            KeyError::Name => Some("name"),
            KeyError::NoScope | KeyError::Scopes { .. } => Some("scopes"),
            KeyError::Expired => Some("expires_at"),
            KeyError::NoPerson => Some("person_id"),
            KeyError::TooMany => return Self::new(Code::WrongState, capitalized(&error.to_string())),
            KeyError::Maker => return Self::new(Code::RoleForbids, capitalized(&error.to_string())),
        };
        match (error, field) {
            (KeyError::Database(error), _) => error.into(),
            (error, field) => Self::invalid(field.unwrap_or_default(), capitalized(&error.to_string())),
        }
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        let detail = capitalized(&error.to_string());
        let code = match error {
            ActionError::NotFound => return Self::not_found(),
            ActionError::Database(error) => return error.into(),
            ActionError::Mail(problem) => return Self::internal(&problem),
            ActionError::Invalid(problems) => {
                let errors: Vec<FieldProblem> = problems
                    .into_iter()
                    .map(|problem| FieldProblem {
                        field: problem.field,
                        problem: capitalized(&words::of_api(&problem.problem)),
                    })
                    .collect();
                return Self::of_fields(errors);
            }
            ActionError::SpeaksAbout { sentences, .. } => {
                let field = |id| FieldProblem { field: format!("claims.{id}"), problem: detail.clone() };
                let errors = sentences.into_iter().map(field).collect();
                return Self { errors, ..Self::new(Code::SpeaksAboutClient, detail) };
            }
            ActionError::Conflict { newest } => {
                let detail =
                    format!("That isn’t the latest version and its content: version {newest} is. Read it again.");
                return Self::new(Code::VersionChanged, detail);
            }
            ActionError::RecipientChanged(change) => {
                let detail = match (&change.shown, &change.now) {
                    (None, _) => {
                        "You sent no `recipient`, or one without an address, and the client has one. Read the letter, and \
                         send the name and the address that it goes to."
                    }
                    (Some(_), None) => {
                        "The client has no address, so nothing is sent. Read the letter again, and send `null` as \
                         `recipient`."
                    }
                    (Some(_), Some(_)) => {
                        "The recipient that you sent isn’t the client’s present name and address. Read the letter again."
                    }
                };
                return Self::new(Code::RecipientChanged, detail);
            }
            ActionError::NothingForClient => Code::NothingForClient,
            ActionError::TooMany(seconds) => return Self::new(Code::TooManyRequests, detail).later(seconds),
            ActionError::ImplausibleDate(_) => return Self::invalid("date", detail),
            ActionError::NotOpen { .. }
            | ActionError::NotWaiting
            | ActionError::TooLate
            | ActionError::DateIsFixed(_)
            | ActionError::Busy
            | ActionError::NothingToUndo
            | ActionError::Unsaved => Code::WrongState,
        };
        Self::new(code, detail)
    }
}

impl From<GoalError> for Problem {
    fn from(error: GoalError) -> Self {
        let detail = capitalized(&error.to_string());
        match (error.field(), error) {
            (_, GoalError::Database(error)) => error.into(),
            (Some(field), _) => Self::invalid(field, detail),
            (None, GoalError::TooMany | GoalError::ClientGone) => Self::new(Code::WrongState, detail),
            (None, _) => Self::new(Code::Invalid, detail),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        let detail = capitalized(&words::of_api(&error.to_string()));
        match error {
            PeopleError::Database(error) => error.into(),
            PeopleError::NoClient { .. }
            | PeopleError::NoCoach(_)
            | PeopleError::NoOrganization(_)
            | PeopleError::NoPerson
            | PeopleError::NoTeam => Self::not_found(),
            PeopleError::ClientGone(_) => Self::new(Code::WrongState, detail),
            PeopleError::TeamExists(_) | PeopleError::PersonExists { .. } => Self::new(Code::Taken, detail),
            PeopleError::LastAdmin | PeopleError::TooManyTeams => Self::new(Code::WrongState, detail),

            PeopleError::EmailTaken { .. } | PeopleError::AddressOfAnother { .. } | PeopleError::HandleTaken(_) => {
                Self::new(Code::Taken, detail)
            }
            PeopleError::CoachBusy(_) | PeopleError::FollowUpsHeld(_) => Self::new(Code::WrongState, detail),
            PeopleError::BadEmail(_) => Self::invalid("email", detail),
            PeopleError::NoName | PeopleError::LongName(_) => Self::invalid("name", detail),
            PeopleError::Unreadable(field) => Self::invalid(field, detail),
            PeopleError::BadAlias { .. } | PeopleError::NoAlias(_) => Self::invalid("aliases", detail),
            PeopleError::BadTimeZone(_) => Self::invalid("time_zone", detail),
            PeopleError::BadGreeting(_) => Self::invalid("greeting", detail),
            _ => Self::new(Code::Invalid, detail),
        }
    }
}
