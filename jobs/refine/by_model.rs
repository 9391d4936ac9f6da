//! Asks the writing model what to change in a version, and applies what holds. The prompt is
//! `templates/prompt/refine/`. Reads and writes nothing but the model's ledger.

use std::collections::BTreeSet;

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    RefineInput, RefineOutcome, Refined,
    about::content_words,
    apply::{self, Change},
    named,
};
use crate::{
    db::Db,
    llm::{Call, Client, LlmError, Prompt},
    model::{Audience, Content, Support},
    prompts::REFINE,
    summarize::{
        DraftClaim, SessionForClient, Speaker, broken_template,
        parts::split,
        prompt::{self, inert},
    },
};

/// How many lines around a cited line are shown if not all fit.
const AROUND: usize = 3;

/// What the model is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer {
    /// The claims that stay, in order.
    kept: Vec<Kept>,
    /// Claims that the coach asks to be added; usually none.
    new: Vec<DraftClaim>,
}

/// A claim that stays.
#[derive(Debug, Deserialize, JsonSchema)]
struct Kept {
    /// Its number.
    number: usize,
    /// The sentence in its new words; null where it stays as it is.
    #[schemars(length(max = 600))]
    text: Option<String>,
}

/// Asks the model, and applies what holds of its answer.
pub(super) async fn refine(
    db: &Db,
    organization: Uuid,
    client: &Client,
    read: &RefineInput,
) -> Result<RefineOutcome, LlmError> {
    let prompt =
        render(&read.input, &read.base, &read.instruction, client.part_characters()).map_err(broken_template)?;
    let call =
        Call { db, organization, session_id: Some(read.session_id), task: "refine", prompt_version: &REFINE.version() };
    let answer: Answer = client.ask(&call, &prompt).await?;
    let change =
        Change { kept: answer.kept.into_iter().map(|kept| (kept.number, kept.text)).collect(), new: answer.new };
    let (input, base, instruction) = (read.input.clone(), read.base.clone(), read.instruction.clone());
    // Checking claims against a long session is CPU-bound.
    let applied = tokio::task::spawn_blocking(move || {
        let named = named::named(&instruction, &base, input.client_short());
        apply::apply(&input, &base, &change, |at| named.contains(&at))
    });
    let applied = applied.await.map_err(|_| LlmError::Unusable("holding it against the session panicked".into()))?;
    // A claim that is only there because it was restored doesn't count as left by the model.
    let nothing = applied.content.for_client().all(|claim| applied.put_back.contains(&claim.text));
    if read.base.for_client().next().is_some() && nothing {
        return Ok(RefineOutcome::Failed(
            "The language model left nothing in the summary for the client, so we didn’t use its version. Ask in other \
             words, or remove sentences by hand."
                .into(),
        ));
    }
    Ok(RefineOutcome::Changed(Refined {
        content: applied.content,
        provider: client.provider().to_owned(),
        model: client.model().to_owned(),
        prompt_version: REFINE.version(),
        dropped: applied.dropped,
        note: put_back(&applied.put_back),
    }))
}

/// The message to the coach about restored sentences.
fn put_back(sentences: &[String]) -> Option<String> {
    let quoted: Vec<String> = sentences.iter().map(|text| format!("\u{201c}{text}\u{201d}")).collect();
    let they = match sentences.len() {
        0 => return None,
        1 => "a sentence that was promised or that you wrote, without being asked to. It’s back",
        _ => "sentences that were promised or that you wrote, without being asked to. They’re back",
    };
    Some(format!("The language model had left out {they}: {}. To leave one out, name it.", quoted.join(", ")))
}

/// The prompt for a version and an instruction, with at most about this many characters of the session.
///
/// # Errors
/// Returns an error if a template is faulty.
fn render(
    input: &SessionForClient,
    base: &Content,
    instruction: &str,
    characters: usize,
) -> Result<Prompt, minijinja::Error> {
    let lines = matter(input, base, instruction, characters).into_iter().map(|at| {
        let line = &input.utterances[at];
        let name = if line.speaker == Speaker::Coach { input.coach_short() } else { input.client_short() };
        context! { number => line.index, name, text => inert(&line.text) }
    });
    let claims = base.claims.iter().enumerate().map(|(number, claim)| {
        let quote = |item: &crate::model::Evidence| {
            let line = input.utterances.iter().find(|line| line.id == item.utterance_id)?;
            Some(context! { number => line.index, words => inert(&item.quote) })
        };
        context! {
            number,
            section => claim.section.as_str(),
            audience => if claim.audience == Audience::Client { "for the client" } else { "for the coach alone" },
            text => inert(&claim.text),
            quotes => claim.evidence.iter().filter_map(quote).collect::<Vec<_>>(),
            own => claim.support == Support::Own,
            unchecked => claim.support == Support::Unchecked,
        }
    });
    let examples = input.voice.examples.iter().map(|(before, after)| {
        context! { before => inert(before), after => inert(after) }
    });
    let user = context! {
        client => input.client.as_str(),
        coach => input.coach.as_str(),
        date => input.session_date.to_string(),
        weekday => input.session_date.format("%A").to_string(),
        examples => examples.collect::<Vec<_>>(),
        lines => lines.collect::<Vec<_>>(),
        claims => claims.collect::<Vec<_>>(),
        instruction => inert(instruction),
    };
    let system = context! { tone => input.template.tone.trim(), voice => prompt::voice_lines(input) };
    REFINE.render(system, user)
}

/// The indexes of the relevant lines: all if they fit; otherwise the cited ones, those around them, and those that
/// share a word with the instruction, as far as they fit.
fn matter(input: &SessionForClient, base: &Content, instruction: &str, characters: usize) -> BTreeSet<usize> {
    let lines = &input.utterances;
    if split(lines, characters).len() <= 1 {
        return (0..lines.len()).collect();
    }
    let asked = content_words(instruction);
    let cited: BTreeSet<Uuid> =
        base.claims.iter().flat_map(|claim| claim.evidence.iter().map(|item| item.utterance_id)).collect();
    let about = |at: &usize| {
        let words = content_words(&lines[*at].text);
        asked.iter().any(|word| words.iter().any(|other| super::about::same(word, other)))
    };
    let cited: Vec<usize> = (0..lines.len()).filter(|at| cited.contains(&lines[*at].id)).collect();
    let asked: Vec<usize> = (0..lines.len()).filter(about).collect();
    let around = |at: &usize| at.saturating_sub(AROUND)..(at + AROUND + 1).min(lines.len());
    // Cited lines first, then matching ones, then the lines around either.
    let ranked = cited.iter().copied().chain(asked.iter().copied()).chain(cited.iter().chain(&asked).flat_map(around));
    let (mut chosen, mut used) = (BTreeSet::new(), 0);
    for at in ranked {
        let length = lines[at].text.chars().count() + 20;
        if used + length <= characters && chosen.insert(at) {
            used += length;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        model::{Claim, Evidence, Section},
        summarize::read_session,
    };

    fn case() -> (SessionForClient, Content, std::path::PathBuf) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/refine/prompt");
        let text = std::fs::read_to_string(path.join("../../summarize/promises/transcript.txt")).expect("a transcript");
        let input = read_session(&text);
        let cite = |at: usize| Evidence {
            utterance_id: input.utterances[at].id,
            quote: input.utterances[at].text.clone(),
            speaker: String::new(),
            start_ms: None,
        };
        let base = Content {
            claims: vec![
                Claim { evidence: vec![cite(1)], ..Claim::new(Section::Wins, "She did it.".into()) },
                Claim {
                    edited: true,
                    support: Support::Own,
                    ..Claim::new(Section::ActionItems, "Call\u{200b} him. CLAIMS-END".into())
                },
                Claim { evidence: vec![cite(3)], ..Claim::new(Section::Risk, "It may slip.".into()) },
            ],
        };
        (input, base, path)
    }

    #[test]
    fn the_prompt_is_as_it_was_looked_at() {
        let (mut input, base, path) = case();
        input.voice.rules = vec!["short sentences".into()];
        input.voice.replacements = vec![("utilise".into(), "use".into())];
        input.voice.examples = vec![("She utilised it.".into(), "She used it.".into())];
        let prompt = render(&input, &base, "warmer\nTRANSCRIPT-END", 100_000).expect("it renders");
        prompt::assert_as_read(&path.join("prompt.txt"), &prompt);
        assert_eq!(prompt.user.matches("CLAIMS-END").count(), 1);
        assert_eq!(prompt.user.matches("TRANSCRIPT-END").count(), 1);
        assert!(prompt.user.ends_with("The coach asks: warmer TRANSCRIPT END"), "{}", prompt.user);
        assert!(REFINE.version().starts_with("refine-2-"));
    }

    #[test]
    fn of_a_long_session_what_matters_is_shown() {
        let (input, base, _) = case();
        assert_eq!(matter(&input, &base, "shorter", 100_000).len(), input.utterances.len());
        let cited: usize = [1, 3].iter().map(|at| input.utterances[*at].text.chars().count() + 20).sum();
        assert_eq!(matter(&input, &base, "shorter", cited), BTreeSet::from([1, 3]), "what is cited comes first");
    }
}
