//! Requests and undoes refinements: versions that nobody types.
//!
//! Reads the latest versions; writes a row of `refinements` and its job, or the next version; and the audit. The same
//! request sent twice (a double click) counts once.

use serde_json::json;
use uuid::Uuid;

use super::actions::{ActionError, Problem, ShownVersion, lock};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    index::IndexSummary,
    model::SummaryState,
    model::summary::{self, Authorship},
    path::RefineSummary,
    queue::enqueue,
    text::{is_readable, one_line},
    webhook::{self, EventType},
};

/// An instruction is a sentence or two: at most this many characters.
pub const MAX_INSTRUCTION: usize = 500;

/// Requests a refinement of what was shown and returns its id, or that of an identical earlier request.
///
/// # Errors
/// [`ActionError::Conflict`] if what was shown is not the latest; [`ActionError::Busy`] while another one runs;
/// [`ActionError::Invalid`] names the field `instruction`; [`ActionError::NotOpen`] if the summary is not open.
pub async fn refine(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    shown: &ShownVersion,
    instruction: &str,
    visitor: &Visitor,
) -> Result<Uuid, ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    let instruction = tidy(instruction)?;
    let same = sqlx::query_scalar!(
        "select id from refinements where summary_id = $1 and base_version = $2 and lower(instruction) = lower($3)
            and (state = 'done' or state = 'queued' and exists (select from jobs where kind = 'refine.summary'
                and unique_key = refinements.id::text and state in ('due', 'running')))
         order by created_at desc limit 1",
        summary_id,
        shown.version,
        instruction
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(id) = same {
        return Ok(id);
    }
    if row.state != SummaryState::Done {
        return Err(ActionError::not_open(row.state));
    }
    let content = summary::load_version(tx, summary_id, row.version).await?;
    if row.version != shown.version || content.hash() != shown.hash {
        return Err(ActionError::Conflict { newest: row.version });
    }
    // If an operator cancelled its job, nothing is pending.
    sqlx::query!(
        "update refinements set state = 'failed', reason = 'It was stopped before it was done.', finished_at = now()
         where summary_id = $1 and state = 'queued' and not exists (select from jobs where kind = 'refine.summary'
            and unique_key = refinements.id::text and state in ('due', 'running'))",
        summary_id
    )
    .execute(tx.conn())
    .await?;
    let busy = sqlx::query_scalar!(
        r#"select exists (select from refinements where summary_id = $1 and state = 'queued') as "busy!""#,
        summary_id
    )
    .fetch_one(tx.conn())
    .await?;
    if busy {
        return Err(ActionError::Busy);
    }
    let id = Uuid::now_v7();
    let organization = tx.tenant();
    sqlx::query!(
        "insert into refinements (id, organization_id, summary_id, base_version, instruction) values ($1, $2, $3, $4, $5)",
        id,
        organization,
        summary_id,
        row.version,
        instruction
    )
    .execute(tx.conn())
    .await?;
    enqueue(tx, &RefineSummary { refinement_id: id }, row.session.correlation_id).await?;
    let detail = json!({ "version": row.version, "refinement": id });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::RefiningAsked) };
    record(tx, &event, visitor).await?;
    Ok(id)
}

/// What became of a refinement.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Refinement {
    /// Its id.
    pub id: Uuid,
    /// The summary.
    pub summary_id: Uuid,
    /// The version that it was asked for.
    pub base_version: i32,
    /// `queued`, `done` or `failed`.
    pub state: String,
    /// The version that came of it; `null` if nothing was changed.
    pub version: Option<i32>,
    /// What was done, or why nothing was, in words.
    pub reason: Option<String>,
}

/// A refinement; `None` if there is no such one.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn refinement(tx: &mut TenantTx, id: Uuid) -> Result<Option<Refinement>, sqlx::Error> {
    sqlx::query_as!(
        Refinement,
        "select id, summary_id, base_version, state, version, reason from refinements where id = $1",
        id
    )
    .fetch_optional(tx.conn())
    .await
}

/// An instruction on one line, if it can be followed.
fn tidy(instruction: &str) -> Result<String, ActionError> {
    let instruction = one_line(instruction);
    let problem = if instruction.is_empty() {
        Some("Say what to change, for example “shorter” or “drop the second point”.")
    } else if instruction.chars().count() > MAX_INSTRUCTION {
        Some("This is longer than 500 characters. Shorten it, or change the sentences by hand.")
    } else if !is_readable(&instruction) {
        Some("This contains characters that can’t be shown. Type it again.")
    } else {
        None
    };
    let invalid = |problem: &str| Problem { field: "instruction".into(), problem: problem.into() };
    problem.map_or(Ok(instruction), |problem| Err(ActionError::Invalid(vec![invalid(problem)])))
}

/// Brings back the content of the version before the newest, as a new version, and gives its number. Nothing is
/// deleted, so that undoing once more brings back what was undone. A version that the summariser wrote is never undone:
/// what stood before it may rest on words of somebody else.
///
/// # Errors
/// [`ActionError::Conflict`] if what was shown is not the latest; [`ActionError::NothingToUndo`] if the latest version
/// is the summarizer's; [`ActionError::NotOpen`] if the summary is not open.
pub async fn undo(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary_id: Uuid,
    shown: &ShownVersion,
    visitor: &Visitor,
) -> Result<i32, ActionError> {
    let row = lock(tx, session_id, summary_id).await?;
    if row.state != SummaryState::Done {
        return Err(ActionError::not_open(row.state));
    }
    let newest = summary::load_version(tx, summary_id, row.version).await?;
    let before = summary::load_version(tx, summary_id, shown.version - 1).await?;
    if row.version == shown.version + 1 && newest.hash() == before.hash() {
        // Sent twice.
        return Ok(row.version);
    }
    if row.version != shown.version || newest.hash() != shown.hash {
        return Err(ActionError::Conflict { newest: row.version });
    }
    let versions = sqlx::query!(
        "select version, author, provider, model, prompt_version, template, claims_dropped from summary_versions
         where summary_id = $1 and version >= $2 - 1 order by version",
        summary_id,
        row.version
    )
    .fetch_all(tx.conn())
    .await?;
    let [origin, last] = &versions[..] else { return Err(ActionError::NothingToUndo) };
    if !matches!(last.author.as_str(), "coach" | "refiner") {
        return Err(ActionError::NothingToUndo);
    }
    let authorship = Authorship {
        author: "coach",
        provider: origin.provider.clone(),
        model: origin.model.clone(),
        prompt_version: origin.prompt_version.clone(),
        template: origin.template.clone(),
        claims_dropped: origin.claims_dropped,
    };
    let version = summary::add_version(tx, summary_id, &before, &authorship).await?;
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryEdited, summary_id)).await?;
    enqueue(tx, &IndexSummary { summary_id, version }, row.session.correlation_id).await?;
    let detail = json!({ "from": row.version, "version": version, "restores": origin.version });
    let event = Event { summary_id: Some(summary_id), detail, ..Event::of(session_id, EventKind::Undone) };
    record(tx, &event, visitor).await?;
    Ok(version)
}
