//! The embedded Postgres, for laptops and tests: nothing to install or start by hand.
//!
//! Its programs come in a Python package (`install`). A server runs on a data folder (`server`, `cluster`) and is
//! shared by all `debrief` processes that use the folder. They restart it if it ends unexpectedly (`watch`), and the
//! last one stops it. Starting again is always safe.

mod cluster;
pub mod databases;
mod install;
pub mod pip;
mod server;
mod user;
mod watch;

use std::{io, path::PathBuf};

pub use install::{Version, programs};
pub use server::{Durability, Server};

/// Why the embedded Postgres isn't available. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Python or pip is missing, or the package couldn't be downloaded.
    #[error(
        "the embedded Postgres could not be downloaded: {0}\n\n\
         There are three ways out:\n  \
         1. install Python 3 with pip (Debian: apt install python3-pip), and run this again;\n  \
         2. run `docker compose up -d postgres`, set DATABASE_URL=postgres://postgres:postgres@127.0.0.1:5432/debrief, and run debrief migrate;\n  \
         3. set DATABASE_URL to any Postgres 16 or newer with pgvector."
    )]
    Pip(#[from] pip::PipError),
    /// The package isn't the expected one.
    #[error("can't unpack the package with Postgres: {0}")]
    Package(String),
    /// A file or folder couldn't be used.
    #[error("{path}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// One of Postgres' programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// An earlier server is still recovering or stopping.
    #[error(
        "the embedded Postgres in {folder} still recovers or ends after {seconds} seconds. It goes on by itself, and \
         server.log in that folder says how far it is: run this again in a while"
    )]
    Busy {
        /// Its data folder.
        folder: PathBuf,
        /// How long we waited.
        seconds: u64,
    },
    /// The program runs as root, and there is no other user to run it as.
    #[error(
        "Postgres refuses to run as root, and neither `postgres` nor `nobody` is in /etc/passwd: \
         run debrief as another user, or set DATABASE_URL"
    )]
    NoUser,
    /// The user that runs Postgres can't enter root's own folders.
    #[error(
        "Postgres does not run as root but as the user {uid}, who may not enter {folder}: \
         open that folder (chmod a+x), or choose another data folder with --data-dir"
    )]
    Closed {
        /// The inaccessible folder on the way.
        folder: PathBuf,
        /// The user.
        uid: u32,
    },
}

impl PostgresError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
