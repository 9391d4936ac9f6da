//! What changed between two versions of a summary, word by word and section by section. Pure.

use std::{collections::BTreeSet, ops::Range};

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use uuid::Uuid;

use super::{Audience, Claim, Content, Section};

/// If two sentences share less of their words than this, they are separate sentences, not one that changed.
pub(super) const ALIKE: f32 = 0.4;

/// What happened to some words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WordChange)]
pub enum Change {
    /// They are in both versions.
    Same,
    /// They were removed.
    Removed,
    /// They were added.
    Added,
}

/// Consecutive words with the same change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = WordPart)]
pub struct Part {
    /// What happened to them.
    pub change: Change,
    /// Whether they follow the text before without a space, like a full stop.
    pub glued: bool,
    /// The words.
    pub text: String,
}

/// What changed in one section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SectionDiff {
    /// The section.
    pub section: Section,
    /// Who may read it.
    pub audience: Audience,
    /// The sentences that changed, each in parts, in the newer version's order.
    pub sentences: Vec<Vec<Part>>,
    /// How many sentences are unchanged.
    pub same: usize,
}

/// A word or a mark, and whether it follows the text before without a space.
struct Token<'a> {
    text: &'a str,
    glued: bool,
}

/// The words and marks of a sentence. A mark within a word (`9:30`, `half-hour`, `it's`) belongs to the word.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (at, chunk) in text.split_whitespace().enumerate() {
        let chars: Vec<(usize, char)> = chunk.char_indices().collect();
        let mut start = 0;
        for (place, (from, c)) in chars.iter().enumerate() {
            let of_word = |place: Option<usize>| {
                place.and_then(|place| chars.get(place)).is_some_and(|(_, c)| c.is_alphanumeric())
            };
            let inside = c.is_alphanumeric() || (of_word(place.checked_sub(1)) && of_word(Some(place + 1)));
            let end = from + c.len_utf8();
            let next_inside = of_word(Some(place + 1))
                || (c.is_alphanumeric() && chars.get(place + 1).is_some() && of_word(Some(place + 2)));
            if !inside || !next_inside {
                tokens.push(Token { text: &chunk[start..end], glued: start > 0 || tokens.is_empty() && at == 0 });
                start = end;
            }
        }
    }
    tokens
}

/// The differences of two sentences, as parts: without the removed ones they make the second, without the added the
/// first.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<Part> {
    let (old, new) = (tokens(before), tokens(after));
    let mut parts = Vec::new();
    let mut push = |change, tokens: &[Token<'_>]| {
        let Some(first) = tokens.first() else { return };
        let mut text = first.text.to_owned();
        for token in &tokens[1..] {
            text.push_str(if token.glued { "" } else { " " });
            text.push_str(token.text);
        }
        parts.push(Part { change, glued: first.glued, text });
    };
    for (tag, was, is) in compare(&old, &new) {
        if tag == DiffTag::Equal {
            push(Change::Same, &new[is]);
        } else {
            push(Change::Removed, &old[was]);
            push(Change::Added, &new[is]);
        }
    }
    parts
}

fn compare(old: &[Token<'_>], new: &[Token<'_>]) -> Vec<(DiffTag, Range<usize>, Range<usize>)> {
    let text = |tokens: &[Token<'_>]| tokens.iter().map(|token| token.text.to_owned()).collect::<Vec<_>>();
    let pieces = capture_diff_slices(Algorithm::Patience, &text(old), &text(new));
    pieces.iter().map(similar::DiffOp::as_tag_tuple).collect()
}

/// How alike two sentences are: the share of words they have in common, in order.
pub(crate) fn likeness(one: &str, other: &str) -> f32 {
    let says = |token: &Token<'_>| token.text.contains(char::is_alphanumeric);
    let words = |text| tokens(text).into_iter().filter(says).collect::<Vec<_>>();
    let (one, other) = (words(one), words(other));
    let all = one.len() + other.len();
    let common: usize =
        compare(&one, &other).iter().filter(|(tag, ..)| *tag == DiffTag::Equal).map(|(_, was, _)| was.len()).sum();
    if all == 0 { 1.0 } else { 2.0 * common as f32 / all as f32 }
}

/// What changed from `before` to `after`: the sections with a change, in page order.
#[must_use]
pub fn contents(before: &Content, after: &Content) -> Vec<SectionDiff> {
    let changed = |(section, audience): (Section, Audience)| {
        let of = |content: &Content| -> Vec<Claim> {
            content.section(section).filter(|claim| claim.audience == audience).cloned().collect()
        };
        let (old, new) = (of(before), of(after));
        let (sentences, same) = sentences(&old.iter().collect::<Vec<_>>(), &new.iter().collect::<Vec<_>>());
        (!sentences.is_empty()).then_some(SectionDiff { section, audience, sentences, same })
    };
    // A promise near a sign of danger is in a client's section, but only for the coach.
    let both = |section: Section| [Audience::Client, Audience::Coach].map(|audience| (section, audience));
    Section::ALL.into_iter().flat_map(both).filter_map(changed).collect()
}

/// The claims of `before` that are gone from `after`, even in other words.
#[must_use]
pub fn left_out<'a>(before: &'a Content, after: &'a Content) -> Vec<&'a Claim> {
    let of_section = |section: Section| {
        let (old, new): (Vec<&Claim>, Vec<&Claim>) =
            (before.section(section).collect(), after.section(section).collect());
        pair(&old, &new).1
    };
    Section::ALL.into_iter().flat_map(of_section).collect()
}

/// The sentences that changed, and how many did not.
fn sentences(old: &[&Claim], new: &[&Claim]) -> (Vec<Vec<Part>>, usize) {
    let (partners, gone) = pair(old, new);
    let (mut changed, mut same) = (Vec::new(), 0);
    for (claim, partner) in new.iter().zip(partners) {
        match partner {
            Some(old) if old.text == claim.text => same += 1,
            Some(old) => changed.push(words(&old.text, &claim.text)),
            None => changed.push(whole(Change::Added, claim)),
        }
    }
    changed.extend(gone.iter().map(|claim| whole(Change::Removed, claim)));
    (changed, same)
}

/// What each new claim was before, and the old ones that are gone.
fn pair<'a>(old: &[&'a Claim], new: &[&Claim]) -> (Vec<Option<&'a Claim>>, Vec<&'a Claim>) {
    let mut free: Vec<&'a Claim> = old.to_vec();
    let mut take = |fits: &dyn Fn(&Claim) -> bool| {
        let at = free.iter().position(|claim| fits(claim))?;
        Some(free.remove(at))
    };
    let mut partners: Vec<Option<&'a Claim>> =
        new.iter().map(|claim| take(&|it| it.lasting_id == claim.lasting_id)).collect();
    let same_words: fn(&Claim, &Claim) -> bool = |it, claim| it.text == claim.text;
    let alike = |it: &Claim, claim: &Claim| shares_evidence(it, claim) || likeness(&it.text, &claim.text) >= ALIKE;
    for fits in [same_words, alike] {
        for (claim, partner) in new.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            *partner = take(&|it| fits(it, claim));
        }
    }
    (partners, free)
}

/// A sentence that changed as a whole.
fn whole(change: Change, claim: &Claim) -> Vec<Part> {
    vec![Part { change, glued: true, text: claim.text.clone() }]
}

/// Whether two claims are based on the same utterances.
pub(crate) fn shares_evidence(one: &Claim, other: &Claim) -> bool {
    let utterances = |claim: &Claim| claim.evidence.iter().map(|item| item.utterance_id).collect::<BTreeSet<Uuid>>();
    !one.evidence.is_empty() && utterances(one) == utterances(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(parts: &[Part]) -> String {
        let mark = |part: &Part| {
            let text = match part.change {
                Change::Same => part.text.clone(),
                Change::Removed => format!("[-{}-]", part.text),
                Change::Added => format!("{{+{}+}}", part.text),
            };
            if part.glued { text } else { format!(" {text}") }
        };
        parts.iter().map(mark).collect()
    }

    #[test]
    fn words_are_compared_in_order() {
        for (before, after, expect) in [
            ("She ran the meeting.", "She ran the meeting.", "She ran the meeting."),
            ("She ran the long meeting.", "She ran a meeting.", "She ran [-the long-] {+a+} meeting."),
            ("One.", "", "[-One.-]"),
            ("", "One.", "{+One.+}"),
            (
                "You ran it.",
                "She said: \u{201c}I ran it.\u{201d}",
                "[-You-]{+She said: \u{201c}I+} ran it.{+\u{201d}+}",
            ),
            ("It's at 9:30, say.", "It's at 9:30!", "It's at 9:30[-, say.-]{+!+}"),
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
