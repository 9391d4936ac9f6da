//! What a listing finds: objects, and in a folder what lies there and can be no object, with the reason.

use chrono::{DateTime, Utc};
use object_store::ObjectMeta;

/// An object as the listing shows it.
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
        // A store that knows no ETags is told apart by size and time.
        let etag = meta.e_tag.unwrap_or_else(|| format!("{:x}-{:x}", meta.last_modified.timestamp_micros(), meta.size));
        Self { key: meta.location.to_string(), etag, size: meta.size, modified: meta.last_modified }
    }
}

/// What a look found.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<ObjectInfo>,
    /// What else lies in a folder: nobody can read it as it is, and somebody should be told.
    pub unusable: Vec<Unusable>,
}

/// Something in a folder that can be no object as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Where it lies and what is known of it. Bytes of its name that are no text stand as their numbers (`\xff`), and a path
    /// beyond all measure is cut: nothing can be read under this key.
    pub object: ObjectInfo,
    /// Whether it is a folder; what is in it is not seen.
    pub is_folder: bool,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// Why something in a folder can be no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is a pipe, a socket or a device.
    NoFile,
    /// Its name is no Unicode.
    Name,
    /// It lies within too many folders, or its path is too long.
    Far,
    /// The process may not read it.
    Closed,
    /// It is a link, or a file that has a second name elsewhere.
    Link,
}
