//! Removes from the bucket what an unfinished attempt left.

use super::{manifest::Place, scope::Wish};
use crate::{bucket::Bucket, queue::JobError};

/// Deletes the files of an attempt that has no manifest.
pub(super) async fn clear(bucket: &Bucket, place: &Place<'_>, wish: &Wish) -> Result<(), JobError> {
    for table in wish.wanted() {
        for format in wish.formats() {
            bucket.delete(&place.file(table.name, *format)).await?;
        }
    }
    Ok(())
}
