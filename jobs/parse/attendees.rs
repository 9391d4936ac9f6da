//! Attendees and chat messages in the database, by the file that contains them, so that a newer file replaces them.

use debrief_transcript::{Attendee, companion::Message};
use uuid::Uuid;

use super::store::Row;
use crate::db::{TenantTx, Tx};

/// Deletes what a file said about people.
pub(super) async fn clear(tx: &mut TenantTx, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from session_attendees where transcript_id = $1", row.id).execute(tx.conn()).await?;
    sqlx::query!("delete from chat_messages where transcript_id = $1", row.id).execute(tx.conn()).await?;
    Ok(())
}

/// Writes the people that a file names, replacing its earlier ones.
pub(super) async fn write(
    tx: &mut TenantTx,
    row: &Row,
    attendees: &[Attendee],
    source: &str,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!("delete from session_attendees where transcript_id = $1", row.id).execute(tx.conn()).await?;
    for attendee in attendees {
        sqlx::query!(
            "insert into session_attendees (id, organization_id, session_id, transcript_id, name, other_names, email, label,
                was_there, seconds, source)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            Uuid::now_v7(),
            organization,
            row.session_id,
            row.id,
            attendee.name,
            &attendee.other_names,
            attendee.email,
            attendee.label,
            attendee.was_there,
            attendee.seconds,
            source
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Writes a chat's messages, replacing its earlier ones.
pub(super) async fn write_chat(tx: &mut TenantTx, row: &Row, messages: &[Message]) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!("delete from chat_messages where transcript_id = $1", row.id).execute(tx.conn()).await?;
    let authors: Vec<&str> = messages.iter().map(|message| message.author.as_str()).collect();
    let recipients: Vec<Option<&str>> = messages.iter().map(|message| message.recipient.as_deref()).collect();
    let times: Vec<Option<i64>> = messages.iter().map(|message| message.at_ms).collect();
    let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    sqlx::query!(
        "insert into chat_messages (organization_id, session_id, transcript_id, position, author, recipient, at_ms, text)
         select $1, $2, $3, position::int - 1, author, recipient, at_ms, text
         from unnest($4::text[], $5::text[], $6::bigint[], $7::text[])
              with ordinality as new (author, recipient, at_ms, text, position)",
        organization,
        row.session_id,
        row.id,
        &authors as &[&str],
        &recipients as &[Option<&str>],
        &times as &[Option<i64>],
        &texts as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
