//! Folders and files for their owner alone: mails, transcripts and exports are what people said in confidence.

use std::{io, path::Path};

/// Makes a folder, and those above it that are missing, for their owner alone. One that is there keeps its rights: the
/// operator may have shared it.
///
/// # Errors
/// When one cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    make(folder, 0o700)
}

/// As [`make_folder`], but others may pass through to what is theirs within; they see nothing of what else is there.
///
/// # Errors
/// When one cannot be made.
pub fn make_way(folder: &Path) -> io::Result<()> {
    make(folder, 0o711)
}

fn make(folder: &Path, mode: u32) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    #[cfg(not(unix))]
    let _ = mode;
    builder.create(folder)
}

/// Makes a file that is not there yet, for its owner alone. A link under its name is not followed.
///
/// # Errors
/// When there is one of this name, or it cannot be made.
pub fn new_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
