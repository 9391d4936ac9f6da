//! `debrief sessions`: the state of each session, and what a person decides about a follow-up.

use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Args, Subcommand};
use debrief_jobs::{
    db::Tx,
    follow_up::{self, RECIPIENT_CHANGED, Verdict},
    model::{
        MailState, SessionStatus,
        id::IdPrefix,
        listing::{self, Detail, Filter, Row, Summary},
    },
    people,
};
use serde_json::json;

use super::{
    App,
    coach::place,
    delete,
    output::{one_of, table},
    refining, set_date,
};

/// Show sessions and their states
///
/// Sessions that are received, parsed, attributed or summarized are in progress; in_review and waiting_for_speakers
/// need the coach. In approved ones the coach has decided everything, and a follow-up is held until it is sent; sending
/// means that it's on its way. Closed and rejected are final.
#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// List sessions, newest first
    List {
        /// Only sessions of this organization (handle)
        #[arg(long)]
        org: Option<String>,
        /// Only sessions of this coach (handle)
        #[arg(long)]
        coach: Option<String>,
        /// Only sessions in this state
        #[arg(long, value_parser = one_of::<SessionStatus>(SessionStatus::NAMES))]
        state: Option<SessionStatus>,
        /// Only sessions with a stage that failed for good
        #[arg(long)]
        failed: bool,
        /// Show at most this many per organization
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Show one session: its files, people, summaries and emails
    Show {
        /// The session's id, or its first digits
        id: IdPrefix,
    },
    /// Record whether a follow-up that failed or got lost has arrived
    FollowUp(FollowUp),
    Delete(delete::Delete),
    SetDate(set_date::SetDate),
    Refine(refining::Refine),
    Undo(refining::Undo),
    Diff(refining::Diff),
}

/// Record whether a follow-up that failed or got lost has arrived.
///
/// Debrief never sends such an email again by itself: ask the client first.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("verdict").required(true))]
pub(crate) struct FollowUp {
    /// The session's id, or its first digits
    session: IdPrefix,
    /// The client: name, or id if two have the same name (see `debrief sessions show --json`)
    #[arg(long, value_name = "NAME OR ID")]
    client: String,
    /// The client has it
    #[arg(long, group = "verdict")]
    arrived: bool,
    /// The client does not have it: send it again with the same Message-ID
    #[arg(long, group = "verdict")]
    send_again: bool,
}

impl Sessions {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { org, coach, state, failed, limit } => {
                let organizations = match org {
                    Some(handle) => vec![app.organization(Some(&handle)).await?],
                    None => app.db.organizations().await?,
                };
                if let Some(handle) = &coach {
                    // An empty list would hide a mistyped handle.
                    people::coach(&app.db, handle).await?;
                }
                let all = coach.is_none() && state.is_none() && !failed;
                let filter = Filter { coach, state, failed, ids: None, limit };
                let mut rows = Vec::new();
                for organization in organizations {
                    let mut tx = app.db.tenant(organization).await?;
                    rows.extend(listing::sessions(&mut tx, &filter).await?);
                }
                let none = if all {
                    format!("no sessions yet: put a transcript in {}", place(app, Some("COACH")))
                } else {
                    "no matching sessions".to_owned()
                };
                app.output.list(&rows, &none, HEADINGS, cells)?;
            }
            Self::Show { id } => {
                let (mut tx, id) = app.session(&id).await?;
                let detail = listing::session(&mut tx, id).await?.context("the session was there a moment ago")?;
                app.output.one(&detail, text)?;
            }
            Self::FollowUp(decision) => decision.run(app).await?,
            Self::Delete(delete) => return delete.run(app).await,
            Self::SetDate(date) => date.run(app).await?,
            Self::Refine(refine) => refine.run(app).await?,
            Self::Undo(undo) => undo.run(app).await?,
            Self::Diff(diff) => diff.run(app).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl FollowUp {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, session) = app.session(&self.session).await?;
        let detail = listing::session(&mut tx, session).await?.context("the session was there a moment ago")?;
        let Summary { id, client, .. } = self.summary(&detail)?;
        let verdict = if self.arrived { Verdict::Arrived } else { Verdict::SendAgain };
        if !follow_up::decide(&mut tx, *id, verdict).await? {
            let mut mails = detail.mails.iter().rev();
            match mails.find(|mail| mail.kind == "follow_up" && mail.client.as_ref() == Some(client)) {
                Some(mail) => anyhow::bail!("nothing to decide: the follow-up to {client} is {}", mail.state),
                None => anyhow::bail!("there is no follow-up to {client} in this session yet"),
            }
        }
        tx.commit().await?;
        let decided = if self.arrived { "arrived" } else { "send_again" };
        app.output.one(&json!({ "client": client, "decided": decided }), |_| {
            if self.arrived {
                format!("recorded: {client} has the follow-up")
            } else {
                format!("a worker will send the follow-up to {client} again")
            }
        })
    }

    /// The requested client's summary.
    fn summary<'a>(&self, detail: &'a Detail) -> anyhow::Result<&'a Summary> {
        let wanted = self.client.trim();
        let called = |summary: &&Summary| summary.client.to_lowercase() == wanted.to_lowercase();
        let mut found: Vec<&Summary> = detail.summaries.iter().filter(called).collect();
        if found.is_empty()
            && let Ok(id) = wanted.parse::<IdPrefix>()
        {
            found = detail.summaries.iter().filter(|summary| id.fits(summary.client_id)).collect();
        }
        match found[..] {
            [only] => Ok(only),
            [] => {
                let names: Vec<&str> = detail.summaries.iter().map(|summary| summary.client.as_str()).collect();
                anyhow::bail!("this session has no client {wanted:?}; it has: {}", names.join(", "))
            }
            _ => {
                let ids: Vec<String> = found.iter().map(|one| format!("{} ({})", one.client_id, one.client)).collect();
                anyhow::bail!("{wanted} could mean {} clients; give the id: {}", found.len(), ids.join(", "))
            }
        }
    }
}

const HEADINGS: [&str; 7] = ["DATE", "COACH", "TITLE", "STATE", "UTTERANCES", "SUMMARIES", "ID"];

fn cells(row: &Row) -> [String; 7] {
    [
        format!("{}{}", row.session_date, if row.date_estimated { "?" } else { "" }),
        row.coach.clone(),
        row.title.clone(),
        marked(row),
        row.utterances.to_string(),
        format!("{}/{}", row.summaries_done, row.summaries_expected),
        row.id.to_string(),
    ]
}

/// The state, with the dead stage if there is one.
pub(crate) fn state(row: &Row) -> String {
    match &row.failed_stage {
        Some(stage) => format!("{} ({stage} failed)", row.state),
        None => row.state.to_string(),
    }
}

/// `state`, marked if there may be signs of danger.
fn marked(row: &Row) -> String {
    if row.danger_signs > 0 { format!("{} !danger", state(row)) } else { state(row) }
}

/// A part of how a file's format was detected; empty if it isn't parsed or there was no runner-up.
fn detected(file: &listing::Transcript, part: &str) -> String {
    let found = file.detected.as_ref().and_then(|detected| detected.pointer(part)?.as_str());
    found.unwrap_or_default().to_owned()
}

fn text(detail: &Detail) -> String {
    let mut text = heading(detail);
    let parts = [
        ("Files", files(detail)),
        ("Participants", participants(detail)),
        ("Named in the files", attendees(detail)),
        ("Chat (written, not spoken; not in any summary)", chat(detail)),
        ("Labels", labels(detail)),
        ("Summaries", summaries(detail)),
        ("Emails", mails(detail)),
    ];
    for (name, body) in parts.iter().filter(|(_, body)| body.lines().count() > 1) {
        text.push_str(&format!("\n{name}\n{body}\n"));
    }
    text + &notes(detail)
}

fn heading(detail: &Detail) -> String {
    let row = &detail.session;
    let mut text = format!(
        "{}\n{}{}{}, {} session of {}, {}\nid {}, correlation id {}\n",
        row.title,
        row.session_date,
        row.begins_at.map(|time| time.format(" %H:%M").to_string()).unwrap_or_default(),
        if row.date_estimated { " (estimated from the upload: see `debrief sessions set-date`)" } else { "" },
        row.kind,
        row.coach,
        state(row),
        row.id,
        detail.correlation_id
    );
    if row.danger_signs > 0 {
        text += &format!(
            "PLEASE READ SOON: {} may mean that someone is in danger. See the top of the coach's page.\n",
            if row.danger_signs == 1 { "1 utterance".to_owned() } else { format!("{} utterances", row.danger_signs) }
        );
    }
    if let Some(reason) = &row.reason {
        text.push_str(&format!("reason: {reason}\n"));
    }
    text
}

fn files(detail: &Detail) -> String {
    table(
        ["KEY", "FORMAT", "DETECTED BY", "RUNNER-UP", "BYTES", "WARNINGS", "NOT USED"],
        detail.transcripts.iter().map(|file| {
            let warnings = file.warnings.as_array().map_or(0, Vec::len);
            [
                file.object_key.clone(),
                file.format.clone().unwrap_or_default(),
                detected(file, "/reason"),
                detected(file, "/runner_up/format"),
                file.size_bytes.to_string(),
                warnings.to_string(),
                file.unused_reason.clone().or_else(|| file.rejected_reason.clone()).unwrap_or_default(),
            ]
        }),
    )
}

fn participants(detail: &Detail) -> String {
    table(
        ["NAME", "IS", "SPOKE", "WORDS", "TURNS", "SHARE", "LONGEST", "QUESTIONS", "INTERRUPTIONS", "ENGAGEMENT"],
        detail.participants.iter().map(|person| {
            let number = |number: Option<i32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            let longest = match (person.longest_turn_seconds, person.longest_turn_words) {
                (Some(seconds), _) if seconds > 0.0 => format!("{seconds:.0} s"),
                (_, Some(words)) => format!("{words} words"),
                _ => "-".to_owned(),
            };
            let spoke = match person.engagement.as_deref() {
                Some("silent") => "present, didn't speak".to_owned(),
                _ if person.speaking_seconds > 0.0 => format!("{:.0} s", person.speaking_seconds),
                // The file has no times, or only those at which turns begin.
                _ => "-".to_owned(),
            };
            [
                person.name.clone(),
                person.kind.clone(),
                spoke,
                person.words.to_string(),
                person.turns.to_string(),
                person.share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0)),
                longest,
                number(person.questions),
                number(person.interruptions),
                person.engagement.clone().unwrap_or_else(|| "not measured".to_owned()),
            ]
        }),
    )
}

fn attendees(detail: &Detail) -> String {
    table(
        ["NAME", "EMAIL", "LABEL", "WAS THERE", "BY"],
        detail.attendees.iter().map(|one| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let there = if one.was_there { "yes" } else { "invited" };
            [text(&one.name), text(&one.email), text(&one.label), there.to_owned(), one.source.clone()]
        }),
    )
}

fn chat(detail: &Detail) -> String {
    table(["NAME", "MESSAGES"], detail.chat.iter().map(|writer| [writer.author.clone(), writer.messages.to_string()]))
}

fn labels(detail: &Detail) -> String {
    table(
        ["LABEL", "IS", "CONFIDENCE", "BECAUSE"],
        detail.attributions.iter().map(|label| {
            let nobody = if label.is_shared { "several people" } else { "?" };
            let who = label.participant.clone().unwrap_or_else(|| nobody.into());
            [label.label.clone(), who, format!("{:.2}", label.confidence), label.reason.clone()]
        }),
    )
}

fn summaries(detail: &Detail) -> String {
    table(
        ["CLIENT", "STATE", "VERSION", "BY", "STATEMENTS", "VERIFIED", "OWN WORDS", "DROPPED", "ID"],
        detail.summaries.iter().map(|summary| {
            let count = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
            [
                summary.client.clone(),
                if summary.withdrawn_reason.is_some() { "withdrawn".into() } else { summary.state.to_string() },
                summary.version.to_string(),
                by(summary),
                count(summary.claims_kept),
                count(summary.claims_verified),
                count(summary.claims_own),
                count(summary.claims_dropped.map(i64::from)),
                summary.id.to_string(),
            ]
        }),
    )
}

/// Who wrote it: the provider, and in whose place.
fn by(summary: &Summary) -> String {
    let provider = summary.provider.clone().unwrap_or_default();
    match (&summary.stands_in_for, summary.stands_in_why) {
        (Some(model), Some(why)) if provider == "offline" => {
            format!("offline, for {model} ({})", why.as_str().replace('_', " "))
        }
        _ => provider,
    }
}

fn mails(detail: &Detail) -> String {
    table(
        ["KIND", "TO", "STATE", "SENT", "ERROR"],
        detail.mails.iter().map(|mail| {
            let sent = mail.sent_at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
            let to = mail.client.clone().unwrap_or_else(|| "the coach".into());
            [mail.kind.clone(), to, mail.state.to_string(), sent, mail.error.clone().unwrap_or_default()]
        }),
    )
}

fn notes(detail: &Detail) -> String {
    let mut text = String::new();
    let unmentioned: i64 = detail.summaries.iter().filter_map(|summary| summary.claims_nothing_said).sum();
    if unmentioned > 0 {
        let threads = if unmentioned == 1 { "1 open thread" } else { &format!("{unmentioned} open threads") };
        text.push_str(&format!("\nStatements are counted as on the review page, without {threads} with no match.\n"));
    }
    for client in stopped(detail) {
        text.push_str(&format!(
            "\nThe follow-up to {client} was stopped because the name or address changed after it was approved: the \
             coach has to check it on the review page and approve it again.\n"
        ));
    }
    for mail in &detail.mails {
        if mail.kind == "follow_up" && matches!(mail.state, MailState::Uncertain | MailState::Failed) {
            let (client, session) = (mail.client.as_deref().unwrap_or_default(), detail.session.id);
            text.push_str(&format!(
                "\nDoes {client} have the follow-up? Ask, then run one of:\n  debrief sessions follow-up {session} \
                 --client '{client}' --arrived\n  debrief sessions follow-up {session} --client '{client}' \
                 --send-again\n"
            ));
        }
    }
    text
}

/// The clients whose latest follow-up was stopped because the recipient changed.
fn stopped(detail: &Detail) -> Vec<&str> {
    let of = |client: &str| {
        let mut mails = detail.mails.iter().rev();
        mails.find(|mail| mail.kind == "follow_up" && mail.client.as_deref() == Some(client))
    };
    let stopped = |client: &&str| of(client).is_some_and(|mail| mail.error.as_deref() == Some(RECIPIENT_CHANGED));
    detail.summaries.iter().map(|summary| summary.client.as_str()).filter(stopped).collect()
}
