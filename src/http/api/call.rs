//! A request to the API: who asks, within which limit, and the transaction that it gets.
//!
//! [`admit`] is the layer in front of every endpoint: it knows the caller by an API key or an access token
//! (`Authorization: Bearer`) and counts the request. An endpoint begins with [`Call::read`] or [`Call::change`] and ends with [`Call::shown`] or
//! [`Call::done`], which add the audit entry in the same transaction. A repeated request changes nothing and has its entry
//! already. Assistants ([`crate::http::mcp`])
//! are let in, counted and noted by the same functions.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use debrief_jobs::{
    audit::{self, Event, EventKind, Visitor},
    db::{Db, TenantTx, Tx},
    limits::{self, Left, Limit},
    rights::{self, Caller, KeyText, Right},
    sign_in::{self, OfToken},
};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Settings,
    again::{self, Before},
    input::List,
    problem::{Code, Problem},
};
use crate::http::{HttpState, guard};

/// What an endpoint gives.
pub(super) type Answer = Result<Response, Stop>;

/// Why an endpoint ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something is wrong.
    Problem(Box<Problem>),
    /// The request was carried out before: this was its answer.
    Again(Box<Response>),
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Again(response) => *response,
        }
    }
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Problem(Box::new(error.into()))
    }
}

/// Lets a caller in, and counts the request.
pub(in crate::http) async fn admit(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let visitor = guard::visitor(request.extensions(), request.headers(), None);
    // No reference to the request is held while the database is asked.
    let sent = request.headers().get(header::AUTHORIZATION).cloned();
    let caller = match known(&state, sent, visitor).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let left = match count(&state.services.db, &state.api, &caller).await {
        Ok(left) => left,
        Err(error) => return Problem::from(error).into_response(),
    };
    let mut response = if left.allowed {
        let account = caller.account();
        request.extensions_mut().insert(Arc::new(caller));
        let response = next.run(request).await;
        note_refusal(&response, account);
        response
    } else {
        guard::note_refused("api_limit");
        too_many(left).into_response()
    };
    tell_limit(response.headers_mut(), left);
    response
}

/// Notes what a known caller was refused: a right that it lacks, or something that isn't there, or isn't for this caller.
fn note_refusal(response: &Response, account: Uuid) {
    match response.status() {
        StatusCode::FORBIDDEN => guard::note_refused_to("right", account),
        StatusCode::NOT_FOUND => guard::note_refused_to("absent", account),
        _ => {}
    }
}

/// Counts a request of a caller. A person's keys share one limit; a key of the organization has its own.
pub(in crate::http) async fn count(db: &Db, settings: &Settings, caller: &Caller) -> Result<Left, sqlx::Error> {
    let most = i32::try_from(settings.requests_per_minute).unwrap_or(i32::MAX);
    let limit = Limit { name: "api", most, seconds: 60 };
    limits::count(db, limit, &caller.account().to_string()).await
}

/// Whoever asks.
async fn known(state: &HttpState, sent: Option<HeaderValue>, visitor: Visitor) -> Result<Caller, Problem> {
    let Some(sent) = sent else {
        return Err(Problem::new(
            Code::NoCredentials,
            "Send an API key in the header Authorization: Bearer dbk_…; an admin or `debrief keys create` makes one.",
        ));
    };
    let services = &state.services;
    let text = sent.to_str().ok().and_then(bearer).unwrap_or_default();
    let found = match KeyText::parse(text) {
        Some(key) => {
            let caller = rights::signed_in(&services.db, &key, visitor.clone()).await?;
            caller.map_or(OfToken::Unknown, |caller| OfToken::Caller(Box::new(caller)))
        }
        None => sign_in::find_by_token(&services.db, &services.gate, text, visitor.clone()).await?,
    };
    match found {
        OfToken::Caller(caller) => return Ok(*caller),
        // Each access token ends so, and its program comes with it once more.
        OfToken::Old => {}
        OfToken::Unknown => count_guess(state, &visitor, "unknown_key").await?,
    }
    let detail = if text.starts_with(KeyText::PREFIX) {
        "The key is unknown, revoked or expired. Check that all of it was copied."
    } else {
        "The token is unknown or expired, or its sign-in has ended. Check that all of it was copied; get a new one with \
         POST /v1/auth/refresh."
    };
    Err(Problem::new(Code::BadCredentials, detail))
}

/// Counts what was none of ours; whoever tries too many has to wait.
pub(super) async fn count_guess(state: &HttpState, visitor: &Visitor, kind: &'static str) -> Result<(), Problem> {
    guard::note_refused(kind);
    let address = visitor.address.as_deref().unwrap_or_default();
    let left = limits::count(&state.services.db, limits::GUESSES, address).await?;
    if left.allowed { Ok(()) } else { Err(too_many(left)) }
}

/// The scheme's name is case-insensitive (RFC 9110).
pub(super) fn bearer(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

/// Counts a refinement, which asks a language model.
pub(in crate::http) async fn count_refinement(db: &Db, caller: &Caller) -> Result<(), Problem> {
    let left = limits::count(db, limits::REFINEMENTS, &caller.account().to_string()).await?;
    if left.allowed {
        return Ok(());
    }
    guard::note_refused_to(left.limit.name, caller.account());
    Err(too_many(left))
}

pub(in crate::http) fn too_many(left: Left) -> Problem {
    let detail = format!("{} requests per {} seconds are allowed.", left.limit.most, left.limit.seconds);
    Problem::new(Code::TooManyRequests, detail).later(left.seconds)
}

/// As draft-ietf-httpapi-ratelimit-headers names them.
fn tell_limit(headers: &mut HeaderMap, left: Left) {
    let policy = format!("\"{}\";q={};w={}", left.limit.name, left.limit.most, left.limit.seconds);
    let now = format!("\"{}\";r={};t={}", left.limit.name, left.requests, left.seconds);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", now)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// What a request is about, for the audit.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct About {
    pub(in crate::http) session: Option<Uuid>,
    pub(in crate::http) summary: Option<Uuid>,
    pub(in crate::http) client: Option<Uuid>,
    /// How many things a list shows.
    pub(in crate::http) count: Option<usize>,
    /// Another thing.
    pub(in crate::http) other: Option<Uuid>,
}

impl About {
    pub(in crate::http) fn session(id: Uuid) -> Self {
        Self { session: Some(id), ..Self::default() }
    }

    pub(in crate::http) fn summary(session: Uuid, summary: Uuid) -> Self {
        Self { session: Some(session), summary: Some(summary), ..Self::default() }
    }

    pub(in crate::http) fn client(id: Uuid) -> Self {
        Self { client: Some(id), ..Self::default() }
    }

    pub(in crate::http) fn list(count: usize) -> Self {
        Self { count: Some(count), ..Self::default() }
    }

    pub(in crate::http) fn other(id: Uuid) -> Self {
        Self { other: Some(id), ..Self::default() }
    }
}

/// One request by a known caller.
pub(super) struct Call {
    pub(super) state: HttpState,
    pub(super) caller: Arc<Caller>,
    method: Method,
    /// The path's pattern, such as `/v1/sessions/{id}`.
    route: String,
    uri: Uri,
    idempotency_key: Option<String>,
    if_match: Option<String>,
}

impl FromRequestParts<HttpState> for Call {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Stop> {
        let missing = || Problem::internal(&"an endpoint is outside of `admit`");
        let caller = parts.extensions.get::<Arc<Caller>>().cloned().ok_or_else(missing)?;
        // A header that isn't ASCII is no header that is missing.
        let named = |name: &'static str| parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(Self {
            state: state.clone(),
            caller,
            method: parts.method.clone(),
            route: parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned()),
            uri: parts.uri.clone(),
            idempotency_key: named("idempotency-key").map(Cow::into_owned),
            if_match: named("if-match").map(Cow::into_owned),
        })
    }
}

impl Call {
    /// The list that is asked for.
    pub(super) fn list(&self) -> List {
        List::at(&self.uri)
    }

    /// Begins to read what `right` reaches.
    pub(super) async fn read(&self, right: Right) -> Result<TenantTx, Stop> {
        Ok(self.caller.enter(&self.state.services.db, right).await?)
    }

    /// Begins to change something. `body` is the SHA-256 of the request's body. A request with an `Idempotency-Key` that
    /// was carried out before ends here, with the same answer.
    pub(super) async fn change(&self, right: Right, body: &[u8]) -> Result<TenantTx, Stop> {
        let mut tx = self.caller.enter(&self.state.services.db, right).await?;
        if let Some(key) = &self.idempotency_key {
            let path = self.uri.path_and_query().map_or("", PathAndQuery::as_str);
            let request = again::fingerprint(&self.method, path, body);
            match again::begin(&mut tx, self.id(), key, &request).await? {
                Before::Never => {}
                Before::Answered(response) => return Err(Stop::Again(response)),
            }
        }
        Ok(tx)
    }

    /// Ends a read: notes it, and shows `value`.
    pub(super) async fn shown<T: Serialize>(&self, mut tx: TenantTx, about: About, value: &T) -> Answer {
        self.note(&mut tx, EventKind::Read, about).await?;
        tx.commit().await?;
        Ok(json_response(StatusCode::OK, value)?)
    }

    /// Ends a read of something that isn't JSON.
    pub(super) async fn noted(&self, mut tx: TenantTx, about: About) -> Result<(), Stop> {
        self.note(&mut tx, EventKind::Read, about).await?;
        Ok(tx.commit().await?)
    }

    /// Ends one of several changes of a request.
    pub(super) async fn changed(&self, mut tx: TenantTx, about: About) -> Result<(), Stop> {
        self.note(&mut tx, EventKind::Changed, about).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a change: notes it, keeps the answer for a repeated request, and commits all of it together.
    pub(super) async fn done<T: Serialize>(
        &self,
        mut tx: TenantTx,
        about: About,
        status: StatusCode,
        value: &T,
        headers: &[(HeaderName, String)],
    ) -> Answer {
        self.note(&mut tx, EventKind::Changed, about).await?;
        self.ended(tx, status, value, headers).await
    }

    /// Ends a change that is noted already.
    pub(super) async fn ended<T: Serialize>(
        &self,
        mut tx: TenantTx,
        status: StatusCode,
        value: &T,
        headers: &[(HeaderName, String)],
    ) -> Answer {
        let body = match status {
            StatusCode::NO_CONTENT => Vec::new(),
            _ => serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?,
        };
        if let Some(key) = &self.idempotency_key {
            again::keep(&mut tx, self.id(), key, status, headers, &body).await?;
        }
        tx.commit().await?;
        Ok(again::response(status, headers, body))
    }

    /// Ends a change whose answer holds a secret: what is kept for a repeated request is `kept`, without it.
    pub(super) async fn done_once<T: Serialize>(
        &self,
        mut tx: TenantTx,
        about: About,
        status: StatusCode,
        value: &T,
        kept: &T,
    ) -> Answer {
        self.note(&mut tx, EventKind::Changed, about).await?;
        if let Some(key) = &self.idempotency_key {
            let kept = serde_json::to_vec(kept).map_err(|error| Problem::internal(&error))?;
            again::keep(&mut tx, self.id(), key, status, &[], &kept).await?;
        }
        tx.commit().await?;
        Ok(json_response(status, value)?)
    }

    /// Checks the version that a change is for.
    pub(super) fn must_match(&self, current: &str) -> Result<(), Problem> {
        let Some(given) = &self.if_match else {
            let detail = "Send the ETag of what you read in the header If-Match, so that nobody’s change is lost.";
            return Err(Problem::new(Code::MatchRequired, detail).with_header(header::ETAG, current));
        };
        let is_given = given.trim() == "*" || given.split(',').any(|tag| tag.trim() == current);
        is_given.then_some(()).ok_or_else(|| {
            let detail = "Somebody changed it in the meantime. Read it again, and apply your change to that.";
            Problem::new(Code::VersionChanged, detail).with_header(header::ETAG, current)
        })
    }

    /// Whether it has an `Idempotency-Key`.
    pub(super) const fn is_repeatable(&self) -> bool {
        self.idempotency_key.is_some()
    }

    /// Of whom idempotency keys are: the key or the sign-in.
    fn id(&self) -> Uuid {
        self.caller.via.id()
    }

    async fn note(&self, tx: &mut TenantTx, kind: EventKind, about: About) -> Result<(), sqlx::Error> {
        note(tx, &self.caller.visitor, kind, &format!("{} {}", self.method, self.route), about).await
    }
}

/// Adds the audit entry of a request, in the transaction of what it read or changed.
pub(in crate::http) async fn note(
    tx: &mut TenantTx,
    visitor: &Visitor,
    kind: EventKind,
    operation: &str,
    about: About,
) -> Result<(), sqlx::Error> {
    let mut detail = json!({ "operation": operation });
    if let Some(count) = about.count {
        detail["count"] = count.into();
    }
    if let Some(other) = about.other {
        detail["id"] = other.to_string().into();
    }
    let event = Event {
        session_id: about.session,
        summary_id: about.summary,
        client_id: about.client,
        detail,
        ..Event::about_nobody(kind)
    };
    audit::record(tx, &event, visitor).await
}

/// JSON, with an ETag where there is one.
pub(super) fn json_response<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok(again::response(status, &[], body))
}

/// The ETag of values that are shown.
pub(super) fn etag_of(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hasher.finalize()[..12]))
}

/// Adds an ETag to an answer.
pub(super) fn tagged(answer: Answer, etag: &str) -> Answer {
    let mut response = answer?;
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}
