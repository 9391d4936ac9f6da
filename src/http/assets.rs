//! The only style sheet, embedded in the binary. Its URL contains the hash of its content, so it is cached forever.

use std::sync::LazyLock;

use axum::{
    extract::RawQuery,
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

static STYLE: &str = include_str!("../../templates/page/style.css");

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// The style sheet's versioned path.
pub(super) fn style_path() -> String {
    format!("assets/style.css?v={}", *VERSION)
}

/// `GET /assets/style.css`
pub(super) async fn style(RawQuery(query): RawQuery) -> Response {
    let current = query.is_some_and(|query| query.strip_prefix("v=") == Some(VERSION.as_str()));
    // An old page that requests an old version gets the new one, but must not cache it under the old name.
    let cache = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, cache)], STYLE).into_response()
}
