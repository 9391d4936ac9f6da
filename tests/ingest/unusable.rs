//! Items in a folder bucket that can never be taken as they are: someone is told, once.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixListener},
    path::Path,
    process::Command,
};

use debrief_jobs::{
    bucket::{Bucket, Obstacle, Settings},
    ingest::{self, FileOutcome},
};

use super::{CALL, count, look, scan, turns::letters};
use crate::support::World;

/// Including the coach's own, one folder deeper than is searched.
fn deep() -> String {
    vec!["d"; 32].join("/")
}

#[tokio::test]
async fn what_can_never_be_taken_is_told_once_and_shown_with_the_reason() {
    let world = World::new().await;
    let inbox = world.folder.path().join("bucket/inbox/maya");
    fs::create_dir_all(inbox.join(deep())).expect("folders");
    fs::write(inbox.join(deep()).join("deep.vtt"), CALL).expect("a file");
    for pipe in ["pipe.vtt", "pipe without an ending", ".hidden pipe"] {
        assert!(Command::new("mkfifo").arg(inbox.join(pipe)).status().expect("mkfifo is there").success());
    }
    let _socket = UnixListener::bind(inbox.join("socket.vtt")).expect("a socket");
    fs::write(inbox.join(OsStr::from_bytes(b"bad\xff\xfe.vtt")), CALL).expect("a file");
    fs::create_dir(inbox.join(OsStr::from_bytes(b"Zo\xeb"))).expect("a folder");
    let long = format!("{}.vtt", "n".repeat(250));
    fs::write(inbox.join(&long), "").expect("a file");
    fs::create_dir_all(inbox.join(vec!["a".repeat(200); 6].join("/"))).expect("folders");
    fs::write(inbox.join("good.vtt"), CALL).expect("a file");

    assert_eq!(look(&world).await, None, "it must be the same at two looks");
    let found = scan(&world).await;
    assert_eq!((found.taken, found.rejected, found.failed), (1, 8, 0), "{found:?}");
    assert_eq!(world.tell_of_inbox().await, 1, "one mail");
    let mail = &letters(&world, "maya@northlight.example").await[0];
    for told in [
        "read 8 files",
        "pipe.vtt: This is a pipe",
        "socket.vtt",
        r"bad\xff\xfe.vtt",
        r"Zo\xeb",
        "This folder lies too deep",
    ] {
        assert!(mail.contains(told), "{told} is not in {mail}");
    }
    assert!(!mail.contains(".hidden pipe"), "{mail}");
    let found = scan(&world).await;
    assert_eq!((found.known, found.rejected, found.waiting), (9, 0, 0), "{found:?}");
    assert_eq!((world.tell_of_inbox().await, count(&world, "select count(*) from mails").await), (0, 1));

    let files = ingest::inbox(&world.database.db, &world.services.bucket, true).await.expect("the inbox");
    for (name, fate, why) in [
        ("pipe.vtt", FileOutcome::Unreadable, "Put the transcript itself"),
        ("pipe without an ending", FileOutcome::Unreadable, "a pipe, a socket or a device"),
        (".hidden pipe", FileOutcome::Ignored, "hidden"),
        ("socket.vtt", FileOutcome::Unreadable, "a pipe, a socket or a device"),
        (r"bad\xff\xfe.vtt", FileOutcome::Unreadable, "Rename the file"),
        (r"Zo\xeb", FileOutcome::Unreadable, "The name of this folder"),
        (&deep(), FileOutcome::Unreadable, "Move the folder up"),
        (&long, FileOutcome::Rejected, "empty"),
        ("good.vtt", FileOutcome::Read, ""),
    ] {
        let file = files.iter().find(|file| file.object_key == format!("inbox/maya/{name}"));
        let file = file.unwrap_or_else(|| panic!("{name} is not in {files:?}"));
        assert_eq!((file.outcome, file.is_there), (fate, true), "{file:?}");
        assert!(file.reason.as_deref().unwrap_or_default().contains(why), "{file:?}");
    }
    assert_eq!(files.iter().filter(|file| file.outcome == FileOutcome::Unreadable).count(), 7, "{files:?}");

    // With a readable name it becomes a session.
    fs::rename(inbox.join(OsStr::from_bytes(b"bad\xff\xfe.vtt")), inbox.join("renamed.vtt")).expect("it is renamed");
    fs::write(inbox.join("renamed.vtt"), format!("{CALL}\n")).expect("other words");
    assert_eq!(scan(&world).await.taken, 1);
}

/// Root can read everything, so for root the test runs again without that right.
#[tokio::test]
async fn what_is_closed_is_listed_as_such_and_is_an_object_once_it_is_opened() {
    let home = tempfile::tempdir().expect("a folder");
    let inbox = home.path().join("inbox/maya");
    fs::create_dir_all(inbox.join("closed")).expect("a folder");
    fs::create_dir_all(inbox.join("names alone")).expect("a folder");
    for name in ["file.vtt", "open.vtt", "closed/in.vtt", "names alone/in.vtt"] {
        fs::write(inbox.join(name), CALL).expect("a file");
    }
    let set =
        |name: &str, mode| fs::set_permissions(inbox.join(name), Permissions::from_mode(mode)).expect("it is ours");
    set("file.vtt", 0);
    if File::open(inbox.join("file.vtt")).is_ok() {
        return run_without_rights(
            "ingest::unusable::what_is_closed_is_listed_as_such_and_is_an_object_once_it_is_opened",
        );
    }
    set("closed", 0);
    set("names alone", 0o600);
    let url = format!("file://{}", home.path().display());
    let bucket = Bucket::open(&Settings { url, ..Default::default() }).expect("a bucket");
    let found = bucket.look("inbox").await.expect("a listing");
    let keys: Vec<&str> = found.objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["inbox/maya/open.vtt"]);
    let closed: Vec<(&str, bool, Obstacle)> =
        found.unusable.iter().map(|it| (it.object.key.as_str(), it.is_folder, it.obstacle)).collect();
    let wanted = [("closed", true), ("file.vtt", false), ("names alone", true)];
    let key = |name: &str| format!("inbox/maya/{name}");
    let wanted: Vec<(String, bool, Obstacle)> =
        wanted.map(|(name, is_folder)| (key(name), is_folder, Obstacle::Closed)).to_vec();
    assert_eq!(closed, wanted.iter().map(|(key, folder, why)| (key.as_str(), *folder, *why)).collect::<Vec<_>>());
    set("closed", 0o700);
    set("names alone", 0o700);
    set("file.vtt", 0o600);
    let found = bucket.look("inbox").await.expect("a listing");
    assert_eq!((found.objects.len(), found.unusable.len()), (4, 0));
}

/// Reruns a test of this program in a process that is bound by file permissions.
fn run_without_rights(test: &str) {
    let program = std::env::current_exe().expect("this program");
    let without = "-dac_override,-dac_read_search";
    let ran = Command::new("setpriv")
        .args([&format!("--bounding-set={without}"), &format!("--inh-caps={without}")])
        .arg(Path::new(&program))
        .args(["--exact", test])
        .output()
        .expect("setpriv is there");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
}

/// A file that was read and becomes unreadable stays as it was; an unread one is reported, and taken once it is
/// readable. As root nothing is unreadable, so this proves nothing.
#[tokio::test]
async fn what_is_closed_after_it_was_read_is_nothing_to_be_told() {
    let world = World::new().await;
    let inbox = world.folder.path().join("bucket/inbox/maya");
    fs::create_dir_all(&inbox).expect("a folder");
    fs::write(inbox.join("read.vtt"), CALL).expect("a file");
    assert_eq!(scan(&world).await.taken, 1);
    fs::set_permissions(inbox.join("read.vtt"), Permissions::from_mode(0o0)).expect("it is closed");
    let found = scan(&world).await;
    assert_eq!((found.known, found.rejected), (1, 0), "{found:?}");
    assert_eq!(world.tell_of_inbox().await, 0);
    let files = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
    assert_eq!((files.len(), files[0].outcome), (1, FileOutcome::Read), "{files:?}");
    if File::open(inbox.join("read.vtt")).is_ok() {
        return;
    }
    fs::write(inbox.join("new.vtt"), format!("{CALL}\n")).expect("a file");
    fs::set_permissions(inbox.join("new.vtt"), Permissions::from_mode(0o0)).expect("it is closed");
    assert_eq!(scan(&world).await.rejected, 1);
    assert_eq!(world.tell_of_inbox().await, 1);
    fs::set_permissions(inbox.join("new.vtt"), Permissions::from_mode(0o600)).expect("it is opened");
    assert_eq!(scan(&world).await.taken, 1);
}

#[tokio::test]
async fn a_file_that_a_killed_process_was_writing_is_removed_and_nobody_elses() {
    let world = World::new().await;
    let inbox = world.folder.path().join("bucket/inbox/maya");
    fs::create_dir_all(&inbox).expect("a folder");
    let begun = |days: u64| {
        let at = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        let since = at.duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let time = uuid::Timestamp::from_unix(uuid::NoContext, since.as_secs(), 0);
        format!(".{}.part", uuid::Uuid::new_v7(time))
    };
    let (old, new, own) = (begun(2), begun(0), ".notes.part".to_owned());
    for name in [&old, &new, &own] {
        fs::write(inbox.join(name), "WEBVTT").expect("a file");
    }
    look(&world).await;
    assert_eq!([&old, &new, &own].map(|name| inbox.join(name).exists()), [false, true, true]);
}
