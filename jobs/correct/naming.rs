//! A person names the speakers of a session that is on hold.
//!
//! Writes who the session's labels are, an alias for each label that is a name (so that we ask only once), and the job
//! that attributes the session again. Giving the same answer twice changes nothing.

use serde::Serialize;
use uuid::Uuid;

use super::set_speakers::{self, Answer};
use crate::{
    attribute::{People, Who, store, write},
    clean,
    db::{TenantTx, Tx},
    names::{self, generic, phone},
    path::{self, AttributeSession, SessionState, session},
    people::{self, PeopleError},
    queue::enqueue,
};

/// Who a speaker is, according to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeakerIs {
    /// The coach of the session.
    Coach,
    /// A client of the coach.
    Client(Uuid),
    /// A client who isn't known yet.
    NewClient {
        /// The client's full name.
        name: String,
        /// Where follow-ups are sent.
        email: Option<String>,
    },
    /// Neither of them: a colleague, an assistant, a recording.
    Guest {
        /// The guest's name; if empty, the label is used.
        name: String,
    },
    /// Several people under one label: a room, a shared device. The words belong to nobody.
    Shared,
}

/// The effects of naming speakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Number of labels that were named.
    pub named: usize,
    /// Number of labels that still need an answer.
    pub remaining: usize,
    /// How far the answers reach.
    pub reach: Reach,
}

/// Which of the coach's sessions an answer changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The one that it was given for.
    #[default]
    ThisSession,
    /// Later ones too: it's remembered.
    LaterSessions,
    /// Earlier ones as well: they are being updated.
    EarlierSessions,
}

/// Why speakers couldn't be named, worded for the person who named them.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// The session isn't on hold for its speakers: they have been named, or it has already been summarised.
    #[error("this session isn’t waiting for its speakers (any more)")]
    NotWaiting,
    /// Nobody speaks under this label.
    #[error("nobody speaks under the label “{0}” in this session; write it exactly as shown")]
    NoLabel(String),
    /// There is no guess for this label to take back.
    #[error("there’s no guess about “{0}” to undo; say who it is instead")]
    NoGuess(String),
    /// A follow-up with these words has been sent or is being sent.
    #[error(
        "a follow-up with these words has been sent or is on its way: say who spoke instead, and we’ll tell you what \
         went out"
    )]
    Gone,
    /// The label belongs to one person.
    #[error("“{0}” is one person; first say that several people speak under it")]
    NotShared(String),
    /// The turn doesn't belong to this label.
    #[error("there’s no such turn under this name; reload the page and try again")]
    NoTurn,
    /// The coach has no such client as this label was said to be.
    #[error("that client isn’t one of this coach’s")]
    NoClient(String),
    /// The name or the email of whom this label was said to be can't be used.
    #[error("{1}")]
    Person(String, PeopleError),
    /// A database error.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Names the speakers of a session that is on hold, for all of the coach's sessions.
///
/// # Errors
/// If the session isn't on hold, or an answer can't be used: the caller must roll back the transaction.
pub async fn name_speakers(
    tx: &mut TenantTx,
    session_id: Uuid,
    answers: &[(String, SpeakerIs)],
) -> Result<Named, NameError> {
    let answer = |(label, is): &(String, SpeakerIs)| Answer { label: label.clone(), is: is.clone(), everywhere: true };
    name(tx, session_id, &answers.iter().map(answer).collect::<Vec<_>>()).await
}

/// Like [`name_speakers`], but an answer may apply to this session alone.
pub(super) async fn name(tx: &mut TenantTx, session_id: Uuid, answers: &[Answer]) -> Result<Named, NameError> {
    let session = session::lock(tx, session_id).await?.ok_or(NameError::NoSession)?;
    let correlation_id = session.correlation_id;
    if session.state != SessionState::WaitingForSpeakers || session::is_summarized(tx, session_id).await? {
        return Err(NameError::NotWaiting);
    }
    let coach_id = hold_coach(tx, session_id).await?;
    let mut reach = Reach::default();
    for Answer { label, is, everywhere } in answers {
        let (who, name) = identify(tx, coach_id, label, is).await?;
        let is_shared = who == Who::Shared;
        let participant = if is_shared { None } else { Some(participant(tx, session_id, who, &name).await?) };
        let named = sqlx::query!(
            "update attributions
             set participant_id = $3, is_shared = $4, confidence = 1, reason = 'You named this speaker.', by_coach = true,
                 basis = 'coach', decided_at = now()
             where session_id = $1 and label = $2",
            session_id,
            label,
            participant,
            is_shared
        )
        .execute(tx.conn())
        .await?;
        if named.rows_affected() == 0 {
            return Err(NameError::NoLabel(label.clone()));
        }
        if *everywhere {
            reach = reach.max(remember(tx, (coach_id, session_id), label, who, &name, correlation_id).await?);
        }
    }
    let remaining = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attributions
           where session_id = $1 and participant_id is null and not is_shared"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    match remaining {
        0 => path::advance(tx, &session, SessionState::Parsed).await?,
        // The answers may reveal who the others are.
        _ => enqueue(tx, &AttributeSession { session_id }, correlation_id).await.map(drop)?,
    }
    tracing::info!(
        target: "attribute",
        {
            session.id = %session_id, correlation.id = %correlation_id, labels.named = answers.len(),
            labels.unresolved = remaining
        },
        "speakers were named"
    );
    Ok(Named { named: answers.len(), remaining: usize::try_from(remaining).unwrap_or(0), reach })
}

/// Locks the coach of a session: nobody else changes the coach's people and names, or reads them to attribute, until
/// the transaction ends.
pub(super) async fn hold_coach(tx: &mut TenantTx, session_id: Uuid) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from coaches where id = (select coach_id from sessions where id = $1) for no key update",
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Who an answer refers to, and their name.
pub(super) async fn identify(
    tx: &mut TenantTx,
    coach_id: Uuid,
    label: &str,
    is: &SpeakerIs,
) -> Result<(Who, String), NameError> {
    let unusable = |problem| NameError::Person(label.to_owned(), problem);
    let client = match is {
        SpeakerIs::Coach => {
            let name = sqlx::query_scalar!("select name from coaches where id = $1", coach_id);
            return Ok((Who::Coach, name.fetch_one(tx.conn()).await?));
        }
        SpeakerIs::Guest { name } => {
            if !clean::line(name).is_empty() {
                people::good_name(name).map_err(unusable)?;
            }
            let names = [name.as_str(), label, "Guest"].map(clean::line);
            return Ok((Who::Guest, names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()));
        }
        SpeakerIs::Shared => return Ok((Who::Shared, String::new())),
        SpeakerIs::Client(client) => *client,
        SpeakerIs::NewClient { name, email } => {
            let email = email.as_deref().map(str::trim).filter(|email| !email.is_empty());
            people::new_client(tx, coach_id, name, email).await.map_err(unusable)?
        }
    };
    let name = sqlx::query_scalar!(
        "select name from clients where id = $1 and coach_id = $2 and removed_at is null",
        client,
        coach_id
    );
    Ok((
        Who::Client(client),
        name.fetch_optional(tx.conn()).await?.ok_or_else(|| NameError::NoClient(label.to_owned()))?,
    ))
}

/// The session's participant for this person, added if there is none yet. The job counts what they said.
async fn participant(tx: &mut TenantTx, session_id: Uuid, who: Who, name: &str) -> Result<Uuid, sqlx::Error> {
    let (kind, client_id) = write::kind(who);
    let found = sqlx::query_scalar!(
        "select id from participants
         where session_id = $1 and kind = $2 and client_id is not distinct from $3 and (kind <> 'guest' or name = $4)
         limit 1",
        session_id,
        kind,
        client_id,
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(found) = found {
        return Ok(found);
    }
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    sqlx::query!(
        "insert into participants (id, organization_id, session_id, kind, client_id, name) values ($1, $2, $3, $4, $5, $6)",
        id,
        organization,
        session_id,
        kind,
        client_id,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Remembers a name for all of the coach's sessions, and has the sessions checked again in which it meant someone else.
/// A person's answer outranks what was learned before. Returns how far the answer reaches.
///
/// A generic device name is someone else in the next session; and a label that is a person's own name, or their alias in
/// the client list, stays theirs, even if someone else once spoke under it.
pub(super) async fn remember(
    tx: &mut TenantTx,
    (coach_id, session_id): (Uuid, Uuid),
    label: &str,
    who: Who,
    name: &str,
    correlation_id: Uuid,
) -> Result<Reach, sqlx::Error> {
    let people = store::load_people(tx, session_id).await?.people;
    if is_anybodys(tx, session_id, label, &people).await? || people.owner(label).is_some_and(|owner| owner != who) {
        return Ok(Reach::ThisSession);
    }
    let organization = tx.tenant();
    let normalized = names::alias_key(label);
    let was = sqlx::query!(
        r#"select written, client_id, is_coach, is_shared, source = 'correction' as "by_correction!"
           from aliases where coach_id = $1 and normalized = $2"#,
        coach_id,
        normalized
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|row| store::alias(row.written, (row.client_id, row.is_coach, row.is_shared), row.by_correction));
    // A guest's alias keeps what the guest is called; a client's or the coach's keeps the label as it was written.
    let written = if who == Who::Guest { name } else { label };
    sqlx::query!(
        "insert into aliases
            (organization_id, coach_id, normalized, written, client_id, is_coach, is_guest, is_shared, source)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'correction')
         on conflict (organization_id, coach_id, normalized) do update
         set written = excluded.written, client_id = excluded.client_id, is_coach = excluded.is_coach,
             is_guest = excluded.is_guest, is_shared = excluded.is_shared, source = excluded.source",
        organization,
        coach_id,
        normalized,
        written,
        write::kind(who).1,
        who == Who::Coach,
        who == Who::Guest,
        who == Who::Shared
    )
    .execute(tx.conn())
    .await?;
    if was.as_ref().is_some_and(|was| was.who == who) {
        return Ok(Reach::LaterSessions);
    }
    let spreads = set_speakers::spread(tx, (coach_id, session_id), &normalized, was.as_ref(), correlation_id).await?;
    Ok(if spreads { Reach::EarlierSessions } else { Reach::LaterSessions })
}

/// Whether a label of this session is one that tools give to anyone. A caller's full number belongs to one person.
async fn is_anybodys(tx: &mut TenantTx, session_id: Uuid, label: &str, people: &People) -> Result<bool, sqlx::Error> {
    if phone::number(label).is_some() {
        return Ok(false);
    }
    let labels = sqlx::query_scalar!(
        r#"select distinct speaker as "speaker!" from utterances where session_id = $1 and replaced_at is null"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let written: Vec<&str> = labels.iter().map(String::as_str).chain([label]).collect();
    Ok(generic::among(&written, |word| people.has_name(word)).last().copied().unwrap_or(false))
}
