//! Lets a language model draft: in one call where the session fits, in parts where it does not. No part is cut off.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    draft::{Draft, DraftClaim},
    input::{Line, SessionForClient},
    prompt, text,
};
use crate::llm::{Call, Client, LlmError};

/// How many characters of a transcript go into one call where the settings do not say: about 12,000 tokens.
pub(super) const PART_CHARACTERS: usize = 48_000;
/// So many turns are in two neighbouring parts, so that an answer is not parted from its question.
const OVERLAP_TURNS: usize = 2;
/// A part of fewer lines is not halved again.
const SMALLEST_PART_LINES: usize = 4;

/// What the model is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer {
    /// The claims.
    claims: Vec<DraftClaim>,
}

/// Drafts a summary. `call` has the prompt's version.
pub(super) async fn write(
    client: &Client,
    call: &Call<'_>,
    input: &SessionForClient,
    part_characters: usize,
) -> Result<Draft, LlmError> {
    let mut claims = Vec::new();
    let lines = &input.utterances;
    let mut parts = split(lines, part_characters);
    // From the end, so that the first part is taken first and halves take their part's place.
    parts.reverse();
    let mut done = 0;
    while let Some(part) = parts.pop() {
        let prompt = prompt::render(input, &lines[part.clone()], done + 1, done + 1 + parts.len())
            .map_err(|error| LlmError::Misconfigured(format!("the prompt's template does not render: {error}")))?;
        match client.ask::<Answer>(call, &prompt).await {
            Ok(answer) => {
                merge(&mut claims, answer.claims);
                done += 1;
            }
            Err(LlmError::TooLong) if part.len() >= SMALLEST_PART_LINES => {
                tracing::info!(target: "summarize", { part.lines = part.len() }, "A part is too long for the model; halving it");
                let [first, second] = halve(lines, part);
                parts.extend([second, first]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Draft {
        claims,
        provider: "openai",
        model: client.model().to_owned(),
        prompt_version: call.prompt_version.to_owned(),
    })
}

/// Adds what no earlier part claimed: neighbouring parts have turns in common.
fn merge(claims: &mut Vec<DraftClaim>, more: Vec<DraftClaim>) {
    let earlier = claims.len();
    for claim in more {
        let same = |other: &DraftClaim| {
            other.section == claim.section
                && (text::normalize(&other.text) == text::normalize(&claim.text) || other.evidence == claim.evidence)
        };
        if !claims[..earlier].iter().any(same) {
            claims.push(claim);
        }
    }
}

/// The turns of some lines.
fn turns(lines: &[Line], range: Range<usize>) -> Vec<Range<usize>> {
    let mut turns: Vec<Range<usize>> = Vec::new();
    for at in range {
        match turns.last_mut() {
            Some(turn) if lines[turn.start].speaker == lines[at].speaker => turn.end = at + 1,
            _ => turns.push(at..at + 1),
        }
    }
    turns
}

/// Parts of at most `limit` characters, with an overlap; a turn that is longer alone is cut between its lines. A
/// session without a line is nothing to ask about.
fn split(lines: &[Line], limit: usize) -> Vec<Range<usize>> {
    let length =
        |range: &Range<usize>| lines[range.clone()].iter().map(|line| line.text.chars().count() + 20).sum::<usize>();
    let pieces: Vec<Range<usize>> = turns(lines, 0..lines.len())
        .into_iter()
        .flat_map(|turn| if length(&turn) > limit { turn.map(|at| at..at + 1).collect() } else { vec![turn] })
        .collect();
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut first, mut at) = (0, 0);
    while at < pieces.len() {
        let with_next = pieces[first].start..pieces[at].end;
        if at > first && length(&with_next) > limit {
            parts.push(pieces[first].start..pieces[at - 1].end);
            // At least one piece further on than the last part began, or it would never end; and never so much
            // overlap that the next piece does not fit beside it.
            let mut back = at.saturating_sub(OVERLAP_TURNS).max(first + 1);
            while back < at && length(&(pieces[back].start..pieces[at].end)) > limit {
                back += 1;
            }
            first = back;
        }
        at += 1;
    }
    if first < pieces.len() {
        parts.push(pieces[first].start..lines.len());
    }
    parts
}

/// Two halves of a part, with an overlap where the part has the turns for it.
fn halve(lines: &[Line], part: Range<usize>) -> [Range<usize>; 2] {
    let turns = turns(lines, part.clone());
    if turns.len() < 2 * OVERLAP_TURNS + 2 {
        let middle = part.start + part.len() / 2;
        return [part.start..middle, middle..part.end];
    }
    let middle = turns.len() / 2;
    [part.start..turns[middle].start, turns[middle - OVERLAP_TURNS].start..part.end]
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::summarize::input::Speaker;

    fn lines(count: usize, length: usize) -> Vec<Line> {
        (0..count)
            .map(|index| Line {
                id: Uuid::nil(),
                index,
                speaker: if index % 2 == 0 { Speaker::Coach } else { Speaker::Client },
                name: String::new(),
                start_ms: None,
                text: "x".repeat(length),
            })
            .collect()
    }

    /// Every line is in a part, neighbours overlap, and no part of several lines is longer than the limit.
    #[test]
    fn no_line_is_lost_between_parts() {
        for (count, length, limit) in
            [(40, 80, 1000), (1, 80, 1000), (0, 80, 1000), (10, 2000, 1000), (500, 10, 48_000), (30, 400, 1000)]
        {
            let lines = lines(count, length);
            let parts = split(&lines, limit);
            let mut next = 0;
            for part in &parts {
                assert!(part.start <= next && part.end > next, "{parts:?}");
                assert!(part.len() == 1 || part.len() * (length + 20) <= limit, "{parts:?}");
                next = part.end;
            }
            assert_eq!(next, count, "{parts:?}");
        }
        let parts = split(&lines(40, 80), 1000);
        assert!(parts.windows(2).all(|pair| pair[1].start == pair[0].end - OVERLAP_TURNS), "{parts:?}");
    }

    #[test]
    fn halves_are_smaller_and_whole() {
        let lines = lines(20, 10);
        let mut part = 0..20;
        while part.len() >= SMALLEST_PART_LINES {
            let [first, second] = halve(&lines, part.clone());
            assert!(first.len() < part.len() && second.len() < part.len());
            assert!(first.start == part.start && second.end == part.end && second.start <= first.end);
            part = second;
        }
    }
}
