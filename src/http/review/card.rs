//! One summary on the review page: its claims as fields, their evidence, and what happens to it. Pure.

use std::collections::HashMap;

use chrono_tz::Tz;
use debrief_jobs::{
    follow_up::Said,
    mail::Recipient,
    model::{ActionItem, Audience, Claim, Evidence, Owner, Section, Support, Tally, Thread},
    review::view::SummaryView,
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    context::Redo,
    fate,
    refined::{self, Came, Difference},
};
use crate::http::form::Form;

/// One client's summary.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    id: String,
    action: String,
    client: String,
    /// Who gets the letter: what an approval signs beside what is shown.
    to: Option<To>,
    /// Why the letter that was approved did not go, where the recipient changed.
    stopped: Option<String>,
    /// How many sentences go into it, and how many of them may speak about the client.
    sentences: usize,
    in_doubt: usize,
    /// Whether those go as they are, as ticked where a form is shown again.
    as_they_are: bool,
    state: String,
    badge: &'static str,
    failed_reason: Option<String>,
    /// Why it was written anew.
    rewrite_reason: Option<String>,
    version: i32,
    hash: String,
    notice: Option<&'static str>,
    /// Why a POST was not taken.
    problem: Option<String>,
    conflict: Option<Conflict>,
    sections: Vec<Block>,
    coach_sections: Vec<Block>,
    footnote: String,
    follow_up: Option<String>,
    /// What can be done about it: the end of the button's path, and its label.
    choices: Vec<(&'static str, &'static str)>,
    /// What is being done to it, as the coach asked for it.
    refining: Option<String>,
    /// Whether its sentences are shown to be read only, since the page looks again by itself.
    fixed: bool,
    refined: Option<Came>,
    undo: Option<&'static str>,
    difference: Option<Difference>,
    /// What to refine, as typed where a form is shown again.
    instruction: String,
    instruction_problem: Option<String>,
}

/// A recipient.
#[derive(Debug, Serialize)]
struct To {
    name: String,
    email: String,
}

/// What changed under a form.
#[derive(Debug, Serialize)]
struct Conflict {
    /// Sentences that were shown and are gone or changed.
    gone: Vec<String>,
    /// Sentences that are new.
    new: Vec<String>,
    /// What was typed and not taken.
    typed: Vec<String>,
}

/// A section.
#[derive(Debug, Serialize)]
struct Block {
    key: &'static str,
    title: &'static str,
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
    /// As typed, where a form is shown again.
    value: String,
    rows: usize,
    removed: bool,
    problem: Option<String>,
    edited: bool,
    /// How its words stand to the transcript: `verified`, `nothing_said`, `own` or `unchecked`.
    support: Support,
    /// How it reads in the letter, where that is otherwise.
    letter: Option<String>,
    /// Whether it may speak about the client, and not to the client.
    in_doubt: bool,
    action: Option<String>,
    /// Of a risk or a priority, from 0 to 1.
    score: Option<String>,
    /// What became of an open thread, and when it was said.
    thread: Option<String>,
    /// Who said what the sentence itself quotes, and when.
    word_for_word: Vec<Source>,
    /// What else was said that supports it; of the coach's own words, what they were based on.
    evidence: Vec<Quote>,
}

/// Where words come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Source {
    speaker: String,
    time: Option<String>,
}

/// Words that support a claim.
#[derive(Debug, Serialize)]
struct Quote {
    words: String,
    #[serde(flatten)]
    source: Source,
}

/// Builds the card of a summary.
pub(super) fn build(
    summary: &SummaryView,
    estimated: bool,
    action: &str,
    zone: Tz,
    note: Option<&str>,
    redo: Option<&Redo<'_>>,
    fixed: bool,
) -> Card {
    let retyped = redo.filter(|redo| !redo.conflict);
    let blocks = |audience: Audience| {
        let sections = Section::ALL.into_iter().map(|section| block(summary, estimated, section, audience, retyped));
        // A client's section is shown empty, so that something can be added to it.
        sections.filter(|block| !block.claims.is_empty() || audience == Audience::Client).collect::<Vec<_>>()
    };
    let mut sections = blocks(Audience::Client);
    let mut coach_sections = blocks(Audience::Coach);
    // What is withdrawn was another's: it is kept, and not shown as this client's.
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
        to: summary.recipient().map(|Recipient { name, email }| To { name, email }),
        stopped: summary.stopped_for().map(|email| fate::stopped(summary, email)),
        sentences: summary.letter.len(),
        in_doubt: summary.letter.iter().filter(|(_, said)| said.speaks_about_client).count(),
        as_they_are: retyped.is_some_and(|redo| redo.form.get("as_they_are").is_some()),
        state: summary.state.clone(),
        badge: badge(summary),
        failed_reason: summary.failed_reason.clone(),
        rewrite_reason: summary.rewrite_reason.clone().filter(|_| matches!(summary.state.as_str(), "due" | "done")),
        version: summary.version,
        hash: summary.hash.clone(),
        notice: note.and_then(notice),
        problem: redo.filter(|redo| !redo.conflict).map(|redo| sentence(&redo.message)),
        conflict: redo.filter(|redo| redo.conflict).map(|redo| conflict(summary, redo)),
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
    match summary.state.as_str() {
        "due" => "being written",
        "done" if refined::under_way(summary).is_some() => "being refined",
        "done" => "needs your review",
        "failed" => "couldn’t be written",
        "dismissed" if summary.withdrawn_reason.is_some() => "withdrawn",
        "dismissed" => "won’t be sent",
        _ => match summary.follow_up.as_ref().map(|mail| mail.state.as_str()) {
            Some("sent") => "sent",
            Some("failed") => "approved, sending failed",
            Some("uncertain") => "approved, delivery uncertain",
            Some("queued" | "sending") => "approved",
            _ => "approved, not sent",
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
    estimated: bool,
    section: Section,
    audience: Audience,
    redo: Option<&Redo<'_>>,
) -> Block {
    let claims = summary.content.section(section).filter(|claim| claim.audience == audience);
    let letter: HashMap<Uuid, &Said> = summary.letter.iter().map(|(claim, said)| (*claim, said)).collect();
    let field = format!("add.{}", section.as_str());
    Block {
        key: section.as_str(),
        title: section.title(),
        claims: claims
            .map(|claim| claim_field(claim, (&summary.client_name, estimated), letter.get(&claim.id).copied(), redo))
            .collect(),
        added: redo.and_then(|redo| redo.form.get(&field)).unwrap_or_default().to_owned(),
        added_problem: problem(redo, &field),
    }
}

fn claim_field(
    claim: &Claim,
    (client, estimated): (&str, bool),
    said: Option<&Said>,
    redo: Option<&Redo<'_>>,
) -> Sentence {
    let field = format!("text.{}", claim.id);
    let form: Option<&Form> = redo.map(|redo| redo.form);
    let value = form.and_then(|form| form.get(&field)).unwrap_or(&claim.text).to_owned();
    let (word_for_word, evidence) = support(claim);
    Sentence {
        id: claim.id.to_string(),
        text: claim.text.clone(),
        // About sixty characters fit a line; browsers that can, size the field themselves.
        rows: value.chars().count() / 60 + 1,
        value,
        removed: form.is_some_and(|form| form.get(&format!("remove.{}", claim.id)).is_some()),
        problem: problem(redo, &field),
        edited: claim.edited,
        support: claim.support,
        letter: said.and_then(|said| letter_line(&claim.text, &said.text)),
        in_doubt: said.is_some_and(|said| said.speaks_about_client),
        action: claim.action.as_ref().map(|action| action_line(action, client, estimated)),
        score: claim.score.map(|score| format!("{score} of 1")),
        thread: claim.thread.as_ref().map(thread_line),
        word_for_word,
        evidence,
    }
}

fn problem(redo: Option<&Redo<'_>>, field: &str) -> Option<String> {
    redo?.problems.iter().find(|problem| problem.field == field).map(|problem| problem.problem.clone())
}

/// `not met · from 3 November`, `not met · since 13 October, last promised on 3 November`.
fn thread_line(thread: &Thread) -> String {
    let (became, last) = (thread.outcome.title(), thread.session_date.format("%-d %B"));
    match thread.since {
        Some(since) => format!("{became} · since {}, last promised on {last}", since.format("%-d %B")),
        None => format!("{became} · from {last}"),
    }
}

/// `Priya · by Friday 6 November (“by Friday”)`; a day that is counted from an estimated one is no more than a hint.
fn action_line(action: &ActionItem, client: &str, estimated: bool) -> String {
    let owner = match action.owner {
        Owner::Client => client,
        Owner::Coach => "You",
        Owner::Unclear => "Nobody said who",
    };
    match (action.due_date, &action.due_words) {
        (Some(date), Some(words)) if estimated => {
            format!("{owner} · “{words}” ({}, if the session’s estimated date is right)", date.format("%A %-d %B"))
        }
        (Some(date), Some(words)) => format!("{owner} · by {} (“{words}”)", date.format("%A %-d %B")),
        (None, Some(words)) => format!("{owner} · “{words}”"),
        _ => format!("{owner} · no date mentioned"),
    }
}

/// A sentence as it reads in the letter, where that differs: what is quoted stands in the sentence, and is not shown twice.
fn letter_line(text: &str, letter: &str) -> Option<String> {
    if text == letter {
        return None;
    }
    if text.contains(letter) {
        return Some("your words alone, without quotation marks.".to_owned());
    }
    let mut line = String::new();
    let mut rest = letter;
    while let Some((before, after)) = rest.split_once('\u{201c}') {
        let (quoted, after) = after.split_once('\u{201d}').unwrap_or((after, ""));
        let short = if quoted.chars().count() > 30 { "…" } else { quoted };
        line.push_str(&format!("{before}\u{201c}{short}\u{201d}"));
        rest = after;
    }
    Some(line + rest)
}

/// The evidence of a claim: of quotes that stand in its own text only their sources, so that nothing is read twice; of
/// several in a row by one speaker the first.
fn support(claim: &Claim) -> (Vec<Source>, Vec<Quote>) {
    let text = bare(&claim.text);
    let (within, without): (Vec<&Evidence>, Vec<&Evidence>) =
        claim.evidence.iter().partition(|evidence| text.contains(without_sounds(&bare(&evidence.quote))));
    let mut sources: Vec<Source> = within.into_iter().map(source).collect();
    sources.dedup_by(|next, before| next.speaker == before.speaker);
    let quote = |evidence: &Evidence| Quote { words: evidence.quote.clone(), source: source(evidence) };
    (sources, without.into_iter().map(quote).collect())
}

/// Without the sounds before a sentence begins, which say nothing of their own. What is left begins with a space.
fn without_sounds(bare: &str) -> &str {
    const SOUNDS: [&str; 12] =
        [" and ", " so ", " but ", " yeah ", " yes ", " um ", " uh ", " well ", " okay ", " oh ", " right ", " mm "];
    let mut rest = bare;
    while let Some(sound) = SOUNDS.iter().find(|sound| rest.starts_with(**sound) && rest.len() > sound.len()) {
        rest = &rest[sound.len() - 1..];
    }
    rest
}

/// The words alone, in lower case and with a space around each.
fn bare(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |bare, word| bare + &word.to_lowercase() + " ")
}

fn source(evidence: &Evidence) -> Source {
    let time = evidence.start_ms.map(|ms| {
        let seconds = ms / 1000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
    });
    Source { speaker: evidence.speaker.clone(), time }
}

/// Where the words come from, and how many of them hold.
fn footnote(summary: &SummaryView, zone: Tz) -> String {
    let Some(shown) = summary.versions.iter().find(|version| version.version == summary.version) else {
        return String::new();
    };
    let tally = Tally::of(&summary.content);
    let mut coverage = format!(" {} of {} statements verified", tally.verified, tally.statements());
    for (count, what) in [(tally.own, "in your own words"), (tally.unchecked, "reworded from your own words")] {
        if count > 0 {
            coverage.push_str(&format!(", {count} {what}"));
        }
    }
    match tally.nothing_said {
        0 => {}
        1 => coverage.push_str(", not counting 1 open thread that nothing was found about"),
        some => coverage.push_str(&format!(", not counting {some} open threads that nothing was found about")),
    }
    coverage.push('.');
    let written =
        summary.versions.iter().rfind(|version| version.author == "summarizer" && version.version <= shown.version);
    match written.map_or(0, |version| version.claims_dropped) {
        0 => {}
        1 => coverage.push_str(" 1 more was left out because what was said doesn’t support it."),
        some => coverage.push_str(&format!(" {some} more were left out because what was said doesn’t support them.")),
    }
    let by = match shown.author.as_str() {
        "coach" => "edited by you",
        "refiner" => "refined",
        _ => "as written",
    };
    let writer = match shown.provider.as_str() {
        "offline" => format!("without a language model ({})", shown.prompt_version),
        provider => format!("by {} ({provider}, prompt {})", shown.model, shown.prompt_version),
    };
    let template = match shown.template.as_str() {
        "default" => String::new(),
        template => format!(", template {template}"),
    };
    format!(
        "Version {}, {by} on {}. Written {writer}{template}.{coverage}",
        shown.version,
        shown.created_at.with_timezone(&zone).format("%-d %B at %H:%M"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str, quotes: &[(&str, &str)]) -> Claim {
        let evidence = quotes.iter().map(|(speaker, quote)| Evidence {
            utterance_id: Uuid::now_v7(),
            quote: (*quote).to_owned(),
            speaker: (*speaker).to_owned(),
            start_ms: Some(56_000),
        });
        Claim { evidence: evidence.collect(), ..Claim::new(Section::Wins, text.to_owned()) }
    }

    #[test]
    fn what_a_sentence_quotes_is_not_shown_twice() {
        let said = claim(
            "Priya said: “I sent it! I sent the two pages.”",
            &[("Priya", "Um, yeah, I sent it!"), ("Priya", "I sent the two pages.")],
        );
        let (exact, quotes) = support(&said);
        assert_eq!(exact, [Source { speaker: "Priya".into(), time: Some("0:56".into()) }]);
        assert!(quotes.is_empty());
        let told = claim("Priya sent the strategy.", &[("Priya", "I sent the two pages.")]);
        let (exact, quotes) = support(&told);
        assert!(exact.is_empty());
        assert_eq!(quotes.iter().map(|quote| quote.words.as_str()).collect::<Vec<_>>(), ["I sent the two pages."]);
    }
}
