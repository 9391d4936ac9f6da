//! Who may post, who may see what, and the headers of every response.
//!
//! A POST must come from one of our
//! own pages: the browser says so (`Sec-Fetch-Site`, else `Origin`), and the form has a token known only to this browser.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use cookie::{Cookie, SameSite};
use debrief_jobs::{audit::Visitor, secret::Secret};
use uuid::Uuid;

use super::{HttpState, failure::Failure, form::Form};

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// The same for a page that runs the script of passkeys, which asks for challenges.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Marks the answer with a page that runs our script. No other page may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scripted;

/// The headers that every response has.
pub(super) const FIXED_HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    // With `no-referrer`, browsers would send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Over https, browsers come by nothing else for a year.
pub(super) const HSTS: &str = "max-age=31536000";

/// Adds the headers of every response. A handler's own Cache-Control stays.
pub(super) async fn add_headers(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_scripted = response.extensions().get::<Scripted>().is_some();
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in FIXED_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_scripted {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY_WITH_SCRIPT));
    }
    if state.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    response
}

/// Refuses requests from another site's page in a visitor's name.
pub(super) async fn refuse_cross_site(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || comes_from_us(&state, request.headers()) || calls_the_api(&state, &request) {
        return Ok(next.run(request).await);
    }
    // The usual cause isn't an attack: people reach the pages under another address than the one in links.
    let expected = state.services.desk.settings.base_url.origin().ascii_serialization();
    note_foreign_form(request.headers().get(header::ORIGIN), &expected, &LINES);
    Err(Failure::new(
        StatusCode::FORBIDDEN,
        "This came from another site",
        "Nothing was changed. Open the review from the link in your email and try again there.",
    ))
}

/// Whether a page that the settings allow calls the API: it needs a key, and nothing that a browser sends by itself counts.
fn calls_the_api(state: &HttpState, request: &Request) -> bool {
    request.uri().path().starts_with("/v1/")
        && request.headers().get(header::ORIGIN).is_some_and(|origin| state.api.allows(origin))
}

fn note_foreign_form(origin: Option<&HeaderValue>, expected: &str, lines: &LogBudget) {
    count_refused("cross_site");
    if lines.has_room(Instant::now()) {
        // A header may have hundreds of kilobytes.
        let origin = origin
            .map(|origin| String::from_utf8_lossy(origin.as_bytes()).chars().take(MOST_LOGGED).collect::<String>());
        tracing::warn!(
            target: "http", { http.origin = ?origin, review.base_url = expected },
            "a form that another site sent was refused; is `review.base_url` what people type?"
        );
    }
}

/// Refuses a request for a host name other than this machine's own. A program that sends no host isn't a browser.
pub(super) async fn refuse_other_names(request: Request, next: Next) -> Result<Response, Failure> {
    if request.headers().get_all(header::HOST).iter().all(|host| host.to_str().is_ok_and(is_loopback)) {
        return Ok(next.run(request).await);
    }
    note_refused("admin_under_another_name");
    Err(Failure::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This host name isn’t allowed",
        "The admin page only answers to localhost and 127.0.0.1. Set http.admin_anywhere to let it answer to any name.",
    ))
}

/// Whether a Host header is exactly this machine's own name or address: a name, then optionally a colon and a port.
fn is_loopback(host: &str) -> bool {
    let (is_own, rest) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(None) => return false,
        Some(Some((address, rest))) => (address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()), rest),
        None => {
            let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
            let is_address = name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
            (is_address || name.eq_ignore_ascii_case("localhost"), rest)
        }
    };
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_own && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// Logs a refused request that no page of ours would make, and counts it in the metrics. The span has its route;
/// neither contains a token, a cookie or anyone's address.
pub(super) fn note_refused(reason: &'static str) {
    count_refused(reason);
    if LINES.has_room(Instant::now()) {
        tracing::warn!(target: "http", { http.refused = reason }, "a request was refused");
    }
}

/// Logs what a known caller was refused, and counts it in the metrics: a stolen key, or a person who tries what isn't theirs,
/// is seen. The account is an id.
pub(super) fn note_refused_to(reason: &'static str, account: Uuid) {
    count_refused(reason);
    if LINES.has_room(Instant::now()) {
        tracing::warn!(target: "http", { http.refused = reason, account = %account }, "a caller was refused");
    }
}

/// At most this many characters of a header are logged.
const MOST_LOGGED: usize = 100;

/// Limits the lines that strangers can write into the log. The metric counts all requests.
static LINES: LogBudget = LogBudget::new(600);

/// How many lines may still be logged in a minute.
struct LogBudget {
    per_minute: u32,
    /// When the minute began, and how many lines it has.
    used: Mutex<Option<(Instant, u32)>>,
}

impl LogBudget {
    const fn new(per_minute: u32) -> Self {
        Self { per_minute, used: Mutex::new(None) }
    }

    /// Takes one line. Once none is left, it says so in the log, once per minute.
    fn has_room(&self, now: Instant) -> bool {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, lines) = used.filter(|(since, _)| now.duration_since(*since) < MINUTE).unwrap_or((now, 0));
        if lines == self.per_minute {
            tracing::warn!(target: "http", { http.lines = lines }, "more requests were refused than are logged in a minute; metrics count them all");
        }
        *used = Some((since, lines.saturating_add(1)));
        lines < self.per_minute
    }
}

fn count_refused(reason: &'static str) {
    metrics::counter!("debrief_http_refused_total", "reason" => reason).increment(1);
}

/// Logs a request for a host other than the one in links: someone is trying addresses, or pointed another name here. It
/// is still answered. Pages don't depend on the host (URLs come from the settings, cookies are bound to the host), and
/// a proxy that passes its own name would lock everyone out.
pub(super) async fn note_foreign_host(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let host = foreign_host(&state, &request);
    if host.is_some() {
        count_refused("foreign_host");
    }
    if let Some(host) = host.filter(|_| LINES.has_room(Instant::now())) {
        let base_url = state.services.desk.settings.base_url.origin().ascii_serialization();
        tracing::warn!(
            target: "http", { http.host = ?host, review.base_url = base_url },
            "a request named another host than links do; a proxy has to pass on the name that people type"
        );
    }
    next.run(request).await
}

/// The host that a request names, shortened, if it isn't ours. Liveness probes may name any host.
fn foreign_host(state: &HttpState, request: &Request) -> Option<String> {
    let named = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = request.uri().host().or_else(|| named(header::HOST))?;
    if matches!(request.uri().path(), "/livez" | "/readyz") {
        return None;
    }
    let forwarded = named(HeaderName::from_static("x-forwarded-host"));
    let ours = state.services.desk.settings.base_url.host_str().unwrap_or_default();
    let is_ours = [Some(host), forwarded].into_iter().flatten().any(|host| is_same_host(host, ours));
    (!is_ours).then(|| host.chars().take(MOST_LOGGED).collect())
}

/// Whether `host` (with or without a port) is `ours`; this machine's loopback names count as the same.
fn is_same_host(host: &str, ours: &str) -> bool {
    let bare = |host: &str| {
        let ends = host.rfind(']').map_or_else(|| host.find(':'), |bracket| Some(bracket + 1));
        let name = host[..ends.unwrap_or(host.len())].trim_end_matches('.').to_ascii_lowercase();
        if matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]") { "localhost".to_owned() } else { name }
    };
    bare(host) == bare(ours)
}

/// A browser says where a request comes from. A client that says nothing isn't a browser, and has no cookie to abuse.
fn comes_from_us(state: &HttpState, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            origin.as_bytes() == state.services.desk.settings.base_url.origin().ascii_serialization().as_bytes()
        }
        None => true,
    }
}

/// The cookie's name for a session: one per session, so that two reviews can be open side by side.
pub(super) fn cookie_name(state: &HttpState, session_id: Uuid) -> String {
    format!("{}debrief-{}", host_prefix(state), session_id.simple())
}

/// The Set-Cookie header of a visit. The database knows when the visit ends; the browser may forget it after two weeks.
pub(super) fn set_cookie(state: &HttpState, session_id: Uuid, secret: &Secret) -> String {
    bake(state, cookie_name(state, session_id), secret, Some(cookie::time::Duration::weeks(2)))
}

/// A Set-Cookie header. Without an age, the cookie goes when the browser is closed.
pub(super) fn bake(state: &HttpState, name: String, secret: &Secret, age: Option<cookie::time::Duration>) -> String {
    let mut cookie = Cookie::new(name, secret.reveal());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(age);
    cookie.set_secure(state.is_https());
    cookie.to_string()
}

/// The name of the cookie of a sign-in.
pub(super) fn sign_in_cookie(state: &HttpState) -> String {
    format!("{}debrief", host_prefix(state))
}

/// A browser accepts a `__Host-` cookie only from this host, over https.
pub(super) fn host_prefix(state: &HttpState) -> &'static str {
    if state.is_https() { "__Host-" } else { "" }
}

/// The secret that the browser has for a session, whether or not it is still valid.
pub(super) fn held_secret(state: &HttpState, headers: &HeaderMap, session_id: Uuid) -> Option<Secret> {
    cookie(headers, &cookie_name(state, session_id))
}

/// The secret in the cookie of this name.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| Secret::from_cookie(cookie.value()))
}

/// Checks the token of a form of somebody who has `expected`. A form with another one is of a browser whose secret has changed
/// since, as it does when its person signs in anew in another tab: nothing of it is done, and it's shown for sending it again.
pub(super) fn check_token(expected: &str, form: &Form) -> Result<(), Failure> {
    if form.get("form_token") == Some(expected) {
        return Ok(());
    }
    note_refused("form_token");
    let again = form.again(expected);
    let detail = match &again {
        Some(_) => {
            "Nothing was changed yet: you signed in again after this page was shown. If you still want it, send it once more."
        }
        None => {
            "Nothing was changed: you signed in again after this page was shown. Go back, reload the page and send it from there."
        }
    };
    let failure = Failure::new(StatusCode::FORBIDDEN, "This page is from an earlier visit", detail);
    Err(Failure { typed: form.typed(None), again, ..failure })
}

/// Who acts, for the audit: the address of the connection, and the browser's user agent.
pub(super) fn visitor(extensions: &Extensions, headers: &HeaderMap, link_id: Option<Uuid>) -> Visitor {
    let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string());
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor { link_id, address, agent: agent.map(|agent| agent.chars().take(300).collect()), ..Visitor::default() }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use axum::http::HeaderValue;

    use super::{LogBudget, is_same_host, note_foreign_form};
    use crate::http::captured::log_of;

    #[test]
    fn a_host_is_ours_whatever_its_port() {
        for (host, ours) in [
            ("debrief.example", "debrief.example"),
            ("Debrief.example.:443", "debrief.example"),
            ("localhost:8080", "127.0.0.1"),
            ("[::1]:8080", "localhost"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
        ] {
            assert!(is_same_host(host, ours), "{host} is {ours}");
        }
        for host in
            ["evil.example", "debrief.example.evil.example", "127.0.0.2", "", ":", "]", "debrief.example@evil.example"]
        {
            assert!(!is_same_host(host, "debrief.example"), "{host}");
        }
    }

    #[test]
    fn strangers_cannot_fill_the_log() {
        let (budget, now) = (LogBudget::new(60), Instant::now());
        assert_eq!((0..20_000).filter(|_| budget.has_room(now)).count(), 60);
        assert!(budget.has_room(now + Duration::from_secs(60)), "the next minute has its own");
    }

    #[test]
    fn forms_from_elsewhere_are_few_and_short_lines() {
        let origin = HeaderValue::from_str(&format!("https://{}.example", "x".repeat(100_000))).expect("a header");
        let budget = LogBudget::new(60);
        let written = log_of(|| {
            for _ in 0..2_000 {
                note_foreign_form(Some(&origin), "https://debrief.example", &budget);
            }
        });
        let lines: Vec<&str> = written.lines().filter(|line| line.contains("another site")).collect();
        assert_eq!(lines.len(), 60);
        assert!(lines.iter().all(|line| line.len() < 500 && line.contains("https://xxx")), "{}", lines[0].len());
    }
}
