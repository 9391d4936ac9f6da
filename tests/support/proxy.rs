//! A proxy for Postgres that holds back the response to a statement until it is released.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream, UnixStream},
    sync::Notify,
};

/// Listens until the test's runtime ends.
#[derive(Debug)]
pub(crate) struct SlowPostgres {
    /// The database's URL through the proxy.
    pub(crate) url: SecretString,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct Gate {
    statement: String,
    shut: AtomicBool,
    asked: Notify,
    open: Notify,
}

impl SlowPostgres {
    /// Proxies the database of `url`, and holds back the response whenever `statement` (a simple query) is sent.
    pub(crate) async fn before(url: &SecretString, statement: &str) -> Self {
        let server: PgConnectOptions = url.expose_secret().parse().expect("the database's URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut proxied: url::Url = url.expose_secret().parse().expect("the database's URL");
        proxied.set_query(None);
        proxied.set_ip_host([127, 0, 0, 1].into()).expect("a URL with a host");
        proxied.set_port(Some(listener.local_addr().expect("a port").port())).expect("a URL with a host");
        let gate = Arc::new(Gate {
            statement: format!("{statement}\0"),
            shut: AtomicBool::new(false),
            asked: Notify::new(),
            open: Notify::new(),
        });
        tokio::spawn(serve(listener, server, Arc::clone(&gate)));
        Self { url: SecretString::from(proxied.to_string()), gate }
    }

    /// Waits until the statement has been sent.
    pub(crate) async fn asked(&self) {
        self.gate.asked.notified().await;
    }

    /// Releases its response.
    pub(crate) fn answer(&self) {
        self.gate.shut.store(false, Ordering::SeqCst);
        self.gate.open.notify_one();
    }
}

async fn serve(listener: TcpListener, server: PgConnectOptions, gate: Arc<Gate>) {
    while let Ok((client, _)) = listener.accept().await {
        let gate = Arc::clone(&gate);
        if let Some(folder) = server.get_socket() {
            let socket = folder.join(format!(".s.PGSQL.{}", server.get_port()));
            let server = UnixStream::connect(socket).await.expect("Postgres listens");
            tokio::spawn(between(client, server, gate));
        } else {
            let server = TcpStream::connect((server.get_host(), server.get_port())).await.expect("Postgres listens");
            tokio::spawn(between(client, server, gate));
        }
    }
}

async fn between(client: TcpStream, server: impl AsyncRead + AsyncWrite, gate: Arc<Gate>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (split(client), split(server));
    let questions = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            if buffer[..read].windows(gate.statement.len()).any(|part| part == gate.statement.as_bytes()) {
                gate.shut.store(true, Ordering::SeqCst);
                gate.asked.notify_one();
            }
            to_server.write_all(&buffer[..read]).await.expect("Postgres reads");
        }
    };
    let answers = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            if gate.shut.load(Ordering::SeqCst) {
                gate.open.notified().await;
            }
            if to_client.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = questions => {}, () = answers => {} }
}
