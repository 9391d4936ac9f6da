//! The style sheet and the script of passkeys, embedded in the binary. Their URLs contain the hash of their content, so they
//! are cached forever.

use std::sync::LazyLock;

use axum::{
    extract::RawQuery,
    http::header,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
    version: LazyLock<String>,
}

static STYLE: Asset = Asset {
    name: "style.css",
    content_type: "text/css; charset=utf-8",
    text: include_str!("../../templates/page/style.css"),
    version: LazyLock::new(|| version(STYLE.text)),
};

static PASSKEYS: Asset = Asset {
    name: "passkeys.js",
    content_type: "text/javascript; charset=utf-8",
    text: include_str!("../../templates/page/passkeys.js"),
    version: LazyLock::new(|| version(PASSKEYS.text)),
};

fn version(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Asset {
    fn path(&self) -> String {
        format!("assets/{}?v={}", self.name, *self.version)
    }

    fn answer(&self, query: Option<&str>) -> Response {
        let current = query.is_some_and(|query| query.strip_prefix("v=") == Some(self.version.as_str()));
        // An old page that requests an old version gets the new one, but must not cache it under the old name.
        let cache = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
        ([(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, cache)], self.text).into_response()
    }
}

/// The style sheet's versioned path.
pub(super) fn style_path() -> String {
    STYLE.path()
}

/// The versioned path of the script of passkeys.
pub(super) fn script_path() -> String {
    PASSKEYS.path()
}

/// `GET /assets/style.css`
pub(super) async fn style(RawQuery(query): RawQuery) -> Response {
    STYLE.answer(query.as_deref())
}

/// `GET /assets/passkeys.js`
pub(super) async fn passkeys(RawQuery(query): RawQuery) -> Response {
    PASSKEYS.answer(query.as_deref())
}
