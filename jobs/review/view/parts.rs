//! The parts of a session that the review page shows, each read by itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FollowUp, Late, Measures, Participant, RefinementView, SummaryView, Version};
use crate::{
    clean,
    db::{TenantTx, Tx},
    follow_up::{self, rephrased},
    model::{
        MailState, RefinementState, Shortfall, SummaryState,
        summary::{self, StandsIn},
    },
};

pub(super) async fn participants(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Participant>, sqlx::Error> {
    let rows = sqlx::query!(
        "select kind, name, speaking_seconds, words, turns, longest_turn_seconds, longest_turn_words, questions,
                interruptions, share, engagement
         from participants where session_id = $1 order by kind = 'guest', kind = 'client', name",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let participants = rows.into_iter().map(|row| Participant {
        kind: row.kind,
        name: row.name,
        speaking_seconds: row.speaking_seconds,
        words: row.words,
        measures: row.engagement.map(|engagement| Measures {
            turns: row.turns,
            longest_turn_seconds: row.longest_turn_seconds,
            longest_turn_words: row.longest_turn_words,
            questions: row.questions,
            interruptions: row.interruptions,
            share: row.share,
            engagement,
        }),
    });
    Ok(participants.collect())
}

pub(super) async fn shared(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select label from attributions where session_id = $1 and is_shared order by label", session_id)
        .fetch_all(tx.conn())
        .await
}

pub(super) async fn summaries(
    tx: &mut TenantTx,
    session_id: Uuid,
    coach: &str,
) -> Result<Vec<SummaryView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select summaries.id, state as "state: SummaryState", failed_reason, rewrite_reason, withdrawn_reason, coalesce(approved_version, version) as "version!", approved_at,
                  clients.name, clients.email, clients.greeting, stands_in_for, stands_in_why as "stands_in_why: Shortfall"
           from summaries join clients on clients.id = summaries.client_id
           where session_id = $1 order by clients.name, summaries.id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let content = summary::load_version(tx, row.id, row.version).await?;
        views.push(SummaryView {
            id: row.id,
            letter: rephrased(&row.name, coach, &content),
            greeting: follow_up::greeting(&row.name, row.greeting),
            client_name: row.name,
            client_email: row.email,
            state: row.state,
            failed_reason: row.failed_reason,
            rewrite_reason: row.rewrite_reason,
            withdrawn_reason: row.withdrawn_reason,
            stands_in: row.stands_in_for.zip(row.stands_in_why).map(|(model, why)| StandsIn { model, why }),
            version: row.version,
            hash: content.hash(),
            content,
            approved_at: row.approved_at,
            versions: versions(tx, row.id).await?,
            before: match row.version {
                0 | 1 => None,
                version => Some(summary::load_version(tx, row.id, version - 1).await?),
            },
            refinement: refinement(tx, row.id).await?,
            follow_up: follow_up(tx, row.id).await?,
            last_sent_at: last_sent_at(tx, row.id).await?,
        });
    }
    Ok(views)
}

/// The versions of a summary, oldest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn versions(tx: &mut TenantTx, summary_id: Uuid) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        "select version, author, provider, model, prompt_version, template, claims_dropped, content_hash,
                created_at
         from summary_versions where summary_id = $1 order by version",
        summary_id
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn refinement(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<RefinementView>, sqlx::Error> {
    sqlx::query_as!(
        RefinementView,
        // One whose job an operator cancelled waits for nothing.
        r#"select instruction, case when stopped then 'failed' else state end as "state!: RefinementState",
                  case when stopped then 'It was stopped before it was done. Ask again.' else reason end as reason,
                  case when stopped then greatest(created_at, now()) else finished_at end as finished_at
           from (select *, state = 'queued' and not exists (select from jobs where kind = 'refine.summary'
                    and unique_key = refinements.id::text and state in ('due', 'running')) as stopped
                 from refinements where summary_id = $1 order by created_at desc, id desc limit 1) as last"#,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn follow_up(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<FollowUp>, sqlx::Error> {
    sqlx::query_as!(
        FollowUp,
        r#"select state as "state: MailState", recipient, due_at, sent_at, error from mails
           where kind = 'follow_up' and subject_id = $1 order by created_at desc, id desc limit 1"#,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await
}

async fn last_sent_at(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let sent = "select max(sent_at) from mails where kind = 'follow_up' and subject_id = $1 and state = 'sent'";
    sqlx::query_scalar(sent).bind(summary_id).fetch_one(tx.conn()).await
}

pub(super) async fn late(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Late>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select object_key, received_at, rejected_reason as "reason!" from transcripts
           where session_id = $1 and came_late and rejected_reason is not null order by received_at"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let file = |key: &str| clean::line(key.rsplit('/').next().unwrap_or_default());
    Ok(rows
        .into_iter()
        .map(|row| Late { file: file(&row.object_key), at: row.received_at, reason: row.reason })
        .collect())
}

/// A warning is a string, or an object with a `message`.
pub(super) async fn warnings(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select warnings from transcripts where session_id = $1 and rejected_reason is null order by received_at",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let items = rows.iter().filter_map(serde_json::Value::as_array).flatten();
    Ok(items.filter_map(|item| item.as_str().or_else(|| item.get("message")?.as_str()).map(str::to_owned)).collect())
}
