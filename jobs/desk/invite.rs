//! Emails to coaches with a link to a session.
//!
//! Each link is issued with its email and recorded in the audit. The ledger identifies an email by its kind, subject,
//! recipient and version, so the same email is never added twice.

use chrono::{Days, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{Desk, language};
use crate::{
    attribute,
    audit::{Event, EventKind, Visitor, record},
    danger,
    db::{TenantTx, Tx},
    links::{self, LinkFilter, RevokeReason},
    mail::{
        self, Again, MailError, Message, NewMail, ReviewRequest, SessionCoach, SpeakersNeeded, WrongLetter, WrongWords,
    },
    model::{MailState, SummaryState},
    path::SessionState,
};

/// The email that leads the coach to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invitation {
    to: To,
    /// Someone requested a new link: it replaces all others to this session.
    replaces: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// Read and approve the summaries.
    Review,
    /// Say who spoke.
    Speakers,
}

impl Invitation {
    pub(crate) const REVIEW: Self = Self { to: To::Review, replaces: false };
    pub(crate) const SPEAKERS: Self = Self { to: To::Speakers, replaces: false };

    /// A new link to a session in this state.
    pub(crate) fn fresh(state: SessionState) -> Self {
        let waits = state == SessionState::WaitingForSpeakers;
        Self { to: if waits { To::Speakers } else { To::Review }, replaces: true }
    }

    const fn kind(self) -> &'static str {
        match self.to {
            To::Review => "review_request",
            To::Speakers => "speakers_needed",
        }
    }
}

/// Issues a link and puts the email with it on the ledger. Another invitation of the same kind (a new link) is a
/// separate email; the caller holds the session's lock, so that concurrent ones are counted correctly.
pub(crate) async fn invite(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    invitation: Invitation,
    visitor: &Visitor,
) -> Result<(), InviteError> {
    // Changing the coach's address revokes what was sent to the old one: no link must be created in between.
    let is_removed = sqlx::query_scalar!(
        r#"select removed_at is not null as "removed!" from coaches
           where id = (select coach_id from sessions where id = $1) for share"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    if is_removed == Some(true) {
        let problem =
            "the coach of this session was removed; `debrief coach add` with the same handle brings them back";
        return Err(InviteError::Mail(problem.to_owned()));
    }
    let session = mail::session_coach(tx, session_id).await?.ok_or(InviteError::NotFound)?;
    let earlier = sqlx::query_scalar!(
        r#"select count(*)::int as "count!" from mails where kind = $1 and subject_id = $2"#,
        invitation.kind(),
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    let (link_id, token) = links::issue(tx, session.coach_id, session_id, desk.settings.link_days).await?;
    let url = desk.settings.link_url(&token);
    let message = match invitation.to {
        To::Review => {
            let fresh = invitation.replaces;
            let review = review_request(tx, desk, session_id, &session, url, !fresh).await?;
            let again = if fresh { None } else { again(tx, session_id).await? };
            Message::ReviewRequest(ReviewRequest { fresh, again, ..review })
        }
        To::Speakers => speakers_needed(tx, desk, session_id, &session, url).await?,
    };
    let new = new_mail(session_id, session, message, (session_id, earlier + 1));
    mail::queue_mail(tx, &desk.post, new).await?;
    let event = Event { link_id: Some(link_id), ..Event::of(session_id, EventKind::LinkSent) };
    record(tx, &event, visitor).await?;
    if invitation.replaces {
        let others = LinkFilter::Others { session: session_id, link: link_id };
        links::revoke(tx, others, RevokeReason::Replaced).await?;
    }
    Ok(())
}

async fn review_request(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    session: &SessionCoach,
    link: String,
    only_open: bool,
) -> Result<ReviewRequest, InviteError> {
    let rows = sqlx::query!(
        r#"select clients.name, state as "state: SummaryState" from summaries join clients on clients.id = summaries.client_id
         where session_id = $1 and (not $2 or state in ('due', 'done', 'failed')) order by clients.name, summaries.id"#,
        session_id,
        only_open
    )
    .fetch_all(tx.conn())
    .await?;
    let named = |failed: bool| {
        let rows = rows.iter().filter(|row| (row.state == SummaryState::Failed) == failed);
        rows.map(|row| row.name.clone()).collect::<Vec<_>>()
    };
    let by_occasion = |guess: &attribute::Guess| guess.basis == attribute::Basis::Occasion;
    let guesses = attribute::guesses(tx, session_id).await?.into_iter().filter(by_occasion).map(|guess| mail::Guess {
        label: guess.label,
        person: guess.person,
        reason: guess.reason,
    });
    Ok(ReviewRequest {
        coach: session.coach.name.clone(),
        title: session.title.clone(),
        date: session.date,
        date_estimated: session.date_estimated,
        unread_language: language::unread(tx, session_id).await?,
        clients: named(false),
        failed: named(true),
        guesses: guesses.collect(),
        link,
        expires: last_day(desk, session),
        fresh: false,
        again: None,
        danger: !danger::kinds(tx, session_id).await?.is_empty(),
        stopped: None,
    })
}

/// Why the coach is asked again: what has happened to the session since the last time.
async fn again(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<Again>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select coalesce(words_replaced_at > asked.at, false) as "replaced!",
                  (select rewrite_reason from summaries
                   join summary_versions on summary_id = summaries.id and summary_versions.version = summaries.version
                   where session_id = $1 and rewrite_reason is not null and summary_versions.created_at > asked.at
                   order by summary_versions.created_at desc limit 1) as rewritten
           from sessions
           join (select max(created_at) as at from mails where kind = 'review_request' and subject_id = $1) asked
             on asked.at is not null
           where sessions.id = $1"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| match (row.replaced, row.rewritten) {
        (true, _) => Again::Replaced,
        (false, Some(reason)) => Again::Rewritten(reason),
        (false, None) => Again::Written,
    }))
}

async fn speakers_needed(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    session: &SessionCoach,
    link: String,
) -> Result<Message, InviteError> {
    let unknown = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attributions
           where session_id = $1 and participant_id is null and not is_shared"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Message::SpeakersNeeded(SpeakersNeeded {
        coach: session.coach.name.clone(),
        title: session.title.clone(),
        date: session.date,
        date_estimated: session.date_estimated,
        speakers: usize::try_from(unknown).unwrap_or_default(),
        danger: !danger::kinds(tx, session_id).await?.is_empty(),
        link,
        expires: last_day(desk, session),
    }))
}

/// Asks the coach to approve again, with a link, as an approved letter isn't sent. If the coach can't be emailed, the
/// page still says so.
pub(crate) async fn ask_again(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    stopped: mail::Stopped,
) -> Result<(), sqlx::Error> {
    let Some(session) = mail::session_coach(tx, session_id).await? else { return Ok(()) };
    let (link_id, token) = links::issue(tx, session.coach_id, session_id, desk.settings.link_days).await?;
    let message = Message::ReviewRequest(ReviewRequest {
        coach: session.coach.name.clone(),
        title: session.title.clone(),
        date: session.date,
        date_estimated: session.date_estimated,
        unread_language: None,
        clients: vec![stopped.client.clone()],
        failed: Vec::new(),
        guesses: Vec::new(),
        link: desk.settings.link_url(&token),
        expires: last_day(desk, &session),
        fresh: false,
        again: None,
        danger: !danger::kinds(tx, session_id).await?.is_empty(),
        stopped: Some(stopped),
    });
    // Its own subject: the same letter may be approved and stopped again.
    send_if_possible(tx, desk, session_id, session, (message, Uuid::now_v7()), link_id).await
}

/// Puts an email with a link on the ledger. If the coach can't be emailed, the page says so anyway.
async fn send_if_possible(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    session: SessionCoach,
    (message, subject_id): (Message, Uuid),
    link_id: Uuid,
) -> Result<(), sqlx::Error> {
    match mail::queue_mail(tx, &desk.post, new_mail(session_id, session, message, (subject_id, 1))).await {
        Ok(_) => {}
        Err(MailError::Database(error)) => return Err(error),
        Err(error) => {
            tracing::error!(target: "review", { session.id = %session_id, %error }, "can't write a mail to a coach");
        }
    }
    let event = Event { link_id: Some(link_id), ..Event::of(session_id, EventKind::LinkSent) };
    record(tx, &event, &Visitor::default()).await
}

/// An email to a session's coach, due immediately. The ledger identifies it by subject and version.
fn new_mail(session_id: Uuid, session: SessionCoach, message: Message, (subject_id, version): (Uuid, i32)) -> NewMail {
    NewMail {
        message,
        to: session.coach,
        reply_to: None,
        subject_id,
        version,
        session_id: Some(session_id),
        coach_id: Some(session.coach_id),
        client_id: None,
        due_at: None,
        correlation_id: session.correlation_id,
    }
}

/// Tells the coach that follow-ups of a session were sent with someone else's words, which nobody can undo. The coach
/// is told once about each finding `about`. If the coach can't be emailed, the page still shows it.
pub(crate) async fn warn_of_wrong_words(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    about: Uuid,
) -> Result<(), sqlx::Error> {
    let Some(session) = mail::session_coach(tx, session_id).await? else { return Ok(()) };
    let found = attribute::misdelivered(tx, session_id).await?;
    let (link_id, token) = links::issue(tx, session.coach_id, session_id, desk.settings.link_days).await?;
    let letter = |found: attribute::Misdelivered| WrongLetter {
        client: found.client,
        recipient: found.recipient,
        certain: found.mail_state == MailState::Sent,
        sentences: found.sentences,
    };
    let message = Message::WrongWords(WrongWords {
        coach: session.coach.name.clone(),
        title: session.title.clone(),
        date: session.date,
        letters: found.into_iter().map(letter).collect(),
        link: desk.settings.link_url(&token),
        expires: last_day(desk, &session),
    });
    send_if_possible(tx, desk, session_id, session, (message, about), link_id).await
}

/// The last full day on which a link created now works, in the coach's time zone.
fn last_day(desk: &Desk, session: &SessionCoach) -> chrono::NaiveDate {
    let zone: Tz = session.time_zone.parse().unwrap_or(Tz::UTC);
    let today = Utc::now().with_timezone(&zone).date_naive();
    today.checked_add_days(Days::new(u64::from(desk.settings.link_days))).unwrap_or(today)
}

/// Why a coach isn't asked.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// There is no such session.
    #[error("there is no such session")]
    NotFound,
    /// The email can't be written.
    #[error("{0}")]
    Mail(String),
    /// The database can't be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<MailError> for InviteError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Database(error) => Self::Database(error),
            other => Self::Mail(other.to_string()),
        }
    }
}
