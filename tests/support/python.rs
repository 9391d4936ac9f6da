//! The servers that tests need and Rust does not have: an S3 server (moto) and an SMTP server (aiosmtpd), brought by
//! pip into the same cache as Postgres; and processes that end with the test run.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use debrief::{folders, postgres::pip};

/// The packages, by exact version; the folder is named after them, so that a change brings them anew.
const PACKAGES: [&str; 4] = ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "aiosmtpd==1.4.6"];

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// `python3`, able to import the servers.
pub(crate) fn command() -> Command {
    let folder = FOLDER.get_or_init(bring);
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder);
    command
}

fn bring() -> PathBuf {
    let name = PACKAGES.join("_").replace(['[', ']', '='], "-");
    let home = folders::cache().join("test-servers");
    let folder = home.join(&name);
    fs::create_dir_all(&home).expect("the cache folder can be written");
    let lock = fs::File::create(home.join("install.lock")).expect("the cache folder can be written");
    lock.lock().expect("the cache folder can be locked");
    if !folder.is_dir() {
        let partial = home.join("partial");
        let _ = fs::remove_dir_all(&partial);
        pip::install(&PACKAGES, &partial).unwrap_or_else(|error| panic!("the test servers could not be brought: {error}"));
        fs::rename(&partial, &folder).expect("the cache folder can be written");
    }
    folder
}

/// A process that is stopped when this value is dropped, and also when the test process ends in any other way: a shell
/// waits beside it for the end of its standard input, which only this process holds.
#[derive(Debug)]
pub(crate) struct Companion(Child);

impl Companion {
    /// Starts `command`, with its output thrown away or, with `log`, kept in a file.
    pub(crate) fn start(command: &Command, log: Option<&std::path::Path>) -> Self {
        let output = || log.and_then(|path| fs::File::options().create(true).append(true).open(path).ok());
        let mut shell = Command::new("sh");
        shell.args(["-c", r#""$@" </dev/null & child=$!; read -r _; kill "$child""#, "companion"]);
        shell.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.stdin(Stdio::piped());
        shell.stdout(output().map_or_else(Stdio::null, Stdio::from));
        shell.stderr(output().map_or_else(Stdio::null, Stdio::from));
        Self(shell.spawn().expect("sh is there"))
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        // The end of the shell's input is its signal.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
