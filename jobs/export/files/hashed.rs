//! A local file that is hashed while it's written, so that nothing is read again.

use std::{fs::File, io, io::Write, path::Path};

use sha2::{Digest, Sha256};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) struct Sum {
    pub(in crate::export) bytes: u64,
    /// SHA-256, in hex.
    pub(in crate::export) sha256: String,
}

/// A file that only grows.
pub(super) struct HashedFile {
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl HashedFile {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create(path)?, hasher: Sha256::new(), bytes: 0 })
    }

    pub(super) fn finish(self) -> Sum {
        let sha256 = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Sum { bytes: self.bytes, sha256 }
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
