//! How a transcript comes in: its name, and its place in the inbox.
//!
//! A file is put into the inbox like one that a coach drops, so that it goes the same way: nothing is taken twice, and files
//! of one meeting find each other.

use axum::body::Bytes;
use chrono::{Days, NaiveDate, Utc};
use debrief_jobs::{
    bucket::{Bucket, BucketError},
    meeting,
};
use sha2::{Digest, Sha256};

use super::problem::{Code, Problem};

/// The key under which a file goes into a coach's inbox.
pub(super) fn key(coach: &str, date: Option<NaiveDate>, file_name: &str) -> Result<String, Problem> {
    let is_plain = !file_name.is_empty() && file_name.len() <= 200 && !file_name.contains(['/', '\\']);
    if !is_plain || file_name.chars().any(char::is_control) || file_name.starts_with('.') {
        let problem = "Use the file’s own name, without folders: at most 200 bytes, such as 2026-11-03 Priya.vtt.";
        return Err(Problem::invalid("file_name", problem));
    }
    // Somewhere it is tomorrow already.
    if date.is_some_and(|date| date > Utc::now().date_naive() + Days::new(1)) {
        return Err(Problem::invalid(
            "date",
            "This day is in the future: give the one on which the session took place.",
        ));
    }
    let day = date.map(|date| format!("{date}/")).unwrap_or_default();
    let key = format!("{}{}/{day}{file_name}", meeting::key::INBOX, coach.to_lowercase());
    if matches!(meeting::key::read(&key), meeting::key::InboxKey::Roster { .. }) {
        // It changes whom letters go to, which is another right.
        return Err(Problem::invalid("file_name", "Import a roster with POST /v1/clients/import."));
    }
    match meeting::key::ignored(&key) {
        Some(why) => Err(Problem::invalid("file_name", format!("A file of this name would be ignored: {why}."))),
        None => Ok(key),
    }
}

/// The problem of an upload that the bucket doesn't take; `what` has to be sent again. Logs the cause.
pub(super) fn away(error: &BucketError, what: &str) -> Problem {
    tracing::error!(target: "http", { error = %error }, "an upload did not reach the bucket");
    Problem::new(Code::Away, format!("The bucket isn’t responding. Send the {what} again in a minute."))
}

/// A file's content, and its SHA-256.
pub(super) struct File {
    pub(super) content: Bytes,
    pub(super) sha256: [u8; 32],
}

impl File {
    /// Computes it on a thread of its own: a large file takes a while.
    pub(super) async fn of(content: Bytes) -> Result<Self, Problem> {
        let hashed = tokio::task::spawn_blocking(move || Self { sha256: Sha256::digest(&content).into(), content });
        hashed.await.map_err(|_| Problem::internal(&"a file could not be hashed"))
    }
}

/// How a file came to be in the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It was put there.
    Now,
    /// It was there with the same content.
    Before,
}

/// Puts a file into the inbox. One that is there with the same content stays; with another content, it is refused or
/// replaced.
pub(super) async fn put(bucket: &Bucket, key: &str, content: Bytes, replace: bool) -> Result<Put, Problem> {
    let away = |error| away(&error, "file");
    if replace {
        return bucket.put(key, content).await.map_err(away).map(|()| Put::Now);
    }
    if bucket.put_new(key, content.clone()).await.map_err(away)? {
        return Ok(Put::Now);
    }
    let there = bucket.get(key).await.map_err(away)?;
    if there == content {
        return Ok(Put::Before);
    }
    let detail = "Another file of this name is in the inbox. Send it with replace=true to replace it (its session starts \
                  over), or under another name.";
    Err(Problem::new(Code::Taken, detail))
}
