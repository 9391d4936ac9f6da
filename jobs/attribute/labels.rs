//! The speakers of a session as shown to the coach: who each label was identified as, why, and what was said under it;
//! and the follow-ups sent with someone else's words. Read-only.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    excerpts::{self, Excerpt},
    people::{People, Who},
    resolve::{Basis, resolve},
    spoken,
    store::{self, Stored},
};
use crate::{
    db::{TenantTx, Tx},
    model::MailState,
    names::{generic, phone},
    queue::in_place,
};

/// A speaker label of a session, with what helps to recognise the speaker.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Speaker {
    /// The label as written; empty for utterances without a label.
    pub label: String,
    /// Number of words said under it.
    pub words: i32,
    /// Number of turns under it.
    pub turns: i32,
    /// Who it was identified as; `None` while it needs the coach's answer.
    pub who: Option<Who>,
    /// That person's name.
    pub person: Option<String>,
    /// How certain that is, from 0 to 1.
    pub confidence: f32,
    /// The reason, in a sentence.
    pub reason: String,
    /// The kind of evidence.
    pub basis: Basis,
    /// Whether the coach said so.
    pub by_coach: bool,
    /// The likeliest person, while the coach's answer is missing.
    pub suggestion: Option<Who>,
    /// Whether an answer applies to this session alone, because tools give such a label to anyone.
    pub is_generic: bool,
    /// The person whose name it is: an answer that names someone else applies to this session alone.
    pub owner: Option<Who>,
    /// Two to five telling excerpts, in order.
    pub excerpts: Vec<Excerpt>,
}

/// The speakers of a session, those who said most first; empty before it's attributed.
///
/// # Errors
/// If the database fails.
pub async fn speakers(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Speaker>, sqlx::Error> {
    let stored = store::stored(tx, session_id).await?;
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let known = store::load_people(tx, session_id).await?.people;
    let speech = store::load_speech(tx, session_id).await?;
    Ok(in_place(|| shown(&stored, &known, &speech)))
}

fn shown(stored: &HashMap<String, Stored>, known: &People, speech: &store::Speech) -> Vec<Speaker> {
    let (labels, said, starts) = (speech.labels(), speech.said(), speech.starts());
    let mentions = spoken::mentions(&said, &known.known_names());
    let waits = stored.values().any(|stored| stored.who.is_none());
    let suggestions: HashMap<String, Who> = if waits {
        let found = resolve(&labels, &said, known).into_iter();
        found.filter_map(|found| Some((found.label, found.suggestion?))).collect()
    } else {
        HashMap::new()
    };
    let written: Vec<&str> = labels.iter().map(|label| label.label.as_str()).collect();
    let anybodys = generic::among(&written, |word| known.has_name(word));
    let mut turns = vec![0; labels.len()];
    let mut last = None;
    for one in &said {
        turns[one.label] += i32::from(last != Some(one.label));
        last = Some(one.label);
    }
    let speaker = |(at, label): (usize, super::Label)| {
        let Stored { who, name, confidence, reason, by_coach, basis } = stored.get(&label.label)?.clone();
        Some(Speaker {
            words: label.words,
            turns: turns[at],
            who,
            person: who.map(|who| if who == Who::Shared { known.name(who).to_owned() } else { name }),
            confidence,
            reason,
            basis,
            by_coach,
            suggestion: suggestions.get(&label.label).copied().filter(|_| who.is_none()),
            is_generic: anybodys[at] && phone::number(&label.label).is_none(),
            owner: known.owner(&label.label),
            excerpts: excerpts::choose(at, &said, &starts, &mentions),
            label: label.label,
        })
    };
    let mut speakers: Vec<Speaker> = labels.into_iter().enumerate().filter_map(speaker).collect();
    speakers.sort_by_key(|speaker| std::cmp::Reverse(speaker.words));
    speakers
}

/// The speakers of a session who need to be named, those who said most first.
///
/// # Errors
/// If the database fails.
pub async fn unresolved(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Speaker>, sqlx::Error> {
    Ok(speakers(tx, session_id).await?.into_iter().filter(|speaker| speaker.who.is_none()).collect())
}

/// A label identified by evidence that could be wrong, and not yet confirmed by anyone.
#[derive(Clone, Debug, Serialize)]
pub struct Guess {
    /// The label as written.
    pub label: String,
    /// That person's name.
    pub person: String,
    /// The reason, in a sentence.
    pub reason: String,
    /// The kind of evidence.
    pub basis: Basis,
}

/// The guesses of a session: clients by a part of a name, by what is said or by the occasion; the coach by the last
/// two.
///
/// # Errors
/// If the database fails.
pub async fn guesses(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Guess>, sqlx::Error> {
    let rows = sqlx::query!(
        "select label, name, reason, basis from attributions join participants on participants.id = participant_id
         where attributions.session_id = $1 and not by_coach and basis in ('part_of_name', 'speech', 'occasion')
           and (kind = 'client' or basis <> 'part_of_name')
         order by kind, label",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let guess = |(label, person, reason, basis): (String, String, String, String)| Guess {
        label,
        person,
        reason,
        basis: Basis::parse(&basis),
    };
    Ok(rows.into_iter().map(|row| guess((row.label, row.name, row.reason, row.basis))).collect())
}

/// A follow-up that was sent, or may have been, with words that aren't its client's.
#[derive(Clone, Debug, Serialize)]
pub struct Misdelivered {
    /// The client it was sent to.
    pub client: String,
    /// The address it was sent to.
    pub recipient: String,
    /// `sending`, `sent` or `uncertain`; `cancelled` if it was stopped at the last moment after all.
    pub mail_state: MailState,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// The sentences that are based on what someone else said.
    pub sentences: Vec<String>,
}

/// The follow-ups of a session known to have been sent with someone else's words.
///
/// # Errors
/// If the database fails.
pub async fn misdelivered(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Misdelivered>, sqlx::Error> {
    sqlx::query_as!(
        Misdelivered,
        r#"select clients.name as client, mails.recipient, mails.state as "mail_state: MailState", mails.sent_at,
                  array(select text from claims where id = any(claim_ids) order by position, id) as "sentences!"
           from misdeliveries
           join mails on mails.id = mail_id
           join summaries on summaries.id = summary_id
           join clients on clients.id = summaries.client_id
           where misdeliveries.session_id = $1 order by clients.name, mails.id"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await
}
