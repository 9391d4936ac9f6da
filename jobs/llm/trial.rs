//! Tries a model out: one request without a session, whose answer is measured and not kept. It isn't recorded either, as
//! it's for nobody's summary; a model that costs money costs a few cents.

use std::time::Instant;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{
    Client, LlmError, Usage,
    client::{Prompt, parse},
    schema,
    wire::Ask,
};

/// What came of trying a model out.
#[derive(Debug)]
pub struct Trial<T> {
    /// The answer in its form.
    pub answer: Result<T, LlmError>,
    /// Whether it's JSON at all.
    pub is_json: bool,
    /// The tokens that the endpoint counted.
    pub usage: Usage,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Client {
    /// Asks once, in the strictest form that the endpoint accepts, and measures.
    pub async fn try_out<T: DeserializeOwned + JsonSchema>(&self, prompt: &Prompt) -> Trial<T> {
        let schema = schema::strict::<T>();
        let turns = [prompt.user.clone()];
        let ask = Ask {
            model: self.model(),
            system: &prompt.system,
            turns: &turns,
            schema: &schema,
            max_output_tokens: self.profile.max_output_tokens,
        };
        let mut dialect = self.dialect();
        loop {
            let began = Instant::now();
            let outcome = self.outcome(self.post(&self.wire.body(&ask, dialect)).await);
            if let Some(next) = outcome.unsupported.and_then(|what| dialect.without(what, self.wire.rungs())) {
                dialect = next;
                continue;
            }
            let seconds = began.elapsed().as_secs_f64();
            let is_json = outcome.content.as_deref().is_ok_and(|text| parse::<serde_json::Value>(text).is_ok());
            let unfit = |_| LlmError::Unusable("its JSON does not fit the schema".into());
            let answer = outcome.content.and_then(|text| parse(&text).map_err(unfit));
            return Trial { answer, is_json, usage: outcome.usage, seconds };
        }
    }
}
