//! What changed between two versions of a summary, word by word and section by section. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use uuid::Uuid;

use super::{Audience, Claim, Content, Section};

/// Two sentences that have less than this of their words in common are two sentences, and not one that was changed.
const ALIKE: f32 = 0.4;

/// What became of some words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// They stand in both versions.
    Same,
    /// They are not there any more.
    Removed,
    /// They are new.
    Added,
}

/// Words in a row that share their fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What became of them.
    pub change: Change,
    /// The words.
    pub text: String,
}

/// What changed in one section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionDiff {
    /// The section.
    pub section: Section,
    /// Who may read it.
    pub audience: Audience,
    /// The sentences that changed, each in parts, in the order of the newer version.
    pub sentences: Vec<Vec<Part>>,
    /// How many sentences stayed as they were.
    pub same: usize,
}

/// What differs between two sentences, in parts that give each of them again when they are joined by spaces.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<Part> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_whitespace().collect(), after.split_whitespace().collect());
    let mut parts = Vec::new();
    let mut push = |change, words: &[&str]| {
        if !words.is_empty() {
            parts.push(Part { change, text: words.join(" ") });
        }
    };
    for piece in capture_diff_slices(Algorithm::Patience, &old, &new) {
        let (tag, was, is) = piece.as_tag_tuple();
        match tag {
            DiffTag::Equal => push(Change::Same, &new[is]),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                push(Change::Removed, &old[was]);
                push(Change::Added, &new[is]);
            }
        }
    }
    parts
}

/// How alike two sentences are: the share of their words that they have in common, in order.
pub(crate) fn likeness(one: &str, other: &str) -> f32 {
    let common: usize = words(one, other)
        .iter()
        .filter(|part| part.change == Change::Same)
        .map(|part| part.text.split_whitespace().count())
        .sum();
    let all = one.split_whitespace().count() + other.split_whitespace().count();
    if all == 0 { 1.0 } else { 2.0 * common as f32 / all as f32 }
}

/// What changed from `before` to `after`: the sections in which something did, in the order of a page.
#[must_use]
pub fn contents(before: &Content, after: &Content) -> Vec<SectionDiff> {
    let changed = |section: Section| {
        let (old, new): (Vec<&Claim>, Vec<&Claim>) =
            (before.section(section).collect(), after.section(section).collect());
        let (sentences, same) = sentences(&old, &new);
        (!sentences.is_empty()).then(|| SectionDiff { section, audience: section.audience(), sentences, same })
    };
    Section::ALL.into_iter().filter_map(changed).collect()
}

/// The sentences that changed, and how many did not.
fn sentences(old: &[&Claim], new: &[&Claim]) -> (Vec<Vec<Part>>, usize) {
    let mut free: Vec<&Claim> = old.to_vec();
    let mut take = |fits: &dyn Fn(&Claim) -> bool| {
        let at = free.iter().position(|claim| fits(claim))?;
        Some(free.remove(at))
    };
    let mut partners: Vec<Option<&Claim>> = new.iter().map(|claim| take(&|it| it.text == claim.text)).collect();
    for (claim, partner) in new.iter().zip(&mut partners) {
        if partner.is_none() {
            *partner = take(&|it| shares_evidence(it, claim) || likeness(&it.text, &claim.text) >= ALIKE);
        }
    }
    let (mut changed, mut same) = (Vec::new(), 0);
    for (claim, partner) in new.iter().zip(partners) {
        match partner {
            Some(old) if old.text == claim.text => same += 1,
            Some(old) => changed.push(words(&old.text, &claim.text)),
            None => changed.push(vec![Part { change: Change::Added, text: claim.text.clone() }]),
        }
    }
    changed.extend(free.iter().map(|claim| vec![Part { change: Change::Removed, text: claim.text.clone() }]));
    (changed, same)
}

/// Whether two claims rest on the same utterances.
pub(crate) fn shares_evidence(one: &Claim, other: &Claim) -> bool {
    let utterances = |claim: &Claim| claim.evidence.iter().map(|item| item.utterance_id).collect::<BTreeSet<Uuid>>();
    !one.evidence.is_empty() && utterances(one) == utterances(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(parts: &[Part]) -> String {
        let mark = |part: &Part| match part.change {
            Change::Same => part.text.clone(),
            Change::Removed => format!("[-{}-]", part.text),
            Change::Added => format!("{{+{}+}}", part.text),
        };
        parts.iter().map(mark).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_compared_in_order() {
        for (before, after, expect) in [
            ("She ran the meeting.", "She ran the meeting.", "She ran the meeting."),
            ("She ran the long meeting.", "She ran a meeting.", "She ran [-the long-] {+a+} meeting."),
            ("One.", "", "[-One.-]"),
            ("", "One.", "{+One.+}"),
        ] {
            assert_eq!(marked(&words(before, after)), expect);
        }
    }

    #[test]
    fn sections_show_what_changed_in_them_and_no_other_is_named() {
        let content = |claims: &[(Section, &str)]| Content {
            claims: claims.iter().map(|(section, text)| Claim::new(*section, (*text).into())).collect(),
        };
        let before = content(&[
            (Section::Wins, "She closed the account."),
            (Section::Wins, "He called."),
            (Section::Challenges, "The budget."),
            (Section::Risk, "She is very tired of it."),
        ]);
        let after = content(&[
            (Section::Wins, "She closed the large account."),
            (Section::Challenges, "The budget."),
            (Section::Risk, "She is tired of it."),
        ]);
        let sections = contents(&before, &after);
        let shown: Vec<(Section, Vec<String>, usize)> = sections
            .iter()
            .map(|section| (section.section, section.sentences.iter().map(|it| marked(it)).collect(), section.same))
            .collect();
        assert_eq!(
            shown,
            [
                (Section::Wins, vec!["She closed the {+large+} account.".into(), "[-He called.-]".into()], 0),
                (Section::Risk, vec!["She is [-very-] tired of it.".into()], 0),
            ]
        );
    }
}
