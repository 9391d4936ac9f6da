//! The command line, through the real binary: what operators type, and what they are told when it is wrong.

mod backup;
mod ids;
mod inbox;
mod links;
mod summaries;

use crate::support::installation::Installation;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const TRANSCRIPT: &str = "[00:00:01] Maya Okafor: How was the week?\n\
    [00:00:04] Priya Raman: I closed the Hartman account on Tuesday, and I will send the draft to Lena by Friday.\n\
    [00:00:15] Maya Okafor: I'd suggest you block two hours on Monday mornings.\n\
    [00:00:20] Priya Raman: Yes, I will do that next week.\n";

#[tokio::test(flavor = "multi_thread")]
async fn without_pip_and_without_a_database_the_three_ways_out_are_named() {
    let installation = Installation::new().await;
    let mut command = installation.command(&["demo", "--exit"]);
    let empty = installation.folder.path().join("empty");
    command.env_remove("DATABASE_URL").env("PATH", "/nonexistent").env("DEBRIEF_CACHE_DIR", empty);
    let output = tokio::task::spawn_blocking(move || command.output().expect("debrief starts")).await.expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for way in ["install Python 3 with pip", "docker compose up -d postgres", "set DATABASE_URL to any Postgres"] {
        assert!(said.contains(way), "{way} is not in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_two_and_a_wrong_name_is_one_with_what_to_do() {
    let installation = Installation::new().await;
    installation.people().await;
    assert_eq!(installation.output(&["sessions", "lst"]).await.status.code(), Some(2));
    for (arguments, advice) in [
        (vec!["coach", "add", "x", "--org", "nobody", "--name", "X", "--email", "x@x.example"], "nobody"),
        (vec!["coach", "add", "x", "--org", "northlight", "--name", "X", "--email", "not an address"], "email"),
        (vec!["org", "add", "north", "--name", "North", "--time-zone", "Middle/Earth"], "Middle/Earth"),
        (vec!["sessions", "show", "01a1f840-0000-7000-8000-000000000000"], "debrief sessions list"),
        (vec!["jobs", "show", "01a1f840-0000-7000-8000-000000000000"], "debrief jobs list"),
        (vec!["schedules", "run", "nightly"], "debrief schedules list"),
    ] {
        let output = installation.output(&arguments).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(advice), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_program_lists_its_settings() {
    let installation = Installation::new().await;
    let said = text(&installation.output(&["settings", "review"]).await.stdout);
    assert!(said.starts_with("[review]\n") && said.contains("\nhold_seconds = 600"), "{said}");
    assert!(!said.contains("[mail]"), "{said}");
    let all = installation.run(&["settings"]).await;
    toml::from_str::<toml::Table>(&all).expect("what it prints is a settings file");
    let listed = installation.run(&["settings", "--json"]).await;
    let hold = listed.lines().find(|line| line.contains("review.hold_seconds")).expect("it is listed");
    let hold: serde_json::Value = serde_json::from_str(hold).expect("a JSON document a line");
    let wanted = serde_json::json!({
        "key": "review.hold_seconds", "variable": "DEBRIEF_REVIEW__HOLD_SECONDS", "default": 600
    });
    assert_eq!(hold, wanted);
    assert_eq!(installation.output(&["settings", "zebra"]).await.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_by_hand_and_by_roster_and_again_without_harm() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.people().await;
    let roster = installation.folder.path().join("roster.csv");
    std::fs::write(&roster, "name,email,aliases,tags\nPriya Raman,priya@raman.example,PR;Pri,leads\nZoë,broken,,\n")
        .expect("a file");
    let imported = installation.output(&["client", "import", "--coach", "maya", &roster.to_string_lossy()]).await;
    assert_eq!(imported.status.code(), Some(3), "done in part");
    assert!(text(&imported.stdout).contains('3'), "the bad line is named: {}", text(&imported.stdout));
    let clients = installation.run(&["client", "list", "--coach", "maya", "--json"]).await;
    let priya = clients.lines().find(|line| line.contains("Priya Raman")).expect("she is listed");
    let priya: serde_json::Value = serde_json::from_str(priya).expect("a JSON document a line");
    assert_eq!(priya["tags"], serde_json::json!(["leads"]));
    assert_eq!(clients.lines().count(), 3, "nobody twice, and Zoë without the broken address: {clients}");
    assert!(clients.contains("Zoë"), "{clients}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_and_coaches_are_changed_merged_and_removed_by_hand() {
    let installation = Installation::new().await;
    installation.people().await;
    let client = |command: &[&str]| {
        let words = ["client", command[0], "--coach", "maya"].into_iter().chain(command[1..].iter().copied());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let run = async |command: &[&str]| {
        let words = client(command);
        installation.output(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let said =
        text(&run(&["add", "--name", "Priya Raman", "--email", "priya@new.example", "--greeting", "Pri"]).await.stdout);
    assert!(said.contains("the address was priya@raman.example before") && said.contains("--namesake"), "{said}");
    let listed = text(&run(&["list"]).await.stdout);
    assert!(listed.contains("priya@new.example") && listed.contains(" Pri "), "{listed}");
    assert_eq!(run(&["change", "Priya Raman", "--name", "Priya Shah", "--no-greeting"]).await.status.code(), Some(0));
    let nothing = run(&["change", "Priya Shah"]).await;
    assert_eq!((nothing.status.code(), text(&nothing.stderr).contains("nothing to change")), (Some(1), true));
    run(&["add", "--name", "P. Shah", "--email", "p@shah.example"]).await;

    // Without a terminal, irreversible changes need --yes.
    let merge = ["merge", "P. Shah", "--into", "Priya Shah"];
    let refused = run(&merge).await;
    assert_eq!((refused.status.code(), text(&refused.stderr).contains("--yes")), (Some(1), true));
    let merged = run(&[&merge[..], &["--yes", "--json"]].concat()).await;
    let merged: serde_json::Value = serde_json::from_slice(&merged.stdout).expect("a JSON document");
    assert_eq!((&merged["name"], &merged["dropped_email"]), (&"Priya Shah".into(), &"p@shah.example".into()));
    let missing = run(&["remove", "Nobody", "--yes"]).await;
    assert!(text(&missing.stderr).contains("debrief client list --coach maya"), "{}", text(&missing.stderr));
    assert_eq!(run(&["remove", "Priya Shah", "--yes"]).await.status.code(), Some(0));
    assert!(!text(&run(&["list"]).await.stdout).contains("Shah"));

    installation.run(&["coach", "change", "maya", "--email", "maya@new.example"]).await;
    assert!(installation.run(&["coach", "list"]).await.contains("maya@new.example"));
    installation.run(&["coach", "remove", "maya", "--yes"]).await;
    assert_eq!(run(&["list"]).await.status.code(), Some(1), "there is no such coach any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_works_the_inbox_off_and_says_what_is_due_later() {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_REVIEW__HOLD_SECONDS", "600");
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.drop_into_bucket("inbox/nobody/lost.txt", TRANSCRIPT);
    let drained = installation.json(&["work", "--drain"]).await;
    assert_eq!((&drained["dead"], &drained["later"]), (&0.into(), &serde_json::json!([])));

    let session = installation.json(&["sessions", "list"]).await;
    assert_eq!(session["state"], "in_review");
    let reason = installation.folder.path().join("bucket/rejected/nobody/lost.txt.reason.json");
    assert!(std::fs::read_to_string(reason).expect("a reason").contains("what_to_do"));

    installation.approve_everything().await;
    let drained = installation.json(&["work", "--drain"]).await;
    assert_eq!(drained["later"][0]["kind"], "follow_up.send", "the follow-up is held: {drained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_deleted_for_good_once_it_is_confirmed() {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_REVIEW__HOLD_SECONDS", "600");
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/Priya.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    installation.approve_everything().await;
    let id = installation.json(&["sessions", "list"]).await["id"].as_str().expect("an id").to_owned();
    let would = installation.json(&["sessions", "delete", &id[..13], "--dry-run"]).await;
    assert_eq!((&would["transcripts"], &would["summaries"]), (&1.into(), &1.into()), "{would}");
    assert!(would["emails_stopped"].as_u64() >= Some(1), "the letter that is held: {would}");
    let asked = installation.output(&["sessions", "delete", &id]).await;
    assert!(!asked.status.success(), "nobody is there to confirm it");
    assert!(text(&asked.stderr).contains("--yes"), "{}", text(&asked.stderr));
    assert_eq!(installation.json(&["sessions", "list"]).await["id"], id.as_str(), "nothing happened");
    let said = installation.run(&["sessions", "delete", &id, "--yes"]).await;
    assert!(said.contains("1 file") && said.contains("1 summary"), "{said}");
    // Neither a letter nor the file in the inbox is looked at again.
    installation.run(&["work", "--drain"]).await;
    assert_eq!(installation.json_lines(&["sessions", "list"]).await.len(), 0);
    let again = installation.output(&["sessions", "delete", &id, "--yes"]).await;
    assert!(!again.status.success() && text(&again.stderr).contains("session"), "{}", text(&again.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_of_a_session_is_set_and_lists_say_where_it_stands() {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_REVIEW__HOLD_SECONDS", "600");
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/Priya.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    let session = installation.json(&["sessions", "list"]).await;
    assert_eq!((&session["state"], &session["date_estimated"]), (&"in_review".into(), &true.into()));
    let id = session["id"].as_str().expect("an id");
    assert!(installation.run(&["sessions", "show", id]).await.contains("estimated from the upload"));
    installation.approve_everything().await;
    assert_eq!(installation.json(&["sessions", "list"]).await["state"], "approved");
    assert_eq!(installation.run(&["sessions", "list", "--state", "in_review"]).await, "", "nobody is needed");

    let help = installation.run(&["sessions", "set-date", "--help"]).await;
    assert!(help.contains("debrief sessions set-date 019f 2026-11-03T15:30"), "{help}");
    for (typed, code, advice) in [("yesterday", 2, "2026-11-03T15:30"), ("2999-01-01", 1, "in the future")] {
        let output = installation.output(&["sessions", "set-date", id, typed]).await;
        assert_eq!(output.status.code(), Some(code), "{typed}");
        assert!(text(&output.stderr).contains(advice), "{}", text(&output.stderr));
    }
    let set = installation.json(&["sessions", "set-date", id, "2025-10-28T15:30"]).await;
    assert_eq!((&set["session_date"], &set["begins_at"]), (&"2025-10-28".into(), &"15:30".into()), "{set}");
    assert_eq!((&set["summaries_due"], &set["follow_ups_stopped"]), (&1.into(), &1.into()), "{set}");
    installation.run(&["work", "--drain"]).await;
    let detail = installation.json(&["sessions", "show", id]).await;
    assert_eq!((&detail["state"], &detail["date_estimated"]), (&"in_review".into(), &false.into()));
    assert_eq!((&detail["summaries"][0]["version"], &detail["summaries"][0]["state"]), (&2.into(), &"done".into()));
    let mut tx = installation
        .database
        .db
        .tenant(installation.database.db.organizations().await.expect("one")[0])
        .await
        .expect("a transaction");
    // The Fridays after Tuesday 28 October 2025.
    let due: Vec<chrono::NaiveDate> = sqlx::query_scalar(
        "select distinct due_date from action_items join claims on claims.id = claim_id
         where version = 2 and due_date is not null order by 1",
    )
    .fetch_all(debrief_jobs::db::Tx::conn(&mut tx))
    .await
    .expect("due dates");
    let fridays = ["2025-10-31", "2025-11-07"].map(|day| day.parse::<chrono::NaiveDate>().expect("a day"));
    assert_eq!(due, fridays);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_shown_cancelled_and_retried() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.run(&["schedules", "run", "prune"]).await;
    let job = installation.json(&["jobs", "list", "--state", "due"]).await;
    let id = job["id"].as_str().expect("an id");
    let would = installation.json(&["jobs", "cancel", id, "--dry-run"]).await;
    assert_eq!(would["would_change"], 1);
    assert_eq!(installation.json(&["jobs", "cancel", id]).await["changed"], 1);
    assert_eq!(installation.json(&["jobs", "show", id]).await["state"], "cancelled");
    let again = installation.output(&["jobs", "cancel", id]).await;
    assert_eq!(again.status.code(), Some(1), "there is nothing to cancel");
    assert_eq!(installation.json(&["jobs", "retry", "--state", "cancelled", "--yes"]).await["changed"], 1);
    installation.run(&["work", "--drain"]).await;
    assert_eq!(installation.json(&["jobs", "show", id]).await["state"], "done");
    let schedules = installation.run(&["schedules", "list", "--json"]).await;
    for name in ["ingest", "rollup", "export", "reconcile", "prune"] {
        assert!(schedules.contains(&format!("\"{name}\"")), "{name} is not in {schedules}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_speaker_is_named_on_the_command_line_and_known_the_next_time() {
    let installation = Installation::new().await;
    installation.people().await;
    let unknown = TRANSCRIPT.replace("Priya Raman", "Petronella Smith");
    installation.drop_into_bucket("inbox/maya/2026-11-02/first.txt", &unknown);
    installation.run(&["work", "--drain"]).await;
    let session = installation.json(&["sessions", "list"]).await;
    assert_eq!(session["state"], "waiting_for_speakers");
    let id = session["id"].as_str().expect("an id");
    let speaker = installation.json(&["speakers", "list", id]).await;
    assert_eq!(speaker["label"], "Petronella Smith");
    assert!(speaker["excerpts"][0]["text"].as_str().expect("an excerpt").contains("Hartman"));
    installation
        .run(&[
            "speakers",
            "name",
            id,
            "Petronella Smith",
            "--new-client",
            "Petronella Smith",
            "--email",
            "p@smith.example",
        ])
        .await;
    installation.drop_into_bucket("inbox/maya/2026-11-09/second.txt", &unknown.replace("Hartman", "Bergmann"));
    installation.run(&["work", "--drain"]).await;
    let states = installation.run(&["sessions", "list", "--json"]).await;
    assert_eq!(states.matches("\"state\":\"in_review\"").count(), 2, "{states}");
    // The name was wrong after all: it was an assistant. Nothing of it stays.
    let corrected =
        installation.json(&["speakers", "set", id, "Petronella Smith", "--guest", "Ines", "--only-here"]).await;
    assert_eq!((&corrected["moved"], &corrected["summaries_withdrawn"]), (&1.into(), &1.into()), "{corrected}");
    let shown = installation.json(&["speakers", "show", id]).await;
    let ines = shown["speakers"].as_array().expect("speakers").iter().find(|one| one["person"] == "Ines");
    assert_eq!(ines.expect("she is shown")["by_coach"], true, "{shown}");
    let session = installation.json(&["sessions", "show", id]).await;
    assert_eq!(session["participants"][1]["engagement"], "high", "{session}");
    assert!(session["summaries"][0]["withdrawn_reason"].is_string(), "{session}");
    let people = installation.run(&["sessions", "show", id]).await;
    assert!(people.contains("ENGAGEMENT") && people.contains("withdrawn"), "{people}");
    let found = installation.json(&["search", "Bergmann account", "--limit", "1"]).await;
    assert_eq!((&found["session_date"], &found["client"]["name"]), (&"2026-11-09".into(), &"Petronella Smith".into()));
    assert!(found["text"].as_str().expect("the words").contains("Bergmann") && found["start_ms"].is_i64(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_people_wrote_is_obeyed_by_a_terminal() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/\u{1b}[2J\u{202e}Priya\u{9b}.txt", TRANSCRIPT);
    installation.drop_into_bucket("inbox/maya/2026-11-02/\u{1b}]0;owned\u{7}empty.txt", "");
    installation.output(&["work", "--drain"]).await;
    let said = installation.output(&["client", "change", "--coach", "maya", "no\u{1b}[31mbody", "--name", "x"]).await;
    assert_eq!(said.status.code(), Some(1));
    let mut printed = vec![text(&said.stderr)];
    for command in [&["inbox", "--all"][..], &["sessions", "list"], &["search", "Hartman"]] {
        printed.push(installation.run(command).await);
    }
    let json: Vec<&str> = ["inbox", "--all", "--json"].to_vec();
    let listed = installation.run(&json).await;
    let keys: Vec<serde_json::Value> =
        listed.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect();
    assert!(keys.iter().any(|file| file["object_key"].as_str().is_some_and(|key| key.contains('\u{1b}'))), "{listed}");
    printed.push(listed);
    for printed in printed {
        let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!printed.contains(obeyed), "{printed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_changes_is_in_the_audit() {
    let installation = Installation::new().await;
    installation.people().await;
    let made =
        installation.json(&["keys", "create", "--coach", "maya", "--name", "CRM", "--scope", "sessions:read"]).await;
    let id = made["id"].as_str().expect("an id").to_owned();
    installation.run(&["keys", "revoke", &id]).await;
    installation.run(&["org", "change", "northlight", "--require-second-factor", "yes"]).await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/call.txt", TRANSCRIPT);
    installation.output(&["work", "--drain"]).await;
    installation.run(&["links", "make"]).await;
    let entries = installation
        .database
        .ask(|mut connection| async move {
            sqlx::query_as::<_, (String, serde_json::Value)>(
                "select detail->>'operation', detail from audit_events where kind = 'changed' order by id",
            )
            .fetch_all(&mut connection)
            .await
        })
        .expect("the audit");
    let operations: Vec<&str> = entries.iter().map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(operations, ["debrief keys create", "debrief keys revoke", "debrief org change", "debrief links make"]);
    assert!(entries[0].1["id"] == id.as_str() && entries[1].1["id"] == id.as_str(), "{entries:?}");
    assert_eq!(entries[2].1["require_second_factor"], true);
    // Coaches: added, changed (only what is another), removed and brought back; never with a name.
    let add = ["coach", "add", "jon", "--org", "northlight", "--name", "Jon Ek", "--email", "jon@northlight.example"];
    installation.run(&add).await;
    installation.run(&["coach", "change", "jon", "--name", "Jon Berg", "--time-zone", "Europe/Oslo"]).await;
    installation.run(&["coach", "change", "jon", "--name", "Jon Berg", "--time-zone", "Europe/Rome"]).await;
    installation.run(&["coach", "change", "jon", "--email", "jon@berg.example"]).await;
    installation.run(&["coach", "remove", "jon", "--yes"]).await;
    installation.run(&add).await;
    let entries = installation
        .database
        .ask(|mut connection| async move {
            sqlx::query_as::<_, (String, serde_json::Value)>(
                "select kind, detail - 'account' from audit_events
                 where detail ->> 'account' = (select id::text from coaches where handle = 'jon') order by id",
            )
            .fetch_all(&mut connection)
            .await
        })
        .expect("the audit");
    let told: Vec<String> = entries.iter().map(|(kind, detail)| format!("{kind} {detail}")).collect();
    assert_eq!(
        told,
        [
            r#"person_changed {"presence":"added"}"#,
            r#"person_changed {"changed":["name","time_zone"]}"#,
            r#"person_changed {"changed":["time_zone"]}"#,
            r#"address_changed {"address":"given"}"#,
            r#"person_changed {"presence":"deactivated"}"#,
            r#"person_changed {"changed":["name"]}"#,
            r#"person_changed {"presence":"activated"}"#,
        ]
    );
}
