//! The tool about action items of all sessions: who is to do what, by when, how it stands, and what is
//! overdue.

use chrono::NaiveDate;
use debrief_jobs::{
    model::{
        ItemState, MAX_CHARACTERS, Owner, SummaryState,
        listing::{self, ActionLine, WantedActions},
    },
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

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Owing {
    Client,
    Coach,
    Unclear,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActionsInput {
    /// Only those from sessions with this client (an id of `list_clients`).
    client_id: Option<Uuid>,
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only what the client, or what the coach, is to do.
    owner: Option<Owing>,
    /// Only those that stand so.
    state: Option<ItemState>,
    /// Only what is overdue.
    #[serde(default)]
    overdue: bool,
    /// Only from sessions on or after this day.
    from: Option<NaiveDate>,
    /// Only from sessions on or before this day.
    to: Option<NaiveDate>,
    /// At most this many; 50 if left out.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<i32>,
    /// `next` of the page before, with the same filters.
    #[schemars(length(max = 500))]
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ActionsOutput {
    /// The action items, those of the newest sessions first.
    action_items: Vec<Action>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Action {
    client_id: Uuid,
    client: String,
    /// What is to be done, in a sentence of the summary.
    text: String,
    /// Who does it; `unclear` if nobody said.
    #[schemars(extend("enum" = ["client", "coach", "unclear"]))]
    owner: String,
    /// The day, if one was said; null means that none was.
    due_date: Option<NaiveDate>,
    /// Whether it is open and that day has passed.
    overdue: bool,
    /// How it stands: `done` if a person ticked it off or a later session says so, `dropped` if it won't be done.
    #[schemars(extend("enum" = ["open", "done", "dropped"]))]
    state: String,
    /// Since which day; null if it was never anything but open.
    since: Option<NaiveDate>,
    /// What a person noted with that.
    note: Option<String>,
    /// Whether a later session says that it was done.
    reported_done: bool,
    /// `client`, or `coach` if it is for the coach alone.
    audience: String,
    /// What the sentence rests on; `get_summary` says what each means.
    support: String,
    session_id: Uuid,
    session_title: String,
    session_date: NaiveDate,
    summary_id: Uuid,
    /// Whether the coach approved the summary; if not, it is a draft.
    approved: bool,
}

impl From<&ActionLine> for Action {
    fn from(one: &ActionLine) -> Self {
        Self {
            client_id: one.client_id,
            client: line(&one.client),
            text: words(&one.text, MAX_CHARACTERS),
            owner: one.owner.clone(),
            due_date: one.due_date,
            overdue: one.is_overdue,
            state: one.state.to_string(),
            since: one.since,
            note: one.note.as_deref().map(|note| words(note, MAX_CHARACTERS)),
            reported_done: one.reported_done,
            audience: one.audience.clone(),
            support: one.support.clone(),
            session_id: one.session_id,
            session_title: line(&one.session_title),
            session_date: one.session_date,
            summary_id: one.summary_id,
            approved: one.summary_state == SummaryState::Approved,
        }
    }
}

#[tool_router(router = action_tools, vis = "pub(super)")]
impl Server {
    /// List action items of all sessions: who is to do what, by when, how each stands, and what is overdue.
    /// They come from each summary's approved version, else from its latest draft (`approved` tells). Needs `summaries:read`.
    #[tool(
        input_schema = takes::<ActionsInput>(),
        output_schema = schema_for_output::<ActionsOutput>(),
        annotations(title = "List action items", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_action_items(&self, Asked(input): Asked<ActionsInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("list_action_items", &context).await?;
        let limit = limit(input.limit, 50, 100)?;
        let owner = input.owner.map(|owner| match owner {
            Owing::Client => Owner::Client,
            Owing::Coach => Owner::Coach,
            Owing::Unclear => Owner::Unclear,
        });
        let mut wanted = WantedActions {
            client: input.client_id,
            coach: input.coach_id,
            owner: owner.map(Owner::as_str),
            state: input.state,
            overdue: input.overdue.then_some(true),
            item: None,
            from: input.from,
            to: input.to,
            after: None,
            limit: 0,
        };
        let list = List::filtered("list_action_items", &wanted);
        wanted.after = Paging { limit: None, cursor: input.cursor }.after(list)?;
        wanted.limit = i64::from(limit) + 1;
        let mut tx = call.enter(Right::SummariesRead).await?;
        let rows = listing::action_page(&mut tx, &wanted).await?;
        let (action_items, next) = page(list, &rows, limit, |row| (row.session_date, row.item_id));
        call.shown(tx, About::list(action_items.len()), &ActionsOutput { action_items, next }).await
    }
}
