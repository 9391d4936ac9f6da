//! Sessions as an operator and the API see them: one line each, or one in full. Names and states; never what was said, but
//! for [`utterances()`].

mod actions;
mod page;
mod summaries;
mod utterances;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use actions::{ActionLine, WantedActions, action_item, action_page, item_of};
pub use page::{Wanted, page, status};
pub use summaries::{ShownSummary, SummaryLine, WantedSummaries, place_of_summary, summary, summary_page};
pub use utterances::{Stored, Utterance, stored, utterances};

use super::{MailState, SessionStatus, Shortfall, SummaryState, Tally, summary as versions};
use crate::db::{TenantTx, Tx};

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The coach's handle.
    pub coach: Option<String>,
    /// The state.
    pub state: Option<SessionStatus>,
    /// Only those with a dead stage.
    pub failed: bool,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// At most this many, newest first.
    pub limit: i64,
}

/// A session in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// The coach's id.
    pub coach_id: Uuid,
    /// The coach's handle.
    pub coach: String,
    /// Its title.
    pub title: String,
    /// The key of its file.
    pub object_key: String,
    /// `individual` or `group`.
    #[serde(rename = "type")]
    #[schema(example = "individual")]
    pub kind: String,
    /// Its date.
    pub session_date: NaiveDate,
    /// The start time in the coach's time zone, if a person entered one.
    pub begins_at: Option<NaiveTime>,
    /// Whether the date is only the object's, because nothing better was found.
    pub date_estimated: bool,
    /// Its state.
    pub state: SessionStatus,
    /// The dead stage, if there is one.
    pub failed_stage: Option<String>,
    /// The reason for a rejection or of the dead stage.
    pub reason: Option<String>,
    /// The number of utterances.
    pub utterances: i64,
    /// Utterances that may be signs of danger: see the coach's page, or the export's `danger_signs`.
    pub danger_signs: i64,
    /// Finished summaries.
    pub summaries_done: i64,
    /// Expected summaries.
    pub summaries_expected: i64,
    /// When it arrived.
    pub created_at: DateTime<Utc>,
}

/// Lists the sessions of the transaction's organization.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn sessions(tx: &mut TenantTx, filter: &Filter) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select sessions.id, coach_id, coaches.handle as coach, title, sessions.object_key, type as kind, session_date, begins_at,
                  date_source = 'object_time' as "date_estimated!",
                  state_for_people(sessions.id, state) as "state!: SessionStatus", failed_stage,
                  coalesce(failed_reason, (select rejected_reason from transcripts
                    where session_id = sessions.id order by received_at desc limit 1)) as reason,
                  (select count(*) from utterances where session_id = sessions.id and replaced_at is null) as "utterances!",
                  (select count(distinct utterance_id) from danger_signs where session_id = sessions.id)
                    as "danger_signs!",
                  (select count(*) from summaries where session_id = sessions.id and version > 0) as "summaries_done!",
                  (select count(*) from summaries where session_id = sessions.id) as "summaries_expected!",
                  sessions.created_at
           from sessions join coaches on coaches.id = coach_id
           where ($1::text is null or coaches.handle = $1) and ($2::text is null or state_for_people(sessions.id, state) = $2
                  and state = case when $2 in ('approved', 'sending') then 'in_review' else $2 end)
             and (not $3 or failed_stage is not null) and ($4::uuid[] is null or sessions.id = any ($4))
           order by session_date desc, sessions.id desc limit $5"#,
        filter.coach,
        filter.state as Option<SessionStatus>,
        filter.failed,
        filter.ids.as_deref(),
        if filter.limit > 0 { filter.limit } else { i64::MAX },
    )
    .fetch_all(tx.conn())
    .await
}

/// A participant of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Participant {
    /// Its name.
    pub name: String,
    /// The client, if it is one.
    pub client_id: Option<Uuid>,
    /// `coach`, `client` or `guest`.
    pub kind: String,
    /// Speaking time in seconds; 0 if the transcript has no times.
    pub speaking_seconds: f64,
    /// Words spoken.
    pub words: i32,
    /// Turns taken.
    pub turns: i32,
    /// Seconds of the longest turn. This and the fields below are `None` if the session was attributed before they were
    /// recorded; the rules are in `attribute::measures`.
    pub longest_turn_seconds: Option<f64>,
    /// Words of the longest turn.
    pub longest_turn_words: Option<i32>,
    /// Questions asked.
    pub questions: Option<i32>,
    /// How often this person started while someone else was speaking.
    pub interruptions: Option<i32>,
    /// Share of everything that was said, from 0 to 1.
    pub share: Option<f64>,
    /// `high`, `medium`, `low` or `silent`.
    pub engagement: Option<String>,
}

/// A person named in the session's files.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attendee {
    /// As written.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The speaker label that the tool itself ties to this person.
    pub label: Option<String>,
    /// Whether the file says that the person was there; an invitation doesn't.
    pub was_there: bool,
    /// The kind of file that says so.
    pub source: String,
}

/// A person who wrote in the session's chat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Writer {
    /// As written.
    pub author: String,
    /// The number of messages.
    pub messages: i64,
}

/// The person a label was matched to, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attribution {
    /// As written in the file.
    pub label: String,
    /// The person; `None` until someone is identified, or if several people share the label.
    pub participant: Option<String>,
    /// Whether several people speak under it: then the words are in no summary.
    pub is_shared: bool,
    /// The confidence, from 0 to 1.
    pub confidence: f32,
    /// The reason, in a sentence.
    pub reason: String,
}

/// The summary of one client.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SummaryOfSession)]
pub struct Summary {
    /// Its id.
    pub id: Uuid,
    /// The client's id.
    pub client_id: Uuid,
    /// The client's name.
    pub client: String,
    /// Its state.
    pub state: SummaryState,
    /// Why it was withdrawn for good, if it was.
    pub withdrawn_reason: Option<String>,
    /// The latest version.
    pub version: i32,
    /// Who wrote it: the provider.
    pub provider: Option<String>,
    /// The model in whose place the offline summarizer wrote it, if its draft could not be used.
    pub stands_in_for: Option<String>,
    /// Why that draft could not be used.
    pub stands_in_why: Option<Shortfall>,
    /// Statements in the version shown, as [`Tally`] counts them everywhere: an open thread about which nothing was
    /// said doesn't count. `None` if nothing is written yet.
    pub claims_kept: Option<i64>,
    /// How many of them hold by rule.
    pub claims_verified: Option<i64>,
    /// How many are in the coach's own words.
    pub claims_own: Option<i64>,
    /// How many a model made from the coach's own words.
    pub claims_unchecked: Option<i64>,
    /// Open threads about which nothing was said.
    pub claims_nothing_said: Option<i64>,
    /// Claims dropped because their evidence did not hold.
    pub claims_dropped: Option<i32>,
}

/// A transcript of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Transcript {
    /// Its id.
    pub id: Uuid,
    /// Its key in the bucket.
    pub object_key: String,
    /// `speech`, `chat` or `participants`.
    pub role: String,
    /// Its format, once parsed.
    pub format: Option<String>,
    /// Its size.
    pub size_bytes: i64,
    /// Why it was rejected.
    pub rejected_reason: Option<String>,
    /// Why a valid transcript isn't used: another file has the same words.
    pub unused_reason: Option<String>,
    /// What the parser noticed.
    #[schema(value_type = Vec<Object>)]
    pub warnings: serde_json::Value,
    /// How the format was detected, and the runner-up; `None` until it is parsed.
    #[schema(value_type = Option<Object>)]
    pub detected: Option<serde_json::Value>,
}

/// An email of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mail {
    /// Its id.
    pub id: Uuid,
    /// The client whom it goes to; `None` if it goes to the coach.
    pub client_id: Option<Uuid>,
    /// The summary that it is drawn from, for a follow-up.
    pub summary_id: Option<Uuid>,
    /// The kind of email.
    pub kind: String,
    /// The client it goes to; `None` if it goes to the coach.
    pub client: Option<String>,
    /// Its state.
    pub state: MailState,
    /// Not before this time.
    pub due_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// What went wrong.
    pub error: Option<String>,
}

/// One session in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SessionDetail)]
pub struct Detail {
    /// Its line in a list.
    #[serde(flatten)]
    pub session: Row,
    /// Its correlation id, to search the logs for.
    pub correlation_id: Uuid,
    /// The files.
    pub transcripts: Vec<Transcript>,
    /// The people.
    pub participants: Vec<Participant>,
    /// People named in the files, apart from the labels.
    pub attendees: Vec<Attendee>,
    /// Who wrote in the chat; messages aren't speech.
    pub chat: Vec<Writer>,
    /// The labels.
    pub attributions: Vec<Attribution>,
    /// The summaries.
    pub summaries: Vec<Summary>,
    /// The emails.
    pub mails: Vec<Mail>,
}

/// One session of the transaction's organization, in full; `None` if there is no such session.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn session(tx: &mut TenantTx, id: Uuid) -> Result<Option<Detail>, sqlx::Error> {
    let Some(correlation_id) =
        sqlx::query_scalar!("select correlation_id from sessions where id = $1", id).fetch_optional(tx.conn()).await?
    else {
        return Ok(None);
    };
    let filter = Filter { ids: Some(vec![id]), ..Filter::default() };
    let Some(session) = sessions(tx, &filter).await?.pop() else {
        return Ok(None);
    };
    let transcripts = sqlx::query_as!(
        Transcript,
        "select id, object_key, role, format, size_bytes, rejected_reason, unused_reason, warnings, detected
         from transcripts where session_id = $1 order by received_at",
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let participants = sqlx::query_as!(
        Participant,
        "select name, client_id, kind, speaking_seconds, words, turns,
                case when engagement is not null then longest_turn_seconds end as longest_turn_seconds,
                case when engagement is not null then longest_turn_words end as longest_turn_words,
                case when engagement is not null then questions end as questions,
                case when engagement is not null then interruptions end as interruptions,
                case when engagement is not null then share end as share, engagement
         from participants where session_id = $1
         order by kind = 'coach' desc, words desc",
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let attendees = sqlx::query_as!(
        Attendee,
        "select name, email, label, was_there, source from session_attendees where session_id = $1 order by source, id",
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let chat = sqlx::query_as!(
        Writer,
        r#"select author, count(*) as "messages!" from chat_messages where session_id = $1 group by author order by 2 desc, 1"#,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let attributions = sqlx::query_as!(
        Attribution,
        r#"select label, name as "participant?", is_shared, confidence, reason
           from attributions left join participants on participants.id = participant_id
           where attributions.session_id = $1 order by label"#,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let summaries = summaries(tx, id).await?;
    let mails = mails(tx, id).await?;
    Ok(Some(Detail {
        session,
        correlation_id,
        transcripts,
        participants,
        attendees,
        chat,
        attributions,
        summaries,
        mails,
    }))
}

async fn mails(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Mail>, sqlx::Error> {
    sqlx::query_as!(
        Mail,
        r#"select mails.id, mails.client_id, case when kind = 'follow_up' then subject_id end as summary_id, kind,
                  clients.name as "client?", state as "state: MailState", due_at, sent_at, error
           from mails left join clients on clients.id = mails.client_id
           where session_id = $1 order by mails.created_at, mails.id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await
}

/// The summaries of a session, by client. Statements are counted by [`Tally`], as on the page.
async fn summaries(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select summaries.id, client_id, clients.name as client, summaries.state as "state: SummaryState", withdrawn_reason,
                  summaries.version, coalesce(approved_version, summaries.version) as "shown!", provider as "provider?",
                  claims_dropped as "claims_dropped?", stands_in_for, stands_in_why as "stands_in_why: Shortfall"
           from summaries join clients on clients.id = summaries.client_id
           left join summary_versions on summary_id = summaries.id
             and summary_versions.version = coalesce(approved_version, summaries.version)
           where session_id = $1 order by clients.name"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        let tally = match row.shown {
            0 => None,
            shown => Some(Tally::of(&versions::load_version(tx, row.id, shown).await?)),
        };
        let count = |of: fn(&Tally) -> usize| tally.as_ref().map(|tally| i64::try_from(of(tally)).unwrap_or(i64::MAX));
        summaries.push(Summary {
            id: row.id,
            client_id: row.client_id,
            client: row.client,
            state: row.state,
            withdrawn_reason: row.withdrawn_reason,
            version: row.version,
            provider: row.provider,
            stands_in_for: row.stands_in_for,
            stands_in_why: row.stands_in_why,
            claims_kept: count(Tally::statements),
            claims_verified: count(|tally| tally.verified),
            claims_own: count(|tally| tally.own),
            claims_unchecked: count(|tally| tally.unchecked),
            claims_nothing_said: count(|tally| tally.nothing_said),
            claims_dropped: row.claims_dropped,
        });
    }
    Ok(summaries)
}
