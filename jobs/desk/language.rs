//! Whether the offline writer could read a session: it looks for promises in English only, and coaches must know when
//! it can't.
//!
//! Reads the first words of a session, and who wrote its summaries. Writes nothing.

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    language::not_english,
};

/// How many utterances are read to detect the language.
const UTTERANCES: i64 = 400;

/// The session's language, as the end of "this session is …", if the offline writer summarized but couldn't read it.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub(crate) async fn unread(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    let is_offline = sqlx::query_scalar!(
        r#"select exists (select from summaries
                          join summary_versions written on written.summary_id = summaries.id
                            and written.version = summaries.version
                          where session_id = $1 and summaries.state in ('done', 'approved')
                            and provider = 'offline') as "offline!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if !is_offline {
        return Ok(None);
    }
    let said = sqlx::query_scalar!(
        "select text from utterances where session_id = $1 order by transcript_id, position limit $2",
        session_id,
        UTTERANCES
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(not_english(&said))
}
