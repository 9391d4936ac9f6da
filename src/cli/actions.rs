//! `debrief actions`: what was promised in sessions, and whether it was done.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    model::{
        ItemState, Owner,
        id::IdPrefix,
        listing::{self, ActionLine, WantedActions},
        told::Told,
    },
    people,
    review::settle,
};

use super::{App, output::one_of, refining::refused};

/// List action items, and say what became of them
///
/// An action item is a sentence of a summary that says what somebody undertook. It is open until you complete or drop it,
/// or a later session says that it was done. What you say of it stays when the summary is edited or refined.
#[derive(Debug, Subcommand)]
pub(crate) enum Actions {
    /// List action items, those of the newest sessions first
    ///
    /// Of summaries that are approved or wait for their coach.
    List {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// Only those from sessions with this client: email, name, id, or the first digits of the id
        #[arg(long)]
        client: Option<String>,
        /// Only those of this owner
        #[arg(long, value_parser = ["client", "coach", "unclear"])]
        owner: Option<String>,
        /// Only those that stand so
        #[arg(long, value_parser = one_of::<ItemState>(ItemState::NAMES))]
        state: Option<ItemState>,
        /// Only those that are open and whose day has passed
        #[arg(long)]
        overdue: bool,
        /// Only those from sessions on or after this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<NaiveDate>,
        /// Only those from sessions on or before this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: Option<NaiveDate>,
        /// Show at most this many
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Mark an action item as done
    ///
    /// It isn't overdue then, and later sessions aren't asked about it.
    Complete(Settling),
    /// Drop an action item that won't be done
    ///
    /// It isn't overdue then, and later sessions aren't asked about it.
    Drop(Settling),
    /// Open an action item again
    ///
    /// Even if a session reported it done: only a later session counts from then on.
    Reopen(Settling),
}

/// What is said of an action item.
#[derive(Debug, Args)]
pub(crate) struct Settling {
    /// The action item's id, or its first digits
    id: IdPrefix,
    #[command(flatten)]
    said: Said,
}

/// A day and a note.
#[derive(Debug, Args)]
pub(crate) struct Said {
    /// The day on which it happened [default: today in the coach's time zone]
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<NaiveDate>,
    /// A note, on one line
    #[arg(long)]
    note: Option<String>,
}

impl From<Said> for Told {
    fn from(said: Said) -> Self {
        Self { day: said.day, note: said.note }
    }
}

impl Actions {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { coach, client, owner, state, overdue, from, to, limit } => {
                let (organization, coach_id) = people::coach(&app.db, &coach).await?;
                let client = match client {
                    Some(who) => Some(people::find_client(&app.db, &coach, &who).await?.id),
                    None => None,
                };
                let coach = Some(coach_id);
                let owner = owner.as_deref().map(|owner| Owner::parse(owner).as_str());
                let (item, after) = (None, None);
                let wanted = WantedActions {
                    client,
                    coach,
                    owner,
                    state,
                    overdue: overdue.then_some(true),
                    from,
                    to,
                    item,
                    after,
                    limit,
                };
                let items = listing::action_page(&mut app.db.tenant(organization).await?, &wanted).await?;
                app.output.list(&items, "no matching action items", HEADINGS, cells)?;
            }
            Self::Complete(settling) => settling.run(app, ItemState::Done).await?,
            Self::Drop(settling) => settling.run(app, ItemState::Dropped).await?,
            Self::Reopen(settling) => settling.run(app, ItemState::Open).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Settling {
    async fn run(self, app: &App, state: ItemState) -> anyhow::Result<()> {
        let (mut tx, id) = app.action_item(&self.id).await?;
        let item = settle::settle(&mut tx, id, state, &self.said.into(), &Visitor::default()).await.map_err(refused)?;
        tx.commit().await?;
        app.output.one(&item, |item| {
            let since = item.since.map(|day| format!(" since {day}")).unwrap_or_default();
            format!("{}: {}{since} ({})", item.text, item.state, item.client)
        })
    }
}

const HEADINGS: [&str; 7] = ["SESSION", "CLIENT", "WHO", "DUE", "STATE", "ID", "ACTION ITEM"];

fn cells(item: &ActionLine) -> [String; 7] {
    let due = item.due_date.map(|day| day.to_string()).unwrap_or_default();
    let state = match item.state {
        ItemState::Open if item.is_overdue => "overdue".to_owned(),
        state => state.to_string(),
    };
    let who = match Owner::parse(&item.owner) {
        Owner::Unclear => String::new(),
        owner => owner.as_str().to_owned(),
    };
    let id = item.item_id.to_string();
    [item.session_date.to_string(), item.client.clone(), who, due, state, id, item.text.clone()]
}
