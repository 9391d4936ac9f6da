//! `debrief serve`, `work`, `up`, `migrate`: the processes of an installation.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use debrief_jobs::{
    db::{self, Tx},
    embed, index,
    ingest::ScanInbox,
    queue::{self, Drained, Job, WorkerSettings, enqueue},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    App, Globals,
    app::{config, database},
    coach::place,
    output::{Output, table},
};
use crate::{
    http::{self, HttpState},
    telemetry,
};

/// Run jobs
///
/// Any number of workers can run, on any number of machines. On Ctrl-C or SIGTERM, a worker takes no more jobs, waits
/// for the running ones, and returns those that do not finish in time to the queue.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// Run until nothing is due, list what is due later, and exit
    #[arg(long)]
    drain: bool,
}

impl Work {
    /// Whether it runs until it is interrupted.
    pub(crate) fn stays(&self) -> bool {
        !self.drain
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        if !self.drain {
            let shutdown = CancellationToken::new();
            on_signal(app, &shutdown)?;
            let admin = serve_admin(app, shutdown.clone());
            let work =
                queue::work(app.db.clone(), debrief_jobs::catalogue(&app.services), worker_settings(app)?, shutdown);
            tokio::try_join!(async { Ok::<_, anyhow::Error>(work.await?) }, admin)?;
            return Ok(ExitCode::SUCCESS);
        }
        let drained = drain(app).await?;
        app.output.one(&drained, |drained| {
            let mut text = format!("{} jobs ran, {} of them dead", drained.ran, drained.dead);
            if drained.later.is_empty() {
                text.push_str("; nothing is due later");
            } else {
                text.push_str("; due later:\n");
                text.push_str(&table(
                    ["KIND", "JOBS", "EARLIEST"],
                    drained.later.iter().map(|later| {
                        let at = later.earliest.format("%Y-%m-%d %H:%M:%S UTC").to_string();
                        [later.kind.clone(), later.count.to_string(), at]
                    }),
                ));
            }
            text
        })?;
        Ok(if drained.dead == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }
}

/// Serves the pages until Ctrl-C or SIGTERM.
pub(crate) async fn serve(app: &App) -> anyhow::Result<ExitCode> {
    let pages = Pages::listen(app).await?;
    let shutdown = CancellationToken::new();
    on_signal(app, &shutdown)?;
    pages.serve(app, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves and works until Ctrl-C or SIGTERM.
pub(crate) async fn up(app: &App) -> anyhow::Result<ExitCode> {
    let pages = Pages::listen(app).await?;
    let shutdown = CancellationToken::new();
    on_signal(app, &shutdown)?;
    eprint!("{}", whereabouts(app));
    serve_and_work(app, pages, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Where files go in and what comes out, for whoever has just started it.
fn whereabouts(app: &App) -> String {
    let mail = match app.services.desk.post.mailer.folder() {
        Some(folder) => format!("{} (saved as files; set mail.url to send through a mail server)", folder.display()),
        None => format!("through the mail server, from {}", app.services.desk.post.mailer.from()),
    };
    let rows = [
        ("inbox", place(app, Some("COACH"))),
        ("mail", mail),
        ("review pages", app.config.review.base_url.to_string()),
        ("operator page", format!("http://{}", app.config.http.admin_listen)),
    ];
    rows.iter().map(|(what, place)| format!("{what:<16} {place}\n")).collect()
}

/// Serves and works until `shutdown`.
pub(crate) async fn serve_and_work(app: &App, pages: Pages, shutdown: CancellationToken) -> anyhow::Result<()> {
    let work =
        queue::work(app.db.clone(), debrief_jobs::catalogue(&app.services), worker_settings(app)?, shutdown.clone());
    tokio::try_join!(async { Ok(work.await?) }, pages.serve(app, shutdown))?;
    Ok(())
}

/// Brings the database to the schema, and builds the index of the embedder's model.
pub(crate) async fn migrate(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = config(globals)?;
    telemetry::log(&config.log);
    // The embedded database is brought to the schema as it is opened; for the others this is the command.
    let (urls, _server) = database(&config, globals).await?;
    db::migrate(&urls).await?;
    index::ensure_model_index(&urls.owner, &embed::Embedder::new(&config.index)?).await?;
    let done = serde_json::json!({ "migrated": true });
    Output::new(globals.json).one(&done, |_| "the database is up to date".to_owned())?;
    Ok(ExitCode::SUCCESS)
}

/// How this process runs jobs.
pub(crate) fn worker_settings(app: &App) -> anyhow::Result<WorkerSettings> {
    Ok(WorkerSettings::new(&app.config.queue, debrief_jobs::schedules())?)
}

/// Looks into the inbox and works until nothing is due.
pub(crate) async fn drain(app: &App) -> anyhow::Result<Drained> {
    let mut tx = app.db.system().await?;
    enqueue(&mut tx, &ScanInbox {}, Uuid::now_v7()).await?;
    tx.commit().await?;
    Ok(queue::drain(app.db.clone(), debrief_jobs::catalogue(&app.services), worker_settings(app)?).await?)
}

/// Works off the jobs of one kind, and nothing else.
pub(crate) async fn drain_kind<J: Job>(app: &App) -> anyhow::Result<Drained> {
    let settings = WorkerSettings { schedules: Vec::new(), ..worker_settings(app)? };
    Ok(queue::drain(app.db.clone(), debrief_jobs::catalogue(&app.services).only::<J>(), settings).await?)
}

/// After the time that a shutdown may take, the process has so long to record what it gives back and to stop its database.
const TO_END: Duration = Duration::from_secs(15);

/// Cancels `shutdown` at Ctrl-C or SIGTERM. This is seen, and the end is held to, on a thread and a runtime of its own:
/// whatever keeps the others busy, the process ends in its time.
pub(crate) fn on_signal(app: &App, shutdown: &CancellationToken) -> std::io::Result<()> {
    let shutdown = shutdown.clone();
    let time = Duration::from_secs(app.config.queue.shutdown_seconds) + TO_END;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    #[expect(clippy::disallowed_methods, reason = "nothing else ends a process whose threads are all kept busy")]
    let watch = async move {
        signal().await;
        tracing::info!("shutting down");
        shutdown.cancel();
        tokio::time::sleep(time).await;
        // Jobs that are cut off here run elsewhere, or at the next start.
        tracing::error!("the shutdown took longer than its time; the process is cut off");
        std::process::exit(1);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(watch))?;
    Ok(())
}

/// Ends at Ctrl-C or SIGTERM.
pub(crate) async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}

/// How a command ends that was interrupted: as shells expect it.
pub(crate) fn interrupted() -> ExitCode {
    eprintln!("interrupted");
    ExitCode::from(130)
}

/// Said of an address that is taken: links that other commands print have the address of the settings.
const FOR_ALL: &str =
    "put it into the settings file (`debrief doctor` says where that is), so that all commands agree on it";

/// The addresses of the pages, taken before anything else is done: who cannot have them is told at once.
pub(crate) struct Pages {
    public: TcpListener,
    admin: TcpListener,
}

impl Pages {
    /// Listens on the addresses of the settings.
    pub(crate) async fn listen(app: &App) -> anyhow::Result<Self> {
        let http = &app.config.http;
        let public = listen(http.listen, "http.listen", "DEBRIEF_HTTP__LISTEN").await;
        let admin = listen(http.admin_listen, "http.admin_listen", "DEBRIEF_HTTP__ADMIN_LISTEN").await;
        match (public, admin) {
            (Ok(public), Ok(admin)) => Ok(Self { public, admin }),
            // Who chooses one learns at once that the other has to be chosen, too.
            (Err(public), Err(admin)) => anyhow::bail!("{public}\n{admin}\n{FOR_ALL}"),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => anyhow::bail!("{error}\n{FOR_ALL}"),
        }
    }

    async fn serve(self, app: &App, shutdown: CancellationToken) -> anyhow::Result<()> {
        let state = HttpState { services: app.services.clone(), metrics: telemetry::metrics() };
        let limits = limits(app);
        tokio::join!(
            http::serve(self.public, http::public_router(state.clone()), limits, shutdown.clone()),
            http::serve(self.admin, http::admin_router(state, names(app)), limits, shutdown),
        );
        Ok(())
    }
}

/// A worker's own admin page and metrics. Several workers on one machine: the first has the address, and that is all.
async fn serve_admin(app: &App, shutdown: CancellationToken) -> anyhow::Result<()> {
    let state = HttpState { services: app.services.clone(), metrics: telemetry::metrics() };
    match listen(app.config.http.admin_listen, "http.admin_listen", "DEBRIEF_HTTP__ADMIN_LISTEN").await {
        Ok(listener) => {
            http::serve(listener, http::admin_router(state, names(app)), limits(app), shutdown).await;
            Ok(())
        }
        Err(error) => {
            tracing::warn!(error = %error, "this worker has no admin page of its own");
            Ok(())
        }
    }
}

/// The names that the admin page answers to.
fn names(app: &App) -> http::Names {
    if app.config.http.admin_anywhere { http::Names::Any } else { http::Names::Loopback }
}

/// Files that the process opens beside its connections to the database and to visitors: folders of the inbox one within the
/// other, files that are read and written, sockets that listen.
const OWN_DESCRIPTORS: usize = 32;
/// Even where files are short.
const FEWEST_CONNECTIONS: usize = 8;

/// What the connections of this process are allowed. Visitors get no file descriptor that the process needs for its own work.
fn limits(app: &App) -> http::Limits {
    let wanted = app.config.http.connections;
    let own = usize::try_from(app.config.database_connections).unwrap_or(usize::MAX).saturating_add(OWN_DESCRIPTORS);
    let connections = wanted.min(descriptors().saturating_sub(own)).max(FEWEST_CONNECTIONS);
    if connections < wanted {
        tracing::warn!(
            target: "http",
            { http.connections = connections },
            "this process may open too few files for http.connections; raise the limit (ulimit -n), or lower the setting"
        );
    }
    http::Limits::new(connections, Duration::from_secs(app.config.queue.shutdown_seconds))
}

/// How many files the process may open at a time.
fn descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

async fn listen(address: std::net::SocketAddr, key: &str, variable: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!(
            "can't listen on {address}: {error}; choose another address with the setting {key}, or {variable}={}:{}",
            address.ip(),
            address.port().saturating_add(1000)
        )
    })
}
