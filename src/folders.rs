//! Where things live: the XDG folders, or `/var` when the program is root (root's home is closed to the user that
//! Postgres runs as).

use std::{
    env, io,
    path::{Path, PathBuf},
};

use debrief_jobs::private;

/// Whether the program runs as root.
#[must_use]
pub fn is_root() -> bool {
    // The owner of one's own /proc entry is the effective user; other systems ask their environment.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(metadata) = std::fs::metadata("/proc/self") {
            return metadata.uid() == 0;
        }
    }
    env::var("USER").is_ok_and(|user| user == "root")
}

/// What can be brought again: Postgres' programs and the servers that tests need. `DEBRIEF_CACHE_DIR` overrides it.
#[must_use]
pub fn cache() -> PathBuf {
    folder("DEBRIEF_CACHE_DIR", "/var/cache/debrief", "XDG_CACHE_HOME", ".cache")
}

/// What must be kept: the embedded database, the bucket and the mails of a laptop. `DEBRIEF_DATA_DIR` overrides it.
#[must_use]
pub fn data() -> PathBuf {
    folder("DEBRIEF_DATA_DIR", "/var/lib/debrief", "XDG_DATA_HOME", ".local/share")
}

/// Makes a folder of the data folder, and those above it that are missing, for their owner alone. Root's can be passed
/// through and not read: within them lies the embedded Postgres, which runs as another user.
///
/// # Errors
/// When one cannot be made.
pub fn make(folder: &Path) -> io::Result<()> {
    if is_root() { private::make_way(folder) } else { private::make_folder(folder) }
}

/// The settings file, where there is one.
#[must_use]
pub fn settings_file() -> PathBuf {
    if is_root() {
        return PathBuf::from("/etc/debrief/debrief.toml");
    }
    xdg("XDG_CONFIG_HOME", ".config").join("debrief").join("debrief.toml")
}

fn folder(own: &str, as_root: &str, variable: &str, fallback: &str) -> PathBuf {
    if let Some(path) = env::var_os(own).filter(|path| !path.is_empty()) {
        return absolute(Path::new(&path));
    }
    if is_root() { PathBuf::from(as_root) } else { xdg(variable, fallback).join("debrief") }
}

fn xdg(variable: &str, fallback: &str) -> PathBuf {
    let home = || env::home_dir().unwrap_or_else(env::temp_dir);
    // The specification: a relative path in these variables is to be ignored.
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| home().join(fallback))
}

/// `path` from the root of the file system, whether or not it exists.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
