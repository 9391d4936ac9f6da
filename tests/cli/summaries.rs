//! Summaries: refined, compared and undone; what becomes of action items, and goals.

use super::{TRANSCRIPT, text};
use crate::support::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_is_refined_compared_and_undone_and_a_voice_kept() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    let session = installation.json(&["sessions", "list"]).await;
    let session = session["id"].as_str().expect("an id").to_owned();
    let detail = installation.json(&["sessions", "show", &session]).await;
    let summary = detail["summaries"][0]["id"].as_str().expect("an id");
    assert!(installation.run(&["sessions", "show", &session]).await.contains(summary), "people find the id");
    let asked = installation.json(&["sessions", "refine", summary, "only the action items"]).await;
    assert_eq!(asked["base_version"], 1);
    installation.run(&["work", "--drain"]).await;
    let diff = installation.run(&["sessions", "diff", summary]).await;
    assert!(diff.starts_with("version 1 to version 2") && diff.contains("[-Maya suggested"), "{diff}");
    assert!(!diff.contains('\u{1b}'), "no colours but on a terminal");
    let diff = installation.json(&["sessions", "diff", summary, "--from", "1", "--to", "1"]).await;
    assert_eq!(diff["sections"], serde_json::json!([]));
    let undone = installation.json(&["sessions", "undo", summary]).await;
    assert_eq!((&undone["version"], &undone["restores"]), (&3.into(), &1.into()));
    for (arguments, advice) in [
        (vec!["sessions", "diff", summary, "--to", "9"], "versions 1 to 3"),
        (vec!["sessions", "undo", &session], "debrief sessions show"),
        (vec!["sessions", "refine", summary, " "], "Say what to change"),
        (vec!["voice", "add", "--coach", "nobody", "x"], "debrief coach list"),
        (vec!["voice", "remove", "--coach", "maya", &session], "no such rule"),
    ] {
        let output = installation.output(&arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(advice), "{arguments:?}: {}", text(&output.stderr));
    }
    let added =
        installation.json(&["voice", "add", "--coach", "maya", "--write", "use", "--instead-of", "utilise"]).await;
    let id = added["id"].as_str().expect("an id");
    installation.run(&["voice", "off", "--coach", "maya", id]).await;
    let shown = installation.json(&["voice", "show", "--coach", "maya"]).await;
    assert_eq!((&shown["rules"][0]["active"], &shown["rules"][0]["kind"]), (&false.into(), &"replace".into()));
    installation.run(&["voice", "remove", "--coach", "maya", id]).await;
    assert!(installation.run(&["voice", "show", "--coach", "maya"]).await.contains("no rules yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn action_items_are_settled_and_goals_kept_on_the_command_line() {
    let installation = Installation::new().await;
    installation.people().await;
    let nothing = installation.output(&["actions", "list", "--coach", "maya"]).await;
    assert_eq!((nothing.status.code(), text(&nothing.stdout)), (Some(0), String::new()));
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    let list = ["actions", "list", "--coach", "maya", "--client", "Priya Raman", "--json"];
    let items = installation.run(&list).await;
    let item = items.lines().find(|line| line.contains("Lena")).expect("the promise");
    let item: serde_json::Value = serde_json::from_str(item).expect("a JSON document");
    let id = item["item_id"].as_str().expect("an id");
    let done = installation
        .json(&["actions", "complete", id, "--day", "2026-11-05", "--note", "She sent it on Thursday."])
        .await;
    assert_eq!((&done["state"], &done["since"]), (&"done".into(), &"2026-11-05".into()));
    assert_eq!(done["note"], "She sent it on Thursday.");
    let others =
        ["actions", "list", "--coach", "maya", "--owner", "coach", "--from", "2026-11-02", "--to", "2026-11-02"];
    assert!(!installation.run(&others).await.contains("Lena"), "it is Priya’s");
    let earlier = ["actions", "list", "--coach", "maya", "--to", "2026-11-01", "--json"];
    assert_eq!(installation.run(&earlier).await, "");
    let listed = installation.run(&["actions", "list", "--coach", "maya", "--state", "done"]).await;
    assert!(listed.contains("Lena") && listed.contains(id) && listed.lines().count() == 2, "{listed}");
    assert!(installation.run(&["actions", "reopen", id]).await.contains(": open since "));
    assert!(installation.run(&["actions", "drop", id]).await.contains(": dropped since "));

    let add = ["goals", "add", "--coach", "maya", "--client", "Priya Raman", "Lead the team.", "--due", "2020-01-31"];
    let goal = installation.json(&add).await;
    let id = goal["id"].as_str().expect("an id");
    let listed = installation.run(&["goals", "list", "--coach", "maya", "--overdue"]).await;
    assert!(listed.contains("Lead the team.") && listed.contains("overdue"), "{listed}");
    let changed = installation.json(&["goals", "change", id, "--text", "Lead the whole team.", "--no-due"]).await;
    assert_eq!((&changed["text"], &changed["due_date"]), (&"Lead the whole team.".into(), &serde_json::Value::Null));
    assert!(installation.run(&["goals", "achieve", id, "--note", "She does."]).await.contains(": achieved since "));
    assert!(installation.run(&["goals", "reopen", id]).await.contains(": open since "));
    assert!(installation.run(&["goals", "drop", id]).await.contains(": dropped since "));
    let from = item["item_id"].as_str().expect("an id");
    let add = ["goals", "add", "--coach", "maya", "--client", "Priya Raman", "A mistake.", "--claim", from];
    let mistake = installation.json(&add).await;
    assert_eq!(mistake["lasting_id"], from);
    let removed = installation.run(&["goals", "remove", mistake["id"].as_str().expect("an id")]).await;
    assert!(removed.contains("removed: A mistake. (Priya Raman)"), "{removed}");
    assert!(!installation.run(&["goals", "list", "--coach", "maya"]).await.contains("A mistake."));
    let other = "01a1f840-0000-7000-8000-000000000000";
    for (arguments, advice) in [
        (vec!["actions", "complete", other], "debrief actions list"),
        (vec!["actions", "complete", item["item_id"].as_str().expect("an id"), "--day", "2999-01-01"], "yet to come"),
        (vec!["goals", "achieve", other], "debrief goals list"),
        (vec!["goals", "change", id], "nothing to change"),
        (vec!["goals", "add", "--coach", "maya", "--client", "Nobody", "x"], "debrief client list"),
        (vec!["goals", "add", "--coach", "maya", "--client", "Priya Raman", " "], "say what the goal is"),
    ] {
        let output = installation.output(&arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(advice), "{arguments:?}: {}", text(&output.stderr));
    }
}
