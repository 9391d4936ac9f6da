//! `debrief costs`: the cost of language models, by month, organization, task and model.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use debrief_jobs::llm::{self, Cost, Wanted};

use super::{App, output::say};

/// Show what language models cost, by month, organization, task and model
///
/// Shows what each call used and what it cost at the prices in the settings. A call that was refused costs nothing.
/// REUSED counts answers that were already stored and not paid for again.
#[derive(Debug, Args)]
pub(crate) struct Costs {
    /// Only from this day on
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<NaiveDate>,
    /// The organization's handle [default: all]
    #[arg(long, alias = "organization")]
    org: Option<String>,
}

impl Costs {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let organization = match &self.org {
            Some(handle) => Some(app.organization(Some(handle)).await?),
            None => None,
        };
        let costs = llm::costs(&app.db, &Wanted { since: self.since, organization }).await?;
        app.output.list(
            &costs,
            "no language model calls yet",
            [
                "MONTH",
                "ORGANIZATION",
                "TASK",
                "MODEL",
                "CALLS",
                "FAILED",
                "REUSED",
                "TOKENS IN",
                "CACHED",
                "OUT",
                "COST",
            ],
            |cost| {
                [
                    cost.month.clone(),
                    cost.organization.clone(),
                    cost.task.clone(),
                    format!("{} {}", cost.provider, cost.model),
                    cost.calls.to_string(),
                    cost.failed.to_string(),
                    cost.reused.to_string(),
                    cost.input_tokens.to_string(),
                    cost.cached_tokens.to_string(),
                    cost.output_tokens.to_string(),
                    amount(cost),
                ]
            },
        )?;
        if !app.output.json && costs.len() > 1 {
            say(&total(&costs));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The known cost and what is missing: an unknown cost is not zero.
fn amount(cost: &Cost) -> String {
    match (cost.cost_micro_usd, cost.unknown) {
        (Some(known), 0) => llm::dollars(known),
        (Some(known), unknown) => format!("{} plus {unknown} of unknown cost", llm::dollars(known)),
        (None, _) => "unknown".into(),
    }
}

fn total(costs: &[Cost]) -> String {
    let known: i64 = costs.iter().filter_map(|cost| cost.cost_micro_usd).sum();
    let unknown: i64 = costs.iter().map(|cost| cost.unknown).sum();
    let calls: i64 = costs.iter().map(|cost| cost.calls).sum();
    let rest = if unknown == 0 { String::new() } else { format!(", plus {unknown} of unknown cost") };
    format!("total: {calls} calls, {}{rest}", llm::dollars(known))
}
