//! Lets the writing model correct invalid claims, once: it's told why and shown the utterances around what they cite.
//! Its answer is verified like everything else; what is still invalid is dropped.

use std::collections::BTreeSet;

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    by_model::{Team, broken_template},
    draft::{Draft, DraftClaim},
    input::{SessionForClient, Speaker},
    offline::Doubt,
    prompt,
    supported::Unsaid,
    verify::{Dropped, verify},
};
use crate::{
    llm::{LlmError, Prompt},
    prompts::REPAIR,
    text,
};

/// How many lines before and after what a claim cites are shown.
const AROUND: usize = 3;
/// At most this many claims are corrected: a draft that is wrong throughout can't be fixed this way.
const MOST_CLAIMS: usize = 12;

/// What the model is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer {
    /// One for each claim that was given.
    claims: Vec<Corrected>,
}

/// A corrected claim.
#[derive(Debug, Deserialize, JsonSchema)]
struct Corrected {
    /// The number of the claim.
    number: usize,
    /// The claim as it holds; null where the utterances do not carry it.
    claim: Option<DraftClaim>,
}

/// Replaces invalid claims of the draft with valid corrections.
///
/// # Errors
/// Only if we have to wait for our turn: an uncorrected draft is still a draft.
pub(super) async fn repair(team: &Team<'_>, input: &SessionForClient, mut draft: Draft) -> Result<Draft, LlmError> {
    let broken: Vec<(usize, Dropped)> = draft
        .claims
        .iter()
        .enumerate()
        .filter_map(|(at, claim)| Some((at, why(input, claim)?)))
        // Claims about danger must not be rephrased.
        .filter(|(_, reason)| *reason != Dropped::Danger)
        .take(MOST_CLAIMS)
        .collect();
    if broken.is_empty() {
        return Ok(draft);
    }
    let prompt = render(input, &draft.claims, &broken).map_err(broken_template)?;
    let answer = match team.write.ask::<Answer>(&team.call("repair", &REPAIR.version()), &prompt).await {
        Ok(answer) => answer,
        Err(error @ (LlmError::Waiting(_) | LlmError::Limited(_))) => return Err(error),
        Err(error) => {
            tracing::warn!(target: "summarize", { llm.error = error.kind(), session.id = %team.session_id },
                "The claims that do not hold were not corrected; they are dropped");
            return Ok(draft);
        }
    };
    let mut mended = 0;
    for Corrected { number, claim } in answer.claims {
        let Some(claim) = claim else { continue };
        // It must be in the same section to be a correction; an additional claim isn't one either.
        let is_asked = broken.iter().any(|(at, _)| *at == number) && draft.claims[number].section == claim.section;
        if is_asked && why(input, &claim).is_none() {
            draft.claims[number] = claim;
            mended += 1;
        }
    }
    if mended > 0 {
        draft.prompt_version = format!("{}+{}", draft.prompt_version, REPAIR.version());
    }
    tracing::info!(target: "summarize", { claims.broken = broken.len(), claims.mended = mended, session.id = %team.session_id },
        "Claims that did not hold were corrected");
    Ok(draft)
}

/// Why a claim is invalid; `None` if it's valid.
fn why(input: &SessionForClient, claim: &DraftClaim) -> Option<Dropped> {
    verify(input, std::slice::from_ref(claim)).dropped.first().copied()
}

/// The reason in words for the model.
fn reason(dropped: Dropped) -> &'static str {
    match dropped {
        Dropped::NotASentence => "it is empty or far too long",
        Dropped::GoesRound => "it says the same words again and again",
        Dropped::NoEvidence => {
            "its quotes do not stand in the utterances with these numbers, or were not said by one who may say it"
        }
        Dropped::InventedQuote => "the sentence quotes words that its evidence does not have",
        Dropped::InventedDate => "the words of its date do not stand in its evidence",
        Dropped::InventedLink => "it has a link or an address that was not said",
        Dropped::NamesAnother => "it names somebody who does not belong in this summary",
        Dropped::NoThread => "it names no item of EARLIER, or does not say whether it was met",
        Dropped::Doubtful(Doubt::Denied) => "the words it cites say that it is not so, or was not yet so",
        Dropped::Doubtful(Doubt::TakenBack) => "it is taken back in the session",
        Dropped::Doubtful(Doubt::NotMeant) => "the words it cites are sarcasm",
        Dropped::Doubtful(Doubt::OfAnother) => "the words it cites tell of somebody else",
        Dropped::Doubtful(Doubt::ToAnother) => "the words it cites were said to somebody else, and not to this client",
        Dropped::Doubtful(Doubt::InRole) => "the words it cites were said in a role play",
        Dropped::Doubtful(Doubt::OfAnotherKind) => {
            "the words it cites are a habit, a fear, a wish, a question or the like, and not what the section is for"
        }
        Dropped::Doubtful(Doubt::Unsure) => "it is surer than the words it cites: they think, hope or may",
        Dropped::NotSaid => "the words it cites do not say it",
        Dropped::Unsaid(Unsaid::Number) => "it has a number or a day that the words it cites do not have",
        Dropped::Unsaid(Unsaid::Name) => "it has a name that the words it cites do not have",
        Dropped::Unsaid(Unsaid::Denial) => "it denies what the words it cites say, or says what they deny",
        Dropped::Unsaid(Unsaid::Certainty) => {
            "it is surer than the words it cites, or tells as done what is still to be done"
        }
        Dropped::Unsaid(Unsaid::Person) => "by the words it cites somebody else did it",
        Dropped::WrongOwner => "by the words it cites the other of the two does it",
        Dropped::Danger => "it tells the client what speaks of danger to somebody, which is for the coach alone",
        Dropped::Twice => "another claim says the same",
    }
}

fn render(
    input: &SessionForClient,
    claims: &[DraftClaim],
    broken: &[(usize, Dropped)],
) -> Result<Prompt, minijinja::Error> {
    let lines: Vec<minijinja::Value> = nearby(input, broken.iter().map(|(at, _)| &claims[*at]))
        .into_iter()
        .map(|at| {
            let line = &input.utterances[at];
            let name = if line.speaker == Speaker::Coach { input.coach_short() } else { input.client_short() };
            context! { number => line.index, name, text => prompt::inert(&line.text) }
        })
        .collect();
    let claims: Vec<minijinja::Value> = broken
        .iter()
        .map(|(at, dropped)| {
            let claim = &claims[*at];
            let quotes: Vec<String> = claim.evidence.iter().map(|evidence| prompt::inert(&evidence.quote)).collect();
            context! {
                number => at,
                section => claim.section.as_str(),
                text => prompt::inert(&claim.text),
                quotes,
                reason => reason(*dropped),
            }
        })
        .collect();
    let context = context! {
        client => input.client.as_str(),
        coach => input.coach.as_str(),
        date => input.session_date.to_string(),
        weekday => input.session_date.format("%A").to_string(),
        lines,
        claims,
        in_language => prompt::in_language(input),
    };
    let system = context! { tone => input.template.tone.trim(), voice => prompt::voice_lines(input) };
    REPAIR.render(system, context)
}

/// The indices of the lines around what the claims cite, by number and by quote: a correct quote often has a wrong
/// number.
fn nearby<'a>(input: &SessionForClient, claims: impl Iterator<Item = &'a DraftClaim>) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    for evidence in claims.flat_map(|claim| &claim.evidence) {
        for (at, line) in input.utterances.iter().enumerate() {
            if line.index == evidence.utterance || text::locate(&line.text, &evidence.quote).is_some() {
                places.extend(at.saturating_sub(AROUND)..(at + AROUND + 1).min(input.utterances.len()));
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        model::Section,
        summarize::{cases, draft::DraftEvidence},
    };

    #[test]
    fn the_prompt_is_as_it_was_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/negation/transcript.txt");
        let mut input = cases::read(&path);
        input.voice.rules = vec!["short sentences".into()];
        let evidence = vec![DraftEvidence { utterance: 1, quote: "I did not send it".into() }];
        let claims = [DraftClaim::new(Section::Wins, "She sent it.".into(), evidence)];
        let broken: Vec<(usize, Dropped)> = claims.iter().filter_map(|claim| Some((0, why(&input, claim)?))).collect();
        let prompt = render(&input, &claims, &broken).expect("the templates render");
        prompt::assert_as_read(&path.with_file_name("repair.txt"), &prompt);
    }
}
