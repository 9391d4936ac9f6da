//! The cost of a call, and estimates before it is made.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::{ledger::Usage, settings::Profile, wire::Ask};

/// The cost of writing to an endpoint's cache, relative to input: Anthropic's five-minute price. Others don't count it.
const CACHE_WRITE: f64 = 1.25;
/// Bytes of UTF-8 per token: four in English, fewer in other languages, so that slightly more is reserved than used.
const BYTES_A_TOKEN: f64 = 3.6;
/// No text has this many bytes per token: an endpoint that counts so few tokens has truncated the prompt.
const MOST_BYTES_A_TOKEN: usize = 9;
/// The prompt size from which this is checked.
const LONG_PROMPT: usize = 16_000;
/// The expected tokens of an answer, for the limits.
const ANSWER_TOKENS: u32 = 800;
/// The maximum tokens of an answer, for the budget, if no setting says it.
const LONGEST_ANSWER_TOKENS: u32 = 4_000;

/// Prices in US dollars per million tokens, which is micro-dollars per token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prices {
    input: Option<f64>,
    cached: Option<f64>,
    output: Option<f64>,
}

impl Prices {
    pub(super) fn new(profile: &Profile) -> Self {
        Self { input: profile.input_price, cached: profile.cached_price, output: profile.output_price }
    }

    /// Whether the cost can be computed at all.
    pub(super) fn known(self) -> bool {
        self.input.is_some() && self.output.is_some()
    }

    /// The cost in micro-dollars; `None` if a price or count is unknown.
    pub(super) fn cost(self, usage: Usage) -> Option<i64> {
        let (input, output) = (self.input?, self.output?);
        let cached_tokens = f64::from(usage.cached_tokens.unwrap_or(0));
        let written_tokens = f64::from(usage.written_tokens.unwrap_or(0));
        let fresh_tokens = (f64::from(usage.input_tokens?) - cached_tokens - written_tokens).max(0.0);
        let cost = fresh_tokens * input
            + cached_tokens * self.cached.unwrap_or(input)
            + written_tokens * input * CACHE_WRITE
            + f64::from(usage.output_tokens?) * output;
        // Rounded up: the ledger never shows less than was spent. No call costs anywhere near the saturation point.
        Some(cost.ceil() as i64)
    }

    /// The maximum cost of a call, in micro-dollars.
    pub(super) fn estimate(self, ask: &Ask<'_>) -> Option<i64> {
        let output = f64::from(ask.max_output_tokens.unwrap_or(LONGEST_ANSWER_TOKENS)) * self.output?;
        Some((input_tokens(ask) * self.input? + output).ceil() as i64)
    }
}

/// The tokens that a request is expected to use, sent and received, for the limits.
fn tokens(ask: &Ask<'_>) -> f64 {
    input_tokens(ask) + f64::from(ask.max_output_tokens.unwrap_or(ANSWER_TOKENS).min(ANSWER_TOKENS))
}

fn input_tokens(ask: &Ask<'_>) -> f64 {
    (prompt_bytes(ask) as f64 + ask.schema.to_string().len() as f64) / BYTES_A_TOKEN
}

fn prompt_bytes(ask: &Ask<'_>) -> usize {
    ask.system.len() + ask.turns.iter().map(String::len).sum::<usize>()
}

/// How far the estimates were off, by task: an excess reservation is idle until it is returned, and late returns come
/// in a burst. Each process learns this for itself.
#[derive(Debug, Default)]
pub(super) struct Learned {
    factors: Mutex<BTreeMap<&'static str, f64>>,
}

impl Learned {
    /// The corrected estimate for a request of a task.
    pub(super) fn tokens(&self, task: &'static str, ask: &Ask<'_>) -> f64 {
        let factors = self.factors.lock().unwrap_or_else(PoisonError::into_inner);
        tokens(ask) * factors.get(task).copied().unwrap_or(1.0)
    }

    /// Learns from a request's actual usage.
    pub(super) fn learn(&self, task: &'static str, ask: &Ask<'_>, used: f64) {
        let factor = (used / tokens(ask).max(1.0)).clamp(0.2, 3.0);
        let mut factors = self.factors.lock().unwrap_or_else(PoisonError::into_inner);
        // The first value is almost certain; later ones weigh a quarter, since answers vary in length.
        factors.entry(task).and_modify(|known| *known += (factor - *known) / 4.0).or_insert(factor);
    }
}

/// Whether the endpoint read only part of the prompt: some (Ollama) silently cut off what exceeds their context, and a
/// summary of half a session looks like one of a whole session.
pub(super) fn was_cut_off(ask: &Ask<'_>, usage: Usage) -> bool {
    let bytes = prompt_bytes(ask);
    let read = usage.input_tokens.map_or(usize::MAX, |tokens| tokens as usize);
    bytes > LONG_PROMPT && usage.cached_tokens.unwrap_or(0) == 0 && read.saturating_mul(MOST_BYTES_A_TOKEN) < bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cached_tokens_have_their_own_price() {
        let prices = Prices { input: Some(2.0), cached: Some(0.5), output: Some(8.0) };
        let usage = Usage {
            input_tokens: Some(1000),
            cached_tokens: Some(400),
            output_tokens: Some(100),
            written_tokens: None,
        };
        assert_eq!(prices.cost(usage), Some(600 * 2 + 200 + 800));
        let written = Usage { written_tokens: Some(200), ..usage };
        assert_eq!(prices.cost(written), Some(400 * 2 + 200 + 500 + 800));
        assert_eq!(Prices::default().cost(usage), None);
    }

    #[test]
    fn what_a_task_takes_is_learned() {
        let (turns, schema) = ([String::from("?").repeat(3600)], json!({}));
        let ask = Ask { model: "m", system: "", turns: &turns, schema: &schema, max_output_tokens: Some(100) };
        let learned = Learned::default();
        let thought = learned.tokens("write", &ask);
        learned.learn("write", &ask, thought / 2.0);
        assert!((learned.tokens("write", &ask) - thought / 2.0).abs() < 1.0);
        assert!((learned.tokens("map", &ask) - thought).abs() < 1.0, "each task has answers of its own length");
        learned.learn("write", &ask, thought);
        assert!((learned.tokens("write", &ask) - thought * 0.625).abs() < 1.0);
    }

    #[test]
    fn a_prompt_that_was_cut_off_shows_in_its_tokens() {
        let (turns, schema) = ([String::from("He said that it went well. ").repeat(2000)], json!({}));
        let ask = Ask { model: "m", system: "s", turns: &turns, schema: &schema, max_output_tokens: None };
        let read = |tokens| was_cut_off(&ask, Usage { input_tokens: Some(tokens), ..Usage::default() });
        assert!(read(4096));
        assert!(!read(13_500));
        assert!(!was_cut_off(&ask, Usage::default()), "an endpoint that counts nothing shows nothing");
    }
}
