//! A client's data as a bundle, for whoever asks what is held of them: a page to read, JSON, and the letters as they were
//! sent, zipped. Only reads.
//!
//! What is in it is what the client said, what was written to them, and what is known of them. What other people said in a
//! group, and other clients' names, are theirs. What the summaries have for the coach alone is in it only if whoever answers the request
//! has decided so ([`Wanted::coach_sections`]). `docs/BACKUP.md` says why.

mod gather;
mod pack;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

pub use gather::{Wanted, gather};
pub use pack::{BundleError, pack};

/// What is held of a client.
#[derive(Clone, Debug, Serialize)]
pub struct Bundle {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Whether it has what the summaries have for the coach alone.
    pub with_coach_sections: bool,
    /// The client.
    pub client: Client,
    /// The sessions that the client was in, oldest first.
    pub sessions: Vec<Session>,
    /// The client's goals.
    pub goals: Vec<Goal>,
    /// The letters that were sent to the client.
    pub letters: Vec<Letter>,
}

/// The client, as the installation knows them.
#[derive(Clone, Debug, Serialize)]
pub struct Client {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The address.
    pub email: Option<String>,
    /// What follows "Hello" in letters, if it was set.
    pub greeting: Option<String>,
    /// Free-form tags.
    pub tags: Vec<String>,
    /// Other names that the client goes by in transcripts.
    pub aliases: Vec<String>,
    /// The coach's name.
    pub coach: String,
    /// The organization's name.
    pub organization: String,
    /// Since when the client is known.
    pub created_at: DateTime<Utc>,
}

/// A session of the client.
#[derive(Clone, Debug, Serialize)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Its day.
    pub date: NaiveDate,
    /// Whether its day is only an estimate.
    pub date_is_estimated: bool,
    /// Its title; none in a group, where it may name others.
    pub title: Option<String>,
    /// Whether others were in it than the client and the coach.
    pub is_group: bool,
    /// What was measured of the client's part in it.
    pub part: Option<Part>,
    /// What the client said, and what the coach said to nobody else.
    pub said: Vec<Said>,
    /// What the client wrote in the chat.
    pub chat: Vec<Said>,
    /// The summary's statements for the client, in the version that was approved.
    pub summary: Vec<Statement>,
    /// The summary's other statements about the client, in its latest version; only if they were asked for.
    pub for_the_coach: Vec<Statement>,
}

/// What was measured of the client's part in a session.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The name in the session.
    pub name: String,
    /// How long the client spoke.
    pub speaking_seconds: f64,
    /// How many words.
    pub words: i32,
    /// How many turns.
    pub turns: i32,
    /// How many questions.
    pub questions: i32,
    /// The share of the talk.
    pub share: f64,
    /// How engaged, in a word.
    pub engagement: Option<String>,
}

/// Words of somebody.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// `client` or `coach`.
    pub by: &'static str,
    /// When, from the beginning.
    pub at_ms: Option<i64>,
    /// The words.
    pub text: String,
}

/// A statement of a summary.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    /// Its section.
    pub section: String,
    /// Its words.
    pub text: String,
    /// The day that was said for it, if it is an action item.
    pub due_date: Option<NaiveDate>,
}

/// A goal of the client.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    /// Its words.
    pub text: String,
    /// How it stands.
    pub state: String,
    /// Since when.
    pub since: NaiveDate,
    /// Its day.
    pub due_date: Option<NaiveDate>,
}

/// A letter as it was sent.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// Its file in the bundle.
    pub file: String,
    /// Where it went.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// When.
    pub sent_at: Option<DateTime<Utc>>,
    /// The message.
    #[serde(skip)]
    pub message: Vec<u8>,
}
