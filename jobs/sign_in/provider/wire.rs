//! The client that asks identity providers: ours, given to the library. It follows no redirect, waits ten seconds at most (or as
//! the settings say), reads a megabyte at most, and goes to nothing that others can read on the way, also where the provider's own documents lead.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect;
use url::Url;

use crate::{SettingsError, network::Hosts, web};

/// How long one request may take, in seconds, unless the settings say otherwise.
const TIMEOUT_SECONDS: u16 = 10;
/// At most this much of an answer is read, in bytes.
const MOST_READ: usize = 1 << 20;

/// Asks one provider.
#[derive(Clone, Debug)]
pub(in crate::sign_in) struct Wire {
    http: reqwest::Client,
    timeout: Duration,
    /// Whether the issuer itself is asked without encryption, in one's own network.
    in_clear: bool,
}

/// Why there is no answer, in words that hold nothing of it.
#[derive(Debug, thiserror::Error)]
pub(in crate::sign_in) enum WireError {
    /// An address that isn't asked.
    #[error("{0} isn't an address that can be asked: what is said to it could be read on the way")]
    InClear(String),
    /// The answer is too long.
    #[error("the answer has more than {MOST_READ} bytes")]
    TooLong,
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    Slow(Duration),
    /// No connection, or it broke.
    #[error("{0}")]
    Broken(String),
}

impl Wire {
    /// A client for a provider with this issuer.
    pub(super) fn new(issuer: &Url, timeout_seconds: Option<u16>) -> Result<Self, SettingsError> {
        web::install_ring();
        let timeout = Duration::from_secs(u64::from(timeout_seconds.unwrap_or(TIMEOUT_SECONDS)));
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("Debrief/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SettingsError::new("sign_in.providers", format!("no client can be made: {error}")))?;
        Ok(Self { http, timeout, in_clear: issuer.scheme() == "http" })
    }

    /// How long one request may take.
    pub(in crate::sign_in) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether an address may be asked, or shown to a browser.
    pub(super) fn allows(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.in_clear && !Hosts::default().is_readable_on_the_way(url),
            _ => false,
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let request = reqwest::Request::try_from(request).map_err(|error| self.told(&error))?;
        if !self.allows(request.url()) {
            return Err(WireError::InClear(request.url().host_str().unwrap_or_default().to_owned()));
        }
        let mut response = self.http.execute(request).await.map_err(|error| self.told(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.told(&error))? {
            if body.len() + chunk.len() > MOST_READ {
                return Err(WireError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }

    fn told(&self, error: &reqwest::Error) -> WireError {
        if error.is_timeout() {
            return WireError::Slow(self.timeout);
        }
        // The innermost cause says what is wrong; the outer ones repeat the address.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let what = if error.is_connect() { "couldn’t connect" } else { "the connection broke" };
        WireError::Broken(format!("{what}: {cause}"))
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_leads_to_nothing_that_is_read_on_the_way() {
        let wire = |issuer: &str| Wire::new(&issuer.parse().expect("a URL"), None).expect("a client");
        let allows = |wire: &Wire, url: &str| wire.allows(&url.parse().expect("a URL"));
        let public = wire("https://login.example.org");
        assert!(allows(&public, "https://keys.example.net/set"));
        for url in
            ["http://login.example.org/token", "http://169.254.169.254/", "http://127.0.0.1:80/", "file:///etc/passwd"]
        {
            assert!(!allows(&public, url), "{url}");
        }
        let own = wire("http://keycloak:8080/realms/staff");
        assert!(allows(&own, "http://keycloak:8080/token") && allows(&own, "https://login.example.org"));
        assert!(!allows(&own, "http://login.example.org/token"));
    }
}
