//! Where a host is: this machine, a private network, or the internet. Pure: no name is looked up.
//!
//! Decides what may be reached without encryption, which addresses webhooks may have, and what counts as one client.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;
use serde::Deserialize;
use url::{Host, Url};

/// What is wrong with a URL that [`Hosts::is_readable_on_the_way`].
pub const READABLE: &str = "its host is neither this machine nor in a private network, and with http:// everybody on the way \
    could read what is sent there; write https://, or, if the host is in your own network, add it to private_hosts";

/// Ends of names that only mean something in a network of one's own. `home`, `corp` and `internal` are never given to anybody
/// (ICANN); `intranet`, `lan` and `svc` (Kubernetes) aren't given either.
const OWN_ZONES: [&str; 9] = ["localhost", "local", "internal", "lan", "home.arpa", "home", "corp", "intranet", "svc"];

/// Where an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This machine.
    Here,
    /// A private network: one's own, or the one that a provider shares among its customers (100.64.0.0/10).
    Private,
    /// For nobody's machine: documentation, benchmarks, multicast, relays and the like.
    Reserved,
    /// The internet.
    Public,
}

/// Where an address is, by IANA's registries of special-purpose addresses.
#[must_use]
pub fn place(address: IpAddr) -> Place {
    match called(address) {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

/// The address that is called in the end: an IPv4 address that is mapped, or behind NAT64 (64:ff9b::/96), is itself.
#[must_use]
pub fn called(address: IpAddr) -> IpAddr {
    if let IpAddr::V6(v6) = address
        && let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = v6.segments()
    {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address.to_canonical()
}

fn place_v4(address: Ipv4Addr) -> Place {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, _, _) => Place::Here,
        (0, ..) if address.is_unspecified() => Place::Private,
        (10, _, _) | (172, 16..=31, _) | (192, 168, _) => Place::Private,
        // Shared by a provider's customers, and by networks laid over others.
        (100, 64..=127, _) => Place::Private,
        // Link-local: 169.254.169.254 gives a cloud machine's keys away.
        (169, 254, _) => Place::Private,
        // This network, and from multicast (224) to broadcast.
        (0 | 224.., _, _) => Place::Reserved,
        // The protocols' own, documentation, and relays to IPv6.
        (192, 0, 0 | 2) | (192, 88, 99) => Place::Reserved,
        // Benchmarks, documentation.
        (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => Place::Reserved,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Here,
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xfc00..=0xfdff | 0xfe80..=0xfebf, ..] => Place::Private,
        // The protocols' own (Teredo, benchmarks and ORCHID among them), documentation, 6to4.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] | [0x2002, ..] => Place::Reserved,
        [0x2000..=0x3fff, ..] => Place::Public,
        // Everything else that isn't global unicast: multicast, local NAT64, …
        _ => Place::Reserved,
    }
}

/// Whether a host is this machine or in a private network: by its address, or by a name that the internet doesn't have (one
/// without a dot, or `.internal`, `.lan` and the like). What goes to any other host crosses networks of others.
#[must_use]
pub fn is_near(host: &str) -> bool {
    match read(host) {
        Some(Host::Domain(name)) => {
            !name.contains('.')
                || OWN_ZONES.iter().any(|zone| name.strip_suffix(zone).is_some_and(|front| front.ends_with('.')))
        }
        Some(Host::Ipv4(address)) => matches!(place(address.into()), Place::Here | Place::Private),
        Some(Host::Ipv6(address)) => matches!(place(address.into()), Place::Here | Place::Private),
        None => false,
    }
}

/// Whether a host is surely this machine: `localhost` or a loopback address. Not `x.localhost`, which some resolvers ask
/// others about.
#[must_use]
pub fn is_here(host: &str) -> bool {
    match read(host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => place(address.into()) == Place::Here,
        Some(Host::Ipv6(address)) => place(address.into()) == Place::Here,
        None => false,
    }
}

/// A host as it's compared: lower case, without a dot at the end. An IPv6 address may have its brackets, and an IPv4 address may
/// be written in every way that the system's resolver takes: 134744072 is 8.8.8.8.
fn read(host: &str) -> Option<Host> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match (bare.parse(), Host::parse(bare.trim_end_matches('.'))) {
        (Ok(IpAddr::V4(address)), _) => Some(Host::Ipv4(address)),
        (Ok(IpAddr::V6(address)), _) => Some(Host::Ipv6(address)),
        (Err(_), host) => host.ok(),
    }
}

/// Hosts and networks that an operator names in a setting: names (`crm.lan`), addresses (`10.1.2.3`) and networks
/// (`10.1.0.0/16`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Hosts {
    names: HashSet<String>,
    networks: Vec<IpNet>,
}

/// An entry that is no host.
#[derive(Debug, thiserror::Error)]
#[error("an entry is neither a host (crm.lan) nor an address (10.1.2.3) nor a network (10.1.0.0/16): `{0}`")]
pub struct NotAHost(String);

impl TryFrom<Vec<String>> for Hosts {
    type Error = NotAHost;

    fn try_from(entries: Vec<String>) -> Result<Self, NotAHost> {
        let mut hosts = Self::default();
        for entry in entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            match (entry.parse(), read(entry)) {
                (Ok(network), _) => hosts.networks.push(network),
                (Err(_), Some(Host::Domain(name))) => drop(hosts.names.insert(name)),
                (Err(_), Some(Host::Ipv4(address))) => hosts.networks.push(IpAddr::from(address).into()),
                (Err(_), Some(Host::Ipv6(address))) => hosts.networks.push(IpAddr::from(address).into()),
                (Err(_), None) => return Err(NotAHost(entry.to_owned())),
            }
        }
        Ok(hosts)
    }
}

impl Hosts {
    /// Whether a host is named, or its address is in one of the networks.
    #[must_use]
    pub fn contain(&self, host: &str) -> bool {
        match read(host) {
            Some(Host::Domain(name)) => self.names.contains(&name),
            Some(Host::Ipv4(address)) => self.contain_address(address.into()),
            Some(Host::Ipv6(address)) => self.contain_address(address.into()),
            None => false,
        }
    }

    /// Whether an address is in one of the networks.
    #[must_use]
    pub fn contain_address(&self, address: IpAddr) -> bool {
        let called = called(address);
        self.networks.iter().any(|network| network.contains(&address) || network.contains(&called))
    }

    /// Whether a host [`is_near`], or is one of these: for the setting `private_hosts`.
    #[must_use]
    pub fn are_near(&self, host: &str) -> bool {
        is_near(host) || self.contain(host)
    }

    /// Whether what goes to `url` can be read by others on its way: it is `http://`, and the host isn't near.
    #[must_use]
    pub fn is_readable_on_the_way(&self, url: &Url) -> bool {
        url.scheme() == "http" && !url.host_str().is_none_or(|host| self.are_near(host))
    }
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
            "nas.home",
            "printer.lan",
            "LLM.corp",
            "wiki.intranet",
            "minio.storage.svc",
            "minio.storage.svc.cluster.local",
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.5",
            "172.16.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "::1",
            "[::1]",
            "[fd00::1]",
            "fe80::1",
            "::ffff:10.0.0.1",
            "[64:ff9b::10.0.0.1]",
            "2130706433",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "db.example.org",
            "x.notinternal",
            "internal.example.org",
            "llm.corp.example.com",
            "8.8.8.8",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "203.0.113.7",
            "134744072",
            "2600::1",
            "[2600::1]",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "",
            "a b",
        ] {
            assert!(!is_near(far), "{far}");
        }
    }

    #[test]
    fn this_machine_is_localhost_and_loopback_and_no_name_below() {
        for here in ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.8.8", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["mail.localhost", "10.0.0.1", "0.0.0.0", "localhost.example.org", "mail", ""] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn http_is_for_hosts_that_are_near_or_that_the_operator_calls_private() {
        let entries = ["llm.corp.example.com", "203.0.113.0/24", "2001:db8::7"].map(str::to_owned);
        let named = Hosts::try_from(entries.to_vec()).expect("good entries");
        for (url, by_default, with_named) in [
            ("http://api.example.org/v1", true, true),
            ("http://134744072/v1", true, true),
            ("http://[::ffff:808:808]/v1", true, true),
            ("https://api.example.org/v1", false, false),
            ("http://ollama:11434/v1", false, false),
            ("http://[::1]:8080", false, false),
            ("http://100.64.3.9:11434/v1", false, false),
            ("http://llm.corp.example.com/v1", true, false),
            ("http://LLM.Corp.example.com./v1", true, false),
            ("http://x.llm.corp.example.com/v1", true, true),
            ("http://203.0.113.9/v1", true, false),
            ("http://[2001:db8::7]/v1", true, false),
            ("http://[2001:db8::8]/v1", true, true),
        ] {
            let url: Url = url.parse().expect("a URL");
            assert_eq!(Hosts::default().is_readable_on_the_way(&url), by_default, "{url}");
            assert_eq!(named.is_readable_on_the_way(&url), with_named, "{url}");
        }
        for wrong in ["10.1.0.0/99", "http://llm.lan", "a b"] {
            let told = Hosts::try_from(vec!["crm.lan".into(), wrong.into()]).expect_err(wrong).to_string();
            assert!(told.contains(wrong), "{told}");
        }
    }
}
