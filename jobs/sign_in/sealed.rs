//! Whether the stored secrets of authenticator apps can be opened with the key at hand. Only reads.

use super::{Gate, vault::Whose};
use crate::db::{Db, Tx};

/// How many people's secrets can't be opened: the key is another one than they were stored with, or is missing. Their codes are
/// refused as such that can't be checked.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn secrets_of_another_key(db: &Db, gate: &Gate) -> Result<usize, sqlx::Error> {
    let mut closed = 0;
    for organization in db.organizations().await? {
        let mut tx = db.tenant(organization).await?;
        let rows = sqlx::query!(
            r#"select person_id, totp_secret as "secret!" from credentials where totp_secret is not null"#
        )
        .fetch_all(tx.conn())
        .await?;
        let opens = |person, secret: &[u8]| gate.vault.open(Whose { organization, person }, secret).is_ok();
        closed += rows.iter().filter(|row| !opens(row.person_id, &row.secret)).count();
    }
    Ok(closed)
}
