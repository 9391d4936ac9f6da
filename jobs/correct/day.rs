//! A person says on which day a session was, and at which time.
//!
//! Reads the session under its row lock, and what became of its letters; writes the day, and what a correction of a speaker
//! writes as well: summaries that are written again, follow-ups that are stopped, later summaries that look at their open
//! threads again. What is only confirmed changes nothing but how sure the day is. A second time finds it so.

use chrono::{NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::touched;
use crate::{
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    path::{self, AttributeSession, Locked, SessionState, session},
    queue::enqueue,
    summarize, written,
};

const REWRITTEN: &str = "Rewritten because you changed the session’s date. Earlier versions are kept.";
const STOPPED: &str = "the coach changed the session's date";

/// Nobody had a session transcribed before this year.
const FIRST_YEAR: i32 = 1990;

/// When a session was, as a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The day.
    pub date: NaiveDate,
    /// The time of the coach's day at which it began, where that is said.
    pub time: Option<NaiveTime>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Dated {
    /// Whether the day or the time is another than before; false also where an estimate was confirmed.
    pub changed: bool,
    /// Summaries that are written again.
    pub due: usize,
    /// Follow-ups that were held and are cancelled.
    pub stopped: usize,
}

/// Why a day is not taken.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// The organization has no such session.
    #[error("there is no such session")]
    NoSession,
    /// It is no day on which this session can have been.
    #[error("{0}")]
    Implausible(&'static str),
    /// A letter that rests on the old day went out, or may have.
    #[error("a follow-up of this session has already been sent, so its date can’t be changed any more")]
    Gone,
    /// It never became a session.
    #[error("this upload was rejected, so there’s no session to date")]
    Rejected,
    /// The database refused.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Sets the day of a session, until a letter of it went out.
///
/// # Errors
/// When the day is implausible, or comes too late: then the caller drops the transaction.
pub async fn set_date(tx: &mut TenantTx, session_id: Uuid, when: When, visitor: &Visitor) -> Result<Dated, DayError> {
    let session = session::lock(tx, session_id).await?.ok_or(DayError::NoSession)?;
    if session.state == SessionState::Rejected {
        return Err(DayError::Rejected);
    }
    let row = sqlx::query!(
        r#"select session_date, begins_at, date_source, time_zone,
                  exists (select from mails join summaries on summaries.id = subject_id
                          where kind = 'follow_up' and summaries.session_id = sessions.id
                            and mails.state in ('sending', 'sent', 'uncertain')) as "gone!"
           from sessions join coaches on coaches.id = coach_id where sessions.id = $1"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if row.gone {
        return Err(DayError::Gone);
    }
    plausible(when, row.time_zone.parse().unwrap_or(Tz::UTC))?;
    let mut dated = Dated { changed: row.session_date != when.date || row.begins_at != when.time, due: 0, stopped: 0 };
    if !dated.changed && row.date_source == "person" {
        return Ok(dated);
    }
    let later = later(tx, session_id).await?;
    sqlx::query!(
        "update sessions set session_date = $2, begins_at = $3, date_source = 'person', updated_at = now() where id = $1",
        session_id,
        when.date,
        when.time
    )
    .execute(tx.conn())
    .await?;
    if row.session_date != when.date {
        write_again(tx, &session, later, &mut dated).await?;
    }
    // Sessions of the same hour tell who speaks.
    if dated.changed && session.state == SessionState::WaitingForSpeakers {
        enqueue(tx, &AttributeSession { session_id }, session.correlation_id).await?;
    }
    let detail = json!({ "from": row.session_date, "to": when.date, "was": row.date_source, "due": dated.due, "stopped": dated.stopped });
    audit::record(tx, &Event { detail, ..Event::of(session_id, EventKind::DateSet) }, visitor).await?;
    tracing::info!(
        target: "attribute",
        { session.id = %session_id, correlation.id = %session.correlation_id, summaries.due = dated.due, mails.stopped = dated.stopped },
        "the day of a session was set"
    );
    Ok(dated)
}

fn plausible(when: When, zone: Tz) -> Result<(), DayError> {
    let now = Utc::now().with_timezone(&zone).naive_local();
    let is_ahead = match when.time {
        Some(time) => when.date.and_time(time) > now,
        None => when.date > now.date(),
    };
    if is_ahead {
        return Err(DayError::Implausible("this date is in the future: enter the day on which the session took place"));
    }
    if chrono::Datelike::year(&when.date) < FIRST_YEAR {
        return Err(DayError::Implausible("this date is too long ago: check the year"));
    }
    Ok(())
}

/// The summaries after this session's, as its day was: they look at their open threads again.
async fn later(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<(Uuid, i32, Uuid)>, sqlx::Error> {
    let mut later = Vec::new();
    let summaries = sqlx::query!("select id, version from summaries where session_id = $1 order by id", session_id)
        .fetch_all(tx.conn())
        .await?;
    for summary in summaries {
        if let Some(next) = summarize::next_in_review(tx, summary.id).await? {
            later.push((summary.id, summary.version, next));
        }
    }
    Ok(later)
}

/// What is written rests on the day: due dates, and which threads are open. It is written again, as after a correction of a
/// speaker.
async fn write_again(
    tx: &mut TenantTx,
    session: &Locked,
    later: Vec<(Uuid, i32, Uuid)>,
    dated: &mut Dated,
) -> Result<(), sqlx::Error> {
    for summary in written::lock(tx, session.id).await?.into_iter().filter(|summary| !summary.is_withdrawn) {
        dated.stopped += touched::stop_follow_ups(tx, summary.id, STOPPED).await?;
        written::forget(tx, session.id, summary.client_id).await?;
        written::rewrite(tx, summary.id, REWRITTEN).await?;
        dated.due += 1;
    }
    for (after, version, summary_id) in later {
        enqueue(tx, &summarize::LookAgain { summary_id, after, version }, session.correlation_id).await?;
    }
    if dated.due > 0 && session.state.is_attributed() {
        path::advance(tx, session, SessionState::Attributed).await?;
    }
    Ok(())
}
