//! A Postgres server over a data folder, shared by all processes that use the folder.
//!
//! Each process holds a shared lock on `users.lock`; whoever ends and finds nobody else holding it stops the server.
//! The kernel drops the lock of a killed process, so a server that it left is used by the next one and stopped then.
//! A server that ends by itself is started again by whoever uses it ([`Watch`]).

use std::{fs::File, path::Path, sync::Arc};

use secrecy::SecretString;

use super::{
    PostgresError, Version,
    cluster::{Cluster, PORT},
    watch::Watch,
};

/// Whether what is committed must outlive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It must.
    Kept,
    /// It is a test's.
    Throwaway,
}

/// A running server. Dropped, it is stopped if no other process uses it.
#[derive(Debug)]
pub struct Server {
    cluster: Arc<Cluster>,
    users: Option<File>,
    watch: Option<Watch>,
}

impl Server {
    /// Starts the server over `folder`, or joins the one that is running there, and looks after it from then on. The first
    /// time, the programs are brought into `cache` and the data folder is made.
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
        // Or it would start again what is stopped here.
        drop(self.watch.take());
        let Some(users) = self.users.take() else { return };
        let Ok(_turn) = self.cluster.turn() else { return };
        drop(users);
        // Somebody else holds it: the server is theirs to stop.
        if self.cluster.users().is_ok_and(|(file, _)| file.try_lock().is_ok())
            && let Err(error) = self.cluster.stop()
        {
            tracing::warn!(target: "postgres", error = %error, "the embedded Postgres did not stop");
        }
    }
}
