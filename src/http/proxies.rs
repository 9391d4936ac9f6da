//! Whose address a request has. Behind a proxy every connection is the proxy's: it says in `X-Forwarded-For` for whom. That is
//! believed of proxies in the settings, and of nobody else.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::HttpState;

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
        let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
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

/// Gives a request the address of its client.
pub(super) async fn find_client(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let client = state.proxies.client(peer.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::Proxies;

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
