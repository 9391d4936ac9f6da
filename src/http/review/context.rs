//! The context of the review page: everything as the template shows it, with times in the coach's zone. Pure.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use debrief_jobs::{
    attribute::{Guess, Misdelivered},
    model::{Content, MailState, SessionState, SummaryState},
    review::{
        actions::Problem,
        view::{self, Participant, SessionView},
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Done,
    card::{self, Card},
    danger, date, refined,
};
use crate::http::{HttpState, form::Form, guest::Guest, page, speakers};

/// A rejected POST, to be shown again.
#[derive(Debug)]
pub(in crate::http) struct Redo<'a> {
    /// Its summary.
    pub(in crate::http) summary: Uuid,
    /// Its input.
    pub(in crate::http) form: &'a Form,
    /// What is wrong with which field.
    pub(in crate::http) problems: Vec<Problem>,
    /// The version from which the form was built.
    pub(in crate::http) shown: Content,
    /// Whether the summary changed while the form was open.
    pub(in crate::http) conflict: bool,
    /// Why it was rejected.
    pub(in crate::http) message: String,
}

/// The page.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ReviewPage {
    style: String,
    action: String,
    form_token: String,
    /// Where the form that ends the visit or the sign-in goes.
    leave: String,
    title: String,
    date: String,
    date_estimated: bool,
    /// The form that sets the date.
    pub(super) dating: Option<date::DateForm>,
    /// The session's language, if nobody looked for promises in it.
    unread_language: Option<String>,
    group: bool,
    lead: String,
    /// For how long an approved follow-up can be stopped, in words; `None` if it is sent immediately.
    hold_for: Option<String>,
    /// Whether a summary needs the coach's decision.
    undecided: bool,
    failed_reason: Option<String>,
    /// Whether the page has nothing to show yet but soon will: it then refreshes itself.
    working: bool,
    /// The address to refresh: it changes each time, since for the same address with a fragment a browser only scrolls
    /// instead of reloading.
    again: Option<String>,
    /// The address at which the page stays as it is while a summary is refined.
    hold: String,
    /// Whether it stays.
    held: bool,
    notice: Option<&'static str>,
    /// Whether closing the session is all that is left to do.
    closable: bool,
    people: Vec<Person>,
    /// Whether participation was measured; in old sessions it wasn't.
    measured: bool,
    /// Labels shared by several people.
    shared: Vec<String>,
    /// Labels that were matched to a person on evidence that could be wrong.
    guesses: Vec<Guess>,
    /// Whether a click here can undo a guess.
    takes_back: bool,
    /// Whether the speakers can be viewed.
    attributed: bool,
    /// Follow-ups that were sent with someone else's words.
    wrong_letters: Vec<WrongLetter>,
    warnings: Vec<String>,
    /// Transcripts that came too late for their words to be used.
    late: Vec<Late>,
    /// Possible signs of danger.
    danger: Option<danger::Danger>,
    cards: Vec<Card>,
    pub(in crate::http) speakers: Option<speakers::SpeakersForm>,
}

#[derive(Debug, Serialize)]
struct Person {
    name: String,
    role: &'static str,
    time: String,
    /// Share of all speech, in percent.
    share: i64,
    measures: Option<Row>,
}

/// A person's participation, as the table shows it.
#[derive(Debug, Serialize)]
struct Row {
    words: i32,
    turns: i32,
    longest: String,
    questions: i32,
    interruptions: i32,
    engagement: String,
}

/// A follow-up that was sent with someone else's words.
#[derive(Debug, Serialize)]
struct WrongLetter {
    client: String,
    recipient: String,
    fate: String,
    sentences: Vec<String>,
}

/// A transcript that arrived too late to be used.
#[derive(Debug, Serialize)]
struct Late {
    file: String,
    at: String,
    reason: String,
}

impl Late {
    fn of(late: &view::Late, zone: Tz) -> Self {
        Self { file: late.file.clone(), at: moment(late.at, zone), reason: late.reason.clone() }
    }
}

/// Builds the page for a session.
pub(in crate::http) fn build(
    state: &HttpState,
    session: &SessionView,
    guest: &Guest,
    done: &Done,
    redo: Option<&Redo<'_>>,
) -> ReviewPage {
    let refining = session.summaries.iter().any(|summary| refined::under_way(summary).is_some());
    // A page that refreshes itself must not contain input.
    let held = redo.is_some() || done.hold.is_some();
    let looks_again = refining && !held;
    let zone: Tz = session.time_zone.parse().unwrap_or(Tz::UTC);
    let action = state.path(&format!("review/{}", session.id));
    let of = card::OfSession { coach: &session.coach_name, estimated: session.date_estimated };
    let cards = session.summaries.iter().map(|summary| {
        let redo = redo.filter(|redo| redo.summary == summary.id);
        let note = done.done.as_deref().filter(|_| done.summary == Some(summary.id));
        card::build(summary, of, &action, zone, note, redo, looks_again)
    });
    let working = looks_again
        || matches!(session.state, SessionState::Received | SessionState::Parsed | SessionState::Attributed)
            && session.summaries.is_empty()
            && session.failed_reason.is_none();
    ReviewPage {
        style: page::style_path(state),
        form_token: guest.form_token.clone(),
        leave: guest.leave_path(state),
        title: session.title.clone(),
        date: date::line(session),
        date_estimated: session.date_estimated,
        dating: if working { None } else { date::form(session) },
        unread_language: session.unread_language.clone(),
        group: session.kind == "group",
        lead: lead(session),
        hold_for: in_words(state.services.desk.settings.hold_seconds),
        undecided: session
            .summaries
            .iter()
            .any(|summary| matches!(summary.state, SummaryState::Due | SummaryState::Done)),
        failed_reason: session.failed_reason.clone(),
        working,
        again: looks_again.then(|| again(session, &action, done.look)),
        hold: format!("{action}?hold=1"),
        held,
        notice: done.done.as_deref().and_then(notice),
        closable: session.summaries.is_empty() && session.state == SessionState::InReview,
        // While someone is unknown, the shares of the others aren't final; and until everything is counted again, a
        // newly named person has said nothing.
        people: if session.speakers.is_empty() && session.state.is_attributed() {
            people(&session.participants)
        } else {
            Vec::new()
        },
        measured: session.participants.iter().any(|person| person.measures.is_some()),
        shared: session.shared.clone(),
        // In a closed session everything is signed and sent.
        guesses: if session.state == SessionState::Closed { Vec::new() } else { session.guesses.clone() },
        takes_back: session.state.is_attributed() && session.state != SessionState::Closed,
        attributed: session.attributed,
        wrong_letters: session.misdelivered.iter().map(|found| wrong_letter(found, zone)).collect(),
        warnings: session.warnings.clone(),
        late: session.late.iter().map(|late| Late::of(late, zone)).collect(),
        danger: danger::build(session, &state.services.desk.settings.help),
        cards: cards.collect(),
        speakers: (!session.speakers.is_empty()).then(|| speakers::form(session, None)),
        action,
    }
}

/// The address of the page at the position of the refined summary.
fn again(session: &SessionView, action: &str, look: u32) -> String {
    let place = session.summaries.iter().find(|summary| refined::under_way(summary).is_some());
    let place = place.map(|summary| format!("#s-{}", summary.id)).unwrap_or_default();
    format!("{action}?look={}{place}", look.wrapping_add(1))
}

/// A duration in words: whole minutes, else seconds.
fn in_words(seconds: u32) -> Option<String> {
    match (seconds, seconds / 60) {
        (0, _) => None,
        (60, _) => Some("a minute".to_owned()),
        (_, minutes) if seconds.is_multiple_of(60) => Some(format!("{minutes} minutes")),
        _ => Some(format!("{seconds} seconds")),
    }
}

/// One sentence on the session's state.
fn lead(session: &SessionView) -> String {
    let of = |state: SummaryState| session.summaries.iter().filter(|summary| summary.state == state).count();
    let (open, failed) = (of(SummaryState::Done), of(SummaryState::Failed));
    match (session.state, open, session.summaries.len()) {
        (SessionState::WaitingForSpeakers, _, _) => "Tell us who spoke, and we’ll write the summaries.".into(),
        (SessionState::Received | SessionState::Parsed, 0, _) => {
            "We’re working out who said what. Then the summaries are written, and you’ll get an email when they’re ready."
                .into()
        }
        (SessionState::Attributed, 0, _) => {
            "The summaries are being written. You’ll get an email when they’re ready.".into()
        }
        (SessionState::Closed, _, _) => "Everything here is done.".into(),
        (_, _, 0) => "We found no client in this session, so there’s nothing to send.".into(),
        (_, 0, _) if failed == 1 => "The summary couldn’t be written yet.".into(),
        (_, 0, _) if failed > 1 => format!("{failed} summaries couldn’t be written yet."),
        (_, 0, _) => "Nothing here needs your review.".into(),
        (_, 1, 1) => "Read it through, change what you like, and approve it. Nothing is sent until you do.".into(),
        (_, 1, all) => format!("One of the {all} summaries needs your review. Nothing is sent until you approve it."),
        (_, open, all) => format!("{open} of {all} summaries need your review. Nothing is sent until you approve it."),
    }
}

fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "named" => "Thank you. We’ll remember it.",
        "named-here" => "Thank you. It’s used in this session only.",
        "corrected" => {
            "Thank you. We’re rewriting the affected summaries, here and in your other sessions; nothing is sent until \
             you’ve read them."
        }
        "corrected-here" => {
            "Thank you. We’re rewriting the affected summaries; nothing is sent until you’ve read them."
        }
        "taken-back" => {
            "The affected summaries are withdrawn, and none of them will be sent. Tell us below who it was, and we’ll \
             write the summary."
        }
        "date-set" => "The date is saved.",
        "date-changed" => "The date is saved. We’re rewriting the summaries; nothing is sent until you’ve read them.",
        "same-speakers" => "You didn’t change any names, so everything stays as it was.",
        _ => return None,
    })
}

fn wrong_letter(found: &Misdelivered, zone: Tz) -> WrongLetter {
    let fate = match (found.mail_state, found.sent_at) {
        (MailState::Sent, Some(at)) => format!("received this ({})", moment(at, zone)),
        (MailState::Sent, None) => "received this".to_owned(),
        (MailState::Cancelled | MailState::Queued | MailState::Failed, _) => {
            "didn’t receive this after all: it was stopped at the last moment".to_owned()
        }
        (MailState::Sending | MailState::Uncertain, _) => "may have received this".to_owned(),
    };
    WrongLetter {
        client: found.client.clone(),
        recipient: found.recipient.clone(),
        fate,
        sentences: found.sentences.clone(),
    }
}

fn people(participants: &[Participant]) -> Vec<Person> {
    let seconds: f64 = participants.iter().map(|person| person.speaking_seconds).sum();
    // In a transcript without times, words are compared.
    let measure = |person: &Participant| if seconds > 0.0 { person.speaking_seconds } else { f64::from(person.words) };
    let total: f64 = participants.iter().map(measure).sum();
    // People who said nothing, but who a file of the meeting says were there, come last.
    let (spoke, silent): (Vec<_>, Vec<_>) = participants.iter().partition(|person| measure(person) > 0.0);
    let person = |person: &Participant| Person {
        name: person.name.clone(),
        role: match person.kind.as_str() {
            "coach" => "coach",
            "client" => "client",
            _ => "guest",
        },
        time: match person.words {
            0 => "present, didn’t speak".to_owned(),
            words => spoken(person.speaking_seconds, words),
        },
        share: person.measures.as_ref().map_or_else(
            || if total > 0.0 { whole(measure(person) / total * 100.0) } else { 0 },
            |measures| whole(measures.share * 100.0),
        ),
        measures: person.measures.as_ref().map(|measures| Row {
            words: person.words,
            turns: measures.turns,
            longest: spoken(measures.longest_turn_seconds, measures.longest_turn_words),
            questions: measures.questions,
            interruptions: measures.interruptions,
            engagement: measures.engagement.clone(),
        }),
    };
    spoke.into_iter().chain(silent).map(person).collect()
}

/// `18 min`, `40 s`; words if the transcript has no times.
fn spoken(seconds: f64, words: i32) -> String {
    match whole(seconds) {
        0 => format!("{words} words"),
        seconds if seconds < 90 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds and percents of one session are small")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// `14:32` for today, else with the date; in the coach's zone.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    let (local, now) = (at.with_timezone(&zone), Utc::now().with_timezone(&zone));
    let format = if local.date_naive() == now.date_naive() { "%H:%M" } else { "%-d %B at %H:%M" };
    local.format(format).to_string()
}
