//! A minimal browser: requests to the router, and an open session.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use debrief::http::{HttpState, public_router};
use debrief_jobs::{Services, db::Tx};
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;

use crate::support::{Reviewed, World};

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first field of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        self.body.split(&marker).nth(1).and_then(|rest| rest.split('"').next()).expect("the field is there").to_owned()
    }
}

impl Answer {
    /// What a card's form sends about the recipient shown on the page.
    pub(crate) fn recipient(&self) -> [(&'static str, String); 2] {
        ["to", "to_name"].map(|name| (name, self.field(name).replace("&#x27;", "'")))
    }
}

pub(crate) fn state(services: &Arc<Services>) -> HttpState {
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    HttpState { services: Arc::clone(services), metrics, api: Arc::default(), proxies: Arc::default() }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    // A download need not be text; what is no text is shown as such.
    Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}

pub(crate) async fn get(router: &Router, path: &str, cookie: &str) -> Answer {
    send(router, Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("a request")).await
}

pub(crate) async fn post(router: &Router, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let request = form(path, fields).header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
    send(router, request.body(body(fields)).expect("a request")).await
}

pub(crate) fn form(path: &str, _fields: &[(&str, &str)]) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

pub(crate) fn body(fields: &[(&str, &str)]) -> Body {
    Body::from(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// A session in review, opened in a browser.
pub(crate) struct Visit {
    pub(crate) world: World,
    pub(crate) reviewed: Reviewed,
    pub(crate) router: Router,
    pub(crate) cookie: String,
    pub(crate) page: String,
}

impl Visit {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        reviewed.set_state(&world, "in_review").await;
        let router = public_router(state(&world.services));
        let cookie = open(&world, &reviewed, &router).await;
        let page = format!("/review/{}", reviewed.session);
        Self { world, reviewed, router, cookie, page }
    }

    pub(crate) async fn read(&self) -> Answer {
        get(&self.router, &self.page, &self.cookie).await
    }

    pub(crate) fn action(&self, name: &str) -> String {
        format!("{}/summaries/{}{name}", self.page, self.reviewed.summary)
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect("it counts")
    }

    /// As if the session had no client.
    pub(crate) async fn forget_summaries(&self) {
        for sql in [
            "delete from evidence",
            "delete from action_items",
            "delete from claims",
            "delete from summary_versions",
            "delete from summaries",
        ] {
            self.execute(sql).await;
        }
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(sql).execute(tx.conn()).await.expect("it is done");
        tx.commit().await.expect("it commits");
    }
}

/// Opens a link and returns the cookie.
pub(crate) async fn open(world: &World, reviewed: &Reviewed, router: &Router) -> String {
    let token = reviewed.link(world).await;
    let opened = post(router, &format!("/r/{}/open", token.reveal()), "", &[]).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    assert_eq!(opened.header("location"), format!("/review/{}", reviewed.session));
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().expect("a cookie").to_owned()
}

/// The name of the first field for the words of a claim, and the words.
pub(crate) fn first_claim(answer: &Answer) -> (String, String) {
    let rest = answer.body.split("<textarea name=\"text.").nth(1).expect("a claim");
    let id = rest.split('"').next().expect("its id");
    let words = rest.split(">\n").nth(1).and_then(|rest| rest.split("</textarea>").next()).expect("its words");
    (format!("text.{id}"), words.to_owned())
}
