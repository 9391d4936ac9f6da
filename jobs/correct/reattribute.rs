//! Attributes a session again because a speaker turned out to be someone else.
//!
//! Reads the session's words, what is known about its people, and its summaries. Writes participants and attributions,
//! the state of the summaries whose words changed, the emails that must not be sent, and the ledger of those that were.
//! All in the caller's transaction, locking the session, then its summaries, then its emails. Utterances and versions
//! stay as they are. A rerun finds nothing changed and writes nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::touched::{self, Before, Touched};
use crate::{
    attribute::{
        People, Who,
        resolve::{Resolution, resolve},
        store::{self, KnownPeople, Speech, Stored},
        write,
    },
    audit::Visitor,
    db::{TenantTx, Tx},
    desk::Desk,
    index::IndexSession,
    path::{self, Locked, SessionState},
    queue::{enqueue, in_place},
};

/// What the labels mean now.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) resolutions: Vec<Resolution>,
    /// The labels that mean someone else than before.
    pub(super) moved: usize,
}

/// Compares what is known now with what was known before the correction. Labels in which the two differ depended on it,
/// and they move; everything else stays as stored, whatever the rules would say today. Labels that are uncertain now
/// stay too: a doubt is no correction. `said` are the labels that the coach named; they always move.
pub(super) fn plan(
    speech: &Speech,
    before: &People,
    after: &People,
    stored: &HashMap<String, Stored>,
    said_of: &BTreeSet<String>,
) -> Plan {
    let (labels, said) = (speech.labels(), speech.said());
    let old: HashMap<String, Option<Who>> =
        resolve(&labels, &said, before).into_iter().map(|found| (found.label, found.who)).collect();
    let mut moved = 0;
    let mut decide = |new: Resolution| {
        let Some(stored) = stored.get(&new.label) else {
            moved += 1;
            return new;
        };
        let is_said = said_of.contains(&new.label);
        let rested_on_it = old.get(&new.label) != Some(&new.who) && new.who.is_some() && !stored.by_coach;
        if !is_said && (!rested_on_it || stored.who == new.who) {
            return stored.resolution(new.label);
        }
        moved += usize::from(stored.who != new.who);
        new
    };
    let resolutions = resolve(&labels, &said, after).into_iter().map(&mut decide).collect();
    Plan { resolutions, moved }
}

/// Carries out a plan. `summaries` are locked and hold what they were based on before; the session is already
/// attributed.
pub(super) async fn apply(
    tx: &mut TenantTx,
    desk: &Desk,
    session: &Session<'_>,
    summaries: Vec<Before>,
    plan: &Plan,
    visitor: &Visitor,
) -> Result<Touched, sqlx::Error> {
    let known = with_names(session.known.clone(), session.stored);
    let participants = in_place(|| store::participants(session.speech, &plan.resolutions, &known));
    write::replace(tx, session.locked.id, &plan.resolutions, &participants, &known).await?;
    // Who speaks, not who was there: a summary is drawn from words.
    let speaking = plan.resolutions.iter().filter_map(|found| found.who);
    let clients: HashSet<Uuid> =
        speaking.filter_map(|who| if let Who::Client(client) = who { Some(client) } else { None }).collect();
    let kind = if clients.len() > 1 { "group" } else { "individual" };
    sqlx::query!("update sessions set type = $2, updated_at = now() where id = $1", session.locked.id, kind)
        .execute(tx.conn())
        .await?;
    write::name_session(tx, session.locked.id).await?;
    enqueue(tx, &IndexSession { session_id: session.locked.id }, session.locked.correlation_id).await?;
    let touched = touched::settle(tx, desk, session, summaries, &clients, visitor).await?;
    // One unknown speaker puts the session on hold.
    if plan.resolutions.iter().any(|found| found.who.is_none()) {
        path::advance(tx, &session.locked, SessionState::WaitingForSpeakers).await?;
    } else {
        touched::move_on(tx, &session.locked).await?;
    }
    Ok(touched)
}

/// Adds names as stored: those of guests, and of clients who are no longer on the coach's list.
pub(super) fn with_names(mut known: KnownPeople, stored: &HashMap<String, Stored>) -> KnownPeople {
    for (label, stored) in stored {
        let is_gone = |who| matches!(who, Who::Client(_)) && known.people.people.iter().all(|person| person.who != who);
        if stored.who.is_some_and(|who| who == Who::Guest || is_gone(who)) && !known.guests.contains_key(label) {
            known.guests.insert(label.clone(), stored.name.clone());
        }
    }
    known
}

pub(super) struct Session<'a> {
    pub(super) locked: Locked,
    pub(super) speech: &'a Speech,
    pub(super) known: &'a KnownPeople,
    pub(super) stored: &'a HashMap<String, Stored>,
    pub(super) cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The coach said that someone else spoke in it.
    SaidHere,
    /// The coach said so about another session with the same name.
    SaidElsewhere,
    /// The coach took back a guess and hasn't yet said who it was.
    TakenBack,
}
