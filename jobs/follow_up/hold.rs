//! A follow-up before it is sent: approval freezes it, and it is held and can be cancelled. Reads the approved version
//! and the people; writes the email and its job in the caller's transaction. A rerun finds the email on the ledger.

use std::time::Duration;

use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::SendFollowUp;
use super::rephrase::{Rephrased, Rephraser};
use crate::{
    db::{TenantTx, Tx},
    mail::{self, FollowUpItem, MailError, Message, NewMail, Post, Recipient},
    model::{Claim, Content, Owner, Section, summary},
    names::called,
    path::session::DATE_OF_UPLOAD,
};

/// What became of a follow-up on approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// It is held, and is sent unless it is cancelled.
    Held {
        /// Its email.
        mail_id: Uuid,
    },
    /// The same follow-up was sent or is being sent: nothing is sent a second time.
    AlreadyThere,
    /// The client has no email address: nothing is sent.
    NoEmail,
    /// The client's address is invalid: nothing is sent until the roster is corrected.
    UnusableEmail,
    /// Nothing of the summary is meant for the client: nothing is sent.
    NothingToSay,
}

/// Why a follow-up could not be queued.
#[derive(Debug, thiserror::Error)]
pub enum FollowUpError {
    /// The summary is not there.
    #[error("the summary is gone")]
    Gone,
    /// The content of that version isn't what was signed.
    #[error("the summary isn’t what was approved: read it again")]
    Changed,
    /// The client's name or address isn't what was signed.
    #[error("the recipient isn’t who was shown: check it and approve again")]
    RecipientChanged {
        /// The client's name.
        client: String,
        /// Who would get the letter now.
        now: Option<Recipient>,
    },
    /// Sentences speak about the client, and nobody confirmed that they may go as they are.
    #[error("a sentence talks about the client, but the letter is addressed to the client")]
    SpeaksAbout {
        /// The client's name.
        client: String,
        /// The claims.
        sentences: Vec<Uuid>,
    },
    /// The email could not be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The query failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What a coach has signed.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'a> {
    /// The version.
    pub version: i32,
    /// SHA-256 of its content.
    pub content_hash: &'a str,
    /// The recipient that was shown; `None` if the client had no address.
    pub recipient: Option<&'a Recipient>,
    /// Whether sentences about the client go in the letter as they are.
    pub as_they_are: bool,
}

/// Freezes the follow-up of an approved version and enqueues its sending after `hold`. For the approving transaction.
///
/// # Errors
/// Returns an error if the version's content or the recipient isn't what was signed, a sentence that speaks about the
/// client was not signed as it is, or the email can't be written.
pub async fn queue(
    tx: &mut TenantTx,
    post: &Post,
    summary_id: Uuid,
    approval: Approval<'_>,
    hold: Duration,
) -> Result<FollowUp, FollowUpError> {
    let people = people(tx, summary_id).await?.ok_or(FollowUpError::Gone)?;
    if !is_signed(tx, summary_id, &approval).await? {
        return Err(FollowUpError::Changed);
    }
    let content = summary::load_version(tx, summary_id, approval.version).await?;
    let now = Recipient::of(&people.client, people.client_email.as_deref());
    let is_same = |signed: &Recipient| now.as_ref().is_some_and(|now| signed.is(now));
    if !approval.recipient.map_or(now.is_none(), is_same) {
        return Err(FollowUpError::RecipientChanged { client: people.client, now });
    }
    let Some(recipient) = now else { return Ok(FollowUp::NoEmail) };
    if content.for_client().next().is_none() {
        return Ok(FollowUp::NothingToSay);
    }
    let mut sentences = rephrased(&people.client, &people.coach, &content);
    sentences.retain(|(_, sentence)| sentence.speaks_about_client);
    if !sentences.is_empty() && !approval.as_they_are {
        let sentences = sentences.into_iter().map(|(claim, _)| claim).collect();
        return Err(FollowUpError::SpeaksAbout { client: people.client, sentences });
    }
    let due_at = Utc::now() + hold;
    let mail = NewMail {
        message: people.message(&content),
        to: recipient,
        reply_to: Some(Recipient { name: people.coach, email: people.coach_email }),
        subject_id: summary_id,
        version: approval.version,
        session_id: Some(people.session_id),
        coach_id: Some(people.coach_id),
        client_id: Some(people.client_id),
        due_at: Some(due_at),
        correlation_id: people.correlation_id,
    };
    let mail_id = match mail::insert(tx, post, &mail).await {
        Ok(Some(mail_id)) => mail_id,
        // Approved, cancelled and approved again unchanged: the same email is sent after all.
        Ok(None) => match mail::revive(tx, post, &mail).await? {
            Some(mail_id) => mail_id,
            None => return Ok(FollowUp::AlreadyThere),
        },
        Err(MailError::Recipient) => return Ok(FollowUp::UnusableEmail),
        Err(error) => return Err(error.into()),
    };
    // If an earlier one was stopped, this one replaces it.
    mail::clear_mark(tx, mail_id).await?;
    mail::enqueue_send(tx, &SendFollowUp { summary_id, mail_id }, Some(due_at), people.correlation_id).await?;
    Ok(FollowUp::Held { mail_id })
}

/// Everyone whom a letter names, and the day of its session.
struct People {
    session_id: Uuid,
    client_id: Uuid,
    client: String,
    client_email: Option<String>,
    greeting: Option<String>,
    coach_id: Uuid,
    coach: String,
    coach_email: String,
    organization: String,
    session_date: NaiveDate,
    date_source: String,
    correlation_id: Uuid,
    approved_version: Option<i32>,
    version: i32,
}

impl People {
    /// The letter with this content.
    fn message(&self, content: &Content) -> Message {
        let date = (self.date_source != DATE_OF_UPLOAD).then_some(self.session_date);
        Message::FollowUp(mail::FollowUp {
            greeting_name: greeting(&self.client, self.greeting.clone()),
            ..letter(&self.client, &self.coach, &self.organization, date, content)
        })
    }
}

async fn people(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<People>, sqlx::Error> {
    sqlx::query_as!(
        People,
        r#"select summaries.session_id, summaries.client_id, clients.name as client, clients.email as client_email,
                  clients.greeting,
                  coaches.id as coach_id, coaches.name as coach, coaches.email as coach_email,
                  organizations.name as organization, sessions.session_date, sessions.date_source,
                  sessions.correlation_id, approved_version, version
           from summaries
           join clients on clients.id = summaries.client_id
           join sessions on sessions.id = summaries.session_id
           join coaches on coaches.id = sessions.coach_id
           join organizations on organizations.id = sessions.organization_id
           where summaries.id = $1"#,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await
}

/// A letter as the client would get it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Letter {
    /// The version that it is drawn from: the approved one, else the latest.
    pub version: i32,
    /// The recipient's name; `null` if the client has no address, and nothing would be sent.
    pub to_name: Option<String>,
    /// The recipient's address.
    pub to_email: Option<String>,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part; `null` if the text goes alone.
    pub html: Option<String>,
}

/// The letter of a summary exactly as it would be sent; `None` if there is no such summary, or it isn't written.
///
/// # Errors
/// Returns an error if the database can't be reached or the letter can't be rendered.
pub async fn as_sent(tx: &mut TenantTx, post: &Post, summary_id: Uuid) -> Result<Option<Letter>, FollowUpError> {
    let Some(people) = people(tx, summary_id).await? else { return Ok(None) };
    let version = people.approved_version.unwrap_or(people.version);
    if version == 0 {
        return Ok(None);
    }
    let content = summary::load_version(tx, summary_id, version).await?;
    let rendered = mail::render(&post.templates, &people.message(&content))?;
    let to = Recipient::of(&people.client, people.client_email.as_deref());
    let (to_name, to_email) = to.map(|to| (to.name, to.email)).unzip();
    let (subject, text, html) = (rendered.subject, rendered.text, rendered.html);
    Ok(Some(Letter { version, to_name, to_email, subject, text, html }))
}

async fn is_signed(tx: &mut TenantTx, summary_id: Uuid, approval: &Approval<'_>) -> Result<bool, sqlx::Error> {
    // Against the hash as stored: versions are never overwritten, so it stands for the content that is read here.
    let signed = sqlx::query_scalar!(
        r#"select content_hash = $3 as "signed!" from summary_versions where summary_id = $1 and version = $2"#,
        summary_id,
        approval.version,
        approval.content_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(signed == Some(true))
}

/// Cancels what is held of a summary's follow-up; gives whether something was. False means that it has gone or is
/// going this moment.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn cancel(tx: &mut TenantTx, summary_id: Uuid) -> Result<bool, sqlx::Error> {
    let cancelled = sqlx::query!(
        "update mails set state = 'cancelled', error = 'cancelled by the coach'
         where kind = 'follow_up' and subject_id = $1 and state = 'queued'",
        summary_id
    )
    .execute(tx.conn())
    .await?;
    if cancelled.rows_affected() > 0 {
        tracing::info!(target: "follow_up", { summary.id = %summary_id }, "follow-up cancelled");
    }
    Ok(cancelled.rows_affected() > 0)
}

/// The sentences of a summary that a client may read, in the letter's wording.
#[must_use]
pub fn rephrased(client: &str, coach: &str, content: &Content) -> Vec<(Uuid, Rephrased)> {
    let rephraser = Rephraser::new(client, coach).after_reading(content);
    content.for_client().map(|claim| (claim.id, rephraser.rephrase(claim))).collect()
}

/// What follows "Hello" in a client's letter: as the roster says, else the given name.
pub(crate) fn greeting(client: &str, set: Option<String>) -> String {
    set.unwrap_or_else(|| called(client))
}

/// What the client may read of a summary, and nothing else. If the session's `date` is unknown, the letter states
/// neither it nor any date computed from it: the original words are used instead.
pub(crate) fn letter(
    client: &str,
    coach: &str,
    organization: &str,
    date: Option<NaiveDate>,
    content: &Content,
) -> mail::FollowUp {
    let rephraser = Rephraser::new(client, coach).after_reading(content);
    let claims: Vec<(&Claim, String)> =
        content.for_client().map(|claim| (claim, rephraser.rephrase(claim).text)).collect();
    let of = |section| claims.iter().filter(move |(claim, _)| claim.section == section);
    let texts = |section| -> Vec<String> { of(section).map(|(_, text)| text.clone()).collect() };
    let action_items = of(Section::ActionItems)
        .map(|(claim, text)| FollowUpItem {
            text: text.clone(),
            coach_does_it: claim.action.as_ref().is_some_and(|action| action.owner == Owner::Coach),
            owner_is_unclear: claim.action.as_ref().is_some_and(|action| action.owner == Owner::Unclear),
            // A day that the coach chose doesn't follow from the session's.
            due: claim
                .action
                .as_ref()
                .filter(|action| date.is_some() || action.due_words.is_none())
                .and_then(|action| action.due_date),
            due_words: unsaid_due(claim, text).filter(|_| date.is_none()),
        })
        .collect();
    mail::FollowUp {
        greeting_name: called(client),
        client: client.to_owned(),
        coach: coach.to_owned(),
        organization: organization.to_owned(),
        date,
        wins: texts(Section::Wins),
        challenges: texts(Section::Challenges),
        action_items,
        recommendations: texts(Section::Recommendations),
        key_quotes: texts(Section::KeyQuotes),
    }
}

/// The due date in the speaker's words, if the sentence omits them.
fn unsaid_due(claim: &Claim, text: &str) -> Option<String> {
    let words = claim.action.as_ref()?.due_words.as_deref()?;
    (!text.to_lowercase().contains(&words.to_lowercase())).then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionItem, Audience};

    fn claim(section: Section, audience: Audience, text: &str) -> Claim {
        let action = (section == Section::ActionItems).then_some(ActionItem {
            owner: Owner::Client,
            due_date: None,
            due_words: None,
        });
        Claim { audience, action, ..Claim::new(section, text.to_owned()) }
    }

    #[test]
    fn nothing_of_the_coachs_audience_reaches_a_client() {
        let mut content = Content::default();
        for section in Section::ALL {
            content.claims.push(claim(section, Audience::Coach, &format!("private {section}")));
            if section.audience() == Audience::Client {
                content.claims.push(claim(section, Audience::Client, &format!("shared {section}")));
            }
        }
        let message = Message::FollowUp(letter("Priya Raman", "Maya Okafor", "Northlight", None, &content));
        let rendered = mail::render(&crate::template::Templates::new(), &message).expect("it renders");
        for part in [Some(&rendered.text), rendered.html.as_ref()].map(|part| part.expect("both parts")) {
            assert!(!part.contains("private"), "{part}");
            for section in ["wins", "challenges", "action_items", "recommendations", "key_quotes"] {
                assert!(part.contains(&format!("shared {section}")), "{section} is missing in {part}");
            }
        }
    }
}
