//! What the clients of other servers share: the cryptography of TLS, and how a server says when to come back.

use std::{sync::Once, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

/// Installs ring for the whole process, unless something is installed: reqwest is built without a provider of its own.
pub(crate) fn install_ring() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// How long a server asks to be left alone: Retry-After in seconds or as a date, or in milliseconds. Never more than
/// `longest`; `None` if it doesn't say so, or not in a way that can be read.
pub(crate) fn retry_after(headers: &HeaderMap, longest: Duration) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds = match text("retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok()) {
        Some(millis) => millis / 1000.0,
        None => {
            let text = text("retry-after")?.trim();
            text.parse::<f64>().ok().or_else(|| {
                let at = DateTime::parse_from_rfc2822(text).ok()?;
                // The date has no fractions, so an extra second makes sure it isn't too early.
                Some(((at.with_timezone(&Utc) - Utc::now()).num_milliseconds() as f64 / 1000.0).max(0.0).ceil())
            })?
        }
    };
    seconds.is_finite().then(|| Duration::from_secs_f64(seconds.clamp(0.0, longest.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_every_form() {
        let header = |name: &'static str, value: String| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header"));
            retry_after(&headers, Duration::from_secs(3600)).map(|after| after.as_secs_f64())
        };
        assert_eq!(header("retry-after", "7".into()), Some(7.0));
        assert_eq!(header("retry-after", "0.5".into()), Some(0.5));
        assert_eq!(header("retry-after-ms", "1500".into()), Some(1.5));
        assert_eq!(header("retry-after", "999999".into()), Some(3600.0));
        assert_eq!(header("retry-after", "soon".into()), None);
        assert_eq!(header("retry-after", "NaN".into()), None);
        let at = |seconds: i64| (Utc::now() + chrono::Duration::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT");
        let date = header("retry-after", at(90).to_string()).expect("a date");
        assert!((88.0..=90.0).contains(&date), "{date}");
        assert_eq!(header("retry-after", at(-90).to_string()), Some(0.0));
    }
}
