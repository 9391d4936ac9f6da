//! A transcript in the database: its row, its utterances, its marks.

use chrono::NaiveDate;
use debrief_transcript::{SetAside, Transcript};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// So many warnings are kept of each kind; a damaged file of a million cues must not fill the row.
const WARNINGS: usize = 100;

/// What the job needs of a transcript's row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) session_id: Uuid,
    pub(super) stored_key: String,
    object_key: String,
    done: bool,
}

impl Row {
    /// Whether it is parsed, or rejected, already.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }
}

pub(super) async fn load(tx: &mut TenantTx, transcript_id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, session_id, stored_key, object_key,
                  (parsed_at is not null or rejected_reason is not null) as "done!"
           from transcripts where id = $1"#,
        transcript_id
    )
    .fetch_optional(tx.conn())
    .await
}

/// Why the words of this transcript must not change the session any more; none where they may. Under its lock.
///
/// The evidence of a summary points to utterances, and a person may be reading it: from the first version on, a
/// session's words stay. A newer upload under the same key is the one that counts, in whatever order they are parsed.
pub(super) async fn why_unused(tx: &mut TenantTx, row: &Row) -> Result<Option<&'static str>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select exists (select from summaries where session_id = $1 and version > 0) as "summarized!",
                  exists (select from transcripts newer join transcripts this on this.id = $2
                          where newer.session_id = $1 and newer.object_key = $3 and newer.id <> $2
                            and newer.parsed_at is not null and newer.rejected_reason is null
                            and newer.received_at > this.received_at) as "superseded!""#,
        row.session_id,
        row.id,
        row.object_key
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(if found.summarized {
        Some(
            "This session was summarised before this transcript arrived, so its words are not used. To have them \
             summarised, upload the file under another name: it becomes a session of its own.",
        )
    } else if found.superseded {
        Some("A newer transcript was uploaded under the same name; that one is used.")
    } else {
        None
    })
}

pub(super) async fn has_utterances(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from utterances where session_id = $1) as "there!""#, session_id)
        .fetch_one(tx.conn())
        .await
}

/// Writes the utterances in place of those of this transcript and of older ones under the same key.
pub(super) async fn replace_utterances(
    tx: &mut TenantTx,
    row: &Row,
    transcript: &Transcript,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from utterances where session_id = $1 and transcript_id in
            (select id from transcripts where session_id = $1 and object_key = $2)",
        row.session_id,
        row.object_key
    )
    .execute(tx.conn())
    .await?;
    let organization = tx.tenant();
    // In batches, so that no statement holds a very long session twice.
    for (batch, utterances) in transcript.utterances.chunks(BATCH).enumerate() {
        let ids: Vec<Uuid> = utterances.iter().map(|_| Uuid::now_v7()).collect();
        let labels: Vec<Option<&str>> = utterances.iter().map(|utterance| utterance.label.as_deref()).collect();
        let starts: Vec<Option<i64>> = utterances.iter().map(|utterance| utterance.start_ms).collect();
        let ends: Vec<Option<i64>> = utterances.iter().map(|utterance| utterance.end_ms).collect();
        let texts: Vec<&str> = utterances.iter().map(|utterance| utterance.text.as_str()).collect();
        sqlx::query!(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, end_ms, text)
             select id, $2, $3, $4, $5::int + position::int - 1, label, start_ms, end_ms, text
             from unnest($1::uuid[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
                  with ordinality as new (id, label, start_ms, end_ms, text, position)",
            &ids,
            organization,
            row.session_id,
            row.id,
            i32::try_from(batch * BATCH).unwrap_or(i32::MAX),
            &labels as &[Option<&str>],
            &starts as &[Option<i64>],
            &ends as &[Option<i64>],
            &texts as &[&str],
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

const BATCH: usize = 10_000;

/// Writes what is known of the transcript, and the session's day where only the object's time was known.
pub(super) async fn mark_parsed(tx: &mut TenantTx, row: &Row, transcript: &Transcript) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update transcripts set format = $2, warnings = $3, parsed_at = now() where id = $1",
        row.id,
        transcript.format.as_str(),
        warnings(transcript, None)
    )
    .execute(tx.conn())
    .await?;
    if let Some(day) = transcript.session_date {
        set_day(tx, row.session_id, day).await?;
    }
    Ok(())
}

async fn set_day(tx: &mut TenantTx, session_id: Uuid, day: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set session_date = $2, date_source = 'content', updated_at = now()
         where id = $1 and date_source = 'object_time'",
        session_id,
        day
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a transcript whose words are not used; the session stays as it is.
pub(super) async fn mark_unused(
    tx: &mut TenantTx,
    row: &Row,
    transcript: &Transcript,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update transcripts set format = $2, warnings = $3, parsed_at = now(), rejected_reason = $4 where id = $1",
        row.id,
        transcript.format.as_str(),
        warnings(transcript, Some(reason)),
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a transcript as rejected; the session stays as it is.
pub(super) async fn mark_rejected(tx: &mut TenantTx, row: &Row, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("update transcripts set rejected_reason = $2 where id = $1", row.id, reason)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Warnings and what was set aside, as stored: `[{line, column?, message}]`, never with words of the transcript.
fn warnings(transcript: &Transcript, first: Option<&str>) -> Value {
    let mut stored: Vec<Value> = first.map(|message| json!({ "line": 0, "message": message })).into_iter().collect();
    stored.extend(transcript.warnings.iter().take(WARNINGS).map(|warning| json!(warning)));
    if transcript.warnings.len() > WARNINGS {
        let more = transcript.warnings.len() - WARNINGS;
        stored.push(json!({ "line": 0, "message": format!("and {more} more warnings") }));
    }
    for (reason, entries) in by_reason(&transcript.set_aside) {
        let words: usize = entries.iter().map(|entry| entry.words).sum();
        let line = entries.first().map_or(0, |entry| entry.line);
        stored.push(json!({ "line": line, "message": format!("not speech: {reason} ({words} words)") }));
    }
    Value::Array(stored)
}

fn by_reason(entries: &[SetAside]) -> Vec<(&str, Vec<&SetAside>)> {
    let mut groups: Vec<(&str, Vec<&SetAside>)> = Vec::new();
    for entry in entries {
        match groups.iter_mut().find(|(reason, _)| *reason == entry.reason) {
            Some((_, group)) => group.push(entry),
            None => groups.push((&entry.reason, vec![entry])),
        }
    }
    groups
}
