//! A receiver of webhooks on loopback, on good days and bad: a script says how each request is answered. Every request is
//! kept. It speaks HTTP by hand, to be able to misbehave.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac_by_hand::hmac_sha256;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};

/// The answer to one request.
#[derive(Clone, Debug)]
pub(crate) enum Take {
    /// This status, with headers and a body.
    Status(u16, &'static str, String),
    /// Nothing, and the connection stays open.
    Hang,
    /// The connection ends in the middle of the head.
    Torn,
    /// This status, and a body without end.
    Endless(u16),
    /// This status, once the test calls [`Receiver::go_on`].
    Slow(u16),
}

impl Take {
    pub(crate) fn status(status: u16) -> Self {
        Self::Status(status, "", String::new())
    }
}

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// By name, in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).expect("an event is JSON")
    }

    pub(crate) fn kind(&self) -> String {
        self.event()["type"].as_str().expect("a type").to_owned()
    }

    /// Which of the signatures, from 0, are made with this secret.
    pub(crate) fn signed_with(&self, secret: &str) -> Vec<usize> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
        let signed = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(&key, signed.as_bytes())));
        let signatures = self.headers["webhook-signature"].split(' ').enumerate();
        signatures.filter(|(_, one)| *one == expected).map(|(at, _)| at).collect()
    }
}

/// HMAC by its definition, so that what signs isn't checked with itself.
mod hmac_by_hand {
    use sha2::{Digest, Sha256};

    pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
        assert!(key.len() <= 64, "a longer key would have to be hashed first");
        let pad = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ with).collect() };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
    }
}

/// The receiver; it ends with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    script: Arc<Mutex<VecDeque<Take>>>,
    received: Arc<Mutex<Vec<Received>>>,
    arrived: Arc<Notify>,
    go_on: Arc<Semaphore>,
    pub(crate) port: u16,
    /// Its URL.
    pub(crate) url: String,
}

impl Receiver {
    /// Starts one that follows the script, and then takes everything.
    pub(crate) async fn start(script: impl IntoIterator<Item = Take>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let receiver = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            received: Arc::default(),
            arrived: Arc::default(),
            go_on: Arc::new(Semaphore::new(0)),
            port,
            url: format!("http://127.0.0.1:{port}/hook?token=abc"),
        };
        let server = receiver.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(connection));
            }
        });
        receiver
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic holds it").clone()
    }

    /// The types of event so far, each event once, in alphabetical order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let events: BTreeMap<String, String> =
            self.received().iter().map(|one| (one.id().to_owned(), one.kind())).collect();
        let mut kinds: Vec<String> = events.into_values().collect();
        kinds.sort();
        kinds
    }

    /// Appends answers to the script.
    pub(crate) fn then(&self, script: impl IntoIterator<Item = Take>) {
        self.script.lock().expect("no panic holds it").extend(script);
    }

    /// Waits until a request has arrived.
    pub(crate) async fn first_request(&self) {
        self.arrived.notified().await;
    }

    /// Releases a slow answer.
    pub(crate) fn go_on(&self) {
        self.go_on.add_permits(1);
    }

    async fn serve(self, mut connection: TcpStream) {
        let Some(request) = read(&mut connection).await else { return };
        self.received.lock().expect("no panic holds it").push(request);
        self.arrived.notify_one();
        let next = self.script.lock().expect("no panic holds it").pop_front();
        let answer = match next.unwrap_or_else(|| Take::status(200)) {
            Take::Hang => return std::future::pending().await,
            Take::Torn => "HTTP/1.1 200 OK\r\ncontent-len".to_owned(),
            Take::Slow(status) => {
                self.go_on.acquire().await.expect("it is never closed").forget();
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")
            }
            Take::Status(status, headers, body) => {
                format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
            }
            Take::Endless(status) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 9999999999\r\n\r\n");
                let _ = connection.write_all(head.as_bytes()).await;
                // Until whoever reads has enough.
                while connection.write_all(&[b'x'; 4096]).await.is_ok() {}
                return;
            }
        };
        let _ = connection.write_all(answer.as_bytes()).await;
    }
}

/// Reads one request; `None` if the connection ends before.
async fn read(connection: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is text");
    let headers: BTreeMap<String, String> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().expect("a length");
    while bytes.len() < end + length {
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received { headers, body: String::from_utf8(bytes[end..].to_vec()).expect("a body is text") })
}
