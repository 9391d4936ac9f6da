//! Id prefixes, wherever a command accepts an id.

use serde_json::Value;

use super::{TRANSCRIPT, text};
use crate::support::installation::Installation;

/// The shortest unique prefix of `id`, but at least the required four digits.
fn beginning<'a>(id: &'a str, others: &[&str]) -> &'a str {
    let shared = |other: &&str| id.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let shared = others.iter().filter(|other| **other != id).map(shared).max().unwrap_or(0);
    &id[..(shared + 1).max(4)]
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_taken_by_its_first_digits_wherever_it_is_asked_for() {
    let installation = Installation::new().await;
    installation.people().await;
    installation.drop_into_bucket("inbox/maya/2026-11-02/Priya.txt", TRANSCRIPT);
    installation.drop_into_bucket("inbox/maya/2026-11-09/Priya.txt", &TRANSCRIPT.replace("Hartman", "Bergmann"));
    installation.run(&["work", "--drain"]).await;

    let sessions = ids(&installation.json_lines(&["sessions", "list"]).await);
    let all: Vec<&str> = sessions.iter().map(String::as_str).collect();
    assert_eq!(all.len(), 2);
    for id in &all {
        let first = beginning(id, &all);
        assert!(first.len() < 36, "{first}");
        assert_eq!(installation.json(&["sessions", "show", first]).await["id"], *id);
        assert!(installation.run(&["speakers", "show", first]).await.contains("Priya Raman"));
        assert!(installation.run(&["speakers", "list", first, "--json"]).await.is_empty());
        assert_eq!(installation.json(&["links", "make", first]).await["session_id"], *id);
    }
    // Both were created in the same second, so their first digits are the same.
    let several = installation.output(&["sessions", "show", &all[0][..4]]).await;
    let said = text(&several.stderr);
    assert_eq!(several.status.code(), Some(1));
    assert!(all.iter().all(|id| said.contains(id)) && said.contains("2026-11-09  Priya"), "{said}");
    let several = installation.output(&["links", "make"]).await;
    assert!(all.iter().all(|id| text(&several.stderr).contains(id)), "{}", text(&several.stderr));

    let mut summaries = Vec::new();
    for id in &all {
        let detail = installation.json(&["sessions", "show", id]).await;
        summaries.push(detail["summaries"][0]["id"].as_str().expect("an id").to_owned());
    }
    let summaries: Vec<&str> = summaries.iter().map(String::as_str).collect();
    let first = beginning(summaries[0], &summaries);
    assert!(installation.run(&["sessions", "diff", first]).await.contains("one version"), "nothing was changed in it");
    let asked = installation.json(&["sessions", "refine", first, "only the action items"]).await;
    assert_eq!(asked["summary"], summaries[0]);
    let is_a_session = installation.output(&["sessions", "diff", all[0]]).await;
    assert!(text(&is_a_session.stderr).contains("is a session"), "{}", text(&is_a_session.stderr));

    let jobs = ids(&installation.json_lines(&["jobs", "list", "--all", "--limit", "10000"]).await);
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    assert_eq!(installation.json(&["jobs", "show", beginning(jobs[0], &jobs)]).await["id"], jobs[0]);

    let clients = ids(&installation.json_lines(&["client", "list", "--coach", "maya"]).await);
    let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
    let priya = beginning(clients[0], &clients);
    let changed = installation.json(&["client", "change", "--coach", "maya", priya, "--tag", "leads"]).await;
    assert_eq!(changed["id"], clients[0]);
    let found = installation.json_lines(&["search", "Hartman", "--client", priya]).await;
    assert!(!found.is_empty());

    let rule = installation.json(&["voice", "add", "--coach", "maya", "short sentences"]).await;
    let rule = rule["id"].as_str().expect("an id");
    let off = installation.json(&["voice", "off", "--coach", "maya", &rule[..8]]).await;
    assert_eq!(off["id"], rule);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_and_what_is_nobodys_is_told_apart() {
    let installation = Installation::new().await;
    installation.people().await;
    for arguments in [["sessions", "show"], ["jobs", "show"], ["sessions", "diff"], ["speakers", "list"]] {
        let wrong = installation.output(&[arguments[0], arguments[1], "priya"]).await;
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(text(&wrong.stderr).contains("its first digits"), "{arguments:?}: {}", text(&wrong.stderr));
        let none = installation.output(&[arguments[0], arguments[1], "ffff"]).await;
        assert_eq!(none.status.code(), Some(1), "{arguments:?}");
        let said = text(&none.stderr);
        assert!(said.contains("there is no ") && said.contains("see `debrief "), "{arguments:?}: {said}");
    }
}
