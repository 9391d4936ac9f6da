//! Posts an event to its receiver. The name is resolved here, every address is held against the rules, and the connection
//! goes to one of those: there is no second lookup that could answer something else.
//!
//! No proxy, no redirect, no connection kept for the next call, 15 s in all, and at most 1 KiB of the answer is read.

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reqwest::{
    StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
    redirect,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    backoff,
    rules::{Rules, Settings},
    signature,
};
use crate::{SettingsError, clean, web};

/// The limit of a whole attempt.
const TIMEOUT: Duration = Duration::from_secs(15);
/// At most this much of an answer is read, in bytes.
const MOST_READ: usize = 1024;
/// At most this many characters of an error are kept, the answer's own words included.
const MOST_KEPT: usize = 200;

/// What calls receivers. Made once per process.
pub struct Sender {
    http: reqwest::Client,
    rules: Arc<Rules>,
    timeout: Duration,
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Sender {
    /// Reads the settings; names are resolved as the machine does. Contacts nothing.
    ///
    /// # Errors
    /// Returns the first invalid setting.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Self::with(settings, Arc::new(System), TIMEOUT)
    }

    /// Like [`Sender::new`], with another way to resolve names and another limit of an attempt. What is found is held
    /// against the rules all the same.
    ///
    /// # Errors
    /// Returns the first invalid setting.
    pub fn with(settings: &Settings, resolver: Arc<dyn Resolve>, timeout: Duration) -> Result<Self, SettingsError> {
        let rules = Arc::new(Rules::new(settings)?);
        web::install_ring();
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .user_agent(concat!("Debrief/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Checked { resolver, rules: Arc::clone(&rules) }))
            .build()
            .map_err(|error| SettingsError::new("webhooks", format!("no client can be made: {error}")))?;
        Ok(Self { http, rules, timeout })
    }

    /// Which addresses may be called.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Makes one attempt. Never fails: every failure is an outcome.
    pub(super) async fn post(&self, request: &Request) -> Ended {
        let started = Instant::now();
        let answer = self.call(request).await;
        let milliseconds = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
        metrics::histogram!("debrief_webhook_attempt_seconds").record(started.elapsed().as_secs_f64());
        match answer {
            Ok((status, answer)) => Ended { milliseconds, status: Some(status), answer },
            Err(why) => Ended { milliseconds, status: None, answer: Answer::Failed { why, after: None } },
        }
    }

    async fn call(&self, request: &Request) -> Result<(StatusCode, Answer), String> {
        // Once more: the operator may have changed the rules since the webhook was added.
        let url = self.rules.url(&request.url).map_err(|error| error.to_string())?;
        let id = request.event_id.to_string();
        let timestamp = request.now.timestamp();
        let signature = signature::sign(&request.secrets, &id, timestamp, &request.body)
            .ok_or("the webhook's secret is damaged")?;
        let sent = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(request.body.clone())
            .send();
        let response = sent.await.map_err(|error| told(&error, self.timeout))?;
        Ok((response.status(), answer(response).await))
    }
}

/// What one attempt needs.
pub(super) struct Request {
    pub(super) url: String,
    pub(super) event_id: Uuid,
    pub(super) body: String,
    /// The webhook's secrets, the present one first.
    pub(super) secrets: Vec<SecretString>,
    /// The database's time.
    pub(super) now: DateTime<Utc>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) milliseconds: i32,
    pub(super) status: Option<StatusCode>,
    pub(super) answer: Answer,
}

/// What the receiver's answer means.
#[derive(Debug)]
pub(super) enum Answer {
    /// The receiver has it.
    Taken,
    /// The receiver wants nothing more, ever.
    Gone,
    /// The receiver doesn't have it: why, and how long it asks to be left alone.
    Failed { why: String, after: Option<Duration> },
}

async fn answer(mut response: reqwest::Response) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Taken;
    }
    if status == StatusCode::GONE {
        return Answer::Gone;
    }
    let after = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        .then(|| web::retry_after(response.headers(), backoff::LONGEST_WISH))
        .flatten();
    let why = if status.is_redirection() {
        format!("HTTP {}: a redirect isn’t followed; set the webhook’s URL to the final address", status.as_u16())
    } else {
        let mut read = Vec::new();
        while read.len() < MOST_READ
            && let Ok(Some(chunk)) = response.chunk().await
        {
            read.extend_from_slice(&chunk[..chunk.len().min(MOST_READ - read.len())]);
        }
        let words = clean::line(&String::from_utf8_lossy(&read));
        format!("HTTP {}{}{words}", status.as_u16(), if words.is_empty() { "" } else { ": " })
    };
    Answer::Failed { why: cut(&why), after }
}

/// Why there is no answer, in words that name no address: the private ones are nobody else's business, nor which names there
/// are in the operator's network.
fn told(error: &reqwest::Error, timeout: Duration) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut root = None;
    while let Some(found) = cause {
        if found.is::<LeadsNowhere>() {
            return found.to_string();
        }
        root = Some(found.to_string());
        cause = found.source();
    }
    let root = root.unwrap_or_default();
    cut(&match error {
        error if error.is_timeout() => format!("no answer within {} s", timeout.as_secs_f64()),
        error if error.is_connect() => format!("couldn’t connect: {root}"),
        _ => format!("the connection broke: {root}"),
    })
}

fn cut(text: &str) -> String {
    clean::line(text).chars().take(MOST_KEPT).collect()
}

/// The name leads to no address that may be called: it has none, or private ones. Which of the two isn't told.
#[derive(Debug, thiserror::Error)]
#[error(
    "the name leads to no address that may be called: either there is no such name now, or its address is private and the \
     operator doesn’t allow it"
)]
struct LeadsNowhere;

/// Resolves a name and leaves out what may not be called.
struct Checked {
    resolver: Arc<dyn Resolve>,
    rules: Arc<Rules>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, rules) = (name.as_str().to_owned(), Arc::clone(&self.rules));
        let found = self.resolver.resolve(name);
        Box::pin(async move {
            let Ok(found) = found.await else { return Err(LeadsNowhere.into()) };
            let allowed: Vec<SocketAddr> = found.filter(|found| rules.allows(&host, found.ip())).collect();
            if allowed.is_empty() {
                return Err(LeadsNowhere.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The machine's own resolver.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}
