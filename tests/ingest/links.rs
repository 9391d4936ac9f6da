//! Links in a folder bucket: write access to one coach's folder gives access to nothing else through them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use debrief_jobs::bucket::{Bucket, BucketError};

use super::{CALL, count, look, read, scan};
use crate::support::World;

const SECRET: &str = "WEBVTT\n\n00:01.000 --> 00:09.000\n<v Ben>The other coach's client wants to leave her firm.\n";

/// A world with a folder bucket, maya's inbox, and a place outside the bucket.
async fn world() -> (World, std::path::PathBuf, std::path::PathBuf) {
    let world = World::new().await;
    let (inbox, outside) = (world.folder.path().join("bucket/inbox/maya"), world.folder.path().join("outside"));
    fs::create_dir_all(&inbox).expect("the inbox is made");
    fs::create_dir_all(&outside).expect("a folder");
    (world, inbox, outside)
}

fn is_link(result: Result<impl std::fmt::Debug, BucketError>) -> bool {
    matches!(result, Err(BucketError::Link))
}

#[tokio::test]
async fn a_link_in_an_inbox_is_not_followed_and_the_coach_is_told() {
    let (world, inbox, outside) = world().await;
    fs::create_dir_all(inbox.join("../ben")).expect("another inbox");
    for secret in [outside.join("secret.vtt"), inbox.join("../ben/call.vtt")] {
        fs::write(&secret, SECRET).expect("a file");
    }
    symlink(outside.join("secret.vtt"), inbox.join("absolute.vtt")).expect("a link");
    symlink("../ben/call.vtt", inbox.join("relative.vtt")).expect("a link");
    fs::hard_link(inbox.join("../ben/call.vtt"), inbox.join("hard.vtt")).expect("a second name");
    symlink("../../rosters", inbox.join("folder")).expect("a link to a folder");
    symlink("../ben", inbox.join("ben")).expect("a link to a folder");
    fs::write(inbox.join("mine.vtt"), CALL).expect("a file");
    look(&world).await;
    let found = scan(&world).await;
    assert_eq!((found.taken, found.failed), (1, 0), "{found:?}");
    assert_eq!(
        count(&world, "select count(*) from sessions where state <> 'rejected'").await,
        1,
        "only the coach's own file is read"
    );
    for name in ["absolute", "relative", "hard"] {
        let why = read(&world, &format!("rejected/maya/{name}.vtt.reason.json")).await;
        assert!(why.contains("This is a link to a file") && why.contains("Copy the file itself"), "{name}: {why}");
    }
    let kept = world.services.bucket.list("").await.expect("a listing");
    for object in kept.iter().filter(|object| !object.key.starts_with("inbox/")) {
        let content = world.services.bucket.get(&object.key).await.expect("ours can be read");
        assert!(!String::from_utf8_lossy(&content).contains("leave her firm"), "{}", object.key);
    }
    assert!(fs::read_to_string(outside.join("secret.vtt")).is_ok(), "what a link led to is still there");
}

#[tokio::test]
async fn a_second_name_keeps_a_file_from_being_read_as_long_as_it_is_there() {
    let (world, inbox, outside) = world().await;
    fs::write(inbox.join("new.vtt"), CALL).expect("a file");
    fs::write(inbox.join("roster.csv"), "name,email\nAda Lindqvist,ada@client.example\n").expect("a roster");
    let names = ["new.vtt", "roster.csv"];
    for name in names {
        fs::hard_link(inbox.join(name), outside.join(name)).expect("a second name");
    }
    look(&world).await;
    let found = scan(&world).await;
    assert_eq!((found.taken, found.applied, found.rejected, found.failed), (0, 0, 2, 0), "{found:?}");
    for name in names {
        fs::remove_file(outside.join(name)).expect("the second name is removed");
    }
    let found = scan(&world).await;
    assert_eq!((found.taken, found.applied, found.failed), (1, 1, 0), "nobody has to touch it: {found:?}");
    // A hard link that a backup creates after a file was read needs no notice.
    fs::hard_link(inbox.join("new.vtt"), outside.join("backup.vtt")).expect("a second name");
    let found = scan(&world).await;
    assert_eq!((found.known, found.rejected, found.failed), (2, 0, 0), "{found:?}");
}

#[tokio::test]
async fn a_link_in_the_place_of_a_folder_takes_nothing_out_of_the_bucket() {
    let (world, inbox, outside) = world().await;
    symlink(&outside, world.folder.path().join("bucket/rejected")).expect("a link");
    fs::write(inbox.join("empty.vtt"), "").expect("a file");
    fs::write(inbox.join("good.vtt"), CALL).expect("a file");
    look(&world).await;
    let found = scan(&world).await;
    assert_eq!((found.taken, found.failed), (1, 1), "the reason cannot be written, the others go on: {found:?}");
    assert_eq!(fs::read_dir(&outside).expect("it is there").count(), 0, "nothing was written outside");
}

#[tokio::test]
async fn no_operation_of_a_folder_bucket_follows_a_link() {
    let home = tempfile::tempdir().expect("a folder");
    let (root, outside) = (home.path().join("bucket"), home.path().join("outside"));
    fs::create_dir_all(&outside).expect("a folder");
    fs::write(outside.join("file"), "secret").expect("a file");
    let url = format!("file://{}", root.display());
    let bucket = Bucket::open(&debrief_jobs::bucket::Settings { url, ..Default::default() }).expect("a bucket");
    bucket.put("plain/file", "ours").await.expect("it is written");
    symlink(&outside, root.join("away")).expect("a link");
    symlink(outside.join("file"), root.join("plain/link")).expect("a link");
    fs::hard_link(outside.join("file"), root.join("plain/hard")).expect("a second name");
    for key in ["away/file", "plain/link", "plain/hard"] {
        assert!(is_link(bucket.get(key).await), "{key}");
        assert!(is_link(bucket.head(key).await), "{key}");
    }
    assert!(is_link(bucket.put("away/new", "x").await) && is_link(bucket.put_new("away/new", "x").await));
    assert!(is_link(bucket.upload("away/new", &outside.join("file")).await));
    assert!(is_link(bucket.delete("away/file").await) && is_link(bucket.list("away").await));
    for key in ["../outside/file", "plain/../../outside/file", "plain/./file", ""] {
        assert!(matches!(bucket.get(key).await, Err(BucketError::BadKey)), "{key}");
    }
    // A put replaces a link instead of following it; and removing a link leaves its target.
    bucket.put("plain/link", "ours").await.expect("it is replaced");
    bucket.delete("plain/hard").await.expect("the name is removed");
    assert_eq!(fs::read(outside.join("file")).expect("it is there"), b"secret");
    assert_eq!(fs::read_dir(&outside).expect("it is there").count(), 1);
}

#[tokio::test]
async fn a_pipe_or_a_folder_in_the_place_of_a_file_holds_nothing_up() {
    let (world, inbox, _) = world().await;
    let pipe = std::process::Command::new("mkfifo").arg(inbox.join("pipe.vtt")).status();
    assert!(pipe.is_ok_and(|status| status.success()), "a pipe can be made");
    fs::create_dir_all(inbox.join("folder.vtt")).expect("a folder");
    fs::write(inbox.join("good.vtt"), CALL).expect("a file");
    assert_eq!(scan(&world).await.taken, 1);
    assert!(is_link(world.services.bucket.get("inbox/maya/pipe.vtt").await));
}

#[tokio::test]
async fn what_debrief_writes_is_for_its_user_alone() {
    let (world, ..) = world().await;
    let bucket = &world.services.bucket;
    bucket.put("exports/new/file.csv", "x").await.expect("it is written");
    let root = world.folder.path().join("bucket/exports");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!([mode(&root), mode(&root.join("new")), mode(&root.join("new/file.csv"))], [0o700, 0o700, 0o600]);
}
