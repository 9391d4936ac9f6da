//! Where backups are: a bucket of its own, in which everything that is read is held against its hash.

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{
    BackupError, Damage, DamageKind,
    catalogue::{self, Catalogue, FORMAT, Stored},
};
use crate::bucket::{self, Bucket, BucketError};

/// The largest catalogue that is read, and the largest list of transcripts.
const LARGEST: u64 = 512 << 20;

/// A place for backups. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    pub(super) bucket: Bucket,
}

impl Vault {
    /// Opens the place that a URL names, like that of the bucket.
    ///
    /// # Errors
    /// Returns an error if the URL can't be used; it names the setting.
    pub fn open(settings: &bucket::Settings) -> Result<Self, crate::SettingsError> {
        let bucket = Bucket::open(settings);
        let bucket = bucket.map_err(|error| crate::SettingsError::new("backup.url", error.problem))?;
        Ok(Self { bucket })
    }

    /// Its name: the URL without options.
    #[must_use]
    pub fn name(&self) -> &str {
        self.bucket.name()
    }

    /// The ids of the backups that have a catalogue, oldest first.
    ///
    /// # Errors
    /// Returns an error if the place can't be reached.
    pub async fn ids(&self) -> Result<Vec<String>, BackupError> {
        let objects = self.bucket.list(catalogue::CATALOGUES).await?;
        let ids = objects.iter().filter_map(|object| {
            let id = object.key.strip_prefix(catalogue::CATALOGUES)?.strip_suffix(".json")?;
            catalogue::is_id(id).then(|| id.to_owned())
        });
        Ok(ids.collect())
    }

    /// The id of the newest backup of the whole installation; if there is none, of the newest. One whose catalogue is damaged
    /// may be it, and is taken, so that its damage is told.
    ///
    /// # Errors
    /// Returns an error if there is none, or the place can't be reached.
    pub async fn newest(&self) -> Result<String, BackupError> {
        let ids = self.ids().await?;
        for id in ids.iter().rev() {
            match self.catalogue(id).await {
                Ok(catalogue) if !catalogue.is_whole => {}
                Ok(_) | Err(BackupError::Damaged(_)) => return Ok(id.clone()),
                Err(error) => return Err(error),
            }
        }
        ids.into_iter().next_back().ok_or(BackupError::None)
    }

    /// The catalogue of a backup.
    ///
    /// # Errors
    /// Returns an error if there is no such backup, or its catalogue is damaged or of a later program.
    pub async fn catalogue(&self, id: &str) -> Result<Catalogue, BackupError> {
        if !catalogue::is_id(id) {
            return Err(BackupError::Unknown(id.to_owned()));
        }
        let key = catalogue::key(id);
        let unknown = |error| match error {
            BucketError::NotFound => BackupError::Unknown(id.to_owned()),
            error => error.into(),
        };
        let size = self.bucket.head(&key).await.map_err(unknown)?.size;
        if size > LARGEST {
            return Err(BackupError::unreadable(format!("the catalogue {key} is larger than any catalogue")));
        }
        let content = self.bucket.get(&key).await.map_err(unknown)?;
        let damaged = |kind, found: String| {
            let meaning = "nothing of this backup can be trusted; take another".to_owned();
            BackupError::Damaged(vec![Damage { file: key.clone(), kind, found, meaning }])
        };
        let hash = match self.bucket.get(&catalogue::hash_key(id)).await {
            Ok(hash) => String::from_utf8_lossy(&hash).trim().to_owned(),
            Err(BucketError::NotFound) => return Err(damaged(DamageKind::Missing, "its hash is missing".into())),
            Err(error) => return Err(error.into()),
        };
        if hash != sha256(&content) {
            return Err(damaged(DamageKind::Changed, "its content isn’t what was written".into()));
        }
        // What is of a later program may have another form.
        let format = serde_json::from_slice::<serde_json::Value>(&content).ok().and_then(|it| it["format"].as_u64());
        match format {
            Some(format) if format > u64::from(FORMAT) => return Err(BackupError::LaterFormat),
            _ => {}
        }
        let read: Catalogue = serde_json::from_slice(&content)
            .map_err(|error| damaged(DamageKind::Changed, format!("it can’t be read: {error}")))?;
        if !read.is_sound() {
            return Err(damaged(DamageKind::Changed, "it names what is no table".into()));
        }
        if read.id != id {
            return Err(damaged(DamageKind::Changed, "it is that of another backup".into()));
        }
        Ok(read)
    }

    /// Writes the hash of a catalogue, and the catalogue after it.
    pub(super) async fn publish(&self, catalogue: &Catalogue) -> Result<(), BackupError> {
        let content = serde_json::to_vec_pretty(catalogue).map_err(BackupError::unreadable)?;
        self.bucket.put(&catalogue::hash_key(&catalogue.id), sha256(&content)).await?;
        Ok(self.bucket.put(&catalogue::key(&catalogue.id), content).await?)
    }

    /// Uploads a local file.
    pub(super) async fn upload(&self, key: String, file: &Path) -> Result<Stored, BackupError> {
        let local = file.to_owned();
        let hashed = tokio::task::spawn_blocking(move || {
            let mut hasher = Sha256::new();
            let bytes = std::io::copy(&mut std::fs::File::open(local)?, &mut hasher)?;
            Ok::<_, std::io::Error>((bytes, hex(&hasher.finalize())))
        });
        let (bytes, sha256) = hashed.await.map_err(std::io::Error::other)??;
        self.bucket.upload(&key, file).await?;
        Ok(Stored { key, bytes, sha256 })
    }

    /// Copies an object to a local file, or only reads it without one. Says how it is damaged, if it is; `what` says what
    /// it holds.
    pub(super) async fn fetch(
        &self,
        stored: &Stored,
        to: Option<&Path>,
        what: &str,
    ) -> Result<Option<Damage>, BackupError> {
        use futures::StreamExt;
        use tokio::io::AsyncWriteExt;
        let damaged = |kind, found: String| {
            let meaning = format!("{what} can’t be restored from this backup");
            Ok(Some(Damage { file: stored.key.clone(), kind, found, meaning }))
        };
        let mut pieces = match self.bucket.stream(&stored.key).await {
            Ok(pieces) => pieces,
            Err(BucketError::NotFound) => return damaged(DamageKind::Missing, "it isn’t there".into()),
            Err(BucketError::Link) => return damaged(DamageKind::Missing, "a link is in its place".into()),
            Err(error) => return Err(error.into()),
        };
        let mut file = match to {
            Some(path) => Some(tokio::fs::File::create(path).await?),
            None => None,
        };
        let (mut hasher, mut bytes) = (Sha256::new(), 0_u64);
        while let Some(piece) = pieces.next().await {
            let piece: Bytes = piece?;
            bytes += piece.len() as u64;
            if bytes > stored.bytes {
                return damaged(DamageKind::Changed, format!("it is longer than {} bytes", stored.bytes));
            }
            hasher.update(&piece);
            if let Some(file) = &mut file {
                file.write_all(&piece).await?;
            }
        }
        if let Some(file) = &mut file {
            file.flush().await?;
        }
        if bytes < stored.bytes {
            return damaged(DamageKind::Changed, format!("it has {bytes} bytes, and {} were written", stored.bytes));
        }
        if hex(&hasher.finalize()) != stored.sha256 {
            return damaged(DamageKind::Changed, "its content isn’t what was written".into());
        }
        Ok(None)
    }

    /// The objects below a prefix, with their sizes and times.
    pub(super) async fn sizes(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<String, (u64, chrono::DateTime<chrono::Utc>)>, BackupError> {
        let objects = self.bucket.list(prefix).await?;
        Ok(objects.into_iter().map(|object| (object.key, (object.size, object.modified))).collect())
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
