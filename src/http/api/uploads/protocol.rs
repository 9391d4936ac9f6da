//! What the tus protocol 1.0 asks of every answer, its version, and its headers.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use debrief_jobs::uploads::Upload;

use crate::http::api::{
    problem::{Code, Problem},
    transcripts::Place,
};

/// The version of the protocol.
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
/// What of it is there.
const EXTENSIONS: HeaderValue = HeaderValue::from_static("creation,expiration,termination");
/// The most that is read of what a client says of its file.
const LONGEST_METADATA: usize = 4096;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Refuses another version, to whoever may come in, before anything else is looked at. A program that names no version means
/// ours.
pub(super) async fn refuse_others(request: Request, next: Next) -> Response {
    if request.headers().get(RESUMABLE).is_none_or(|version| version == VERSION) {
        return next.run(request).await;
    }
    let problem = Problem::new(Code::OtherTusVersion, "This server supports tus 1.0.0 only.");
    problem.with_header(VERSIONS, "1.0.0").into_response()
}

/// Names our version in every answer, problems as well, but for that to `OPTIONS`, which asks for it.
pub(in crate::http::api) async fn name_version(request: Request, next: Next) -> Response {
    let is_asked = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if !is_asked {
        response.headers_mut().insert(RESUMABLE, VERSION);
    }
    response
}

/// Says in every answer to `OPTIONS` what this server can do, also where a browser asks whether it may call at all.
pub(in crate::http::api) async fn announce(most: u64, request: Request, next: Next) -> Response {
    let is_asked = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if is_asked {
        let headers = response.headers_mut();
        headers.insert(VERSIONS, VERSION);
        headers.insert(HeaderName::from_static("tus-extension"), EXTENSIONS);
        headers.insert(HeaderName::from_static("tus-max-size"), most.into());
    }
    response
}

/// The answer to `OPTIONS`. Without a key: a client asks before it has any use for one.
pub(in crate::http::api) async fn options() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What the protocol says of an upload, in headers.
pub(super) fn told(upload: &Upload) -> Vec<(HeaderName, String)> {
    let mut headers = vec![
        (OFFSET, upload.received_bytes.to_string()),
        (LENGTH, upload.size_bytes.to_string()),
        (EXPIRES, upload.expires_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    ];
    headers.extend(upload.metadata.clone().map(|metadata| (METADATA, metadata)));
    headers
}

/// A header that is a number of bytes.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName, written: &str) -> Result<i64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<i64>().ok());
    value.filter(|value| *value >= 0).ok_or_else(|| {
        Problem::new(Code::BadParameter, format!("The header {written} has to be a number of bytes, from 0."))
    })
}

fn wrong(what: &str) -> Problem {
    Problem::invalid("Upload-Metadata", format!("{what}; write `filename` and the name in base64, then a comma."))
}

/// What a client says of its file, as it says it.
pub(super) fn metadata(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(metadata) = headers.get(METADATA) else { return Ok(None) };
    let metadata = metadata.to_str().map_err(|_| wrong("It isn’t ASCII"))?;
    if metadata.len() > LONGEST_METADATA {
        return Err(wrong(&format!("It is longer than {LONGEST_METADATA} bytes")));
    }
    Ok(Some(metadata))
}

/// What the file is called and whose it is: the parameters, else the metadata. Clients add to that what they like, such as
/// the file's type, in whatever form; it isn't read.
pub(super) fn place(asked: Place, metadata: &str) -> Result<Place, Problem> {
    let mut place = asked;
    for pair in metadata.split(',').map(str::trim) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let text = || {
            let value = STANDARD.decode(value.trim()).ok().and_then(|value| String::from_utf8(value).ok());
            value.ok_or_else(|| wrong(&format!("The value of `{name}` isn’t text in base64")))
        };
        match name {
            "filename" | "file_name" | "name" if place.file_name.is_none() => place.file_name = Some(text()?),
            "coach" if place.coach.is_none() => place.coach = Some(text()?),
            "date" if place.date.is_none() => {
                let day = text()?.parse().map_err(|_| wrong("The date isn’t a day such as 2026-11-03"))?;
                place.date = Some(day);
            }
            "replace" => place.replace |= text()? == "true",
            _ => {}
        }
    }
    Ok(place)
}
