//! Creates the initial corpus of each fuzz target from the cases of `fixtures/parse`: `cargo run --example seeds`.
//!
//! Reads the fixtures; writes `corpus/<target>/<case>`. A rerun writes the same files and keeps what a fuzzer added.

use std::{
    error::Error,
    fs,
    io::{Cursor, Read},
    path::Path,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = 0;
    for case in fs::read_dir(folder.join("../../../fixtures/parse"))? {
        let case = case?.path();
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in fs::read_dir(&case)? {
            let file = file?.path();
            if file.file_stem().is_none_or(|stem| stem != "input") {
                continue;
            }
            let bytes = fs::read(&file)?;
            let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            put(folder, "bytes", &name, &bytes)?;
            put(folder, target(&extension, &name), &name, &bytes)?;
            if let Some(xml) = document(&bytes) {
                put(folder, "document", &format!("{name}.xml"), &xml)?;
            }
            seeds += 1;
        }
    }
    println!("{seeds} cases are seeds");
    Ok(())
}

fn target(extension: &str, name: &str) -> &'static str {
    let tagged = ["ttml", "eaf", "youtube_xml", "podcast_html", "textgrid"];
    match extension {
        "vtt" | "srt" | "sbv" => "captions",
        "json" | "jsonl" => "json",
        "docx" | "zip" => "document",
        _ if tagged.iter().any(|start| name.starts_with(start)) => "tagged",
        "xml" | "html" | "ttml" | "eaf" | "textgrid" => "tagged",
        _ => "texts",
    }
}

fn document(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let part = archive.by_name("word/document.xml").ok()?;
    let mut xml = Vec::new();
    part.take(1 << 18).read_to_end(&mut xml).ok()?;
    Some(xml)
}

fn put(folder: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    // A longer one only slows the fuzzer down.
    if bytes.len() <= 1 << 16 {
        let corpus = folder.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        fs::write(corpus.join(name), bytes)?;
    }
    Ok(())
}
