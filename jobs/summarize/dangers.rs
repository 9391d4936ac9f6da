//! What speaks of danger: in the coach's sections by rule, whoever wrote the rest, and in nothing that a client gets. Pure.

use std::ops::Range;

use super::input::{Danger, Line, SessionForClient};
use crate::{
    danger::{self, Kind},
    model::{Audience, Claim, Evidence, Score, Section},
    text,
};

/// So many lines, and so long, before and after a line that speaks of danger are beside it.
const BESIDE: usize = 2;
const BESIDE_MS: u64 = 10_000;
/// So many words in a row are somebody's words, and not the language's.
const SHARED_WORDS: usize = 5;

/// More sentences are at the top of the page alone.
const MOST: usize = 12;
/// How grave a sign is, and how urgent a client with one, at least.
const GRAVE: f32 = 0.95;

impl SessionForClient {
    /// Whether a claim is not for a client's eyes: it speaks of danger, or rests on words that do or stand right beside
    /// them, as what was asked and answered there says as much. A promise beside them stays ("I'll send the deck on
    /// Monday."): it is kept or broken whatever else was said. One that says nothing by itself ("I'll do it on Monday.")
    /// may be a promise of the danger.
    pub(super) fn is_for_coach_alone(&self, section: Section, sentence: &str, cited: &[(&Line, &str)]) -> bool {
        if section.audience() != Audience::Client {
            return false;
        }
        let stays = section == Section::ActionItems && cited.iter().any(|(_, quote)| danger::says_what(quote));
        self.tells_danger(sentence)
            || cited.iter().any(|(line, quote)| self.is_of_danger(line, quote))
            || (!stays && cited.iter().any(|(line, _)| self.is_beside_danger(line)))
    }

    /// Whether words speak of danger or of help against it, by themselves or because they are those of a sentence that does.
    #[must_use]
    pub fn tells_danger(&self, words: &str) -> bool {
        danger::is_sign(words)
            || danger::names_help(words)
            || self.dangers.iter().any(|danger| shares_words(&danger.sentence, words))
    }

    /// The session without the sentences that speak of danger. Where one stood the line has a full stop, so that what is
    /// left is not read as one.
    pub(super) fn without_danger(&self) -> Self {
        let mut rest = self.clone();
        for danger in &self.dangers {
            if let Ok(at) = rest.utterances.binary_search_by_key(&danger.index, |line| line.index) {
                let text = &mut rest.utterances[at].text;
                let Some(place) = text.find(&danger.sentence) else { continue };
                let is_whole =
                    text[..place].trim_end().is_empty() || text[..place].trim_end().ends_with(['.', '!', '?', '…']);
                text.replace_range(place..place + danger.sentence.len(), if is_whole { "" } else { "." });
            }
        }
        rest.utterances.retain(|line| line.text.contains(char::is_alphanumeric));
        rest
    }

    /// Whether quoted words run into a sentence of their line that speaks of danger.
    fn is_of_danger(&self, line: &Line, quote: &str) -> bool {
        let place = |words: &str| line.text.find(words).map(|at| at..at + words.len());
        let meet = |one: Range<usize>, other: Range<usize>| one.start < other.end && other.start < one.end;
        let mut own = self.dangers.iter().filter(|danger| danger.index == line.index);
        own.any(|danger| place(quote).zip(place(&danger.sentence)).is_none_or(|(one, other)| meet(one, other)))
    }

    /// Whether a line speaks of danger, or is said right beside one that does.
    fn is_beside_danger(&self, line: &Line) -> bool {
        let start = |index: usize| self.line(index).and_then(|line| line.start_ms);
        self.dangers.iter().any(|danger| {
            let soon =
                line.start_ms.zip(start(danger.index)).is_some_and(|(one, other)| one.abs_diff(other) <= BESIDE_MS);
            soon || line.index.abs_diff(danger.index) <= BESIDE
        })
    }
}

/// Whether `words` hold a run of a sentence's words, or all of them where it has few.
fn shares_words(sentence: &str, words: &str) -> bool {
    let (said, told) = (text::words(sentence), text::words(words));
    let run = SHARED_WORDS.min(said.len());
    // One word ("Yes.") is nobody's.
    run > 1
        && said
            .windows(run)
            .any(|run_of| told.windows(run).any(|other| run_of.iter().zip(other).all(|(a, b)| a.normal == b.normal)))
}

/// Adds a risk for each sentence that speaks of danger and is in none yet, gravest first, and makes the client urgent.
pub(super) fn add(input: &SessionForClient, claims: &mut Vec<Claim>) {
    if input.dangers.is_empty() {
        return;
    }
    let mut dangers: Vec<&Danger> = input.dangers.iter().collect();
    dangers.sort_by_key(|danger| danger.why);
    let mut added: Vec<Claim> = Vec::new();
    for danger in &dangers {
        let Some(claim) = risk(input, danger) else { continue };
        let known = |it: &Claim| it.section == Section::Risk && it.evidence.iter().any(|e| claim.evidence.contains(e));
        if added.len() < MOST && !claims.iter().chain(&added).any(known) {
            added.push(claim);
        }
    }
    // How urgent the client is, is told by this and by nothing less.
    if let Some(urgent) = urgent(input, &dangers) {
        claims.retain(|claim| claim.section != Section::Priority);
        added.push(urgent);
    }
    // Stable: what was added comes first in its section.
    added.append(claims);
    added.sort_by_key(|claim| claim.section);
    *claims = added;
}

fn risk(input: &SessionForClient, danger: &Danger) -> Option<Claim> {
    let evidence = evidence(input, danger)?;
    let quote: String =
        evidence.quote.chars().map(|c| if matches!(c, '"' | '“' | '”' | '„') { '\'' } else { c }).collect();
    let speaker = crate::names::short(&evidence.speaker, "");
    let text = format!("{speaker} said: \u{201c}{quote}\u{201d}");
    Some(Claim { evidence: vec![evidence], score: Some(Score::from(GRAVE)), ..Claim::new(Section::Risk, text) })
}

/// Why somebody should look soon, without the words.
fn urgent(input: &SessionForClient, dangers: &[&Danger]) -> Option<Claim> {
    let kinds: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(|kind| dangers.iter().any(|danger| danger.why.kind() == *kind))
        .map(Kind::words)
        .collect();
    let text = format!("Words in {}’s session may be about {}.", input.client_short(), kinds.join(", "));
    let evidence = vec![evidence(input, dangers.first()?)?];
    Some(Claim { evidence, score: Some(Score::from(GRAVE)), ..Claim::new(Section::Priority, text) })
}

fn evidence(input: &SessionForClient, danger: &Danger) -> Option<Evidence> {
    let line = input.line(danger.index)?;
    Some(Evidence {
        utterance_id: line.id,
        speaker: line.name.clone(),
        start_ms: line.start_ms,
        quote: danger.sentence.clone(),
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        model::Section,
        summarize::{offline, read_session, verify::verify},
    };

    /// What is promised in a session of lines.
    fn promised(lines: &str) -> Vec<String> {
        let input = read_session(&format!("date: 2026-03-11\ncoach: Maya Okafor\nclient: Priya Raman\n---\n{lines}"));
        let claims = verify(&input, &offline::write(&input, None).claims).claims;
        claims.into_iter().filter(|claim| claim.section == Section::ActionItems).map(|claim| claim.text).collect()
    }

    #[test]
    fn a_promise_is_kept_whatever_is_said_beside_it() {
        for danger in [
            "I want to die.",
            "He hit me again last night.",
            "i have been cutting myself again",
            "My chest hurts and my left arm is numb.",
        ] {
            for lines in [
                format!("Maya| Hi.\nPriya| {danger}\nPriya| I'll send the deck to Tom by Friday.\n"),
                format!("Maya| Hi.\nPriya| I'll send the deck to Tom by Friday.\nPriya| {danger}\n"),
                format!("Maya| Hi.\nPriya| I'll send the deck to Tom by Friday. {danger}\nMaya| Oh.\n"),
                format!("Maya| Hi.\nPriya| {danger}\nMaya| I'll send the deck to Tom by Friday.\n"),
            ] {
                assert_eq!(promised(&lines).len(), 1, "{lines}");
            }
        }
    }

    #[test]
    fn what_may_promise_the_danger_is_no_promise_for_a_client() {
        for lines in [
            "Maya| Hi.\nPriya| I have the rope to hang myself. I'll do it on Sunday.\n",
            "Maya| Hi.\nPriya| I want to kill myself.\nPriya| I'll take them tonight.\n",
            "Maya| Hi.\nPriya| I will kill myself on Sunday.\n",
        ] {
            assert_eq!(promised(lines), Vec::<String>::new(), "{lines}");
        }
        assert_eq!(promised("Maya| Hi.\nPriya| The deck is not done. I'll do it on Sunday.\n").len(), 1);
    }
}
