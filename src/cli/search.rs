//! `debrief search`: searches what was said and summarized in one organization.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use debrief_jobs::{index, model::id::IdPrefix, people};

use super::{
    App, ids,
    output::{say, tell},
};

/// Search what was said and summarized
///
/// Searches by words and by meaning at the same time. "Quoted phrases", `or` and `-without` work as in a web search.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for
    text: String,
    /// The organization's handle; required if there are several
    #[arg(long)]
    org: Option<String>,
    /// Only this coach's sessions (handle)
    #[arg(long)]
    coach: Option<String>,
    /// Only this client (id, or its first digits; see `debrief client list`)
    #[arg(long, value_name = "ID")]
    client: Option<IdPrefix>,
    /// Only sessions on or after this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Only sessions on or before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// Show at most this many hits
    #[arg(long, default_value_t = 10)]
    limit: u32,
}

impl Search {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let organization = app.organization(self.org.as_deref()).await?;
        let coach = match &self.coach {
            Some(handle) => Some(people::coach(&app.db, handle).await?.1),
            None => None,
        };
        let client = match &self.client {
            Some(id) => Some(match id.whole() {
                Some(whole) => whole,
                None => ids::client(&mut app.db.tenant(organization).await?, id, coach).await?,
            }),
            None => None,
        };
        let query = index::Query {
            text: self.text,
            coach,
            client,
            from: self.from,
            to: self.to,
            limit: self.limit,
            only_said: false,
        };
        let embedder = &app.services.embedder;
        let prepared = index::prepare(embedder, &query).await?;
        let mut tx = app.db.tenant(organization).await?;
        let hits = index::search(&mut tx, embedder, &prepared).await?;
        drop(tx);
        if app.output.json {
            return app.output.list(&hits, "", [], |_| []).map(|()| ExitCode::SUCCESS);
        }
        if hits.is_empty() {
            tell("nothing found");
        }
        for hit in hits {
            let at = hit.start_ms.map(clock).unwrap_or_default();
            let who = hit.client.map_or_else(|| hit.speakers.join(", "), |client| client.name);
            say(&format!(
                "{}  {}  {who}  {at}\n  {}\n  session {}\n",
                hit.session_date,
                hit.title,
                hit.text.replace('\n', "\n  "),
                hit.session_id
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Formats milliseconds as minutes and seconds.
fn clock(ms: i64) -> String {
    let seconds = ms / 1000;
    format!("at {}:{:02}", seconds / 60, seconds % 60)
}
