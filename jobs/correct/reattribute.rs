//! A session that was attributed is attributed anew, because somebody is not who they were taken for.
//!
//! Reads the session's words, what is known of its people, and its summaries; writes participants and attributions, the
//! state of the summaries whose words changed, the mails that must not go out, and the ledger of those that had. All in
//! the caller's transaction, under the locks of the session, then its summaries, then its mails. Utterances and versions
//! stay as they are. A second run finds nothing changed and writes nothing.

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
    /// The labels that mean somebody else than they did.
    pub(super) moved: usize,
}

/// Compares what is known with what was known before the correction: the labels in which the two differ are those that
/// rested on it, and they move; everything else stays as it is stored, whatever the rules would say today. So do those
/// that are not certain now: a doubt is no correction. `said` are the labels that the coach spoke of, which always move.
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

/// Carries a plan out. `summaries` are locked, with what they rested on before; the session was found attributed.
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
    // Who speaks, and not who was there: a summary is drawn from words.
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
    // One unknown speaker holds the session.
    if plan.resolutions.iter().any(|found| found.who.is_none()) {
        path::advance(tx, &session.locked, SessionState::WaitingForSpeakers).await?;
    } else {
        touched::move_on(tx, &session.locked).await?;
    }
    Ok(touched)
}

/// What guests are called, and clients whom the coach's list has no more: as it is stored.
pub(super) fn with_names(mut known: KnownPeople, stored: &HashMap<String, Stored>) -> KnownPeople {
    for (label, stored) in stored {
        let is_gone = |who| matches!(who, Who::Client(_)) && known.people.people.iter().all(|person| person.who != who);
        if stored.who.is_some_and(|who| who == Who::Guest || is_gone(who)) && !known.guests.contains_key(label) {
            known.guests.insert(label.clone(), stored.name.clone());
        }
    }
    known
}

/// A session that is attributed anew.
pub(super) struct Session<'a> {
    pub(super) locked: Locked,
    pub(super) speech: &'a Speech,
    pub(super) known: &'a KnownPeople,
    pub(super) stored: &'a HashMap<String, Stored>,
    /// Why it is attributed anew.
    pub(super) cause: Cause,
}

/// Why a session is attributed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The coach said that somebody else spoke in it.
    SaidHere,
    /// The coach said so of another session, in which the same name stands.
    SaidElsewhere,
    /// The coach took back who was guessed, and has not said yet who it was.
    TakenBack,
}
