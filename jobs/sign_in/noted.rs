//! What the audit says of signing in: attempts that came to nothing, and changes of second factors.
//!
//! Writes the audit. What was typed, and what a person calls something, isn't kept there.

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
};

/// Notes that somebody tried to sign in as a person: by what, and why it came to nothing, where that isn't plain.
pub(super) async fn note_failure(
    db: &Db,
    (organization, person): (Uuid, Uuid),
    by: &'static str,
    why: Option<&'static str>,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let mut tx = db.view(organization, &View::nothing()).await?;
    let detail = json!({ "account": person, "by": by, "why": why });
    record(&mut tx, &Event { detail, ..Event::about_nobody(EventKind::SignInFailed) }, visitor).await?;
    tx.commit().await
}

/// Notes a change of a person's second factors: of the app and its codes, or of a passkey.
pub(super) async fn note_factor(
    tx: &mut TenantTx,
    change: &'static str,
    passkey: Option<Uuid>,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let mut detail = json!({ "change": change });
    if let Some(passkey) = passkey {
        detail["passkey"] = json!(passkey);
    }
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SecondFactorChanged) }, visitor).await
}
