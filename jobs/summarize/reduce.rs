//! Combines the claims of a session's parts into one summary: the writing model says by number which stay, in which
//! order, and which say the same. It writes no text: texts and evidence are carried over by rule. If its answer is
//! unusable, rules choose.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    by_model::{Team, broken_template, by},
    draft::{Draft, DraftClaim},
    input::SessionForClient,
    prompt,
    template::SummaryTemplate,
};
use crate::{
    llm::{LlmError, Prompt},
    model::Section,
    prompts::{REDUCE, SUMMARIZE},
    text,
};

/// What the model is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer {
    /// The claims that stay, the most important first.
    claims: Vec<Pick>,
}

/// A claim that stays.
#[derive(Debug, Deserialize, JsonSchema)]
struct Pick {
    /// Its number.
    keep: usize,
    /// The numbers of other claims of the same section that say the same; empty where there are none.
    same: Vec<usize>,
}

/// Combines the claims of several parts into one draft.
pub(super) async fn reduce(
    team: &Team<'_>,
    input: &SessionForClient,
    claims: Vec<DraftClaim>,
) -> Result<Draft, LlmError> {
    let mapped = || SUMMARIZE.version();
    if claims.len() < 2 {
        return Ok(by(team.map, claims, mapped()));
    }
    let prompt = render(input, &claims).map_err(broken_template)?;
    let answer = team.write.ask::<Answer>(&team.call("reduce", &REDUCE.version()), &prompt).await;
    match answer.map(|answer| apply(&answer.claims, &claims)) {
        Ok(chosen) if !chosen.is_empty() => {
            let mut draft = by(team.write, chosen, format!("{}+{}", SUMMARIZE.version(), REDUCE.version()));
            if team.map.name() != team.write.name() {
                draft.model = format!("{} (parts read by {})", draft.model, team.map.model());
            }
            Ok(draft)
        }
        // The parts are paid for and kept: the choice is made when the endpoint is back.
        Err(error) if error.is_passing() => Err(error),
        other => {
            let why = other.err().map_or("it chose none", |error| error.kind());
            tracing::warn!(target: "summarize", { llm.error = why, session.id = %team.session_id },
                "The model did not choose among the claims of the parts; rules do");
            Ok(by(team.map, by_rule(claims, &input.template), mapped()))
        }
    }
}

/// Adds claims that no earlier part made: adjacent parts share turns.
pub(super) fn add(claims: &mut Vec<DraftClaim>, more: Vec<DraftClaim>) {
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

fn render(input: &SessionForClient, claims: &[DraftClaim]) -> Result<Prompt, minijinja::Error> {
    let claims: Vec<minijinja::Value> = claims
        .iter()
        .enumerate()
        .map(|(number, claim)| {
            let quotes: Vec<String> = claim.evidence.iter().map(|evidence| prompt::inert(&evidence.quote)).collect();
            context! {
                number,
                section => claim.section.as_str(),
                text => prompt::inert(&claim.text),
                thread => claim.thread,
                due => claim.due_words.as_deref().map(prompt::inert),
                quotes,
            }
        })
        .collect();
    let limits: Vec<minijinja::Value> = Section::ALL
        .into_iter()
        .filter(|section| section.is_for_model())
        .map(|section| (section, input.template.limit(section)))
        .filter(|(_, most)| *most > 0)
        .map(|(section, most)| context! { section => section.as_str(), most })
        .collect();
    let context = context! { client => input.client.as_str(), coach => input.coach.as_str(), claims };
    // The system part contains the summary's template and nothing from a session: it's the same for many.
    REDUCE.render(context! { limits }, context)
}

/// The claims as they were picked. Invalid or repeated numbers are skipped; only claims of the same section (and the
/// same open thread) are merged.
fn apply(picks: &[Pick], claims: &[DraftClaim]) -> Vec<DraftClaim> {
    let mut left: BTreeMap<usize, &DraftClaim> = claims.iter().enumerate().collect();
    let mut chosen = Vec::new();
    for pick in picks {
        let Some(mut claim) = left.remove(&pick.keep).cloned() else { continue };
        for number in &pick.same {
            if left.get(number).is_some_and(|other| (other.section, other.thread) == (claim.section, claim.thread))
                && let Some(other) = left.remove(number)
            {
                absorb(&mut claim, other);
            }
        }
        chosen.push(claim);
    }
    chosen
}

/// Takes over the evidence of a claim that says the same, and its date if the first has none.
fn absorb(claim: &mut DraftClaim, other: &DraftClaim) {
    for evidence in &other.evidence {
        if !claim.evidence.iter().any(|known| known.utterance == evidence.utterance) {
            claim.evidence.push(evidence.clone());
        }
    }
    if claim.due_words.is_none() {
        claim.due_words = other.due_words.clone();
        claim.due_date = other.due_date;
    }
    claim.owner = claim.owner.or(other.owner);
    claim.score = claim.score.or(other.score);
    claim.met = claim.met.or(other.met);
}

/// As many claims per section as the template allows, spread over the session.
fn by_rule(claims: Vec<DraftClaim>, template: &SummaryTemplate) -> Vec<DraftClaim> {
    let mut sections: BTreeMap<Section, Vec<DraftClaim>> = BTreeMap::new();
    for claim in claims {
        sections.entry(claim.section).or_default().push(claim);
    }
    let spread = |(section, claims): (Section, Vec<DraftClaim>)| {
        let (all, kept) = (claims.len(), claims.len().min(template.limit(section)));
        let places: BTreeSet<usize> = (0..kept).map(|at| at * all / kept).collect();
        claims.into_iter().enumerate().filter(move |(at, _)| places.contains(at)).map(|(_, claim)| claim)
    };
    sections.into_iter().flat_map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::draft::DraftEvidence;

    fn claim(section: Section, number: usize) -> DraftClaim {
        let evidence = vec![DraftEvidence { utterance: number, quote: format!("words {number}") }];
        DraftClaim::new(section, format!("Claim {number}."), evidence)
    }

    fn evidence(claim: &DraftClaim) -> Vec<usize> {
        claim.evidence.iter().map(|evidence| evidence.utterance).collect()
    }

    #[test]
    fn a_model_can_only_pick_order_and_merge() {
        let mut claims: Vec<DraftClaim> = (0..4).map(|number| claim(Section::ActionItems, number)).collect();
        claims.push(claim(Section::Wins, 4));
        claims[2].due_words = Some("by Friday".into());
        let picks = [
            Pick { keep: 3, same: vec![2, 4, 99, 3] },
            Pick { keep: 2, same: vec![] },
            Pick { keep: 77, same: vec![0] },
            Pick { keep: 4, same: vec![] },
            Pick { keep: 3, same: vec![0] },
        ];
        let chosen = apply(&picks, &claims);
        let texts: Vec<&str> = chosen.iter().map(|claim| claim.text.as_str()).collect();
        assert_eq!(texts, ["Claim 3.", "Claim 4."], "no claim twice, none of another section merged, none invented");
        assert_eq!(evidence(&chosen[0]), [3, 2], "the evidence of both");
        assert_eq!(chosen[0].due_words.as_deref(), Some("by Friday"));
        assert_eq!(evidence(&chosen[1]), [4]);
    }

    #[test]
    fn rules_keep_what_the_template_has_room_for_spread_over_the_session() {
        let claims: Vec<DraftClaim> = (0..13).map(|number| claim(Section::Wins, number)).collect();
        let template = SummaryTemplate::default();
        assert_eq!(template.limit(Section::Wins), 4);
        let kept: Vec<usize> = by_rule(claims.clone(), &template).iter().flat_map(evidence).collect();
        assert_eq!(kept, [0, 3, 6, 9]);
        assert_eq!(by_rule(claims[..2].to_vec(), &template).len(), 2);
    }

    #[test]
    fn claims_of_different_threads_are_never_one() {
        let mut claims: Vec<DraftClaim> = (0..3).map(|number| claim(Section::OpenThreads, number)).collect();
        (claims[0].thread, claims[1].thread, claims[2].thread) = (Some(0), Some(1), Some(0));
        let chosen = apply(&[Pick { keep: 0, same: vec![1, 2] }], &claims);
        assert_eq!(evidence(&chosen[0]), [0, 2]);
    }

    #[test]
    fn the_prompt_is_as_it_was_read() {
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/transcript.txt");
        let claims = [claim(Section::Wins, 1), claim(Section::ActionItems, 3)];
        let prompt = render(&crate::summarize::cases::read(&path), &claims).expect("the templates render");
        prompt::assert_as_read(&path.with_file_name("reduce.txt"), &prompt);
    }
}
