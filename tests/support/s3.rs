//! A real S3 server for tests: moto, one for the whole run.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
};

use debrief_jobs::bucket::Bucket;
use uuid::Uuid;

use super::python;

static SERVER: OnceLock<Server> = OnceLock::new();

#[derive(Debug)]
struct Server {
    endpoint: String,
    /// Keeps the pipe open that the server depends on.
    _process: Mutex<Child>,
}

/// The command that runs moto, without arguments.
fn moto_command() -> Command {
    let mut command = python::command();
    // The server ends when its standard input does: with this process, however that ends.
    command.args(["-c", OUTLIVES_NOBODY]);
    command
}

const OUTLIVES_NOBODY: &str = "
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
";

/// The address of the S3 server: `http://127.0.0.1:…`.
pub(crate) fn endpoint() -> &'static str {
    let server = SERVER.get_or_init(|| {
        // Even a client that only speaks HTTP creates its TLS settings at startup.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut process = moto_command()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut lines = BufReader::new(process.stderr.take().expect("its errors are piped")).lines();
        let endpoint = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("Running on ").map(|(_, url)| url.trim().to_owned()))
            .expect("moto says where it runs");
        // Its request log is read and dropped, or the pipe would fill up and the server would block.
        std::thread::spawn(move || lines.for_each(drop));
        Server { endpoint, _process: Mutex::new(process) }
    });
    &server.endpoint
}

/// A separate bucket, as a setting: `s3://…?endpoint=…`. Requests need no signature.
pub(crate) async fn bucket_url() -> String {
    let name = new_bucket().await;
    format!("s3://{name}/some/prefix?endpoint={}&region=us-east-1&anonymous=true", endpoint())
}

/// Creates a separate bucket, and returns its name. It accepts requests with and without a signature.
pub(crate) async fn new_bucket() -> String {
    let name = format!("t-{}", Uuid::now_v7().simple());
    let endpoint = endpoint();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::{name}","arn:aws:s3:::{name}/*"]}}]}}"#
    );
    let client = reqwest::Client::new();
    for (path, body) in [(name.clone(), String::new()), (format!("{name}?policy"), policy)] {
        let response = client.put(format!("{endpoint}/{path}")).body(body).send().await.expect("moto answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }
    name
}

/// Puts an object under a key that the library would reject.
pub(crate) async fn put_raw(bucket: &Bucket, key: &str) {
    let folder = bucket.name().strip_prefix("s3://").expect("an S3 bucket");
    let url = format!("{}/{folder}/{key}", endpoint());
    let response = reqwest::Client::new().put(url).body("content").send().await.expect("moto answers");
    assert!(response.status().is_success(), "{}", response.status());
}
