//! The demo's progress: one bar per stage on a terminal, one line per step elsewhere.

use std::time::Duration;

use debrief_jobs::db::{Db, Tx};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use uuid::Uuid;

use crate::cli::App;

/// The stages, and how the row of a session or summary shows that it has passed one.
const STAGES: [&str; 4] = ["parsed", "speakers known", "summarised", "sent to the coach"];

/// Progress bars that follow the database until they are finished.
pub(super) struct Progress {
    bars: MultiProgress,
    watcher: tokio::task::JoinHandle<()>,
}

impl Progress {
    /// Starts following `sessions` sessions of the organization.
    pub(super) fn start(app: &App, organization: Uuid, sessions: usize) -> Self {
        eprintln!("Processing {sessions} transcripts from the inboxes");
        let bars = MultiProgress::new();
        let style = ProgressStyle::with_template("  {msg:20} {bar:30.cyan/dim} {pos:>3} of {len}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let stages = STAGES.map(|stage| {
            let bar = bars.add(ProgressBar::new(sessions as u64).with_style(style.clone()));
            bar.set_message(stage);
            bar
        });
        let db = app.db.clone();
        let watcher = tokio::spawn(async move {
            loop {
                if let Ok(counts) = counts(&db, organization).await {
                    for (bar, (position, total)) in stages.iter().zip(counts) {
                        if total > 0 {
                            // Zero of zero would look complete.
                            bar.set_length(total.unsigned_abs());
                        }
                        bar.set_position(position.unsigned_abs());
                    }
                }
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        });
        Self { bars, watcher }
    }

    /// Prints what comes next, above the bars.
    pub(super) fn say(&self, what: &str) {
        if self.bars.is_hidden() {
            eprintln!("{what}");
        } else {
            let _ = self.bars.println(what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.watcher.abort();
        let _ = self.bars.clear();
    }
}

/// For each stage, how many have passed it, and the total.
async fn counts(db: &Db, organization: Uuid) -> Result<[(i64, i64); 4], sqlx::Error> {
    let mut tx = db.tenant(organization).await?;
    let row = sqlx::query!(
        r#"select (select count(*) from transcripts) as "transcripts!",
                  (select count(*) from transcripts where format is not null or rejected_reason is not null) as "parsed!",
                  (select count(*) from sessions where state not in ('received', 'rejected', 'parsed', 'waiting_for_speakers')) as "attributed!",
                  (select count(*) from summaries) as "summaries!",
                  (select count(*) from summaries where version > 0) as "written!",
                  (select count(*) from mails where kind = 'review_request' and state = 'sent') as "mailed!""#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok([
        (row.parsed, row.transcripts),
        (row.attributed, row.transcripts),
        (row.written, row.summaries),
        (row.mailed, row.transcripts),
    ])
}
