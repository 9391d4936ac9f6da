//! A worker killed with SIGKILL at each step of the path in turn: every session still ends where it should, and every
//! mail is received once.
//!
//! The moment is made exact without a word in the program: a trigger in the test's database holds the finish of one kind
//! of job, so its effect is written and not yet committed; then the worker is killed, the hold is lifted, and another
//! worker is started.

use std::time::Instant;

use debrief_jobs::{
    Services,
    db::Tx,
    model::listing::{self, Filter},
    review::{self, Visitor, actions},
};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{
    SmtpServer,
    installation::{Installation, wait_for},
    world,
};

const TRANSCRIPT: &str = include_str!("../fixtures/demo/maya/priya-week-1.vtt");

/// The finish of one kind of job is held while this lives.
struct Hold {
    connection: PgConnection,
}

impl Hold {
    async fn new(installation: &Installation, kind: &str) -> Self {
        let mut connection =
            PgConnection::connect(installation.database.url.expose_secret()).await.expect("the database answers");
        connection
            .execute(AssertSqlSafe(format!(
                "select pg_advisory_lock(4711);
                 create function hold() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock(4711); return new; end $$;
                 create trigger hold before update on jobs for each row
                    when (new.kind = '{kind}' and new.state = 'done') execute function hold();"
            )))
            .await
            .expect("a trigger is made");
        Self { connection }
    }

    /// Waits until a finish is held.
    async fn catches(&mut self) {
        let connection = std::cell::RefCell::new(&mut self.connection);
        wait_for("a finish to be held", async || {
            let held: i64 = sqlx::query_scalar(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted
                 and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_one(&mut **connection.borrow_mut())
            .await
            .expect("the locks can be read");
            (held > 0).then_some(())
        })
        .await;
    }

    /// Lets go; what was held finds its client gone and is rolled back.
    async fn lift(mut self) {
        self.connection
            .execute("select pg_advisory_unlock(4711); drop trigger hold on jobs; drop function hold()")
            .await
            .expect("the trigger is removed");
    }
}

/// Takes one session from the bucket to the follow-up, with its export and rollup; while jobs of `kind` finish, the
/// worker is killed once.
async fn killed_at(kind: &str) {
    let smtp = SmtpServer::start();
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_MAIL__URL", smtp.url());
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya Raman.vtt", TRANSCRIPT);

    let after_approval = matches!(kind, "follow_up.send" | "export.organization" | "rollup.weekly");
    if after_approval {
        installation.run(&["work", "--drain"]).await;
        approve(&installation).await;
    }
    let mut hold = Hold::new(&installation, kind).await;
    let worker = installation.start(&["work"]);
    hold.catches().await;
    worker.kill();
    hold.lift().await;

    let killed = Instant::now();
    installation.run(&["work", "--drain"]).await;
    eprintln!("killed at {kind}: at rest again after {:.1} s", killed.elapsed().as_secs_f64());
    if !after_approval {
        approve(&installation).await;
        installation.run(&["work", "--drain"]).await;
    }
    assert_ended_well(&installation, &smtp, kind).await;
}

/// Approves every summary, and asks for an export and a rollup.
async fn approve(installation: &Installation) {
    let db = &installation.database.db;
    let settings = world::settings(&installation.folder);
    let services = Services::new(db.clone(), &settings).expect("good settings");
    let organization = db.organizations().await.expect("the database answers")[0];
    let mut tx = db.tenant(organization).await.expect("a transaction");
    let sessions = listing::sessions(&mut tx, &Filter::default()).await.expect("the sessions");
    assert_eq!(sessions.len(), 1, "one file is one session");
    let view = review::view::view(&mut tx, sessions[0].id).await.expect("the view").expect("the session");
    let visitor = Visitor { link_id: None, address: None, agent: None };
    for summary in &view.summaries {
        let signed = actions::Signed { version: summary.version, hash: summary.hash.clone() };
        actions::approve(&mut tx, &services, sessions[0].id, summary.id, &signed, &visitor).await.expect("it is open");
    }
    debrief_jobs::export::start(&mut tx).await.expect("an export");
    let coach_id: Uuid = sqlx::query_scalar("select id from coaches").fetch_one(tx.conn()).await.expect("the coach");
    let first_day = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a Monday");
    let rollup = debrief_jobs::rollup::WeeklyRollup { coach_id, first_day: Some(first_day) };
    debrief_jobs::queue::enqueue(&mut tx, &rollup, Uuid::now_v7()).await.expect("a rollup");
    tx.commit().await.expect("all of it");
}

async fn assert_ended_well(installation: &Installation, smtp: &SmtpServer, kind: &str) {
    let sessions = installation.json(&["sessions", "list"]).await;
    assert_eq!(sessions["state"], "closed", "killed at {kind}: {sessions}");
    let id = sessions["id"].as_str().expect("an id");
    let session = installation.json(&["sessions", "show", id]).await;
    // Every cue of the file is an utterance, once.
    let cues = TRANSCRIPT.matches(" --> ").count();
    assert_eq!(session["utterances"], cues, "killed at {kind}");
    assert_eq!(session["summaries"][0]["version"], 1, "killed at {kind}: a summary is written once");

    let mut received: Vec<String> = smtp.letters().iter().map(|letter| letter.to[0].clone()).collect();
    received.sort();
    // The review request and the rollup to the coach, the follow-up to the client.
    let wanted = ["maya@northlight.example", "maya@northlight.example", "priya@raman.example"];
    assert_eq!(received, wanted, "killed at {kind}: each mail is received once");

    let mut owner =
        PgConnection::connect(installation.database.url.expose_secret()).await.expect("the database answers");
    let (exports, rollups, unfinished): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from exports where manifest_key is not null), (select count(*) from rollups),
                (select count(*) from jobs where state in ('running', 'dead'))",
    )
    .fetch_one(&mut owner)
    .await
    .expect("counts");
    assert_eq!((exports, rollups, unfinished), (1, 1, 0), "killed at {kind}");
}

/// A test a step, so that they run side by side: each waits for a lease to run out.
macro_rules! steps {
    ($($name:ident: $kind:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            killed_at($kind).await;
        })*
    };
}

steps! {
    killed_while_it_ingests: "ingest.scan_inbox",
    killed_while_it_parses: "parse.transcript",
    killed_while_it_attributes: "attribute.session",
    killed_while_it_indexes_a_session: "index.session",
    killed_while_it_summarizes: "summarize.client",
    killed_while_it_indexes_a_summary: "index.summary",
    killed_while_it_requests_the_review: "review.request",
    killed_while_it_exports: "export.organization",
    killed_while_it_rolls_up: "rollup.weekly",
}
