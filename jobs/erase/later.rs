//! What later sessions' summaries quote of a deleted one: promises of which they tell what became.
//!
//! The later session's own words stay: such a sentence becomes the words that were cited for it. One that said that nothing
//! was found about a promise had no words but the earlier ones, and goes. Versions are changed in place here, and nowhere
//! else, so their hashes are made anew; an approval stays, since no letter to a client has ever held such a sentence.

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::summary,
};

/// A version of a later summary.
#[derive(Debug)]
struct Version {
    summary_id: Uuid,
    version: i32,
}

/// Takes the words of the session out of later summaries. Returns how many summaries had some.
pub(super) async fn forget(tx: &mut TenantTx, session_id: Uuid) -> Result<usize, sqlx::Error> {
    let versions = locked(tx, session_id).await?;
    if versions.is_empty() {
        return Ok(0);
    }
    // As the offline writer does with a quotation, within the length of a claim.
    sqlx::query!(
        "update claims set text = (select '“' || left(trim(quote), 998) || '”'
                                   from evidence join utterances on utterances.id = utterance_id
                                   where claim_id = claims.id order by utterances.position, utterances.id limit 1),
            edited = false, support = 'verified'
         where id in (select claim_id from threads
                      join claims earlier on earlier.id = earlier_claim_id
                      join summaries on summaries.id = earlier.summary_id where session_id = $1)
           and exists (select from evidence where claim_id = claims.id)",
        session_id
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with told as (
             select claim_id from threads
             join claims earlier on earlier.id = earlier_claim_id
             join summaries on summaries.id = earlier.summary_id where session_id = $1),
         gone as (delete from threads where claim_id in (select claim_id from told))
         delete from claims where id in (select claim_id from told)
           and not exists (select from evidence where claim_id = claims.id)",
        session_id
    )
    .execute(tx.conn())
    .await?;
    let mut summaries: Vec<Uuid> = versions.iter().map(|one| one.summary_id).collect();
    for Version { summary_id, version } in versions {
        let hash = summary::load_version(tx, summary_id, version).await?.hash();
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
    summaries.sort_unstable();
    summaries.dedup();
    Ok(summaries.len())
}

/// The versions that tell of the session. Their sessions are locked first, then their summaries, as everywhere.
async fn locked(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Version>, sqlx::Error> {
    let sessions = sqlx::query_scalar!(
        "select id from sessions where id <> $1 and id in (
             select later.session_id from threads
             join claims earlier on earlier.id = earlier_claim_id
             join summaries on summaries.id = earlier.summary_id
             join claims said on said.id = claim_id
             join summaries later on later.id = said.summary_id
             where summaries.session_id = $1)
         order by session_date, id for no key update",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!("select id from summaries where session_id = any($1) order by id for update", &sessions)
        .fetch_all(tx.conn())
        .await?;
    sqlx::query_as!(
        Version,
        "select distinct said.summary_id, said.version from threads
         join claims earlier on earlier.id = earlier_claim_id
         join summaries on summaries.id = earlier.summary_id
         join claims said on said.id = claim_id
         join summaries later on later.id = said.summary_id
         where summaries.session_id = $1 and later.session_id = any($2)
         order by said.summary_id, said.version",
        session_id,
        &sessions
    )
    .fetch_all(tx.conn())
    .await
}
