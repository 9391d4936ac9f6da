//! The operator's page is served only to this machine.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use debrief::http::{Names, admin_router};

use super::visit::{send, state};
use crate::support::World;

#[tokio::test]
async fn the_operators_page_answers_to_no_name_that_somebody_else_made_lead_here() {
    let world = World::new().await;
    let asked = async |names: Names, host: Option<&str>| {
        let mut request = Request::get("/metrics");
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let router = admin_router(state(&world.services), names);
        send(&router, request.body(Body::empty()).expect("a request")).await.status
    };
    for here in
        [None, Some("localhost:8081"), Some("127.0.0.1"), Some("127.8.9.1:8081"), Some("[::1]:8081"), Some("LOCALHOST")]
    {
        assert_eq!(asked(Names::Loopback, here).await, StatusCode::OK, "{here:?}");
    }
    for elsewhere in [
        "rebound.example",
        "rebound.example:8081",
        "127.0.0.1.example",
        "localhost.example",
        "10.0.0.7:8081",
        "[::2]",
        "",
        "[",
        "127.0.0.1:8081.evil.example",
        "127.0.0.1:80@evil",
        "127.0.0.1:abc",
        "127.0.0.1:+80",
        "127.0.0.1:65536",
        "127.0.0.1:",
        "127.0.0.1:80:80",
        "[::1].evil",
        "[::1]:80.evil",
        "[127.0.0.1]",
        "localhost@evil.example",
        "evil@localhost",
        "localhost/evil",
        "localhost ",
        "0x7f.1",
    ] {
        assert_eq!(asked(Names::Loopback, Some(elsewhere)).await, StatusCode::MISDIRECTED_REQUEST, "{elsewhere:?}");
        assert_eq!(asked(Names::Any, Some(elsewhere)).await, StatusCode::OK, "{elsewhere:?}");
    }
}
