//! A Postgres server on a data folder, shared by all processes that use the folder.
//!
//! Each process holds a shared lock on `users.lock`; one that ends and finds no other holder stops the server. The
//! kernel releases the lock of a killed process, so the next one uses the server it left behind, and stops it later. A
//! server that ends unexpectedly is restarted by its users ([`Watch`]).

use std::{fs::File, path::Path, sync::Arc};

use secrecy::SecretString;

use super::{
    PostgresError, Version,
    cluster::{Cluster, PORT},
    watch::Watch,
};

/// Whether commits must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They must.
    Kept,
    /// They need not: it is a test.
    Throwaway,
}

/// A running server. On drop, it is stopped if no other process uses it.
#[derive(Debug)]
pub struct Server {
    cluster: Arc<Cluster>,
    users: Option<File>,
    watch: Option<Watch>,
}

impl Server {
    /// Starts the server on `folder`, or joins the one running there, and watches it from then on. The first time,
    /// downloads the programs to `cache` and creates the data folder.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn start(folder: &Path, cache: &Path, version: Version, durability: Durability) -> Result<Self, PostgresError> {
        let cluster = Arc::new(Cluster::new(folder, cache, version)?);
        let turn = cluster.turn()?;
        let (users, path) = cluster.users()?;
        cluster.ensure(durability)?;
        cluster.bring_up(|| false)?;
        users.lock_shared().map_err(PostgresError::io(path))?;
        drop(turn);
        let watch = Watch::start(Arc::clone(&cluster)).map_err(PostgresError::io(folder))?;
        Ok(Self { cluster, users: Some(users), watch: Some(watch) })
    }

    /// The URL of the database `name` on this server, as its superuser.
    #[must_use]
    pub fn url(&self, name: &str) -> SecretString {
        let socket = self.cluster.socket.to_string_lossy().replace('/', "%2F");
        SecretString::from(format!("postgres://postgres@localhost:{PORT}/{name}?host={socket}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Otherwise it would restart what is stopped here.
        drop(self.watch.take());
        let Some(users) = self.users.take() else { return };
        let Ok(_turn) = self.cluster.turn() else { return };
        drop(users);
        // Another process holds it, and will stop the server.
        if self.cluster.users().is_ok_and(|(file, _)| file.try_lock().is_ok())
            && let Err(error) = self.cluster.stop()
        {
            tracing::warn!(target: "postgres", error = %error, "the embedded Postgres did not stop");
        }
    }
}
