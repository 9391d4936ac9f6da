//! The demo's outcome, and whether it is the expected one.

use std::fmt::Write;

use chrono::NaiveDate;
use debrief_jobs::{
    db::{TenantTx, Tx},
    links,
    model::listing::{self, Filter, Row},
    model::{MailState, SessionStatus},
};
use serde::Serialize;
use uuid::Uuid;

use super::fixtures::{Manifest, Transcript};
use crate::cli::{App, output::table, sessions::state};

/// The outcome.
#[derive(Debug, Serialize)]
pub(super) struct DemoReport {
    sessions: Vec<Session>,
    /// By kind and state.
    mails: Vec<Mails>,
    mail_folder: String,
    bucket: String,
    /// The manifests of the exports.
    exports: Vec<String>,
    /// The number of weekly rollups.
    rollups: i64,
    /// The number of chunks in the index.
    chunks: i64,
    review_pages: String,
    admin_page: String,
    /// What did not go as expected; empty if everything did.
    unexpected: Vec<String>,
}

/// A session of the demo.
#[derive(Debug, Serialize)]
struct Session {
    #[serde(flatten)]
    row: Row,
    /// A review link, if the session needs a person.
    review_link: Option<String>,
}

/// Emails of one kind and state.
#[derive(Debug, Serialize)]
struct Mails {
    kind: String,
    state: MailState,
    count: i64,
}

impl DemoReport {
    /// Reads the outcome, and creates a review link for each session that needs a person.
    pub(super) async fn collect(
        app: &App,
        organization: Uuid,
        manifest: &Manifest,
        today: NaiveDate,
    ) -> anyhow::Result<Self> {
        let mut tx = app.db.tenant(organization).await?;
        let rows = listing::sessions(&mut tx, &Filter::default()).await?;
        let mut sessions = Vec::new();
        for row in rows {
            let waits = matches!(row.state, SessionStatus::InReview | SessionStatus::WaitingForSpeakers);
            let review_link = if waits { Some(link(app, &mut tx, row.id).await?) } else { None };
            sessions.push(Session { row, review_link });
        }
        let mails = sqlx::query_as!(
            Mails,
            r#"select kind, state as "state: MailState", count(*) as "count!" from mails group by kind, state order by kind, state"#
        )
        .fetch_all(tx.conn())
        .await?;
        let exports =
            sqlx::query_scalar!(r#"select manifest_key as "key!" from exports where manifest_key is not null"#)
                .fetch_all(tx.conn())
                .await?;
        let counts = sqlx::query!(
            r#"select (select count(*) from rollups) as "rollups!", (select count(*) from chunks) as "chunks!""#
        )
        .fetch_one(tx.conn())
        .await?;
        tx.commit().await?;
        let folder = |url: &str| url.strip_prefix("file://").unwrap_or(url).to_owned();
        let mut outcome = Self {
            sessions,
            mails,
            mail_folder: folder(secrecy::ExposeSecret::expose_secret(&app.config.mail.url)),
            bucket: folder(&app.config.bucket),
            exports,
            rollups: counts.rollups,
            chunks: counts.chunks,
            review_pages: app.config.review.base_url.to_string(),
            admin_page: format!("http://{}", app.config.http.admin_listen),
            unexpected: Vec::new(),
        };
        outcome.unexpected = outcome.surprises(app, organization, manifest, today).await?;
        Ok(outcome)
    }

    /// The review link to start with: that of the latest session that needs a review.
    pub(super) fn first_link(&self) -> Option<String> {
        let in_review = self.sessions.iter().find(|session| session.row.state == SessionStatus::InReview);
        in_review?.review_link.clone()
    }

    /// Whether everything went as the demo expects.
    pub(super) fn as_expected(&self) -> bool {
        self.unexpected.is_empty()
    }

    async fn surprises(
        &self,
        app: &App,
        organization: Uuid,
        manifest: &Manifest,
        today: NaiveDate,
    ) -> anyhow::Result<Vec<String>> {
        let mut surprises = Vec::new();
        for transcript in &manifest.transcripts {
            let key = transcript.key(today);
            let found = self.sessions.iter().find(|session| session.row.object_key == key);
            let state = found.map(|session| session.row.state);
            if state != Some(expected(transcript)) {
                let state = state.map_or("missing", SessionStatus::as_str);
                surprises.push(format!("{key}: is {state}, not {}", expected(transcript)));
            }
            if transcript.expect == SessionStatus::Rejected {
                let reason = format!("{}.reason.json", key.replacen("inbox/", "rejected/", 1));
                if app.services.bucket.get(&reason).await.is_err() {
                    surprises.push(format!("{reason} is not there"));
                }
            }
        }
        // A model words promises as it likes; whether they were kept is compared for the demo's own words.
        if app.config.llm.provider == debrief_jobs::llm::OFFLINE {
            surprises.extend(self.threads(app, organization, manifest, today).await?);
        }
        let sent = |kind: &str| {
            self.mails.iter().filter(|m| m.kind == kind && m.state == MailState::Sent).map(|m| m.count).sum::<i64>()
        };
        let waiting =
            manifest.transcripts.iter().filter(|transcript| transcript.expect == SessionStatus::InReview).count();
        if usize::try_from(sent("review_request")).ok() != Some(waiting) {
            surprises.push(format!("{} review requests were sent, not {waiting}", sent("review_request")));
        }
        for (what, there) in [
            ("no follow-up was sent", sent("follow_up") > 0),
            ("the coach was not told about the rejection", sent("session_rejected") > 0),
            ("nobody was asked about the unknown speaker", sent("speakers_needed") > 0),
            ("an email is neither sent nor cancelled", self.mails.iter().all(|m| m.state == MailState::Sent)),
            ("no rollup was made", self.rollups > 0),
            ("no rollup was sent", sent("weekly_rollup") > 0),
            ("there is no export", !self.exports.is_empty()),
            ("nothing was indexed", self.chunks > 0),
        ] {
            if !there {
                surprises.push(what.to_owned());
            }
        }
        Ok(surprises)
    }

    /// Compares what the summaries say about earlier promises with the manifest.
    async fn threads(
        &self,
        app: &App,
        organization: Uuid,
        manifest: &Manifest,
        today: NaiveDate,
    ) -> anyhow::Result<Vec<String>> {
        let mut surprises = Vec::new();
        let mut tx = app.db.tenant(organization).await?;
        for transcript in &manifest.transcripts {
            let key = transcript.key(today);
            let Some(session) = self.sessions.iter().find(|session| session.row.object_key == key) else { continue };
            let told = sqlx::query!(
                "select claims.text, outcome from summaries
                 join claims on claims.summary_id = summaries.id and claims.version = coalesce(approved_version, summaries.version)
                 join threads on threads.claim_id = claims.id
                 where session_id = $1",
                session.row.id
            )
            .fetch_all(tx.conn())
            .await?;
            let kept = transcript.kept.iter().map(|words| (words, "met"));
            for (words, expected) in kept.chain(transcript.broken.iter().map(|words| (words, "not_met"))) {
                // "I'll ring Ingrid" may be told as "Ring Ingrid.".
                let words_in = |text: &str| text.to_lowercase().contains(&words.to_lowercase());
                let found = told.iter().find(|thread| words_in(&thread.text));
                let outcome = found.map_or("no thread", |thread| thread.outcome.as_str());
                if outcome != expected {
                    surprises.push(format!("{key}: the promise “{words}” is {outcome}, not {expected}"));
                }
            }
        }
        Ok(surprises)
    }

    /// The outcome as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("\nSESSIONS\n");
        text.push_str(&table(
            ["DATE", "COACH", "TITLE", "STATE", "SUMMARIES"],
            self.sessions.iter().map(|session| {
                let row = &session.row;
                let summaries = format!("{}/{}", row.summaries_done, row.summaries_expected);
                [row.session_date.to_string(), row.coach.clone(), row.title.clone(), state(row), summaries]
            }),
        ));
        for session in self.sessions.iter().filter(|session| session.row.state == SessionStatus::Rejected) {
            let _ = write!(
                text,
                "\n\n{} was rejected: {}",
                session.row.title,
                session.row.reason.as_deref().unwrap_or("?")
            );
        }
        text.push_str("\n\nREVIEW LINKS (the demo coaches approved the closed sessions; these need your review)\n");
        for session in &self.sessions {
            if let Some(link) = &session.review_link {
                let _ = writeln!(text, "{}  {}\n  {link}", session.row.session_date, session.row.title);
            }
        }
        let _ = writeln!(text, "\nEMAILS in {}", self.mail_folder);
        text.push_str(&table(
            ["KIND", "STATE", "COUNT"],
            self.mails.iter().map(|mails| [mails.kind.clone(), mails.state.to_string(), mails.count.to_string()]),
        ));
        let _ = writeln!(text, "\n\nEXPORTS in {}", self.bucket);
        for export in &self.exports {
            let _ = writeln!(text, "{export}");
        }
        let _ = writeln!(text, "\n{} weekly rollups, {} pieces of text in the index", self.rollups, self.chunks);
        if self.as_expected() {
            text.push_str("\nEverything went as expected.");
        } else {
            text.push_str("\nThis did not go as expected:\n");
            for surprise in &self.unexpected {
                let _ = writeln!(text, "  {surprise}");
            }
        }
        text
    }
}

/// The expected state of a transcript's session: one that the demo coach approves is closed, since nothing is held.
fn expected(transcript: &Transcript) -> SessionStatus {
    if transcript.approve { SessionStatus::Closed } else { transcript.expect }
}

async fn link(app: &App, tx: &mut TenantTx, session_id: Uuid) -> anyhow::Result<String> {
    let coach_id =
        sqlx::query_scalar!("select coach_id from sessions where id = $1", session_id).fetch_one(tx.conn()).await?;
    let (_, token) = links::issue(tx, coach_id, session_id, app.config.review.link_days).await?;
    Ok(app.config.review.base_url.join(&format!("r/{}", token.reveal()))?.to_string())
}
