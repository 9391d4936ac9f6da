//! Files below one folder, reached without following links.
//!
//! Other people's programs write in the bucket's folder. A link in it could lead into another coach's folder, or out of
//! the bucket. So each part of a key is opened separately, beneath the one before, and a link is refused. Only regular
//! files without a second name count (a hard link may be someone else's file). Metadata is read from the open
//! descriptor, never from the path. The folder itself may be reached through links: the operator named it.

use std::{
    ffi::CStr,
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Access, AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat};
use uuid::Uuid;

use super::{Listing, ObjectInfo, Obstacle, Unusable};

/// How deep folders are searched.
pub const DEEPEST: usize = 32;
/// The maximum length of a key, in bytes: as in S3, and well within what the database can index.
pub const LONGEST: usize = 1024;
/// A partial file older than this is from a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);
/// How often a file is begun anew whose folder vanishes.
const ROUNDS: usize = 5;
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A folder and everything beneath it.
#[derive(Clone, Debug)]
pub(super) struct Beneath {
    root: PathBuf,
}

/// Why something beneath the folder isn't used.
#[derive(Debug)]
pub(super) enum Refused {
    /// It or a folder on the way to it is a link, has a second name, or is not a regular file.
    Link,
    Io(io::Error),
}

impl From<rustix::io::Errno> for Refused {
    fn from(error: rustix::io::Errno) -> Self {
        // With `O_NOFOLLOW`, a link as the last part fails as a loop, and as a folder fails as not a folder.
        match error {
            rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => Self::Link,
            error => Self::Io(error.into()),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Beneath {
    /// Opens `root`. Creates it and missing parents, accessible only to their owner.
    pub(super) fn new(root: PathBuf) -> io::Result<Self> {
        crate::private::make_folder(&root)?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the folder exists and this process may enter it.
    pub(super) fn is_there(&self) -> bool {
        rustix::fs::openat(CWD, &self.root, FOLDER, Mode::empty()).is_ok()
    }

    /// Lists everything below `prefix`, unordered. Links are included, to be reported, but can't be read.
    pub(super) fn list(&self, prefix: &str) -> Result<Listing, Refused> {
        let mut found = Listing::default();
        match self.folder(&parts(prefix)?) {
            Ok(folder) => walk(&folder, prefix, DEEPEST, &mut found)?,
            // There is no such folder; but if the bucket itself is gone, its contents are unknown.
            Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound && self.is_there() => {}
            Err(error) => return Err(error),
        }
        Ok(found)
    }

    /// The metadata of one file, as in the listing.
    pub(super) fn head(&self, key: &str) -> Result<ObjectInfo, Refused> {
        self.open(key).map(|(_, info)| info)
    }

    /// A file's content, and its metadata before and after reading; never more bytes than it had at first.
    pub(super) fn read(&self, key: &str) -> Result<(Vec<u8>, ObjectInfo, ObjectInfo), Refused> {
        let (mut file, before) = self.open(key)?;
        let mut content = Vec::with_capacity(usize::try_from(before.size).unwrap_or_default());
        file.by_ref().take(before.size).read_to_end(&mut content)?;
        let after = describe(key, &rustix::fs::fstat(&file)?);
        Ok((content, before, after))
    }

    /// Removes a file or a link.
    pub(super) fn remove(&self, key: &str) -> Result<(), Refused> {
        let (folder, name) = self.parent(key)?;
        Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
    }

    /// Removes the folders of a key that are empty, but for the top one.
    pub(super) fn remove_empty(&self, key: &str) -> Result<(), Refused> {
        let parts = parts(key)?;
        for depth in (2..parts.len()).rev() {
            let within = self.folder(&parts[..depth - 1])?;
            match rustix::fs::unlinkat(within, parts[depth - 1], AtFlags::REMOVEDIR) {
                // Somebody else was faster.
                Ok(()) | Err(rustix::io::Errno::NOENT) => {}
                Err(rustix::io::Errno::NOTEMPTY | rustix::io::Errno::EXIST) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Creates a new file with a temporary name in the folder of `key`, which is created if missing.
    pub(super) fn begin(&self, key: &str) -> Result<Unfinished, Refused> {
        let parts = parts(key)?;
        let Some((name, folders)) = parts.split_last() else { return Err(no_key().into()) };
        let mut begun = self.begin_in(folders, name);
        for _ in 0..ROUNDS {
            match begun {
                // The folder was empty, so another process removed it before the file was there.
                Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound && self.is_there() => {
                    begun = self.begin_in(folders, name);
                }
                begun => return begun,
            }
        }
        begun
    }

    fn begin_in(&self, folders: &[&str], name: &str) -> Result<Unfinished, Refused> {
        let folder = self.make_folder(folders)?;
        let unfinished = format!(".{}{UNFINISHED}", Uuid::now_v7());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, &unfinished, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Unfinished { folder, file: Some(file.into()), unfinished, name: name.to_owned() })
    }

    /// Creates a folder and its missing parents, accessible only to their owner. An existing one keeps its permissions.
    pub(super) fn make(&self, key: &str) -> Result<(), Refused> {
        self.make_folder(&parts(key)?).map(|_| ())
    }

    /// Opens a regular file that has one name.
    pub(super) fn open(&self, key: &str) -> Result<(File, ObjectInfo), Refused> {
        let (folder, name) = self.parent(key)?;
        // A pipe would block until it has a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file: File = rustix::fs::openat(folder, name, flags, Mode::empty())?.into();
        let stat = rustix::fs::fstat(&file)?;
        if !is_plain(&stat) {
            return Err(Refused::Link);
        }
        Ok((file, describe(key, &stat)))
    }

    fn parent<'k>(&self, key: &'k str) -> Result<(OwnedFd, &'k str), Refused> {
        let parts = parts(key)?;
        let Some((name, folders)) = parts.split_last() else { return Err(no_key().into()) };
        Ok((self.folder(folders)?, name))
    }

    fn folder(&self, parts: &[&str]) -> Result<OwnedFd, Refused> {
        let root = rustix::fs::openat(CWD, &self.root, FOLDER, Mode::empty())?;
        parts.iter().try_fold(root, |folder, part| Ok(enter(folder.as_fd(), *part)?))
    }

    fn make_folder(&self, parts: &[&str]) -> Result<OwnedFd, Refused> {
        let root = rustix::fs::openat(CWD, &self.root, FOLDER, Mode::empty())?;
        parts.iter().try_fold(root, |folder, part| match enter(folder.as_fd(), *part) {
            Err(rustix::io::Errno::NOENT) => {
                match rustix::fs::mkdirat(&folder, *part, Mode::RWXU) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(enter(folder.as_fd(), *part)?)
            }
            entered => Ok(entered?),
        })
    }
}

/// A file being written; invisible until it is complete, and removed on drop.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: OwnedFd,
    file: Option<File>,
    unfinished: String,
    name: String,
}

impl Unfinished {
    pub(super) fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is finished"))
    }

    /// Gives the file its name, replacing any existing file.
    pub(super) fn finish(mut self) -> Result<(), Refused> {
        self.sync()?;
        rustix::fs::renameat(&self.folder, &self.unfinished, &self.folder, &self.name)?;
        Ok(rustix::fs::fsync(&self.folder)?)
    }

    /// Gives the file its name unless one exists; then returns false.
    pub(super) fn finish_new(mut self) -> Result<bool, Refused> {
        self.sync()?;
        match rustix::fs::linkat(&self.folder, &self.unfinished, &self.folder, &self.name, AtFlags::empty()) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        rustix::fs::unlinkat(&self.folder, &self.unfinished, AtFlags::empty())?;
        rustix::fs::fsync(&self.folder)?;
        Ok(true)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| file.sync_all())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After `finish` this name no longer exists.
        let _ = rustix::fs::unlinkat(&self.folder, &self.unfinished, AtFlags::empty());
    }
}

fn enter(folder: BorrowedFd<'_>, part: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(folder, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())
}

/// The parts of a key. Rejects a part that isn't a name (`..`).
fn parts(key: &str) -> io::Result<Vec<&str>> {
    let key = key.trim_matches('/');
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = key.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains('\0')) {
        return Err(no_key());
    }
    Ok(parts)
}

fn no_key() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "this is no key of an object")
}

/// Walks one folder. Only the outermost one may fail the listing.
fn walk(folder: &OwnedFd, key: &str, deeper: usize, found: &mut Listing) -> Result<(), Refused> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            // A folder's names may be readable although nobody may enter it.
            Err(rustix::io::Errno::ACCESS) => return Err(rustix::io::Errno::ACCESS.into()),
            // Something that has vanished is not there.
            Err(_) => continue,
            Ok(stat) => stat,
        };
        if is_left_behind(name, &stat) {
            // Another process may have removed it.
            _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
            continue;
        }
        let written = visible(name);
        let key = if key.is_empty() { written } else { format!("{key}/{written}") };
        let kind = file_type(&stat);
        let obstacle = match kind {
            _ if name.to_str().is_err() => Some(Obstacle::Name),
            _ if key.len() > LONGEST => Some(Obstacle::Far),
            FileType::Directory => walk_into(folder, name, &key, deeper, found)?,
            FileType::Symlink => Some(Obstacle::Link),
            FileType::RegularFile if !is_plain(&stat) => Some(Obstacle::Link),
            FileType::RegularFile => (!may_be_read(folder, name)).then_some(Obstacle::Closed),
            _ => Some(Obstacle::NoFile),
        };
        match obstacle {
            Some(obstacle) => found.unusable.push(unusable(&key, &stat, obstacle)),
            None if kind == FileType::Directory => {}
            None => found.objects.push(describe(&key, &stat)),
        }
    }
    Ok(())
}

/// The suffix of a file being written.
const UNFINISHED: &str = ".part";

/// Whether one of our processes died while writing this file, as shown by its name, which contains the time.
fn is_left_behind(name: &CStr, stat: &Stat) -> bool {
    let begun = |name: &str| {
        let id: Uuid = name.strip_prefix('.')?.strip_suffix(UNFINISHED)?.parse().ok()?;
        let (seconds, nanos) = id.get_timestamp()?.to_unix();
        Some(UNIX_EPOCH + Duration::new(seconds, nanos))
    };
    let begun = name.to_str().ok().filter(|_| file_type(stat) == FileType::RegularFile).and_then(begun);
    begun.is_some_and(|begun| SystemTime::now().duration_since(begun).is_ok_and(|age| age > LEFT_BEHIND))
}

/// Walks a folder within another; returns the obstacle, if there is one.
fn walk_into(
    folder: &OwnedFd,
    name: &CStr,
    key: &str,
    deeper: usize,
    found: &mut Listing,
) -> Result<Option<Obstacle>, Refused> {
    let Some(deeper) = deeper.checked_sub(1) else { return Ok(Some(Obstacle::Far)) };
    let inner = enter(folder.as_fd(), name).map_err(Refused::from);
    match inner.and_then(|inner| walk(&inner, key, deeper, found)) {
        // Something else has replaced it: the next scan sees that.
        Ok(()) | Err(Refused::Link) => Ok(None),
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Some(Obstacle::Closed)),
        // Without descriptors or memory no folder can be read: the scan is repeated.
        Err(Refused::Io(error)) if is_want(&error) => Err(Refused::Io(error)),
        Err(Refused::Io(error)) => {
            tracing::warn!(target: "bucket", { %error }, "can't read a folder; it is skipped");
            Ok(None)
        }
    }
}

/// A name, with non-text bytes shown as numbers.
fn visible(name: &CStr) -> String {
    let mut written = String::new();
    for chunk in name.to_bytes().utf8_chunks() {
        written.push_str(chunk.valid());
        written.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    written
}

/// Whether this process may read a file. If the system doesn't say, reading it will.
fn may_be_read(folder: &OwnedFd, name: &CStr) -> bool {
    rustix::fs::accessat(folder, name, Access::READ_OK, AtFlags::EACCESS) != Err(rustix::io::Errno::ACCESS)
}

fn unusable(key: &str, stat: &Stat, obstacle: Obstacle) -> Unusable {
    let is_long = key.len() > LONGEST;
    let key = if is_long { format!("{}…", &key[..key.floor_char_boundary(LONGEST - 3)]) } else { key.to_owned() };
    let mut object = describe(&key, stat);
    if file_type(stat) != FileType::RegularFile {
        // The time of a folder or pipe changes with use.
        object = ObjectInfo { etag: format!("{:x}", stat.st_ino), size: 0, ..object };
    }
    Unusable { object, is_folder: file_type(stat) == FileType::Directory, obstacle }
}

/// Whether the process or machine has run out of a resource.
pub(super) fn is_want(error: &io::Error) -> bool {
    let wants = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::NOMEM];
    wants.iter().any(|want| error.raw_os_error() == Some(want.raw_os_error()))
}

fn file_type(stat: &Stat) -> FileType {
    // The type differs between systems.
    #[allow(clippy::useless_conversion)]
    FileType::from_raw_mode(RawMode::from(stat.st_mode))
}

fn is_plain(stat: &Stat) -> bool {
    file_type(stat) == FileType::RegularFile && stat.st_nlink <= 1
}

/// A file that replaces another in one move has another inode, even within one clock tick.
fn describe(key: &str, stat: &Stat) -> ObjectInfo {
    let since = |seconds: i64, nanos: i64| {
        let (seconds, nanos) = (u64::try_from(seconds).unwrap_or(0), u32::try_from(nanos).unwrap_or(0));
        Duration::new(seconds, nanos)
    };
    // The types differ between systems.
    #[allow(clippy::unnecessary_cast)]
    let (written, size) =
        (since(stat.st_mtime as i64, stat.st_mtime_nsec as i64), u64::try_from(stat.st_size).unwrap_or(0));
    let etag = format!("{:x}-{:x}-{size:x}", stat.st_ino, written.as_micros());
    let modified: SystemTime = UNIX_EPOCH + written;
    ObjectInfo { key: key.to_owned(), etag, size, modified: modified.into() }
}
