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
use tokio_util::sync::CancellationToken;

use super::{Globals, run};
use outcome::Outcome;
use progress::Progress;

/// Show it all: a demo organization, its transcripts worked through, the pages to click on.
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

impl Demo {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let app = stage::set(globals).await?;
        let manifest = fixtures::manifest()?;
        let today = stage::today(&manifest)?;
        stage::fill(&app, &manifest, today).await?;

        let organization = app.organization(Some(&manifest.organization.handle)).await?;
        let progress = Progress::start(&app, organization, manifest.transcripts.len());
        run::drain(&app).await?;
        progress.say("The demo coach approves some summaries");
        stage::approve(&app, organization, &manifest, today).await?;
        run::drain(&app).await?;
        progress.say("Last week is rolled up, and everything is exported");
        stage::report(&app, organization, today).await?;
        run::drain(&app).await?;
        progress.finish();

        let outcome = Outcome::collect(&app, organization, &manifest, today).await?;
        app.output.one(&outcome, Outcome::text)?;
        let code = if outcome.as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        if self.exit {
            return Ok(code);
        }
        eprintln!("\nThe pages stay up until Ctrl-C: {} (admin: http://{})", app.config.review.base_url, app.config.http.admin_listen);
        let shutdown = CancellationToken::new();
        run::on_signal(&shutdown);
        run::serve_and_work(&app, shutdown).await?;
        Ok(code)
    }
}
