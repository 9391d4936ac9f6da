//! What the stage reads: speech, people, and what is stored about labels. [`super::write`] writes.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    around,
    attendees::{self, Attended},
    measures::{self, Measures},
    people::{Alias, People, Person, Who},
    resolve::{Basis, Label, Resolution},
    roles::Utterance,
};
use crate::{
    db::{self, TenantTx, Tx},
    names,
    queue::in_place,
};

/// The utterances of a session, as needed by this stage, in order.
#[derive(Debug, Default)]
pub(crate) struct Speech {
    /// Each label once; the empty one stands for utterances without a label.
    labels: Vec<String>,
    utterances: Vec<Spoken>,
}

#[derive(Debug)]
struct Spoken {
    label: usize,
    words: i32,
    /// Start in milliseconds, if known.
    start: Option<i64>,
    /// Start and end in milliseconds, if both are known.
    time: Option<(i64, i64)>,
    text: String,
}

/// Everyone that the session may know.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownPeople {
    pub(crate) people: People,
    /// The names of guests: by label of this session, else by alias key.
    pub(crate) guests: HashMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) id: Uuid,
    pub(crate) who: Who,
    pub(super) name: String,
    pub(super) measures: Measures,
}

impl Speech {
    /// The utterances with their labels, in order.
    pub(crate) fn said(&self) -> Vec<Utterance<'_>> {
        self.utterances.iter().map(|spoken| Utterance { label: spoken.label, text: &spoken.text }).collect()
    }

    /// The start of each utterance in milliseconds, in the same order.
    pub(crate) fn starts(&self) -> Vec<Option<i64>> {
        self.utterances.iter().map(|spoken| spoken.start).collect()
    }

    /// The labels, and how much was said under each.
    pub(crate) fn labels(&self) -> Vec<Label> {
        let mut words = vec![0_i32; self.labels.len()];
        for spoken in &self.utterances {
            words[spoken.label] = words[spoken.label].saturating_add(spoken.words);
        }
        self.labels.iter().zip(words).map(|(label, words)| Label { label: label.clone(), words }).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) who: Option<Who>,
    pub(crate) name: String,
    pub(crate) confidence: f32,
    pub(crate) reason: String,
    pub(crate) by_coach: bool,
    pub(crate) basis: Basis,
}

impl Stored {
    pub(crate) fn resolution(&self, label: String) -> Resolution {
        let Self { who, confidence, basis, .. } = *self;
        Resolution { label, who, confidence, reason: self.reason.clone(), basis, suggestion: None }
    }
}

/// The stored resolutions of all labels of the session.
pub(crate) async fn stored(tx: &mut TenantTx, session_id: Uuid) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select label as "label!", participant_id as "participant_id?", client_id as "client_id?", coalesce(kind = 'coach', false) as "is_coach!",
                  is_shared as "is_shared!", coalesce(name, '') as "name!", confidence as "confidence!",
                  reason as "reason!", by_coach as "by_coach!", basis as "basis!"
           from attributions left join participants on participants.id = participant_id
           where attributions.session_id = $1"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let stored = rows.into_iter().map(|row| {
        let is_known = row.participant_id.is_some() || row.is_shared;
        let who = is_known.then(|| who(row.client_id, row.is_coach, row.is_shared));
        let (name, confidence, reason, by_coach) = (row.name, row.confidence, row.reason, row.by_coach);
        (row.label, Stored { who, name, confidence, reason, by_coach, basis: Basis::parse(&row.basis) })
    });
    Ok(stored.collect())
}

pub(crate) async fn load_speech(tx: &mut TenantTx, session_id: Uuid) -> Result<Speech, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select speaker as "label!", start_ms, end_ms, text from utterances
           where session_id = $1 and replaced_at is null order by transcript_id, position"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(in_place(|| {
        let mut speech = Speech::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let label = *places.entry(row.label).or_insert_with_key(|label| {
                speech.labels.push(label.clone());
                speech.labels.len() - 1
            });
            let (words, time) = (db::count(debrief_transcript::words::count(&row.text)), row.start_ms.zip(row.end_ms));
            speech.utterances.push(Spoken { label, words, start: row.start_ms, time, text: row.text });
        }
        speech
    }))
}

/// A value that changes with the utterances of a session, and with their labels.
pub(super) async fn stamp(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select md5(string_agg(id::text || speaker, ',' order by id)) from utterances where session_id = $1",
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Locks the coach's clients and aliases until the transaction ends.
pub(crate) async fn hold_people(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select id from coaches where id = (select coach_id from sessions where id = $1) for share",
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// The coach, the clients, the aliases, and the coach's answers about this session's labels.
pub(crate) async fn load_people(tx: &mut TenantTx, session_id: Uuid) -> Result<KnownPeople, sqlx::Error> {
    let mut known = KnownPeople::default();
    let rows = sqlx::query!(
        r#"with session as (select coach_id from sessions where id = $1)
           select null::uuid as client_id, name as "name!", email from coaches where id = (select coach_id from session)
           union all
           select id, name, email from clients where coach_id = (select coach_id from session) and removed_at is null"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    known.people.people = rows
        .into_iter()
        .map(|row| Person::new(row.client_id.map_or(Who::Coach, Who::Client), row.name, row.email.as_deref()))
        .collect();
    let rows = sqlx::query!(
        r#"select normalized, written, client_id, is_coach, is_shared, source = 'correction' as "by_correction!"
           from aliases where coach_id = (select coach_id from sessions where id = $1)"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        let alias = alias(row.written, (row.client_id, row.is_coach, row.is_shared), row.by_correction);
        if alias.who == Who::Guest {
            known.guests.insert(row.normalized.clone(), alias.written.clone());
        }
        known.people.aliases.insert(row.normalized, alias);
    }
    known.people.learn_names();
    let rows = sqlx::query!(
        r#"select label as "label!", client_id as "client_id?", coalesce(kind = 'coach', false) as "is_coach!",
                  is_shared as "is_shared!",
                  coalesce(name, '') as "name!"
           from attributions left join participants on participants.id = participant_id
           where attributions.session_id = $1 and by_coach and (participant_id is not null or is_shared)"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        let who = who(row.client_id, row.is_coach, row.is_shared);
        if who == Who::Guest {
            known.guests.insert(row.label.clone(), row.name);
        }
        known.people.named.insert(row.label, who);
    }
    let refused =
        sqlx::query_scalar!("select label from attributions where session_id = $1 and is_refused", session_id);
    known.people.refused = refused.fetch_all(tx.conn()).await?.into_iter().collect();
    known.people.attended = load_attended(tx, session_id).await?;
    known.people.met = around::met(tx, session_id).await?;
    known.people.occasion = around::occasion(tx, session_id).await?;
    Ok(known)
}

/// Who attended the session, according to its files.
async fn load_attended(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Attended>, sqlx::Error> {
    let rows = sqlx::query!(
        "select name, other_names, email, label, was_there, source from session_attendees
         where session_id = $1 order by id",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let attended = rows.into_iter().map(|row| Attended {
        names: row.name.into_iter().chain(row.other_names).collect(),
        email: row.email.map(|email| email.to_lowercase()),
        label: row.label,
        was_there: row.was_there,
        source: row.source,
    });
    Ok(attended.collect())
}

/// The person that a row refers to.
pub(crate) fn who(client_id: Option<Uuid>, is_coach: bool, is_shared: bool) -> Who {
    match client_id {
        Some(client) => Who::Client(client),
        None if is_coach => Who::Coach,
        None if is_shared => Who::Shared,
        None => Who::Guest,
    }
}

/// An alias, from a row that has one: what was written, whom it means ([`who`]), and whether the coach said so.
pub(crate) fn alias(written: String, means: (Option<Uuid>, bool, bool), by_correction: bool) -> Alias {
    let (client_id, is_coach, is_shared) = means;
    Alias { who: who(client_id, is_coach, is_shared), written, by_correction }
}

/// The participants that the resolutions amount to, with how much each said. Guests are told apart by name. Clients who
/// were there without a word are among them, once nobody is unknown: an unknown speaker may be one of them.
pub(crate) fn participants(speech: &Speech, resolutions: &[Resolution], known: &KnownPeople) -> Vec<Participant> {
    let mut people: Vec<(Who, String)> = Vec::new();
    let mut of_label: HashMap<&str, usize> = HashMap::new();
    for resolution in resolutions {
        let Some(who) = resolution.who.filter(|who| *who != Who::Shared) else { continue };
        let name = known.name(who, &resolution.label);
        let same = |(other, called): &(Who, String)| *other == who && (who != Who::Guest || *called == name);
        let at = people.iter().position(same).unwrap_or_else(|| {
            people.push((who, name.clone()));
            people.len() - 1
        });
        of_label.insert(&resolution.label, at);
    }
    if resolutions.iter().all(|resolution| resolution.who.is_some()) {
        let spoke: Vec<Who> = people.iter().map(|(who, _)| *who).collect();
        let silent = attendees::silent(&spoke, &known.people);
        people.extend(silent.into_iter().map(|who| (who, known.name(who, ""))));
    }
    let participant = |spoken: &Spoken| of_label.get(speech.labels[spoken.label].as_str()).copied();
    let spoken: Vec<measures::Spoken<'_>> = speech
        .utterances
        .iter()
        .map(|one| measures::Spoken { participant: participant(one), time: one.time, text: &one.text })
        .collect();
    let measures = measures::measure(people.len(), &spoken);
    let participant =
        |((who, name), measures): ((Who, String), Measures)| Participant { id: Uuid::now_v7(), who, name, measures };
    people.into_iter().zip(measures).map(participant).collect()
}

impl KnownPeople {
    /// Whether the same people are known, by the same names, with the same answers from the coach and the files.
    /// Evidence from other sessions is ignored: it changes with each session that is read, in any order.
    pub(super) fn says_as_much_as(&self, other: &Self) -> bool {
        let (one, two) = (&self.people, &other.people);
        self.guests == other.guests
            && one.people == two.people
            && one.aliases == two.aliases
            && one.named == two.named
            && one.attended == two.attended
            && one.refused == two.refused
    }

    pub(super) fn name(&self, who: Who, label: &str) -> String {
        let person = self.people.people.iter().find(|person| person.who == who).map(|person| person.name.clone());
        let guest = || self.guests.get(label).or_else(|| self.guests.get(&names::alias_key(label))).cloned();
        person.or_else(guest).unwrap_or_else(|| label.to_owned())
    }
}
