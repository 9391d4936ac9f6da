//! Folders and files for their owner alone: mails, transcripts and exports are what people said in confidence.

use std::{io, path::Path};

/// Makes a folder, and those above it that are missing, for their owner alone. One that is there keeps its rights: the
/// operator may have shared it.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a file that is not there yet, for its owner alone. A link under its name is not followed.
pub(crate) fn new_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
