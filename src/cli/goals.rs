//! `debrief goals`: what clients work towards.

use std::process::ExitCode;

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    goals::{self, Goal, GoalChange, NewGoal, WantedGoals},
    model::{GoalState, id::IdPrefix},
    people,
};
use uuid::Uuid;

use super::{App, actions::Said, output::one_of};

/// List clients' goals, set them, and say what became of them
///
/// A goal is what a client works towards over many sessions; what they undertook in one is an action item (see
/// `debrief actions`).
#[derive(Debug, Subcommand)]
pub(crate) enum Goals {
    /// List goals, newest first
    List {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// Only this client's: email, name, id, or the first digits of the id
        #[arg(long)]
        client: Option<String>,
        /// Only those that stand so
        #[arg(long, value_parser = one_of::<GoalState>(GoalState::NAMES))]
        state: Option<GoalState>,
        /// Only those that are open and whose day has passed
        #[arg(long)]
        overdue: bool,
        /// Show at most this many
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Set a goal
    Add {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client: email, name, id, or the first digits of the id
        #[arg(long)]
        client: String,
        /// What the client works towards, in a sentence
        text: String,
        /// By when
        #[arg(long, value_name = "YYYY-MM-DD")]
        due: Option<NaiveDate>,
        /// The id of the action item or sentence of a summary that it comes from
        #[arg(long, value_name = "ID")]
        claim: Option<Uuid>,
    },
    /// Change a goal's words or day
    Change {
        /// The goal's id, or its first digits
        id: IdPrefix,
        /// What the client works towards
        #[arg(long)]
        text: Option<String>,
        /// By when
        #[arg(long, value_name = "YYYY-MM-DD")]
        due: Option<NaiveDate>,
        /// There is no day any more
        #[arg(long, conflicts_with = "due")]
        no_due: bool,
    },
    /// Mark a goal as achieved
    Achieve(Settling),
    /// Drop a goal that the client no longer pursues
    Drop(Settling),
    /// Open a goal again
    Reopen(Settling),
    /// Remove a goal that was set by mistake
    ///
    /// Nothing of it stays but a line in the audit. Drop a goal that was once meant.
    Remove {
        /// The goal's id, or its first digits
        id: IdPrefix,
    },
}

/// What is said of a goal.
#[derive(Debug, Args)]
pub(crate) struct Settling {
    /// The goal's id, or its first digits
    id: IdPrefix,
    #[command(flatten)]
    said: Said,
}

impl Goals {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let visitor = Visitor::default();
        match self {
            Self::List { coach, client, state, overdue, limit } => {
                let (organization, coach_id) = people::coach(&app.db, &coach).await?;
                let client = match client {
                    Some(who) => Some(people::find_client(&app.db, &coach, &who).await?.id),
                    None => None,
                };
                let wanted = WantedGoals {
                    client,
                    coach: Some(coach_id),
                    state,
                    overdue: overdue.then_some(true),
                    after: None,
                    limit,
                };
                let found = goals::page(&mut app.db.tenant(organization).await?, &wanted).await?;
                app.output.list(&found, "no matching goals; `debrief goals add` sets one", HEADINGS, cells)?;
            }
            Self::Add { coach, client, text, due, claim } => {
                let (organization, _) = people::coach(&app.db, &coach).await?;
                let client = people::find_client(&app.db, &coach, &client).await?.id;
                let mut tx = app.db.tenant(organization).await?;
                let new = NewGoal { client, text: &text, due, claim };
                let goal = goals::create(&mut tx, &new, &visitor).await?;
                tx.commit().await?;
                app.output.one(&goal, |goal| format!("goal of {}: {}", goal.client, goal.id))?;
            }
            Self::Change { id, text, due, no_due } => {
                let (mut tx, id) = app.goal(&id).await?;
                let goal = goals::hold(&mut tx, id).await?.context("the goal was there a moment ago")?;
                let due = if no_due { Some(None) } else { due.map(Some) };
                let goal = goals::change(&mut tx, &goal, &GoalChange { text, due }, &visitor).await?;
                tx.commit().await?;
                app.output.one(&goal, told)?;
            }
            Self::Achieve(settling) => settling.run(app, GoalState::Achieved).await?,
            Self::Drop(settling) => settling.run(app, GoalState::Dropped).await?,
            Self::Reopen(settling) => settling.run(app, GoalState::Open).await?,
            Self::Remove { id } => {
                let (mut tx, id) = app.goal(&id).await?;
                let goal = goals::hold(&mut tx, id).await?.context("the goal was there a moment ago")?;
                goals::remove(&mut tx, &goal, &visitor).await?;
                tx.commit().await?;
                app.output.one(&goal, |goal| format!("removed: {} ({})", goal.text, goal.client))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Settling {
    async fn run(self, app: &App, state: GoalState) -> anyhow::Result<()> {
        let (mut tx, id) = app.goal(&self.id).await?;
        let goal = goals::hold(&mut tx, id).await?.context("the goal was there a moment ago")?;
        let goal = goals::settle(&mut tx, &goal, state, &self.said.into(), &Visitor::default()).await?;
        tx.commit().await?;
        app.output.one(&goal, told)
    }
}

fn told(goal: &Goal) -> String {
    let due = goal.due_date.map(|day| format!(", due {day}")).unwrap_or_default();
    format!("{}: {} since {}{due} ({})", goal.text, goal.state, goal.since, goal.client)
}

const HEADINGS: [&str; 6] = ["CLIENT", "DUE", "STATE", "SINCE", "ID", "GOAL"];

fn cells(goal: &Goal) -> [String; 6] {
    let due = goal.due_date.map(|day| day.to_string()).unwrap_or_default();
    let state = if goal.is_overdue { "overdue".to_owned() } else { goal.state.to_string() };
    [goal.client.clone(), due, state, goal.since.to_string(), goal.id.to_string(), goal.text.clone()]
}
