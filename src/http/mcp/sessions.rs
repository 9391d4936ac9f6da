//! Tools about sessions: list, and one with its people, files and summaries.

use chrono::NaiveDate;
use debrief_jobs::{
    model::{
        SessionStatus,
        listing::{self, Detail, Row, Wanted},
    },
    rights::Right,
};
use rmcp::{RoleServer, handler::server::tool::schema_for_output, service::RequestContext, tool, tool_router};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
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

/// The states of a session, or none.
fn states(_: &mut SchemaGenerator) -> Schema {
    let mut names: Vec<Option<&str>> = SessionStatus::NAMES.iter().copied().map(Some).collect();
    names.push(None);
    json_schema!({ "type": ["string", "null"], "enum": names })
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Individual,
    Group,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionsInput {
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only those in which this client took part (an id of `list_clients`).
    client_id: Option<Uuid>,
    /// Only those of a client with this tag.
    #[schemars(length(max = 200))]
    tag: Option<String>,
    /// Only on or after this day.
    from: Option<NaiveDate>,
    /// Only on or before this day.
    to: Option<NaiveDate>,
    /// Only one-to-one or only group sessions.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// Only those in this state. `in_review` waits for the coach, `waiting_for_speakers` for somebody to name the speakers.
    #[serde(default)]
    #[schemars(schema_with = "states")]
    state: Option<SessionStatus>,
    /// Only those of which a step failed for good.
    #[serde(default)]
    failed: bool,
    /// At most this many; 20 if left out.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<i32>,
    /// `next` of the page before, with the same filters.
    #[schemars(length(max = 500))]
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct SessionsOutput {
    /// The sessions, newest first.
    sessions: Vec<SessionLine>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct SessionLine {
    id: Uuid,
    title: String,
    session_date: NaiveDate,
    /// Whether the day is only that of the upload: don't rely on it.
    date_estimated: bool,
    /// `individual` or `group`.
    r#type: String,
    coach_id: Uuid,
    /// The coach's handle.
    coach: String,
    /// How far it is: received, parsed, attributed, summarized, then `in_review` until the coach decided, then closed.
    state: String,
    /// The step that failed for good, if one did.
    failed_stage: Option<String>,
    /// Why it was rejected or failed.
    reason: Option<String>,
    /// How many utterances it has.
    utterances: i64,
    /// Utterances that may be signs of danger to life: the coach has to look at them.
    danger_signs: i64,
    /// Summaries that are written, and that are expected.
    summaries_done: i64,
    summaries_expected: i64,
}

impl From<&Row> for SessionLine {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id,
            title: line(&row.title),
            session_date: row.session_date,
            date_estimated: row.date_estimated,
            r#type: row.kind.clone(),
            coach_id: row.coach_id,
            coach: row.coach.clone(),
            state: row.state.to_string(),
            failed_stage: row.failed_stage.clone(),
            reason: row.reason.as_deref().map(line),
            utterances: row.utterances,
            danger_signs: row.danger_signs,
            summaries_done: row.summaries_done,
            summaries_expected: row.summaries_expected,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionInput {
    /// The session (an id of `list_sessions` or `search`).
    session_id: Uuid,
}

#[derive(Serialize, JsonSchema)]
struct SessionOutput {
    session: SessionLine,
    /// Who took part.
    participants: Vec<ParticipantLine>,
    /// Speakers of whom nobody knows yet who they are.
    unknown_speakers: Vec<String>,
    /// Its summaries, one a client: `get_summary` has their sentences.
    summaries: Vec<SummaryOfSession>,
    /// The names of its files.
    files: Vec<String>,
    /// How many entries of these lists were left out because they are too many.
    left_out: i64,
}

#[derive(Serialize, JsonSchema)]
struct ParticipantLine {
    name: String,
    /// `coach`, `client` or `guest`.
    kind: String,
    words: i32,
    turns: i32,
    speaking_seconds: f64,
    /// The share of everything that was said, from 0 to 1.
    share: Option<f64>,
    /// `high`, `medium`, `low` or `silent`.
    engagement: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct SummaryOfSession {
    summary_id: Uuid,
    client_id: Uuid,
    client: String,
    /// `due` (not written yet), `done` (open: the coach decides), `approved`, `dismissed` or `failed`.
    state: String,
    version: i32,
}

impl SessionOutput {
    fn of(detail: &Detail) -> Self {
        let participants = detail.participants.iter().map(|one| ParticipantLine {
            name: line(&one.name),
            kind: one.kind.clone(),
            words: one.words,
            turns: one.turns,
            speaking_seconds: one.speaking_seconds,
            share: one.share,
            engagement: one.engagement.clone(),
        });
        let summaries = detail.summaries.iter().map(|one| SummaryOfSession {
            summary_id: one.id,
            client_id: one.client_id,
            client: line(&one.client),
            state: one.state.to_string(),
            version: one.version,
        });
        let unknown = detail.attributions.iter().filter(|one| one.participant.is_none()).map(|one| line(&one.label));
        let file = |key: &str| line(key.rsplit('/').next().unwrap_or_default());
        let files = detail.transcripts.iter().map(|one| file(&one.object_key));
        let (participants, few) = fit(participants.collect(), LIST_BYTES / 3);
        let (summaries, fewer) = fit(summaries.collect(), LIST_BYTES / 3);
        let (unknown_speakers, some) = fit(unknown.collect(), LIST_BYTES / 6);
        let (files, more) = fit(files.collect(), LIST_BYTES / 6);
        let left_out = few + fewer + some + more;
        Self { session: (&detail.session).into(), participants, unknown_speakers, summaries, files, left_out }
    }
}

#[tool_router(router = session_tools, vis = "pub(super)")]
impl Server {
    /// List sessions, newest first, by coach, client, tag, days, type or state. Use it to find a session's id, or what waits
    /// for the coach (`state`: `in_review`). Needs `sessions:read`.
    #[tool(
        input_schema = takes::<SessionsInput>(),
        output_schema = schema_for_output::<SessionsOutput>(),
        annotations(title = "List sessions", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_sessions(&self, Asked(input): Asked<SessionsInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("list_sessions", &context).await?;
        let limit = limit(input.limit, 20, 50)?;
        let kind = input.kind.map(|kind| match kind {
            Kind::Individual => "individual".to_owned(),
            Kind::Group => "group".to_owned(),
        });
        let mut wanted = Wanted {
            coach: input.coach_id,
            client: input.client_id,
            tag: input.tag,
            from: input.from,
            to: input.to,
            kind,
            state: input.state,
            failed: input.failed.then_some(true),
            after: None,
            limit: 0,
        };
        let list = List::filtered("list_sessions", &wanted);
        wanted.after = Paging { limit: None, cursor: input.cursor }.after(list)?;
        wanted.limit = i64::from(limit) + 1;
        let mut tx = call.enter(Right::SessionsRead).await?;
        let rows = listing::page(&mut tx, &wanted).await?;
        let (sessions, next) = page(list, &rows, limit, |row| (row.session_date, row.id));
        call.shown(tx, About::list(sessions.len()), &SessionsOutput { sessions, next }).await
    }

    /// Show a session: who took part and how much they spoke, which speakers nobody knows yet, its files, and its summaries
    /// with their state. What was said is in `get_transcript`. Needs `sessions:read`.
    #[tool(
        input_schema = takes::<SessionInput>(),
        output_schema = schema_for_output::<SessionOutput>(),
        annotations(title = "Show a session", read_only_hint = true, open_world_hint = false)
    )]
    async fn get_session(&self, Asked(input): Asked<SessionInput>, context: RequestContext<RoleServer>) -> Told {
        let call = self.call("get_session", &context).await?;
        let mut tx = call.enter(Right::SessionsRead).await?;
        let detail = listing::session(&mut tx, input.session_id).await?.ok_or_else(Problem::not_found)?;
        call.shown(tx, About::session(input.session_id), &SessionOutput::of(&detail)).await
    }
}
