//! Browser programs of other origins: those in the settings may call `/v1`, and nothing else here. Nothing that a browser
//! adds by itself (a cookie) is ever taken: they need a key like everybody.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, Method, header},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::Settings;

/// How long a browser may remember what it was told.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What a program may send.
const SENT: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("tus-resumable"),
    HeaderName::from_static("upload-length"),
    HeaderName::from_static("upload-metadata"),
    HeaderName::from_static("upload-offset"),
];

/// What a program may read of an answer, besides its body.
const READ: [HeaderName; 18] = [
    header::ETAG,
    header::LOCATION,
    header::LINK,
    header::RETRY_AFTER,
    header::CONTENT_DISPOSITION,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("idempotent-replayed"),
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("sunset"),
    HeaderName::from_static("tus-resumable"),
    HeaderName::from_static("tus-version"),
    HeaderName::from_static("tus-extension"),
    HeaderName::from_static("tus-max-size"),
    HeaderName::from_static("upload-length"),
    HeaderName::from_static("upload-metadata"),
    HeaderName::from_static("upload-offset"),
    HeaderName::from_static("upload-expires"),
];

/// Answers preflights, without a key, and marks answers as readable for the origins of the settings. For none, all stays as it
/// is.
pub(super) fn allow<S: Clone + Send + Sync + 'static>(router: Router<S>, settings: &Arc<Settings>) -> Router<S> {
    if settings.cors_origins.is_empty() {
        return router;
    }
    let settings = Arc::clone(settings);
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| settings.allows(origin)))
        .allow_methods(methods)
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED);
    router.layer(layer)
}
