//! `debrief search`: searches what was said and summarized in one organization.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use debrief_jobs::{
    index::{self, ByMeaning, Found, Hit, Part, SessionType},
    model::id::IdPrefix,
    people,
};

use super::{
    App, ids,
    output::{one_of, say, tell},
};

/// Search what was said and summarized
///
/// Searches by words and by meaning at the same time, and takes plain questions. "Quoted phrases" have to be there, and what begins
/// with a minus must not. Days in the question ("in March", "last week") narrow the search to them.
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
    /// Only clients with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Only sessions of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of::<SessionType>(SessionType::NAMES))]
    session_type: Option<SessionType>,
    /// Only what was said, or only this section of summaries; may be repeated
    #[arg(long = "in", value_name = "PART", value_parser = one_of::<Part>(Part::NAMES))]
    parts: Vec<Part>,
    /// Only sessions on or after this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Only sessions on or before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// Take days in the question as words
    #[arg(long)]
    no_days: bool,
    /// Show at most this many hits
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
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
            tag: self.tag,
            session_type: self.session_type,
            parts: self.parts,
            from: self.from,
            to: self.to,
            days_are_words: self.no_days,
            limit: self.limit,
            only_said: false,
        };
        let embedder = &app.services.embedder;
        let prepared = index::prepare(embedder, &query).await?;
        let mut tx = app.db.tenant(organization).await?;
        let found = index::search(&mut tx, embedder, &prepared).await?;
        drop(tx);
        if app.output.json {
            return app.output.list(&found.hits, "", [], |_| []).map(|()| ExitCode::SUCCESS);
        }
        told(&found);
        for hit in &found.hits {
            shown(hit);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says how the query was understood, and what wasn't searched or found.
fn told(found: &Found) {
    if let Some(days) = &found.days {
        tell(&format!("“{}”: sessions from {} to {} (--no-days takes it as words)", days.words, days.from, days.to));
    }
    if found.by_meaning == ByMeaning::Unavailable {
        tell("searched by words alone: the embedder didn’t answer (see `debrief doctor`)");
    }
    if found.hits.is_empty() {
        let sessions = match found.sessions {
            1 => "1 session was searched".to_owned(),
            sessions => format!("{sessions} sessions were searched"),
        };
        tell(&format!("nothing found: {sessions}"));
    }
}

fn shown(hit: &Hit) {
    let utterance = hit.utterance.as_ref();
    let start_ms = utterance.and_then(|it| it.start_ms).or(hit.start_ms);
    let at = start_ms.map(clock).unwrap_or_default();
    let speaker = utterance.and_then(|it| it.speaker.clone());
    let who = speaker.or_else(|| hit.client.as_ref().map(|client| client.name.clone()));
    let who = who.unwrap_or_else(|| hit.speakers.join(", "));
    let section = hit.section.as_ref().map(|section| format!("  [{section}]")).unwrap_or_default();
    say(&format!(
        "{}  {}  {who}  {at}{section}\n  {}\n  session {}\n",
        hit.session_date,
        hit.title,
        hit.text.replace('\n', "\n  "),
        hit.session_id
    ));
}

/// Formats milliseconds as minutes and seconds.
fn clock(ms: i64) -> String {
    let seconds = ms / 1000;
    format!("at {}:{:02}", seconds / 60, seconds % 60)
}
