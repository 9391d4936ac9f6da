//! Verification by rule: a claim stands only on words that were said, by the right person, to or by this client.
//!
//! A pure function from a draft to claims. What does not hold is dropped and counted, whoever wrote the draft; quotes
//! are stored as they stand in the utterance.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;
use uuid::Uuid;

use super::{
    draft::{DraftClaim, DraftEvidence},
    due,
    input::{Line, SessionForClient, Speaker},
    text,
};
use crate::model::{ActionItem, Claim, Evidence, Owner, Section};

/// The longest claim, in characters: more is not a sentence.
const MAX_CLAIM_CHARS: usize = 1_000;
/// The fewest words of a quote that is not the whole utterance.
const MIN_QUOTE_WORDS: usize = 3;

/// What held, and how much did not.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The claims that stand, by section.
    pub claims: Vec<Claim>,
    /// Why the others do not, one a claim.
    pub dropped: Vec<Dropped>,
}

/// Why a claim does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The sentence is empty or far too long.
    NotASentence,
    /// No evidence of it is in this client's words (or the coach's to this client).
    NoEvidence,
    /// The sentence quotes words that the evidence does not have.
    InventedQuote,
    /// The words of its date were not said.
    InventedDate,
    /// It has a link or an address that was not said.
    InventedLink,
    /// It names another client of the session.
    NamesAnother,
    /// Another claim of the section says the same.
    Twice,
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s<>]+|\bwww\.[^\s<>]+|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|co|dev|app|example|info|biz|ru|de|se|uk|eu|me|ly)\b(?:/\S*)?")
        .expect("a constant pattern")
});
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\"\u{201c}\u{201e}]([^\"\u{201c}\u{201d}\u{201e}]*)[\"\u{201d}\u{201c}]").expect("a constant pattern")
});

/// Holds each claim of a draft against what was said.
#[must_use]
pub fn verify(input: &SessionForClient, draft: &[DraftClaim]) -> Verified {
    let mut verified = Verified::default();
    let mut seen = BTreeSet::new();
    for claim in draft {
        match check(input, claim) {
            Ok(claim) if seen.insert((claim.section, text::normalize(&claim.text))) => verified.claims.push(claim),
            Ok(_) => verified.dropped.push(Dropped::Twice),
            Err(reason) => verified.dropped.push(reason),
        }
    }
    // Stable: within a section the writer's order stays.
    verified.claims.sort_by_key(|claim| claim.section);
    verified
}

fn check(input: &SessionForClient, draft: &DraftClaim) -> Result<Claim, Dropped> {
    let sentence = clean(&draft.text);
    if text::words(&sentence).is_empty() || sentence.chars().count() > MAX_CLAIM_CHARS {
        return Err(Dropped::NotASentence);
    }
    if input.names_another(&sentence) {
        return Err(Dropped::NamesAnother);
    }
    let mut evidence: Vec<Held<'_>> = Vec::new();
    for item in &draft.evidence {
        // The schema holds one quote an utterance and claim; a second one adds nothing that the first did not show.
        if evidence.iter().any(|held| held.line.index == item.utterance) {
            continue;
        }
        evidence.extend(hold(input, draft.section, item));
    }
    if !evidence.iter().any(|held| held.supports) {
        return Err(Dropped::NoEvidence);
    }
    evidence.sort_by_key(|held| held.line.index);
    let lines: Vec<&Line> = evidence.iter().map(|held| held.line).collect();
    check_words(&sentence, &lines)?;
    let action = if draft.section == Section::ActionItems { Some(action(input, draft, &lines)?) } else { None };
    Ok(Claim {
        id: Uuid::now_v7(),
        section: draft.section,
        audience: draft.section.audience(),
        text: sentence,
        edited: false,
        evidence: evidence.into_iter().map(|held| held.evidence).collect(),
        action,
    })
}

/// The evidence as it stands in the utterance, and whether the claim can stand on it alone; none where it is not said,
/// or not by one who may say it. A coach's question states nothing about the client: it only shows what was answered.
fn hold<'a>(input: &'a SessionForClient, section: Section, item: &DraftEvidence) -> Option<Held<'a>> {
    let line = input.line(item.utterance)?;
    let quote = text::locate(&line.text, &item.quote)?;
    let quoted = text::words(quote).len();
    if quoted < MIN_QUOTE_WORDS && quoted < text::words(&line.text).len() {
        return None;
    }
    let asks = asks(&line.text, quote);
    let (fits, supports) = match (section, line.speaker) {
        (_, Speaker::OtherClient | Speaker::Guest) => (false, false),
        (Section::Recommendations, Speaker::Coach) => (true, true),
        (Section::Recommendations, Speaker::Client) => (false, false),
        (_, Speaker::Client) => (true, true),
        (Section::Engagement, Speaker::Coach) => (false, false),
        (_, Speaker::Coach) => (true, !asks),
    };
    let evidence = Evidence {
        utterance_id: line.id,
        speaker: line.name.clone(),
        start_ms: line.start_ms,
        quote: quote.to_owned(),
    };
    fits.then_some(Held { line, evidence, supports })
}

/// Evidence that holds.
struct Held<'a> {
    line: &'a Line,
    evidence: Evidence,
    supports: bool,
}

/// Whether the quote is all of questions.
fn asks(utterance: &str, quote: &str) -> bool {
    let Some(at) = utterance.find(quote) else { return false };
    let end = at + quote.len();
    let mut touched =
        text::sentences(utterance).into_iter().filter(|range| range.start < end && at < range.end).peekable();
    touched.peek().is_some() && touched.all(|range| utterance[range].ends_with('?'))
}

/// Quotes, links and addresses in the sentence must be in the evidence.
fn check_words(sentence: &str, lines: &[&Line]) -> Result<(), Dropped> {
    let said = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    for quoted in QUOTED.captures_iter(sentence) {
        if !text::words(&quoted[1]).is_empty() && text::locate(&said, &quoted[1]).is_none() {
            return Err(Dropped::InventedQuote);
        }
    }
    let said = said.to_lowercase();
    let invented = |link: &str| !said.contains(&link.trim_end_matches(['.', ',', ')', '"', '!', '?']).to_lowercase());
    if LINK.find_iter(sentence).any(|link| invented(link.as_str())) {
        return Err(Dropped::InventedLink);
    }
    Ok(())
}

/// Owner and date. A date stands on words that were said; where the words name a day by our own rules, it is that day.
fn action(input: &SessionForClient, draft: &DraftClaim, lines: &[&Line]) -> Result<ActionItem, Dropped> {
    let owner = draft.owner.unwrap_or_else(|| match lines.iter().any(|line| line.speaker == Speaker::Client) {
        true => Owner::Client,
        false => Owner::Coach,
    });
    // Only the coach's own words bind the coach.
    if owner == Owner::Coach && !lines.iter().any(|line| line.speaker == Speaker::Coach) {
        return Err(Dropped::NoEvidence);
    }
    let words = draft.due_words.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return Ok(ActionItem { owner, due_date: None, due_words: None });
    };
    let said = lines.iter().find_map(|line| text::locate(&line.text, words)).ok_or(Dropped::InventedDate)?;
    let resolved = due::find(said, input.session_date).and_then(|due| due.date);
    let plausible = draft.due_date.filter(|date| (0..=400).contains(&(*date - input.session_date).num_days()));
    let said = said.trim_end_matches(['.', '!', '?', '…']).to_owned();
    Ok(ActionItem { owner, due_date: resolved.or(plausible), due_words: Some(said) })
}

/// One line without invisible characters and without markup.
fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !text::is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | '\n' | '\t') { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
