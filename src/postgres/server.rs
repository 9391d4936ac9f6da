//! A Postgres server over a data folder, shared by all processes that use the folder.
//!
//! Each process holds a shared lock on `users.lock`; whoever ends and finds nobody else holding it stops the server.
//! The kernel drops the lock of a killed process, so a server that it left is used by the next one and stopped then.
//! Starting and stopping take turns by `start.lock`.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    process::Stdio,
};

use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{PostgresError, Version, pip, programs, user::User};

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
    folder: PathBuf,
    socket: PathBuf,
    bin: PathBuf,
    user: User,
    users: Option<File>,
}

impl Server {
    /// Starts the server over `folder`, or joins the one that is running there. The first time, the programs are
    /// brought into `cache` and the data folder is made.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn start(folder: &Path, cache: &Path, version: Version, durability: Durability) -> Result<Self, PostgresError> {
        let bin = programs(cache, version)?;
        fs::create_dir_all(folder).map_err(PostgresError::io(folder))?;
        let _turn = lock(&folder.join("start.lock"))?;
        let users_path = folder.join("users.lock");
        let users = open(&users_path)?;
        let mut server = Self {
            socket: socket_folder(folder),
            folder: folder.join(format!("postgres-{}", version.number())),
            bin,
            user: User::find()?,
            users: None,
        };
        if !server.folder.join("PG_VERSION").exists() {
            server.init(durability)?;
        }
        if !server.answers() {
            server.launch()?;
        }
        users.lock_shared().map_err(PostgresError::io(&users_path))?;
        server.users = Some(users);
        Ok(server)
    }

    /// The URL of the database `name` on this server, as its superuser.
    #[must_use]
    pub fn url(&self, name: &str) -> SecretString {
        let socket = self.socket.to_string_lossy().replace('/', "%2F");
        SecretString::from(format!("postgres://postgres@localhost/{name}?host={socket}"))
    }

    fn init(&self, durability: Durability) -> Result<(), PostgresError> {
        // What is there without PG_VERSION is an initdb that was killed.
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(PostgresError::io(&self.folder))?;
        }
        self.user.make_folder(&self.folder)?;
        let mut initdb = self.user.command(&self.bin.join("initdb"));
        initdb.arg("--pgdata").arg(&self.folder).args([
            "--username=postgres",
            // The socket's folder lets only its owner in; there is no other way to reach the server.
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ]);
        if durability == Durability::Throwaway {
            initdb.arg("--no-sync");
        }
        run(&mut initdb, "initdb")?;
        let mut settings = String::from(
            "\n# Written by debrief, once.\nlisten_addresses = ''\nmax_connections = 300\nshared_buffers = 128MB\n",
        );
        if durability == Durability::Throwaway {
            settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
        }
        let path = self.folder.join("postgresql.auto.conf");
        fs::write(&path, settings).map_err(PostgresError::io(&path))
    }

    fn launch(&self) -> Result<(), PostgresError> {
        self.remove_stale_pid();
        self.user.make_folder(&self.socket)?;
        let mut start = self.user.command(&self.bin.join("pg_ctl"));
        start
            .arg("start")
            .arg("--pgdata")
            .arg(&self.folder)
            .arg("--log")
            .arg(self.folder.join("server.log"))
            .args(["--wait", "--timeout=60", "--silent"])
            .arg("--options")
            .arg(format!("-k '{}'", self.socket.display()));
        run(&mut start, "pg_ctl start").map_err(|error| self.with_log(error))
    }

    /// Postgres itself takes a pid file for stale unless some process has that number; after a restart of the machine
    /// any may. One that is no postgres is no reason to refuse.
    fn remove_stale_pid(&self) {
        let path = self.folder.join("postmaster.pid");
        let Some(pid) = fs::read_to_string(&path).ok().and_then(|text| text.lines().next()?.trim().parse::<u32>().ok())
        else {
            return;
        };
        let is_postgres =
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("postgres"));
        if !is_postgres && Path::new("/proc/self").exists() {
            tracing::warn!(target: "postgres", pid, "removing the pid file of a server that is gone");
            let _ = fs::remove_file(&path);
        }
    }

    fn answers(&self) -> bool {
        let mut ready = self.user.command(&self.bin.join("pg_isready"));
        ready.arg("--quiet").arg("--host").arg(&self.socket);
        ready.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn with_log(&self, error: PostgresError) -> PostgresError {
        let log = fs::read(self.folder.join("server.log")).unwrap_or_default();
        match error {
            PostgresError::Program { program, output } => {
                PostgresError::Program { program, output: format!("{output}\n{}", pip::last_lines(&log)) }
            }
            other => other,
        }
    }

    fn stop(&self) -> Result<(), PostgresError> {
        let mut stop = self.user.command(&self.bin.join("pg_ctl"));
        stop.arg("stop").arg("--pgdata").arg(&self.folder).args(["--mode=fast", "--wait", "--timeout=30", "--silent"]);
        run(&mut stop, "pg_ctl stop")?;
        let _ = fs::remove_dir(&self.socket);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(users) = self.users.take() else { return };
        let Some(home) = self.folder.parent() else { return };
        let Ok(_turn) = lock(&home.join("start.lock")) else { return };
        drop(users);
        // Somebody else holds it: the server is theirs to stop.
        if open(&home.join("users.lock")).is_ok_and(|file| file.try_lock().is_ok())
            && let Err(error) = self.stop()
        {
            tracing::warn!(target: "postgres", error = %error, "the embedded Postgres did not stop");
        }
    }
}

/// Beside the data, unless that path is too long for a socket's, which may have 107 bytes.
fn socket_folder(folder: &Path) -> PathBuf {
    let beside = folder.join("socket");
    if beside.as_os_str().len() < 88 {
        return beside;
    }
    let hash = Sha256::digest(folder.to_string_lossy().as_bytes());
    let name: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    PathBuf::from("/tmp").join(format!("debrief-{name}"))
}

fn open(path: &Path) -> Result<File, PostgresError> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(PostgresError::io(path))
}

fn lock(path: &Path) -> Result<File, PostgresError> {
    let file = open(path)?;
    file.lock().map_err(PostgresError::io(path))?;
    Ok(file)
}

fn run(command: &mut std::process::Command, program: &'static str) -> Result<(), PostgresError> {
    // Output goes to a file and not to pipes: the server inherits them, and would keep a pipe open for ever.
    let output = || tempfile::tempfile().and_then(|log| Ok((log.try_clone()?, log.try_clone()?, log)));
    let (stdout, stderr, log) = output().map_err(PostgresError::io(std::env::temp_dir()))?;
    let status =
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).status().map_err(PostgresError::io(program))?;
    if status.success() {
        return Ok(());
    }
    Err(PostgresError::Program { program, output: read_back(log) })
}

fn read_back(mut file: File) -> String {
    use std::io::{Read, Seek};
    let mut output = Vec::new();
    let _ = file.rewind().and_then(|()| file.read_to_end(&mut output));
    pip::last_lines(&output)
}
