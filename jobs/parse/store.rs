//! A transcript in the database: its row, its utterances, its marks.

use chrono::NaiveDate;
use chrono_tz::Tz;
use debrief_transcript::{SetAside, Transcript, Utterance};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clean,
    db::{self, TenantTx, Tx},
};

/// At most this many warnings of each kind are kept: a damaged file with a million cues must not fill the row.
const WARNINGS: usize = 100;

/// The fields of a transcript's row that the job needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) session_id: Uuid,
    pub(super) stored_key: String,
    pub(super) object_key: String,
    /// How ingest classified it: speech, chat, participants.
    pub(super) role: String,
    /// Its size in bytes.
    pub(super) size_bytes: i64,
    /// Whether it is already parsed or rejected.
    pub(super) done: bool,
    /// Whether it is rejected.
    pub(super) rejected: bool,
    /// Whether it is parsed but its words aren't used.
    pub(super) unused: bool,
}

impl Row {
    /// The file's name.
    pub(super) fn file(&self) -> &str {
        self.object_key.rsplit('/').next().unwrap_or_default()
    }
}

pub(super) async fn load(tx: &mut TenantTx, transcript_id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, session_id, stored_key, object_key, role, size_bytes,
                  (parsed_at is not null or rejected_reason is not null) as "done!",
                  rejected_reason is not null as "rejected!", unused_reason is not null as "unused!"
           from transcripts where id = $1"#,
        transcript_id
    )
    .fetch_optional(tx.conn())
    .await
}

/// The session's files that aren't rejected, in order of arrival.
pub(super) async fn live(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, session_id, stored_key, object_key, role, size_bytes, parsed_at is not null as "done!",
                  false as "rejected!", unused_reason is not null as "unused!"
           from transcripts where session_id = $1 and rejected_reason is null order by received_at, id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await
}

/// Why words that arrive now don't change a summarized session: a summary's evidence points to utterances, and someone
/// may be reading it, so from the first version on a session's words stay.
pub(super) const SUMMARIZED: &str =
    "The session was summarised before this transcript arrived, so its words aren’t used.";
/// The same for a newer version of the file that would have replaced the words, if someone has already decided.
pub(super) const DECIDED: &str = "You had already edited, approved or sent something from this session when this newer \
                                  version of the file arrived, so its words aren’t used.";
/// Why an older transcript's words aren't used, whatever the order of parsing.
pub(super) const SUPERSEDED: &str = "A newer transcript was uploaded under the same name; that one is used.";

/// Whether someone has made a decision in the session: edited or refined a summary, approved or dismissed one, or
/// closed the session. From then on nothing replaces what that person read.
pub(super) async fn is_decided(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from sessions where id = $1 and state = 'closed'
               union all
               select from summaries where session_id = $1 and (
                   approved_at is not null or (state = 'dismissed' and withdrawn_reason is null)
                   or exists (select from summary_versions where summary_id = summaries.id and author <> 'summarizer')
                   or exists (select from refinements where summary_id = summaries.id)
                   or exists (select from mails where kind = 'follow_up' and subject_id = summaries.id))
           ) as "decided!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn has_utterances(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from utterances where session_id = $1 and replaced_at is null) as "there!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Withdraws all words of a session before others replace them.
pub(super) async fn replace_utterances(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from danger_signs where session_id = $1", session_id).execute(tx.conn()).await?;
    sqlx::query!("update utterances set replaced_at = now() where session_id = $1 and replaced_at is null", session_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Deletes withdrawn words, except those that a version of a summary cites.
pub(super) async fn drop_replaced(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from utterances where session_id = $1 and replaced_at is not null
           and not exists (select from evidence where utterance_id = utterances.id)",
        session_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what was said; the transcript `row` owns it. Returns the ids, in order.
pub(super) async fn add_utterances(tx: &mut TenantTx, row: &Row, said: &[Utterance]) -> Result<Vec<Uuid>, sqlx::Error> {
    let organization = tx.tenant();
    let mut all = Vec::with_capacity(said.len());
    // In batches, so that no statement holds a second copy of a very long session.
    for (batch, utterances) in said.chunks(BATCH).enumerate() {
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
            db::count(batch * BATCH),
            &labels as &[Option<&str>],
            &starts as &[Option<i64>],
            &ends as &[Option<i64>],
            &texts as &[&str],
        )
        .execute(tx.conn())
        .await?;
        all.extend(ids);
    }
    Ok(all)
}

/// Marks a file whose words are used or which has none; says why if they could have been used.
pub(super) async fn mark_used(tx: &mut TenantTx, row: &Row, unused: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query!("update transcripts set unused_reason = $2 where id = $1", row.id, unused).execute(tx.conn()).await?;
    Ok(())
}

/// Marks a chat or participant list as read.
pub(super) async fn mark_companion(
    tx: &mut TenantTx,
    row: &Row,
    format: &str,
    note: Option<&str>,
) -> Result<(), sqlx::Error> {
    let notes: Vec<Value> = note.map(|message| json!({ "line": 0, "message": message })).into_iter().collect();
    sqlx::query!(
        "update transcripts set format = $2, warnings = $3, parsed_at = now() where id = $1",
        row.id,
        format,
        Value::Array(notes)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

const BATCH: usize = 10_000;

/// Writes what is known about the transcript, and the session's date if only the object's time was known.
pub(super) async fn mark_parsed(
    tx: &mut TenantTx,
    row: &Row,
    transcript: &Transcript,
    unused: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update transcripts set format = $2, warnings = $3, unused_reason = $4, detected = $5, parsed_at = now()
         where id = $1",
        row.id,
        transcript.format.as_str(),
        warnings(transcript, unused),
        unused,
        json!(transcript.detected)
    )
    .execute(tx.conn())
    .await?;
    // A moment's date is in the coach's time zone: an evening in New York is a night in UTC.
    let day = match transcript.started_at {
        Some(moment) => Some(moment.with_timezone(&coach_zone(tx, row.session_id).await?).date_naive()),
        None => transcript.session_date,
    };
    if let Some(day) = day {
        set_day(tx, row.session_id, day).await?;
    }
    Ok(())
}

async fn coach_zone(tx: &mut TenantTx, session_id: Uuid) -> Result<Tz, sqlx::Error> {
    let zone = sqlx::query_scalar!(
        "select time_zone from coaches where id = (select coach_id from sessions where id = $1)",
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC))
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

/// Marks a transcript whose words aren't used; the session stays as it is.
pub(super) async fn mark_unused(
    tx: &mut TenantTx,
    row: &Row,
    transcript: &Transcript,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update transcripts set format = $2, warnings = $3, detected = $4, parsed_at = now(), rejected_reason = $5
         where id = $1",
        row.id,
        transcript.format.as_str(),
        warnings(transcript, Some(reason)),
        json!(transcript.detected),
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Warnings and skipped text, as stored: `[{line, column?, message}]`. Long text that may have been speech is already
/// in the warnings, with its first words.
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
        let warned = transcript.warnings.iter().any(|warning| warning.line == line && warning.message.contains(reason));
        if words > 0 && !warned {
            stored.push(json!({ "line": line, "message": left_out(entries[0], words) }));
        }
    }
    let mut stored = Value::Array(stored);
    clean::value(&mut stored);
    stored
}

/// The message to the coach about words that belong to no turn.
fn left_out(entry: &SetAside, words: usize) -> String {
    let counted = if words == 1 { "1 word".to_owned() } else { format!("{words} words") };
    let reason = entry.reason.trim_end_matches("not speech").trim_end_matches([',', ' ']);
    if entry.may_have_been_said() {
        format!("Left out because it’s in nobody’s turn: {reason} ({counted})")
    } else if entry.is_there_already() {
        format!("Left out because it’s already there once: {reason} ({counted})")
    } else {
        format!("Left out because nobody said it: {reason} ({counted})")
    }
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

#[cfg(test)]
mod tests {
    use super::warnings;

    fn notes(file: &str) -> Vec<String> {
        let read = debrief_transcript::parse(file.as_bytes()).expect("a transcript");
        let stored = warnings(&read, None);
        let stored = stored.as_array().expect("a list").iter();
        stored.filter_map(|note| note["message"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn what_was_left_out_is_named_calmly_or_shown() {
        let cue = "00:00:01.000 --> 00:00:02.000\nAna: So we said on Friday.\n\n";
        let told = notes(&format!("WEBVTT A title of it\n\n{}", cue.repeat(3)));
        assert_eq!(told, ["Left out because nobody said it: the header of the file (4 words)"]);
        let lost = notes(&format!("WEBVTT\n\n{}I will call him.\n\n{cue}", cue.repeat(3)));
        assert!(lost.iter().any(|note| note.ends_with("All of it: “I will call him.”")), "{lost:?}");
        assert!(!lost.iter().any(|note| note.starts_with("Left out")), "it is said once: {lost:?}");
    }
}
