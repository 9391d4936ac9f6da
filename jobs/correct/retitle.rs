//! A person gives a session another title or type. Writes the session; doing it again changes nothing.

use uuid::Uuid;

use crate::{
    clean,
    db::{TenantTx, Tx},
};

/// Why a session keeps its title or type.
#[derive(Debug, thiserror::Error)]
pub enum TitleError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// The title is empty or too long.
    #[error("a title has 1 to 200 characters")]
    Title,
    /// The type isn't known.
    #[error("a session is `individual` or `group`")]
    Kind,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Changes a session's title or type; what is `None` stays. What was written of the session is the same either way.
///
/// # Errors
/// See [`TitleError`].
pub async fn retitle(
    tx: &mut TenantTx,
    session_id: Uuid,
    title: Option<&str>,
    kind: Option<&str>,
) -> Result<(), TitleError> {
    let title = title.map(clean::line);
    if title.as_ref().is_some_and(|title| title.is_empty() || title.chars().count() > 200) {
        return Err(TitleError::Title);
    }
    if kind.is_some_and(|kind| !["individual", "group"].contains(&kind)) {
        return Err(TitleError::Kind);
    }
    let changed = sqlx::query!(
        "update sessions set title = coalesce($2, title), type = coalesce($3, type), updated_at = now() where id = $1",
        session_id,
        title,
        kind
    )
    .execute(tx.conn())
    .await?;
    if changed.rows_affected() == 0 { Err(TitleError::NoSession) } else { Ok(()) }
}
