//! `debrief speakers`: names or corrects a session's speakers from the command line instead of on the page.

use std::{fmt::Display, process::ExitCode};

use anyhow::Context;
use clap::{ArgGroup, Args, Subcommand};
use debrief_jobs::{
    attribute::{self, Misdelivered, Speaker},
    audit::Visitor,
    correct::{self, Answer, Corrected, Reach, SpeakerIs},
    db::{TenantTx, Tx},
    model::MailState,
    model::id::IdPrefix,
    template,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{App, ids};

/// Show and correct who speaks in a session
///
/// A session with unknown speakers is on hold until someone names them, here or on the page that the coach got a link
/// to. `debrief sessions list --state waiting_for_speakers` lists these sessions. You can correct a speaker at any
/// time: the affected summaries are rewritten.
#[derive(Debug, Subcommand)]
pub(crate) enum Speakers {
    /// List the unknown speakers of a session, with excerpts
    List {
        /// The session's id, or its first digits
        session: IdPrefix,
    },
    /// Show every speaker of a session: who it is, how certain that is and why, with excerpts
    Show {
        /// The session's id, or its first digits
        session: IdPrefix,
    },
    #[command(visible_alias = "set")]
    Name(Name),
    /// Undo a guess about a speaker, before anything is sent: the session is on hold until you say who it was
    Undo {
        /// The session's id, or its first digits
        session: IdPrefix,
        /// The speaker label, as `debrief speakers show` prints it
        label: String,
    },
}

/// Say who a speaker is, or correct it; remembered for the coach's other sessions
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub(crate) struct Name {
    /// The session's id, or its first digits
    session: IdPrefix,
    /// The speaker label, as `debrief speakers show` prints it
    label: String,
    /// The coach
    #[arg(long, group = "who")]
    coach: bool,
    /// A client of the coach (id, or its first digits; see `debrief client list`)
    #[arg(long, group = "who", value_name = "ID")]
    client: Option<IdPrefix>,
    /// A client who is not on the roster yet
    #[arg(long, group = "who", value_name = "NAME")]
    new_client: Option<String>,
    /// The new client's email
    #[arg(long, requires = "new_client")]
    email: Option<String>,
    /// Someone else, who is not in any summary
    #[arg(long, group = "who", value_name = "NAME")]
    guest: Option<String>,
    /// Several people (a room, a shared device): their words go into no summary
    #[arg(long, group = "who")]
    shared: bool,
    /// Only in this session: earlier and later ones stay as they are
    #[arg(long)]
    only_here: bool,
}

/// The output of `show`.
#[derive(Debug, Serialize)]
struct SpeakersReport {
    speakers: Vec<Speaker>,
    /// Follow-ups that were sent with someone else's words.
    misdelivered: Vec<Misdelivered>,
}

impl Speakers {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { session } => {
                let (mut tx, session) = app.session(&session).await?;
                let speakers = attribute::unresolved(&mut tx, session).await?;
                app.output.list(
                    &speakers,
                    "this session has no unknown speakers",
                    ["LABEL", "TURNS", "WORDS", "SAID"],
                    |speaker| {
                        let excerpt = speaker.excerpts.first().map(|said| said.text.clone()).unwrap_or_default();
                        [speaker.label.clone(), speaker.turns.to_string(), speaker.words.to_string(), excerpt]
                    },
                )?;
            }
            Self::Show { session } => {
                let (mut tx, session) = app.session(&session).await?;
                let speakers = attribute::speakers(&mut tx, session).await?;
                let misdelivered = attribute::misdelivered(&mut tx, session).await?;
                app.output.one(&SpeakersReport { speakers, misdelivered }, text)?;
            }
            Self::Name(name) => name.run(app).await?,
            Self::Undo { session, label } => {
                let (mut tx, session) = app.session(&session).await?;
                let visitor = Visitor::default();
                let undone = correct::take_back(&mut tx, &app.services.desk, session, &label, &visitor).await?;
                tx.commit().await?;
                let value = json!({ "undone": label, "unresolved": undone.remaining,
                    "summaries_withdrawn": undone.touched.withdrawn, "summaries_due": undone.touched.due });
                app.output.one(&value, |_| {
                    let withdrawn = count(undone.touched.withdrawn, "summary", "summaries");
                    format!(
                        "{label} is unknown again; {withdrawn} withdrawn. Say who it was with `debrief speakers \
                             name`\n"
                    )
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Name {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, session) = app.session(&self.session).await?;
        let coach = sqlx::query_scalar!("select coach_id from sessions where id = $1", session);
        let coach = coach.fetch_one(tx.conn()).await?;
        let answer = self.answer(&mut tx, coach).await?;
        let answers = std::slice::from_ref(&answer);
        let set = correct::set_speakers(&mut tx, &app.services.desk, session, answers, &Visitor::default()).await?;
        let misdelivered = attribute::misdelivered(&mut tx, session).await?;
        tx.commit().await?;
        let value = json!({ "named": answer.label, "unresolved": set.remaining, "moved": set.moved,
            "summaries_due": set.touched.due, "summaries_withdrawn": set.touched.withdrawn,
            "follow_ups_stopped": set.touched.stopped, "follow_ups_gone_wrong": set.touched.misdelivered,
            "reach": set.reach });
        app.output.one(&value, |_| came_of_it(&answer.label, &set, &misdelivered))
    }

    async fn answer(self, tx: &mut TenantTx, coach: Uuid) -> anyhow::Result<Answer> {
        let is = if self.coach {
            SpeakerIs::Coach
        } else if self.shared {
            SpeakerIs::Shared
        } else if let Some(client) = self.client {
            // A full id that belongs to no one is reported along with the other answers.
            SpeakerIs::Client(match client.whole() {
                Some(whole) => whole,
                None => ids::client(tx, &client, Some(coach)).await?,
            })
        } else if let Some(name) = self.new_client {
            SpeakerIs::NewClient { name, email: self.email }
        } else {
            SpeakerIs::Guest { name: self.guest.context("say who the speaker is")? }
        };
        Ok(Answer { label: self.label, is, everywhere: !self.only_here })
    }
}

fn came_of_it(label: &str, set: &Corrected, misdelivered: &[Misdelivered]) -> String {
    let mut text = if set.moved == 0 {
        format!("{label} named; a worker will continue with the session\n")
    } else {
        format!(
            "{label} corrected; {} to be rewritten, {} withdrawn, {} held back\n",
            count(set.touched.due, "summary", "summaries"),
            count(set.touched.withdrawn, "summary", "summaries"),
            count(set.touched.stopped, "follow-up", "follow-ups")
        )
    };
    text.push_str(match set.reach {
        Reach::ThisSession => "this applies to this session only\n",
        Reach::LaterSessions => "",
        Reach::EarlierSessions => "a worker will check the coach's other sessions\n",
    });
    text + &warnings(misdelivered)
}

fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str, more: &str) -> String {
    format!("{number} {}", if number == N::from(1) { one } else { more })
}

fn warnings(misdelivered: &[Misdelivered]) -> String {
    let mut text = String::new();
    for letter in misdelivered {
        let fate = if letter.mail_state == MailState::Sent { "has" } else { "may have" };
        text.push_str(&format!(
            "\n{} ({}) {fate} a follow-up with what someone else said:\n",
            letter.client, letter.recipient
        ));
        for sentence in &letter.sentences {
            text.push_str(&format!("  - {sentence}\n"));
        }
    }
    text
}

fn text(shown: &SpeakersReport) -> String {
    if shown.speakers.is_empty() {
        return "the speakers of this session are not identified yet".to_owned();
    }
    let mut text = String::new();
    for speaker in &shown.speakers {
        let label = if speaker.label.is_empty() { "(no name)" } else { &speaker.label };
        let person = speaker.person.as_deref().unwrap_or("unknown");
        let guess = if speaker.who.is_some() && speaker.basis.is_guess() { ", a guess" } else { "" };
        text.push_str(&format!(
            "{label}: {person} ({:.2}{guess}), {}, {}\n  {}\n",
            speaker.confidence,
            count(speaker.turns, "turn", "turns"),
            count(speaker.words, "word", "words"),
            speaker.reason
        ));
        for excerpt in &speaker.excerpts {
            let at = excerpt.start_ms.map_or_else(String::new, |ms| format!("{}  ", template::clock(ms)));
            text.push_str(&format!("    {at}{}\n", excerpt.text));
        }
    }
    text + &warnings(&shown.misdelivered)
}
