//! The review page and its forms.
//!
//! Reads the session in one transaction. Each POST is one action in one transaction and ends in a redirect, so that a
//! reload repeats nothing. Invalid input is shown again with everything that was typed.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    follow_up::Verdict,
    limits::{self, Left, Limit},
    model::{Content, summary},
    review::{
        actions::{self, ActionError, Approved, Signed},
        edit,
        view::view,
        visits,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    HttpState,
    failure::Failure,
    form::Form,
    guard,
    guest::{self, Guest},
    page,
};

mod card;
mod context;
mod danger;
pub(super) mod date;
mod fate;
mod lines;
mod refined;
pub(super) mod refining;

pub(super) use context::{Redo, build};

/// What a redirect tells the page to say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    pub(super) done: Option<String>,
    pub(super) summary: Option<Uuid>,
    /// Whether the page should stay as it is while a summary is refined, so that the coach can keep editing.
    pub(super) hold: Option<String>,
    /// How often the page has refreshed itself.
    #[serde(default)]
    pub(super) look: u32,
}

/// `GET /review/{session}`
pub(super) async fn show(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    Query(done): Query<Done>,
    parts: Parts,
) -> Result<Response, Failure> {
    let guest = guest::guest(&state, &parts, session).await?;
    let visitor = guest.visitor();
    let mut tx = guest.enter(&state).await?;
    visits::note_view(&mut tx, session, &visitor).await?;
    tx.commit().await?;
    render(&state, &guest, StatusCode::OK, &done, None).await
}

/// `POST …/summaries/{summary}`: saves the input as a new version.
pub(super) async fn save(
    State(state): State<HttpState>,
    Path((session, summary)): Path<(Uuid, Uuid)>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, mut tx } = Posting::enter(&state, &parts, session, form).await?;
    match edit::edit(&mut tx, session, summary, form.version(), &form.edits(), &visitor).await {
        Ok(version) => {
            tx.commit().await?;
            let done = if version == form.version() { "unchanged" } else { "edited" };
            Ok(see_other(&state, session, Some(summary), done))
        }
        Err(error) => {
            drop(tx);
            refused(&state, &guest, summary, &form, error).await
        }
    }
}

/// `POST …/approve`: signs what was shown. Unsaved input is saved first, and then shown for approval.
pub(super) async fn approve(
    State(state): State<HttpState>,
    Path((session, summary)): Path<(Uuid, Uuid)>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, tx } = Posting::enter(&state, &parts, session, form).await?;
    match sign(&state, tx, &visitor, (session, summary), &form).await {
        Ok(done) => Ok(see_other(&state, session, Some(summary), done)),
        Err(error) => refused(&state, &guest, summary, &form, error).await,
    }
}

async fn sign(
    state: &HttpState,
    mut tx: TenantTx,
    visitor: &Visitor,
    (session, summary): (Uuid, Uuid),
    form: &Form,
) -> Result<&'static str, ActionError> {
    let (version, edits) = (form.version(), form.edits());
    let shown = shown(&mut tx, session, summary, version).await?;
    if edits.change(&shown) {
        edit::edit(&mut tx, session, summary, version, &edits, visitor).await?;
        tx.commit().await?;
        return Ok("saved-first");
    }
    let signed = Signed {
        version,
        hash: form.get("hash").unwrap_or_default().to_owned(),
        recipient: form.recipient(),
        as_they_are: form.get("as_they_are").is_some(),
    };
    let approved = actions::approve(&mut tx, &state.services.desk, session, summary, &signed, visitor).await?;
    tx.commit().await?;
    Ok(if approved == Approved::NotSent { "not-sent" } else { "approved" })
}

/// A button on a summary that takes nothing but its press.
#[derive(Clone, Copy, Debug)]
pub(super) enum Press {
    /// Puts the summary aside.
    Dismiss,
    /// Takes up again what was put aside.
    Reopen,
    /// Stops the follow-up within its hold.
    Cancel,
    /// The client has a follow-up whose fate was unknown.
    Arrived,
    /// The client does not have it, and it is sent again.
    Again,
}

/// `POST …/summaries/{summary}/…`: one press of a button.
pub(super) async fn press(
    State(state): State<HttpState>,
    Path((session, summary)): Path<(Uuid, Uuid)>,
    Extension(press): Extension<Press>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { visitor, mut tx, .. } = Posting::enter(&state, &parts, session, form).await?;
    let (done, pressed) = match press {
        Press::Dismiss => ("dismissed", actions::dismiss(&mut tx, session, summary, &visitor).await),
        Press::Reopen => ("reopened", actions::reopen(&mut tx, session, summary, &visitor).await),
        Press::Cancel => ("cancelled", actions::cancel_follow_up(&mut tx, session, summary, &visitor).await),
        Press::Arrived => {
            ("arrived", actions::decide_follow_up(&mut tx, session, summary, Verdict::Arrived, &visitor).await)
        }
        Press::Again => {
            ("again", actions::decide_follow_up(&mut tx, session, summary, Verdict::SendAgain, &visitor).await)
        }
    };
    pressed?;
    tx.commit().await?;
    Ok(see_other(&state, session, Some(summary), done))
}

/// `POST /review/{session}/close`: nothing is left to do here.
pub(super) async fn close(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { visitor, mut tx, .. } = Posting::enter(&state, &parts, session, form).await?;
    actions::close(&mut tx, session, &visitor).await?;
    tx.commit().await?;
    Ok(see_other(&state, session, None, "closed"))
}

/// What every POST begins with: what was typed, the visit with its form token checked, who acts, and a transaction.
pub(super) struct Posting {
    pub(super) form: Form,
    pub(super) guest: Guest,
    pub(super) visitor: Visitor,
    pub(super) tx: TenantTx,
}

/// Forms of a coach's reviews, by a link or signed in: more than anybody sends by hand.
const FORMS: Limit = Limit { name: "review_forms", most: 120, seconds: 60 };

/// What is said of a form that is one too many.
pub(super) fn too_often(left: Left) -> Failure {
    guard::note_refused(left.limit.name);
    Failure::too_often("Nothing was changed: this was sent very often in a short time.", left.seconds)
}

impl Posting {
    /// A failure keeps what was typed.
    pub(super) async fn enter(state: &HttpState, parts: &Parts, session: Uuid, form: Form) -> Result<Self, Failure> {
        let keep = |mut failure: Failure| {
            failure.typed = form.typed(None);
            failure
        };
        let guest = guest::guest(state, parts, session).await.map_err(keep)?;
        guest::check_form_token(&guest, &form)?;
        let left = limits::count(&state.services.db, FORMS, &guest.account().to_string()).await?;
        if !left.allowed {
            return Err(keep(too_often(left)));
        }
        let visitor = guest.visitor();
        let tx = guest.enter(state).await?;
        Ok(Self { form, guest, visitor, tx })
    }
}

/// A version of a summary of this session: a link gives no access to others.
pub(super) async fn shown(
    tx: &mut TenantTx,
    session: Uuid,
    summary: Uuid,
    version: i32,
) -> Result<Content, ActionError> {
    let is_here = sqlx::query_scalar!(
        r#"select exists (select from summaries where id = $1 and session_id = $2) as "is_here!""#,
        summary,
        session
    );
    if !is_here.fetch_one(tx.conn()).await? {
        return Err(ActionError::NotFound);
    }
    Ok(summary::load_version(tx, summary, version).await?)
}

/// Redirects to the page, at the position of the summary.
pub(super) fn see_other(state: &HttpState, session: Uuid, summary: Option<Uuid>, done: &str) -> Response {
    let place = summary.map(|id| format!("&summary={id}#s-{id}")).unwrap_or_default();
    let target = state.path(&format!("review/{session}?done={done}{place}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response()
}

/// Renders the page.
pub(super) async fn render(
    state: &HttpState,
    guest: &Guest,
    status: StatusCode,
    done: &Done,
    redo: Option<&Redo<'_>>,
) -> Result<Response, Failure> {
    let mut tx = guest.enter(state).await?;
    let session = view(&mut tx, guest.session_id).await?.ok_or_else(Failure::not_found)?;
    drop(tx);
    page::render(state, status, "page/review.html", &build(state, &session, guest, done, redo))
}

/// Shows the page again, with the input and why it was rejected.
async fn refused(
    state: &HttpState,
    guest: &Guest,
    summary: Uuid,
    form: &Form,
    error: ActionError,
) -> Result<Response, Failure> {
    let mut tx = guest.enter(state).await?;
    let session = guest.session_id;
    let shown = shown(&mut tx, session, summary, form.version()).await.map_err(|error| {
        let mut failure = Failure::from(error);
        failure.typed = form.typed(None);
        failure
    })?;
    let newest =
        sqlx::query_scalar!("select version from summaries where id = $1 and session_id = $2", summary, session)
            .fetch_optional(tx.conn())
            .await?;
    drop(tx);
    let moved = newest != Some(form.version());
    let (status, problems) = match &error {
        ActionError::Invalid(problems) if !moved => (StatusCode::UNPROCESSABLE_ENTITY, problems.clone()),
        ActionError::NothingForClient => (StatusCode::UNPROCESSABLE_ENTITY, Vec::new()),
        // Each of the sentences shows it.
        ActionError::SpeaksAbout { .. } if !moved => (StatusCode::UNPROCESSABLE_ENTITY, Vec::new()),
        ActionError::Busy | ActionError::NothingToUndo | ActionError::Unsaved if !moved => {
            (StatusCode::UNPROCESSABLE_ENTITY, Vec::new())
        }
        ActionError::Busy | ActionError::NothingToUndo | ActionError::Unsaved => (StatusCode::CONFLICT, Vec::new()),
        ActionError::Invalid(_)
        | ActionError::Conflict { .. }
        | ActionError::NotOpen { .. }
        | ActionError::RecipientChanged(_)
        | ActionError::SpeaksAbout { .. } => (StatusCode::CONFLICT, Vec::new()),
        _ => {
            let mut failure = Failure::from(error);
            failure.typed = form.typed(Some(&shown));
            return Err(failure);
        }
    };
    let redo = Redo {
        summary,
        form,
        problems,
        shown,
        // A new recipient doesn't change the content: the input is unchanged below.
        conflict: status == StatusCode::CONFLICT && !matches!(error, ActionError::RecipientChanged(_)),
        message: error.to_string(),
    };
    render(state, guest, status, &Done::default(), Some(&redo)).await
}
