//! `debrief serve`, `work`, `up`, `migrate`: the processes of an installation.

use std::{process::ExitCode, sync::Arc, time::Duration};

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
    /// Whether it runs until interrupted.
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

/// Serves pages and runs jobs until Ctrl-C or SIGTERM.
pub(crate) async fn up(app: &App) -> anyhow::Result<ExitCode> {
    let pages = Pages::listen(app).await?;
    let shutdown = CancellationToken::new();
    on_signal(app, &shutdown)?;
    eprint!("{}", whereabouts(app));
    serve_and_work(app, pages, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// What every handler has.
fn state(app: &App) -> anyhow::Result<HttpState> {
    let api = http::api::Settings {
        requests_per_minute: app.config.http.api_requests_per_minute,
        cors_origins: app.config.http.cors_origins.clone(),
        schedules: worker_settings(app)?.schedules,
        ..Default::default()
    };
    let proxies = http::Proxies::read(&app.config.http.trusted_proxies).map_err(anyhow::Error::msg)?;
    Ok(HttpState {
        services: app.services.clone(),
        metrics: telemetry::metrics(),
        api: Arc::new(api),
        proxies: Arc::new(proxies),
    })
}

/// Where files go and where results appear, for someone who has just started it.
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

/// Serves pages and runs jobs until `shutdown`.
pub(crate) async fn serve_and_work(app: &App, pages: Pages, shutdown: CancellationToken) -> anyhow::Result<()> {
    let work =
        queue::work(app.db.clone(), debrief_jobs::catalogue(&app.services), worker_settings(app)?, shutdown.clone());
    tokio::try_join!(async { Ok(work.await?) }, pages.serve(app, shutdown))?;
    Ok(())
}

/// Migrates the database, and builds the index for the embedder's model.
pub(crate) async fn migrate(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = config(globals)?;
    telemetry::log(&config.log);
    // The embedded database is migrated when opened; for others this is the command.
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

/// Scans the inbox and runs jobs until nothing is due.
pub(crate) async fn drain(app: &App) -> anyhow::Result<Drained> {
    let mut tx = app.db.system().await?;
    enqueue(&mut tx, &ScanInbox {}, Uuid::now_v7()).await?;
    tx.commit().await?;
    Ok(queue::drain(app.db.clone(), debrief_jobs::catalogue(&app.services), worker_settings(app)?).await?)
}

/// Runs the jobs of one kind until none is due, and nothing else.
pub(crate) async fn drain_kind<J: Job>(app: &App) -> anyhow::Result<Drained> {
    let settings = WorkerSettings { schedules: Vec::new(), ..worker_settings(app)? };
    Ok(queue::drain(app.db.clone(), debrief_jobs::catalogue(&app.services).only::<J>(), settings).await?)
}

/// After the time allowed for a shutdown, the process has this long to record what it returns and to stop its database.
const TO_END: Duration = Duration::from_secs(15);

/// Cancels `shutdown` on Ctrl-C or SIGTERM. The signal and the deadline are handled on a separate thread and runtime:
/// however busy the others are, the process ends in time.
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
        // Jobs interrupted here run elsewhere, or after the next start.
        tracing::error!("the shutdown took longer than its time; the process is cut off");
        std::process::exit(1);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(watch))?;
    Ok(())
}

/// Returns on Ctrl-C or SIGTERM.
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

/// The exit code of an interrupted command, as shells expect it.
pub(crate) fn interrupted() -> ExitCode {
    eprintln!("interrupted");
    ExitCode::from(130)
}

/// Explains an address that is in use: links printed by other commands contain the address in the settings.
const FOR_ALL: &str =
    "put it in the settings file (`debrief doctor` says where that is), so that all commands agree on it";

/// The addresses of the pages, bound before anything else, so that a conflict is reported immediately.
pub(crate) struct Pages {
    public: TcpListener,
    admin: TcpListener,
}

impl Pages {
    /// Listens on the addresses in the settings.
    pub(crate) async fn listen(app: &App) -> anyhow::Result<Self> {
        let http = &app.config.http;
        let public = listen(http.listen, "http.listen", "DEBRIEF_HTTP__LISTEN").await;
        let admin = listen(http.admin_listen, "http.admin_listen", "DEBRIEF_HTTP__ADMIN_LISTEN").await;
        match (public, admin) {
            (Ok(public), Ok(admin)) => Ok(Self { public, admin }),
            // Reports both, so that someone who changes one knows to change the other.
            (Err(public), Err(admin)) => anyhow::bail!("{public}\n{admin}\n{FOR_ALL}"),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => anyhow::bail!("{error}\n{FOR_ALL}"),
        }
    }

    async fn serve(self, app: &App, shutdown: CancellationToken) -> anyhow::Result<()> {
        let state = state(app)?;
        let limits = limits(app);
        tokio::join!(
            http::serve(self.public, http::public_router(state.clone()), limits, shutdown.clone()),
            http::serve(self.admin, http::admin_router(state, names(app)), limits, shutdown),
        );
        Ok(())
    }
}

/// A worker's own admin page and metrics. Of several workers on one machine only the first gets the address.
async fn serve_admin(app: &App, shutdown: CancellationToken) -> anyhow::Result<()> {
    let state = state(app)?;
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

/// Files the process opens besides its connections to the database and to visitors: nested inbox folders, files being
/// read or written, listening sockets.
const OWN_DESCRIPTORS: usize = 32;
/// The minimum, even if file descriptors are scarce.
const FEWEST_CONNECTIONS: usize = 8;

/// The connection limits of this process. Visitors get no file descriptor that the process needs for its own work.
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
    let https = app.config.review.base_url.scheme() == "https";
    http::Limits { https, ..http::Limits::new(connections, Duration::from_secs(app.config.queue.shutdown_seconds)) }
}

/// How many files the process may have open at a time.
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
