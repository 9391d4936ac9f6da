//! The transcripts of a backup: copied from the installation's bucket by the name of their content, and back. One that an
//! earlier backup has isn't copied again.

use std::{collections::BTreeMap, io::Write, path::Path};

use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{
    BackupError, Damage, DamageKind, Missing, Step, Tell, Transcript, Vault,
    catalogue::{self, Stored},
    vault::sha256,
};
use crate::{
    bucket::{Bucket, BucketError},
    db::CopyTx,
};

/// How many small transcripts are on their way at a time; a large one goes alone.
const AT_ONCE: usize = 8;
/// What is large.
const LARGE: u64 = 4 << 20;

/// The transcripts that the transaction sees, each content once.
pub(super) async fn list(tx: &mut CopyTx) -> Result<Vec<Transcript>, BackupError> {
    let rows = sqlx::query!(
        "select distinct on (stored_key) stored_key, sha256, size_bytes from transcripts order by stored_key"
    )
    .fetch_all(tx.conn())
    .await?;
    let transcript = |key, sha256, bytes: i64| Transcript { key, sha256, bytes: bytes.unsigned_abs() };
    Ok(rows.into_iter().map(|row| transcript(row.stored_key, row.sha256, row.size_bytes)).collect())
}

/// Where a transcript goes, and where it comes from.
pub(super) struct Way<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) vault: &'a Vault,
    pub(super) organization: Uuid,
}

/// Transcripts that go the same way, in two groups: those that may go beside each other, and those that may not.
fn groups(transcripts: &[Transcript]) -> [(usize, Vec<Transcript>); 2] {
    let (small, large): (Vec<_>, Vec<_>) =
        transcripts.iter().cloned().partition(|transcript| transcript.bytes <= LARGE);
    [(AT_ONCE, small), (1, large)]
}

impl Way<'_> {
    /// Copies what `there`, what is in the backup already, lacks. Returns what the bucket doesn't have.
    pub(super) async fn copy(
        &self,
        transcripts: &[Transcript],
        there: &BTreeMap<String, u64>,
        tell: Tell<'_>,
    ) -> Result<Vec<Missing>, BackupError> {
        let mut missing = Vec::new();
        let (mut done, all) = (0, transcripts.len() as u64);
        for (at_once, group) in groups(transcripts) {
            let copied = stream::iter(group).map(|transcript| self.copy_one(transcript, there));
            let mut copied = copied.buffer_unordered(at_once);
            while let Some(lacks) = copied.try_next().await? {
                missing.extend(lacks);
                done += 1;
                tell(Step::Transcripts, done, all);
            }
        }
        missing.sort_unstable_by(|one: &Missing, other| one.key.cmp(&other.key));
        Ok(missing)
    }

    async fn copy_one(
        &self,
        transcript: Transcript,
        there: &BTreeMap<String, u64>,
    ) -> Result<Option<Missing>, BackupError> {
        let key = catalogue::transcript_key(self.organization, &transcript.sha256);
        if there.get(&key) == Some(&transcript.bytes) {
            return Ok(None);
        }
        let lacks = |why: &str| Ok(Some(Missing { key: transcript.key.clone(), why: why.to_owned() }));
        let content = match self.bucket.get(&transcript.key).await {
            Ok(content) => content,
            Err(BucketError::NotFound) => return lacks("the bucket doesn’t have it any more"),
            Err(BucketError::Link) => return lacks("a link is in its place"),
            Err(error) => return Err(error.into()),
        };
        if sha256(&content) != transcript.sha256 {
            return lacks("the bucket has other bytes under its name than those that were read");
        }
        self.vault.bucket.put(&key, content).await?;
        Ok(None)
    }

    /// Checks every transcript against its hash, without writing anything.
    pub(super) async fn verify(&self, transcripts: &[Transcript], tell: Tell<'_>) -> Result<Vec<Damage>, BackupError> {
        let mut damages = Vec::new();
        let (mut done, all) = (0, transcripts.len() as u64);
        let checked = stream::iter(transcripts.to_vec()).map(|transcript| self.verify_one(transcript));
        let mut checked = checked.buffer_unordered(AT_ONCE);
        while let Some(damage) = checked.try_next().await? {
            damages.extend(damage);
            done += 1;
            tell(Step::Verify, done, all);
        }
        damages.sort_unstable_by(|one: &Damage, other| one.file.cmp(&other.file));
        Ok(damages)
    }

    async fn verify_one(&self, transcript: Transcript) -> Result<Option<Damage>, BackupError> {
        let what = format!("the transcript {}", transcript.key);
        self.vault.fetch(&stored(self.organization, &transcript), None, &what).await
    }

    /// Puts the transcripts back into the bucket. Returns those that the backup doesn't have as they were.
    pub(super) async fn put_back(
        &self,
        transcripts: &[Transcript],
        tell: Tell<'_>,
    ) -> Result<Vec<Damage>, BackupError> {
        let mut damages = Vec::new();
        let (mut done, all) = (0, transcripts.len() as u64);
        for (at_once, group) in groups(transcripts) {
            let put = stream::iter(group).map(|transcript| self.put_one_back(transcript));
            let mut put = put.buffer_unordered(at_once);
            while let Some(damage) = put.try_next().await? {
                damages.extend(damage);
                done += 1;
                tell(Step::Transcripts, done, all);
            }
        }
        Ok(damages)
    }

    async fn put_one_back(&self, transcript: Transcript) -> Result<Option<Damage>, BackupError> {
        let stored = stored(self.organization, &transcript);
        let damage = |kind, found: &str| {
            let meaning = format!("the transcript {} can’t be restored from this backup", transcript.key);
            Ok(Some(Damage { file: stored.key.clone(), kind, found: found.to_owned(), meaning }))
        };
        let content = match self.vault.bucket.get(&stored.key).await {
            Ok(content) => content,
            Err(BucketError::NotFound) => return damage(DamageKind::Missing, "it isn’t there"),
            Err(BucketError::Link) => return damage(DamageKind::Missing, "a link is in its place"),
            Err(error) => return Err(error.into()),
        };
        // Once more: what is written is what was checked.
        if sha256(&content) != transcript.sha256 {
            return damage(DamageKind::Changed, "its content isn’t what was written");
        }
        self.bucket.put(&transcript.key, content).await?;
        Ok(None)
    }
}

/// A transcript as an object of the backup.
pub(super) fn stored(organization: Uuid, transcript: &Transcript) -> Stored {
    let key = catalogue::transcript_key(organization, &transcript.sha256);
    Stored { key, bytes: transcript.bytes, sha256: transcript.sha256.clone() }
}

/// Writes the list of transcripts to a local file.
pub(super) fn write_list(transcripts: &[&Transcript], to: &Path) -> Result<(), BackupError> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(to)?);
    for transcript in transcripts {
        let line = serde_json::to_string(transcript).map_err(BackupError::unreadable)?;
        writeln!(file, "{line}")?;
    }
    Ok(file.flush()?)
}

/// Reads a list of transcripts. A key that leads elsewhere than to transcripts is refused: it would be written to.
pub(super) fn read_list(from: &Path) -> Result<Vec<Transcript>, BackupError> {
    let text = std::fs::read_to_string(from)?;
    let read = |line: &str| {
        let transcript: Transcript = serde_json::from_str(line).map_err(BackupError::unreadable)?;
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_own = transcript.key.starts_with(catalogue::TRANSCRIPTS) && is_hash(&transcript.sha256);
        is_own
            .then_some(transcript)
            .ok_or_else(|| BackupError::unreadable("the list of transcripts names something else"))
    };
    text.lines().map(read).collect()
}
