//! Review links: listed, taken back and mailed anew.

use super::{TRANSCRIPT, text};
use crate::support::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn links_are_listed_taken_back_and_mailed_anew() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.output(&["work", "--drain"]).await;
    let links = installation.json_lines(&["links", "list"]).await;
    assert_eq!(links.len(), 1, "{links:?}");
    let (link, session) = (links[0]["id"].as_str().expect("an id"), links[0]["session_id"].as_str().expect("an id"));
    assert_eq!((&links[0]["coach"], &links[0]["opens"]), (&serde_json::json!("maya"), &serde_json::json!(true)));
    assert!(!links[0].to_string().contains("dbr_"), "a token is shown to nobody");
    let table = installation.run(&["links", "list", "--coach", "maya"]).await;
    assert!(table.contains("open until") && table.contains(link), "{table}");

    let taken = installation.json(&["links", "revoke", link]).await;
    assert_eq!(taken["revoked"], 1);
    let again = installation.output(&["links", "revoke", link]).await;
    assert_eq!(again.status.code(), Some(1), "{}", text(&again.stderr));
    assert!(text(&again.stderr).contains("nothing was changed"));
    let unknown = installation.output(&["links", "revoke", "01a1f840-0000-7000-8000-000000000000"]).await;
    assert_eq!((unknown.status.code(), text(&unknown.stderr).contains("debrief links list --all")), (Some(1), true));
    assert_eq!(installation.output(&["links", "revoke"]).await.status.code(), Some(2));
    assert!(text(&installation.output(&["links", "list"]).await.stderr).contains("no working links"));

    installation.run(&["links", "send", session]).await;
    installation.run(&["links", "send", session]).await;
    let all = installation.json_lines(&["links", "list", "--session", session, "--all"]).await;
    let because: Vec<&str> = all.iter().map(|link| link["revoked_because"].as_str().unwrap_or("open")).collect();
    assert_eq!(because, ["open", "replaced", "command"], "the newest first");
    let taken = installation.output(&["links", "revoke", "--coach", "maya"]).await;
    assert_eq!(taken.status.code(), Some(0), "{}", text(&taken.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_links_back_is_told_of_letters_that_are_held_and_can_stop_them() {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_REVIEW__HOLD_SECONDS", "600");
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    let link = installation.json(&["links", "list"]).await["id"].as_str().expect("an id").to_owned();
    installation.approve_everything().await;
    let taken = installation.json(&["links", "revoke", &link]).await;
    assert_eq!((&taken["revoked"], &taken["stopped_letters"]), (&1.into(), &serde_json::json!([])), "{taken}");
    let held = &taken["held_letters"][0];
    let session = held["session_id"].as_str().expect("an id");
    let stop = format!("debrief links revoke --session {session} --stop-letters");
    assert_eq!((&held["client"], &held["stop"]), (&"Priya Raman".into(), &stop.as_str().into()), "{taken}");
    let goes: chrono::DateTime<chrono::Utc> = held["goes_at"].as_str().expect("a time").parse().expect("a time");
    assert!(goes > chrono::Utc::now(), "{taken}");
    // Also as text, even when no link is left.
    let again = installation.output(&["links", "revoke", "--coach", "maya"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stdout).contains("the letter to Priya Raman goes") && text(&again.stdout).contains(&stop));

    // The suggested command.
    let stopped = installation.run(&["links", "revoke", "--session", session, "--stop-letters"]).await;
    assert!(stopped.contains("stopped: the letter to Priya Raman"), "{stopped}");
    let detail = installation.json(&["sessions", "show", session]).await;
    assert_eq!((&detail["state"], &detail["summaries"][0]["state"]), (&"in_review".into(), &"done".into()), "{detail}");
    let mut tx = installation
        .database
        .db
        .tenant(installation.database.db.organizations().await.expect("one")[0])
        .await
        .expect("a transaction");
    let noted: i64 = sqlx::query_scalar("select count(*) from audit_events where kind = 'follow_up_cancelled'")
        .fetch_one(debrief_jobs::db::Tx::conn(&mut tx))
        .await
        .expect("the audit");
    assert_eq!(noted, 1);
    drop(tx);
    let drained = installation.json(&["work", "--drain"]).await;
    assert_eq!(drained["dead"], 0, "{drained}");
    let nothing = installation.output(&["links", "revoke", "--session", session, "--stop-letters"]).await;
    assert_eq!(nothing.status.code(), Some(1), "there is nothing left to stop");
}
