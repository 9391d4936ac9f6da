//! A worker killed with SIGKILL at each step of the path in turn: every session still ends where it should, and every
//! email is received once, except in the gap that SMTP leaves.
//!
//! The moment is exact without any support in the program: a trigger in the test's database holds a statement of the
//! worker (or the mail server doesn't answer), so its effect is written but not committed. Then the worker is killed,
//! the hold is lifted, and another worker is started.

mod frozen;
mod mails;
mod outage;
mod webhooks;

use std::time::{Duration, Instant};

use debrief_jobs::{
    Services,
    audit::Visitor,
    db::Tx,
    desk,
    model::listing::{self, Filter},
    review::{self, actions},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{
    SmtpServer,
    installation::{Installation, wait_for},
    world,
};

const TRANSCRIPT: &str = include_str!("../fixtures/demo/maya/priya-week-1.vtt");
const COACH: &str = "maya@northlight.example";
const CLIENT: &str = "priya@raman.example";

/// An installation with a session in progress, and its mail server.
struct Scene {
    installation: Installation,
    smtp: SmtpServer,
}

impl Scene {
    /// One file in the bucket, and no worker. Uses a lease of `lease_seconds`, or the program's default.
    async fn new(lease_seconds: Option<u32>) -> Self {
        let smtp = SmtpServer::start();
        let mut installation = Installation::new().await;
        // This is about a killed worker, not an impatient one.
        installation.set("DEBRIEF_MAIL__URL", smtp.url().replace("timeout=2", "timeout=60"));
        // Rollups and exports are requested explicitly, independent of the time.
        installation.set("DEBRIEF_QUEUE__SCHEDULES__ROLLUP", "off");
        installation.set("DEBRIEF_QUEUE__SCHEDULES__EXPORT", "off");
        if let Some(seconds) = lease_seconds {
            installation.set("DEBRIEF_QUEUE__LEASE_SECONDS", seconds.to_string());
        }
        installation.people().await;
        installation.drop_into_bucket("inbox/maya/2026-11-02/Priya Raman.vtt", TRANSCRIPT);
        Self { installation, smtp }
    }

    /// A connection as the database's owner, whom no policy restricts.
    async fn owner(&self) -> PgConnection {
        PgConnection::connect(self.installation.database.url.expose_secret()).await.expect("the database answers")
    }

    /// The answer to a yes/no query.
    async fn is(&self, question: &'static str) -> bool {
        sqlx::query_scalar(question).fetch_one(&mut self.owner().await).await.expect("an answer")
    }

    /// Runs jobs until nothing is due.
    async fn drain(&self) {
        self.installation.run(&["work", "--drain"]).await;
    }

    /// Approves every summary, and requests an export and a rollup.
    async fn approve(&self) {
        let db = &self.installation.database.db;
        let settings = world::settings(&self.installation.folder);
        // The page's address doesn't matter; its follow-ups are sent immediately.
        let settings =
            debrief_jobs::Settings { review: desk::Settings { hold_seconds: 0, ..settings.review }, ..settings };
        let services = Services::new(db.clone(), &settings).expect("good settings");
        let organization = db.organizations().await.expect("the database answers")[0];
        let mut tx = db.tenant(organization).await.expect("a transaction");
        let sessions = listing::sessions(&mut tx, &Filter::default()).await.expect("the sessions");
        assert_eq!(sessions.len(), 1, "one file is one session");
        let view = review::view::view(&mut tx, sessions[0].id).await.expect("the view").expect("the session");
        assert_eq!(view.summaries.len(), 1, "one client has one summary");
        let visitor = Visitor::default();
        for summary in &view.summaries {
            let signed = summary.signed();
            actions::approve(&mut tx, &services.desk, sessions[0].id, summary.id, &signed, &visitor)
                .await
                .expect("it is open");
        }
        debrief_jobs::export::start(&mut tx).await.expect("an export");
        let coach_id: Uuid =
            sqlx::query_scalar("select id from coaches").fetch_one(tx.conn()).await.expect("the coach");
        let first_day = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a Monday");
        let rollup = debrief_jobs::rollup::WeeklyRollup { coach_id, first_day: Some(first_day) };
        debrief_jobs::queue::enqueue(&mut tx, &rollup, Uuid::now_v7()).await.expect("a rollup");
        tx.commit().await.expect("all of it");
    }

    /// Waits until everything is done except held jobs of this kind, what waits for their locks, and scheduled jobs. So
    /// a kill hits nothing else: a second email in the gap would be received twice, and rightly so.
    async fn is_quiet_but_for(&self, kind: &str) {
        wait_for("all the other jobs to end", async || {
            let quiet: bool = sqlx::query_scalar(
                "select (select count(*) from jobs where state in ('due', 'running')
                            and kind not in ($1, 'ingest.scan_inbox', 'reconcile', 'queue.prune'))
                    <= (select count(*) from pg_stat_activity where datname = current_database()
                            and wait_event_type = 'Lock' and wait_event <> 'advisory')",
            )
            .bind(kind)
            .fetch_one(&mut self.owner().await)
            .await
            .expect("an answer");
            quiet.then_some(())
        })
        .await;
    }

    /// The queue's contents, for the message of a failing test.
    async fn queue(&self) -> String {
        let jobs: Vec<(String, String, i16, Value)> =
            sqlx::query_as("select kind, state, attempt, errors from jobs where kind <> 'ingest.scan_inbox' or state <> 'done' order by id")
                .fetch_all(&mut self.owner().await)
                .await
                .expect("the jobs");
        jobs.iter().map(|(kind, state, attempt, errors)| format!("{kind} {state} {attempt} {errors}\n")).collect()
    }

    /// The session as shown by `debrief sessions show`.
    async fn session(&self) -> Value {
        let list = self.installation.json(&["sessions", "list"]).await;
        let id = list["id"].as_str().expect("one session").to_owned();
        self.installation.json(&["sessions", "show", &id]).await
    }

    /// The recipients of letters, in alphabetical order.
    fn receivers(&self) -> Vec<String> {
        let mut receivers: Vec<String> = self.smtp.letters().into_iter().map(|letter| letter.to[0].clone()).collect();
        receivers.sort();
        receivers
    }

    /// Nothing is lost, duplicated or left over.
    async fn assert_ended_well(&self, moment: &str) {
        let session = self.session().await;
        assert_eq!(session["state"], "closed", "killed {moment}: {session}");
        assert_eq!(session["failed_stage"], Value::Null, "killed {moment}: {session}");
        // Every cue of the file is an utterance, once.
        let cues = TRANSCRIPT.matches(" --> ").count();
        assert_eq!(session["utterances"], cues, "killed {moment}");
        assert_eq!(session["summaries"][0]["version"], 1, "killed {moment}: a summary is written once");
        // The review request and the rollup to the coach, the follow-up to the client.
        assert_eq!(self.receivers(), [COACH, COACH, CLIENT], "killed {moment}: each mail is received once");
        self.assert_at_rest(moment).await;
    }

    /// One export, one rollup, and no running or dead job.
    async fn assert_at_rest(&self, moment: &str) {
        let (exports, rollups, unfinished): (i64, i64, i64) = sqlx::query_as(
            "select (select count(*) from exports where manifest_key is not null), (select count(*) from rollups),
                    (select count(*) from jobs where state in ('running', 'dead'))",
        )
        .fetch_one(&mut self.owner().await)
        .await
        .expect("counts");
        let queue = self.queue().await;
        assert_eq!(
            (exports, rollups, unfinished),
            (1, 1, 0),
            "exports, rollups, unfinished jobs: killed {moment}\n{queue}"
        );
    }
}

/// Holds the worker at this point for as long as this value lives.
struct Hold {
    connection: PgConnection,
    table: &'static str,
}

impl Hold {
    /// Holds the worker before each `event` (`update`, `insert`) on `table` that matches `condition`.
    async fn new(scene: &Scene, event: &str, table: &'static str, condition: &str) -> Self {
        let mut connection = scene.owner().await;
        connection
            .execute(AssertSqlSafe(format!(
                "select pg_advisory_lock(4711);
                 create function hold() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock(4711); return new; end $$;
                 create trigger hold before {event} on {table} for each row when ({condition}) execute function hold();"
            )))
            .await
            .expect("a trigger is made");
        Self { connection, table }
    }

    /// Holds the finish of one kind of job: its effect is written but not committed.
    async fn finish_of(scene: &Scene, kind: &str) -> Self {
        Self::new(scene, "update", "jobs", &format!("new.kind = '{kind}' and new.state = 'done'")).await
    }

    /// Waits until it holds something.
    async fn catches(&mut self) {
        let connection = tokio::sync::Mutex::new(&mut self.connection);
        wait_for("a statement to be held", async || {
            let held: i64 = sqlx::query_scalar(
                "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
                 and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_one(&mut **connection.lock().await)
            .await
            .expect("the locks can be read");
            (held > 0).then_some(())
        })
        .await;
    }

    /// Releases the hold; the held statement finds its client gone and is rolled back.
    async fn lift(mut self) {
        let lift =
            format!("select pg_advisory_unlock(4711); drop trigger hold on {}; drop function hold()", self.table);
        self.connection.execute(AssertSqlSafe(lift)).await.expect("the trigger is removed");
    }
}

/// Short, to keep the tests short; long enough that a busy machine loses no lease by chance.
const LEASE: Option<u32> = Some(6);

/// Takes one session from the bucket to the follow-up, with its export and rollup; the worker is killed once, during
/// the step.
async fn killed_while(step: &str, (event, table): (&str, &'static str), condition: &str) {
    let scene = Scene::new(LEASE).await;
    let after_approval = matches!(step, "export.organization" | "rollup.weekly");
    if after_approval {
        scene.drain().await;
        scene.approve().await;
    }
    let mut hold = Hold::new(&scene, event, table, condition).await;
    // No email gets further than this before the worker is killed: one in the gap would be received twice, and rightly
    // so.
    scene.smtp.hold("rcpt", CLIENT);
    scene.smtp.hold("data", COACH);
    let worker = scene.installation.start(&["work"]);
    hold.catches().await;
    worker.kill();
    scene.smtp.release();
    hold.lift().await;
    scene.drain().await;
    if !after_approval {
        scene.approve().await;
        scene.drain().await;
    }
    scene.assert_ended_well(&format!("at {step}")).await;
}

/// One test per step, so that they run in parallel: each waits for a lease to expire.
macro_rules! steps {
    ($($name:ident: $kind:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            killed_while($kind, ("update", "jobs"), concat!("new.kind = '", $kind, "' and new.state = 'done'")).await;
        })*
    };
}

steps! {
    killed_while_it_looks_into_the_inbox: "ingest.scan_inbox",
    killed_while_it_parses: "parse.transcript",
    killed_while_it_attributes: "attribute.session",
    killed_while_it_indexes_a_session: "index.session",
    killed_while_it_summarizes: "summarize.client",
    killed_while_it_indexes_a_summary: "index.summary",
    killed_while_it_requests_the_review: "review.request",
    killed_while_it_exports: "export.organization",
    killed_while_it_rolls_up: "rollup.weekly",
}

/// The copy is made; the session and the transcript are written but not committed.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_takes_a_transcript() {
    killed_while("ingest.scan_inbox", ("insert", "jobs"), "new.kind = 'parse.transcript'").await;
}

/// Every table is uploaded, but not the manifest.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_uploads_an_export() {
    let condition = "old.snapshot_at is not null and new.manifest_key is null";
    killed_while("export.organization", ("update", "exports"), condition).await;
}

/// With the default lease: a killed worker's jobs run again elsewhere within half a minute.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_had_runs_elsewhere_within_thirty_seconds() {
    let scene = Scene::new(None).await;
    let mut hold = Hold::finish_of(&scene, "summarize.client").await;
    let worker = scene.installation.start(&["work"]);
    hold.catches().await;
    let _other = scene.installation.start(&["work"]);
    worker.kill();
    let killed = Instant::now();
    hold.lift().await;
    // How long the summary itself takes is not up to the queue.
    let runs = "select exists (select from jobs where kind = 'summarize.client' and kills = 1 and state in ('running', 'done'))";
    wait_for("the job to run elsewhere", async || scene.is(runs).await.then_some(())).await;
    let took = killed.elapsed();
    eprintln!("a killed worker's job runs elsewhere after {:.1} s", took.as_secs_f64());
    wait_for("the summary", async || {
        scene
            .is("select exists (select from jobs where kind = 'summarize.client' and state = 'done')")
            .await
            .then_some(())
    })
    .await;
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    assert_eq!(scene.session().await["summaries"][0]["version"], 1);
}
