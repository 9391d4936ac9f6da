//! One summary on the review page: its claims as fields, their evidence, and what happens to it. Pure.

use std::collections::HashMap;

use chrono_tz::Tz;
use debrief_jobs::{
    follow_up::Rephrased,
    mail::Recipient,
    model::{Audience, Claim, MailState, Owner, Section, SummaryState, Support},
    review::view::SummaryView,
    summarize::not_said,
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    context::Redo,
    fate,
    lines::{Quote, Source, action_line, footnote, letter_line, support, thread_line},
    refined::{self, Difference, LastRefinement},
};
use crate::http::form::Form;

/// One client's summary.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    id: String,
    action: String,
    client: String,
    /// The letter's recipient: an approval signs it along with what is shown.
    to: Option<To>,
    /// That the client already has a letter about this session, if another one would be sent.
    sent_before: Option<String>,
    /// Why the approved letter was not sent, if the recipient changed.
    stopped: Option<String>,
    /// How many sentences the letter has, and how many of them may speak about the client.
    sentences: usize,
    in_doubt: usize,
    /// Whether those go as they are, as ticked in a form that is shown again.
    as_they_are: bool,
    state: SummaryState,
    badge: &'static str,
    failed_reason: Option<String>,
    /// Why it was rewritten.
    rewrite_reason: Option<String>,
    version: i32,
    hash: String,
    notice: Option<&'static str>,
    /// Why a POST was rejected.
    problem: Option<String>,
    conflict: Option<Conflict>,
    sections: Vec<Block>,
    coach_sections: Vec<Block>,
    /// How many promises are in the coach's part but not in the letter.
    kept_out: usize,
    footnote: String,
    follow_up: Option<String>,
    /// The available actions: the end of the button's path, and its label.
    choices: Vec<(&'static str, &'static str)>,
    /// The refinement in progress, as the coach requested it.
    refining: Option<String>,
    /// Whether its sentences are read-only, because the page refreshes itself.
    fixed: bool,
    refined: Option<LastRefinement>,
    undo: Option<&'static str>,
    difference: Option<Difference>,
    /// What to refine, as typed in a form that is shown again.
    instruction: String,
    instruction_problem: Option<String>,
}

/// A recipient.
#[derive(Debug, Serialize)]
struct To {
    name: String,
    email: String,
    /// What follows "Hello" in the letter.
    greeting: String,
}

/// What changed while a form was open.
#[derive(Debug, Serialize)]
struct Conflict {
    /// Sentences that were shown and are now gone or changed.
    gone: Vec<String>,
    /// Sentences that are new.
    new: Vec<String>,
    /// Input that was rejected.
    typed: Vec<String>,
}

/// A section.
#[derive(Debug, Serialize)]
struct Block {
    key: &'static str,
    title: &'static str,
    /// What the section is, where its title doesn't say so.
    hint: Option<&'static str>,
    claims: Vec<Sentence>,
    added: String,
    added_problem: Option<String>,
}

/// A claim.
#[derive(Debug, Serialize)]
struct Sentence {
    id: String,
    /// As saved.
    text: String,
    /// As typed in a form that is shown again.
    value: String,
    rows: usize,
    removed: bool,
    /// Where it may be moved; empty if it stays where it is.
    places: Vec<Choice>,
    problem: Option<String>,
    edited: bool,
    /// How its words relate to the transcript: `verified`, `nothing_said`, `own` or `unchecked`.
    support: Support,
    /// Its words that aren't in the words it cites.
    not_said: Vec<String>,
    /// Its wording in the letter, if different.
    letter: Option<String>,
    /// Whether it may speak about the client rather than to the client.
    in_doubt: bool,
    action: Option<String>,
    /// Who may do an action item, and the day it's due, as fields.
    owners: Vec<Choice>,
    due: String,
    /// For a risk or a priority, from 0 to 1.
    score: Option<String>,
    /// The outcome of an open thread, and when it was said.
    thread: Option<String>,
    /// The speakers and times of quotes in the sentence itself.
    word_for_word: Vec<Source>,
    /// Other supporting words; for the coach's own words, what they were based on.
    evidence: Vec<Quote>,
}

/// An option of a field with several.
#[derive(Debug, Serialize)]
struct Choice {
    key: &'static str,
    title: String,
    chosen: bool,
}

/// The title of what was promised or recommended near talk of danger, in the part that only the coach sees.
const fn kept_out(section: Section) -> &'static str {
    match section {
        Section::Recommendations => "Recommendations kept out of the letter",
        _ => "Promises kept out of the letter",
    }
}

/// What moments are.
const MOMENTS: &str =
    "Debrief isn’t sure what these mean, so they’re not in the letter. To use one, choose its section and save.";

/// What all summaries of a session share.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfSession<'a> {
    /// The coach's name.
    pub(super) coach: &'a str,
    /// Whether its date is estimated.
    pub(super) estimated: bool,
}

/// Builds the card of a summary.
pub(super) fn build(
    summary: &SummaryView,
    of: OfSession<'_>,
    action: &str,
    zone: Tz,
    note: Option<&str>,
    redo: Option<&Redo<'_>>,
    fixed: bool,
) -> Card {
    let retyped = redo.filter(|redo| !redo.conflict);
    let blocks = |audience: Audience| {
        let sections = Section::ALL.into_iter().map(|section| block(summary, of, section, audience, retyped));
        // A client's section is shown even if empty, so that the coach can add to it.
        sections.filter(|block| !block.claims.is_empty() || audience == Audience::Client).collect::<Vec<_>>()
    };
    let mut sections = blocks(Audience::Client);
    let mut coach_sections = blocks(Audience::Coach);
    // A withdrawn summary contains someone else's words: it is kept, but not shown as this client's.
    if summary.withdrawn_reason.is_some() {
        sections.clear();
        coach_sections.clear();
    }
    sections.retain(|block| Section::parse(block.key).is_some_and(|section| section.audience() == Audience::Client));
    let (follow_up, choices) = fate::follow_up(summary, zone);
    Card {
        id: summary.id.to_string(),
        action: format!("{action}/summaries/{}", summary.id),
        client: summary.client_name.clone(),
        to: summary.recipient().map(|Recipient { name, email }| To { name, email, greeting: summary.greeting.clone() }),
        sent_before: fate::sent_before(summary, zone),
        stopped: summary.stopped_for().map(|email| fate::stopped(summary, email)),
        sentences: summary.letter.len(),
        in_doubt: summary.letter.iter().filter(|(_, said)| said.speaks_about_client).count(),
        as_they_are: retyped.is_some_and(|redo| redo.form.get("as_they_are").is_some()),
        state: summary.state,
        badge: badge(summary),
        failed_reason: summary.failed_reason.clone(),
        rewrite_reason: summary
            .rewrite_reason
            .clone()
            .filter(|_| matches!(summary.state, SummaryState::Due | SummaryState::Done)),
        version: summary.version,
        hash: summary.hash.clone(),
        notice: note.and_then(notice),
        problem: redo.filter(|redo| !redo.conflict).map(|redo| sentence(&redo.message)),
        conflict: redo.filter(|redo| redo.conflict).map(|redo| conflict(summary, redo)),
        kept_out: summary.content.kept_out().count(),
        sections,
        coach_sections,
        footnote: footnote(summary, zone),
        follow_up,
        choices,
        refining: refined::under_way(summary).map(|refinement| refinement.instruction.clone()),
        fixed,
        refined: refined::came(summary),
        undo: refined::undo(summary),
        difference: refined::difference(summary),
        instruction: retyped.and_then(|redo| redo.form.get("instruction")).unwrap_or_default().to_owned(),
        instruction_problem: problem(retyped, "instruction"),
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| format!("{}{}.", first.to_uppercase(), characters.as_str())).unwrap_or_default()
}

fn badge(summary: &SummaryView) -> &'static str {
    match summary.state {
        SummaryState::Due => "being written",
        SummaryState::Done if refined::under_way(summary).is_some() => "being refined",
        SummaryState::Done => "needs your review",
        SummaryState::Failed => "couldn’t be written",
        SummaryState::Dismissed if summary.withdrawn_reason.is_some() => "withdrawn",
        SummaryState::Dismissed => "won’t be sent",
        SummaryState::Approved => match summary.follow_up.as_ref().map(|mail| mail.state) {
            Some(MailState::Sent) => "sent",
            Some(MailState::Failed) => "approved, sending failed",
            Some(MailState::Uncertain) => "approved, delivery uncertain",
            Some(MailState::Queued | MailState::Sending) => "approved",
            Some(MailState::Cancelled) | None => "approved, not sent",
        },
    }
}

fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "edited" => "Your changes are saved.",
        "unchanged" => "Nothing had changed, so there was nothing to save.",
        "saved-first" => {
            "Your changes are saved, and nothing has been sent yet. Please read it again as it now stands, then \
             approve it."
        }
        "undone" => "Undone: the previous version is back.",
        "reopened" => "It’s open again.",
        "arrived" => "Good. It’s marked as sent.",
        "again" => "It’s being sent again.",
        "cancelled" => "Stopped. Nothing was sent; you can change it and approve it again.",
        _ => return None,
    })
}

fn conflict(summary: &SummaryView, redo: &Redo<'_>) -> Conflict {
    let (before, now) = (&redo.shown, &summary.content);
    let missing_in = |one: &debrief_jobs::model::Content, other: &debrief_jobs::model::Content| {
        let known: Vec<&str> = other.claims.iter().map(|claim| claim.text.as_str()).collect();
        let texts = one.claims.iter().map(|claim| claim.text.clone());
        texts.filter(|text| !known.contains(&text.as_str())).collect::<Vec<_>>()
    };
    Conflict { gone: missing_in(before, now), new: missing_in(now, before), typed: redo.form.typed(Some(before)) }
}

fn block(
    summary: &SummaryView,
    of: OfSession<'_>,
    section: Section,
    audience: Audience,
    redo: Option<&Redo<'_>>,
) -> Block {
    let claims = summary.content.section(section).filter(|claim| claim.audience == audience);
    let letter: HashMap<Uuid, &Rephrased> = summary.letter.iter().map(|(claim, said)| (*claim, said)).collect();
    let field = format!("add.{}", section.as_str());
    Block {
        key: section.as_str(),
        title: if audience == section.audience() { section.title() } else { kept_out(section) },
        hint: (section == Section::Moments).then_some(MOMENTS),
        claims: claims
            .map(|claim| claim_field(claim, (&summary.client_name, of), letter.get(&claim.id).copied(), redo))
            .collect(),
        added: redo.and_then(|redo| redo.form.get(&field)).unwrap_or_default().to_owned(),
        added_problem: problem(redo, &field),
    }
}

fn claim_field(
    claim: &Claim,
    (client, of): (&str, OfSession<'_>),
    said: Option<&Rephrased>,
    redo: Option<&Redo<'_>>,
) -> Sentence {
    let field = format!("text.{}", claim.id);
    let form: Option<&Form> = redo.map(|redo| redo.form);
    let value = form.and_then(|form| form.get(&field)).unwrap_or(&claim.text).to_owned();
    let (word_for_word, evidence) = support(claim);
    Sentence {
        id: claim.id.to_string(),
        text: claim.text.clone(),
        // About sixty characters fit on a line; browsers that can will size the field themselves.
        rows: value.chars().count() / 60 + 1,
        value,
        removed: form.is_some_and(|form| form.get(&format!("remove.{}", claim.id)).is_some()),
        places: places(claim, form),
        problem: problem(redo, &field),
        edited: claim.edited,
        support: claim.support,
        not_said: not_said(claim, &[client, of.coach]),
        letter: said.and_then(|said| letter_line(&claim.text, &said.text)),
        in_doubt: said.is_some_and(|said| said.speaks_about_client),
        owners: owners(claim, client, form),
        due: form
            .and_then(|form| form.get(&format!("due.{}", claim.id)).map(str::to_owned))
            .or_else(|| Some(claim.action.as_ref()?.due_date?.to_string()))
            .unwrap_or_default(),
        action: claim.action.as_ref().map(|action| action_line(action, client, of.estimated)),
        score: claim.score.map(|score| {
            let scored = if claim.section == Section::Priority { "How soon to look" } else { "How serious" };
            format!("{scored}: {} ({score} of 1)", score.words())
        }),
        thread: claim.thread.as_ref().map(thread_line),
        word_for_word,
        evidence,
    }
}

/// The sections for the client, and the moments: what the coach keeps for later.
fn places(claim: &Claim, form: Option<&Form>) -> Vec<Choice> {
    if !claim.is_movable() {
        return Vec::new();
    }
    let typed = form.and_then(|form| form.get(&format!("section.{}", claim.id))).and_then(Section::parse);
    let chosen = typed.unwrap_or(claim.section);
    let is_choice = |it: &Section| it.audience() == Audience::Client || *it == Section::Moments || *it == claim.section;
    let place = |it: Section| Choice { key: it.as_str(), title: it.title().into(), chosen: it == chosen };
    Section::ALL.into_iter().filter(is_choice).map(place).collect()
}

/// Who may do an action item.
fn owners(claim: &Claim, client: &str, form: Option<&Form>) -> Vec<Choice> {
    let Some(action) = &claim.action else { return Vec::new() };
    let typed = form.and_then(|form| form.get(&format!("owner.{}", claim.id))).map(Owner::parse);
    let chosen = typed.unwrap_or(action.owner);
    let choice =
        |owner: Owner, title: &str| Choice { key: owner.as_str(), title: title.into(), chosen: owner == chosen };
    vec![
        choice(Owner::Client, client),
        choice(Owner::Coach, "You, the coach"),
        choice(Owner::Unclear, "Nobody said who"),
    ]
}

fn problem(redo: Option<&Redo<'_>>, field: &str) -> Option<String> {
    redo?.problems.iter().find(|problem| problem.field == field).map(|problem| problem.problem.clone())
}
