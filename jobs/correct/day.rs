//! A person says on which day and at what time a session took place.
//!
//! Reads the session under its row lock, and the state of its emails. Writes the day, and the same things as a speaker
//! correction: summaries to rewrite, follow-ups to stop, later summaries whose open threads must be checked again. If
//! the day is only confirmed, nothing changes but how certain it is. A rerun finds it already done.

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

/// When a session took place, according to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The session's day, in the coach's time zone.
    pub date: NaiveDate,
    /// The coach's local time at which it began, if given.
    pub time: Option<NaiveTime>,
}

/// The effects of setting a session's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Dated {
    /// Whether the day or the time changed; false if an estimate was only confirmed.
    pub changed: bool,
    /// Number of summaries to rewrite.
    pub due: usize,
    /// Number of held follow-ups that were cancelled.
    pub stopped: usize,
}

/// Why a day can't be set.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// The organization has no such session.
    #[error("there is no such session")]
    NoSession,
    /// The session can't have taken place on this day.
    #[error("{0}")]
    Implausible(&'static str),
    /// An email based on the old day was sent, or may have been.
    #[error("a follow-up of this session has already been sent, so its date can’t be changed any more")]
    Gone,
    /// The file never became a session.
    #[error("this upload was rejected, so there’s no session to date")]
    Rejected,
    /// A database error.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Sets the day of a session, as long as none of its emails has been sent.
///
/// # Errors
/// If the day is implausible or it's too late to change it: the caller must roll back the transaction.
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
    // Sessions of the same hour help to identify who speaks.
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

/// The summaries of sessions after this one, by its old day: their open threads are checked again.
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

/// The summary depends on the day: due dates, and which threads are open. It's rewritten, as after a speaker
/// correction.
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
        enqueue(tx, &summarize::LookAgain { summary_id, after, version, settling: None }, session.correlation_id)
            .await?;
    }
    if dated.due > 0 && session.state.is_attributed() {
        path::advance(tx, session, SessionState::Attributed).await?;
    }
    Ok(())
}
