//! A slow line: what came is kept as it comes, and a part ends before its request would.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::http::StatusCode;
use debrief::http::{
    Limits,
    api::{PartTimes, Settings},
    public_router, serve,
};
use debrief_jobs::uploads::RemoveUpload;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{Api, begin, offset, part};
use crate::{http::visit, support::installation::wait_for};

#[tokio::test]
async fn a_slow_part_is_kept_as_it_comes_and_ends_with_how_much_is_there() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 9).await;
    let mut state = visit::state(&api.world.services);
    let part_times = PartTimes { kept_every: Duration::from_millis(100), longest: Duration::from_secs(6) };
    state.api = Arc::new(Settings { requests_per_minute: 100_000, part_times, ..Settings::default() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let limits = Limits::new(4, Duration::from_secs(5));
    let server = tokio::spawn(serve(listener, public_router(state), limits, shutdown.clone()));

    let mut line = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: 9\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.expect("it reads");
    for (there, next) in ["abc", "de"].into_iter().zip([3, 5]).map(|(bytes, next)| (next, bytes)) {
        line.write_all(next.as_bytes()).await.expect("it reads");
        wait_for("what came to be kept", async || (offset(&api, &key, &path).await == there).then_some(())).await;
    }
    // Nothing more comes.
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("an answer, and the end of the connection");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(answer.contains("upload-offset: 5\r\n"), "{answer}");
    let last = part(&api, &key, &path, 5, "fghi").await;
    assert_eq!(last.status, StatusCode::NO_CONTENT, "{}", last.body);
    assert_eq!(api.world.services.bucket.get("inbox/maya/a.txt").await.expect("it is in the inbox"), "abcdefghi");
    let audited = "select count(*) from audit_events where kind = 'changed'
        and detail ->> 'operation' = 'PATCH /v1/uploads/{id}'";
    assert_eq!(api.count(audited).await, 2, "once for each request");
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
    shutdown.cancel();
    server.await.expect("it ends well");
}
