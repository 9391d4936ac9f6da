//! Signs of danger in the database: written with the utterances, read wherever a coach is shown them.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Indicator, Kind, Sign};
use crate::db::{self, TenantTx, Tx};

/// Writes the signs of a session's utterances, whose ids are given in order, and their number. If several sentences of
/// one utterance are signs of the same thing, only the first is stored.
///
/// # Errors
/// If the database fails.
pub async fn write(
    tx: &mut TenantTx,
    session_id: Uuid,
    utterances: &[Uuid],
    signs: &[Sign],
) -> Result<(), sqlx::Error> {
    if signs.is_empty() {
        return Ok(());
    }
    let organization = tx.tenant();
    let signs: Vec<(Uuid, &Sign)> =
        signs.iter().filter_map(|sign| Some((*utterances.get(sign.utterance)?, sign))).collect();
    let ids: Vec<Uuid> = signs.iter().map(|(id, _)| *id).collect();
    let kinds: Vec<&str> = signs.iter().map(|(_, sign)| sign.why.kind().as_str()).collect();
    let whys: Vec<&str> = signs.iter().map(|(_, sign)| sign.why.as_str()).collect();
    let starts: Vec<i32> = signs.iter().map(|(_, sign)| db::count(sign.sentence.start)).collect();
    let ends: Vec<i32> = signs.iter().map(|(_, sign)| db::count(sign.sentence.end)).collect();
    sqlx::query!(
        "insert into danger_signs (organization_id, session_id, utterance_id, kind, why, from_byte, to_byte)
         select $1, $2, id, kind, why, from_byte, to_byte
         from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::int[])
              as new (id, kind, why, from_byte, to_byte)
         on conflict do nothing",
        organization,
        session_id,
        &ids,
        &kinds as &[&str],
        &whys as &[&str],
        &starts,
        &ends
    )
    .execute(tx.conn())
    .await?;
    for kind in kinds {
        metrics::counter!("debrief_danger_signs_total", "kind" => kind.to_owned()).increment(1);
    }
    Ok(())
}

/// A sentence that indicates danger, as the coach reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSign {
    /// Id of the utterance.
    pub utterance_id: Uuid,
    /// What it's a sign of; the gravest if there are several.
    pub why: Indicator,
    /// Who said it: the name, else the label, else empty.
    pub speaker: String,
    /// When it was said, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// The sentence, as said.
    pub sentence: String,
    /// The lines right before and right after it.
    pub beside: [Option<Beside>; 2],
}

/// A line next to one that indicates danger: without it nobody knows what an answer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Who said it: the name, else the label, else empty.
    pub speaker: String,
    /// The line, as said.
    pub words: String,
}

/// The sentences of a session that indicate danger, in the order in which they were said, each once.
///
/// # Errors
/// If the database fails.
pub async fn signs_to_show(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<ShownSign>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select danger_signs.utterance_id, why, from_byte, to_byte, utterances.text, start_ms,
                  coalesce(participants.name, utterances.label, '') as "speaker!",
                  before.text as "before?", before.speaker as "before_speaker?",
                  after.text as "after?", after.speaker as "after_speaker?"
           from danger_signs
           join utterances on utterances.id = danger_signs.utterance_id
           join transcripts on transcripts.id = utterances.transcript_id
           left join attributions on attributions.session_id = utterances.session_id
                and attributions.label = utterances.speaker
           left join participants on participants.id = attributions.participant_id
           left join lateral (
                select near.text, coalesce(who.name, near.label, '') as speaker
                from utterances near
                left join attributions said on said.session_id = near.session_id and said.label = near.speaker
                left join participants who on who.id = said.participant_id
                where near.transcript_id = utterances.transcript_id and near.position = utterances.position - 1
                  and near.replaced_at is null
           ) before on true
           left join lateral (
                select near.text, coalesce(who.name, near.label, '') as speaker
                from utterances near
                left join attributions said on said.session_id = near.session_id and said.label = near.speaker
                left join participants who on who.id = said.participant_id
                where near.transcript_id = utterances.transcript_id and near.position = utterances.position + 1
                  and near.replaced_at is null
           ) after on true
           where danger_signs.session_id = $1
           order by received_at, transcripts.id, utterances.position, from_byte"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut signs: Vec<ShownSign> = Vec::with_capacity(rows.len());
    let mut places: HashMap<(Uuid, String), usize> = HashMap::new();
    for row in rows {
        let Some(why) = Indicator::parse(&row.why) else { continue };
        let place = |byte: i32| usize::try_from(byte).unwrap_or_default();
        let sentence = row.text.get(place(row.from_byte)..place(row.to_byte)).unwrap_or(&row.text).to_owned();
        let known = places.get(&(row.utterance_id, sentence.clone())).copied();
        match known.and_then(|at| signs.get_mut(at)) {
            Some(known) => known.why = known.why.min(why),
            None => {
                places.insert((row.utterance_id, sentence.clone()), signs.len());
                signs.push(ShownSign {
                    utterance_id: row.utterance_id,
                    why,
                    speaker: row.speaker,
                    start_ms: row.start_ms,
                    sentence,
                    beside: [(row.before_speaker, row.before), (row.after_speaker, row.after)]
                        .map(|(speaker, words)| Some(Beside { speaker: speaker.unwrap_or_default(), words: words? })),
                });
            }
        }
    }
    Ok(signs)
}

/// The kinds of danger in a session's words, gravest first.
///
/// # Errors
/// If the database fails.
pub async fn kinds(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Kind>, sqlx::Error> {
    let stored = sqlx::query_scalar!("select distinct kind from danger_signs where session_id = $1", session_id)
        .fetch_all(tx.conn())
        .await?;
    let mut kinds: Vec<Kind> = stored.iter().filter_map(|kind| Kind::parse(kind)).collect();
    kinds.sort_unstable();
    Ok(kinds)
}
