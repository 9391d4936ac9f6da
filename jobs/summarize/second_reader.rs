//! A second look at what a model wrote: another model, or the same, is shown each sentence with the words it cites and
//! nothing else, and says whether they say it. One sentence at a time: asked about five at once, a small model gives all
//! five the same verdict (docs/SUMMARIES.md).
//!
//! The rules (`verify`) come first; quotes need no second look. A sentence that isn't said by its words is replaced by
//! them, left out, or shown to the coach as doubted, as the settings say. What a reader doesn't answer about stays as the
//! rules left it. A rerun only pays for questions that the last run didn't get an answer to.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    by_model::{Team, broken_template},
    input::{SessionForClient, Speaker},
    prompt,
    verify::{FREELY_WORDED, Verified},
};
use crate::{
    llm::{Client, LlmError, OnDoubt, Prompt},
    model::{Claim, Evidence, Section, Support},
    prompts::CHECK,
    text,
};

/// What a reader is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Answer {
    // A list of one, since that is what was measured; a small model that may answer with an empty list does.
    #[schemars(length(min = 1, max = 1))]
    pairs: Vec<Judgement>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Judgement {
    #[serde(rename = "number")]
    _number: usize,
    // It's asked for so that the verdict has one, and isn't shown: it may say anything.
    #[serde(rename = "reason")]
    #[schemars(length(max = 120))]
    _reason: String,
    says: Says,
}

/// Whether the words say what the sentence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Says {
    Yes,
    InPart,
    No,
}

/// Has the reader look at the sentences that aren't quotes, and does with what isn't said as the settings say.
///
/// # Errors
/// If the reader's turn hasn't come: see [`LlmError`]. Any other failure leaves the claims as the rules left them.
pub(super) async fn read_again(
    team: &Team<'_>,
    reader: &Client,
    on_doubt: OnDoubt,
    input: &SessionForClient,
    verified: &mut Verified,
) -> Result<(), LlmError> {
    let asked: Vec<usize> = (0..verified.claims.len()).filter(|at| is_read_again(&verified.claims[*at])).collect();
    let mut doubted = Vec::new();
    for at in asked {
        let prompt = render(input, &verified.claims[at]).map_err(broken_template)?;
        match reader.ask::<Answer>(&team.call("check", &CHECK.version()), &prompt).await {
            // Asked for one verdict, a model may give two.
            Ok(Answer { pairs }) if pairs.is_empty() => {}
            Ok(Answer { pairs }) if pairs.iter().all(|pair| pair.says == Says::Yes) => {
                verified.claims[at].support = Support::ReadTwice;
            }
            Ok(_) => {
                verified.claims[at].support = Support::Doubted;
                doubted.push(at);
            }
            Err(error @ (LlmError::Waiting(_) | LlmError::Limited(_))) => return Err(error),
            Err(error) => {
                tracing::warn!(target: "summarize", { llm.error = error.kind(), session.id = %team.session_id },
                    "A sentence was not read a second time");
            }
        }
    }
    let read = verified.claims.iter().filter(|claim| claim.support == Support::ReadTwice).count();
    tracing::info!(target: "summarize", { claims.read = read, claims.doubted = doubted.len(), session.id = %team.session_id },
        "Sentences were read a second time");
    metrics::counter!("debrief_claims_read_twice_total", "says" => "yes").increment(read as u64);
    metrics::counter!("debrief_claims_read_twice_total", "says" => "no").increment(doubted.len() as u64);
    settle(input, on_doubt, verified, &doubted);
    Ok(())
}

/// Does with doubted sentences as the settings say: with those at `doubted`.
fn settle(input: &SessionForClient, on_doubt: OnDoubt, verified: &mut Verified, doubted: &[usize]) {
    for at in doubted {
        let claim = &mut verified.claims[*at];
        match on_doubt {
            OnDoubt::Quote => quote(input, claim),
            OnDoubt::Show | OnDoubt::Drop => {}
        }
    }
    if on_doubt == OnDoubt::Drop {
        let before = verified.claims.len();
        verified.claims.retain(|claim| claim.support != Support::Doubted);
        let dropped = before - verified.claims.len();
        verified.dropped.extend(std::iter::repeat_n(super::Dropped::NotSaid, dropped));
    }
}

/// The words themselves in place of a sentence about them: they were said.
fn quote(input: &SessionForClient, claim: &mut Claim) {
    let Some(last) = claim.evidence.last() else { return };
    let by_coach = input.utterances.iter().any(|line| line.id == last.utterance_id && line.speaker == Speaker::Coach);
    let (name, verb) = match (claim.section, by_coach) {
        (Section::Recommendations, _) => (input.coach_short(), "suggested"),
        (_, true) => (input.coach_short(), "said"),
        (_, false) => (input.client_short(), "said"),
    };
    claim.text =
        format!("{name} {verb}: \u{201c}{}\u{201d}", last.quote.trim().replace(['\u{201c}', '\u{201d}', '"'], "'"));
    claim.support = Support::Verified;
}

/// Whether a claim is a sentence about what was said, and not a quote.
fn is_read_again(claim: &Claim) -> bool {
    FREELY_WORDED.contains(&claim.section)
        && claim.support == Support::Verified
        && !claim.evidence.is_empty()
        && text::without_quotes(&claim.text).len() == claim.text.len()
}

fn render(input: &SessionForClient, claim: &Claim) -> Result<Prompt, minijinja::Error> {
    let of = |it: &Evidence| context! { name => it.speaker.as_str(), text => prompt::inert(&it.quote) };
    let said: Vec<minijinja::Value> = claim.evidence.iter().map(of).collect();
    let before = claim.evidence.first().and_then(|first| {
        let at = input.utterances.iter().position(|line| line.id == first.utterance_id)?;
        let before = input.utterances.get(at.checked_sub(1)?)?;
        (before.speaker != input.utterances[at].speaker).then_some(before)
    });
    let asked =
        before.map(|line| context! { name => line.name.as_str(), text => prompt::inert(last_words(&line.text)) });
    let pairs = [context! { number => 1, asked, said, sentence => prompt::inert(&claim.text) }];
    CHECK.render(context! {}, context! { pairs })
}

/// The last sentence of what was said before: the question, if there's one.
fn last_words(said: &str) -> &str {
    text::sentences(said).last().map_or(said, |range| &said[range.clone()])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::summarize::{cases, verify::verify, write_offline};

    fn case() -> (SessionForClient, Verified) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/transcript.txt");
        let input = cases::read(&path);
        let verified = verify(&input, &write_offline(&input, None).claims);
        (input, verified)
    }

    /// A person has reviewed every word that a model reads.
    #[test]
    fn the_prompt_is_as_it_was_read() {
        let (input, verified) = case();
        let asked = verified.claims.iter().find(|claim| is_read_again(claim)).expect("statements are read again");
        let prompt = render(&input, asked).expect("the templates render");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/summarize/promises/check.txt");
        prompt::assert_as_read(&path, &prompt);
    }

    #[test]
    fn a_doubted_sentence_is_its_words_is_left_out_or_is_shown() {
        for on_doubt in [OnDoubt::Quote, OnDoubt::Drop, OnDoubt::Show] {
            let (input, mut verified) = case();
            let at = verified.claims.iter().position(is_read_again).expect("a statement");
            let (before, words) = (verified.claims.len(), verified.claims[at].evidence.clone());
            verified.claims[at].support = Support::Doubted;
            settle(&input, on_doubt, &mut verified, &[at]);
            match on_doubt {
                OnDoubt::Drop => {
                    assert_eq!(verified.claims.len(), before - 1);
                    assert!(verified.dropped.contains(&crate::summarize::Dropped::NotSaid));
                }
                OnDoubt::Show => assert_eq!(verified.claims[at].support, Support::Doubted),
                OnDoubt::Quote => {
                    let said = |it: &Evidence| verified.claims[at].text.contains(it.quote.trim());
                    assert!(words.iter().any(said), "{}", verified.claims[at].text);
                    assert_eq!(verified.claims[at].support, Support::Verified);
                }
            }
        }
    }
}
