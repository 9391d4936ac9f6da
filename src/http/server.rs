//! Serves connections, within limits that no visitor can exceed.
//!
//! A request head that never arrives, a body that trickles in, a response that nobody reads: each can hold a connection
//! only for a limited time. The number of connections is limited too ([`Places`]): when all slots are taken, a new
//! visitor gets the slot of a connection that has sent no request, or is told immediately that there is none. Out of
//! file descriptors, the listener waits and continues. A shutdown waits for responses, within its grace period.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{
        HeaderValue,
        header::{self, CONNECTION},
    },
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    guard,
    places::{Place, Places},
};

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum number served at a time.
    pub connections: usize,
    /// The timeout for a request's head, and for the next request on a kept connection.
    pub head: Duration,
    /// The maximum age of a connection, whatever it carries; after that it gets as long as a shutdown to end.
    pub lifetime: Duration,
    /// How long a shutdown waits for running responses.
    pub grace: Duration,
    /// Whether browsers come by https, so that they're told to come by nothing else.
    pub https: bool,
}

impl Limits {
    /// Limits for `connections` at a time, and a shutdown that waits for `grace`.
    #[must_use]
    pub const fn new(connections: usize, grace: Duration) -> Self {
        Self { connections, head: Duration::from_secs(10), lifetime: Duration::from_secs(300), grace, https: false }
    }
}

/// How long to wait before accepting again when out of descriptors or memory.
const BREATH: Duration = Duration::from_millis(500);
/// How long a connection without a request gets to notice that it is over.
const GOODBYE: Duration = Duration::from_millis(200);
/// At most this many visitors at a time are told that all slots are taken, and no more than one per this many slots;
/// others are just disconnected.
const TOLD: usize = 64;
const PLACES_PER_TOLD: usize = 8;
const TAKEN: &str = "All connections are taken. Try again in a few seconds.\n";

/// Serves `router` on `listener` until `shutdown`. Requests in progress are then finished within the limits.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: CancellationToken) {
    let (places, told) = (
        Places::new(limits.connections),
        Arc::new(Semaphore::new(TOLD.min(limits.connections.div_ceil(PLACES_PER_TOLD)))),
    );
    let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_visitors(&error) => continue,
            Err(error) => {
                tracing::warn!(target: "http", %error, "no connection can be taken for the moment");
                tokio::select! { () = shutdown.cancelled() => break, () = sleep(BREATH) => continue }
            }
        };
        match places.take() {
            Some(place) => {
                let connection =
                    Connection { router: router.clone(), limits, shutdown: shutdown.clone(), cut: cut.clone(), place };
                connections.spawn(connection.answer(stream, address));
            }
            None => {
                metrics::counter!("debrief_http_connections_refused_total").increment(1);
                if let Ok(turn) = Arc::clone(&told).try_acquire_owned() {
                    connections.spawn(async move {
                        let _ = timeout(Duration::from_secs(1), refuse(stream, limits.https)).await;
                        drop(turn);
                    });
                }
            }
        }
    }
    connections.close();
    if timeout(limits.grace, connections.wait()).await.is_err() {
        tracing::warn!(target: "http", { http.connections = connections.len() }, "connections were cut at shutdown");
        cut.cancel();
        connections.wait().await;
    }
}

/// The connection was aborted before it was accepted: that says nothing about the next one.
fn is_the_visitors(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}

/// The answer has the headers of all others: no router sees it.
async fn refuse(mut stream: TcpStream, https: bool) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         retry-after: 5\r\ncache-control: no-store\r\n{}{}connection: close\r\n\r\n{TAKEN}",
        TAKEN.len(),
        guard::FIXED_HEADERS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>(),
        if https { format!("{}: {}\r\n", header::STRICT_TRANSPORT_SECURITY, guard::HSTS) } else { String::new() },
    );
    // The request is read, or closing would discard the response as well.
    let mut head = [0_u8; 4096];
    let _ = stream.read(&mut head).await?;
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

struct Connection {
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
    cut: CancellationToken,
    place: Place,
}

impl Connection {
    async fn answer(self, stream: TcpStream, address: SocketAddr) {
        let under_way = Arc::new(AtomicUsize::new(0));
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let (router, busy) = (self.router.clone(), Busy::new(&under_way));
            let is_kept = self.place.asks();
            async move {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(address));
                let mut response: Result<_, Infallible> = router.oneshot(request).await;
                if let (Ok(response), false) = (&mut response, is_kept) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(busy);
                response
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            // An error on a connection is due to the visitor's network, not to us.
            _ = connection.as_mut() => return,
            () = self.place.lost() => return,
            () = self.shutdown.cancelled() => {}
            () = sleep(self.limits.lifetime) => {}
        }
        connection.as_mut().graceful_shutdown();
        let grace = if under_way.load(Ordering::Relaxed) > 0 { self.limits.grace } else { GOODBYE };
        tokio::select! {
            _ = timeout(grace, connection) => {}
            () = self.cut.cancelled() => {}
        }
    }
}

/// A request in progress.
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn new(under_way: &Arc<AtomicUsize>) -> Self {
        under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(under_way))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::routing::get;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    struct Server {
        address: SocketAddr,
        shutdown: CancellationToken,
        ended: tokio::task::JoinHandle<()>,
        /// Notified of each request for `/slow`.
        slow: tokio::sync::mpsc::UnboundedReceiver<()>,
    }

    async fn server(limits: Limits) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (tell, slow) = tokio::sync::mpsc::unbounded_channel();
        let never = move || {
            tell.send(()).expect("the test listens");
            std::future::pending::<&'static str>()
        };
        let router = Router::new().route("/", get(async || "here")).route("/slow", get(never));
        let shutdown = CancellationToken::new();
        let ended = tokio::spawn(serve(listener, router, limits, shutdown.clone()));
        Server { address, shutdown, ended, slow }
    }

    /// What a connection receives for `said`, until it ends.
    async fn answered(address: SocketAddr, said: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(said.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        read.expect("the connection ends").expect("it ends well");
        answer
    }

    const LIMITS: Limits = Limits {
        connections: 3,
        head: Duration::from_millis(300),
        lifetime: Duration::from_secs(60),
        grace: Duration::from_millis(300),
        https: true,
    };

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_holds_no_connection() {
        let server = server(LIMITS).await;
        answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\nslow: ").await;
        let answer = answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "a kept connection ends when nothing follows: {answer}");
    }

    /// Opens all available connections, each sending `said`.
    async fn all_taken(server: &Server, said: &str) -> Vec<TcpStream> {
        let mut taken = Vec::new();
        for _ in 0..LIMITS.connections {
            let mut stream = TcpStream::connect(server.address).await.expect("it listens");
            stream.write_all(said.as_bytes()).await.expect("it reads");
            taken.push(stream);
        }
        taken
    }

    #[tokio::test]
    async fn who_comes_when_all_connections_are_answered_is_told_so() {
        let mut server = server(Limits { head: PATIENCE, ..LIMITS }).await;
        let taken = all_taken(&server, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        for _ in &taken {
            timeout(PATIENCE, server.slow.recv()).await.expect("it is asked").expect("the server lives");
        }
        let answer = answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 5"), "{answer}");
        for header in [
            "content-security-policy: default-src 'none'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: same-origin",
            "cache-control: no-store",
            "strict-transport-security: max-age=31536000",
        ] {
            assert!(answer.contains(header), "{header} is missing: {answer}");
        }
        drop(taken);
        let freed = async {
            while !answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .await
                .contains("200")
            {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, freed).await.expect("places are given back");
    }

    #[tokio::test]
    async fn who_asks_gets_the_place_of_the_oldest_that_does_not() {
        let server = server(Limits { head: PATIENCE, ..LIMITS }).await;
        let mut taken = all_taken(&server, "GET / HTTP/1.1\r\nhalf: ").await;
        let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let answer = answered(server.address, request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let read = timeout(PATIENCE, taken[0].read(&mut [0; 1])).await.expect("the oldest is cut");
        assert!(!matches!(read, Ok(1..)), "it got {read:?}");
        // The others are left alone: each can still finish its head.
        for stream in &mut taken[1..] {
            stream.write_all(b"x\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("it reads");
            let mut answer = String::new();
            timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it ends").expect("it ends well");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }

    #[tokio::test]
    async fn no_connection_is_kept_for_later_when_places_run_out() {
        let server = server(Limits { head: PATIENCE, ..LIMITS }).await;
        for _ in 0..LIMITS.connections * 3 {
            let _half = TcpStream::connect(server.address).await.expect("it listens");
            let answer = answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        let _half = all_taken(&server, "GET / HTTP/1.1\r\nhalf: ").await;
        let answer = answered(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.contains("connection: close"), "{answer}");
    }

    #[tokio::test]
    async fn open_connections_do_not_keep_a_shutdown_from_its_end() {
        let server = server(Limits { connections: 16, head: PATIENCE, ..LIMITS }).await;
        let mut open = Vec::new();
        for said in
            ["", "GET / HTTP/1.1\r\nhal", "GET / HTTP/1.1\r\nhost: x\r\n\r\n", "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"]
        {
            let mut stream = TcpStream::connect(server.address).await.expect("it listens");
            stream.write_all(said.as_bytes()).await.expect("it reads");
            open.push(stream);
        }
        server.shutdown.cancel();
        timeout(PATIENCE, server.ended).await.expect("it ends").expect("it ends well");
    }
}
