//! A damaged backup is refused, with the damage named; and an installation that has data is left alone.

use debrief_jobs::backup::{self, BackupError, DamageKind, Target};

use super::{Anew, Backed, organizations, silent};
use crate::support::World;

#[tokio::test]
async fn whatever_is_damaged_is_named_and_nothing_is_restored() {
    let backed = Backed::new().await;
    let catalogue = backed.run().await;
    assert_eq!(backup::verify(&backed.vault, &catalogue, &silent).await.expect("it is read"), []);
    let part = &catalogue.organizations[0];
    let utterances = part.tables.iter().find(|table| table.name == "utterances").expect("the table");
    let key = &utterances.file.as_ref().expect("a file").key;
    let path = backed.file(key);
    let whole = std::fs::read(&path).expect("the file");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let anew = Anew::new().await;
    for (content, kind, found) in [
        (Some(flipped), DamageKind::Changed, "isn’t what was written"),
        (Some(whole[..whole.len() - 1].to_vec()), DamageKind::Changed, "bytes, and"),
        (Some([whole.as_slice(), b"x"].concat()), DamageKind::Changed, "longer"),
        (None, DamageKind::Missing, "isn’t there"),
    ] {
        match content {
            Some(content) => std::fs::write(&path, content).expect("it is damaged"),
            None => std::fs::remove_file(&path).expect("it is gone"),
        }
        let damages = backup::verify(&backed.vault, &catalogue, &silent).await.expect("it is read");
        assert_eq!(damages.len(), 1, "{damages:?}");
        assert_eq!((&damages[0].file, damages[0].kind), (key, kind));
        assert!(damages[0].found.contains(found), "{damages:?}");
        let meaning = format!("the {} rows of utterances of {}", utterances.rows, part.handle);
        assert!(damages[0].meaning.contains(&meaning), "{damages:?}");
        let refused = anew.restore(&backed.vault, &catalogue).await.expect_err("it is damaged").to_string();
        assert!(refused.contains(key) && refused.contains("nothing was restored"), "{refused}");
        assert_eq!(organizations(&anew.database).await, None, "nothing was written");
        assert_eq!(anew.bucket.list("transcripts").await.expect("the bucket").len(), 0);
    }
    std::fs::write(&path, whole).expect("it is repaired");
    anew.restore(&backed.vault, &catalogue).await.expect("now it is restored");
}

#[tokio::test]
async fn a_damaged_transcript_can_be_done_without_and_is_copied_again() {
    let backed = Backed::new().await;
    let catalogue = backed.run().await;
    let (key, _) = transcript(&backed);
    std::fs::write(backed.file(&key), "other words, as many of them").expect("it is damaged");
    let anew = Anew::new().await;
    let refused = anew.restore(&backed.vault, &catalogue).await.expect_err("it is damaged");
    assert!(matches!(&refused, BackupError::Damaged(damages) if damages[0].file == key), "{refused}");
    let target = Target { without_damaged_transcripts: true, ..anew.target() };
    let restored = backup::restore(&backed.vault, &catalogue, target, &silent).await.expect("it is restored");
    assert_eq!(restored.damaged.len(), 1);
    assert_eq!(organizations(&anew.database).await, Some(2));

    // The next backup takes it for there, by its size; a full one doesn't.
    let (db, bucket) = (&backed.world.database.db, &backed.world.services.bucket);
    let full = backup::Wanted { full: true, ..Default::default() };
    let made = backup::run(db, bucket, &backed.vault, full, &silent).await.expect("it is made");
    assert_eq!(backup::verify(&backed.vault, &made, &silent).await.expect("it is read"), []);
}

/// The key of one transcript in the backup, and its content.
fn transcript(backed: &Backed) -> (String, Vec<u8>) {
    let organization = backed.full.organization;
    let folder = backed.file(&format!("transcripts/{organization}"));
    let first = std::fs::read_dir(folder).expect("the folder").next().expect("a transcript").expect("an entry");
    let name = first.file_name().into_string().expect("a hash");
    (format!("transcripts/{organization}/{name}"), std::fs::read(first.path()).expect("its content"))
}

#[tokio::test]
async fn a_transcript_that_the_bucket_lost_is_named_and_the_rest_is_backed_up() {
    let backed = Backed::new().await;
    let (key, content) = transcript_in_bucket(&backed).await;
    backed.world.services.bucket.delete(&key).await.expect("it is lost");
    let made = backed.run().await;
    let missing: Vec<&str> =
        made.organizations.iter().flat_map(|part| &part.missing).map(|missing| missing.key.as_str()).collect();
    assert_eq!(missing, [key.as_str()]);
    let restored = Anew::new().await.restore(&backed.vault, &made).await.expect("it is restored");
    assert_eq!(restored.missing.len(), 1);
    backed.world.services.bucket.put(&key, [content.as_slice(), b"!"].concat()).await.expect("other bytes");
    let made = backed.run().await;
    assert_eq!(made.missing(), 1, "bytes that aren't those which were read are no transcript");
}

async fn transcript_in_bucket(backed: &Backed) -> (String, Vec<u8>) {
    let bucket = &backed.world.services.bucket;
    let listed = bucket.list("transcripts").await.expect("the bucket");
    let key = listed[0].key.clone();
    let content = bucket.get(&key).await.expect("its content").to_vec();
    (key, content)
}

#[tokio::test]
async fn a_catalogue_that_was_changed_is_no_catalogue() {
    let backed = Backed::new().await;
    let id = backed.run().await.id;
    let path = backed.file(&format!("catalogue/{id}.json"));
    let text = std::fs::read_to_string(&path).expect("the catalogue");
    std::fs::write(&path, text.replace("southbank", "southbunk")).expect("it is changed");
    let refused = backed.vault.catalogue(&id).await.expect_err("it is damaged").to_string();
    assert!(refused.contains(&format!("catalogue/{id}.json")) && refused.contains("take another"), "{refused}");
    for wrong in ["20261130T011500Z-00000000", "../../etc/passwd", "", "x"] {
        let refused = backed.vault.catalogue(wrong).await.expect_err("there is none");
        assert!(matches!(refused, BackupError::Unknown(_)), "{wrong}: {refused}");
    }
}

#[tokio::test]
async fn an_installation_with_data_is_left_alone() {
    let backed = Backed::new().await;
    let catalogue = backed.run().await;
    let world = World::new().await;
    let target = Target {
        urls: &world.database.urls,
        bucket: Some(&world.services.bucket),
        only: None,
        without_damaged_transcripts: false,
    };
    let refused = backup::restore(&backed.vault, &catalogue, target, &silent).await.expect_err("it isn't empty");
    assert!(matches!(&refused, BackupError::NotEmpty(what) if what.contains("organizations")), "{refused}");
    assert_eq!(world.services.bucket.list("transcripts").await.expect("the bucket").len(), 0);
    assert_eq!(organizations(&world.database).await, Some(1));
}
