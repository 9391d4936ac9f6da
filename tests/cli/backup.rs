//! An operator's backups, before the fire and during it, through the real binary.

use serde_json::Value;

use super::{TRANSCRIPT, text};
use crate::support::installation::Installation;

/// What `debrief doctor` says of backups.
async fn doctor(installation: &Installation) -> Value {
    let output = installation.output(&["doctor", "--json"]).await;
    let checks: Value = serde_json::from_slice(&output.stdout).expect("a JSON document");
    let found = checks.as_array().expect("checks").iter().find(|check| check["name"] == "backups");
    found.unwrap_or_else(|| panic!("no backups in {checks}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_backs_up_proves_and_restores_after_the_fire() {
    let mut old = Installation::new().await;
    old.people().await;
    old.drop_into_bucket("inbox/maya/2026-11-09 Priya.txt", TRANSCRIPT);
    old.run(&["work", "--drain"]).await;
    // Nothing is set: that is worth a note, and every command says what to set.
    let said = doctor(&old).await;
    assert!(said["ok"] == true && said["note"].as_str().is_some_and(|note| note.contains("backup.url")), "{said}");
    let refused = old.output(&["backup", "run"]).await;
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("backup.url"), "{refused:?}");

    // Retention would take the bucket's transcripts for those of old backups.
    let bucket = format!("file://{}/bucket/", old.folder.path().display());
    let refused = old.output(&["backup", "run", "--to", bucket.as_str()]).await;
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("the bucket itself"), "{refused:?}");

    let place = format!("file://{}/backups", old.folder.path().display());
    old.set("DEBRIEF_BACKUP__URL", place.as_str());
    let said = doctor(&old).await;
    assert!(
        said["ok"] == false && said["detail"].as_str().is_some_and(|it| it.contains("debrief backup run")),
        "{said}"
    );
    let made = old.json(&["backup", "run"]).await;
    let id = made["id"].as_str().expect("an id").to_owned();
    assert!(made["transcripts"] == 1 && made["missing"] == 0, "{made}");
    let said = doctor(&old).await;
    assert!(
        said["ok"] == false && said["detail"].as_str().is_some_and(|it| it.contains("debrief backup prove")),
        "{said}"
    );
    let proof = old.json(&["backup", "prove"]).await;
    assert_eq!((&proof["backup"], &proof["rows"]), (&made["id"], &made["rows"]));
    let said = doctor(&old).await;
    assert_eq!(said["ok"], true, "{said}");

    // The fire: another machine, with the place of the backups and nothing else.
    let anew = Installation::unmigrated().await;
    let listed = anew.json_lines(&["backup", "list", "--from", &place]).await;
    assert_eq!((listed.len(), listed[0]["id"].as_str()), (1, Some(id.as_str())));
    assert!(anew.run(&["backup", "verify", "--from", &place]).await.contains("as it was written"));
    let told = anew.run(&["backup", "restore", "--from", &place]).await;
    for part in [&id, "northlight", "equal to the original", "emailed link", "1 transcripts"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let sessions = |installation: &Installation| installation.command(&["sessions", "list", "--json"]).output();
    let (was, is) = (sessions(&old).expect("it runs"), sessions(&anew).expect("it runs"));
    assert!(!was.stdout.is_empty() && was.stdout == is.stdout, "{was:?} {is:?}");
    let search = ["search", "Hartman account", "--json"];
    let (was, is) = (old.run(&search).await, anew.run(&search).await);
    assert!(was.contains("Hartman") && was == is, "{was}\n{is}");
    let again = anew.output(&["backup", "restore", "--from", &place]).await;
    assert!(again.status.code() == Some(1) && text(&again.stderr).contains("isn't empty"), "{again:?}");

    // A file that was damaged is named.
    let file = std::fs::read_dir(old.folder.path().join(format!("backups/tables/{id}"))).expect("the tables");
    let folder = file.map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir()).expect("a folder");
    std::fs::write(folder.join("utterances.parquet"), "burnt").expect("it is damaged");
    let damaged = anew.output(&["backup", "verify", &id, "--from", &place]).await;
    assert!(damaged.status.code() == Some(1) && text(&damaged.stdout).contains("utterances.parquet"), "{damaged:?}");
}
