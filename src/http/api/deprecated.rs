//! Operations that will go: one table. The document marks them, and each answer says since when, until when, and where to
//! read about it (RFC 9745, RFC 8594). `docs/API.md` has the policy.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
};
use chrono::{NaiveDate, NaiveTime};
use utoipa::openapi::{Deprecated as Mark, OpenApi, path::HttpMethod};

use super::document::operations;

/// An operation that will go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deprecated {
    /// Its `operationId`.
    pub(super) operation: &'static str,
    /// Since when it's deprecated: the day of the release that says so.
    pub(super) since: NaiveDate,
    /// When it may be gone: at least a year later.
    pub(super) sunset: NaiveDate,
    /// Where it is told what to use instead.
    pub(super) about: &'static str,
}

/// All of them, in the order of their sunsets.
pub(super) const TABLE: &[Deprecated] = &[];

/// Marks them in the document.
pub(super) fn mark(openapi: &mut OpenApi, table: &[Deprecated]) {
    for (_, _, operation) in operations(openapi) {
        if table.iter().any(|entry| operation.operation_id.as_deref() == Some(entry.operation)) {
            operation.deprecated = Some(Mark::True);
        }
    }
}

/// Adds the headers to every answer of theirs, problems as well.
pub(super) fn tell<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    openapi: &mut OpenApi,
    table: &[Deprecated],
) -> Router<S> {
    let mut told: HashMap<(Method, String), [(header::HeaderName, HeaderValue); 3]> = HashMap::new();
    for (path, method, operation) in operations(openapi) {
        let entry = table.iter().find(|entry| operation.operation_id.as_deref() == Some(entry.operation));
        if let Some(headers) = entry.and_then(headers) {
            told.insert((of(method), path.to_owned()), headers);
        }
    }
    if told.is_empty() {
        return router;
    }
    let told = Arc::new(told);
    router.layer(middleware::from_fn(move |request: Request, next: Next| add(Arc::clone(&told), request, next)))
}

type Told = HashMap<(Method, String), [(header::HeaderName, HeaderValue); 3]>;

async fn add(told: Arc<Told>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let asked = (request.method().clone(), path.unwrap_or_default());
    let mut response = next.run(request).await;
    if let Some(headers) = told.get(&asked) {
        response.headers_mut().extend(headers.clone());
    }
    response
}

/// The method of a request to such an operation.
pub(super) fn of(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Head => Method::HEAD,
        _ => Method::GET,
    }
}

/// As the RFCs have them: a structured date, an HTTP date, a link.
fn headers(entry: &Deprecated) -> Option<[(header::HeaderName, HeaderValue); 3]> {
    let since = entry.since.and_time(NaiveTime::MIN).and_utc().timestamp();
    let sunset = entry.sunset.and_time(NaiveTime::MIN).format("%a, %d %b %Y %H:%M:%S GMT");
    Some([
        (header::HeaderName::from_static("deprecation"), HeaderValue::from_str(&format!("@{since}")).ok()?),
        (header::HeaderName::from_static("sunset"), HeaderValue::from_str(&sunset.to_string()).ok()?),
        (
            header::LINK,
            HeaderValue::from_str(&format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", entry.about)).ok()?,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::{body::Body, http::StatusCode, routing::get};
    use tower::ServiceExt;
    use utoipa::openapi::{PathItem, PathsBuilder, path::OperationBuilder};

    use super::*;

    fn made_up() -> (OpenApi, [Deprecated; 1]) {
        let operation = |id: &str| OperationBuilder::new().operation_id(Some(id)).build();
        let mut item = PathItem::new(HttpMethod::Get, operation("list_things"));
        item.post = Some(operation("create_thing"));
        let paths = PathsBuilder::new().path("/v1/things/{id}", item).build();
        let day = |text: &str| text.parse().expect("a day");
        let (since, sunset) = (day("2027-01-04"), day("2028-02-01"));
        let about = "https://debrief.example/changes";
        let entry = Deprecated { operation: "list_things", since, sunset, about };
        (OpenApi::new(utoipa::openapi::Info::new("t", "1"), paths), [entry])
    }

    #[tokio::test]
    async fn whoever_calls_what_will_go_is_told_since_when_and_until_when() {
        let (mut openapi, table) = made_up();
        let router: Router =
            Router::new().route("/v1/things/{id}", get(async || "here").post(async || StatusCode::CONFLICT));
        let router = tell(router, &mut openapi, &table);
        let ask = async |method: Method| {
            let request = Request::builder().method(method).uri("/v1/things/7").body(Body::empty());
            router.clone().oneshot(request.expect("a request")).await.expect("an answer").headers().clone()
        };
        let told = ask(Method::GET).await;
        assert_eq!(told["deprecation"], "@1799020800");
        assert_eq!(told["sunset"], "Tue, 01 Feb 2028 00:00:00 GMT");
        assert_eq!(told["link"], "<https://debrief.example/changes>; rel=\"deprecation\"; type=\"text/html\"");
        assert!(!ask(Method::POST).await.contains_key("deprecation"), "the other operation stays");
    }

    #[test]
    fn the_document_marks_what_will_go_and_nothing_else() {
        let marked = |openapi: &mut OpenApi| -> BTreeSet<String> {
            let is_marked = |mark: &Option<Mark>| matches!(mark, Some(Mark::True));
            operations(openapi)
                .filter(|(_, _, operation)| is_marked(&operation.deprecated))
                .filter_map(|(_, _, operation)| operation.operation_id.clone())
                .collect()
        };
        let (mut openapi, table) = made_up();
        mark(&mut openapi, &table);
        assert_eq!(marked(&mut openapi), BTreeSet::from(["list_things".to_owned()]));
        let expected: BTreeSet<String> = TABLE.iter().map(|entry| entry.operation.to_owned()).collect();
        assert_eq!(marked(&mut super::super::openapi()), expected, "the table and the document agree");
        for entry in TABLE {
            assert!((entry.sunset - entry.since).num_days() >= 365, "{}: a year at least", entry.operation);
        }
    }
}
