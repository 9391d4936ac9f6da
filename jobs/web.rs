//! What the clients of other servers share: where others can listen, the cryptography of TLS, and how a server says when to
//! come back.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Once,
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use url::{Host, Url};

/// What is wrong with a URL that [`is_readable_on_the_way`].
pub(crate) const READABLE: &str = "its host is neither this machine nor in a private network, and with http:// everybody on the \
    way could read what is sent there; write https://";

/// Names that only mean something in a network of one's own.
const OWN_NAMES: [&str; 5] = ["localhost", "local", "internal", "lan", "home.arpa"];

/// Whether what goes to `url` can be read by others on its way: it is `http://`, and the host isn't [`is_near`].
#[must_use]
pub fn is_readable_on_the_way(url: &Url) -> bool {
    url.scheme() == "http" && !url.host_str().is_none_or(is_near)
}

/// Whether a host is this machine or in a private network: by its address, or by a name that the internet doesn't have (one
/// without a dot, or `.internal`, `.lan` and the like). What goes to any other host crosses networks of others.
#[must_use]
pub fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return is_near_address(address);
    }
    // Also reads the other ways to write an address, which the system's resolver takes: 134744072 is 8.8.8.8.
    match Host::parse(host) {
        Ok(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            !name.contains('.')
                || OWN_NAMES.iter().any(|own| {
                    name.rsplit_once(*own).is_some_and(|(front, rest)| rest.is_empty() && front.ends_with('.'))
                })
        }
        Ok(Host::Ipv4(address)) => is_near_v4(address),
        Ok(Host::Ipv6(address)) => is_near_v6(address),
        Err(_) => false,
    }
}

/// Whether a host is this machine.
#[must_use]
pub fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
    }
}

fn is_near_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_near_v4(address),
        IpAddr::V6(address) => is_near_v6(address),
    }
}

fn is_near_v4(ip: Ipv4Addr) -> bool {
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
}

fn is_near_v6(ip: Ipv6Addr) -> bool {
    match ip.to_ipv4_mapped() {
        Some(ip) => is_near_v4(ip),
        None => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

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
    fn a_host_is_near_if_only_ones_own_network_has_it() {
        for near in [
            "localhost",
            "db",
            "db.localhost",
            "db.internal.",
            "nas.home.arpa",
            "printer.lan",
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.5",
            "172.16.0.1",
            "169.254.1.1",
            "0.0.0.0",
            "::1",
            "[::1]",
            "[fd00::1]",
            "fe80::1",
            "::ffff:10.0.0.1",
            "2130706433",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "db.example.org",
            "x.notinternal",
            "internal.example.org",
            "8.8.8.8",
            "172.32.0.1",
            "134744072",
            "2600::1",
            "[2600::1]",
            "::ffff:8.8.8.8",
            "",
            "a b",
        ] {
            assert!(!is_near(far), "{far}");
        }
        for (url, readable) in [
            ("http://api.example.org/v1", true),
            ("http://134744072/v1", true),
            ("http://[::ffff:808:808]/v1", true),
            ("https://api.example.org/v1", false),
            ("http://ollama:11434/v1", false),
            ("http://[::1]:8080", false),
        ] {
            assert_eq!(is_readable_on_the_way(&url.parse().expect("a URL")), readable, "{url}");
        }
    }

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
