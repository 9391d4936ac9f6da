//! Fuzzes Word documents: the archive as it is, and (if the input isn't an archive) the XML within a valid archive, so
//! that a changed letter isn't lost to a checksum.
//!
//! Reads the fuzzer's input; only writes the fuzzer's own corpus.

#![no_main]

use std::io::{Cursor, Write};

use debrief_transcript_fuzz::check;
use libfuzzer_sys::fuzz_target;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        check(bytes);
        return;
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file("word/document.xml", options).expect("a file of an archive in memory is begun");
    archive.write_all(bytes).expect("memory takes what is written");
    let archive = archive.finish().expect("an archive in memory is finished").into_inner();
    check(&archive);
});
