//! A process whose connections and descriptors are exhausted: it keeps running, and stops when told to.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::task::AbortOnDropHandle;

use crate::support::installation::{Installation, wait_for};

const CALL: &str = include_str!("../fixtures/ingest/call/priya.vtt");

#[tokio::test(flavor = "multi_thread")]
async fn connections_without_end_and_no_descriptors_left_hold_neither_the_inbox_nor_the_shutdown_up() {
    let installation = Installation::new().await;
    installation.people().await;
    let up = installation.start_with_descriptors(&["up"], 60);
    let address = format!("127.0.0.1:{}", installation.port);
    wait_for("the pages", async || TcpStream::connect(&address).ok()).await;
    // More than it can open; each sends part of a head, and then nothing. Anyone cut off reconnects immediately.
    let visitors = AbortOnDropHandle::new(tokio::spawn(hold(address.clone(), 200)));
    installation.drop_into_bucket("inbox/maya/2026-03-09/Priya Raman.vtt", CALL);
    wait_for("the session", async || {
        let sessions = installation.json_lines(&["sessions", "list"]).await;
        sessions.first().filter(|session| session["state"] == "in_review").map(|_| ())
    })
    .await;
    assert_eq!(up.terminate(), Some(0), "it ends although connections are open");
    drop(visitors);
}

/// Keeps this many connections open, each with part of a request; reconnects after a moment when cut off.
async fn hold(address: String, connections: usize) {
    let visitors = (0..connections).map(|_| async {
        loop {
            let Ok(mut stream) = tokio::net::TcpStream::connect(&address).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            if stream.write_all(b"GET /livez HTTP/1.1\r\nhost: debrief\r\nx-slow: ").await.is_ok() {
                // Ends when cut off.
                let _ = stream.read(&mut [0; 1024]).await;
            }
        }
    });
    futures::future::join_all(visitors).await;
}

/// Whether the process responds to a liveness probe within a client's patience.
fn lives(address: &str) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: debrief\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    answer().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Six small files by one coach, each with a single word, stopped the installation for everyone.
#[tokio::test(flavor = "multi_thread")]
async fn words_as_long_as_files_hold_neither_the_pages_nor_the_others_nor_the_shutdown_up() {
    let installation = Installation::new().await;
    installation.people().await;
    let up = installation.start(&["up"]);
    let address = format!("127.0.0.1:{}", installation.port);
    wait_for("the pages", async || TcpStream::connect(&address).ok()).await;
    for at in 0..6 {
        let said = format!("{}{}", "a".repeat(1_000_000 + at), "&".repeat(300_000));
        let file = format!("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{said}\n");
        installation.drop_into_bucket(&format!("inbox/maya/four{at}/four{at}.vtt"), &file);
    }
    installation.drop_into_bucket("inbox/maya/2026-03-09/Priya Raman.vtt", CALL);
    wait_for("the session", async || {
        assert!(lives(&address), "it answers whatever is computed");
        let sessions = installation.json_lines(&["sessions", "list"]).await;
        sessions.iter().find(|session| session["state"] == "in_review").map(|_| ())
    })
    .await;
    assert_eq!(up.terminate(), Some(0), "it ends whatever is computed");
}
