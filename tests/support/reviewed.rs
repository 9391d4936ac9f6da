//! A session ready for review: utterances, participants, and a summary for Priya with evidence.

use debrief_jobs::{
    db::Tx,
    links::{self, Token},
    model::{ActionItem, Claim, Content, Evidence, Owner, Section, summary},
};
use uuid::Uuid;

use super::World;

/// A session in review and its summaries.
#[derive(Debug)]
pub(crate) struct Reviewed {
    pub(crate) session: Uuid,
    /// Priya's summary, version 1.
    pub(crate) summary: Uuid,
}

const UTTERANCES: [(&str, i64, &str); 6] = [
    ("Maya Okafor", 0, "Good to see you. How did the planning meeting go?"),
    ("Priya Raman", 6_000, "I ran the planning meeting myself, and I kept it to half an hour. Nobody minded."),
    ("Maya Okafor", 21_000, "That is new. What made the difference?"),
    (
        "Priya Raman",
        27_500,
        "I wrote the three questions on the wall first. Handing things to Jonas still feels slower than doing it myself, though.",
    ),
    ("Maya Okafor", 754_000, "What would you hand over first?"),
    (
        "Priya Raman",
        760_000,
        "The release notes. I will give Jonas the release notes by Friday and let his first draft stand.",
    ),
];

impl Reviewed {
    /// Creates one in state `summarized`; `request` or a test moves it on.
    pub(crate) async fn new(world: &World) -> Self {
        let [session, transcript, summary_id] = [(); 3].map(|()| Uuid::now_v7());
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
             values ($1, $2, $3, 'Delegating the release notes', '2026-11-03', 'object_time', $4, 'summarized', $1)",
        )
        .bind(session)
        .bind(world.organization)
        .bind(world.coach)
        .bind(format!("inbox/maya/{session}.vtt"))
        .execute(tx.conn())
        .await
        .expect("a session");
        sqlx::query(
            "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time, warnings)
             values ($1, $2, $3, 'k', 'e', 's', $1::text, 1, now(), '[{\"message\": \"Line 12 has no end time.\"}]')",
        )
        .bind(transcript)
        .bind(world.organization)
        .bind(session)
        .execute(tx.conn())
        .await
        .expect("a transcript");
        let mut ids = Vec::new();
        for (position, (label, start, text)) in UTTERANCES.iter().enumerate() {
            let id = Uuid::now_v7();
            sqlx::query(
                "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, end_ms, text)
                 values ($1, $2, $3, $4, $5, $6, $7, $7 + 5000, $8)",
            )
            .bind(id)
            .bind(world.organization)
            .bind(session)
            .bind(transcript)
            .bind(i32::try_from(position).expect("few utterances"))
            .bind(label)
            .bind(start)
            .bind(text)
            .execute(tx.conn())
            .await
            .expect("an utterance");
            ids.push(id);
        }
        for (kind, client, name, seconds) in
            [("coach", None, "Maya Okafor", 412.0), ("client", Some(world.priya), "Priya Raman", 1163.0)]
        {
            let participant = Uuid::now_v7();
            sqlx::query(
                "insert into participants (id, organization_id, session_id, kind, client_id, name, speaking_seconds, words, turns)
                 values ($1, $2, $3, $4, $5, $6, $7, 900, 40)",
            )
            .bind(participant)
            .bind(world.organization)
            .bind(session)
            .bind(kind)
            .bind(client)
            .bind(name)
            .bind(seconds)
            .execute(tx.conn())
            .await
            .expect("a participant");
            sqlx::query(
                "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
                 values ($1, $2, $3, $4, 1, 'the roster')",
            )
            .bind(world.organization)
            .bind(session)
            .bind(name)
            .bind(participant)
            .execute(tx.conn())
            .await
            .expect("an attribution");
        }
        add_summary(&mut tx, session, summary_id, world.priya, &content(&ids)).await;
        tx.commit().await.expect("the session is committed");
        Self { session, summary: summary_id }
    }

    /// A link to it, as emailed.
    pub(crate) async fn link(&self, world: &World) -> Token {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let (_, token) = links::issue(&mut tx, world.coach, self.session, 10).await.expect("a link");
        tx.commit().await.expect("the link is committed");
        token
    }

    /// Moves it to `state`.
    pub(crate) async fn set_state(&self, world: &World, state: &str) {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query("update sessions set state = $2 where id = $1")
            .bind(self.session)
            .bind(state)
            .execute(tx.conn())
            .await
            .expect("the state is set");
        tx.commit().await.expect("the state is committed");
    }
}

/// Adds a summary in state done, with one version.
pub(crate) async fn add_summary(
    tx: &mut debrief_jobs::db::TenantTx,
    session: Uuid,
    id: Uuid,
    client: Uuid,
    content: &Content,
) {
    let organization = tx.tenant();
    sqlx::query(
        "insert into summaries (id, organization_id, session_id, client_id, state) values ($1, $2, $3, $4, 'done')",
    )
    .bind(id)
    .bind(organization)
    .bind(session)
    .bind(client)
    .execute(tx.conn())
    .await
    .expect("a summary");
    let authorship = summary::Authorship { claims_dropped: 1, ..written_by("summarizer") };
    summary::add_version(tx, id, content, &authorship).await.expect("a version");
}

/// By whom a version is: `coach` or `summarizer`.
pub(crate) fn written_by(author: &'static str) -> summary::Authorship {
    summary::Authorship {
        author,
        provider: "offline".into(),
        model: "extractive-1".into(),
        prompt_version: "none".into(),
        template: "default".into(),
        claims_dropped: 0,
    }
}

fn content(utterances: &[Uuid]) -> Content {
    let claim = |section: Section, text: &str, utterance: usize, quote: &str| Claim {
        evidence: vec![Evidence {
            utterance_id: utterances[utterance],
            speaker: "Priya Raman".into(),
            start_ms: None,
            quote: quote.into(),
        }],
        action: (section == Section::ActionItems).then(|| ActionItem {
            owner: Owner::Client,
            due_date: chrono::NaiveDate::from_ymd_opt(2026, 11, 6),
            due_words: Some("by Friday".into()),
        }),
        ..Claim::new(section, text.into())
    };
    Content {
        claims: vec![
            claim(
                Section::Wins,
                "You ran the planning meeting yourself and kept it to half an hour.",
                1,
                "I ran the planning meeting myself, and I kept it to half an hour.",
            ),
            claim(
                Section::Challenges,
                "Handing work to Jonas still feels slower than doing it yourself.",
                3,
                "Handing things to Jonas still feels slower than doing it myself",
            ),
            claim(
                Section::ActionItems,
                "Hand the release notes to Jonas and let his first draft stand.",
                5,
                "I will give Jonas the release notes by Friday and let his first draft stand.",
            ),
            claim(
                Section::Engagement,
                "High: concrete examples without being asked.",
                3,
                "I wrote the three questions on the wall first.",
            ),
        ],
    }
}
