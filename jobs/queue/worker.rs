//! A worker process: apalis' worker over our storage, along with the claiming task, the heartbeat, the rescue, the
//! listener and the schedules.
//!
//! Trouble with Postgres never ends it. At shutdown it stops claiming, waits a while for running jobs, and returns the
//! rest without counting the attempt.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use apalis::{
    layers::{
        WorkerBuilderExt,
        catch_panic::{CatchPanicLayer, PanicError},
    },
    prelude::{Data, Monitor, MonitorError, WorkerBuilder},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::{
    Catalogue, WorkerSettings, claim,
    finish::Failure,
    flights::Flights,
    heartbeat,
    job::PANICKED,
    listen, rescue, schedule,
    settle::End,
    storage::{Claimed, Storage},
};
use crate::db::Db;

/// How long a stopping worker may take to record the jobs it returns.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why a worker ended on its own.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The system couldn't start a thread.
    #[error("the worker's heartbeat cannot start: {0}")]
    Heartbeat(#[from] std::io::Error),
    /// apalis' monitor gave up.
    #[error("the worker ended: {0}")]
    Monitor(#[from] MonitorError),
}

/// What the parts of a worker process share.
#[derive(Debug)]
pub(super) struct Process {
    /// Unique, so that no two processes share a lease.
    pub(super) name: String,
    pub(super) db: Db,
    pub(super) catalogue: Catalogue,
    pub(super) settings: WorkerSettings,
    pub(super) flights: Arc<Flights>,
    /// Notified when there may be something to claim.
    pub(super) wake: Notify,
    /// Cancelled when the shutdown's grace period ends: jobs still running are returned.
    pub(super) stop: CancellationToken,
    pub(super) tally: Tally,
}

/// What this process has done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    claimed: AtomicUsize,
    ran: AtomicUsize,
    dead: AtomicUsize,
}

impl Tally {
    pub(super) fn claimed(&self, jobs: usize) {
        self.claimed.fetch_add(jobs, Ordering::SeqCst);
    }
    pub(super) fn ran(&self) {
        self.ran.fetch_add(1, Ordering::SeqCst);
    }
    pub(super) fn died(&self) {
        self.dead.fetch_add(1, Ordering::SeqCst);
    }
    pub(super) fn settled(&self, end: &End) {
        if matches!(end, End::Dead(_)) {
            self.died();
        }
    }
    /// Jobs claimed, done and dead.
    pub(super) fn read(&self) -> (usize, usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (read(&self.claimed), read(&self.ran), read(&self.dead))
    }
}

impl Process {
    pub(super) fn new(db: Db, catalogue: Catalogue, settings: WorkerSettings) -> Self {
        Self {
            name: format!("{}/{}", std::process::id(), Uuid::now_v7()),
            flights: Arc::new(Flights::new(settings.slots, &catalogue)),
            db,
            catalogue,
            settings,
            wake: Notify::new(),
            stop: CancellationToken::new(),
            tally: Tally::default(),
        }
    }
}

/// Runs until `shutdown`: claims and runs jobs of the catalogue's kinds, maintains the queue, fires the schedules.
///
/// # Errors
/// Returns an error if the heartbeat can't start, or apalis' monitor gives up (which nothing known causes).
pub async fn work(
    db: Db,
    catalogue: Catalogue,
    settings: WorkerSettings,
    shutdown: CancellationToken,
) -> Result<(), WorkError> {
    run(Arc::new(Process::new(db, catalogue, settings)), shutdown).await
}

/// Runs a process until `shutdown`. Dropping it is as good as killing it: its jobs stop where they are.
pub(super) async fn run(process: Arc<Process>, shutdown: CancellationToken) -> Result<(), WorkError> {
    tracing::info!(target: "queue", worker = process.name, slots = process.settings.slots, "working");
    let (sender, receiver) = mpsc::channel(process.settings.slots.max(1));
    let _heartbeat = heartbeat::start(Arc::clone(&process))?;
    let mut beside = vec![
        spawn(rescue::rescue(Arc::clone(&process))),
        spawn(claim::claim_until(Arc::clone(&process), sender, shutdown.clone())),
    ];
    if process.settings.listen {
        beside.push(spawn(listen::listen(Arc::clone(&process))));
    }
    if !process.settings.schedules.is_empty() {
        beside.push(spawn(schedule::fire_until(Arc::clone(&process), shutdown.clone())));
    }
    let storage = Storage { process: Arc::clone(&process), jobs: Arc::new(Mutex::new(receiver)) };
    let monitor = monitor(&process, storage);
    let mut working = std::pin::pin!(monitor.run());
    let grace_over = async {
        shutdown.cancelled().await;
        tracing::info!(target: "queue", "claiming no more; waiting for running jobs");
        tokio::time::sleep(process.settings.grace).await;
    };
    tokio::select! {
        ended = &mut working => ended?,
        () = grace_over => {
            process.stop.cancel();
            if let Ok(ended) = tokio::time::timeout(LAST_WORDS, working).await {
                ended?;
            }
        }
    }
    drop(beside);
    tracing::info!(target: "queue", worker = process.name, "worked to the end");
    Ok(())
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// apalis' monitor for one worker. Our storage yields no errors and our layer lets none through, so only a panic inside
/// a layer can cause a restart; the restarted worker continues with the same jobs.
fn monitor(process: &Arc<Process>, storage: Storage) -> Monitor {
    let (db, slots, name) = (process.db.clone(), process.settings.slots, process.name.clone());
    Monitor::new().should_restart(|_, _| true).register(move |_| {
        WorkerBuilder::new(name.as_str())
            .backend(storage.clone())
            .data(db.clone())
            .concurrency(slots.max(1))
            .layer(CatchPanicLayer::with_panic_handler(panic_message))
            .build(run_job)
    })
}

/// The innermost service: decodes the arguments and runs the job.
async fn run_job(job: Claimed, db: Data<Db>) -> Result<(), Failure> {
    (job.kind.run)(job.args, (*db).clone(), job.info).await.map(|_| ()).map_err(Failure)
}

/// A literal is in the source; a message built at run time may quote what was said, so it is left out.
fn panic_message(panic: &Box<dyn std::any::Any + Send>) -> PanicError {
    PanicError(panic.downcast_ref::<&str>().map_or_else(|| PANICKED.to_owned(), |text| format!("it panicked: {text}")))
}
