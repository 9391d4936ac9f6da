//! Summaries: one line each, a page at a time, or one in full with its claims and their evidence.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::{Claim, Content, Shortfall, SummaryState, summary::load_version},
};

/// Which summaries a page shows.
#[derive(Clone, Debug, Default)]
pub struct WantedSummaries {
    /// Only those of this session.
    pub session: Option<Uuid>,
    /// Only those of this client.
    pub client: Option<Uuid>,
    /// Only this coach's.
    pub coach: Option<Uuid>,
    /// The state.
    pub state: Option<SummaryState>,
    /// Only those older than this one.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: i64,
}

/// A summary in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Summary)]
pub struct SummaryLine {
    /// Its id.
    pub id: Uuid,
    /// Its session.
    pub session_id: Uuid,
    /// The session's title.
    pub session_title: String,
    /// The session's day.
    pub session_date: NaiveDate,
    /// The coach.
    pub coach_id: Uuid,
    /// The client.
    pub client_id: Uuid,
    /// The client's name.
    pub client: String,
    /// Its state.
    pub state: SummaryState,
    /// The latest version; 0 until it is written.
    pub version: i32,
    /// The version that was approved.
    pub approved_version: Option<i32>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// Why it could not be written.
    pub failed_reason: Option<String>,
    /// Why it was withdrawn for good.
    pub withdrawn_reason: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page of the summaries that `tx` sees, newest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn summary_page(tx: &mut TenantTx, wanted: &WantedSummaries) -> Result<Vec<SummaryLine>, sqlx::Error> {
    lines(tx, None, wanted).await
}

async fn lines(tx: &mut TenantTx, id: Option<Uuid>, wanted: &WantedSummaries) -> Result<Vec<SummaryLine>, sqlx::Error> {
    sqlx::query_as!(
        SummaryLine,
        r#"select summaries.id, session_id, sessions.title as session_title, session_date, sessions.coach_id, client_id,
                  clients.name as client, summaries.state as "state: SummaryState", summaries.version, approved_version,
                  approved_at, summaries.failed_reason, withdrawn_reason, summaries.created_at, summaries.updated_at
           from summaries join sessions on sessions.id = session_id join clients on clients.id = client_id
           where ($1::uuid is null or summaries.id = $1) and ($2::uuid is null or session_id = $2)
             and ($3::uuid is null or client_id = $3) and ($4::uuid is null or sessions.coach_id = $4)
             and ($5::text is null or summaries.state = $5) and ($6::uuid is null or summaries.id < $6)
           order by summaries.id desc limit $7"#,
        id,
        wanted.session,
        wanted.client,
        wanted.coach,
        wanted.state as Option<SummaryState>,
        wanted.after,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await
}

/// A summary in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SummaryDetail)]
pub struct ShownSummary {
    /// Its line in a list.
    #[serde(flatten)]
    pub line: SummaryLine,
    /// The version that is shown: the approved one, else the latest.
    pub shown_version: i32,
    /// SHA-256 of the content that is shown, in hex: what an approval signs.
    pub hash: String,
    /// Its claims, each with the words that support it.
    pub claims: Vec<Claim>,
    /// Who would get the letter; `null` if the client has no address.
    pub recipient: Option<ShownRecipient>,
    /// The model in whose place the offline summarizer wrote it.
    pub stands_in_for: Option<String>,
    /// Why that model's draft could not be used.
    pub stands_in_why: Option<Shortfall>,
}

/// Who would get a letter: an approval signs both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Recipient)]
pub struct ShownRecipient {
    /// The client's name.
    pub name: String,
    /// The client's address.
    pub email: String,
}

/// One summary in full, or as one of its versions was; `None` if there is no such summary or version.
///
/// # Errors
/// Returns an error if a query fails.
pub async fn summary(tx: &mut TenantTx, id: Uuid, version: Option<i32>) -> Result<Option<ShownSummary>, sqlx::Error> {
    let wanted = WantedSummaries { limit: 1, ..WantedSummaries::default() };
    let Some(line) = lines(tx, Some(id), &wanted).await?.pop() else { return Ok(None) };
    let shown_version = version.unwrap_or(line.approved_version.unwrap_or(line.version));
    if shown_version < 0 || shown_version > line.version || version == Some(0) {
        return Ok(None);
    }
    let content = if shown_version == 0 { Content::default() } else { load_version(tx, id, shown_version).await? };
    let row = sqlx::query!(
        r#"select clients.email, stands_in_for, stands_in_why as "stands_in_why: Shortfall"
           from summaries join clients on clients.id = client_id where summaries.id = $1"#,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    let recipient = row.email.map(|email| ShownRecipient { name: line.client.clone(), email });
    Ok(Some(ShownSummary {
        shown_version,
        hash: content.hash(),
        claims: content.claims,
        recipient,
        stands_in_for: row.stands_in_for,
        stands_in_why: row.stands_in_why,
        line,
    }))
}

/// The session of a summary; `None` if there is no such summary.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn place_of_summary(tx: &mut TenantTx, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("select session_id from summaries where id = $1", id).fetch_optional(tx.conn()).await
}
