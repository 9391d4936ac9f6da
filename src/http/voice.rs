//! The coach's voice: the rules and examples for the wording of summaries, viewed and changed by the coach.
//!
//! Reached from a review, with the same visit. It is the profile of that session's coach, with the examples of that
//! session's clients: no link gives access to the words of others. Each POST is one change in one transaction, and ends
//! in a redirect.

use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    audit::{self, Event, EventKind},
    db::{TenantTx, Tx},
    voice::{self, Example, NewRule, Rule, VoiceError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    HttpState,
    failure::Failure,
    form::Form,
    guest::{self, Guest},
    page,
    review::Posting,
};

/// The page.
#[derive(Debug, Serialize)]
struct VoicePage {
    style: String,
    action: String,
    back: String,
    form_token: String,
    leave: String,
    notice: Option<&'static str>,
    problem: Option<String>,
    rules: Vec<Rule>,
    suggestions: Vec<Rule>,
    examples: Vec<Example>,
    /// As typed, if a rule was rejected.
    said: String,
    from: String,
    to: String,
}

/// What a redirect tells the page to say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// `GET /review/{session}/voice`
pub(super) async fn show(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    Query(done): Query<Done>,
    parts: Parts,
) -> Result<Response, Failure> {
    let guest = guest::guest(&state, &parts, session).await?;
    let notice = match done.done.as_deref() {
        Some("added") => Some("Rule added. It applies from the next summary on."),
        Some("on") => Some("The rule applies from the next summary on."),
        Some("off") => Some("The rule is no longer used."),
        Some("removed") => Some("Removed."),
        _ => None,
    };
    render(&state, &guest, StatusCode::OK, notice, None, &Form::default()).await
}

/// `POST /review/{session}/voice`
pub(super) async fn change(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, mut tx } = Posting::enter(&state, &parts, session, form).await?;
    let coach = coach(&mut tx, session).await?;
    match apply(&mut tx, coach, session, &form).await {
        Ok(done) => {
            // What was changed doesn't belong in an audit that many people read.
            let event = Event { detail: json!({ "change": done }), ..Event::of(session, EventKind::VoiceChanged) };
            audit::record(&mut tx, &event, &visitor).await?;
            tx.commit().await?;
            let target = state.path(&format!("review/{session}/voice?done={done}"));
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response())
        }
        Err(VoiceError::Database(error)) => Err(error.into()),
        Err(error) => {
            drop(tx);
            let status = if matches!(error, VoiceError::Unknown) {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            render(&state, &guest, status, None, Some(error.to_string()), &form).await
        }
    }
}

/// Does what the clicked button says: `add`, or `on`, `off`, `remove`, `forget` with an id.
async fn apply(tx: &mut TenantTx, coach: Uuid, session: Uuid, form: &Form) -> Result<&'static str, VoiceError> {
    let field = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    let pressed = field("do");
    let (what, id) = pressed.split_once(':').unwrap_or((pressed.as_str(), ""));
    let id = id.parse::<Uuid>().map_err(|_| VoiceError::Unknown);
    match what {
        "add-said" => voice::add(tx, coach, NewRule::Said(field("said"))).await.map(|_| "added"),
        "add-replace" => voice::add(tx, coach, NewRule::Replace(field("from"), field("to"))).await.map(|_| "added"),
        "on" => voice::switch(tx, coach, id?, true).await.map(|()| "on"),
        "off" => voice::switch(tx, coach, id?, false).await.map(|()| "off"),
        "remove" => voice::remove(tx, coach, id?).await.map(|()| "removed"),
        "forget" => voice::forget(tx, coach, Some(session), id?).await.map(|()| "removed"),
        _ => Err(VoiceError::Unknown),
    }
}

/// The session's coach.
async fn coach(tx: &mut TenantTx, session: Uuid) -> Result<Uuid, Failure> {
    let coach = sqlx::query_scalar!("select coach_id from sessions where id = $1", session);
    coach.fetch_optional(tx.conn()).await?.ok_or_else(Failure::not_found)
}

async fn render(
    state: &HttpState,
    guest: &Guest,
    status: StatusCode,
    notice: Option<&'static str>,
    problem: Option<String>,
    form: &Form,
) -> Result<Response, Failure> {
    let session = guest.session_id;
    let mut tx = guest.enter(state).await?;
    let coach = coach(&mut tx, session).await?;
    let profile = voice::profile(&mut tx, coach, Some(session)).await?;
    drop(tx);
    let (suggestions, rules) =
        profile.rules.into_iter().partition(|rule: &Rule| rule.source == "learned" && !rule.active);
    let typed = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let context = VoicePage {
        style: page::style_path(state),
        action: state.path(&format!("review/{session}/voice")),
        back: state.path(&format!("review/{session}")),
        form_token: guest.form_token.clone(),
        leave: guest.leave_path(state),
        notice,
        problem: problem.map(|problem| super::failure::capitalized(&problem)),
        rules,
        suggestions,
        examples: profile.examples,
        said: typed("said"),
        from: typed("from"),
        to: typed("to"),
    };
    page::render(state, status, "page/voice.html", &context)
}
