//! The Postgres server of a test run: the one in `DATABASE_URL`, or an embedded one that ends with the run.

use std::{
    process::{Command, Stdio},
    sync::OnceLock,
};

use debrief::{
    folders,
    postgres::{Durability, Server, Version},
};
use secrecy::{ExposeSecret, SecretString};

struct Embedded {
    server: Server,
    /// Kept open as long as this process lives: see [`stop_with_this_process`].
    _guard: std::process::Child,
}

static EMBEDDED: OnceLock<Embedded> = OnceLock::new();

/// The URL of the server's database `postgres`, as a superuser.
pub(crate) fn url() -> url::Url {
    let url = match std::env::var("DATABASE_URL") {
        Ok(url) => SecretString::from(url),
        Err(_) => EMBEDDED.get_or_init(start).server.url("postgres"),
    };
    url.expose_secret().parse().expect("the URL of the test server is a URL")
}

fn start() -> Embedded {
    let folder = tempfile::Builder::new().prefix("debrief-test-").tempdir().expect("a temporary folder").keep();
    // If this user is root, the server runs as another user, who must be able to pass through.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    }
    let server = Server::start(&folder, &folders::cache(), Version::from_env(), Durability::Throwaway)
        .unwrap_or_else(|error| panic!("{error}"));
    Embedded { _guard: stop_with_this_process(&folder), server }
}

/// A process that waits for the end of its standard input, which only this process holds, then stops the server and
/// removes its folder. It works however this process ends; a test harness has no other cleanup.
fn stop_with_this_process(folder: &std::path::Path) -> std::process::Child {
    // SIGQUIT is Postgres' immediate shutdown; root may also send it to another user's process.
    let script = r#"read _; kill -QUIT "$(head -n 1 "$0"/postgres-*/postmaster.pid)"; sleep 1; rm -rf "$0""#;
    Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh is there")
}
