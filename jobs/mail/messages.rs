//! The content of emails: one struct per email, whose fields its templates in `templates/mail/<name>/` may use. Pure.

mod account;
mod follow_up;
mod inbox;
mod roster;
mod webhook_paused;
mod weekly;
mod wrong_words;

use chrono::NaiveDate;
use serde::Serialize;

pub use account::{AccountChange, AccountChanged, ConfirmAddress, Elsewhere, Invitation, LinkOf, SignInLink};
pub use follow_up::{FollowUp, FollowUpItem};
pub use inbox::{InboxFile, SessionRejected};
pub use roster::RosterProblems;
pub use webhook_paused::WebhookPaused;
pub use weekly::{WeeklyClient, WeeklyItem, WeeklyRollup};
pub use wrong_words::{WrongLetter, WrongWords};

/// An email's content. The variant determines its kind, its template folder and its audience.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Message {
    /// To the coach: summaries are ready for review.
    ReviewRequest(ReviewRequest),
    /// To the coach: a speaker in the transcript is unknown.
    SpeakersNeeded(SpeakersNeeded),
    /// To the coach: files were rejected, or were already there.
    SessionRejected(SessionRejected),
    /// To the coach: a stage has failed for good.
    SessionFailed(SessionFailed),
    /// To the client: what came out of the session.
    FollowUp(FollowUp),
    /// To the coach: the week.
    WeeklyRollup(WeeklyRollup),
    /// To the coach: a follow-up was sent with someone else's words.
    WrongWords(WrongWords),
    /// To the coach: part of a roster could not be applied.
    RosterProblems(RosterProblems),
    /// To the admins: a webhook was paused.
    WebhookPaused(WebhookPaused),
    /// To a person: a link to sign in with.
    SignInLink(SignInLink),
    /// To somebody new: an invitation.
    Invitation(Invitation),
    /// To either mailbox: a new address is to be confirmed.
    ConfirmAddress(ConfirmAddress),
    /// To a person: something of their account changed.
    AccountChanged(AccountChanged),
}

impl Message {
    /// The kind as stored; also its template folder.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ReviewRequest(_) => "review_request",
            Self::SpeakersNeeded(_) => "speakers_needed",
            Self::SessionRejected(_) => "session_rejected",
            Self::SessionFailed(_) => "session_failed",
            Self::FollowUp(_) => FollowUp::KIND,
            Self::WeeklyRollup(_) => "weekly_rollup",
            Self::WrongWords(_) => "wrong_words",
            Self::RosterProblems(_) => "roster_problems",
            Self::WebhookPaused(_) => "webhook_paused",
            Self::SignInLink(_) => "sign_in_link",
            Self::Invitation(_) => "invitation",
            Self::ConfirmAddress(_) => "confirm_address",
            Self::AccountChanged(_) => "account_changed",
        }
    }

    /// Whether it contains a link that lets somebody in: then its text is wiped once it is sent.
    #[must_use]
    pub const fn carries_link(&self) -> bool {
        matches!(
            self,
            Self::ReviewRequest(_)
                | Self::SpeakersNeeded(_)
                | Self::WrongWords(_)
                | Self::SignInLink(_)
                | Self::Invitation(_)
                | Self::ConfirmAddress(_)
        )
    }

    /// Whether a person's decision sends it. Others are marked `Auto-Submitted`, so that autoresponders don't answer.
    #[must_use]
    pub const fn sent_by_a_person(&self) -> bool {
        matches!(self, Self::FollowUp(_))
    }

    /// One of each, for tests and previews.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        vec![
            Self::ReviewRequest(ReviewRequest::sample()),
            Self::SpeakersNeeded(SpeakersNeeded::sample()),
            Self::SessionRejected(SessionRejected::sample()),
            Self::SessionFailed(SessionFailed::sample()),
            Self::FollowUp(FollowUp::sample()),
            Self::WeeklyRollup(WeeklyRollup::sample()),
            Self::WrongWords(WrongWords::sample()),
            Self::RosterProblems(RosterProblems::sample()),
            Self::WebhookPaused(WebhookPaused::sample()),
            Self::SignInLink(SignInLink::sample()),
            Self::Invitation(Invitation::sample()),
            Self::ConfirmAddress(ConfirmAddress::sample()),
            Self::AccountChanged(AccountChanged::sample()),
        ]
    }
}

/// To the coach: summaries are ready for review.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewRequest {
    /// The coach's name.
    pub coach: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// Whether the date is only that of the upload.
    pub date_estimated: bool,
    /// The session's language ("in German"), if the offline writer wrote the summaries and couldn't look for promises.
    pub unread_language: Option<String>,
    /// The clients whose summaries are ready.
    pub clients: Vec<String>,
    /// The clients whose summaries could not be written.
    pub failed: Vec<String>,
    /// Speakers that Debrief identified from circumstantial evidence.
    pub guesses: Vec<Guess>,
    /// The review link.
    pub link: String,
    /// The last day the link works, in the coach's time zone.
    pub expires: NaiveDate,
    /// Whether the coach asked for a new link.
    pub fresh: bool,
    /// Why the coach is asked again; `None` for the first time, or if the coach asked for the link.
    pub again: Option<Again>,
    /// Whether the session may contain signs of danger; the page shows which.
    pub danger: bool,
    /// If an approved letter isn't sent: why, and what to do.
    pub stopped: Option<Stopped>,
}

/// Why a coach is asked again to review a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Summaries were rewritten: why, in a sentence, as on the page.
    Rewritten(String),
    /// The transcript was replaced, and the summaries were rewritten.
    Replaced,
    /// A summary that could not be written is now there.
    Written,
}

/// An approved letter that isn't sent.
#[derive(Clone, Debug, Serialize)]
pub struct Stopped {
    /// The client's name.
    pub client: String,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do, in a sentence.
    pub advice: String,
}

/// A label that was matched to a person, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Guess {
    /// As written in the file.
    pub label: String,
    /// The person's name.
    pub person: String,
    /// Why, in a sentence.
    pub reason: String,
}

impl ReviewRequest {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            title: "Team alignment, third session".into(),
            date: day(2026, 11, 3),
            date_estimated: false,
            unread_language: None,
            clients: vec!["Priya Raman".into(), "Tom Becker".into()],
            failed: vec!["Ada Lindqvist".into()],
            guesses: vec![Guess {
                label: "Speaker 2".into(),
                person: "Priya Raman".into(),
                reason: "You named the file or its folder “Priya”, which matches Priya Raman.".into(),
            }],
            link: "https://debrief.example/r/rl_Zk3vQ0m1bYt8hXw2".into(),
            expires: day(2026, 11, 13),
            fresh: false,
            again: None,
            danger: false,
            stopped: None,
        }
    }
}

/// To the coach: a speaker in the transcript is unknown, and the session is on hold.
#[derive(Clone, Debug, Serialize)]
pub struct SpeakersNeeded {
    /// The coach's name.
    pub coach: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// Whether the date is only that of the upload.
    pub date_estimated: bool,
    /// How many speakers are unknown. Their labels stay out of the email: one may be a name.
    pub speakers: usize,
    /// Whether the session may contain signs of danger; the page shows which.
    pub danger: bool,
    /// The review link.
    pub link: String,
    /// The last day the link works, in the coach's time zone.
    pub expires: NaiveDate,
}

impl SpeakersNeeded {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            title: "Intro call on Zoom".into(),
            date: day(2026, 11, 3),
            date_estimated: false,
            speakers: 2,
            danger: false,
            link: "https://debrief.example/r/rl_Zk3vQ0m1bYt8hXw2".into(),
            expires: day(2026, 11, 13),
        }
    }
}

/// To the coach: a stage has failed for good.
#[derive(Clone, Debug, Serialize)]
pub struct SessionFailed {
    /// The coach's name.
    pub coach: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// What could not be done, as the end of "Debrief could not": `summarize the session`.
    pub step: String,
    /// Why, in a sentence that a coach understands.
    pub reason: String,
    /// What happens next or what to do, in a sentence.
    pub advice: String,
    /// Whether the session may contain signs of danger.
    pub danger: bool,
}

impl SessionFailed {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            title: "Team alignment, third session".into(),
            date: day(2026, 11, 3),
            step: "summarize the session".into(),
            reason: "The summarizer didn’t respond for two hours.".into(),
            advice: "Nothing is lost. Whoever runs Debrief for you can restart this step.".into(),
            danger: false,
        }
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}
