//! A coach corrects who spoke, at any time.
//!
//! In the session being corrected, everything happens in the coach's own transaction: a follow-up that is held there is
//! stopped before the coach sees the result. Earlier sessions of the same coach are updated by the job
//! [`CorrectSessions`], each in a transaction of its own; until it has finished, none of this coach's follow-ups is
//! sent.
//!
//! Reads attributions, words and aliases; writes what `reattribute` and `touched` write, and the ledger `corrections`.
//! To find what an earlier session's attribution depended on, it's resolved twice, with the name's old meaning and with
//! its new one: only labels in which the two differ move. So a rerun finds nothing left to move, and two corrections of
//! the same name end up the same in either order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    naming::{self, NameError, Named, Reach, SpeakerIs},
    reattribute::{self, Cause, Session, plan},
    touched::{self, Touched},
};
use crate::{
    attribute::{
        Alias, People, Who,
        resolve::{Label, resolve},
        store::{self, stored},
    },
    audit::{self, Event, EventKind, Visitor},
    db::{self, TenantTx, Tx},
    desk::Desk,
    mail::{self, START_AGAIN, Trouble},
    names,
    path::{AttributeSession, Locked, SessionState, session},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy, enqueue, in_place},
};

/// A coach's answer for one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The label as written in the file.
    pub label: String,
    /// Who the speaker is.
    pub is: SpeakerIs,
    /// Whether it applies wherever this name speaks, and not to this session alone. A generic device name, or a label
    /// that is another person's own name, always applies to its session only.
    pub everywhere: bool,
}

/// The effects of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Corrected {
    /// Number of labels that were answered.
    pub named: usize,
    /// Number of labels that still need an answer.
    pub remaining: usize,
    /// Number of labels that mean someone else now.
    pub moved: usize,
    /// What that did to this session's summaries.
    #[serde(flatten)]
    pub touched: Touched,
    /// How far the answers reach.
    pub reach: Reach,
}

/// Applies a coach's answers about a session's speakers, whatever state the session is in: a session on hold continues,
/// an attributed one is attributed again.
///
/// # Errors
/// If an answer can't be used: the caller must roll back the transaction.
pub async fn set_speakers(
    tx: &mut TenantTx,
    desk: &Desk,
    session_id: Uuid,
    answers: &[Answer],
    visitor: &Visitor,
) -> Result<Corrected, NameError> {
    let locked = session::lock(tx, session_id).await?.ok_or(NameError::NoSession)?;
    // A session whose guess was taken back is on hold along with its summaries: what was written about it is settled at
    // once.
    let waits_again =
        locked.state == SessionState::WaitingForSpeakers && session::is_summarized(tx, session_id).await?;
    let corrected = if locked.state.is_attributed() || waits_again {
        correct(tx, desk, locked, answers, visitor).await?
    } else {
        let Named { named, remaining, reach } = naming::name(tx, session_id, answers).await?;
        Corrected { named, remaining, reach, ..Corrected::default() }
    };
    let kind = if locked.state.is_attributed() { EventKind::SpeakersCorrected } else { EventKind::SpeakersNamed };
    let detail = serde_json::to_value(corrected).unwrap_or_default();
    audit::record(tx, &Event { detail, ..Event::of(session_id, kind) }, visitor).await?;
    Ok(corrected)
}

async fn correct(
    tx: &mut TenantTx,
    desk: &Desk,
    locked: Locked,
    answers: &[Answer],
    visitor: &Visitor,
) -> Result<Corrected, NameError> {
    let (session_id, correlation_id) = (locked.id, locked.correlation_id);
    let coach_id = naming::hold_coach(tx, session_id).await?;
    let before = store::load_people(tx, session_id).await?;
    let stored = stored(tx, session_id).await?;
    let mut said_of = BTreeSet::new();
    let mut said = Vec::new();
    let mut reach = Reach::default();
    for Answer { label, is, everywhere } in answers {
        if !stored.contains_key(label) {
            return Err(NameError::NoLabel(label.clone()));
        }
        let (who, name) = naming::identify(tx, coach_id, label, is).await?;
        if *everywhere {
            let so_far = naming::remember(tx, (coach_id, session_id), label, who, &name, correlation_id).await?;
            reach = reach.max(so_far);
        }
        said_of.insert(label.clone());
        said.push((label.clone(), who, name));
    }
    // Read again: with the names that were just learned, and with a client who is new.
    let mut after = store::load_people(tx, session_id).await?;
    for (label, who, name) in said {
        if who == Who::Guest {
            after.guests.insert(label.clone(), name);
        }
        after.people.named.insert(label, who);
    }
    let speech = store::load_speech(tx, session_id).await?;
    let plan = in_place(|| plan(&speech, &before.people, &after.people, &stored, &said_of));
    let session = Session { locked, speech: &speech, known: &after, stored: &stored, cause: Cause::SaidHere };
    let summaries = touched::lock_with_inputs(tx, session_id).await?;
    let touched = reattribute::apply(tx, desk, &session, summaries, &plan, visitor).await?;
    tracing::info!(
        target: "attribute",
        {
            session.id = %session_id, correlation.id = %correlation_id, labels.moved = plan.moved,
            summaries.due = touched.due, summaries.withdrawn = touched.withdrawn, mails.stopped = touched.stopped,
            mails.misdelivered = touched.misdelivered
        },
        "speakers were corrected"
    );
    let remaining = plan.resolutions.iter().filter(|found| found.who.is_none()).count();
    Ok(Corrected { named: answers.len(), remaining, moved: plan.moved, touched, reach })
}

/// Updates the coach's earlier sessions after a correction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CorrectSessions {
    /// Id of the row in `corrections`.
    pub correction_id: Uuid,
}

struct Correction {
    coach_id: Uuid,
    session_id: Uuid,
    normalized: String,
    was: Option<Alias>,
    is_applied: bool,
}

/// The job's output: what a run did.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Output {
    sessions_looked_at: usize,
    sessions_changed: usize,
    misdelivered: usize,
}

impl JobArgs for CorrectSessions {
    const KIND: &'static str = "attribute.correct";
    /// This comes before everything else: the coach's follow-ups are held until it's done.
    const POLICY: Policy = Policy { timeout: std::time::Duration::from_secs(1800), priority: -5, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.correction_id.to_string())
    }
}

impl Job for CorrectSessions {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(correction) = load(&mut tx, self.correction_id).await?.filter(|found| !found.is_applied) else {
            tracing::info!(target: "attribute", { correction.id = %self.correction_id }, "the correction is gone or applied");
            return ctx.finish(tx, Output::default()).await;
        };
        let sessions = sqlx::query_scalar!(
            "select id from sessions where coach_id = $1 and state in ('attributed', 'summarized', 'in_review', 'closed')
             order by session_date desc, id",
            correction.coach_id
        )
        .fetch_all(tx.conn())
        .await?;
        drop(tx);
        let mut outcome = Output::default();
        for session_id in sessions {
            outcome.sessions_looked_at += 1;
            if let Some(touched) = correct_session(ctx, &correction, session_id).await? {
                outcome.sessions_changed += 1;
                outcome.misdelivered += touched.misdelivered;
                ctx.progress(outcome).await?;
            }
        }
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query!(
            "update corrections set applied_at = now(), sessions_changed = sessions_changed + $2 where id = $1",
            self.correction_id,
            db::count(outcome.sessions_changed)
        )
        .execute(tx.conn())
        .await?;
        tracing::info!(
            target: "attribute",
            { correction.id = %self.correction_id, sessions.changed = outcome.sessions_changed },
            "earlier sessions know of a correction"
        );
        ctx.finish(tx, outcome).await
    }

    async fn on_dead(&self, ctx: &Context<Desk>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(correction) = load(&mut tx, self.correction_id).await? {
            let trouble = Trouble {
                subject_id: ctx.job.id,
                step: "apply your correction of a speaker to your earlier sessions",
                reason: "Something went wrong. None of your follow-ups goes out until this is done.",
                advice: START_AGAIN,
            };
            mail::stage_failed(&mut tx, &ctx.post, correction.session_id, "attribute", trouble).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn load(tx: &mut TenantTx, correction_id: Uuid) -> Result<Option<Correction>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select coach_id, session_id, normalized, was_written, was_client_id, was_coach, was_guest, was_shared,
                  was_by_correction, applied_at is not null as "is_applied!"
           from corrections where id = $1"#,
        correction_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Correction {
        coach_id: row.coach_id,
        session_id: row.session_id,
        normalized: row.normalized,
        was: row.was_written.map(|written| {
            store::alias(written, (row.was_client_id, row.was_coach, row.was_shared), row.was_by_correction)
        }),
        is_applied: row.is_applied,
    }))
}

/// Attributes one earlier session again if it depended on what the name meant before. `None` if it didn't.
async fn correct_session(
    ctx: &Context<Desk>,
    correction: &Correction,
    session_id: Uuid,
) -> Result<Option<Touched>, JobError> {
    let mut tx = ctx.tenant_tx().await?;
    // The labels alone show whether there is anything to do; most sessions end here, unlocked.
    let labels = sqlx::query_scalar!("select label from attributions where session_id = $1 order by label", session_id)
        .fetch_all(tx.conn())
        .await?;
    let labels: Vec<Label> = labels.into_iter().map(|label| Label { label, words: 1 }).collect();
    let known = store::load_people(&mut tx, session_id).await?;
    if !differs(&labels, &correction.before(&known.people), &known.people) {
        return Ok(None);
    }
    drop(tx);

    let mut tx = ctx.tenant_tx().await?;
    let Some(locked) = session::lock(&mut tx, session_id).await? else { return Ok(None) };
    if !locked.state.is_attributed() {
        return Ok(None);
    }
    store::hold_people(&mut tx, session_id).await?;
    let known = store::load_people(&mut tx, session_id).await?;
    let stored = stored(&mut tx, session_id).await?;
    let speech = store::load_speech(&mut tx, session_id).await?;
    let before = correction.before(&known.people);
    let plan = in_place(|| plan(&speech, &before, &known.people, &stored, &BTreeSet::new()));
    if plan.moved == 0 {
        return Ok(None);
    }
    let session = Session { locked, speech: &speech, known: &known, stored: &stored, cause: Cause::SaidElsewhere };
    let visitor = Visitor::default();
    let summaries = touched::lock_with_inputs(&mut tx, session_id).await?;
    let touched = reattribute::apply(&mut tx, ctx, &session, summaries, &plan, &visitor).await?;
    let detail = json!({ "moved": plan.moved, "summaries": touched });
    audit::record(&mut tx, &Event { detail, ..Event::of(session_id, EventKind::SpeakersCorrected) }, &visitor).await?;
    tx.commit().await?;
    Ok(Some(touched))
}

/// Whether any label means someone else under `after` than under `before`, judging by names. What is said can't add
/// anything: it's interpreted with the names that are known.
fn differs(labels: &[Label], before: &People, after: &People) -> bool {
    let who = |people: &People| resolve(labels, &[], people).into_iter().map(|found| found.who).collect::<Vec<_>>();
    who(before) != who(after)
}

impl Correction {
    fn before(&self, people: &People) -> People {
        let mut before = people.clone();
        match &self.was {
            Some(was) => before.aliases.insert(self.normalized.clone(), was.clone()),
            None => before.aliases.remove(&self.normalized),
        };
        before
    }
}

/// Has the coach's sessions on hold checked again, and earlier ones updated, if a name has a new meaning.
pub(super) async fn spread(
    tx: &mut TenantTx,
    (coach_id, session_id): (Uuid, Uuid),
    normalized: &str,
    was: Option<&Alias>,
    correlation_id: Uuid,
) -> Result<bool, sqlx::Error> {
    let waiting = sqlx::query!(
        "select id, correlation_id from sessions where coach_id = $1 and id <> $2 and state = 'waiting_for_speakers'",
        coach_id,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    for session in waiting {
        enqueue(tx, &AttributeSession { session_id: session.id }, session.correlation_id).await?;
    }
    let labels = sqlx::query_scalar!(
        "select distinct label from attributions join sessions on sessions.id = session_id
         where coach_id = $1 and session_id <> $2 and state in ('attributed', 'summarized', 'in_review', 'closed')",
        coach_id,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    // A name without a previous meaning can only have been matched by its own letters.
    let speaks = was.is_some() && !labels.is_empty();
    if !speaks && !labels.iter().any(|label| names::alias_key(label) == normalized) {
        return Ok(false);
    }
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    let client = was.and_then(|was| if let Who::Client(client) = was.who { Some(client) } else { None });
    let is = |who| was.is_some_and(|was| was.who == who);
    sqlx::query!(
        "insert into corrections (id, organization_id, coach_id, session_id, normalized, was_written, was_client_id,
            was_coach, was_guest, was_shared, was_by_correction) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id,
        organization,
        coach_id,
        session_id,
        normalized,
        was.map(|was| was.written.as_str()),
        client,
        is(Who::Coach),
        is(Who::Guest),
        is(Who::Shared),
        was.is_some_and(|was| was.by_correction)
    )
    .execute(tx.conn())
    .await?;
    enqueue(tx, &CorrectSessions { correction_id: id }, correlation_id).await?;
    Ok(true)
}
