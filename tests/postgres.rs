//! The embedded Postgres, killed in every possible way.

use std::{fs, net::TcpStream, os::unix::fs::PermissionsExt, path::Path, process::Command};

use debrief::{
    folders,
    postgres::{Durability, PostgresError, Server, Version},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    private::embedded,
    support::installation::{Installation, wait_for},
};

/// A folder that the user who runs Postgres can enter.
fn place() -> TempDir {
    tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().expect("a folder")
}

/// Starts it on a separate thread.
fn start(folder: &Path) -> tokio::task::JoinHandle<Result<Server, PostgresError>> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || {
        Server::start(&folder, &folders::cache(), Version::from_env(), Durability::Throwaway)
    })
}

async fn started(folder: &Path) -> Server {
    start(folder).await.expect("no panic").unwrap_or_else(|error| panic!("{error}"))
}

async fn dropped(server: Server) {
    tokio::task::spawn_blocking(move || drop(server)).await.expect("no panic");
}

async fn session(server: &Server) -> Option<PgConnection> {
    PgConnection::connect(server.url("postgres").expose_secret()).await.ok()
}

/// The files of the data folder in `folder`.
fn data(folder: &Path) -> std::path::PathBuf {
    let number = if Version::from_env() == Version::V16 { "16" } else { "18" };
    folder.join(format!("postgres-{number}"))
}

fn postmaster(folder: &Path) -> Option<u32> {
    fs::read_to_string(data(folder).join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// How often Postgres' log contains these words.
fn times_said(folder: &Path, words: &str) -> usize {
    fs::read_to_string(data(folder).join("server.log")).unwrap_or_default().matches(words).count()
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill is there");
    assert!(sent.success(), "{name} to {pid}");
}

fn child_of(pid: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it lives");
    children.split_whitespace().next().expect("a Postgres has children").parse().expect("a number")
}

/// Whether the process is running; a zombie isn't.
fn lives(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_until_what_is_left_of_a_killed_server_is_gone() {
    let folder = place();
    let first = started(folder.path()).await;
    let killed = postmaster(folder.path()).expect("it runs");
    // It can't notice that its server is gone, and keeps its shared memory.
    let left = child_of(killed);
    signal("STOP", left);
    signal("KILL", killed);
    let second = start(folder.path());
    wait_for("a start that finds it in its way", async || {
        (second.is_finished() || times_said(folder.path(), "is still in use") > 0).then_some(())
    })
    .await;
    signal("CONT", left);
    let second = second.await.expect("no panic").unwrap_or_else(|error| panic!("{error}"));
    session(&second).await.expect("it answers").close().await.expect("it ends well");
    dropped(first).await;
    dropped(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_a_server_that_takes_no_connections_for_the_moment() {
    let folder = place();
    let first = started(folder.path()).await;
    let held = session(&first).await.expect("it answers");
    // Asked to stop, it waits for its sessions and accepts no others.
    signal("TERM", postmaster(folder.path()).expect("it runs"));
    let second = start(folder.path());
    wait_for("a start that looks again", async || {
        (second.is_finished() || times_said(folder.path(), "is shutting down") > 2).then_some(())
    })
    .await;
    held.close().await.expect("it ends well");
    let second = second.await.expect("no panic").unwrap_or_else(|error| panic!("{error}"));
    session(&second).await.expect("it answers").close().await.expect("it ends well");
    dropped(first).await;
    dropped(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pid_file_whose_number_is_somebody_elses_keeps_no_server_from_its_start() {
    let folder = place();
    dropped(started(folder.path()).await).await;
    let other = Command::new("tail").args(["-f", "/dev/null"]).spawn().expect("tail is there");
    for number in [other.id(), std::process::id()] {
        let text = format!("{number}\n{}\n1\n5432\n{}\n", data(folder.path()).display(), folder.path().display());
        fs::write(data(folder.path()).join("postmaster.pid"), text).expect("it can be written");
        let server = started(folder.path()).await;
        session(&server).await.expect("it answers").close().await.expect("it ends well");
        dropped(server).await;
    }
    let mut other = other;
    other.kill().and_then(|()| other.wait()).expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_started_again_once_by_those_who_use_it_and_ends_with_the_last() {
    let folder = place();
    let (one, other) = (started(folder.path()).await, started(folder.path()).await);
    let killed = postmaster(folder.path()).expect("it runs");
    signal("KILL", killed);
    wait_for("the server to answer again", async || {
        let is_new = postmaster(folder.path()).is_some_and(|pid| pid != killed);
        if is_new { session(&one).await } else { None }
    })
    .await
    .close()
    .await
    .expect("it ends well");
    dropped(one).await;
    let running = postmaster(folder.path()).expect("the other one uses it");
    session(&other).await.expect("it answers").close().await.expect("it ends well");
    dropped(other).await;
    assert!(!lives(running), "nobody uses it any more");
    assert_eq!(times_said(folder.path(), "ready to accept connections"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_end_in_order_is_cut_off_and_recovers() {
    let folder = place();
    let server = started(folder.path()).await;
    let running = postmaster(folder.path()).expect("it runs");
    let mut held = session(&server).await.expect("it answers");
    sqlx::raw_sql("set synchronous_commit = on; create table kept (a int); insert into kept values (1)")
        .execute(&mut held)
        .await
        .expect("it writes");
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut held).await.expect("a number");
    // A session that doesn't react, like one in a long computation.
    signal("STOP", backend.unsigned_abs());
    dropped(server).await;
    assert!(!lives(running), "it is cut off");
    let server = started(folder.path()).await;
    let mut again = session(&server).await.expect("it answers");
    let kept: i64 = sqlx::query_scalar("select count(*) from kept").fetch_one(&mut again).await.expect("a count");
    assert_eq!(kept, 1);
    again.close().await.expect("it ends well");
    dropped(server).await;
}

/// The status of `/readyz`, if it responds.
async fn readiness(installation: &Installation) -> Option<u16> {
    let address = format!("127.0.0.1:{}", installation.port);
    TcpStream::connect(&address).ok()?;
    let mut stream = tokio::net::TcpStream::connect(&address).await.ok()?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

async fn ready(installation: &Installation) {
    wait_for("the pages to be ready", async || (readiness(installation).await == Some(200)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn up_goes_on_when_its_postgres_is_killed_and_starts_when_both_were() {
    let installation = embedded().await;
    let folder = installation.folder.path().join("data/postgres");
    let up = installation.start(&["up"]);
    ready(&installation).await;
    let killed = postmaster(&folder).expect("it runs");
    signal("KILL", killed);
    wait_for("another server", async || postmaster(&folder).filter(|pid| *pid != killed)).await;
    ready(&installation).await;
    installation.people().await;
    let log = fs::read_to_string(installation.log()).expect("a log");
    assert!(log.contains("\"WARN\"") && log.contains("it was started again"), "{log}");

    let killed = postmaster(&folder).expect("it runs");
    up.kill();
    signal("KILL", killed);
    let up = installation.start(&["up"]);
    ready(&installation).await;
    assert_eq!(installation.json_lines(&["coach", "list"]).await.len(), 1, "nothing is lost");
    let running = postmaster(&folder).expect("it runs");
    assert_eq!(up.terminate(), Some(0));
    assert!(!lives(running), "it ends with the last who uses it");
}
