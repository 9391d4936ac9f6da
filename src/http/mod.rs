//! The pages: a coach's review behind an emailed link, the operator's page, health and metrics.
//!
//! ```text
//! links    /r/{token}            a page with one button; POST opens it
//! review   /review/{session}     read, edit, approve, dismiss, stop; name the speakers, and correct who spoke
//! voice    /review/{session}/voice   the rules and examples that the coach's summaries are worded by
//! api      /v1               for other software; see its own list
//! mcp      /mcp              for assistants, over HTTP or (`debrief mcp`) over standard input and output
//! sign_in  / /sign-in /account    signing in, and one's own account
//! health   /livez /readyz        for whoever runs the process
//! admin    / /metrics            on a loopback listener of its own, until people sign in
//! guest    who is in a review: by a link, or signed in
//! onward   back to a review after signing in
//! presses  how often a mailed link's button may be pressed
//! guard    who may post, and the headers of every answer
//! failure  errors: pages for people, RFC 9457 problems for programs
//! proxies  whose address a request has
//! server   connections, and what each may hold for how long
//! ```
//!
//! Everything works without scripts, but for passkeys, which browsers have for scripts alone. URLs come from the settings, never from the Host header. A token is never logged:
//! traces identify a request by its route.

mod admin;
pub mod api;
mod assets;
#[cfg(test)]
mod captured;
mod failure;
mod form;
mod guard;
mod guest;
mod health;
mod links;
pub mod mcp;
mod onward;
mod page;
mod places;
mod presses;
mod proxies;
mod review;
mod server;
mod sign_in;
mod speakers;
mod voice;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use debrief_jobs::Services;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer, trace::TraceLayer};

use failure::Failure;
pub use proxies::Proxies;
use review::Press;
pub use server::{Limits, serve};

/// A form is text that a person typed: larger bodies are refused.
const MAX_BODY_BYTES: usize = 512 << 10;
/// The timeout of a page; the database's own timeouts come first.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What every handler has.
#[derive(Clone)]
pub struct HttpState {
    /// The services of the process.
    pub services: Arc<Services>,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// How the API behaves.
    pub api: Arc<api::Settings>,
    /// Whose word on a client's address is believed.
    pub proxies: Arc<Proxies>,
}

impl std::fmt::Debug for HttpState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HttpState").finish_non_exhaustive()
    }
}

impl HttpState {
    /// The path of a page in the browser: below the path of the base URL.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.services.desk.settings.base_url.path().trim_end_matches('/'))
    }

    fn is_https(&self) -> bool {
        self.services.desk.settings.base_url.scheme() == "https"
    }
}

/// The routes for coaches and load balancers.
pub fn public_router(state: HttpState) -> Router {
    let routes = Router::new()
        .merge(sign_in::routes())
        .route("/r/{token}", get(links::show))
        .route("/r/{token}/open", post(links::open))
        .route("/r/{token}/fresh", post(links::fresh))
        .route("/review/{session}", get(review::show))
        .route("/review/{session}/speakers", get(speakers::show).post(speakers::name))
        .route("/review/{session}/speakers/undo", post(speakers::take_back))
        .route("/review/{session}/speakers/turns", get(speakers::turns::show).post(speakers::turns::split))
        .route("/review/{session}/close", post(review::close))
        .route("/review/{session}/leave", post(guest::leave))
        .route("/review/{session}/date", post(review::date::set))
        .route("/review/{session}/voice", get(voice::show).post(voice::change))
        .route("/review/{session}/summaries/{summary}", post(review::save))
        .route("/review/{session}/summaries/{summary}/refine", post(review::refining::refine))
        .route("/review/{session}/summaries/{summary}/undo", post(review::refining::undo))
        .route("/review/{session}/summaries/{summary}/approve", post(review::approve))
        .route("/review/{session}/summaries/{summary}/dismiss", press(Press::Dismiss))
        .route("/review/{session}/summaries/{summary}/reopen", press(Press::Reopen))
        .route("/review/{session}/summaries/{summary}/cancel", press(Press::Cancel))
        .route("/review/{session}/summaries/{summary}/arrived", press(Press::Arrived))
        .route("/review/{session}/summaries/{summary}/again", press(Press::Again))
        .route("/assets/style.css", get(assets::style))
        .route("/assets/passkeys.js", get(assets::passkeys))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz).layer(Extension(health::Newcomer::default())))
        .merge(api::router(&state))
        .merge(mcp::router(&state));
    let routes = routes.layer(middleware::from_fn_with_state(state.clone(), guard::note_foreign_host));
    finish(routes.layer(middleware::from_fn_with_state(state.clone(), proxies::find_client)), state)
}

/// A button whose handler is told which one was pressed.
fn press(which: Press) -> MethodRouter<HttpState> {
    post(review::press).layer(Extension(which))
}

/// What the operator reaches. Nobody signs in, so the listener is on loopback and answers to no other name: a page of
/// somebody else, whose name was made to lead here, reads nothing.
pub fn admin_router(state: HttpState, names: Names) -> Router {
    let routes = Router::new()
        .route("/", get(admin::overview))
        .route("/metrics", get(admin::metrics))
        .route("/assets/style.css", get(assets::style))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz_in_detail).layer(Extension(health::Newcomer::default())));
    match names {
        Names::Any => finish(routes, state),
        Names::Loopback => finish(routes.layer(middleware::from_fn(guard::refuse_other_names)), state),
    }
}

/// The names that the admin page answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `localhost` and loopback addresses. Any other name for this machine is an attempt to trick a browser.
    Loopback,
    /// All: something else keeps strangers out.
    Any,
}

/// The layers around every response, outermost last.
fn finish(routes: Router<HttpState>, state: HttpState) -> Router {
    routes
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async || {
            Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "This page doesn’t accept that kind of request.",
            )
        })
        .layer(middleware::from_fn_with_state(state.clone(), guard::refuse_cross_site))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), failure::render))
        .layer(middleware::from_fn_with_state(state.clone(), guard::add_headers))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(on_response))
        .with_state(state)
}

/// The panic's message may quote what was said, so it is dropped; the log has its source location.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Failure::internal(&"the page panicked").into_response()
}

/// The route and not the path, which may contain a token.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::info_span!(target: "http", "request", http.method = %request.method(), http.route = route)
}

fn on_response(response: &Response, latency: Duration, _span: &tracing::Span) {
    let status = response.status().as_u16();
    tracing::debug!(target: "http", { http.status = status, latency_ms = latency.as_millis() }, "answered");
}
