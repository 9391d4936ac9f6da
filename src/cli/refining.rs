//! `debrief sessions refine`, `undo` and `diff`: the review page's changes to a summary, from the command line.

use std::io::IsTerminal;

use anyhow::Context;
use clap::Args;
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    model::{
        Audience,
        diff::{self, Change, Part, SectionDiff},
        id::IdPrefix,
        summary,
    },
    review::{
        actions::{ActionError, ShownVersion},
        refining,
    },
};
use serde_json::json;
use uuid::Uuid;

use super::App;

/// Ask for a change to a summary, in words: shorter, "drop the second point"
///
/// A worker writes the next version; `debrief sessions diff` shows what changed, and `debrief sessions undo` reverts
/// it. Without a language model the rules understand: shorter; drop the second point, the last win, everything about
/// something, the recommendation about something; only the action items; use her words about something; more about something.
#[derive(Debug, Args)]
pub(crate) struct Refine {
    /// The summary's id, or its first digits (see `debrief sessions show`)
    summary: IdPrefix,
    /// What to change
    instruction: String,
}

/// Bring back the previous version of a summary, as a new version
///
/// Nothing is deleted: undoing again brings back what was undone.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The summary's id, or its first digits (see `debrief sessions show`)
    summary: IdPrefix,
}

/// Show what changed between two versions of a summary, word by word
///
/// Removed words are marked [-…-] and added words {+…+}; on a terminal they are also struck through and underlined,
/// unless NO_COLOR is set.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The summary's id, or its first digits (see `debrief sessions show`)
    summary: IdPrefix,
    /// The older version [default: the one before the newer]
    #[arg(long)]
    from: Option<i32>,
    /// The newer version [default: the latest]
    #[arg(long)]
    to: Option<i32>,
}

/// A summary's session and latest version, in a transaction of its organization.
struct NewestSummary {
    tx: TenantTx,
    summary: Uuid,
    session: Uuid,
    version: i32,
}

async fn find(app: &App, id: &IdPrefix) -> anyhow::Result<NewestSummary> {
    let (mut tx, summary) = app.summary(id).await?;
    let row = sqlx::query!("select session_id, version from summaries where id = $1", summary)
        .fetch_optional(tx.conn())
        .await?
        .context("the summary was there a moment ago")?;
    Ok(NewestSummary { tx, summary, session: row.session_id, version: row.version })
}

impl NewestSummary {
    async fn newest(&mut self) -> anyhow::Result<ShownVersion> {
        let content = summary::load_version(&mut self.tx, self.summary, self.version).await?;
        Ok(ShownVersion { version: self.version, hash: content.hash() })
    }
}

/// The error of an action, with what is wrong with what was typed.
pub(super) fn refused(error: ActionError) -> anyhow::Error {
    match error {
        ActionError::Invalid(problems) => {
            anyhow::anyhow!("{}", problems.into_iter().map(|problem| problem.problem).collect::<Vec<_>>().join(" "))
        }
        error => error.into(),
    }
}

impl Refine {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let mut found = find(app, &self.summary).await?;
        let shown = found.newest().await?;
        let visitor = Visitor::default();
        let id = refining::refine(&mut found.tx, found.session, found.summary, &shown, &self.instruction, &visitor)
            .await
            .map_err(refused)?;
        let NewestSummary { tx, summary, .. } = found;
        tx.commit().await?;
        let result = json!({ "refinement": id, "summary": summary, "base_version": shown.version });
        app.output.one(&result, |_| {
            format!("a worker will refine version {}; afterwards run: debrief sessions diff {}", shown.version, summary)
        })
    }
}

impl Undo {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let mut found = find(app, &self.summary).await?;
        let shown = found.newest().await?;
        let version = refining::undo(&mut found.tx, found.session, found.summary, &shown, &Visitor::default()).await?;
        let NewestSummary { tx, summary, .. } = found;
        tx.commit().await?;
        let result = json!({ "summary": summary, "version": version, "restores": shown.version - 1 });
        app.output.one(&result, |_| format!("version {version} restores version {}", shown.version - 1))
    }
}

impl Diff {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let mut found = find(app, &self.summary).await?;
        if found.version == 0 {
            anyhow::bail!("this summary has not been written yet: see `debrief sessions show {}`", found.session);
        }
        let to = self.to.unwrap_or(found.version);
        if to == 1 && self.from.is_none() {
            let only = json!({ "from": null, "to": 1, "sections": [] });
            let newest = found.version;
            return app.output.one(&only, |_| {
                if newest == 1 {
                    "this summary has one version: nothing has been changed yet".to_owned()
                } else {
                    format!("version 1 is the first of {newest}: there is no earlier one to compare it with")
                }
            });
        }
        let from = self.from.unwrap_or(to - 1);
        for version in [from, to] {
            anyhow::ensure!(
                (1..=found.version).contains(&version),
                "there is no version {version}: the summary has versions 1 to {}",
                found.version
            );
        }
        let before = summary::load_version(&mut found.tx, found.summary, from).await?;
        let after = summary::load_version(&mut found.tx, found.summary, to).await?;
        let sections = diff::contents(&before, &after);
        let styled =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        app.output.one(&json!({ "from": from, "to": to, "sections": &sections }), |_| {
            let mut text = format!("version {from} to version {to}\n");
            if sections.is_empty() {
                text.push_str("no words changed\n");
            }
            sections.iter().for_each(|section| text.push_str(&show(section, styled)));
            text
        })
    }
}

fn show(section: &SectionDiff, styled: bool) -> String {
    let whose = if section.audience == Audience::Coach { " (for the coach only)" } else { "" };
    let mut text = format!("\n{}{whose}\n", section.section.title());
    for sentence in &section.sentences {
        let words: String = sentence.iter().map(|part| mark(part, styled)).collect();
        text.push_str(&format!("  {words}\n"));
    }
    if section.same > 0 {
        text.push_str(&format!("  ({} unchanged)\n", section.same));
    }
    text
}

fn mark(part: &Part, styled: bool) -> String {
    let space = if part.glued { "" } else { " " };
    let (open, close, style) = match part.change {
        Change::Same => return format!("{space}{}", part.text),
        Change::Removed => ("[-", "-]", "\u{1b}[9;31m"),
        Change::Added => ("{+", "+}", "\u{1b}[4;32m"),
    };
    let text = format!("{open}{}{close}", part.text);
    if styled { format!("{space}{style}{text}\u{1b}[0m") } else { format!("{space}{text}") }
}
