//! The tool about clients' goals: what each works towards, by when, and how it stands. It sets none.

use chrono::NaiveDate;
use debrief_jobs::{
    goals::{self, Goal, WantedGoals},
    model::{GoalState, MAX_CHARACTERS},
    rights::Right,
};
use rmcp::{RoleServer, handler::server::tool::schema_for_output, service::RequestContext, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Server,
    answer::{limit, line, page, words},
    call::Told,
    input::{Asked, takes},
};
use crate::http::api::{
    call::About,
    input::{List, Paging},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GoalsInput {
    /// Only this client's (an id of `list_clients`).
    client_id: Option<Uuid>,
    /// Only those of this coach's clients.
    coach_id: Option<Uuid>,
    /// Only those that stand so.
    state: Option<GoalState>,
    /// Only what is overdue.
    #[serde(default)]
    overdue: bool,
    /// At most this many; 50 if left out.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<i32>,
    /// `next` of the page before, with the same filters.
    #[schemars(length(max = 500))]
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct GoalsOutput {
    /// The goals, newest first.
    goals: Vec<GoalLine>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct GoalLine {
    id: Uuid,
    client_id: Uuid,
    client: String,
    /// What the client works towards.
    text: String,
    /// The day, if there is one.
    due_date: Option<NaiveDate>,
    /// Whether it is open and that day has passed.
    overdue: bool,
    #[schemars(extend("enum" = ["open", "achieved", "dropped"]))]
    state: String,
    /// Since which day it stands so.
    since: NaiveDate,
    /// What a person noted with that.
    note: Option<String>,
    /// The summary that it was taken from, for `get_summary`.
    summary_id: Option<Uuid>,
}

impl From<&Goal> for GoalLine {
    fn from(goal: &Goal) -> Self {
        Self {
            id: goal.id,
            client_id: goal.client_id,
            client: line(&goal.client),
            text: words(&goal.text, MAX_CHARACTERS),
            due_date: goal.due_date,
            overdue: goal.is_overdue,
            state: goal.state.to_string(),
            since: goal.since,
            note: goal.note.as_deref().map(|note| words(note, MAX_CHARACTERS)),
            summary_id: goal.summary_id,
        }
    }
}

#[tool_router(router = goal_tools, vis = "pub(super)")]
impl Server {
    /// List clients' goals: what each works towards, by when, and whether it was achieved or dropped. Needs `goals:read`.
    #[tool(
        input_schema = takes::<GoalsInput>(),
        output_schema = schema_for_output::<GoalsOutput>(),
        annotations(title = "List goals", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_goals(&self, Asked(input): Asked<GoalsInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("list_goals", &context).await?;
        let limit = limit(input.limit, 50, 100)?;
        let mut wanted = WantedGoals {
            client: input.client_id,
            coach: input.coach_id,
            state: input.state,
            overdue: input.overdue.then_some(true),
            after: None,
            limit: 0,
        };
        let list = List::filtered("list_goals", &wanted);
        wanted.after = Paging { limit: None, cursor: input.cursor }.after(list)?;
        wanted.limit = i64::from(limit) + 1;
        let mut tx = call.enter(Right::GoalsRead).await?;
        let rows = goals::page(&mut tx, &wanted).await?;
        let (goals, next) = page(list, &rows, limit, |goal| goal.id);
        call.shown(tx, About::list(goals.len()), &GoalsOutput { goals, next }).await
    }
}
