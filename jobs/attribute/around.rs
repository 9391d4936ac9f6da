//! Reads a session's context: the names of its files, its time, earlier sessions, and who its labels were elsewhere.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{
    occasion::{Earlier, Occasion},
    people::Who,
    store,
};
use crate::{
    db::{TenantTx, Tx},
    meeting::key::{self, InboxKey},
    names,
};

/// Who this session's labels were in the coach's other sessions, by alias key: if the coach said so, a file links them
/// to an address, or the coach approved what was written about it.
pub(super) async fn met(tx: &mut TenantTx, session_id: Uuid) -> Result<HashMap<String, Vec<Who>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct attributions.label as "label!", participants.client_id as "client_id?"
           from attributions
           join sessions on sessions.id = attributions.session_id
           join participants on participants.id = attributions.participant_id
           where sessions.coach_id = (select coach_id from sessions where id = $1) and sessions.id <> $1
             and participants.kind in ('coach', 'client')
             and lower(attributions.label) in (select lower(speaker) from utterances where session_id = $1 and replaced_at is null)
             and (attributions.by_coach or attributions.basis = 'files'
                  or exists (select from summaries where summaries.session_id = sessions.id and state = 'approved'
                             and summaries.client_id = participants.client_id))"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut met: HashMap<String, Vec<Who>> = HashMap::new();
    for row in rows {
        let known = met.entry(names::alias_key(&row.label)).or_default();
        let who = store::who(row.client_id, true, false);
        if !known.contains(&who) {
            known.push(who);
        }
    }
    Ok(met)
}

pub(super) async fn occasion(tx: &mut TenantTx, session_id: Uuid) -> Result<Occasion, sqlx::Error> {
    let session = sqlx::query!(
        "select sessions.coach_id, session_date, begins_at, type as kind, time_zone
         from sessions join coaches on coaches.id = sessions.coach_id where sessions.id = $1",
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    let zone: Tz = session.time_zone.parse().unwrap_or(Tz::UTC);
    let keys = sqlx::query_scalar!(
        "select object_key from transcripts where session_id = $1 and rejected_reason is null order by object_key",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let mut names: Vec<String> = Vec::new();
    let mut time = session.begins_at;
    for given in keys.iter().flat_map(|key| given_names(key)) {
        time = time.or_else(|| key::time_in(&given, zone));
        if !names.contains(&given) {
            names.push(given);
        }
    }
    let begins = time.map(|time| (session.session_date, time));
    let earlier = match begins {
        Some(_) => earlier(tx, session_id, session.coach_id, session.session_date, zone).await?,
        None => Vec::new(),
    };
    Ok(Occasion { names, is_group: session.kind == "group", begins, earlier })
}

/// The coach's sessions on the same weekday in the eight weeks before, if their file names give the time.
async fn earlier(
    tx: &mut TenantTx,
    session_id: Uuid,
    coach_id: Uuid,
    date: NaiveDate,
    zone: Tz,
) -> Result<Vec<Earlier>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select session_date, begins_at, object_key,
                  array(select client_id from participants
                        where session_id = sessions.id and client_id is not null) as "clients!: Vec<Uuid>"
           from sessions
           where coach_id = $1 and id <> $2 and session_date < $3 and session_date >= $3 - 56
             and extract(isodow from session_date) = extract(isodow from $3::date)
             and state in ('attributed', 'summarized', 'in_review', 'closed')
           order by session_date desc limit 100"#,
        coach_id,
        session_id,
        date
    )
    .fetch_all(tx.conn())
    .await?;
    let one = |(date, said, key, clients): (NaiveDate, Option<NaiveTime>, String, Vec<Uuid>)| {
        let time = said.or_else(|| given_names(&key).iter().find_map(|name| key::time_in(name, zone)))?;
        Some(Earlier { begins: (date, time), clients: clients.into_iter().map(Who::Client).collect() })
    };
    Ok(rows.into_iter().filter_map(|row| one((row.session_date, row.begins_at, row.object_key, row.clients))).collect())
}

/// The names that a person gave a key's folders and file, the file's without its extension.
fn given_names(key: &str) -> Vec<String> {
    let InboxKey::Transcript(key) = key::read(key) else { return Vec::new() };
    let stem = key.file.rsplit_once('.').map_or(key.file.as_str(), |(stem, _)| stem).to_owned();
    key.folders.into_iter().chain([stem]).collect()
}
