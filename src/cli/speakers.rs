//! `debrief speakers`: the speakers whom a session waits for, named by hand instead of on the page.

use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Args, Subcommand};
use debrief_jobs::{
    attribute::{self, SpeakerIs},
    db::Tx,
};
use serde_json::json;
use uuid::Uuid;

use super::App;

/// The speakers whom a session waits for.
#[derive(Debug, Subcommand)]
pub(crate) enum Speakers {
    /// List the unknown speakers of a session, with excerpts
    List {
        /// The session's id
        session: Uuid,
    },
    /// Say who a speaker is; remembered for the coach's later sessions
    Name(Name),
}

/// Say who a speaker is.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub(crate) struct Name {
    /// The session's id
    session: Uuid,
    /// The speaker label, as `debrief speakers list` shows it
    label: String,
    /// The coach
    #[arg(long, group = "who")]
    coach: bool,
    /// A client of the coach (the id, see `debrief client list`)
    #[arg(long, group = "who", value_name = "ID")]
    client: Option<Uuid>,
    /// A client who is not on the roster yet
    #[arg(long, group = "who", value_name = "NAME")]
    new_client: Option<String>,
    /// The new client's email
    #[arg(long, requires = "new_client")]
    email: Option<String>,
    /// Somebody else, who enters no summary
    #[arg(long, group = "who", value_name = "NAME")]
    guest: Option<String>,
}

impl Speakers {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { session } => {
                let mut tx = app.tenant_of_session(session).await?;
                let speakers = attribute::unresolved(&mut tx, session).await?;
                app.output.list(&speakers, "this session waits for no speaker", ["LABEL", "TURNS", "WORDS", "SAID"], |speaker| {
                    let excerpt = speaker.excerpts.first().cloned().unwrap_or_default();
                    [speaker.label.clone(), speaker.turns.to_string(), speaker.words.to_string(), excerpt]
                })?;
            }
            Self::Name(name) => {
                let mut tx = app.tenant_of_session(name.session).await?;
                let session = name.session;
                let (label, who) = name.answer()?;
                attribute::name_speakers(&mut tx, session, &[(label.clone(), who)]).await?;
                let left = attribute::unresolved(&mut tx, session).await?.len();
                tx.commit().await?;
                app.output.one(&json!({ "named": label, "unresolved": left }), |_| {
                    format!("{label} is named; a worker attributes the session again")
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Name {
    fn answer(self) -> anyhow::Result<(String, SpeakerIs)> {
        let who = if self.coach {
            SpeakerIs::Coach
        } else if let Some(client) = self.client {
            SpeakerIs::Client(client)
        } else if let Some(name) = self.new_client {
            SpeakerIs::NewClient { name, email: self.email }
        } else {
            SpeakerIs::Guest { name: self.guest.context("say who the speaker is")? }
        };
        Ok((self.label, who))
    }
}
