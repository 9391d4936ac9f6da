//! Tools about clients: list, and one with their recent sessions. None changes anybody.

use chrono::NaiveDate;
use debrief_jobs::{
    people::{self, BookEntry, ClientSession, WantedClients},
    rights::Right,
};
use rmcp::{RoleServer, handler::server::tool::schema_for_output, service::RequestContext, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Server,
    answer::{LIST_BYTES, fit, limit, line, page},
    call::Told,
    input::{Asked, takes},
};
use crate::http::api::{
    Problem,
    call::About,
    input::{List, Paging},
};

/// How many of a client's sessions are recent.
const RECENT: i64 = 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClientsInput {
    /// Only those whose name, other name or address holds this, whatever the case.
    #[schemars(length(max = 200))]
    name: Option<String>,
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only those with this tag.
    #[schemars(length(max = 200))]
    tag: Option<String>,
    /// At most this many; 50 if left out.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<i32>,
    /// `next` of the page before, with the same filters.
    #[schemars(length(max = 2000))]
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ClientsOutput {
    /// The clients, by name.
    clients: Vec<ClientLine>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ClientLine {
    id: Uuid,
    name: String,
    coach_id: Uuid,
    tags: Vec<String>,
    /// How many sessions they took part in.
    sessions: i64,
    last_session_date: Option<NaiveDate>,
}

impl From<&BookEntry> for ClientLine {
    fn from(entry: &BookEntry) -> Self {
        Self {
            id: entry.id,
            name: line(&entry.name),
            coach_id: entry.coach_id,
            tags: entry.tags.iter().take(10).map(|tag| line(tag)).collect(),
            sessions: entry.sessions,
            last_session_date: entry.last_session_date,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClientInput {
    /// The client (an id of `list_clients`).
    client_id: Uuid,
}

#[derive(Serialize, JsonSchema)]
struct ClientOutput {
    client: ClientLine,
    /// Where follow-ups go; null for nowhere.
    email: Option<String>,
    /// Other names, as they stand in transcripts.
    aliases: Vec<String>,
    /// The last ten sessions, newest first: engagement over time. `list_sessions` with `client_id` has all of them.
    recent_sessions: Vec<RecentSession>,
}

#[derive(Serialize, JsonSchema)]
struct RecentSession {
    session_id: Uuid,
    title: String,
    session_date: NaiveDate,
    state: String,
    /// `high`, `medium`, `low` or `silent`.
    engagement: Option<String>,
    /// The client's share of everything that was said, from 0 to 1.
    share: Option<f64>,
    /// The client's summary of it, for `get_summary`.
    summary_id: Option<Uuid>,
}

impl From<&ClientSession> for RecentSession {
    fn from(one: &ClientSession) -> Self {
        Self {
            session_id: one.session_id,
            title: line(&one.title),
            session_date: one.session_date,
            state: one.state.to_string(),
            engagement: one.engagement.clone(),
            share: one.share,
            summary_id: one.summary_id,
        }
    }
}

#[tool_router(router = client_tools, vis = "pub(super)")]
impl Server {
    /// List a coach's clients by name. Use it to find the id of a client somebody names. Needs `clients:read`.
    #[tool(
        input_schema = takes::<ClientsInput>(),
        output_schema = schema_for_output::<ClientsOutput>(),
        annotations(title = "List clients", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_clients(&self, Asked(input): Asked<ClientsInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("list_clients", &context).await?;
        let limit = limit(input.limit, 50, 100)?;
        let mut wanted =
            WantedClients { coach: input.coach_id, tag: input.tag, named: input.name, after: None, limit: 0 };
        let list = List::filtered("list_clients", &wanted);
        wanted.after = Paging { limit: None, cursor: input.cursor }.after(list)?;
        wanted.limit = i64::from(limit) + 1;
        let mut tx = call.enter(Right::ClientsRead).await?;
        let rows = people::client_page(&mut tx, &wanted).await?;
        let (clients, next) = page(list, &rows, limit, |row| (row.name.clone(), row.id));
        call.shown(tx, About::list(clients.len()), &ClientsOutput { clients, next }).await
    }

    /// Show a client: other names, tags, and the recent sessions with how engaged the client was. Needs `clients:read`.
    #[tool(
        input_schema = takes::<ClientInput>(),
        output_schema = schema_for_output::<ClientOutput>(),
        annotations(title = "Show a client", read_only_hint = true, open_world_hint = false)
    )]
    async fn get_client(&self, Asked(input): Asked<ClientInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("get_client", &context).await?;
        let mut tx = call.enter(Right::ClientsRead).await?;
        let client = people::client_by_id(&mut tx, input.client_id).await?.ok_or_else(Problem::not_found)?;
        let sessions = people::client_sessions(&mut tx, client.id, None, RECENT).await?;
        let (aliases, _) = fit(client.aliases.iter().map(|alias| line(alias)).collect(), LIST_BYTES / 4);
        let output = ClientOutput {
            client: (&client).into(),
            email: client.email.as_deref().map(line),
            aliases,
            recent_sessions: sessions.iter().map(RecentSession::from).collect(),
        };
        call.shown(tx, About::client(client.id), &output).await
    }
}
