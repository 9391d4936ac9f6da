//! Brings the files of an export into the bucket, a piece at a time, and hashes them on the way.

use std::path::Path;

use object_store::buffered::BufWriter;
use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
};

use super::manifest::ExportedFile;
use crate::{bucket::Bucket, queue::JobError};

/// Bytes that are held in memory at a time.
const PIECE: usize = 1 << 20;

/// Uploads `file` under `key`, over what is there.
pub(super) async fn upload(bucket: &Bucket, file: &Path, key: String, format: &str) -> Result<ExportedFile, JobError> {
    let mut reader = File::open(file).await?;
    let mut writer = BufWriter::new(bucket.store(), bucket.path(&key));
    let mut hasher = Sha256::new();
    let mut bytes = 0_u64;
    let mut piece = vec![0_u8; PIECE];
    loop {
        let read = reader.read(&mut piece).await?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        bytes += read as u64;
        writer.write_all(&piece[..read]).await?;
    }
    writer.shutdown().await?;
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(ExportedFile { key, format: format.to_owned(), bytes, sha256 })
}

/// Takes away what an attempt that did not finish left in `folder`.
pub(super) async fn clear(bucket: &Bucket, folder: &str) -> Result<(), JobError> {
    for object in bucket.list(folder).await? {
        bucket.delete(&object.key).await?;
    }
    Ok(())
}
