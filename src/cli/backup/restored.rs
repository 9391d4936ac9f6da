//! `debrief backup restore`, and what it says has to be done by hand afterwards.

use std::process::ExitCode;

use clap::Args;
use debrief_jobs::{
    backup::{self, Catalogue, Restored, Target, tables::MISSED},
    bucket::{self, Bucket},
    db::{Db, Tx, Urls},
    embed, index,
};
use serde::Serialize;

use super::{Bar, chosen, vault};
use crate::{
    cli::{
        Globals,
        app::{config, unmigrated},
        output::{Output, tell},
    },
    telemetry,
};

/// Restore a backup into an empty installation
///
/// Checks every object of the backup first, then loads all of it in one transaction and compares every row with what was
/// backed up: it is restored as it was, or not at all. Refused if the installation has data, if the backup is damaged (the
/// damage is named), or if it was made by a later version. A backup of an earlier version is migrated on. The transcripts go
/// into the bucket of the settings.
///
/// Stop `debrief up` and `debrief work` before, and start them afterwards. No email is sent: letters that were on their way when
/// the backup was made are shown to their coaches, who decide.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup's id [default: the newest of everything]
    #[arg(value_name = "BACKUP")]
    id: Option<String>,
    /// Where it is [default: backup.url]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Only this organization of it, by its handle
    #[arg(long, visible_alias = "organization", value_name = "HANDLE")]
    org: Option<String>,
    /// Restore although transcripts are damaged in the backup; their words are restored, their files are not
    #[arg(long)]
    without_damaged_transcripts: bool,
}

/// What was restored, and what isn't in a backup.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    restored: Restored,
    /// How many letters have an unknown outcome: their coaches decide.
    letters_to_decide: i64,
    /// What people have to make again: how many there were.
    left_out: Vec<(&'static str, u64)>,
}

impl Restore {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(!globals.demo, "the demo isn't restored: leave out --demo");
        let mut config = config(globals)?;
        config.log.quieten();
        telemetry::log(&config.log);
        let vault = vault(&config.backup, self.from.as_deref())?;
        let catalogue = chosen(&vault, self.id.as_deref()).await?;
        let settings = bucket::Settings { url: config.bucket.clone(), private_hosts: config.private_hosts.clone() };
        // The database first: it makes the data folder so that the embedded server's user may enter it.
        let (urls, _server) = unmigrated(&config, globals).await?;
        let bucket = Bucket::open(&settings)?;
        let bar = Bar::new();
        let target = Target {
            urls: &urls,
            bucket: Some(&bucket),
            only: self.org.as_deref(),
            without_damaged_transcripts: self.without_damaged_transcripts,
        };
        let restored = backup::restore(&vault, &catalogue, target, &bar.tell()).await;
        drop(bar);
        let restored = restored?;
        build_index(&urls, &config.index).await;
        let report = report(restored, &catalogue, &urls).await?;
        let is_whole = report.restored.missing.is_empty() && report.restored.damaged.is_empty();
        Output::new(globals.json).one(&report, text)?;
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }
}

/// Search works without the index of the vectors, so what is wrong with it doesn't undo the restore.
async fn build_index(urls: &Urls, settings: &embed::Settings) {
    let built = async {
        index::ensure_model_index(&urls.owner, &embed::Embedder::new(settings)?).await?;
        Ok::<_, anyhow::Error>(())
    };
    if let Err(error) = built.await {
        tell(&format!(
            "everything is restored, but the index of the vectors isn't built: {error}; run `debrief migrate`"
        ));
    }
}

async fn report(restored: Restored, catalogue: &Catalogue, urls: &Urls) -> anyhow::Result<Report> {
    let db = Db::connect(&urls.app, 2)?;
    let mut letters_to_decide = 0;
    for organization in db.organizations().await? {
        let mut tx = db.tenant(organization).await?;
        letters_to_decide += sqlx::query_scalar!(
            r#"select count(*) as "letters!" from mails where kind = 'follow_up' and state = 'uncertain'"#
        )
        .fetch_one(tx.conn())
        .await?;
        tx.commit().await?;
    }
    let count = |table| catalogue.left_out.get(table).copied().unwrap_or_default();
    let left_out = MISSED.map(|(table, what)| (what, count(table))).into_iter().filter(|(_, count)| *count > 0);
    Ok(Report { restored, letters_to_decide, left_out: left_out.collect() })
}

fn text(report: &Report) -> String {
    let Restored { backup, snapshot_at, organizations, rows, tables, transcripts, missing, damaged } = &report.restored;
    let mut lines = vec![
        format!(
            "restored {backup}: {}, as of {}",
            organizations.join(", "),
            snapshot_at.format("%Y-%m-%d %H:%M:%S UTC")
        ),
        format!(
            "all {rows} rows of {tables} tables are equal to the original; {transcripts} transcripts are in the bucket"
        ),
    ];
    lines.extend(missing.iter().map(|missing| format!("the backup never had {}: {}", missing.key, missing.why)));
    lines.extend(damaged.iter().map(|damage| format!("left out: {damage}")));
    lines.push(String::new());
    lines.push("What to do now:".into());
    lines
        .push("  start it again: `debrief up`, or `debrief serve` and `debrief work`, and run `debrief doctor`".into());
    lines.push(
        "  everybody signs in with an emailed link (\"Email me a link\" on the sign-in page), and sets a password and a second \
         factor again; an identity provider works as before"
            .into(),
    );
    if !report.left_out.is_empty() {
        let left: Vec<String> = report.left_out.iter().map(|(what, count)| format!("{what} ({count})")).collect();
        lines.push(format!("  not in any backup, to be made again by whoever had them: {}", left.join(", ")));
    }
    if report.letters_to_decide > 0 {
        lines.push(format!(
            "  {} letters to clients may have been sent after the backup was made: nothing is sent again by itself; their \
             coaches see them in the review and decide, or `debrief sessions follow-up` does",
            report.letters_to_decide
        ));
    }
    lines.push(
        "  what was deleted after the backup was made is there again, and has to be deleted again; docs/BACKUP.md says more".into(),
    );
    lines.join("\n")
}
