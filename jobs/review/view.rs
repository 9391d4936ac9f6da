//! Everything that the review page shows, read in one transaction. Writes nothing.

mod parts;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use super::actions::{ShownVersion, Signed};
pub use parts::versions;

use crate::{
    attribute::{self, Guess, Misdelivered, Speaker},
    danger::{self, ShownSign},
    db::{TenantTx, Tx},
    desk,
    follow_up::{RECIPIENT_CHANGED, Rephrased},
    mail::Recipient,
    model::{Content, MailState, RefinementState, SessionState, SummaryState, summary::StandsIn},
    path::session::DATE_OF_UPLOAD,
};

/// A session as the coach sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// `individual` or `group`.
    pub kind: String,
    /// Its date.
    pub date: NaiveDate,
    /// The start time in the coach's time zone, if a person entered one.
    pub begins_at: Option<NaiveTime>,
    /// Whether the date is only that of the upload.
    pub date_estimated: bool,
    /// Whether a follow-up was or may have been sent.
    pub letter_is_out: bool,
    /// The session's language, if the offline writer wrote the summaries; it looks for promises only in English.
    pub unread_language: Option<String>,
    /// Its state.
    pub state: SessionState,
    /// Why a stage gave up on it, if one did.
    pub failed_reason: Option<String>,
    /// The coach's name.
    pub coach_name: String,
    /// The coach's IANA time zone, for showing times.
    pub time_zone: String,
    /// Who spoke.
    pub participants: Vec<Participant>,
    /// One per client, by name.
    pub summaries: Vec<SummaryView>,
    /// Labels of unknown speakers; empty unless the session waits for the coach.
    pub speakers: Vec<Speaker>,
    /// The coach's clients, to choose a speaker from; empty unless the session waits for the coach.
    pub clients: Vec<(Uuid, String)>,
    /// Labels shared by several people: their words are in no summary.
    pub shared: Vec<String>,
    /// Labels that were matched to a person on evidence that could be wrong.
    pub guesses: Vec<Guess>,
    /// Whether the speakers can be viewed and corrected.
    pub attributed: bool,
    /// Follow-ups that were sent with someone else's words.
    pub misdelivered: Vec<Misdelivered>,
    /// Transcripts that arrived too late to be used, oldest first.
    pub late: Vec<Late>,
    /// The parser's warnings about the transcripts.
    pub warnings: Vec<String>,
    /// Sentences that may be signs of danger, whoever said them.
    pub dangers: Vec<ShownSign>,
}

/// A transcript that arrived too late to be used.
#[derive(Clone, Debug)]
pub struct Late {
    /// The file's name.
    pub file: String,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// Why it isn't used, in a sentence.
    pub reason: String,
}

/// Who spoke.
#[derive(Clone, Debug)]
pub struct Participant {
    /// `coach`, `client` or `guest`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Speaking time, in seconds.
    pub speaking_seconds: f64,
    /// How many words.
    pub words: i32,
    /// More measures; `None` if the session was attributed before these were recorded.
    pub measures: Option<Measures>,
}

/// How someone took part; the rules are in `attribute::measures`.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Turns.
    pub turns: i32,
    /// Seconds of the longest turn; 0 if the transcript has no times.
    pub longest_turn_seconds: f64,
    /// Words of the longest turn.
    pub longest_turn_words: i32,
    /// Questions asked.
    pub questions: i32,
    /// How often they started while someone else was speaking.
    pub interruptions: i32,
    /// Share of everything that was said, from 0 to 1.
    pub share: f64,
    /// `high`, `medium`, `low` or `silent`.
    pub engagement: String,
}

/// One client's summary.
#[derive(Clone, Debug)]
pub struct SummaryView {
    /// The summary.
    pub id: Uuid,
    /// The client's name.
    pub client_name: String,
    /// Where a follow-up would go.
    pub client_email: Option<String>,
    /// What follows "Hello" in the letter.
    pub greeting: String,
    /// Each sentence for the client in the letter's wording, in order.
    pub letter: Vec<(Uuid, Rephrased)>,
    /// Its state.
    pub state: SummaryState,
    /// Why it could not be written.
    pub failed_reason: Option<String>,
    /// Why it was rewritten, if it was.
    pub rewrite_reason: Option<String>,
    /// Why it was withdrawn for good, if it was.
    pub withdrawn_reason: Option<String>,
    /// In whose place the offline summarizer wrote it, if it did.
    pub stands_in: Option<StandsIn>,
    /// The version shown: the approved one, or else the latest; 0 if there is none.
    pub version: i32,
    /// The claims of that version.
    pub content: Content,
    /// SHA-256 of the content: what an approval signs.
    pub hash: String,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// All versions, oldest first.
    pub versions: Vec<Version>,
    /// The claims of the version before the one shown; `None` for the first.
    pub before: Option<Content>,
    /// The last request to refine it.
    pub refinement: Option<RefinementView>,
    /// The latest follow-up, if there is one.
    pub follow_up: Option<FollowUp>,
    /// When the client last got a letter about this session, if they did.
    pub last_sent_at: Option<DateTime<Utc>>,
}

impl SummaryView {
    /// The letter's recipient; `None` if the client has no address.
    #[must_use]
    pub fn recipient(&self) -> Option<Recipient> {
        Recipient::of(&self.client_name, self.client_email.as_deref())
    }

    /// The version that is shown.
    #[must_use]
    pub fn shown(&self) -> ShownVersion {
        ShownVersion { version: self.version, hash: self.hash.clone() }
    }

    /// What approving the shown version signs.
    #[must_use]
    pub fn signed(&self) -> Signed {
        Signed { version: self.version, hash: self.hash.clone(), recipient: self.recipient(), as_they_are: false }
    }

    /// The address it was approved for, if it was stopped because the client's name or address changed.
    #[must_use]
    pub fn stopped_for(&self) -> Option<&str> {
        let stopped =
            |mail: &&FollowUp| mail.state == MailState::Cancelled && mail.error.as_deref() == Some(RECIPIENT_CHANGED);
        self.follow_up
            .as_ref()
            .filter(|_| self.state == SummaryState::Done)
            .filter(stopped)
            .map(|mail| mail.recipient.as_str())
    }
}

/// A request to refine a summary.
#[derive(Clone, Debug)]
pub struct RefinementView {
    /// What the coach asked for.
    pub instruction: String,
    /// Its state.
    pub state: RefinementState,
    /// Its result, in words.
    pub reason: Option<String>,
    /// When it finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The origin of one version.
#[derive(Clone, Debug)]
pub struct Version {
    /// From 1.
    pub version: i32,
    /// `summarizer`, `coach` or `refiner`.
    pub author: String,
    /// The provider that wrote the words.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// The prompt's version.
    pub prompt_version: String,
    /// The summary template: `default`, or its name and version.
    pub template: String,
    /// Claims left out because their evidence didn't hold.
    pub claims_dropped: i32,
    /// SHA-256 of the content.
    pub content_hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A follow-up on the ledger.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// Its state.
    pub state: MailState,
    /// The recipient.
    pub recipient: String,
    /// Not before this time.
    pub due_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it was not sent, if it was not.
    pub error: Option<String>,
}

/// Reads a session; `None` if the organization has no such session.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn view(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<SessionView>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select title, type as kind, session_date, begins_at, date_source, state as "state: SessionState", failed_reason,
                  coaches.name as coach_name, coaches.time_zone,
                  exists (select from mails join summaries on summaries.id = subject_id
                          where kind = 'follow_up' and summaries.session_id = sessions.id
                            and mails.state in ('sending', 'sent', 'uncertain')) as "letter_is_out!"
           from sessions join coaches on coaches.id = sessions.coach_id where sessions.id = $1"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let waiting = row.state == SessionState::WaitingForSpeakers;
    Ok(Some(SessionView {
        id: session_id,
        title: row.title,
        kind: row.kind,
        date: row.session_date,
        begins_at: row.begins_at,
        date_estimated: row.date_source == DATE_OF_UPLOAD,
        letter_is_out: row.letter_is_out,
        unread_language: desk::language::unread(tx, session_id).await?,
        participants: parts::participants(tx, session_id).await?,
        summaries: parts::summaries(tx, session_id, &row.coach_name).await?,
        speakers: if waiting { attribute::unresolved(tx, session_id).await? } else { Vec::new() },
        clients: if waiting { clients_of(tx, session_id).await? } else { Vec::new() },
        late: parts::late(tx, session_id).await?,
        warnings: parts::warnings(tx, session_id).await?,
        dangers: danger::signs_to_show(tx, session_id).await?,
        shared: parts::shared(tx, session_id).await?,
        guesses: attribute::guesses(tx, session_id).await?,
        attributed: waiting || row.state.is_attributed(),
        misdelivered: attribute::misdelivered(tx, session_id).await?,
        state: row.state,
        failed_reason: row.failed_reason,
        coach_name: row.coach_name,
        time_zone: row.time_zone,
    }))
}

/// The clients of a session's coach, by name.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn clients_of(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, name from clients where coach_id = (select coach_id from sessions where id = $1) and removed_at is null order by name, id",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
