//! Tries out the model that writes summaries on the built-in sample session, and says what it's able to do.
//!
//! Sends nothing of any session, reads and writes no database; a call takes as long as one for a summary.

use std::fmt;

use super::{
    by_model, by_passage,
    input::SessionForClient,
    shortfall,
    summarizer::Summarizer,
    template::{SummaryTemplate, sample_session},
    verify::verify,
};
use crate::{
    llm::{AskBy, Client, LlmError, Trial, Usage},
    text,
};

/// A summary of the sample session has at least as many claims that hold.
const FEWEST_CLAIMS: usize = 3;

/// What a model made of the sample session.
#[derive(Clone, Debug)]
pub struct SelfTest {
    /// The whole summary in one call.
    pub whole: Tried,
    /// A single passage.
    pub passage: Tried,
    /// How it's asked about sessions, by what it was able to do and the settings.
    pub asked_by: &'static str,
}

/// What came of one call.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Whether it can be used.
    pub is_usable: bool,
    /// What was answered, in words.
    pub found: String,
    /// How long the call took, in seconds.
    pub seconds: f64,
    /// Tokens received per second of the call; `None` if the endpoint doesn't count them.
    pub tokens_per_second: Option<f64>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {:.0} s", self.found, self.seconds)?;
        self.tokens_per_second.map_or(Ok(()), |rate| write!(f, ", {rate:.1} tokens a second"))
    }
}

impl Summarizer {
    /// Tries out the model that writes for the installation; `None` if the offline summarizer does.
    pub async fn self_test(&self) -> Option<SelfTest> {
        let client = self.models().writing()?;
        let input = sample_session(&SummaryTemplate::default());
        let (whole, passage) = (try_whole(client, &input).await, try_passage(client, &input).await);
        let asked_by = match client.ask_by() {
            AskBy::Session => "session",
            AskBy::Section => "section",
            AskBy::Passage => "passage",
            AskBy::Auto if whole.is_usable => "session",
            AskBy::Auto if passage.is_usable => "passage",
            AskBy::Auto => "nothing: the offline summarizer writes",
        };
        Some(SelfTest { whole, passage, asked_by })
    }
}

async fn try_whole(client: &Client, input: &SessionForClient) -> Tried {
    let prompt = match by_model::whole(input) {
        Ok(prompt) => prompt,
        Err(error) => return failed(&error),
    };
    let trial: Trial<by_model::Answer> = client.try_out(&prompt).await;
    let tried = |is_usable, found| of(&trial, is_usable, found);
    match &trial.answer {
        Err(error) => tried(false, broken(error, trial.is_json)),
        Ok(answer) => {
            let evidence: Vec<_> = answer.claims.iter().flat_map(|claim| &claim.evidence).collect();
            let anywhere = |quote: &str| input.utterances.iter().any(|line| text::locate(&line.text, quote).is_some());
            let exact = evidence.iter().filter(|it| anywhere(&it.quote)).count();
            let there = |number: usize, quote: &str| {
                input.line(number).is_some_and(|line| text::locate(&line.text, quote).is_some())
            };
            let numbered = evidence.iter().filter(|it| there(it.utterance, &it.quote)).count();
            let verified = verify(input, &answer.claims);
            let dropped = verified.dropped.len();
            let draft = by_model::by(client, answer.claims.clone(), String::new());
            let shortfall = shortfall::of(input, &draft, &verified);
            // The sample is short, so little would do; but it has more than one thing to tell.
            let holding = answer.claims.len().saturating_sub(dropped);
            let is_usable = shortfall.is_none() && holding >= FEWEST_CLAIMS;
            let verdict = match shortfall {
                Some(why) => format!("can’t be used: {why}"),
                None if is_usable => "can be used".to_owned(),
                None => "can’t be used: it tells next to nothing".to_owned(),
            };
            let all = evidence.len();
            tried(
                is_usable,
                format!(
                    "valid JSON, {} claims of which {dropped} do not hold, {exact} of {all} quotes exact, {numbered} of \
                     {all} with the right number; {verdict}",
                    answer.claims.len()
                ),
            )
        }
    }
}

async fn try_passage(client: &Client, input: &SessionForClient) -> Tried {
    let (prompt, claim) = match by_passage::sample(input) {
        Ok(Some(sample)) => sample,
        Ok(None) => return failed(&LlmError::Unusable("the sample has no passage".into())),
        Err(error) => return failed(&error),
    };
    let trial: Trial<by_passage::Answer> = client.try_out(&prompt).await;
    match &trial.answer {
        Err(error) => of(&trial, false, broken(error, trial.is_json)),
        Ok(answer) if by_passage::holds(input, &claim, answer.text.trim()) => {
            of(&trial, true, "the sentence says what its words say".into())
        }
        Ok(_) => of(&trial, true, "the sentence says more or less than its words, so the quote would stand".into()),
    }
}

fn broken(error: &LlmError, is_json: bool) -> String {
    let json = if is_json { "valid JSON, but " } else { "" };
    format!("{json}{error}")
}

fn of<T>(trial: &Trial<T>, is_usable: bool, found: String) -> Tried {
    let Usage { output_tokens, .. } = trial.usage;
    let tokens_per_second = output_tokens.map(|tokens| f64::from(tokens) / trial.seconds.max(0.001));
    Tried { is_usable, found, seconds: trial.seconds, tokens_per_second }
}

fn failed(error: &LlmError) -> Tried {
    Tried { is_usable: false, found: error.to_string(), seconds: 0.0, tokens_per_second: None }
}
