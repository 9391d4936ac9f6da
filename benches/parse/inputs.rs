//! The inputs: large transcripts of made-up people, with the same bytes every time.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::shapes::{self, SHAPES, Shape};

/// A file to read.
#[derive(Debug)]
pub struct Input {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its format, which selects the readers.
    pub format: &'static str,
    pub path: PathBuf,
    /// For a Word document, the size of its unpacked text.
    pub bytes: usize,
    /// How many cues or spoken words it has.
    pub holds: usize,
    /// Whether it is too large for the slower readers.
    pub huge: bool,
}

/// Writes the requested inputs.
pub fn write(folder: &Path, megabytes: usize, wanted: impl Fn(&str, bool) -> bool) -> Vec<Input> {
    fs::create_dir_all(folder).expect("the folder of the inputs can be made");
    let mut inputs = Vec::new();
    for shape in SHAPES.iter().filter(|shape| wanted(shape.name, shape.huge())) {
        let path = crate::below(folder, &format!("{}.{}", shape.name, shape.extension));
        let (holds, bytes) =
            if shape.extension == "docx" { document(&path, shape, megabytes) } else { plain(&path, shape, megabytes) };
        inputs.push(Input { name: shape.name, format: shape.format, path, bytes, holds, huge: shape.huge() });
    }
    inputs
}

/// Returns the number of cues or words, and the size in bytes.
fn plain(path: &Path, shape: &Shape, megabytes: usize) -> (usize, usize) {
    let mut out = BufWriter::new(File::create(path).expect("the input can be written"));
    let filled = fill(&mut out, shape, megabytes);
    out.flush().expect("the input can be written");
    filled
}

/// Head, cues, foot.
fn fill(out: &mut impl Write, shape: &Shape, megabytes: usize) -> (usize, usize) {
    let cues = shape.cues(megabytes);
    let (mut talk, mut holds, mut bytes, mut text) = (shapes::Talk::new(cues), 0, 0, (shape.head)(cues));
    while talk.cue < cues {
        holds += (shape.cue)(&mut text, &mut talk);
        talk.cue += 1;
        text.push_str(if talk.cue < cues { shape.between } else { shape.foot });
        out.write_all(text.as_bytes()).expect("the input can be written");
        bytes += text.len();
        text.clear();
    }
    (holds, bytes)
}

/// A Word document: as large when unpacked as the others, and that size counts.
fn document(path: &Path, shape: &Shape, megabytes: usize) -> (usize, usize) {
    let mut archive = zip::ZipWriter::new(File::create(path).expect("the input can be written"));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in shapes::DOCUMENT_PARTS {
        archive.start_file(*name, options).expect("a part can be written");
        archive.write_all(content.as_bytes()).expect("a part can be written");
    }
    archive.start_file("word/document.xml", options).expect("a part can be written");
    let mut out = BufWriter::new(archive);
    let filled = fill(&mut out, shape, megabytes);
    out.into_inner().map_err(|_| "flush").expect("a part can be written").finish().expect("the archive can be closed");
    filled
}
