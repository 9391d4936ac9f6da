//! The API for other software: `/v1`, described by the OpenAPI document that its own code generates.
//!
//! ```text
//! call     who asks (an API key), how often, and the transaction that a right gives
//! input    ids, parameters, bodies, cursors
//! parameters  query parameters that an operation doesn't have
//! expected what a value should have been
//! words    what to do, in the words of the API
//! problem  what went wrong: RFC 9457, with stable codes
//! again    Idempotency-Key
//! upload   how a transcript comes in
//! places   what holds memory or a connection for a while
//! document the OpenAPI document
//! cross_origin  browser programs of other origins
//! auth me keys organization people sessions speakers transcripts clients summaries approvals action_items goals
//! follow_ups mails uploads webhooks search rollups exports templates prompts jobs history       the endpoints, one file a group
//! ```
//!
//! A page and an endpoint call the same function of `debrief_jobs`. Which right an endpoint asks for stands in its
//! `security(…)`, and a test holds the two alike.

mod action_items;
mod again;
mod approvals;
mod auth;
pub(super) mod call;
mod clients;
mod cross_origin;
mod document;
mod expected;
mod exports;
mod follow_ups;
mod goals;
mod history;
pub(super) mod input;
mod jobs;
mod keys;
mod mails;
mod me;
mod organization;
mod parameters;
mod people;
mod places;
mod problem;
mod prompts;
mod rollups;
pub(super) mod search;
mod sessions;
mod speakers;
mod summaries;
mod templates;
mod transcripts;
mod upload;
mod uploads;
mod webhooks;
mod words;

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware,
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, options},
};
use debrief_jobs::queue::schedule::Schedule;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use problem::{Code, Problem};

use super::HttpState;

/// How the API behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many requests a person's keys, or a key of the organization, may make in a minute.
    pub requests_per_minute: u32,
    /// The origins (`https://app.example.org`) whose pages may call it from a browser.
    pub cors_origins: Vec<String>,
    /// How long a part of an upload is received.
    pub part_times: PartTimes,
    /// What runs on a schedule, with the operator's settings applied.
    pub schedules: Vec<Schedule>,
}

impl Default for Settings {
    fn default() -> Self {
        let part_times = PartTimes { kept_every: Duration::from_secs(5), longest: Duration::from_secs(20) };
        Self { requests_per_minute: 100, cors_origins: Vec::new(), part_times, schedules: debrief_jobs::schedules() }
    }
}

/// How long a part of an upload is received.
#[derive(Clone, Copy, Debug)]
pub struct PartTimes {
    /// What came is kept this often, if it comes slowly.
    pub kept_every: Duration,
    /// The part ends then, and its sender goes on with another. Well below the timeout of a request, as what follows takes
    /// a while too.
    pub longest: Duration,
}

impl Settings {
    /// Whether pages of this origin may call the API.
    pub(super) fn allows(&self, origin: &axum::http::HeaderValue) -> bool {
        self.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }
}

/// The endpoints with a key, but for uploads in parts, which speak a protocol of their own. Each change can be sent again.
fn endpoints() -> OpenApiRouter<HttpState> {
    let mut router = OpenApiRouter::new()
        .routes(routes!(me::show))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(organization::show, organization::change))
        .routes(routes!(people::list, people::invite))
        .routes(routes!(people::show))
        .routes(routes!(people::roles))
        .routes(routes!(people::deactivate))
        .routes(routes!(people::activate))
        .routes(routes!(people::teams, people::create_team))
        .routes(routes!(people::rename_team, people::delete_team))
        .routes(routes!(people::add_member, people::remove_member))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::change, sessions::delete))
        .routes(routes!(sessions::close))
        .routes(routes!(sessions::utterances))
        .routes(routes!(sessions::progress))
        .routes(routes!(search::similar))
        .routes(routes!(speakers::list, speakers::name))
        .routes(routes!(speakers::split))
        .routes(routes!(transcripts::upload))
        .routes(routes!(transcripts::status))
        .routes(routes!(transcripts::content))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::show, clients::change, clients::remove))
        .routes(routes!(clients::sessions))
        .routes(routes!(clients::bundled))
        .routes(routes!(clients::merge))
        .routes(routes!(clients::import))
        .routes(routes!(summaries::list))
        .routes(routes!(summaries::show, summaries::edit))
        .routes(routes!(summaries::versions))
        .routes(routes!(summaries::version))
        .routes(routes!(summaries::difference))
        .routes(routes!(summaries::refine))
        .routes(routes!(summaries::refinement))
        .routes(routes!(summaries::undo))
        .routes(routes!(summaries::dismiss))
        .routes(routes!(summaries::reopen))
        .routes(routes!(mails::list))
        .routes(routes!(follow_ups::preview))
        .routes(routes!(follow_ups::approve))
        .routes(routes!(approvals::approve))
        .routes(routes!(follow_ups::schedule))
        .routes(routes!(follow_ups::cancel))
        .routes(routes!(follow_ups::decide))
        .routes(routes!(action_items::list))
        .routes(routes!(action_items::show, action_items::change))
        .routes(routes!(action_items::complete))
        .routes(routes!(action_items::drop_item))
        .routes(routes!(action_items::reopen))
        .routes(routes!(goals::list, goals::create))
        .routes(routes!(goals::show, goals::change, goals::remove))
        .routes(routes!(goals::achieve))
        .routes(routes!(goals::drop_goal))
        .routes(routes!(goals::reopen))
        .routes(routes!(rollups::list))
        .routes(routes!(exports::list, exports::start))
        .routes(routes!(exports::schema))
        .routes(routes!(exports::show))
        .routes(routes!(exports::file))
        .routes(routes!(templates::list))
        .routes(routes!(templates::show, templates::retire))
        .routes(routes!(templates::save))
        .routes(routes!(mails::templates))
        .routes(routes!(mails::template))
        .routes(routes!(prompts::list))
        .routes(routes!(prompts::show))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::schedules))
        .routes(routes!(jobs::costs))
        .routes(routes!(search::suggest))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(history::audit));
    document::repeatable(router.get_openapi_mut());
    // A POST that changes nothing.
    router.routes(routes!(search::search, search::search_by_body))
}

/// The endpoints for whoever isn't known yet. Tokens are given once.
fn entrances() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(auth::login)).routes(routes!(auth::refresh)).routes(routes!(auth::logout))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    let all =
        OpenApiRouter::with_openapi(document::base()).merge(endpoints()).merge(uploads::endpoints()).merge(entrances());
    document::finished(all.into_openapi())
}

/// The routes under `/v1`.
pub(super) fn router(state: &HttpState) -> Router<HttpState> {
    let mut openapi = openapi();
    // Behind `admit`: whoever isn't known hears that first.
    let refuse = middleware::from_fn_with_state(parameters::known(&mut openapi), parameters::refuse);
    let admitted = |endpoints: OpenApiRouter<HttpState>| {
        let (router, _) = endpoints.split_for_parts();
        router.layer(refuse.clone()).layer(middleware::from_fn_with_state(state.clone(), call::admit))
    };
    // Inside of what may be called from other origins: a preflight is a method that no endpoint has.
    let told = |router: Router<HttpState>| {
        let router = router.method_not_allowed_fallback(async || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
        router.layer(middleware::from_fn(problems))
    };
    let (open, _) = entrances().split_for_parts();
    let document = document::served(openapi);
    let router = admitted(endpoints())
        .merge(open.layer(refuse.clone()))
        .route("/v1/openapi.json", get(move || async move { document.clone().into_response() }));
    let most = state.services.ingest.max_bytes;
    let in_parts = told(admitted(uploads::endpoints()).route("/v1/uploads", options(uploads::options)));
    let in_parts = cross_origin::allow(in_parts.layer(middleware::from_fn(uploads::name_version)), &state.api)
        .layer(middleware::from_fn(move |request, next| uploads::announce(most, request, next)));
    cross_origin::allow(told(router), &state.api).merge(in_parts)
}

/// A bare answer of the framework below `/v1` is a problem document, like all others.
pub(super) async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if super::failure::is_bare(&response) { Problem::of_status(response.status()).into_response() } else { response }
}
