//! Whose address a request has. Behind a proxy every connection is the proxy's: it says in `X-Forwarded-For` for whom. That is
//! believed of proxies in the settings, and of nobody else; the log says once if others say it too.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use debrief_jobs::network::{Place, place};
use ipnet::IpNet;

use super::HttpState;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads addresses and networks: `10.0.0.7`, `10.0.0.0/8`, `::1`.
    ///
    /// # Errors
    /// Returns the first that is neither.
    pub fn read(written: &[String]) -> Result<Self, String> {
        let network = |text: &String| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
                format!("http.trusted_proxies: {text:?} is no address or network; write 10.0.0.7 or 10.0.0.0/8")
            })
        };
        written.iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    fn knows(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// For whom `peer` asks: the last address in the chain that isn't a proxy of ours. What stands before it, anybody may have
    /// written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.knows(peer) {
            return peer;
        }
        let chain = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<Option<IpAddr>> =
            chain.flat_map(|value| value.split(',')).map(|address| address.trim().parse().ok()).collect();
        let mut client = peer;
        for address in chain.into_iter().rev() {
            // What can't be read ends what can be known.
            let Some(address) = address else { break };
            client = address;
            if !self.knows(address) {
                break;
            }
        }
        client.to_canonical()
    }
}

/// Says in the log, once, that somebody who isn't in the settings says for whom they ask: it may be a proxy whose visitors all
/// count as one. A public address may be a visitor's, so it isn't told.
fn note_unknown(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap, told: &Once) {
    if proxies.knows(peer) || !headers.contains_key(FORWARDED_FOR) {
        return;
    }
    told.call_once(|| {
        let peer = match place(peer) {
            Place::Here | Place::Private => peer.to_canonical().to_string(),
            Place::Reserved | Place::Public => "a public address".to_owned(),
        };
        tracing::warn!(
            target: "http", { http.peer = peer },
            "a request came with X-Forwarded-For from somebody who isn’t in http.trusted_proxies, so it wasn’t believed; if \
             that is your proxy, add it there: until then all its visitors are one in limits and in the audit"
        );
    });
}

/// Gives a request the address of its client.
pub(super) async fn find_client(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        static TOLD: Once = Once::new();
        note_unknown(&state.proxies, peer.ip(), request.headers(), &TOLD);
        let client = state.proxies.client(peer.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::sync::Once;

    use axum::http::{HeaderMap, HeaderValue};

    use super::{FORWARDED_FOR, Proxies, note_unknown};
    use crate::http::captured::log_of;

    #[test]
    fn a_proxy_that_is_not_in_the_settings_is_told_of_once() {
        let ours = Proxies::read(&["10.0.0.0/8".into()]).expect("good settings");
        let forwarded =
            HeaderMap::from_iter([(FORWARDED_FOR.parse().expect("a name"), HeaderValue::from_static("198.51.100.9"))]);
        let lines = |requests: &[(&str, &HeaderMap)]| {
            let told = Once::new();
            log_of(|| {
                for (peer, headers) in requests {
                    note_unknown(&ours, peer.parse().expect("an address"), headers, &told);
                }
            })
        };
        let none = HeaderMap::new();
        assert_eq!(lines(&[("10.0.0.7", &forwarded), ("192.168.1.5", &none), ("8.8.8.8", &none)]), "");
        let told = lines(&[("192.168.1.5", &forwarded), ("192.168.1.6", &forwarded)]);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("http.trusted_proxies") && told.contains("192.168.1.5"), "{told}");
        assert!(!told.contains("198.51.100.9"), "nobody's address: {told}");
        let told = lines(&[("8.8.8.8", &forwarded)]);
        assert!(told.contains("a public address") && !told.contains("8.8.8.8"), "{told}");
    }

    #[test]
    fn a_forwarded_address_is_believed_of_our_proxies_alone() {
        let ours = Proxies::read(&["127.0.0.1".into(), "10.0.0.0/8".into()]).expect("good settings");
        for (peer, sent, client) in [
            ("192.0.2.1", &["198.51.100.9"][..], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            ("::ffff:127.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            // Whoever asks writes what they like before the address that our proxy adds.
            ("127.0.0.1", &["1.2.3.4, 198.51.100.9"], "198.51.100.9"),
            ("127.0.0.1", &["1.2.3.4", "198.51.100.9, 10.1.1.1"], "198.51.100.9"),
            ("127.0.0.1", &["198.51.100.9, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &["10.1.1.1"], "10.1.1.1"),
            ("127.0.0.1", &["2001:db8::7"], "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append("x-forwarded-for", value.parse().expect("a value"));
            }
            let found = ours.client(peer.parse().expect("an address"), &headers);
            assert_eq!(found.to_string(), client, "{peer} {sent:?}");
        }
        let nobodys = Proxies::default().client("127.0.0.1".parse().expect("an address"), &HeaderMap::new());
        assert_eq!(nobodys.to_string(), "127.0.0.1");
        assert!(Proxies::read(&["proxy.example".into()]).is_err());
    }
}
