//! Backups: what is restored is what was backed up, row by row and search by search; a damaged one is refused; and nothing is
//! sent again because of a restore.

mod damaged;
mod sent;
mod whole;

use std::path::PathBuf;

use debrief_jobs::{
    backup::{self, Catalogue, Restored, Settings, Target, Vault, Wanted},
    bucket::{self, Bucket},
    db::{Db, Tx},
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{names, owner, tenants};
use crate::support::{TestDatabase, World};

/// Says nothing of how far it is.
pub(super) fn silent(_: backup::Step, _: u64, _: u64) {}

/// A world with data in each table, whose transcripts are in the bucket, and a place for backups.
pub(super) struct Backed {
    pub(super) world: World,
    pub(super) full: tenants::Full,
    pub(super) other: tenants::Full,
    pub(super) vault: Vault,
}

impl Backed {
    pub(super) async fn new() -> Self {
        let (world, full, other) = tenants::two().await;
        let url = format!("file://{}/backups", world.folder.path().display());
        let vault = Settings::default().vault_at(&url).expect("a good URL");
        for organization in world.database.db.organizations().await.expect("the database answers") {
            store_transcripts(&world, organization).await;
        }
        Self { world, full, other, vault }
    }

    /// Makes a backup of everything.
    pub(super) async fn run(&self) -> Catalogue {
        let (db, bucket) = (&self.world.database.db, &self.world.services.bucket);
        backup::run(db, bucket, &self.vault, Wanted::default(), &silent).await.expect("it is made")
    }

    /// The local file of an object of the backups.
    pub(super) fn file(&self, key: &str) -> PathBuf {
        self.world.folder.path().join("backups").join(key)
    }
}

/// Gives each transcript bytes of its own in the bucket, as ingest does.
async fn store_transcripts(world: &World, organization: Uuid) {
    let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from transcripts").fetch_all(tx.conn()).await.expect("the transcripts");
    assert!(!ids.is_empty());
    for id in ids {
        let content = format!("WEBVTT\n\nwhat was said in {id}");
        let sha256: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("transcripts/{organization}/{sha256}");
        let size = i64::try_from(content.len()).expect("it is short");
        world.services.bucket.put(&key, content).await.expect("it is written");
        sqlx::query("update transcripts set stored_key = $2, sha256 = $3, size_bytes = $4 where id = $1")
            .bind(id)
            .bind(key)
            .bind(sha256)
            .bind(size)
            .execute(tx.conn())
            .await
            .expect("its row");
    }
    tx.commit().await.expect("it is committed");
}

/// Another installation, into which a backup is restored.
pub(super) struct Anew {
    pub(super) database: TestDatabase,
    pub(super) bucket: Bucket,
    pub(super) folder: tempfile::TempDir,
}

impl Anew {
    /// One whose database nobody has migrated.
    pub(super) async fn new() -> Self {
        Self::over(TestDatabase::empty().await)
    }

    pub(super) fn over(database: TestDatabase) -> Self {
        let folder = tempfile::TempDir::new().expect("a folder");
        let url = format!("file://{}/bucket", folder.path().display());
        let bucket = Bucket::open(&bucket::Settings { url, ..Default::default() }).expect("a bucket");
        Self { database, bucket, folder }
    }

    pub(super) fn target(&self) -> Target<'_> {
        Target { urls: &self.database.urls, bucket: Some(&self.bucket), only: None, without_damaged_transcripts: false }
    }

    pub(super) async fn restore(&self, vault: &Vault, catalogue: &Catalogue) -> Result<Restored, backup::BackupError> {
        backup::restore(vault, catalogue, self.target(), &silent).await
    }

    /// As the program connects.
    pub(super) fn db(&self) -> &Db {
        &self.database.db
    }
}

/// The organizations in a database, as its owner sees it; `None` if it has no schema.
pub(super) async fn organizations(database: &TestDatabase) -> Option<i64> {
    let mut all: PgConnection = owner(database).await;
    let there: bool = sqlx::query_scalar("select to_regclass('organizations') is not null")
        .fetch_one(&mut all)
        .await
        .expect("it answers");
    if !there {
        return None;
    }
    Some(sqlx::query_scalar("select count(*) from organizations").fetch_one(&mut all).await.expect("a count"))
}
