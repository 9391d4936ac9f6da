//! A person names the speakers of a session that waits.
//!
//! Writes what was said of this session's labels, an alias for each label that is a name (so that it is asked only
//! once), and the job that attributes again. Saying the same twice changes nothing.

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;

use super::{AttributeSession, Who, names, resolve::resolve, store};
use crate::{
    db::{TenantTx, Tx},
    model::session::{self, State},
    people::{self, PeopleError},
    queue::enqueue,
};

/// Who a speaker is, as a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeakerIs {
    /// The coach of the session.
    Coach,
    /// A client of the coach.
    Client(Uuid),
    /// A client who is not known yet.
    NewClient {
        /// The name.
        name: String,
        /// Where follow-ups go.
        email: Option<String>,
    },
    /// Neither: a colleague, an assistant, a recording.
    Guest {
        /// The name; the label where it is empty.
        name: String,
    },
}

/// What a naming came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Labels that were named.
    pub named: usize,
    /// Labels that still wait.
    pub remaining: usize,
}

/// Why speakers could not be named, in words for the person who named them.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// The session does not wait for its speakers: they are named, or it is summarised already.
    #[error("this session does not wait for its speakers (any more)")]
    NotWaiting,
    /// Nobody speaks under this label.
    #[error("nobody speaks under the label “{0}” in this session; write it exactly as it is shown")]
    NoLabel(String),
    /// The coach has no such client.
    #[error("that client is not one of this coach's")]
    NoClient,
    /// The new client's name or email cannot be used.
    #[error(transparent)]
    Person(#[from] PeopleError),
    /// The database did not do it.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// A speaker who waits to be named, with what helps to recognise them.
#[derive(Clone, Debug, Serialize)]
pub struct UnresolvedSpeaker {
    /// As written; empty for utterances without a label.
    pub label: String,
    /// How many words they said.
    pub words: i32,
    /// How often they began to speak.
    pub turns: i32,
    /// Up to five telling things that they said, in their order.
    pub excerpts: Vec<String>,
    /// The client or coach who is likeliest, where one is.
    pub suggestion: Option<Suggestion>,
    /// Why it is not known, in a sentence.
    pub reason: String,
}

/// Who a speaker might be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suggestion {
    /// The coach of the session.
    Coach,
    /// This client.
    Client(Uuid),
}

/// Names speakers of a session that waits for them.
///
/// # Errors
/// When the session does not wait, or an answer cannot be used: then the caller drops the transaction.
pub async fn name_speakers(
    tx: &mut TenantTx,
    session_id: Uuid,
    answers: &[(String, SpeakerIs)],
) -> Result<Named, NameError> {
    let (state, correlation_id) = session::lock(tx, session_id).await?.ok_or(NameError::NoSession)?;
    if state != State::WaitingForSpeakers.as_str() || store::is_summarized(tx, session_id).await? {
        return Err(NameError::NotWaiting);
    }
    let coach_id =
        sqlx::query_scalar!("select coach_id from sessions where id = $1", session_id).fetch_one(tx.conn()).await?;
    for (label, is) in answers {
        let (who, name) = identify(tx, coach_id, label, is).await?;
        let participant = participant(tx, session_id, who, &name).await?;
        let named = sqlx::query!(
            "update attributions
             set participant_id = $3, confidence = 1, reason = 'You named this speaker.', by_coach = true, decided_at = now()
             where session_id = $1 and label = $2",
            session_id,
            label,
            participant
        )
        .execute(tx.conn())
        .await?;
        if named.rows_affected() == 0 {
            return Err(NameError::NoLabel(label.clone()));
        }
        // What tools call anybody is somebody else in the next session.
        if !names::is_generic(label) {
            remember(tx, coach_id, label, who, &name).await?;
        }
    }
    let remaining = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attributions where session_id = $1 and participant_id is null"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    if remaining == 0 {
        session::set_state(tx, session_id, State::Parsed).await?;
    }
    enqueue(tx, &AttributeSession { session_id }, correlation_id).await?;
    tracing::info!(
        target: "attribute",
        {
            session.id = %session_id, correlation.id = %correlation_id, labels.named = answers.len(),
            labels.unresolved = remaining
        },
        "speakers were named"
    );
    Ok(Named { named: answers.len(), remaining: usize::try_from(remaining).unwrap_or(0) })
}

/// Whom an answer means, and what they are called.
async fn identify(tx: &mut TenantTx, coach_id: Uuid, label: &str, is: &SpeakerIs) -> Result<(Who, String), NameError> {
    let client = match is {
        SpeakerIs::Coach => {
            let name = sqlx::query_scalar!("select name from coaches where id = $1", coach_id);
            return Ok((Who::Coach, name.fetch_one(tx.conn()).await?));
        }
        SpeakerIs::Guest { name } => {
            let name = [name.trim(), label.trim(), "Guest"].into_iter().find(|name| !name.is_empty());
            return Ok((Who::Guest, name.unwrap_or_default().to_owned()));
        }
        SpeakerIs::Client(client) => *client,
        SpeakerIs::NewClient { name, email } => {
            let email = email.as_deref().map(str::trim).filter(|email| !email.is_empty());
            people::new_client(tx, coach_id, name, email).await?
        }
    };
    let name = sqlx::query_scalar!("select name from clients where id = $1 and coach_id = $2", client, coach_id);
    Ok((Who::Client(client), name.fetch_optional(tx.conn()).await?.ok_or(NameError::NoClient)?))
}

/// The participant of the session who is this person; added where there is none yet. The job counts what they said.
async fn participant(tx: &mut TenantTx, session_id: Uuid, who: Who, name: &str) -> Result<Uuid, sqlx::Error> {
    let (kind, client_id) = match who {
        Who::Coach => ("coach", None),
        Who::Client(client) => ("client", Some(client)),
        Who::Guest => ("guest", None),
    };
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

/// Remembers a name for all of the coach's sessions. What a person says counts for more than what stood there before.
async fn remember(tx: &mut TenantTx, coach_id: Uuid, label: &str, who: Who, name: &str) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    let client_id = if let Who::Client(client) = who { Some(client) } else { None };
    // A guest's alias keeps what the guest is called; a client's or the coach's keeps the label as it was written.
    let written = if who == Who::Guest { name } else { label };
    sqlx::query!(
        "insert into aliases
            (organization_id, coach_id, normalized, written, client_id, is_coach, is_guest, source)
         values ($1, $2, $3, $4, $5, $6, $7, 'correction')
         on conflict (organization_id, coach_id, normalized) do update
         set written = excluded.written, client_id = excluded.client_id, is_coach = excluded.is_coach,
             is_guest = excluded.is_guest, source = excluded.source",
        organization,
        coach_id,
        names::alias_key(label),
        written,
        client_id,
        who == Who::Coach,
        who == Who::Guest
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The speakers of a session who wait to be named, those who said most first.
///
/// # Errors
/// When the database does not answer.
pub async fn unresolved(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<UnresolvedSpeaker>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select coalesce(utterances.label, '') as "label!", text, reason as "reason?"
           from utterances left join attributions
             on attributions.session_id = $1 and attributions.label = coalesce(utterances.label, '')
                and participant_id is null
           where utterances.session_id = $1 order by transcript_id, position"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let known = store::load_people(tx, session_id).await?;
    let speech = store::load_speech(tx, session_id).await?;
    let suggestions: HashMap<String, Suggestion> = resolve(&speech.labels(), &speech.said(), &known.people)
        .into_iter()
        .filter_map(|found| match found.suggestion? {
            Who::Coach => Some((found.label, Suggestion::Coach)),
            Who::Client(client) => Some((found.label, Suggestion::Client(client))),
            Who::Guest => None,
        })
        .collect();
    let mut speakers: Vec<(UnresolvedSpeaker, Vec<&str>)> = Vec::new();
    let mut last = None;
    for row in &rows {
        let is_new_turn = last != Some(&row.label);
        last = Some(&row.label);
        let Some(reason) = &row.reason else { continue };
        let at = speakers.iter().position(|(speaker, _)| speaker.label == row.label).unwrap_or_else(|| {
            let speaker = UnresolvedSpeaker {
                label: row.label.clone(),
                words: 0,
                turns: 0,
                excerpts: Vec::new(),
                suggestion: suggestions.get(&row.label).cloned(),
                reason: reason.clone(),
            };
            speakers.push((speaker, Vec::new()));
            speakers.len() - 1
        });
        let (speaker, texts) = &mut speakers[at];
        speaker.words += store::count(row.text.split_whitespace().count());
        speaker.turns += i32::from(is_new_turn);
        texts.push(&row.text);
    }
    let with_excerpts =
        |(speaker, texts): (UnresolvedSpeaker, Vec<&str>)| UnresolvedSpeaker { excerpts: excerpts(&texts), ..speaker };
    let mut speakers: Vec<UnresolvedSpeaker> = speakers.into_iter().map(with_excerpts).collect();
    speakers.sort_by_key(|speaker| std::cmp::Reverse(speaker.words));
    Ok(speakers)
}

/// Up to five utterances by which a person is recognised: long ones, rather those in which they speak of themselves.
/// In their order; a very long one is cut at a word.
fn excerpts(texts: &[&str]) -> Vec<String> {
    const OWN: [&str; 12] = ["i", "i'm", "i've", "i'd", "my", "me", "we", "our", "ich", "mein", "je", "jag"];
    let score = |text: &str| {
        let words: Vec<String> = text.to_lowercase().replace('’', "'").split_whitespace().map(str::to_owned).collect();
        let own = words.iter().filter(|word| OWN.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()))).count();
        words.len().min(40) + 6 * own.min(4)
    };
    let mut best: Vec<usize> = (0..texts.len()).collect();
    best.sort_by_key(|at| std::cmp::Reverse(score(texts[*at])));
    best.truncate(5);
    best.sort_unstable();
    best.into_iter().map(|at| shorten(texts[at])).collect()
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 240;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => {
            let end = text[..end].rfind(' ').unwrap_or(end);
            format!("{} …", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_telling_and_in_order() {
        let long = "word ".repeat(100);
        let texts =
            ["Yes.", "I told my team that I would be late.", "Ok.", "Hm.", long.as_str(), "Right.", "No.", "So?"];
        let found = excerpts(&texts);
        assert_eq!(found.len(), 5);
        let own = found.iter().position(|text| text.starts_with("I told"));
        let cut = found.iter().position(|text| text.ends_with("word …") && text.chars().count() <= 242);
        assert!(own.is_some() && cut > own, "{found:?}");
    }
}
