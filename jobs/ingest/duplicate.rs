//! A file whose content its coach already has under another key: what the coach is told about it.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    ledger::Coach,
    notices::{self, Kind, Notice},
    reject,
};
use crate::{
    bucket::ObjectInfo,
    clean,
    db::{TenantTx, Tx},
};

/// What is said of a duplicate once the session that has its content is deleted: file and title name people. It's true of each
/// duplicate, as another file of the coach may have the name as well.
const FORGOTTEN: &str = "It has the same content as a file that came before it. If that one’s session was deleted, upload this \
                         file again to have it read.";

/// Has a coach's duplicates of these files say nothing of them any more.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn forget(tx: &mut TenantTx, coach_id: Uuid, object_keys: &[&str]) -> Result<(), sqlx::Error> {
    let names: Vec<String> = object_keys.iter().map(|key| in_quotes(key)).collect();
    sqlx::query_scalar!(r#"select ledger_forget_names($1, $2, $3) as "done?: ()""#, coach_id, &names, FORGOTTEN)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// A file's name as a sentence has it.
fn in_quotes(object_key: &str) -> String {
    format!("“{}”", clean::line(object_key.rsplit('/').next().unwrap_or_default()))
}

/// The transcript that has the content.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) session_id: Uuid,
    pub(super) title: String,
    pub(super) session_date: NaiveDate,
    pub(super) object_key: String,
    pub(super) rejected_reason: Option<String>,
    pub(super) came_late: bool,
}

impl Held {
    /// Which file has it, and what became of that file, in a sentence.
    pub(super) fn says(&self) -> String {
        let file = in_quotes(&self.object_key);
        match &self.rejected_reason {
            Some(reason) if self.came_late => format!("It has the same content as {file}. {reason}"),
            Some(reason) => format!("It has the same content as {file}, which we couldn’t read: {reason}"),
            None => format!(
                "It has the same content as {file}, which is in the session “{}” on {}.",
                self.title,
                self.session_date.format("%-d %B %Y")
            ),
        }
    }

    /// Tells the coach, unless it is the same file that was only written again.
    pub(super) async fn tell(
        &self,
        tx: &mut TenantTx,
        coach: Coach,
        object: &ObjectInfo,
        reason: &str,
    ) -> Result<(), sqlx::Error> {
        if self.object_key == object.key {
            return Ok(());
        }
        let refused = self.rejected_reason.is_some();
        let notice = Notice {
            coach_id: coach.id,
            session_id: Some(self.session_id),
            about: notices::of_object(object),
            kind: match refused {
                true if self.came_late => Kind::Late,
                true => Kind::Refused,
                false => Kind::Duplicate,
            },
            object_key: &object.key,
            reason,
            what_to_do: match refused {
                true if self.came_late => reject::LATE,
                true => reject::EXPORT_AGAIN,
                false => "",
            },
            kept: false,
        };
        notices::add(tx, &notice).await
    }
}
