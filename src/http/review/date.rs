//! The session's date: the line at the top of the page, and the form that sets it until a letter was sent.

use axum::{
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use chrono::{NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use debrief_jobs::{
    correct::When,
    db::Tx,
    model::SessionState,
    review::{
        actions::{self, ActionError},
        view::{self, SessionView},
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::{Done, Posting, build, see_other};
use crate::http::{HttpState, failure::Failure, form::Form, page};

/// The form.
#[derive(Debug, Serialize)]
pub(super) struct DateForm {
    date: String,
    time: String,
    /// The last date that can be chosen: today in the coach's time zone.
    last: String,
    /// What is wrong with the input.
    problem: Option<String>,
    /// Whether changing it rewrites summaries.
    rewrites: bool,
}

/// The date in words: `Tuesday 3 November 2026, 15:00`.
pub(super) fn line(session: &SessionView) -> String {
    let day = session.date.format("%A %-d %B %Y");
    match session.begins_at {
        Some(time) => format!("{day}, {}", time.format("%H:%M")),
        None => day.to_string(),
    }
}

/// The form with its current values; `None` once a letter was sent, since someone then has the date.
pub(super) fn form(session: &SessionView) -> Option<DateForm> {
    let zone: Tz = session.time_zone.parse().unwrap_or(Tz::UTC);
    let is_open = !session.letter_is_out && session.state != SessionState::Rejected;
    is_open.then(|| DateForm {
        date: session.date.to_string(),
        time: session.begins_at.map(|time| time.format("%H:%M").to_string()).unwrap_or_default(),
        last: Utc::now().with_timezone(&zone).date_naive().to_string(),
        problem: None,
        rewrites: session.summaries.iter().any(|summary| summary.version > 0),
    })
}

/// `POST /review/{session}/date`
pub(in crate::http) async fn set(
    State(state): State<HttpState>,
    Path(session): Path<Uuid>,
    parts: Parts,
    form: Form,
) -> Result<Response, Failure> {
    let Posting { form, guest, visitor, mut tx } = Posting::enter(&state, &parts, session, form).await?;
    let set = match typed(&form) {
        Ok(when) => actions::set_date(&mut tx, session, when, &visitor).await,
        Err(problem) => Err(ActionError::ImplausibleDate(problem)),
    };
    let problem = match set {
        Ok(dated) => {
            tx.commit().await?;
            let done = if dated.due > 0 { "date-changed" } else { "date-set" };
            return Ok(see_other(&state, session, None, done));
        }
        Err(ActionError::ImplausibleDate(problem)) => problem,
        Err(error) => return Err(error.into()),
    };
    drop(tx);
    let mut tx = guest.enter(&state).await?;
    let view = view::view(&mut tx, session).await?.ok_or_else(Failure::not_found)?;
    drop(tx);
    let mut context = build(&state, &view, &guest, &Done::default(), None);
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    context.dating = self::form(&view).map(|form| DateForm {
        date: field("date"),
        time: field("time"),
        problem: Some(crate::http::failure::capitalized(problem)),
        ..form
    });
    page::render(&state, StatusCode::UNPROCESSABLE_ENTITY, "page/review.html", &context)
}

/// The input.
fn typed(form: &Form) -> Result<When, &'static str> {
    let field = |name: &str| form.get(name).unwrap_or_default().trim();
    let date = NaiveDate::parse_from_str(field("date"), "%Y-%m-%d")
        .map_err(|_| "enter the date as year, month and day, such as 2026-11-03")?;
    let time = match field("time") {
        "" => None,
        // Browsers may append seconds.
        time => Some(
            NaiveTime::parse_from_str(time.get(..5).unwrap_or(time), "%H:%M")
                .map_err(|_| "enter the time as hours and minutes, such as 15:30")?,
        ),
    };
    Ok(When { date, time })
}
