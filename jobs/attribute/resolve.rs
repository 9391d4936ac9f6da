//! Identifies the person behind a speaker label: the pure core of the stage.
//!
//! `by_label` reads the label; `unnamed` what is said under a label that isn't a name; `doubts` and `quoted` compare
//! the labels of a session with each other.
//!
//! A false merge (one client's words in another's summary) is far worse than a miss, so below [`THRESHOLD`] the answer
//! is "nobody", with the likeliest person as a suggestion that only a person can confirm.

mod by_label;

use by_label::find_by_name;
use serde::Serialize;

use super::{
    attendees::{self, AttendeeMatch},
    doubts,
    people::{People, Who},
    quoted,
    roles::Utterance,
    spoken, unnamed,
};
use crate::names::generic;

/// From this confidence on, an attribution needs no confirmation.
pub const THRESHOLD: f32 = 0.75;

/// The confidence of a likely match that the coach is asked about.
pub(super) const SUGGESTED: f32 = 0.6;

/// A label, and how much was said under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As written; empty for utterances without a label.
    pub label: String,
    /// Number of words said under it.
    pub words: i32,
}

/// The evidence for an attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The coach said so.
    Coach,
    /// A file of the meeting links the label to the person.
    Files,
    /// The label is the full name or an address, or the roster knows it.
    Name,
    /// The label is less than a full name: a first name, initials, a handle.
    PartOfName,
    /// What is said.
    Speech,
    /// What is said, together with the context: the file's name, the time, that there is only one client.
    Occasion,
}

impl Basis {
    /// The name used in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coach => "coach",
            Self::Files => "files",
            Self::Name => "name",
            Self::PartOfName => "part_of_name",
            Self::Speech => "speech",
            Self::Occasion => "occasion",
        }
    }

    /// Parses a basis as stored in the database.
    #[must_use]
    pub fn parse(stored: &str) -> Self {
        let all = [Self::Coach, Self::Files, Self::PartOfName, Self::Speech, Self::Occasion];
        all.into_iter().find(|basis| basis.as_str() == stored).unwrap_or(Self::Name)
    }

    /// Whether it could be wrong: it's then shown as a guess that can be taken back with one click.
    #[must_use]
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::PartOfName | Self::Speech | Self::Occasion)
    }
}

/// Who a label was found to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// The label as written.
    pub label: String,
    /// Who it is; `None` below the threshold.
    pub who: Option<Who>,
    /// From 0 to 1.
    pub confidence: f32,
    /// The reason, as a sentence that a coach understands.
    pub reason: String,
    /// The kind of evidence.
    pub basis: Basis,
    /// The likeliest person, if nobody is certain.
    pub suggestion: Option<Who>,
}

/// A match of one label, before labels are compared with each other.
#[derive(Clone, Debug)]
pub(super) struct LabelMatch {
    pub(super) who: Who,
    pub(super) confidence: f32,
    pub(super) reason: String,
    pub(super) basis: Basis,
}

impl LabelMatch {
    /// Whether it needs no confirmation.
    pub(super) fn is_sure(&self) -> bool {
        self.confidence >= THRESHOLD
    }

    /// Turns it into a suggestion.
    pub(super) fn doubt(&mut self, but: &str) {
        self.confidence = self.confidence.min(SUGGESTED);
        self.reason.push_str(but);
    }
}

/// The match found for a label; or why there is none, in a sentence.
pub(super) type MatchResult = Result<LabelMatch, String>;

/// Resolves who each label is. Labels under which nothing was said are left out. `said` is what was said in the
/// session, in order: it identifies labels that aren't names.
#[must_use]
pub fn resolve(labels: &[Label], said: &[Utterance<'_>], people: &People) -> Vec<Resolution> {
    let spoken: Vec<usize> = (0..labels.len()).filter(|at| labels[*at].words > 0).collect();
    let names: Vec<&str> = labels.iter().map(|label| label.label.as_str()).collect();
    let anybodys = generic::among(&names, |word| people.has_name(word));
    let find_one = |(at, label): (usize, &&str)| find(label, anybodys[at], &names, people);
    let mut findings: Vec<MatchResult> = names.iter().enumerate().map(find_one).collect();
    doubts::swapped_roles(&mut findings, &names, &spoken, said);
    let session = doubts::Session { names: &names, spoken: &spoken, anybodys: &anybodys, people };
    let mentions = spoken::mentions(said, &people.known_names());
    doubts::shared(&mut findings, &session, &mentions);
    doubts::introduced(&mut findings, &session, said, &mentions);
    let known: Vec<Option<Who>> = findings
        .iter()
        .map(|found| found.as_ref().ok().filter(|found| found.is_sure()).map(|found| found.who))
        .collect();
    for (at, identified) in unnamed::identify(&names, &anybodys, &spoken, &known, said, people) {
        findings[at] = identified.into_result();
    }
    doubts::swapped_names(&mut findings, &session, said);
    doubts::rivals(&mut findings, &session);
    doubts::parts_of_names(&mut findings, &session);
    quoted::whoever_is_quoted(&mut findings, said, &session);
    doubts::refused(&mut findings, &session);
    doubts::one_speaker_for_all(&mut findings, &session);
    doubts::conversation_under_one_label(&mut findings, &session, said);
    spoken.into_iter().map(|at| resolution(names[at], &findings[at])).collect()
}

fn resolution(label: &str, found: &MatchResult) -> Resolution {
    let label = label.to_owned();
    match found {
        Err(reason) => Resolution {
            label,
            who: None,
            confidence: 0.0,
            reason: reason.clone(),
            basis: Basis::Name,
            suggestion: None,
        },
        Ok(LabelMatch { who, confidence, reason, basis }) => {
            let is_sure = *confidence >= THRESHOLD;
            Resolution {
                label,
                who: is_sure.then_some(*who),
                confidence: *confidence,
                reason: reason.clone(),
                basis: *basis,
                suggestion: (!is_sure).then_some(*who),
            }
        }
    }
}

/// The strongest evidence for a label; or why there is none. The coach's answer about this very session outranks
/// everything; then come the files of the meeting (participants, addresses), the coach's earlier corrections, aliases,
/// the roster. If the files and a name disagree, the coach is asked.
fn find(label: &str, is_anybodys: bool, labels: &[&str], people: &People) -> MatchResult {
    if let Some(who) = people.named.get(label) {
        let reason = "You named this speaker.".to_owned();
        return Ok(LabelMatch { who: *who, confidence: 1.0, reason, basis: Basis::Coach });
    }
    let by_files = attendees::match_label(label, people)?;
    match (by_files, find_by_name(label, is_anybodys, labels, people)) {
        (None, Err(reason)) => Err(match attendees::stranger(label, people) {
            Some(email) => format!("{reason} In the meeting, this speaker’s address was {email}."),
            None => reason,
        }),
        (None, found) => found,
        (Some(told), Ok(found)) if found.who != told.who && found.confidence >= THRESHOLD => {
            Err(format!("{} However: {} Which is right?", told.reason, found.reason))
        }
        (Some(told), Ok(found)) if found.who == told.who => {
            let AttendeeMatch { who, confidence, reason } = told;
            Ok(LabelMatch { who, confidence: confidence.max(found.confidence), reason, basis: Basis::Files })
        }
        (Some(AttendeeMatch { who, confidence, reason }), _) => {
            Ok(LabelMatch { who, confidence, reason, basis: Basis::Files })
        }
    }
}

#[cfg(test)]
mod tests;
