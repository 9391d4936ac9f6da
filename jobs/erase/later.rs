//! What later sessions' summaries quote of a deleted one: promises of which they tell what became.
//!
//! The later session's own words stay: such a sentence becomes the words that were cited for it. One that said that nothing
//! was found about a promise had no words but the earlier ones, and goes. Versions are changed in place here, and nowhere
//! else, so their hashes are made anew; an approval stays, since no letter to a client has ever held such a sentence.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::summary,
};

/// A sentence of a later summary that tells what became of a promise.
#[derive(Debug)]
pub(super) struct Told {
    claim_id: Uuid,
    summary_id: Uuid,
    version: i32,
    pub(super) session_id: Uuid,
}

/// All that is told of the session's promises.
pub(super) async fn told(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query_as!(
        Told,
        "select said.id as claim_id, said.summary_id, said.version, later.session_id
         from summaries
         join claims earlier on earlier.summary_id = summaries.id
         join threads on threads.earlier_claim_id = earlier.id
         join claims said on said.id = threads.claim_id
         join summaries later on later.id = said.summary_id
         where summaries.session_id = $1 and later.session_id <> $1",
        session_id
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes the words of the session out of later summaries. Returns the summaries that had some.
pub(super) async fn forget(tx: &mut TenantTx, told: &[Told]) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    let claims: Vec<Uuid> = told.iter().map(|told| told.claim_id).collect();
    // As the offline writer does with a quotation, within the length of a claim.
    sqlx::query!(
        "update claims set text = (select '“' || left(trim(quote), 998) || '”'
                                   from evidence join utterances on utterances.id = utterance_id
                                   where claim_id = claims.id order by utterances.position, utterances.id limit 1),
            edited = false, support = 'verified'
         where id = any($1) and exists (select from evidence where claim_id = claims.id)",
        &claims
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with gone as (delete from threads where claim_id = any($1))
         delete from claims where id = any($1) and not exists (select from evidence where claim_id = claims.id)",
        &claims
    )
    .execute(tx.conn())
    .await?;
    let versions: BTreeSet<(Uuid, i32)> = told.iter().map(|told| (told.summary_id, told.version)).collect();
    for (summary_id, version) in &versions {
        let hash = summary::load_version(tx, *summary_id, *version).await?.hash();
        sqlx::query!(
            "with signed as (update summaries set approved_hash = $3 where id = $1 and approved_version = $2)
             update summary_versions set content_hash = $3 where summary_id = $1 and version = $2",
            summary_id,
            version,
            hash
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(versions.into_iter().map(|(summary_id, _)| summary_id).collect())
}
