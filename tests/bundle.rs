//! A client's data as a bundle: what is theirs is in it, and what is somebody else's is not.

use std::io::{Cursor, Read};

use debrief_jobs::{
    bundle::{self, Bundle, Wanted},
    db::{Tx, View},
    model::{Content, Owner, Section},
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    World,
    filled::{Session, action, claim, day},
    installation::Installation,
};

/// Priya alone with her coach, and a group with Tom, in which both have a summary.
async fn filled(world: &World) {
    let said = vec![("Maya Okafor", "How was the week?"), ("Priya Raman", "I asked for the raise <b>at last</b>.")];
    let alone = world.insert(&world.session(said)).await;
    let coachs = claim(Section::Risk, "Priya may leave the firm.", alone.utterances[1]);
    let content = Content {
        claims: vec![
            claim(Section::Wins, "Asked for a raise.", alone.utterances[1]),
            action("Send the figures.", Owner::Client, Some(day("2026-11-20")), alone.utterances[1]),
            coachs,
        ],
    };
    let (summary, _) = world.summarize(alone.session, world.priya, &content).await;
    world.approve(summary).await;
    let group = Session {
        title: "Priya and Tom, group",
        group: true,
        clients: vec![(world.priya, "Priya Raman"), (world.tom, "Tom Becker")],
        said: vec![
            ("Priya Raman", "I will speak first."),
            ("Tom Becker", "My divorce takes all my strength."),
            ("Maya Okafor", "Tom, take your time."),
        ],
        ..world.session(Vec::new())
    };
    let group = world.insert(&group).await;
    let toms = Content { claims: vec![claim(Section::Challenges, "The divorce is hard.", group.utterances[1])] };
    let (summary, _) = world.summarize(group.session, world.tom, &toms).await;
    world.approve(summary).await;
    let letter = "insert into mails (id, organization_id, kind, subject_id, recipient, session_id, client_id, subject, message_id,
            message, message_sha256, state, sent_at, correlation_id)
        select gen_random_uuid(), organization_id, 'follow_up', id, 'priya@raman.example', session_id, client_id, 'Our session', id::text,
            'Hello Priya', 'x', 'sent', now(), id from summaries where client_id = $1";
    world.execute(letter, world.priya).await;
}

async fn gathered(world: &World, view: &View, client: Uuid, coach_sections: bool) -> Option<Bundle> {
    let mut tx = world.database.db.view(world.organization, view).await.expect("a transaction");
    bundle::gather(&mut tx, Wanted { client, coach_sections }).await.expect("it is read")
}

fn unpacked(zip: Vec<u8>) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).expect("a ZIP");
    let count = zip.len();
    let file = |at| {
        let mut file = zip.by_index(at).expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        (file.name().expect("a name").into_owned(), text)
    };
    (0..count).map(file).collect()
}

#[tokio::test]
async fn a_client_gets_what_is_theirs_and_nothing_of_others() {
    let world = World::new().await;
    filled(&world).await;
    let bundle = gathered(&world, &View::Organization, world.priya, false).await.expect("the client");
    let zip = bundle::pack(&bundle, &world.services.desk.post.templates).expect("it is packed");
    let files = unpacked(zip);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.starts_with(&["index.html", "client.json"]) && names[2].starts_with("letters/"), "{names:?}");
    assert_eq!(files[2].1, "Hello Priya");
    let (page, json) = (&files[0].1, &files[1].1);
    for text in [page, json] {
        for own in
            ["Priya Raman", "priya@raman.example", "I will speak first.", "Asked for a raise.", "How was the week?"]
        {
            assert!(text.contains(own), "{own} is in {text}");
        }
        for others in ["divorce", "Tom", "take your time", "may leave the firm"] {
            assert!(!text.contains(others), "{others} is in {text}");
        }
    }
    assert!(page.contains("&lt;b&gt;at last") && !page.contains("<b>at"), "what was said is no markup: {page}");
    let json: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["sessions"].as_array().expect("sessions").len(), 2);
    let summary: Vec<&Value> =
        json["sessions"].as_array().expect("sessions").iter().map(|one| &one["summary"]).collect();
    assert!(summary.iter().any(|one| one[1]["due_date"] == "2026-11-20"), "{json}");

    let whole = gathered(&world, &View::Organization, world.priya, true).await.expect("the client");
    let noted: Vec<&str> =
        whole.sessions.iter().flat_map(|one| &one.for_the_coach).map(|one| one.text.as_str()).collect();
    assert_eq!(noted, ["Priya may leave the firm."]);
    let other = View::Coaches(vec![Uuid::now_v7()]);
    assert!(gathered(&world, &other, world.priya, true).await.is_none(), "another coach has no such client");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_writes_a_bundle_that_nobody_else_reads_and_the_audit_has_it() {
    use std::os::unix::fs::PermissionsExt;
    let installation = Installation::new().await;
    installation.people().await;
    let file = installation.folder.path().join("priya.zip");
    let path = file.display().to_string();
    let bundle = ["client", "bundle", "--coach", "maya", "priya@raman.example", "--to", path.as_str()];
    let done = installation.json(&bundle).await;
    assert_eq!(done["sessions"], 0, "{done}");
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    assert!(unpacked(std::fs::read(&file).expect("the file"))[0].1.contains("Priya Raman"));
    let again = installation.output(&bundle).await;
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("--to"), "it replaces nothing");
    let db = &installation.database.db;
    let organization = db.organizations().await.expect("it answers")[0];
    let mut tx = db.tenant(organization).await.expect("a transaction");
    let noted: i64 =
        sqlx::query_scalar("select count(*) from audit_events where detail ->> 'operation' = 'debrief client bundle'")
            .fetch_one(tx.conn())
            .await
            .expect("a count");
    assert_eq!(noted, 1, "the second run wrote nothing, and says nothing");
}
