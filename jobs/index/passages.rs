//! The passages that a search shows: rows of chunks, the utterance in each that fits best, and each sentence once. Only reads.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    query::{Client, FoundUtterance, Hit, Source},
    words,
};
use crate::db::{TenantTx, Tx};

/// A hit, with the utterances that it is made of.
pub(super) struct Row {
    pub(super) hit: Hit,
    utterances: Vec<Uuid>,
}

/// Reads the rows of chunks, in their order.
pub(super) async fn hits(tx: &mut TenantTx, ranked: &[(Uuid, f64)]) -> Result<Vec<Row>, sqlx::Error> {
    let ids: Vec<Uuid> = ranked.iter().map(|(id, _)| *id).collect();
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.session_id as "session_id!", c.source as "source!", c.section, c.start_ms, c.text as "text!",
                  coalesce(c.utterances, '{}') as "utterances!",
                  s.title as "title!", s.session_date as "session_date!",
                  coalesce(c.client_id, alone.client_id) as client_id, clients.name as "client_name?",
                  coalesce(nullif(people.names, '{}'), array(
                      select distinct u.label from utterances u
                      where u.session_id = c.session_id and u.label is not null and u.replaced_at is null
                      order by u.label)) as "speakers!"
           from chunks c
           join sessions s on s.id = c.session_id
           cross join lateral (select array(
               select p.name from participants p where p.session_id = c.session_id order by p.kind, p.name)) people (names)
           left join lateral (
               select (array_agg(p.client_id))[1] as client_id from participants p
               where p.session_id = c.session_id and p.kind = 'client' having count(*) = 1) alone on true
           left join clients on clients.id = coalesce(c.client_id, alone.client_id)
           where c.id = any($1)"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut rows: HashMap<Uuid, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let found = ranked.iter().filter_map(|(id, score)| Some((rows.remove(id)?, *score)));
    Ok(found
        .map(|(row, score)| Row {
            hit: Hit {
                session_id: row.session_id,
                title: row.title,
                session_date: row.session_date,
                client: row.client_id.zip(row.client_name).map(|(id, name)| Client { id, name }),
                speakers: row.speakers,
                start_ms: row.start_ms,
                text: row.text,
                source: if row.source == "summary" { Source::Summary } else { Source::Utterances },
                section: row.section,
                utterance: None,
                score,
            },
            utterances: row.utterances,
        })
        .collect())
}

/// An utterance of a passage.
struct Line {
    found: FoundUtterance,
    text: String,
}

/// A word that is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookedFor<'a> {
    /// As it may be in the index.
    pub(super) forms: &'a [String],
    /// Whether a client has that name: "Hi Zoë" is in every session of hers.
    pub(super) is_name: bool,
}

/// Finds in each passage the utterance that has most of the words, and leaves a passage out if that utterance, or the sentence, was
/// in one before it.
pub(super) async fn one_each(
    tx: &mut TenantTx,
    rows: Vec<Row>,
    wanted: &[LookedFor<'_>],
    languages: &[String],
    limit: usize,
) -> Result<Vec<Hit>, sqlx::Error> {
    let mut shown: Vec<Hit> = Vec::new();
    let (mut sentences, mut said) = (HashSet::new(), HashSet::new());
    // As many at a time as are wanted: most are shown.
    for part in rows_in_parts(rows, limit) {
        let ids: Vec<Uuid> = part.iter().flat_map(|row| row.utterances.iter().copied()).collect();
        let lines = lines(tx, &ids).await?;
        for Row { mut hit, utterances } in part {
            let client = hit.client.as_ref().map(|client| client.id);
            if shown.len() >= limit || !sentences.insert((hit.session_id, client, hit.text.clone())) {
                continue;
            }
            if let Some(best) = best(&hit, &utterances, &lines, wanted, languages) {
                if hit.source == Source::Utterances && said.contains(&best.id) {
                    continue;
                }
                hit.utterance = Some(best);
            }
            if hit.source == Source::Utterances {
                said.extend(utterances);
            }
            shown.push(hit);
        }
        if shown.len() >= limit {
            break;
        }
    }
    Ok(shown)
}

fn rows_in_parts(rows: Vec<Row>, limit: usize) -> impl Iterator<Item = Vec<Row>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<Row> = rows.by_ref().take(limit.max(10)).collect();
        (!part.is_empty()).then_some(part)
    })
}

/// The utterance that has most of the words, names counting last, and the first of those; of a summary's sentence its first.
fn best(
    hit: &Hit,
    utterances: &[Uuid],
    lines: &HashMap<Uuid, Line>,
    wanted: &[LookedFor<'_>],
    languages: &[String],
) -> Option<FoundUtterance> {
    let lines = || utterances.iter().filter_map(|id| lines.get(id));
    if hit.source == Source::Summary {
        return lines().next().map(|line| line.found.clone());
    }
    let has = |line: &Line| {
        let forms: HashSet<String> = words::of(&line.text)
            .iter()
            .flat_map(|word| {
                languages.iter().map(|language| word.stem(Some(language))).chain([word.stem(None)]).collect::<Vec<_>>()
            })
            .collect();
        let found = wanted.iter().filter(|word| word.forms.iter().any(|form| forms.contains(form)));
        let (names, others): (Vec<&LookedFor<'_>>, Vec<&LookedFor<'_>>) = found.partition(|word| word.is_name);
        (others.len(), names.len())
    };
    let counted = lines().map(|line| (has(line), line)).filter(|(count, _)| *count > (0, 0));
    // Of several the first: max_by_key would give the last.
    counted.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, line)| line.found.clone())
}

async fn lines(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashMap<Uuid, Line>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select u.id as "id!", u.position as "position!", u.start_ms, u.text as "text!", coalesce(p.name, u.label) as speaker
           from utterances u
           left join attributions a on a.session_id = u.session_id and a.label = u.speaker
           left join participants p on p.id = a.participant_id
           where u.id = any($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let line = |row: (Uuid, i32, Option<i64>, Option<String>, String)| {
        let (id, position, start_ms, speaker, text) = row;
        (id, Line { found: FoundUtterance { id, position, speaker, start_ms }, text })
    };
    Ok(rows.into_iter().map(|row| line((row.id, row.position, row.start_ms, row.speaker, row.text))).collect())
}
