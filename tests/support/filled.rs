//! Fills a world with sessions in their state after parsing, attribution and summarizing.

use chrono::NaiveDate;
use debrief_jobs::{
    db::{TenantTx, Tx},
    model::{ActionItem, Claim, Content, Evidence, Owner, Section, summary},
};
use uuid::Uuid;

use super::{World, written_by};

/// A session to insert. Each utterance takes ten seconds, and its speaker label is the person's name.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) organization: Uuid,
    pub(crate) coach: Uuid,
    pub(crate) title: &'static str,
    pub(crate) group: bool,
    pub(crate) day: NaiveDate,
    pub(crate) state: &'static str,
    /// Id and name.
    pub(crate) clients: Vec<(Uuid, &'static str)>,
    /// Label and words.
    pub(crate) said: Vec<(&'static str, &'static str)>,
}

/// The inserted rows.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub(crate) session: Uuid,
    pub(crate) utterances: Vec<Uuid>,
}

/// A date such as `2026-11-09`.
pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a good date")
}

impl World {
    /// A session of Maya with Priya, in review, on 9 November 2026.
    pub(crate) fn session(&self, said: Vec<(&'static str, &'static str)>) -> Session {
        Session {
            organization: self.organization,
            coach: self.coach,
            title: "Priya, session 4",
            group: false,
            day: day("2026-11-09"),
            state: "in_review",
            clients: vec![(self.priya, "Priya Raman")],
            said,
        }
    }

    /// Inserts `session` with its utterances, participants and attributions.
    pub(crate) async fn insert(&self, session: &Session) -> Filled {
        let mut tx = self.database.db.tenant(session.organization).await.expect("a transaction");
        let filled = insert(&mut tx, session).await.expect("a session is inserted");
        tx.commit().await.expect("the session is committed");
        filled
    }

    /// Adds a version with `content` to the client's summary of the session (created if missing), and returns the
    /// summary's id and the version.
    pub(crate) async fn summarize(&self, session: Uuid, client: Uuid, content: &Content) -> (Uuid, i32) {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        let (id,): (Uuid,) = sqlx::query_as(
            "insert into summaries (id, organization_id, session_id, client_id, state) values ($1, $2, $3, $4, 'done')
             on conflict (organization_id, session_id, client_id) do update set updated_at = now() returning id",
        )
        .bind(Uuid::now_v7())
        .bind(self.organization)
        .bind(session)
        .bind(client)
        .fetch_one(tx.conn())
        .await
        .expect("a summary");
        let authorship = written_by("summarizer");
        let version = summary::add_version(&mut tx, id, content, &authorship).await.expect("a version");
        tx.commit().await.expect("the summary is committed");
        (id, version)
    }

    /// Approves a summary's latest version.
    pub(crate) async fn approve(&self, summary: Uuid) {
        self.execute(
            "update summaries set state = 'approved', approved_version = version, approved_hash = 'hash',
                approved_at = now() where id = $1",
            summary,
        )
        .await;
    }

    /// Runs a statement with one parameter in the organization's own transaction.
    pub(crate) async fn execute(&self, statement: &'static str, id: Uuid) {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        sqlx::query(statement).bind(id).execute(tx.conn()).await.expect("the statement runs");
        tx.commit().await.expect("it is committed");
    }

    /// A second organization with a coach and a client of its own: their ids, in this order.
    pub(crate) async fn neighbour(&self) -> [Uuid; 3] {
        let [organization, coach, client] = [(); 3].map(|()| Uuid::now_v7());
        let mut tx = self.database.db.tenant(organization).await.expect("a transaction");
        sqlx::query("insert into organizations (id, handle, name) values ($1, 'southbank', 'Southbank')")
            .bind(organization)
            .execute(tx.conn())
            .await
            .expect("an organization");
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, time_zone)
             values ($1, $2, 'jon', 'Jon Aalto', 'jon@southbank.example', 'Europe/Helsinki')",
        )
        .bind(coach)
        .bind(organization)
        .execute(tx.conn())
        .await
        .expect("a coach");
        sqlx::query("insert into clients (id, organization_id, coach_id, name) values ($1, $2, $3, 'Nils Berg')")
            .bind(client)
            .bind(organization)
            .bind(coach)
            .execute(tx.conn())
            .await
            .expect("a client");
        tx.commit().await.expect("people are committed");
        [organization, coach, client]
    }
}

/// A claim based on the utterance `evidence`.
pub(crate) fn claim(section: Section, text: &str, evidence: Uuid) -> Claim {
    Claim {
        evidence: vec![Evidence {
            utterance_id: evidence,
            speaker: "Priya Raman".into(),
            start_ms: None,
            quote: "the words".into(),
        }],
        action: (section == Section::ActionItems).then_some(ActionItem {
            owner: Owner::Client,
            due_date: None,
            due_words: None,
        }),
        ..Claim::new(section, text.into())
    }
}

/// An action item due on `due`.
pub(crate) fn action(text: &str, owner: Owner, due: Option<NaiveDate>, evidence: Uuid) -> Claim {
    let due_words = due.map(|_| "by then".into());
    Claim {
        action: Some(ActionItem { owner, due_date: due, due_words }),
        ..claim(Section::ActionItems, text, evidence)
    }
}

async fn insert(tx: &mut TenantTx, session: &Session) -> Result<Filled, sqlx::Error> {
    let [id, transcript] = [Uuid::now_v7(), Uuid::now_v7()];
    sqlx::query(
        "insert into sessions (id, organization_id, coach_id, title, type, session_date, date_source, object_key,
            state, correlation_id) values ($1, $2, $3, $4, $5, $6, 'path', $7, $8, $1)",
    )
    .bind(id)
    .bind(session.organization)
    .bind(session.coach)
    .bind(session.title)
    .bind(if session.group { "group" } else { "individual" })
    .bind(session.day)
    .bind(format!("inbox/maya/{id}.vtt"))
    .bind(session.state)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time) values ($1, $2, $3, 'key', 'etag', 'stored', $4, 1, now())",
    )
    .bind(transcript)
    .bind(session.organization)
    .bind(id)
    .bind(id.to_string())
    .execute(tx.conn())
    .await?;
    let mut utterances = Vec::new();
    for (position, (label, text)) in (0_i32..).zip(&session.said) {
        let utterance = Uuid::now_v7();
        sqlx::query("insert into utterances values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(utterance)
            .bind(session.organization)
            .bind(id)
            .bind(transcript)
            .bind(position)
            .bind(label)
            .bind(i64::from(position) * 10_000)
            .bind(i64::from(position) * 10_000 + 9_000)
            .bind(text)
            .execute(tx.conn())
            .await?;
        utterances.push(utterance);
    }
    participants(tx, session, id).await?;
    Ok(Filled { session: id, utterances })
}

/// The coach, labeled `Maya Okafor`, and the clients, each with nine seconds per utterance.
async fn participants(tx: &mut TenantTx, session: &Session, id: Uuid) -> Result<(), sqlx::Error> {
    let coach = ("coach", None, "Maya Okafor");
    let clients = session.clients.iter().map(|(client, name)| ("client", Some(*client), *name));
    for (kind, client, name) in std::iter::once(coach).chain(clients) {
        let participant = Uuid::now_v7();
        let said = session.said.iter().filter(|(label, _)| *label == name);
        let (turns, words) = said.fold((0_i32, 0_i32), |(turns, words), (_, text)| {
            (turns + 1, words + i32::try_from(text.split_whitespace().count()).expect("few words"))
        });
        sqlx::query("insert into participants values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(participant)
            .bind(session.organization)
            .bind(id)
            .bind(kind)
            .bind(client)
            .bind(name)
            .bind(9.0 * f64::from(turns))
            .bind(words)
            .bind(turns)
            .execute(tx.conn())
            .await?;
        sqlx::query("insert into attributions values ($1, $2, $3, $4, 1.0, 'The roster has this name.')")
            .bind(session.organization)
            .bind(id)
            .bind(name)
            .bind(participant)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
