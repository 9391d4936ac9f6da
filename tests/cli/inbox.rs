//! `debrief inbox`: what is there and what became of it.

use serde_json::Value;

use super::{TRANSCRIPT, text};
use crate::support::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_says_of_every_file_what_became_of_it() {
    let installation = Installation::new().await;
    installation.people().await;
    assert!(installation.folder.path().join("bucket/inbox/maya").is_dir(), "`coach add` makes the folder");
    let nothing = installation.output(&["inbox"]).await;
    let place = installation.folder.path().join("bucket/inbox").display().to_string();
    assert!(text(&nothing.stderr).contains(&place), "it says where the inbox is: {}", text(&nothing.stderr));

    for (key, content) in [
        ("maya/2026-11-02/Priya.txt", TRANSCRIPT),
        ("maya/2026-11-04/empty.vtt", ""),
        ("maya/2026-11-05/invoice.txt", "Invoice 2026-118\n\nTotal due: 1,200.00 EUR\n"),
        ("maya/2026-11-06/chat.txt", "09:01:12 From Priya Raman to Everyone: the link is in my mail\n"),
        ("maya/roster.csv", "name,email\nPriya Raman,not an address\n"),
        ("maya/2026-11-07/half.vtt.part", TRANSCRIPT),
        ("loose.txt", TRANSCRIPT),
        ("nobody/lost.txt", TRANSCRIPT),
    ] {
        installation.drop_into_bucket(&format!("inbox/{key}"), content);
    }
    let look = async || installation.json_lines(&["inbox"]).await;
    let of = |files: &[Value], key: &str| {
        let found = files.iter().find(|file| file["object_key"] == format!("inbox/{key}"));
        found.unwrap_or_else(|| panic!("{key} is not in {files:?}")).clone()
    };
    let new = look().await;
    assert_eq!(new.len(), 8);
    assert_eq!(of(&new, "maya/2026-11-02/Priya.txt")["outcome"], "new", "nobody has looked yet");

    installation.run(&["work", "--drain"]).await;
    installation.drop_into_bucket("inbox/maya/2026-11-03/the same.txt", TRANSCRIPT);
    installation.run(&["work", "--drain"]).await;
    let files = look().await;
    let session = installation.json_lines(&["sessions", "list"]).await;
    let session = session.iter().find(|session| session["state"] == "in_review").expect("one is in review");
    for (key, outcome, reason) in [
        ("maya/2026-11-02/Priya.txt", "read", None),
        ("maya/2026-11-03/the same.txt", "duplicate", Some("same content")),
        ("maya/2026-11-04/empty.vtt", "rejected", Some("empty")),
        ("maya/2026-11-05/invoice.txt", "rejected", Some("")),
        ("maya/2026-11-06/chat.txt", "waiting", Some("transcript")),
        ("maya/roster.csv", "applied", Some("line 2")),
        ("maya/2026-11-07/half.vtt.part", "ignored", Some("unfinished")),
        ("loose.txt", "ignored", Some("isn’t in a coach’s folder")),
        ("nobody/lost.txt", "rejected", Some("No coach")),
    ] {
        let file = of(&files, key);
        assert_eq!(file["outcome"], outcome, "{file}");
        let told = file["reason"].as_str();
        assert_eq!(told.is_some(), reason.is_some(), "{file}");
        assert!(reason.is_none_or(|reason| told.expect("a reason").contains(reason)), "{file}");
    }
    let read = of(&files, "maya/2026-11-02/Priya.txt");
    assert_eq!((&read["session_id"], &read["session_state"]), (&session["id"], &session["state"]));
    assert!(of(&files, "maya/2026-11-05/invoice.txt")["session_id"].is_string(), "the session that was refused");

    let table = installation.run(&["inbox"]).await;
    assert!(
        table.contains(session["id"].as_str().expect("an id")) && table.contains("the session is in_review"),
        "{table}"
    );
    let unread = installation.run(&["inbox", "--unread", "--json"]).await;
    assert!(!unread.contains("2026-11-02/Priya.txt") && unread.contains("loose.txt"), "{unread}");
    let of_maya = installation.json_lines(&["inbox", "--coach", "maya", "--limit", "2"]).await;
    assert_eq!(of_maya.len(), 2);
    let mistyped = installation.output(&["inbox", "--coach", "mya"]).await;
    assert_eq!(mistyped.status.code(), Some(1), "an empty list would hide it");

    // A changed file is a different one; files that are gone are shown on request.
    std::fs::remove_file(installation.folder.path().join("bucket/inbox/maya/2026-11-02/Priya.txt"))
        .expect("it lies there");
    assert_eq!(look().await.len(), 8);
    let all = installation.json_lines(&["inbox", "--all"]).await;
    let gone = of(&all, "maya/2026-11-02/Priya.txt");
    assert_eq!((&gone["outcome"], &gone["is_there"]), (&"read".into(), &false.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_by_command_lies_in_the_coachs_folder_and_replaces_nothing() {
    let installation = Installation::new().await;
    installation.people().await;
    let files = tempfile::tempdir().expect("a folder");
    let file = |name: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, TRANSCRIPT).expect("a file");
        path.display().to_string()
    };
    let (week, hidden, folder) = (file("Priya week 1.txt"), file(".secret.txt"), files.path().display().to_string());

    for (arguments, said) in [
        (vec![&week, "--coach", "nobody"], "nobody"),
        (vec![&week, &hidden, "--coach", "maya"], "hidden"),
        (vec![&week, &folder, "--coach", "maya"], "isn't a file"),
        (vec![&week, "missing.txt", "--coach", "maya"], "can't read missing.txt"),
    ] {
        let refused = installation.output(&[&["drop"], arguments.as_slice()].concat()).await;
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(text(&refused.stderr).contains(said), "{arguments:?}: {}", text(&refused.stderr));
    }
    assert_eq!(installation.json_lines(&["inbox"]).await, [] as [Value; 0], "one that is refused drops none");

    installation.run(&["drop", &week, "--coach", "maya"]).await;
    let again = installation.output(&["drop", &week, "--coach", "maya"]).await;
    assert!(text(&again.stderr).contains("already exists"), "{}", text(&again.stderr));
    installation.run(&["work", "--drain"]).await;
    let inbox = installation.json_lines(&["inbox"]).await;
    assert_eq!((inbox.len(), &inbox[0]["outcome"]), (1, &Value::from("read")), "{inbox:?}");
    assert_eq!(inbox[0]["object_key"], "inbox/maya/Priya week 1.txt");

    // What the email about a file asks for: the same name, and other words.
    std::fs::write(&week, format!("{TRANSCRIPT}Priya Raman: And I sold the boat.\n")).expect("a file");
    installation.run(&["drop", &week, "--coach", "maya", "--replace"]).await;
    installation.run(&["work", "--drain"]).await;
    let sessions = installation.json_lines(&["sessions", "list"]).await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    let found = installation.json_lines(&["search", "sold the boat"]).await;
    assert!(!found.is_empty(), "the newer words are the session's");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_once_what_can_never_be_taken() {
    use std::os::unix::ffi::OsStrExt;

    let installation = Installation::new().await;
    installation.people().await;
    let inbox = installation.folder.path().join("bucket/inbox/maya");
    std::fs::write(inbox.join(std::ffi::OsStr::from_bytes(b"bad\xff\xfe.vtt")), TRANSCRIPT).expect("a file");
    std::fs::create_dir_all(inbox.join(["d"; 40].join("/"))).expect("folders");
    let warnings = async || {
        let drained = installation.output(&["work", "--drain"]).await;
        let log = text(&drained.stderr);
        assert!(!log.contains(r"bad\"), "a name may be a person's: {log}");
        log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).count()
    };
    assert_eq!(warnings().await, 1);
    assert_eq!(warnings().await, 0, "the next look says nothing");
    let files = installation.json_lines(&["inbox", "--coach", "maya"]).await;
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| file["outcome"] == "unreadable"), "{files:?}");
    assert!(installation.run(&["inbox", "--unread"]).await.contains(r"bad\xff\xfe.vtt"));
}
