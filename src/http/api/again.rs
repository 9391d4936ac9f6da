//! Requests that are sent again: a key names a request, and its answer is kept in the transaction of its effect.
//!
//! As draft-ietf-httpapi-idempotency-key-header has it. Two requests with one key at once take turns: the second waits at
//! the row that the first inserted.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use debrief_jobs::{db::TenantTx, repeats};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::{Code, Problem};

/// What is known of a key.
pub(super) enum Before {
    /// The request is new.
    Never,
    /// It was carried out.
    Answered(Box<Response>),
}

/// SHA-256 of what the request asks for.
pub(super) fn fingerprint(method: &Method, path: &str, body: &[u8]) -> Vec<u8> {
    Sha256::new()
        .chain_update(method.as_str())
        .chain_update([0])
        .chain_update(path)
        .chain_update([0])
        .chain_update(body)
        .finalize()
        .to_vec()
}

/// Claims the key for this request, or gives the earlier answer.
pub(super) async fn begin(tx: &mut TenantTx, caller: Uuid, key: &str, request: &[u8]) -> Result<Before, Problem> {
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::new(Code::IdempotencyKey, "Use 1 to 255 visible ASCII characters, such as a UUID."));
    }
    let Some(kept) = repeats::claim(tx, caller, key, request).await? else { return Ok(Before::Never) };
    if kept.request_sha256 != request {
        let detail = "This key was used for another request within the last day. Use a new key for a new request.";
        return Err(Problem::new(Code::IdempotencyKey, detail));
    }
    let status = StatusCode::from_u16(kept.status).map_err(|error| Problem::internal(&error))?;
    let headers: Vec<(HeaderName, String)> =
        kept.headers.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect();
    let mut response = response(status, &headers, kept.body);
    response.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    Ok(Before::Answered(Box::new(response)))
}

/// Keeps the answer.
pub(super) async fn keep(
    tx: &mut TenantTx,
    caller: Uuid,
    key: &str,
    status: StatusCode,
    headers: &[(HeaderName, String)],
    body: &[u8],
) -> Result<(), sqlx::Error> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
    repeats::keep(tx, caller, key, status.as_u16(), &headers, body).await
}

/// An answer from its parts.
pub(super) fn response(status: StatusCode, headers: &[(HeaderName, String)], body: Vec<u8>) -> Response {
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if !is_empty {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name.clone(), value);
        }
    }
    response
}
