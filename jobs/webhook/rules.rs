//! Which addresses may be called: public ones, and what the operator allows besides. Without this, whoever adds a webhook
//! could make Debrief call the machines of its own network for them. Pure.

use std::net::IpAddr;

use serde::Deserialize;
use url::{Host, Url};

use crate::{
    SettingsError,
    network::{Hosts, Place, place},
};

/// At most this many characters of a URL.
pub const MAX_URL: usize = 2000;

/// The ports below are those of the system's services (RFC 6335).
const FIRST_USER_PORT: u16 = 1024;

/// What the operator sets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether webhooks may have plain `http://` addresses.
    pub allow_http: bool,
    /// Private hosts, addresses and networks that may be called: `crm.lan`, `10.1.2.3`, `10.1.0.0/16`.
    pub allow_private: Vec<String>,
}

/// Why a URL can't be a webhook's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It isn't a URL with a host.
    #[error("that isn't a URL; write one such as https://crm.example.org/debrief")]
    Invalid,
    /// It is neither https nor, if the operator allows that, http.
    #[error("a webhook's URL starts with https://")]
    Scheme,
    /// It is plain http, and the operator doesn't allow that.
    #[error(
        "plain http:// would show the events to everyone on the way; use https:// (the operator can set webhooks.allow_http)"
    )]
    PlainHttp,
    /// It is too long.
    #[error("a webhook's URL has at most {MAX_URL} characters")]
    TooLong,
    /// It contains a user or a password.
    #[error("a webhook's URL contains no user and no password; check the signature instead")]
    Credentials,
    /// It has a fragment, which is never sent.
    #[error("a webhook's URL has no part after #: it would never be sent")]
    Fragment,
    /// Its port belongs to another kind of service.
    #[error(
        "a webhook's URL has port 443 (80 for http) or one from 1024 on: others belong to services that take no webhooks"
    )]
    Port,
    /// Its address is not a public one.
    #[error(
        "that address is private: Debrief calls only public addresses (the operator can allow others: webhooks.allow_private)"
    )]
    Private,
}

/// The settings, read.
#[derive(Clone, Debug)]
pub struct Rules {
    allow_http: bool,
    own: Hosts,
}

impl Rules {
    /// Reads the settings.
    ///
    /// # Errors
    /// Returns an error if an entry of `allow_private` is neither a host nor an address nor a network.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let own = Hosts::try_from(settings.allow_private.clone());
        let own = own.map_err(|error| SettingsError::new("webhooks.allow_private", error))?;
        Ok(Self { allow_http: settings.allow_http, own })
    }

    /// Reads a webhook's URL as it is called. The addresses of a name are looked at before each call.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn url(&self, written: &str) -> Result<Url, UrlError> {
        let written = written.trim();
        if written.chars().count() > MAX_URL {
            return Err(UrlError::TooLong);
        }
        let url: Url = written.parse().map_err(|_| UrlError::Invalid)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return Err(UrlError::PlainHttp),
            _ => return Err(UrlError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        if !self.allows_port(&url) {
            return Err(UrlError::Port);
        }
        // `url` reads every way to write an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1.
        match url.host().ok_or(UrlError::Invalid)? {
            Host::Ipv4(address) if !self.allows_address(address.into()) => return Err(UrlError::Private),
            Host::Ipv6(address) if !self.allows_address(address.into()) => return Err(UrlError::Private),
            Host::Ipv4(_) | Host::Ipv6(_) | Host::Domain(_) => {}
        }
        // Percent-encoding may make it longer.
        if url.as_str().len() > MAX_URL { Err(UrlError::TooLong) } else { Ok(url) }
    }

    /// Whether the port of a URL may be called: anybody who may add a webhook could otherwise have mail servers and the like of
    /// third parties called. A host that the operator allows may have any.
    fn allows_port(&self, url: &Url) -> bool {
        let own = url.host_str().is_some_and(|host| self.own.contain(host));
        let default = if url.scheme() == "http" { 80 } else { 443 };
        own || url.port_or_known_default().is_some_and(|port| port == default || port >= FIRST_USER_PORT)
    }

    /// Whether an address that the name `host` leads to may be called.
    #[must_use]
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        self.own.contain(host) || self.allows_address(address)
    }

    fn allows_address(&self, address: IpAddr) -> bool {
        place(address) == Place::Public || self.own.contain_address(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_http: bool, allowed: &[&str]) -> Rules {
        let allow_private = allowed.iter().map(|entry| (*entry).to_owned()).collect();
        Rules::new(&Settings { allow_http, allow_private }).expect("good settings")
    }

    #[test]
    fn only_public_addresses_are_called() {
        let rules = rules(false, &[]);
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!rules.allows("name.example", private.parse().expect(private)), "{private} is not public");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2600::1",
            "2a00:1450::1",
        ] {
            assert!(rules.allows("name.example", public.parse().expect(public)), "{public} is public");
        }
    }

    #[test]
    fn a_url_that_cannot_be_a_webhooks_is_refused_with_the_reason() {
        let rules = rules(false, &[]);
        let long = format!("https://crm.example/{}", "x".repeat(MAX_URL));
        for (url, error) in [
            ("", UrlError::Invalid),
            ("crm.example/hook", UrlError::Invalid),
            ("https://", UrlError::Invalid),
            ("ftp://crm.example", UrlError::Scheme),
            ("file:///etc/passwd", UrlError::Scheme),
            ("http://crm.example", UrlError::PlainHttp),
            ("https://user@crm.example", UrlError::Credentials),
            ("https://user:secret@crm.example", UrlError::Credentials),
            ("https://crm.example/a#b", UrlError::Fragment),
            (&long, UrlError::TooLong),
            ("https://mail.example:25", UrlError::Port),
            ("https://mail.example:80", UrlError::Port),
            ("https://mail.example:1023", UrlError::Port),
            ("https://mail.example:0", UrlError::Port),
            // However it is written.
            ("https://127.0.0.1", UrlError::Private),
            ("https://2130706433/", UrlError::Private),
            ("https://0x7f000001/", UrlError::Private),
            ("https://0x7f.1/", UrlError::Private),
            ("https://0177.0.0.1/", UrlError::Private),
            ("https://127.1:8443/", UrlError::Private),
            ("https://%31%32%37.0.0.1/", UrlError::Private),
            ("https://①②⑦.⓪.⓪.①/", UrlError::Private),
            ("https://[::1]/", UrlError::Private),
            ("https://[::ffff:169.254.169.254]/", UrlError::Private),
            ("https://[64:ff9b::a9fe:a9fe]/", UrlError::Private),
            ("https://0/", UrlError::Private),
        ] {
            assert_eq!(rules.url(url).map(String::from), Err(error), "{url}");
        }
        assert_eq!(
            rules.url(" https://crm.example/hook?t=1 ").map(String::from),
            Ok("https://crm.example/hook?t=1".into())
        );
    }

    #[test]
    fn the_operator_allows_hosts_addresses_and_networks() {
        let rules = rules(true, &["10.1.0.0/16", "fd00::/8", "192.168.7.7", "CRM.lan"]);
        for (host, address, allowed) in [
            ("x.example", "10.1.2.3", true),
            ("x.example", "10.2.0.1", false),
            ("x.example", "::ffff:10.1.2.3", true),
            ("x.example", "fd01::1", true),
            ("x.example", "192.168.7.7", true),
            ("x.example", "192.168.7.8", false),
            ("crm.lan.", "127.0.0.1", true),
            ("other.lan", "127.0.0.1", false),
        ] {
            assert_eq!(rules.allows(host, address.parse().expect("an address")), allowed, "{host} {address}");
        }
        for url in [
            "http://10.1.2.3:9/x",
            "https://crm.lan:636",
            "http://crm.example",
            "https://crm.example:8443",
            "http://crm.example:1024",
        ] {
            assert!(rules.url(url).is_ok(), "{url}");
        }
        assert_eq!(rules.url("http://crm.example:443"), Err(UrlError::Port));
        let wrong = Rules::new(&Settings { allow_http: false, allow_private: vec!["10.1.0.0/99".into()] });
        let told = wrong.expect_err("no network has that").to_string();
        assert!(told.contains("webhooks.allow_private") && told.contains("10.1.0.0/99"), "{told}");
    }
}
