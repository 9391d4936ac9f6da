//! What tests need and Rust doesn't have: an S3 server (moto), an SMTP server (aiosmtpd), what tries the API from
//! outside, and what people read exports with; installed by pip in the same cache as Postgres.

use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

use debrief::{folders, postgres::pip};

/// The packages, by exact version; the folder is named after them, so that a change installs them again.
const SERVERS: &[&str] = &["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "aiosmtpd==1.4.6"];
/// What tries the API: a fuzzer that reads its document, and a generator of clients.
const CALLERS: &[&str] = &["schemathesis==4.32.5", "openapi-python-client==0.29.1"];

/// What people read exports with.
const READERS: &[&str] = &["duckdb==2.0.1", "pyarrow==26.0.1", "pandas==3.1.1", "polars==2.1.0", "datafusion==55.0.0"];

/// `python3`, able to import the servers.
pub(crate) fn command() -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    with(FOLDER.get_or_init(|| bring(SERVERS)))
}

/// `python3`, able to import what tries the API.
pub(crate) fn callers() -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    with(FOLDER.get_or_init(|| bring(CALLERS)))
}

/// `python3`, able to import what reads exports.
pub(crate) fn readers() -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    with(FOLDER.get_or_init(|| bring(READERS)))
}

fn with(folder: &PathBuf) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder);
    command
}

fn bring(packages: &[&str]) -> PathBuf {
    let name = packages.join("_").replace(['[', ']', '='], "-");
    let home = folders::cache().join("test-servers");
    let folder = home.join(&name);
    fs::create_dir_all(&home).expect("the cache folder can be written");
    let lock = fs::File::create(home.join("install.lock")).expect("the cache folder can be written");
    lock.lock().expect("the cache folder can be locked");
    if !folder.is_dir() {
        let partial = home.join("partial");
        let _ = fs::remove_dir_all(&partial);
        pip::install(packages, &partial)
            .unwrap_or_else(|error| panic!("the test servers could not be brought: {error}"));
        fs::rename(&partial, &folder).expect("the cache folder can be written");
    }
    folder
}
