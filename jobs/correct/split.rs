//! The coach tells apart several people under one label, turn by turn.
//!
//! Reads the turns of a label; writes whose their utterances are (the words, their order and their ids stay) and
//! attributes the session again. Turns without an answer stay with the label, and so belong to nobody. Giving the same
//! answer twice changes nothing.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use uuid::Uuid;

use super::{
    naming::{self, NameError, SpeakerIs},
    reattribute::{self, Cause, Session, plan},
    set_speakers::Corrected,
    touched,
};
use crate::{
    attribute::{
        Who,
        excerpts::shorten,
        store::{self, stored},
    },
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    desk::Desk,
    path::session,
    queue::in_place,
};

/// A turn under a label: it lasts until someone speaks under another label.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Turn {
    /// Id of its first utterance, which identifies the turn.
    pub id: Uuid,
    /// Start in milliseconds, if the file has times.
    pub start_ms: Option<i64>,
    /// The words said in it, truncated if long.
    pub text: String,
    /// Who speaks, if the coach has said so.
    pub who: Option<Who>,
    #[serde(skip)]
    utterances: Vec<Uuid>,
}

/// The turns under a label, as it is written in the file, in order.
///
/// # Errors
/// If the database fails.
pub async fn turns(tx: &mut TenantTx, session_id: Uuid, label: &str) -> Result<Vec<Turn>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select utterances.id as "id!", coalesce(utterances.label, '') = $2 as "is_of_label!", start_ms as "start_ms?",
                  text as "text!", voice as "voice?", client_id as "client_id?", coalesce(kind = 'coach', false) as "is_coach!"
           from utterances
           left join attributions on attributions.session_id = utterances.session_id and attributions.label = speaker
           left join participants on participants.id = participant_id
           where utterances.session_id = $1 and replaced_at is null order by transcript_id, position"#,
        session_id,
        label
    )
    .fetch_all(tx.conn())
    .await?;
    let mut turns: Vec<Turn> = Vec::new();
    let mut goes_on = false;
    for row in rows {
        if row.is_of_label {
            match turns.last_mut() {
                Some(turn) if goes_on => {
                    turn.utterances.push(row.id);
                    turn.text = shorten(&format!("{} {}", turn.text, row.text));
                }
                _ => turns.push(Turn {
                    id: row.id,
                    start_ms: row.start_ms,
                    text: shorten(&row.text),
                    who: row.voice.map(|_| store::who(row.client_id, row.is_coach, false)),
                    utterances: vec![row.id],
                }),
            }
        }
        goes_on = row.is_of_label;
    }
    Ok(turns)
}

/// Sets who speaks in the turns under a shared label; `None` assigns a turn to nobody. Turns that aren't named stay as
/// they are.
///
/// # Errors
/// [`NameError::NotShared`] if the label belongs to one person; otherwise as [`super::set_speakers`].
pub async fn split(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    label: &str,
    answers: &[(Uuid, Option<SpeakerIs>)],
    visitor: &Visitor,
) -> Result<Corrected, NameError> {
    let locked = session::lock(tx, session_id).await?.ok_or(NameError::NoSession)?;
    if !locked.state.is_attributed() {
        return Err(NameError::NotWaiting);
    }
    let coach_id = naming::hold_coach(tx, session_id).await?;
    let before = store::load_people(tx, session_id).await?;
    let stored = stored(tx, session_id).await?;
    let is_shared = stored.get(label).map(|stored| stored.who == Some(Who::Shared));
    // Once every turn has its person, nothing is left under the label itself.
    let turns: HashMap<Uuid, Turn> =
        turns(tx, session_id, label).await?.into_iter().map(|turn| (turn.id, turn)).collect();
    if turns.is_empty() {
        return Err(NameError::NoLabel(label.to_owned()));
    }
    if is_shared == Some(false) {
        return Err(NameError::NotShared(label.to_owned()));
    }
    let summaries = touched::lock_with_inputs(tx, session_id).await?;
    let mut after = before.clone();
    after.people.named.insert(label.to_owned(), Who::Shared);
    let mut said_of = BTreeSet::from([label.to_owned()]);
    for (id, is) in answers {
        let Some(turn) = turns.get(id) else { return Err(NameError::NoTurn) };
        let voice = match is {
            None => None,
            Some(is) => {
                let (who, name) = naming::identify(tx, coach_id, label, is).await?;
                let voice = part_of_label(label, who, &name);
                if who == Who::Guest {
                    after.guests.insert(voice.clone(), name);
                }
                after.people.named.insert(voice.clone(), who);
                said_of.insert(voice.clone());
                Some(voice)
            }
        };
        sqlx::query!(
            "update utterances set voice = $2 where id = any($1) and voice is distinct from $2",
            &turn.utterances,
            voice
        )
        .execute(tx.conn())
        .await?;
    }
    let speech = store::load_speech(tx, session_id).await?;
    let plan = in_place(|| plan(&speech, &before.people, &after.people, &stored, &said_of));
    let session = Session { locked, speech: &speech, known: &after, stored: &stored, cause: Cause::SaidHere };
    let touched = reattribute::apply(tx, desk, &session, summaries, &plan, visitor).await?;
    let corrected = Corrected { named: answers.len(), moved: plan.moved, touched, ..Corrected::default() };
    let detail = serde_json::to_value(corrected).unwrap_or_default();
    audit::record(tx, &Event { detail, ..Event::of(session_id, EventKind::SpeakersCorrected) }, visitor).await?;
    Ok(corrected)
}

/// The name of a person's part of a label: the name comes first, because code that looks for names in labels takes what
/// precedes the parenthesis. Two people with the same name are kept apart. It's stored in `utterances.voice`, a column
/// that has nothing to do with a coach's voice profile.
fn part_of_label(label: &str, who: Who, name: &str) -> String {
    let label = if label.is_empty() { "no name" } else { label };
    match who {
        Who::Client(id) => format!("{name} (in “{label}”, {})", &id.simple().to_string()[26..]),
        _ => format!("{name} (in “{label}”)"),
    }
}
