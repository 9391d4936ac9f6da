//! The stage `queue`, from outside: real workers on a real Postgres, with probes as jobs.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use debrief_jobs::{
    db::Tx,
    queue::{
        Catalogue, Context, Enqueued, Finished, Job, JobArgs, JobError, JobState, Policy, WorkError, WorkerSettings,
        admin, enqueue, work,
    },
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::World;

mod failing;
mod fairness;
mod leases;
mod operators;
mod reconcile;
mod schedules;
mod stopping;
mod transactions;

/// What a probe does in each attempt.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Does {
    /// Leaves its effect and finishes.
    Finish,
    /// The same, once its gate is open.
    WaitForGate,
    /// Hangs in this many attempts; then finishes.
    FinishAfter(usize),
    Fail,
    /// Fails, with a Retry-After in seconds.
    FailWithRetryAfter(u64),
    Abort,
    /// Postgres ends its connection in this many attempts; then finishes.
    LoseItsConnection(usize),
    /// Its input changes in the first attempt; then finishes.
    OvertakenOnce,
    Panic,
    /// Snoozes the first time (in milliseconds), then finishes.
    SnoozeOnce(u64),
    /// Blocks its whole process for this long (in milliseconds), then finishes.
    BlockEverything(u64),
    /// Aborts, and the first report of its death fails.
    AbortUntold,
}

/// A job that follows instructions and counts its starts. Its effect is a client with its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Probe {
    probe: Uuid,
    does: Does,
}

/// The same, with any number at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Keyless(Probe);

/// The same, one at a time per organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OneAtATime(Probe);

/// The same, with one short attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OneShort(Probe);

/// What the test and its probes share in this process.
#[derive(Debug)]
struct Shared {
    starts: usize,
    running: usize,
    most_at_once: usize,
    dropped: usize,
    told: Vec<String>,
    gate: watch::Sender<bool>,
}

static BOARD: LazyLock<Mutex<HashMap<Uuid, Shared>>> = LazyLock::new(Mutex::default);

fn shared<T>(probe: Uuid, with: impl FnOnce(&mut Shared) -> T) -> T {
    let mut board = BOARD.lock().expect("no test panics while it holds the board");
    let new = || Shared {
        starts: 0,
        running: 0,
        most_at_once: 0,
        dropped: 0,
        told: Vec::new(),
        gate: watch::channel(false).0,
    };
    with(board.entry(probe).or_insert_with(new))
}

impl Probe {
    fn new(does: Does) -> Self {
        Self { probe: Uuid::now_v7(), does }
    }
    fn starts(&self) -> usize {
        shared(self.probe, |shared| shared.starts)
    }
    /// How many ran at the same time, before their finish.
    fn most_at_once(&self) -> usize {
        shared(self.probe, |shared| shared.most_at_once)
    }
    /// Attempts that were dropped.
    fn dropped(&self) -> usize {
        shared(self.probe, |shared| shared.dropped)
    }
    fn told(&self) -> Vec<String> {
        shared(self.probe, |shared| shared.told.clone())
    }
    fn open(&self) {
        shared(self.probe, |shared| shared.gate.send_replace(true));
    }

    async fn act(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let start = shared(self.probe, |shared| {
            shared.starts += 1;
            shared.running += 1;
            shared.most_at_once = shared.most_at_once.max(shared.running);
            shared.starts
        });
        let mut cut_off = CutOff(Some(self.probe));
        match self.does {
            Does::WaitForGate => {
                ctx.progress(serde_json::json!({ "start": start })).await?;
                let mut gate = shared(self.probe, |shared| shared.gate.subscribe());
                gate.wait_for(|open| *open).await?;
            }
            Does::FinishAfter(attempts) if start <= attempts => std::future::pending().await,
            Does::SnoozeOnce(millis) if start == 1 => return Err(JobError::Snooze(Duration::from_millis(millis))),
            Does::LoseItsConnection(attempts) if start <= attempts => {
                let mut tx = ctx.tenant_tx().await?;
                // As the login, which may end its own connections.
                let end = "reset role; select pg_terminate_backend(pg_backend_pid()); select 1";
                sqlx::raw_sql(end).execute(tx.conn()).await?;
            }
            Does::OvertakenOnce if start == 1 => return Err(JobError::overtaken("it has moved on")),
            Does::Fail => return Err(JobError::retry("no luck")),
            Does::FailWithRetryAfter(seconds) => {
                return Err(JobError::Retry { message: "busy".into(), after: Some(Duration::from_secs(seconds)) });
            }
            Does::Abort | Does::AbortUntold => return Err(JobError::abort("never")),
            #[expect(clippy::disallowed_methods, reason = "to block the thread is what it is for")]
            Does::BlockEverything(millis) => std::thread::sleep(Duration::from_millis(millis)),
            Does::Panic => panic!("a probe panics over {}", String::from("what was said")),
            Does::Finish
            | Does::FinishAfter(_)
            | Does::SnoozeOnce(_)
            | Does::OvertakenOnce
            | Does::LoseItsConnection(_) => {}
        }
        cut_off.0 = None;
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query(
            "insert into clients (id, organization_id, coach_id, name)
             select $1, organization_id, id, $2 from coaches limit 1",
        )
        .bind(Uuid::now_v7())
        .bind(self.probe.to_string())
        .execute(tx.conn())
        .await?;
        shared(self.probe, |shared| shared.running = shared.running.saturating_sub(1));
        ctx.finish(tx, serde_json::json!({ "start": start })).await
    }

    fn tell(&self, error: &str) -> Result<(), JobError> {
        let told = shared(self.probe, |shared| {
            shared.told.push(error.to_owned());
            shared.told.len()
        });
        if matches!(self.does, Does::AbortUntold) && told == 1 { Err(JobError::retry("not now")) } else { Ok(()) }
    }
}

/// Records an attempt that was dropped before its effect.
struct CutOff(Option<Uuid>);
impl Drop for CutOff {
    fn drop(&mut self) {
        if let Some(probe) = self.0 {
            shared(probe, |shared| shared.dropped += 1);
        }
    }
}

impl JobArgs for Probe {
    const KIND: &'static str = "test.probe";
    const POLICY: Policy =
        Policy { max_attempts: 3, timeout: Duration::from_secs(60), concurrency: 8, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.probe.to_string())
    }
}

impl Job for Probe {
    type Needs = ();
    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        self.act(ctx).await
    }
    async fn on_dead(&self, _: &Context<()>, error: &str) -> Result<(), JobError> {
        self.tell(error)
    }
}

impl JobArgs for Keyless {
    const KIND: &'static str = "test.keyless";
    const POLICY: Policy = Probe::POLICY;

    fn unique_key(&self) -> Option<String> {
        None
    }
}

impl Job for Keyless {
    type Needs = ();
    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        self.0.act(ctx).await
    }
}

impl JobArgs for OneAtATime {
    const KIND: &'static str = "test.one_at_a_time";
    const POLICY: Policy = Policy { per_organization: 1, ..Probe::POLICY };

    fn unique_key(&self) -> Option<String> {
        None
    }
}

impl Job for OneAtATime {
    type Needs = ();
    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        self.0.act(ctx).await
    }
}

impl JobArgs for OneShort {
    const KIND: &'static str = "test.one_short";
    const POLICY: Policy = Policy { max_attempts: 1, timeout: Duration::from_millis(300), ..Probe::POLICY };

    fn unique_key(&self) -> Option<String> {
        None
    }
}

impl Job for OneShort {
    type Needs = ();
    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        self.0.act(ctx).await
    }
    async fn on_dead(&self, _: &Context<()>, error: &str) -> Result<(), JobError> {
        self.0.tell(error)
    }
}

fn catalogue() -> Catalogue {
    Catalogue::new()
        .with::<Probe>(Arc::new(()))
        .with::<Keyless>(Arc::new(()))
        .with::<OneAtATime>(Arc::new(()))
        .with::<OneShort>(Arc::new(()))
}

/// All times shorter than in production, in the same proportions.
fn fast() -> WorkerSettings {
    WorkerSettings {
        slots: 8,
        lease: Duration::from_secs(4),
        heartbeat: Duration::from_millis(200),
        poll: Duration::from_millis(100),
        rescue_every: Duration::from_millis(200),
        backoff_base: Duration::from_millis(50),
        ..WorkerSettings::default()
    }
}

/// For a worker that will be killed: its jobs are soon free again.
fn doomed() -> WorkerSettings {
    WorkerSettings { lease: Duration::from_secs(1), ..fast() }
}

/// A worker process, as far as Postgres can tell.
struct Worker {
    task: JoinHandle<Result<(), WorkError>>,
    shutdown: CancellationToken,
}

impl Worker {
    fn start(world: &World, settings: WorkerSettings) -> Self {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(work(world.database.db.clone(), catalogue(), settings, shutdown.clone()));
        Self { task, shutdown }
    }
    /// Stops it like SIGTERM.
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("the worker does not panic").expect("the worker ends well");
    }
    /// Stops it like SIGKILL: nothing keeps running, nothing is recorded.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Enqueues for the world's organization.
async fn put<J: JobArgs>(world: &World, job: &J) -> Uuid {
    put_for(world, world.organization, job).await
}

async fn put_for<J: JobArgs>(world: &World, organization: Uuid, job: &J) -> Uuid {
    let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
    let Enqueued::New(id) = enqueue(&mut tx, job, Uuid::now_v7()).await.expect("the queue answers") else {
        panic!("the job is there already")
    };
    tx.commit().await.expect("the job is committed");
    id
}

async fn job(world: &World, id: Uuid) -> admin::JobDetail {
    admin::show(world.database.db.pool(), id).await.expect("the queue answers").expect("the job is there")
}

/// How often the probe took effect.
async fn effects(world: &World, probe: &Probe) -> i64 {
    value(world, &format!("select count(*) from clients where name = '{}'", probe.probe)).await
}

/// One number, bypassing all policies.
async fn value(world: &World, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(world.database.url.expose_secret()).await.expect("Postgres answers");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("a good query")
}

/// Changes something behind the program's back.
async fn meddle(world: &World, sql: &str) {
    let mut connection = PgConnection::connect(world.database.url.expose_secret()).await.expect("Postgres answers");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("a good statement");
}

/// Waits until `check` holds; fails after a minute with the name of the condition.
async fn eventually(what: &str, check: impl AsyncFn() -> bool) {
    let waited = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waited).await.is_ok(), "waited a minute for: {what}");
}

async fn until_state(world: &World, id: Uuid, state: &str) {
    let waited = async {
        while job(world, id).await.row.state.as_str() != state {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(60), waited).await.is_err() {
        panic!("waited a minute for the job to be {state}: {:?}", job(world, id).await);
    }
}
