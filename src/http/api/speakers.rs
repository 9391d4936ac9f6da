//! `/v1/sessions/{id}/speakers`: who spoke, and a person's word on it.

use axum::http::StatusCode;
use debrief_jobs::{
    attribute::{self, Speaker},
    correct::{Answer as Said, Corrected, SpeakerIs},
    model::listing,
    review::actions,
    rights::Right,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Id, Json, Page},
    problem::Problem,
};

/// At most this many labels or turns per request.
const MOST: usize = 5_000;

/// List a session's speakers
///
/// Each label of its files, who it was taken for and why, with a few telling excerpts.
#[utoipa::path(get, path = "/v1/sessions/{id}/speakers", tag = "speakers", operation_id = "list_speakers",
    params(("id" = Uuid, Path,)), security(("key" = ["sessions:read"])),
    responses((status = 200, description = "Speakers, those who said most first", body = Page<Speaker>)))]
pub(super) async fn list(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SessionsRead).await?;
    listing::status(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let items = attribute::speakers(&mut tx, id).await?;
    call.shown(tx, About::session(id), &Page { items, next: None }).await
}

/// Who somebody is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[serde(expecting = "an object with `kind`: coach, client, new_client, guest or shared")]
#[schema(as = SpeakerIs)]
pub(super) enum Is {
    /// The coach of the session.
    Coach,
    /// A client of the coach.
    Client {
        /// The client.
        client_id: Uuid,
    },
    /// A client who isn't known yet.
    NewClient {
        /// The full name.
        name: String,
        /// Where follow-ups are sent.
        email: Option<String>,
    },
    /// Neither.
    Guest {
        /// The guest's name; if empty, the label is used.
        #[serde(default)]
        name: String,
    },
    /// Several people under one label: their words are in no summary until they're split.
    Shared,
}

impl From<Is> for SpeakerIs {
    fn from(is: Is) -> Self {
        match is {
            Is::Coach => Self::Coach,
            Is::Client { client_id } => Self::Client(client_id),
            Is::NewClient { name, email } => Self::NewClient { name, email },
            Is::Guest { name } => Self::Guest { name },
            Is::Shared => Self::Shared,
        }
    }
}

/// What is said of one label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NamedSpeaker)]
pub(super) struct One {
    /// The label, exactly as in the list.
    label: String,
    /// Who it is.
    is: Is,
    /// Whether it holds for all sessions of this coach: then it is remembered.
    #[serde(default)]
    everywhere: bool,
}

/// What is said of labels.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NameSpeakers)]
pub(super) struct Names {
    /// One for each label that is named.
    #[schema(min_items = 1, max_items = 5000)]
    speakers: Vec<One>,
}

/// Name or correct speakers
///
/// Whatever state the session is in: one that waits for its speakers goes on, one that was summarised is corrected, its
/// held letters are stopped and summaries are written again.
#[utoipa::path(put, path = "/v1/sessions/{id}/speakers", tag = "speakers", operation_id = "name_speakers",
    params(("id" = Uuid, Path,)), request_body = Names, security(("key" = ["sessions:write"])),
    responses((status = 200, description = "What that did", body = Corrected)))]
pub(super) async fn name(call: Call, Id(id): Id, body: Json<Names>) -> Answer {
    let Names { speakers } = body.value;
    if speakers.is_empty() || speakers.len() > MOST {
        return Err(Problem::invalid("speakers", format!("Name 1 to {MOST} labels.")).into());
    }
    let answers: Vec<Said> = speakers
        .into_iter()
        .map(|one| Said { label: one.label, is: one.is.into(), everywhere: one.everywhere })
        .collect();
    let mut tx = call.change(Right::SessionsWrite, &body.sha256).await?;
    let desk = &call.state.services.desk;
    let place = |field: &str| Some(format!("speakers[{}]", field.strip_prefix("speaker.")?));
    let corrected = actions::set_speakers(&mut tx, desk, id, &answers, &call.caller.visitor)
        .await
        .map_err(|error| Problem::from(error).renamed(place))?;
    call.done(tx, About::session(id), StatusCode::OK, &corrected, &[]).await
}

/// Who speaks in one turn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NamedTurn)]
pub(super) struct OneTurn {
    /// The turn's first utterance.
    utterance_id: Uuid,
    /// Who speaks; `null` for nobody known.
    is: Option<Is>,
}

/// Who speaks in the turns of a shared label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SplitSpeaker)]
pub(super) struct Turns {
    /// The label, exactly as in the list.
    label: String,
    /// One for each turn that is given to somebody; others stay as they are.
    #[schema(min_items = 1, max_items = 5000)]
    turns: Vec<OneTurn>,
}

/// Split a label that several people share
///
/// The label has to be `shared` first.
#[utoipa::path(post, path = "/v1/sessions/{id}/speakers/split", tag = "speakers", operation_id = "split_speaker",
    params(("id" = Uuid, Path,)), request_body = Turns, security(("key" = ["sessions:write"])),
    responses((status = 200, description = "What that did", body = Corrected)))]
pub(super) async fn split(call: Call, Id(id): Id, body: Json<Turns>) -> Answer {
    let Turns { label, turns } = body.value;
    if turns.is_empty() || turns.len() > MOST {
        return Err(Problem::invalid("turns", format!("Name 1 to {MOST} turns.")).into());
    }
    let answers: Vec<(Uuid, Option<SpeakerIs>)> =
        turns.into_iter().map(|turn| (turn.utterance_id, turn.is.map(Into::into))).collect();
    let mut tx = call.change(Right::SessionsWrite, &body.sha256).await?;
    let desk = &call.state.services.desk;
    let corrected = actions::split_label(&mut tx, desk, id, &label, &answers, &call.caller.visitor).await?;
    call.done(tx, About::session(id), StatusCode::OK, &corrected, &[]).await
}
