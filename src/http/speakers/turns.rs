//! The page that assigns the turns of a shared label to people.

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use debrief_jobs::{
    correct::{self, SpeakerIs},
    db::Tx,
    review::{
        actions::{self, ActionError},
        view,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Choice, choice, choices, not_taken};
use crate::http::{
    HttpState,
    failure::Failure,
    form::Form,
    guest, page,
    review::{self, Posting},
};

/// At most this many turns per form: each offers all of the coach's clients.
const MOST_TURNS: usize = 200;

/// The page that assigns the turns of a shared label to people.
#[derive(Debug, Serialize)]
struct TurnsPage {
    style: String,
    action: String,
    form_token: String,
    leave: String,
    title: String,
    label: String,
    coach: String,
    clients: Vec<Choice>,
    turns: Vec<TurnRow>,
    /// Where the following turns are, and how many there are.
    next: Option<String>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct TurnRow {
    id: Uuid,
    start_ms: Option<i64>,
    text: String,
    who: String,
}

/// The label whose turns are shown.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct OfLabel {
    label: String,
    #[serde(default)]
    from: usize,
}

/// `GET /review/{session}/speakers/turns?label=…`
pub(in crate::http) async fn show(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    Query(OfLabel { label, from }): Query<OfLabel>,
    parts: Parts,
) -> Result<Response, Failure> {
    let guest = guest::guest(&state, &parts, session).await?;
    let mut tx = guest.enter(&state).await?;
    let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
    let clients = view::clients_of(&mut tx, session).await?;
    // No stored label contains a NUL.
    let label = label.replace('\0', "\u{fffd}");
    let turns = correct::turns(&mut tx, session, &label).await?;
    drop(tx);
    if turns.len() <= from {
        return Err(Failure::not_found());
    }
    let row = |turn: correct::Turn| TurnRow {
        id: turn.id,
        start_ms: turn.start_ms,
        text: turn.text,
        who: turn.who.map(choice).unwrap_or_default(),
    };
    let context = TurnsPage {
        style: page::style_path(&state),
        action: state.path(&format!("review/{session}")),
        form_token: guest.form_token.clone(),
        leave: guest.leave_path(&state),
        title: view.title,
        coach: view.coach_name,
        clients: choices(&clients),
        more: turns.len().saturating_sub(from + MOST_TURNS),
        next: (turns.len() > from + MOST_TURNS).then(|| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("label", &label)
                .append_pair("from", &(from + MOST_TURNS).to_string())
                .finish();
            state.path(&format!("review/{session}/speakers/turns?{query}"))
        }),
        turns: turns.into_iter().skip(from).take(MOST_TURNS).map(row).collect(),
        label,
    };
    page::render(&state, StatusCode::OK, "page/turns.html", &context)
}

/// `POST /review/{session}/speakers/turns`
pub(in crate::http) async fn split(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, visitor, mut tx, .. } = Posting::enter(&state, &parts, session, form).await?;
    let answer = |(field, who): (&str, &str)| {
        let turn: Uuid = field.strip_prefix("turn.")?.parse().ok()?;
        let is = match who {
            "coach" => Some(SpeakerIs::Coach),
            "guest" => Some(SpeakerIs::Guest { name: "A guest".to_owned() }),
            chosen => chosen.strip_prefix("client:").and_then(|id| id.parse().ok()).map(SpeakerIs::Client),
        };
        Some((turn, is))
    };
    let answers: Vec<(Uuid, Option<SpeakerIs>)> = form.fields().filter_map(answer).collect();
    let label = form.get("label").unwrap_or_default();
    match actions::split_label(&mut tx, &state.services.desk, session, label, &answers, &visitor).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(review::see_other(&state, session, None, "corrected-here"))
        }
        Err(ActionError::Invalid(problems)) => Err(not_taken(problems)),
        Err(error) => Err(error.into()),
    }
}
