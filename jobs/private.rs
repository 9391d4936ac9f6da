//! Folders and files that only their owner may access: emails, transcripts and exports are confidential.

use std::{io, path::Path};

/// Creates a folder and its missing parents, accessible only to their owner. An existing one keeps its permissions: the
/// operator may have shared it.
///
/// # Errors
/// Returns an error if one can't be created.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    make(folder, 0o700)
}

/// Like [`make_folder`], but others may pass through to their own files inside; they can't list anything.
///
/// # Errors
/// Returns an error if one can't be created.
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

/// Creates a new file, accessible only to its owner. Doesn't follow a link with its name.
///
/// # Errors
/// Returns an error if the name exists, or the file can't be created.
pub fn new_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
