//! Packs a bundle: `index.html` to read, `client.json` for programs, and the letters, in one ZIP. Pure.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::Bundle;
use crate::template::{TemplateError, Templates};

/// Why a bundle couldn't be packed: a fault of the program.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The page.
    #[error(transparent)]
    Page(#[from] TemplateError),
    /// The JSON.
    #[error("the bundle can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The archive.
    #[error("the bundle can't be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The same.
    #[error("the bundle can't be packed: {0}")]
    Io(#[from] std::io::Error),
}

/// Packs a bundle.
///
/// # Errors
/// See [`BundleError`].
pub fn pack(bundle: &Bundle, templates: &Templates) -> Result<Vec<u8>, BundleError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("index.html", options)?;
    zip.write_all(templates.render("bundle/index.html", bundle)?.as_bytes())?;
    zip.start_file("client.json", options)?;
    zip.write_all(&serde_json::to_vec_pretty(bundle)?)?;
    for letter in &bundle.letters {
        zip.start_file(letter.file.as_str(), options)?;
        zip.write_all(&letter.message)?;
    }
    Ok(zip.finish()?.into_inner())
}
