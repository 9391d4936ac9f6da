//! A small test world: an organization, a coach, two clients, and services in temporary folders.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use debrief_jobs::{
    Provide, Services, Settings, backup, bucket,
    db::{Db, Tx},
    desk, embed, export, index, ingest, llm, mail, network,
    queue::{Context, Enqueued, Job, JobError, JobInfo, enqueue},
    sign_in, webhook,
};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::{TestDatabase, installation::wait_for};

/// What a worker asks for that has room for one job of a kind; no kind's limit for an organization is a stage's concern.
const CLAIM: &str = "select id, organization_id, attempt, max_attempts, fence, correlation_id
    from claim_jobs(array[$1], array[2], array[0], 1, 'test', 60, false)";

/// A kind of job that the services can run.
pub(crate) trait Runnable: Job {
    fn needs(services: &Services) -> Arc<Self::Needs>;
}

impl<J: Job> Runnable for J
where
    Services: Provide<J::Needs>,
{
    fn needs(services: &Services) -> Arc<J::Needs> {
        services.provide()
    }
}

/// An organization `northlight` with the coach `maya` and her clients Priya Raman and Tom Becker.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) services: Arc<Services>,
    pub(crate) organization: Uuid,
    pub(crate) coach: Uuid,
    pub(crate) priya: Uuid,
    pub(crate) tom: Uuid,
    /// Contains `bucket/` and `mail/`.
    pub(crate) folder: TempDir,
    /// Held while a job is put first and claimed: of two that are run at once, each is claimed by its own run.
    claims: tokio::sync::Mutex<()>,
    queue: Mutex<Queue>,
}

/// What a world's end knows of its queue.
#[derive(Debug, Default)]
struct Queue {
    /// The kinds that ran: of these, none may be left.
    kinds: BTreeSet<&'static str>,
    /// The jobs that the test claimed: what became of them is what it asserts.
    claimed: Vec<Uuid>,
    /// The kinds of which the test leaves jobs.
    left: BTreeSet<&'static str>,
}

impl World {
    /// Creates one with the default settings.
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// Creates one with settings changed by `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let database = TestDatabase::new().await;
        let folder = TempDir::new().expect("a temporary folder");
        let mut settings = settings(&folder);
        change(&mut settings);
        let services = Arc::new(Services::new(database.db.clone(), &settings).expect("good settings"));
        let [organization, coach, priya, tom] = [(); 4].map(|()| Uuid::now_v7());
        let mut tx = database.db.tenant(organization).await.expect("a transaction");
        sqlx::query("insert into organizations (id, handle, name) values ($1, 'northlight', 'Northlight Coaching')")
            .bind(organization)
            .execute(tx.conn())
            .await
            .expect("an organization");
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, time_zone)
             values ($1, $2, 'maya', 'Maya Okafor', 'maya@northlight.example', 'Europe/Stockholm')",
        )
        .bind(coach)
        .bind(organization)
        .execute(tx.conn())
        .await
        .expect("a coach");
        for (id, name, email) in
            [(priya, "Priya Raman", "priya@raman.example"), (tom, "Tom Becker", "tom@becker.example")]
        {
            sqlx::query("insert into clients (id, organization_id, coach_id, name, email) values ($1, $2, $3, $4, $5)")
                .bind(id)
                .bind(organization)
                .bind(coach)
                .bind(name)
                .bind(email)
                .execute(tx.conn())
                .await
                .expect("a client");
        }
        tx.commit().await.expect("people are committed");
        let (claims, queue) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { database, services, organization, coach, priya, tom, folder, claims, queue }
    }

    /// Says that the test ends with jobs of this kind in the queue: dead, or due although it ran some of them.
    pub(crate) fn leaves<J: Runnable>(&self) {
        self.queue.lock().expect("no panic holds it").left.insert(J::KIND);
    }

    /// Runs one job like a worker (claimed, fenced), and returns its output.
    pub(crate) async fn run<J: Runnable>(&self, job: &J) -> Result<Value, JobError> {
        let db = &self.database.db;
        let mut tx = db.tenant(self.organization).await?;
        let Enqueued::New(id) = enqueue(&mut tx, job, Uuid::now_v7()).await? else {
            panic!("a {} job is queued already: take it with `run_queued`", J::KIND)
        };
        let context = self.claim::<J>(tx, id).await?;
        self.run_claimed(job, context).await
    }

    /// Runs one of the installation's own jobs, like [`World::run`] for an organization's.
    pub(crate) async fn run_installation<J: Runnable>(&self, job: &J) -> Result<Value, JobError> {
        let context = self.claim_another(job).await;
        let ran = job.run(&context).await;
        let mut tx = self.database.db.system().await?;
        if let Err(error) = ran {
            // A failed or waiting job doesn't block the next one.
            let cancel = "update jobs set state = 'cancelled', leased_until = null, finished_at = now() where id = $1";
            sqlx::query(cancel).bind(context.job.id).execute(tx.conn()).await?;
            tx.commit().await?;
            return Err(error);
        }
        let (output,): (Value,) =
            sqlx::query_as("select output from jobs where id = $1").bind(context.job.id).fetch_one(tx.conn()).await?;
        Ok(output)
    }

    /// Runs the installation's own job of this kind that is due first; `None` if none is due.
    pub(crate) async fn run_queued_of_installation<J: Runnable>(&self) -> Option<Result<Value, JobError>> {
        let mut tx = self.database.db.system().await.expect("a transaction");
        let first = "select id, args from jobs where kind = $1 and state = 'due' order by run_at, id limit 1";
        let queued = sqlx::query_as(first).bind(J::KIND).fetch_optional(tx.conn()).await;
        let (id, args): (Uuid, Value) = queued.expect("the queue answers")?;
        let context = self.claim::<J>(tx, id).await.expect("it is claimed");
        let job: J = serde_json::from_value(args).expect("the job's own arguments");
        let ran = job.run(&context).await;
        let mut tx = self.database.db.system().await.expect("a transaction");
        let output = sqlx::query_scalar("select output from jobs where id = $1").bind(id).fetch_one(tx.conn()).await;
        Some(ran.map(|_| output.expect("its output")))
    }

    /// Claims one of the installation's own jobs, even while one is running (as if a worker that was given up is still
    /// at it).
    pub(crate) async fn claim_another<J: Runnable>(&self, job: &J) -> Context<J::Needs> {
        let mut tx = self.database.db.system().await.expect("a transaction");
        let Enqueued::New(id) = enqueue(&mut tx, job, Uuid::now_v7()).await.expect("the queue answers") else {
            panic!("a {} job is queued already", J::KIND)
        };
        sqlx::query("update jobs set unique_key = null where id = $1")
            .bind(id)
            .execute(tx.conn())
            .await
            .expect("alone");
        self.claim::<J>(tx, id).await.expect("it is claimed")
    }

    /// Runs the job of this kind that is due first, although its time may not have come; `None` if none is due.
    pub(crate) async fn run_queued<J: Runnable>(&self) -> Option<Result<Value, JobError>> {
        let (job, context) = self.claim_queued::<J>().await?;
        Some(self.run_claimed(&job, context).await)
    }

    /// Claims what [`World::run_queued`] runs.
    pub(crate) async fn claim_queued<J: Runnable>(&self) -> Option<(J, Context<J::Needs>)> {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        let first = "select id, args from jobs where kind = $1 and state = 'due' order by run_at, id limit 1";
        let queued = sqlx::query_as(first).bind(J::KIND).fetch_optional(tx.conn()).await;
        let (id, args): (Uuid, Value) = queued.expect("the queue answers")?;
        let context = self.claim::<J>(tx, id).await.expect("it is claimed");
        Some((serde_json::from_value(args).expect("the job's own arguments"), context))
    }

    /// Waits until somebody waits for a lock in this world's database.
    pub(crate) async fn somebody_waits(&self) {
        wait_for("somebody to wait for a lock", async || {
            let blocked = self.database.ask(|mut connection| async move {
                sqlx::query_scalar::<_, i64>(
                    "select count(*) from pg_locks join pg_stat_activity using (pid)
                     where not granted and datname = current_database()",
                )
                .fetch_one(&mut connection)
                .await
            });
            (blocked? > 0).then_some(())
        })
        .await;
    }

    /// Tells coaches about files in the inbox, as if the quiet time had passed; returns the number of emails.
    pub(crate) async fn tell_of_inbox(&self) -> usize {
        let mut tx = self.database.db.tenant(self.organization).await.expect("a transaction");
        let earlier = "update inbox_notices set created_at = created_at - interval '1 hour' where told_at is null";
        sqlx::query(earlier).execute(tx.conn()).await.expect("time passes");
        tx.commit().await.expect("it is committed");
        let mut mails = 0;
        while let Some(told) = self.run_queued::<ingest::TellCoach>().await {
            mails += usize::from(!told.expect("it runs")["mail_id"].is_null());
        }
        mails
    }

    /// Claims one job as a worker does, through the queue's own function. Which of several is first, the test says: that
    /// one has been due for longest.
    async fn claim<J: Runnable>(&self, mut tx: impl Tx, id: Uuid) -> Result<Context<J::Needs>, sqlx::Error> {
        let _alone = self.claims.lock().await;
        let first = "update jobs set run_at = now() - interval '1 year' where id = $1";
        sqlx::query(first).bind(id).execute(tx.conn()).await?;
        tx.commit().await?;
        let (claimed, organization, attempt, max_attempts, fence, correlation_id): Claimed =
            sqlx::query_as(CLAIM).bind(J::KIND).fetch_one(self.database.db.pool()).await?;
        assert_eq!(claimed, id, "another {} job comes first", J::KIND);
        let mut queue = self.queue.lock().expect("no panic holds it");
        queue.kinds.insert(J::KIND);
        queue.claimed.push(id);
        drop(queue);
        let [attempt, max_attempts] = [attempt, max_attempts].map(|attempts| attempts.try_into().expect("a few"));
        let info = JobInfo { id, kind: J::KIND, organization, attempt, max_attempts, fence, correlation_id };
        Ok(Context::new(J::needs(&self.services), self.database.db.clone(), info))
    }

    async fn run_claimed<J: Runnable>(&self, job: &J, context: Context<J::Needs>) -> Result<Value, JobError> {
        job.run(&context).await?;
        let mut tx = self.database.db.tenant(self.organization).await?;
        let output = sqlx::query_scalar("select output from jobs where id = $1");
        Ok(output.bind(context.job.id).fetch_one(tx.conn()).await?)
    }
}

/// At a world's end nothing is left in the queue of what the test did: no dead job, and of no kind that it ran a job that
/// nobody looked at. The next stages' jobs stay, where the test is of one stage.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let queue = std::mem::take(&mut *self.queue.lock().expect("no panic holds it"));
        let left = self.database.ask(move |mut connection| async move {
            let [ran, left]: [Vec<&str>; 2] = [queue.kinds, queue.left].map(|kinds| kinds.into_iter().collect());
            let rows = sqlx::query_scalar::<_, String>(LEFT).bind(queue.claimed).bind(ran).bind(left);
            rows.fetch_all(&mut connection).await
        });
        // A test may have shut its database.
        let left = left.unwrap_or_default();
        assert!(
            left.is_empty(),
            "jobs are left in the queue: {left:?}. A test that means to says `world.leaves::<…>()`"
        );
    }
}

/// The jobs that should not be there at the end. The queue's own tests have kinds of their own, and say what becomes of each.
const LEFT: &str = "select kind || ' ' || state from jobs
    where kind not like 'test.%' and id <> all($1) and kind <> all($3) and (state in ('dead', 'running') or (state = 'due' and kind = any($2)))
    order by 1";

/// A row of [`CLAIM`].
type Claimed = (Uuid, Option<Uuid>, i16, i16, i64, Uuid);

/// The settings of a world in `folder`.
pub(crate) fn settings(folder: &TempDir) -> Settings {
    let path = folder.path().display();
    Settings {
        bucket: bucket::Settings { url: format!("file://{path}/bucket"), ..Default::default() },
        ingest: ingest::Settings { max_bytes: 64 << 20, companion_hours: 72 },
        llm: llm::Settings { provider: "offline".into(), timeout_seconds: Some(60), ..llm::Settings::default() },
        index: embed::Settings {
            embedder: "hashed".into(),
            local_folder: folder.path().join("models"),
            url: None,
            api_key: None,
            model: None,
            dimensions: None,
            private_hosts: network::Hosts::default(),
        },
        mail: mail::Settings {
            url: format!("file://{path}/mail").into(),
            from: "Debrief <debrief@northlight.example>".into(),
        },
        review: desk::Settings {
            base_url: "http://127.0.0.1:8080".parse().expect("a good URL"),
            link_days: 10,
            hold_seconds: 600,
            help: String::new(),
        },
        export: export::Settings { csv_bom: true },
        backup: backup::Settings::default(),
        webhooks: webhook::Settings::default(),
        sign_in: sign_in::Settings::default(),
    }
}

/// Searches an organization, as the command line does.
pub(crate) async fn search(
    db: &Db,
    organization: Uuid,
    embedder: &embed::Embedder,
    query: &index::Query,
) -> Result<Vec<index::Hit>, index::SearchError> {
    let prepared = index::prepare(embedder, query).await?;
    let mut tx = db.tenant(organization).await.expect("a transaction");
    Ok(index::search(&mut tx, embedder, &prepared).await.expect("the search runs").hits)
}
