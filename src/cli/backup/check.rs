//! What `debrief doctor` says of backups.

use chrono::{DateTime, TimeDelta, Utc};
use debrief_jobs::{
    backup::{self, Kind, Record},
    db::Db,
};

/// How backups stand: `None` if no place is set, which only deserves a note.
pub(in crate::cli) async fn backups(
    db: &Db,
    settings: &backup::Settings,
    has_scratch: bool,
) -> Option<Result<String, String>> {
    match settings.vault() {
        Ok(None) => None,
        Ok(Some(vault)) => Some(standing(db, settings, &vault, has_scratch).await),
        Err(error) => Some(Err(error.to_string())),
    }
}

async fn standing(
    db: &Db,
    settings: &backup::Settings,
    vault: &backup::Vault,
    has_scratch: bool,
) -> Result<String, String> {
    let said = |error: sqlx::Error| format!("their records can't be read: {error}");
    let backups = vault.ids().await.map_err(|error| format!("{} can't be read: {error}", vault.name()))?;
    let now = Utc::now();
    let mut parts = vec![format!("{} in {}", backups.len(), vault.name())];
    for (kind, what, command) in
        [(Kind::Run, "the last backup", "debrief backup run"), (Kind::Proof, "the last proof", "debrief backup prove")]
    {
        if kind == Kind::Proof && !has_scratch {
            return Err(
                "nothing proves that a backup can be restored: set backup.scratch_url to a Postgres login that may \
                        create databases (DATABASE_OWNER_URL does, if the process that runs jobs has it)"
                    .into(),
            );
        }
        let good = backup::last(db, kind, true).await.map_err(said)?;
        let newest = backup::last(db, kind, false).await.map_err(said)?;
        parts.push(judged(what, command, good.as_ref(), newest.as_ref(), (settings.proof_days, now))?);
    }
    Ok(parts.join("; "))
}

/// What is said of the last good one: an error if it is too old, or if there is none.
fn judged(
    what: &str,
    command: &str,
    good: Option<&Record>,
    newest: Option<&Record>,
    (days, now): (u32, DateTime<Utc>),
) -> Result<String, String> {
    let failed =
        newest.filter(|record| !record.ok).map(|record| format!("; the last attempt failed: {}", record.detail));
    let failed = failed.unwrap_or_default();
    let Some(good) = good else {
        return Err(format!("{what} was never made{failed}; it runs every night where jobs run: run `{command}` now"));
    };
    let age = now - good.finished_at;
    let at = good.finished_at.format("%Y-%m-%d %H:%M UTC");
    if age > TimeDelta::days(i64::from(days)) {
        return Err(format!(
            "{what} that went well is {} days old ({at}){failed}; see `debrief jobs list --kind backup.run` and `--kind \
             backup.prove`, then run `{command}`",
            age.num_days()
        ));
    }
    let detail = if good.detail.is_empty() { String::new() } else { format!(", but {}", good.detail) };
    Ok(format!("{what} is of {at}{detail}{failed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(days: i64, ok: bool, now: DateTime<Utc>) -> Record {
        let at = now - TimeDelta::days(days);
        let detail = if ok { String::new() } else { "the disk is full".to_owned() };
        Record { backup: None, started_at: at, finished_at: at, ok, detail, rows: None }
    }

    #[test]
    fn a_proof_counts_as_long_as_it_is_fresh() {
        let now = Utc::now();
        let judge = |good: Option<i64>, failed: Option<i64>| {
            let good = good.map(|days| record(days, true, now));
            let newest = failed.map(|days| record(days, false, now)).or_else(|| good.clone());
            judged("the last proof", "debrief backup prove", good.as_ref(), newest.as_ref(), (3, now))
        };
        assert!(judge(Some(2), None).is_ok());
        let noted = judge(Some(2), Some(1)).expect("it is fresh still");
        assert!(noted.contains("the disk is full"), "{noted}");
        let old = judge(Some(4), None).expect_err("it is old");
        assert!(old.contains("4 days") && old.contains("`debrief backup prove`"), "{old}");
        let never = judge(None, Some(0)).expect_err("there is none");
        assert!(never.contains("never") && never.contains("the disk is full"), "{never}");
    }
}
