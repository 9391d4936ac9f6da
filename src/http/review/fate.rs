//! What becomes of an approved summary, in words for its card. Pure.

use chrono::Utc;
use chrono_tz::Tz;
use debrief_jobs::{
    model::{MailState, SummaryState},
    review::view::SummaryView,
};

use super::context::moment;

/// What becomes of an approved summary, and the available actions.
pub(super) fn follow_up(summary: &SummaryView, zone: Tz) -> (Option<String>, Vec<(&'static str, &'static str)>) {
    const STOP: (&str, &str) = ("cancel", "Stop it");
    const REOPEN: (&str, &str) = ("cancel", "Reopen it");
    const AGAIN: (&str, &str) = ("again", "Send it again");
    if let Some(reason) = &summary.withdrawn_reason {
        return (Some(reason.clone()), Vec::new());
    }
    if summary.state == SummaryState::Dismissed {
        return (Some("You chose not to send this. None of it is sent.".to_owned()), vec![("reopen", "Reopen it")]);
    }
    if summary.state != SummaryState::Approved {
        return (None, Vec::new());
    }
    let client = &summary.client_name;
    let Some(mail) = summary.follow_up.as_ref().filter(|mail| mail.state != MailState::Cancelled) else {
        return (Some(not_sent(summary)), vec![REOPEN]);
    };
    let to = &mail.recipient;
    let (text, choices) = match mail.state {
        MailState::Queued if mail.due_at > Utc::now() => {
            let at = moment(mail.due_at, zone);
            (format!("Approved. It will be sent to {to} at {at} ({zone}). You can stop it until then."), vec![STOP])
        }
        MailState::Queued => (format!("Approved. It’s about to be sent to {to}."), vec![STOP]),
        MailState::Sending => (format!("Approved. It’s being sent to {to}."), vec![]),
        MailState::Sent => {
            let at = mail.sent_at.map_or_else(|| "now".to_owned(), |at| moment(at, zone));
            (format!("It was sent to {to} ({at})."), vec![])
        }
        MailState::Failed => {
            let text = format!(
                "We couldn’t send it to {to}. Check that the address is right; then send it again, or reopen it to \
                 change it."
            );
            (text, vec![AGAIN, REOPEN])
        }
        // A cancelled one doesn't count, see above.
        MailState::Uncertain | MailState::Cancelled => {
            let text = format!(
                "The email to {to} may or may not have arrived: the connection to the mail server broke while we were \
                 sending it, or Debrief was restored from a backup. We won’t send it again by ourselves: ask {client}."
            );
            (text, vec![("arrived", "It arrived"), AGAIN])
        }
    };
    (Some(text), choices)
}

/// What a coach should know before another letter goes to somebody who has one about this session.
pub(super) fn sent_before(summary: &SummaryView, zone: Tz) -> Option<String> {
    let sent_at = summary.last_sent_at.filter(|_| summary.state == SummaryState::Done)?;
    let client = &summary.client_name;
    let at = moment(sent_at, zone);
    Some(format!("{client} already has a letter about this session (sent {at}). If you approve, another one is sent."))
}

fn not_sent(summary: &SummaryView) -> String {
    let client = &summary.client_name;
    if summary.client_email.is_some() {
        return format!(
            "Approved, but not sent: {client} had no email address we could use. To send it, reopen it and approve it \
             again."
        );
    }
    format!(
        "Approved, but not sent: we have no email address for {client}. Add one to roster.csv in your inbox folder, \
         then reopen it here and approve it."
    )
}

/// Why an approved letter was not sent.
pub(super) fn stopped(summary: &SummaryView, approved_for: &str) -> String {
    let client = &summary.client_name;
    let now = match summary.recipient() {
        Some(to) if to.email.to_lowercase() == approved_for.to_lowercase() => {
            format!("The name at that address is now {}.", to.name)
        }
        Some(to) => format!("It would now go to {}.", to.email),
        None => "There’s no address any more.".to_owned(),
    };
    format!(
        "You approved this letter for {approved_for}. After that, {client}’s name or address changed, so nothing was sent. \
         {now} Please check it and approve it again."
    )
}
