//! Summaries in the database: reads a version or adds one. Versions are never overwritten.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    ActionItem, Audience, Claim, Content, Evidence, Owner, Score, Section, Shortfall, Support, Thread, ThreadOutcome,
    lineage,
};
use crate::db::{TenantTx, Tx};

/// Who and what wrote a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    /// `summarizer`, `coach` or `refiner`.
    pub author: &'static str,
    /// The provider of the words (`offline`, `openai`, …); a coach's edit keeps that of the edited version.
    pub provider: String,
    /// The provider's model.
    pub model: String,
    /// The prompt's version.
    pub prompt_version: String,
    /// The summary template: `default`, or its name and version.
    pub template: String,
    /// How many claims were dropped because their evidence didn't hold.
    pub claims_dropped: i32,
}

/// In whose place the offline summarizer wrote a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandsIn {
    /// The model that was asked first.
    pub model: String,
    /// Why its draft could not be used.
    pub why: Shortfall,
}

/// Adds a version under the summary's row lock, makes it the latest, and returns its number. The claims get new ids, and
/// keep their lasting ones (`lineage`).
///
/// # Errors
/// Returns an error if there is no such summary or the schema rejects a claim.
pub async fn add_version(
    tx: &mut TenantTx,
    summary_id: Uuid,
    content: &Content,
    authorship: &Authorship,
) -> Result<i32, sqlx::Error> {
    let organization = tx.tenant();
    let version = sqlx::query_scalar!(
        "update summaries set version = version + 1, updated_at = now() where id = $1 returning version",
        summary_id
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "insert into summary_versions (organization_id, summary_id, version, author, provider, model, prompt_version,
            template, content_hash, claims_dropped) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        organization,
        summary_id,
        version,
        authorship.author,
        authorship.provider,
        authorship.model,
        authorship.prompt_version,
        authorship.template,
        content.hash(),
        authorship.claims_dropped,
    )
    .execute(tx.conn())
    .await?;
    let lasting_ids = lineage::lasting_ids(tx, summary_id, content).await?;
    insert_claims(tx, (organization, summary_id, version), content, &lasting_ids).await?;
    Ok(version)
}

/// One statement per table, however many claims there are.
async fn insert_claims(
    tx: &mut TenantTx,
    (organization, summary_id, version): (Uuid, Uuid, i32),
    content: &Content,
    lasting_ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = content.claims.iter().map(|_| Uuid::now_v7()).collect();
    let sections: Vec<&str> = content.claims.iter().map(|claim| claim.section.as_str()).collect();
    let audiences: Vec<&str> = content.claims.iter().map(|claim| claim.audience.as_str()).collect();
    let texts: Vec<&str> = content.claims.iter().map(|claim| claim.text.as_str()).collect();
    let edited: Vec<bool> = content.claims.iter().map(|claim| claim.edited).collect();
    let supports: Vec<&str> = content.claims.iter().map(|claim| claim.support.as_str()).collect();
    let scores: Vec<Option<i16>> =
        content.claims.iter().map(|claim| claim.score.map(|score| score.hundredths().into())).collect();
    sqlx::query!(
        "insert into claims (id, organization_id, summary_id, version, section, audience, position, text, edited, score,
            support, lasting_id)
         select id, $2, $3, $4, section, audience, position::int, text, edited, score, support, lasting_id
         from unnest($1::uuid[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::smallint[], $10::text[], $11::uuid[])
              with ordinality as new (id, section, audience, text, edited, score, support, lasting_id, position)",
        &ids,
        organization,
        summary_id,
        version,
        &sections as &[&str],
        &audiences as &[&str],
        &texts as &[&str],
        &edited,
        &scores as &[Option<i16>],
        &supports as &[&str],
        lasting_ids,
    )
    .execute(tx.conn())
    .await?;
    insert_evidence(tx, organization, &ids, content).await?;
    insert_action_items(tx, organization, &ids, content).await?;
    insert_threads(tx, organization, &ids, content).await
}

async fn insert_evidence(
    tx: &mut TenantTx,
    organization: Uuid,
    ids: &[Uuid],
    content: &Content,
) -> Result<(), sqlx::Error> {
    let evidence: Vec<(Uuid, &Evidence)> =
        content.claims.iter().zip(ids).flat_map(|(claim, id)| claim.evidence.iter().map(|item| (*id, item))).collect();
    let claim_ids: Vec<Uuid> = evidence.iter().map(|(id, _)| *id).collect();
    let utterances: Vec<Uuid> = evidence.iter().map(|(_, item)| item.utterance_id).collect();
    let quotes: Vec<&str> = evidence.iter().map(|(_, item)| item.quote.as_str()).collect();
    sqlx::query!(
        "insert into evidence (organization_id, claim_id, utterance_id, quote)
         select $1, claim, utterance, quote from unnest($2::uuid[], $3::uuid[], $4::text[]) as new (claim, utterance, quote)
         on conflict do nothing",
        organization,
        &claim_ids,
        &utterances,
        &quotes as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_action_items(
    tx: &mut TenantTx,
    organization: Uuid,
    ids: &[Uuid],
    content: &Content,
) -> Result<(), sqlx::Error> {
    let actions: Vec<(Uuid, &ActionItem)> =
        content.claims.iter().zip(ids).filter_map(|(claim, id)| Some((*id, claim.action.as_ref()?))).collect();
    let claim_ids: Vec<Uuid> = actions.iter().map(|(id, _)| *id).collect();
    let owners: Vec<&str> = actions.iter().map(|(_, action)| action.owner.as_str()).collect();
    let dates: Vec<Option<chrono::NaiveDate>> = actions.iter().map(|(_, action)| action.due_date).collect();
    let words: Vec<Option<String>> = actions.iter().map(|(_, action)| action.due_words.clone()).collect();
    sqlx::query!(
        "insert into action_items (organization_id, claim_id, owner, due_date, due_words)
         select $1, claim, owner, due_date, due_words
         from unnest($2::uuid[], $3::text[], $4::date[], $5::text[]) as new (claim, owner, due_date, due_words)",
        organization,
        &claim_ids,
        &owners as &[&str],
        &dates as &[Option<chrono::NaiveDate>],
        &words as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_threads(
    tx: &mut TenantTx,
    organization: Uuid,
    ids: &[Uuid],
    content: &Content,
) -> Result<(), sqlx::Error> {
    let threads: Vec<(Uuid, &Thread)> =
        content.claims.iter().zip(ids).filter_map(|(claim, id)| Some((*id, claim.thread.as_ref()?))).collect();
    if threads.is_empty() {
        return Ok(());
    }
    let claim_ids: Vec<Uuid> = threads.iter().map(|(id, _)| *id).collect();
    let earlier: Vec<Uuid> = threads.iter().map(|(_, thread)| thread.claim_id).collect();
    let outcomes: Vec<&str> = threads.iter().map(|(_, thread)| thread.outcome.as_str()).collect();
    let since: Vec<Option<NaiveDate>> = threads.iter().map(|(_, thread)| thread.since).collect();
    sqlx::query!(
        "insert into threads (organization_id, claim_id, earlier_claim_id, outcome, since)
         select $1, claim, earlier, outcome, since
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::date[]) as new (claim, earlier, outcome, since)",
        organization,
        &claim_ids,
        &earlier,
        &outcomes as &[&str],
        &since as &[Option<NaiveDate>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reads a version, with its claims in display order.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn load_version(tx: &mut TenantTx, summary_id: Uuid, version: i32) -> Result<Content, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select claims.id, claims.lasting_id, claims.section, claims.audience, claims.text, claims.edited, claims.support, owner as "owner?", due_date as "due_date?",
                  due_words as "due_words?", claims.score, threads.outcome as "outcome?", earlier.id as "earlier_id?",
                  earlier.text as "earlier_text?", sessions.session_date as "earlier_date?", threads.since as "since?"
           from claims
           left join action_items on action_items.claim_id = claims.id
           left join threads on threads.claim_id = claims.id
           left join claims earlier on earlier.id = threads.earlier_claim_id
           left join summaries on summaries.id = earlier.summary_id
           left join sessions on sessions.id = summaries.session_id
           where claims.summary_id = $1 and claims.version = $2
           order by claims.position"#,
        summary_id,
        version
    )
    .fetch_all(tx.conn())
    .await?;
    let mut claims: Vec<Claim> = rows
        .into_iter()
        .filter_map(|row| {
            Some(Claim {
                id: row.id,
                lasting_id: row.lasting_id,
                section: Section::parse(&row.section)?,
                audience: if row.audience == Audience::Client.as_str() { Audience::Client } else { Audience::Coach },
                text: row.text,
                edited: row.edited,
                support: Support::parse(&row.support),
                evidence: Vec::new(),
                action: row.owner.map(|owner| ActionItem {
                    owner: Owner::parse(&owner),
                    due_date: row.due_date,
                    due_words: row.due_words,
                }),
                score: row.score.map(|hundredths| Score::from(f32::from(hundredths) / 100.0)),
                thread: row.earlier_id.zip(row.outcome).map(|(claim_id, outcome)| Thread {
                    claim_id,
                    text: row.earlier_text.unwrap_or_default(),
                    session_date: row.earlier_date.unwrap_or_default(),
                    since: row.since,
                    outcome: ThreadOutcome::parse(&outcome).unwrap_or(ThreadOutcome::NoMatch),
                }),
            })
        })
        .collect();
    // Stable: within a section, in the order in which they were written.
    claims.sort_by_key(|claim| claim.section);
    let evidence = sqlx::query!(
        r#"select evidence.claim_id, evidence.utterance_id, quote, start_ms,
                  coalesce(participants.name, utterances.label, '') as "speaker!"
           from claims
           join evidence on evidence.claim_id = claims.id
           join utterances on utterances.id = evidence.utterance_id
           left join attributions on attributions.session_id = utterances.session_id and attributions.label = utterances.speaker
           left join participants on participants.id = attributions.participant_id
           where claims.summary_id = $1 and claims.version = $2
           order by utterances.position"#,
        summary_id,
        version
    )
    .fetch_all(tx.conn())
    .await?;
    for row in evidence {
        if let Some(claim) = claims.iter_mut().find(|claim| claim.id == row.claim_id) {
            claim.evidence.push(Evidence {
                utterance_id: row.utterance_id,
                speaker: row.speaker,
                start_ms: row.start_ms,
                quote: row.quote,
            });
        }
    }
    Ok(Content { claims })
}
