//! Where files are kept: the XDG folders, or `/var` if the program runs as root (Postgres' user can't enter root's
//! home).

use std::{
    env, io,
    path::{Path, PathBuf},
};

use debrief_jobs::private;

/// Whether the program runs as root.
#[must_use]
pub fn is_root() -> bool {
    // The owner of one's own /proc entry is the effective user; other systems use the environment.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(metadata) = std::fs::metadata("/proc/self") {
            return metadata.uid() == 0;
        }
    }
    env::var("USER").is_ok_and(|user| user == "root")
}

/// What can be downloaded again: Postgres' programs and the servers that tests need. `DEBRIEF_CACHE_DIR` overrides it.
#[must_use]
pub fn cache() -> PathBuf {
    folder("DEBRIEF_CACHE_DIR", "/var/cache/debrief", "XDG_CACHE_HOME", ".cache")
}

/// What must be kept: a laptop's embedded database, bucket and emails. `DEBRIEF_DATA_DIR` overrides it.
#[must_use]
pub fn data() -> PathBuf {
    folder("DEBRIEF_DATA_DIR", "/var/lib/debrief", "XDG_DATA_HOME", ".local/share")
}

/// Creates a folder in the data folder with its missing parents, accessible only to their owner. Others can pass
/// through root's folders but not read them, because the embedded Postgres inside runs as another user.
///
/// # Errors
/// Returns an error if one can't be created.
pub fn make(folder: &Path) -> io::Result<()> {
    if is_root() { private::make_way(folder) } else { private::make_folder(folder) }
}

/// The settings file, if there is one.
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
    // The XDG specification says that relative paths in these variables are ignored.
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| home().join(fallback))
}

/// `path` from the root of the file system, whether or not it exists.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
