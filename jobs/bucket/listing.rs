//! What a listing finds: objects and, in a folder, items that can't be objects, with the reason.

use chrono::{DateTime, Utc};
use object_store::ObjectMeta;

/// An object as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its key, without the prefix of the bucket's URL.
    pub key: String,
    /// Changes whenever the content does.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
}

impl From<ObjectMeta> for ObjectInfo {
    fn from(meta: ObjectMeta) -> Self {
        // If a store has no ETags, size and time identify the content.
        let etag = meta.e_tag.unwrap_or_else(|| format!("{:x}-{:x}", meta.last_modified.timestamp_micros(), meta.size));
        Self { key: meta.location.to_string(), etag, size: meta.size, modified: meta.last_modified }
    }
}

/// The result of a listing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<ObjectInfo>,
    /// Other items in a folder: nobody can read them as they are, and someone should be told.
    pub unusable: Vec<Unusable>,
}

/// An item in a folder that can't be an object as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Its location and metadata. Bytes of its name that aren't text appear as numbers (`\xff`), and an overlong path
    /// is cut: this key can't be read.
    pub object: ObjectInfo,
    /// Whether it is a folder; its contents aren't listed.
    pub is_folder: bool,
    /// The obstacle.
    pub obstacle: Obstacle,
}

/// Why an item in a folder can't be an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is a pipe, a socket or a device.
    NoFile,
    /// Its name isn't Unicode.
    Name,
    /// It is nested too deep, or its path is too long.
    Far,
    /// The process isn't allowed to read it.
    Closed,
    /// It is a link, or a file with a second name elsewhere.
    Link,
}
