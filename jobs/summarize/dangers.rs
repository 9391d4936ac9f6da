//! What speaks of danger, in the coach's sections: added by rule, whoever wrote the rest. Pure.

use super::input::{Danger, SessionForClient};
use crate::{
    danger::Kind,
    model::{Claim, Evidence, Score, Section},
};

/// More sentences are at the top of the page alone.
const MOST: usize = 12;
/// How grave a sign is, and how urgent a client with one, at least.
const GRAVE: f32 = 0.95;

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
