//! Who is behind a speaker label: the pure core of the stage.
//!
//! `by_label` reads the label; `unnamed` what is said under one that is nobody's name; `doubts` and `quoted` hold the labels
//! of a session against each other.
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
    unnamed,
};
use crate::names::generic;

/// From this confidence on, an attribution stands without a person's word.
pub const THRESHOLD: f32 = 0.75;

/// What is likely, and asked about.
pub(super) const SUGGESTED: f32 = 0.6;

/// How much a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As written; empty for utterances without a label.
    pub label: String,
    /// How many words were said under it.
    pub words: i32,
}

/// What an attribution rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The coach said so.
    Coach,
    /// A file of the meeting ties the label to the person.
    Files,
    /// The label is the whole name or an address, or the roster knows it.
    Name,
    /// The label is less than a whole name: a first name, initials, a handle.
    PartOfName,
    /// What is said.
    Speech,
    /// What is said, and what lies around it: the file's name, the hour, that there is one client alone.
    Occasion,
}

impl Basis {
    /// As stored.
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

    /// From what is stored.
    #[must_use]
    pub fn parse(stored: &str) -> Self {
        let all = [Self::Coach, Self::Files, Self::PartOfName, Self::Speech, Self::Occasion];
        all.into_iter().find(|basis| basis.as_str() == stored).unwrap_or(Self::Name)
    }

    /// Whether it could be wrong: then it is shown as a guess, and taken back with one click.
    #[must_use]
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::PartOfName | Self::Speech | Self::Occasion)
    }
}

/// What a label was found to mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// As written.
    pub label: String,
    /// Whom it means; none below the threshold.
    pub who: Option<Who>,
    /// From 0 to 1.
    pub confidence: f32,
    /// A sentence that a coach understands.
    pub reason: String,
    /// What it rests on.
    pub basis: Basis,
    /// The likeliest person, where nobody is sure.
    pub suggestion: Option<Who>,
}

/// One step of the evidence, before labels are held against each other.
#[derive(Clone, Debug)]
pub(super) struct LabelMatch {
    pub(super) who: Who,
    pub(super) confidence: f32,
    pub(super) reason: String,
    pub(super) basis: Basis,
}

impl LabelMatch {
    /// Whether it stands without a person's word.
    pub(super) fn is_sure(&self) -> bool {
        self.confidence >= THRESHOLD
    }

    /// Leaves a suggestion.
    pub(super) fn doubt(&mut self, but: &str) {
        self.confidence = self.confidence.min(SUGGESTED);
        self.reason.push_str(but);
    }
}

/// What was found on a label; or why nothing was, in a sentence.
pub(super) type MatchResult = Result<LabelMatch, String>;

/// Says of each label whom it means. Labels under which nothing was said are left out. `said` is what was said in the
/// session, in its order: it tells who is behind a label that is nobody's name.
#[must_use]
pub fn resolve(labels: &[Label], said: &[Utterance<'_>], people: &People) -> Vec<Resolution> {
    let spoken: Vec<usize> = (0..labels.len()).filter(|at| labels[*at].words > 0).collect();
    let names: Vec<&str> = labels.iter().map(|label| label.label.as_str()).collect();
    let anybodys = generic::among(&names, |word| people.has_name(word));
    let find_one = |(at, label): (usize, &&str)| find(label, anybodys[at], &names, people);
    let mut findings: Vec<MatchResult> = names.iter().enumerate().map(find_one).collect();
    doubts::swapped_roles(&mut findings, &names, &spoken, said);
    doubts::shared(&mut findings, &names, said, people);
    let known: Vec<Option<Who>> = findings
        .iter()
        .map(|found| found.as_ref().ok().filter(|found| found.is_sure()).map(|found| found.who))
        .collect();
    for (at, identified) in unnamed::identify(&names, &anybodys, &spoken, &known, said, people) {
        findings[at] = identified.into_result();
    }
    let session = doubts::Session { names: &names, spoken: &spoken, anybodys: &anybodys, people };
    doubts::introduced(&mut findings, &session, said);
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

/// The strongest evidence on one label; or why there is none. The coach's word on this very session is the last; then
/// come the files of the meeting (participants, addresses), the coach's earlier corrections, aliases, the roster. Where
/// the files say one thing and a name says another, the coach is asked.
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
