//! Mails about sessions and weeks as lists show them: what was written to whom, and what became of it. Only reads.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::MailState,
};

/// Which mails a page shows.
#[derive(Clone, Debug, Default)]
pub struct WantedMails {
    /// Only those about this session.
    pub session: Option<Uuid>,
    /// Only those to this client.
    pub client: Option<Uuid>,
    /// Only those of this kind, such as `follow_up`.
    pub kind: Option<String>,
    /// Only those that stand so.
    pub state: Option<MailState>,
    /// Only those older than this one.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: i64,
}

/// A mail, without its words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailLine {
    /// The id.
    pub id: Uuid,
    /// Its kind, such as `follow_up` or `review_request`: a name of `/v1/mail-templates`.
    pub kind: String,
    /// What became of it.
    pub state: MailState,
    /// The address that it goes to.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The session that it is about.
    pub session_id: Option<Uuid>,
    /// The coach whose client or session it concerns.
    pub coach_id: Option<Uuid>,
    /// The client that it goes to.
    pub client_id: Option<Uuid>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// It isn't sent before this.
    pub due_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it wasn't sent, or what isn't known.
    pub error: Option<String>,
}

/// A page of the mails that `tx` sees, newest first. Those about accounts, such as links to sign in, are their owners' alone.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn page(tx: &mut TenantTx, wanted: &WantedMails) -> Result<Vec<MailLine>, sqlx::Error> {
    sqlx::query_as!(
        MailLine,
        r#"select id, kind, state as "state: MailState", recipient, subject, session_id, coach_id, client_id, created_at, due_at,
                  sent_at, error
           from mails
           where kind not in ('sign_in_link', 'invitation', 'confirm_address', 'account_changed')
             and ($1::uuid is null or session_id = $1) and ($2::uuid is null or client_id = $2)
             and ($3::text is null or kind = $3) and ($4::text is null or state = $4) and ($5::uuid is null or id < $5)
           order by id desc limit $6"#,
        wanted.session,
        wanted.client,
        wanted.kind,
        wanted.state as Option<MailState>,
        wanted.after,
        wanted.limit
    )
    .fetch_all(tx.conn())
    .await
}
