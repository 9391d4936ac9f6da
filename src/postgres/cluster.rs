//! The cluster in a data folder: creates, checks, starts and stops it. Each of these needs its [`Cluster::turn`], so
//! that the processes that share the folder don't interfere with each other.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::{fs::OpenOptionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use super::{Durability, PostgresError, Version, pip, programs, user::User};

/// How long to wait for a server that is starting, recovering or stopping.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long to wait silently.
const SILENCE: Duration = Duration::from_secs(1);
/// The interval between checks.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a server may take for an orderly shutdown, in seconds; then it stops immediately, and the next start
/// recovers.
const STOP_SECONDS: u32 = 8;
/// Always passed explicitly, whatever the environment says: the port is part of the socket's name.
pub(super) const PORT: &str = "5432";

/// The state of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It accepts connections.
    Answers,
    /// It is starting, recovering or stopping.
    Busy,
    /// It isn't running.
    Gone,
}

/// A data folder with the programs that serve it.
#[derive(Debug)]
pub(super) struct Cluster {
    home: PathBuf,
    data: PathBuf,
    pub(super) socket: PathBuf,
    bin: PathBuf,
    user: User,
}

impl Cluster {
    /// The cluster in `home`, which is created if missing; its programs are downloaded to `cache`.
    pub(super) fn new(home: &Path, cache: &Path, version: Version) -> Result<Self, PostgresError> {
        let bin = programs(cache, version)?;
        crate::folders::make(home).map_err(PostgresError::io(home))?;
        Ok(Self {
            socket: socket_folder(home),
            data: home.join(format!("postgres-{}", version.number())),
            home: home.to_owned(),
            bin,
            user: User::find()?,
        })
    }

    /// Waits until no other process starts or stops the server. Dropping the file, or the end of the process, ends the
    /// turn.
    pub(super) fn turn(&self) -> Result<File, PostgresError> {
        let path = self.home.join("start.lock");
        let file = open(&path)?;
        file.lock().map_err(PostgresError::io(path))?;
        Ok(file)
    }

    /// The file on which each user of the server holds a shared lock.
    pub(super) fn users(&self) -> Result<(File, PathBuf), PostgresError> {
        let path = self.home.join("users.lock");
        Ok((open(&path)?, path))
    }

    /// Creates the data folder if there is none.
    pub(super) fn ensure(&self, durability: Durability) -> Result<(), PostgresError> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        // Files without PG_VERSION are from an initdb that was killed.
        if self.data.exists() {
            fs::remove_dir_all(&self.data).map_err(PostgresError::io(&self.data))?;
        }
        self.user.make_folder(&self.data)?;
        let mut initdb = self.user.command(&self.bin.join("initdb"));
        initdb.arg("--pgdata").arg(&self.data).args([
            "--username=postgres",
            // Only its owner may enter the socket's folder, and there is no other way to reach the server.
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
        let path = self.data.join("postgresql.auto.conf");
        fs::write(&path, settings).map_err(PostgresError::io(&path))
    }

    /// Starts the server unless it runs. Waits for one that is still starting, recovering or stopping, and for the
    /// processes of a killed one, which hold its memory until they notice. Returns whether it started the server.
    /// `given_up` cancels the wait.
    #[expect(clippy::disallowed_methods, reason = "how another program is can only be looked at again")]
    pub(super) fn bring_up(&self, given_up: impl Fn() -> bool) -> Result<bool, PostgresError> {
        let begun = Instant::now();
        let mut told = false;
        loop {
            let state = self.state();
            let waited = begun.elapsed();
            match state {
                State::Answers => return Ok(false),
                State::Gone => match self.launch() {
                    Ok(()) => return Ok(true),
                    Err(error) if waited > PATIENCE || !(is_in_the_way(&error) || self.state() != State::Gone) => {
                        return Err(error);
                    }
                    Err(_) => {}
                },
                State::Busy if waited > PATIENCE => {
                    return Err(PostgresError::Busy { folder: self.data.clone(), seconds: PATIENCE.as_secs() });
                }
                State::Busy => {}
            }
            if given_up() {
                return Ok(false);
            }
            if !told && waited > SILENCE {
                tracing::warn!(target: "postgres", "the embedded Postgres is still recovering or shutting down; waiting for it");
                told = true;
            }
            sleep(PAUSE);
        }
    }

    /// Whether anything listens at the server's address. Costs next to nothing.
    pub(super) fn listens(&self) -> bool {
        match UnixStream::connect(self.socket.join(format!(".s.PGSQL.{PORT}"))) {
            Ok(_) => true,
            // Any other error (no descriptors, a full queue) says nothing about the server.
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused),
        }
    }

    /// Stops the server. If an orderly shutdown takes too long, it stops immediately: nothing that was committed is
    /// lost.
    pub(super) fn stop(&self) -> Result<(), PostgresError> {
        let stop = |mode: &str| {
            let mut stop = self.user.command(&self.bin.join("pg_ctl"));
            stop.arg("stop").arg("--pgdata").arg(&self.data).arg(format!("--mode={mode}"));
            stop.arg(format!("--timeout={STOP_SECONDS}")).args(["--wait", "--silent"]);
            run(&mut stop, "pg_ctl stop")
        };
        if self.state() != State::Gone && stop("fast").is_err() && self.state() != State::Gone {
            tracing::warn!(target: "postgres", "the embedded Postgres didn't stop in time; killed, and the next start will recover it");
            stop("immediate")?;
        }
        let _ = fs::remove_dir(&self.socket);
        Ok(())
    }

    fn state(&self) -> State {
        let mut ready = self.user.command(&self.bin.join("pg_isready"));
        ready.args(["--quiet", "--port", PORT, "--host"]).arg(&self.socket);
        match ready.stdin(Stdio::null()).status().ok().and_then(|status| status.code()) {
            Some(0) => State::Answers,
            Some(1) => State::Busy,
            // It starts listening last, and ends after it has stopped listening.
            _ if self.postmaster().is_some() => State::Busy,
            _ => State::Gone,
        }
    }

    fn launch(&self) -> Result<(), PostgresError> {
        self.disown_pid_file();
        self.user.make_folder(&self.socket)?;
        let mut start = self.user.command(&self.bin.join("pg_ctl"));
        start
            .arg("start")
            .arg("--pgdata")
            .arg(&self.data)
            .arg("--log")
            .arg(self.data.join("server.log"))
            .args(["--wait", "--timeout=60", "--silent"])
            .arg("--options")
            .arg(format!("-k '{}' -p {PORT}", self.socket.display()));
        run(&mut start, "pg_ctl start").map_err(|error| self.with_log(error))
    }

    /// The number in the pid file, if there is one.
    fn pid(&self) -> Option<u32> {
        fs::read_to_string(self.pid_file()).ok()?.lines().next()?.trim().parse().ok()
    }

    fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// The process that serves this folder, if it is alive.
    fn postmaster(&self) -> Option<u32> {
        self.pid().filter(|pid| self.serves(*pid))
    }

    /// Whether the process `pid` is alive and is a Postgres of this folder. Process ids are reused; in a container,
    /// after each start.
    fn serves(&self, pid: u32) -> bool {
        if !Path::new("/proc/self").exists() {
            let mut ps = Command::new("ps");
            let name = ps.args(["-o", "comm=", "-p", &pid.to_string()]).output();
            return name.is_ok_and(|name| String::from_utf8_lossy(&name.stdout).contains("postgres"));
        }
        // Every Postgres process has the data folder as its working directory. A zombie has none.
        match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(folder) => fs::canonicalize(&self.data).is_ok_and(|data| data == folder),
            Err(_) => false,
        }
    }

    /// Postgres itself recognizes the pid file of a dead server as stale, unless another process has that number by now
    /// or the dead one is still a zombie. Then our own pid is put in its place, since Postgres treats its starter's pid
    /// as stale. The file itself stays: its other lines show Postgres whether processes of the dead server are left.
    fn disown_pid_file(&self) {
        let Some(pid) = self.pid().filter(|pid| Path::new(&format!("/proc/{pid}")).exists()) else { return };
        if self.serves(pid) {
            return;
        }
        tracing::warn!(target: "postgres", pid, "the pid of a server that is gone belongs to another process; not waiting for it");
        let path = self.pid_file();
        let rewritten = fs::read_to_string(&path).and_then(|text| {
            let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
            let text = format!("{}\n{rest}", std::process::id());
            // Not truncated first: with a full disk it would stay empty.
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)
        });
        if let Err(error) = rewritten {
            tracing::warn!(target: "postgres", %error, "can't write the pid file");
        }
    }

    fn with_log(&self, error: PostgresError) -> PostgresError {
        let log = fs::read(self.data.join("server.log")).unwrap_or_default();
        match error {
            PostgresError::Program { program, output } => {
                PostgresError::Program { program, output: format!("{output}\n{}", pip::last_lines(&log)) }
            }
            other => other,
        }
    }
}

/// Whether a start failed because of remains of the last server, by Postgres' messages, in the language set by initdb.
fn is_in_the_way(error: &PostgresError) -> bool {
    let PostgresError::Program { output, .. } = error else { return false };
    output.contains("is still in use") || output.contains("already exists")
}

/// Next to the data, unless that path is too long for a socket (107 bytes).
fn socket_folder(folder: &Path) -> PathBuf {
    let beside = folder.join("socket");
    if beside.as_os_str().len() < 88 {
        return beside;
    }
    let hash = Sha256::digest(folder.to_string_lossy().as_bytes());
    let name: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    PathBuf::from("/tmp").join(format!("debrief-{name}"))
}

/// A file to lock. Anyone who can open it can lock it, so only its owner may.
fn open(path: &Path) -> Result<File, PostgresError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.open(path).map_err(PostgresError::io(path))
}

fn run(command: &mut Command, program: &'static str) -> Result<(), PostgresError> {
    // Output goes to a file instead of pipes: the server inherits them, and would keep a pipe open forever.
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
