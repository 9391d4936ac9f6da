//! What was said in a session, a page at a time, and where its files are kept.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// One turn of speech.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Utterance {
    /// Its id: what evidence refers to.
    pub id: Uuid,
    /// Its place in the session, from 0.
    pub position: i32,
    /// The speaker as written in the file.
    pub label: Option<String>,
    /// The person; `null` until it's known who it is, or if several people share the label.
    pub speaker: Option<String>,
    /// `coach`, `client` or `guest`.
    pub speaker_kind: Option<String>,
    /// The client who speaks.
    pub client_id: Option<Uuid>,
    /// When it starts, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// When it ends.
    pub end_ms: Option<i64>,
    /// The words.
    pub text: String,
}

/// The utterances of a session after a position, in order.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn utterances(
    tx: &mut TenantTx,
    session_id: Uuid,
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<Utterance>, sqlx::Error> {
    let (position, id) = after.unzip();
    sqlx::query_as!(
        Utterance,
        r#"select utterances.id, position, utterances.label, participants.name as "speaker?",
                  participants.kind as "speaker_kind?", participants.client_id as "client_id?", start_ms, end_ms, text
           from utterances
           left join attributions on attributions.session_id = utterances.session_id
             and attributions.label = utterances.speaker
           left join participants on participants.id = attributions.participant_id
           where utterances.session_id = $1 and replaced_at is null
             and ($2::int is null or (position, utterances.id) > ($2, $3::uuid))
           order by position, utterances.id limit $4"#,
        session_id,
        position,
        id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// A transcript's file.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its session.
    pub session_id: Uuid,
    /// The key of our copy in the bucket.
    pub stored_key: String,
    /// The key that it was uploaded under; its last part is the file's name.
    pub object_key: String,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
}

/// Where a transcript's file is; `None` if there is no such transcript.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn stored(tx: &mut TenantTx, transcript_id: Uuid) -> Result<Option<Stored>, sqlx::Error> {
    sqlx::query_as!(
        Stored,
        "select session_id, stored_key, object_key, sha256 from transcripts where id = $1",
        transcript_id
    )
    .fetch_optional(tx.conn())
    .await
}
