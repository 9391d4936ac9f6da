//! The Python readers: installed by pip in their own folder, and run by `peers.py`.

use std::{path::Path, process::Command};

/// The packages to install.
const PACKAGES: &[&str] = &[
    "webvtt-py==0.6.0",
    "pysrt==1.1.2",
    "python-docx==1.2.0",
    "srt==3.5.3",
    "pysubs2==1.8.1",
    "pycaption==2.3.14",
    "praatio==6.2.2",
];

/// A reader and a format that it reads.
pub const PEERS: &[(&str, &str)] = &[
    ("webvtt-py", "webvtt"),
    ("pysubs2", "webvtt"),
    ("pycaption", "webvtt"),
    ("pysrt", "srt"),
    ("srt", "srt"),
    ("pysubs2", "srt"),
    ("pycaption", "srt"),
    ("python-docx", "docx"),
    // pycaption takes twenty minutes for 8 MB of TTML.
    ("pysubs2", "ttml"),
    ("praatio", "textgrid"),
    ("json.loads", "aws"),
    ("json.loads", "deepgram"),
    ("json.loads", "whisper"),
    ("json.loads", "fireflies"),
    ("json.loads", "assemblyai"),
];

/// Installs the readers in `folder`; if that fails, says so and continues without them.
pub fn bring(folder: &Path) {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(folder).args(PACKAGES);
    match pip.status() {
        Ok(status) if status.success() => {}
        Ok(status) => eprintln!("pip ended with {status}: the Python readers may be missing"),
        Err(error) => eprintln!("python3 cannot be started ({error}): the Python readers are left out"),
    }
}

/// The command that runs one.
pub fn command(folder: &Path, peer: &str, format: &str, path: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers.py");
    [
        "python3".to_owned(),
        script.display().to_string(),
        folder.display().to_string(),
        peer.into(),
        format.into(),
        path.into(),
    ]
    .to_vec()
}
