//! `debrief sessions set-date`: sets when a session took place.

use chrono::{NaiveDate, NaiveDateTime};
use clap::Args;
use debrief_jobs::{audit::Visitor, correct::When, db::Tx, model::id::IdPrefix, review::actions};
use serde_json::json;

use super::App;

/// Set the date of a session, and the time if you know it
///
/// Debrief takes the date from the file's content, its name or its folder. If none of them says it, the date is that of
/// the upload: `debrief sessions list` marks it with a question mark, the review page says that it's estimated, and the
/// follow-up names no date. Set it here or on the review page. Due dates ("by Friday") and open threads follow from it,
/// so the session's summaries are rewritten; earlier versions are kept. Follow-ups that are approved and not sent yet are
/// stopped, and the coach approves them again. Once a follow-up has been sent, the date can't be changed.
///
/// Examples:
///   debrief sessions set-date 019f 2026-11-03
///   debrief sessions set-date 019f 2026-11-03T15:30
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SetDate {
    /// The session's id, or its first digits
    session: IdPrefix,
    /// The date, and the time in the coach's time zone if you know it
    #[arg(value_name = "YYYY-MM-DD[THH:MM]", value_parser = when)]
    when: When,
}

fn when(typed: &str) -> Result<When, String> {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let moment = |text: &str| {
        let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    day(typed)
        .map(|date| When { date, time: None })
        .or_else(|| moment(typed).map(|at| When { date: at.date(), time: Some(at.time()) }))
        .ok_or_else(|| "write it as 2026-11-03, or 2026-11-03T15:30".to_owned())
}

impl SetDate {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, session) = app.session(&self.session).await?;
        let When { date, time } = self.when;
        let dated = actions::set_date(&mut tx, session, self.when, &Visitor::default()).await?;
        tx.commit().await?;
        let time = time.map(|time| time.format("%H:%M").to_string());
        let result = json!({
            "session": session, "session_date": date, "begins_at": time, "changed": dated.changed,
            "summaries_due": dated.due, "follow_ups_stopped": dated.stopped,
        });
        app.output.one(&result, |_| {
            let mut text =
                format!("the session is dated {date}{}", time.map(|time| format!(" {time}")).unwrap_or_default());
            match dated.due {
                0 => {}
                1 => text.push_str("; a worker will rewrite its summary"),
                some => text.push_str(&format!("; a worker will rewrite its {some} summaries")),
            }
            match dated.stopped {
                0 => {}
                1 => text.push_str("; 1 follow-up was stopped until the coach approves it again"),
                some => text.push_str(&format!("; {some} follow-ups were stopped until the coach approves them again")),
            }
            text
        })
    }
}
