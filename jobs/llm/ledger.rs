//! The ledger of calls: a row is committed before each call and settled after it, whatever became of the job.
//!
//! A row that stays `started` is a call whose end nobody saw (the process died, or the job was cut off): it may have
//! cost something, and says so.

use uuid::Uuid;

use super::{LlmError, Settings};
use crate::db::{Db, Tx};

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Where the ledger is.
    pub db: &'a Db,
    /// Whose call it is.
    pub organization: Uuid,
    /// The session that it is about.
    pub session_id: Option<Uuid>,
    /// What it is for: the stage.
    pub task: &'static str,
    /// The version of the prompt.
    pub prompt_version: &'a str,
}

/// What a call used, as the endpoint says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub input_tokens: Option<u32>,
    /// Tokens of the prompt that the endpoint had cached.
    pub cached_tokens: Option<u32>,
    /// Tokens of the answer.
    pub output_tokens: Option<u32>,
}

/// Prices in US dollars for a million tokens, which is micro-dollars for one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prices {
    input: Option<f64>,
    cached: Option<f64>,
    output: Option<f64>,
}

impl Prices {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { input: settings.input_price, cached: settings.cached_price, output: settings.output_price }
    }

    /// In micro-dollars; none where a price or a count is not known.
    fn cost(self, usage: Usage) -> Option<i64> {
        let (input, output) = (self.input?, self.output?);
        let cached_tokens = f64::from(usage.cached_tokens.unwrap_or(0));
        let fresh_tokens = (f64::from(usage.input_tokens?) - cached_tokens).max(0.0);
        let cost = fresh_tokens * input
            + cached_tokens * self.cached.unwrap_or(input)
            + f64::from(usage.output_tokens?) * output;
        // Rounded up: the ledger never says less than was spent. No call costs anything near what saturates.
        Some(cost.ceil() as i64)
    }
}

/// Commits the row of a call that is about to be made, and gives its id.
pub(super) async fn start(call: &Call<'_>, provider: &str, model: &str) -> Result<Uuid, LlmError> {
    let id = Uuid::now_v7();
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    sqlx::query!(
        "insert into llm_calls (id, organization_id, session_id, task, provider, model, prompt_version)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        call.organization,
        call.session_id,
        call.task,
        provider,
        model,
        call.prompt_version
    )
    .execute(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    tx.commit().await.map_err(LlmError::Ledger)?;
    Ok(id)
}

/// Settles the row of a call: what it used, and how it failed where it did.
pub(super) async fn settle(
    call: &Call<'_>,
    id: Uuid,
    usage: Usage,
    prices: Prices,
    request_id: Option<&str>,
    error: Option<&LlmError>,
) -> Result<(), LlmError> {
    let count = |tokens: Option<u32>| tokens.and_then(|tokens| i32::try_from(tokens).ok());
    let mut tx = call.db.tenant(call.organization).await.map_err(LlmError::Ledger)?;
    sqlx::query!(
        "update llm_calls set state = $2, input_tokens = $3, cached_tokens = $4, output_tokens = $5,
            cost_micro_usd = $6, request_id = $7, error = $8, finished_at = now() where id = $1",
        id,
        if error.is_some() { "failed" } else { "succeeded" },
        count(usage.input_tokens),
        count(usage.cached_tokens),
        count(usage.output_tokens),
        prices.cost(usage),
        request_id,
        error.map(LlmError::kind)
    )
    .execute(tx.conn())
    .await
    .map_err(LlmError::Ledger)?;
    tx.commit().await.map_err(LlmError::Ledger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_have_their_own_price() {
        let prices = Prices { input: Some(2.0), cached: Some(0.5), output: Some(8.0) };
        let usage = Usage { input_tokens: Some(1000), cached_tokens: Some(400), output_tokens: Some(100) };
        assert_eq!(prices.cost(usage), Some(600 * 2 + 200 + 800));
        assert_eq!(Prices::default().cost(usage), None);
    }
}
