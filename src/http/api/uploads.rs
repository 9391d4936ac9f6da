//! `/v1/uploads`: a large file in parts (tus 1.0: creation, expiration, termination). A part that arrived stays, whatever
//! becomes of the connection or the process; a complete upload is an upload like every other.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use chrono::{DateTime, NaiveDate, Utc};
use debrief_jobs::{
    db::Tx,
    rights::Right,
    uploads::{self, NewUpload, Upload},
};
use futures::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, Stop, json_response},
    input::{Asked, Id},
    places,
    problem::{Code, Problem},
    transcripts::{self, Place},
    upload,
};

/// The version of the protocol.
const VERSION: &str = "1.0.0";
/// What of it is there.
const EXTENSIONS: &str = "creation,expiration,termination";
/// What is written to the bucket at once. A connection that breaks costs no more than the rest of it.
const PIECE: usize = 4 << 20;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// An upload in parts.
#[derive(Serialize, ToSchema)]
#[schema(as = ResumableUpload)]
struct Shown {
    /// Its id.
    id: Uuid,
    /// The coach into whose inbox it goes.
    coach: String,
    /// What the file is called.
    file_name: String,
    /// Its size in bytes.
    size_bytes: i64,
    /// How much of it is there: the next part begins here.
    offset: i64,
    /// When it ends if it isn't complete by then.
    expires_at: DateTime<Utc>,
    /// Its key in the inbox once it is complete: ask `/v1/transcripts/status` what became of it.
    object_key: Option<String>,
    /// SHA-256 of its content, in hex, once it is complete.
    sha256: Option<String>,
}

impl From<Upload> for Shown {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            coach: upload.coach,
            file_name: upload.file_name,
            size_bytes: upload.size_bytes,
            offset: upload.received_bytes,
            expires_at: upload.expires_at,
            object_key: upload.object_key,
            sha256: upload.sha256,
        }
    }
}

/// What the protocol says of an upload, in headers.
fn told(upload: &Upload) -> Vec<(HeaderName, String)> {
    vec![
        (RESUMABLE, VERSION.to_owned()),
        (OFFSET, upload.received_bytes.to_string()),
        (LENGTH, upload.size_bytes.to_string()),
        (EXPIRES, upload.expires_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    ]
}

/// What a server of the protocol can do. Without a key: a client asks before it has any use for one.
pub(super) async fn options(most: u64) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = [
        ("tus-resumable", VERSION.to_owned()),
        ("tus-version", VERSION.to_owned()),
        ("tus-extension", EXTENSIONS.to_owned()),
        ("tus-max-size", most.to_string()),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Refuses another version of the protocol. A program that doesn't name one means this one.
fn spoken(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(RESUMABLE) {
        Some(version) if version != VERSION => {
            let detail = format!("Only version {VERSION} of the tus protocol is spoken here.");
            let version = HeaderName::from_static("tus-version");
            Err(Problem::new(Code::VersionChanged, detail).with_header(version, VERSION))
        }
        _ => Ok(()),
    }
}

/// A header that is a number of bytes.
fn number(headers: &HeaderMap, name: &HeaderName, written: &str) -> Result<i64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<i64>().ok());
    value.filter(|value| *value >= 0).ok_or_else(|| {
        Problem::new(Code::BadParameter, format!("The header {written} has to be a number of bytes, from 0."))
    })
}

/// What the file is called and whose it is: the parameters, else the metadata that clients of the protocol send.
fn place(asked: Place, headers: &HeaderMap) -> Result<Place, Problem> {
    let mut place = asked;
    let Some(metadata) = headers.get(METADATA) else { return Ok(place) };
    let wrong = |what: &str| {
        Problem::invalid("Upload-Metadata", format!("{what}; write `filename` and the name in base64, then a comma."))
    };
    let metadata = metadata.to_str().map_err(|_| wrong("It isn’t ASCII"))?;
    for pair in metadata.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).ok().and_then(|value| String::from_utf8(value).ok());
        let value = value.ok_or_else(|| wrong("A value isn’t text in base64"))?;
        match name {
            "filename" | "file_name" | "name" if place.file_name.is_none() => place.file_name = Some(value),
            "coach" if place.coach.is_none() => place.coach = Some(value),
            "date" if place.date.is_none() => {
                let day: Result<NaiveDate, _> = value.parse();
                place.date = Some(day.map_err(|_| wrong("The date isn’t a day such as 2026-11-03"))?);
            }
            "replace" => place.replace |= value == "true",
            // Clients add what they like, such as the file's type.
            _ => {}
        }
    }
    Ok(place)
}

/// Begin an upload in parts
///
/// For large files and connections that break, as the tus protocol 1.0 has it: any of its clients works. The file's name
/// and coach are parameters, or metadata (`filename`, `coach`, `date`, `replace`). `Location` says where the parts go.
/// An upload that isn't complete within a day ends.
#[utoipa::path(post, path = "/v1/uploads", tag = "transcripts", operation_id = "create_upload",
    params(Place, ("Upload-Length" = i64, Header, description = "The file’s size in bytes", minimum = 1),
        ("Upload-Metadata" = Option<String>, Header, description = "As tus has it: `filename` and the name in base64")),
    security(("key" = ["transcripts:write"])),
    responses((status = 201, description = "Parts can be sent", body = Shown,
            headers(("Location" = String, description = "Where parts go")))))]
pub(super) async fn create(call: Call, Asked(asked): Asked<Place>, headers: HeaderMap) -> Answer {
    // Whoever may not upload hears that first, whatever else is wrong.
    call.caller.view(Right::TranscriptsWrite)?;
    if headers.contains_key("upload-defer-length") {
        return Err(Problem::new(Code::BadParameter, "Say the file’s size in Upload-Length when you begin.").into());
    }
    let size_bytes = number(&headers, &LENGTH, "Upload-Length")?;
    spoken(&headers)?;
    let place = place(asked, &headers)?;
    let most = call.state.services.ingest.max_bytes;
    if u64::try_from(size_bytes).unwrap_or_default() > most {
        return Err(Problem::new(Code::BodyTooLarge, format!("A transcript has at most {most} bytes.")).into());
    }
    if size_bytes == 0 {
        return Err(Problem::invalid("Upload-Length", "The file is empty.").into());
    }
    let coach = transcripts::coach(&call, place.coach.as_deref()).await?;
    let file_name = place.file_name.ok_or_else(|| Problem::invalid("file_name", "Say what the file is called."))?;
    upload::key(&coach, place.date, &file_name)?;
    let account = call.caller.account();
    let asks = format!("{size_bytes} {coach} {:?} {} {file_name}", place.date, place.replace);
    let mut tx = call.change(Right::TranscriptsWrite, asks.as_bytes()).await?;
    let new = NewUpload {
        coach: &coach,
        account,
        file_name: &file_name,
        date: place.date,
        replaces: place.replace,
        size_bytes,
    };
    let upload = uploads::create(&mut tx, &new).await?.ok_or_else(|| {
        let detail = format!("{} uploads aren’t complete. Complete or delete one of them first.", uploads::MOST);
        Problem::new(Code::WrongState, detail)
    })?;
    let mut headers = told(&upload);
    headers.push((header::LOCATION, call.state.path(&format!("v1/uploads/{}", upload.id))));
    let about = About::other(upload.id);
    call.done(tx, about, StatusCode::CREATED, &Shown::from(upload), &headers).await
}

/// Show how much of an upload is there
///
/// `HEAD` is enough for a client of the protocol: `Upload-Offset` says where the next part begins.
#[utoipa::path(get, path = "/v1/uploads/{id}", tag = "transcripts", operation_id = "get_resumable_upload",
    params(("id" = Uuid, Path,)), security(("key" = ["transcripts:write"])),
    responses((status = 200, description = "The upload", body = Shown,
        headers(("Upload-Offset" = i64, description = "Where the next part begins")))))]
pub(super) async fn show(call: Call, Id(id): Id, headers: HeaderMap) -> Answer {
    spoken(&headers)?;
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    let upload = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    call.noted(tx, About::other(id)).await?;
    let headers = told(&upload);
    let mut response = json_response(StatusCode::OK, &Shown::from(upload))?;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// A part as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes the body")]
struct PartContent(Vec<u8>);

/// Send a part of an upload
///
/// It begins at `Upload-Offset`, which has to be how much is there (`409` if not: ask again where to go on). What arrived
/// before a connection broke stays. With the last part the file is in the inbox, as if it had been sent at once; the
/// same refusals may come then.
#[utoipa::path(patch, path = "/v1/uploads/{id}", tag = "transcripts", operation_id = "append_upload",
    params(("id" = Uuid, Path,), ("Upload-Offset" = i64, Header, description = "Where the part begins", minimum = 0)),
    request_body(content((PartContent = "application/offset+octet-stream"))),
    security(("key" = ["transcripts:write"])),
    responses((status = 204, description = "It is there",
            headers(("Upload-Offset" = i64, description = "Where the next part begins")))))]
pub(super) async fn append(call: Call, Id(id): Id, headers: HeaderMap, body: Body) -> Answer {
    spoken(&headers)?;
    let asks = headers.get(OFFSET).map(|offset| offset.as_bytes().to_vec()).unwrap_or_default();
    // A request that is refused, or was carried out, puts nothing anywhere.
    let mut tx = call.change(Right::TranscriptsWrite, &asks).await?;
    let upload = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.eq_ignore_ascii_case("application/offset+octet-stream") {
        let detail = "Send the part with Content-Type: application/offset+octet-stream.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail).into());
    }
    let offset = number(&headers, &OFFSET, "Upload-Offset")?;
    let _place = places::UPLOADS.take(call.caller.account())?;
    if offset != upload.received_bytes {
        return Err(elsewhere(&upload).into());
    }
    let received = receive(&call, &upload, body).await?;
    if received < upload.size_bytes {
        let mut tx = call.change(Right::TranscriptsWrite, &asks).await?;
        let upload = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        return call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &told(&upload)).await;
    }
    complete(&call, upload, &asks).await
}

fn elsewhere(upload: &Upload) -> Problem {
    let detail = format!("{} bytes of it are there: the next part begins at that.", upload.received_bytes);
    let problem = Problem::new(Code::WrongState, detail);
    problem.with_header(OFFSET, upload.received_bytes.to_string()).with_header(RESUMABLE, VERSION)
}

/// Takes what comes, piece by piece; returns how much of the upload is there.
async fn receive(call: &Call, upload: &Upload, body: Body) -> Result<i64, Stop> {
    let (mut at, mut piece, mut stream) = (upload.received_bytes, BytesMut::new(), body.into_data_stream());
    loop {
        let next = stream.next().await;
        if let Some(Ok(bytes)) = &next {
            piece.extend_from_slice(bytes);
            if at + length(&piece) > upload.size_bytes {
                let detail = format!("The upload has {} bytes, and this would be more.", upload.size_bytes);
                return Err(Problem::new(Code::BodyTooLarge, detail).into());
            }
        }
        // Whole pieces as they come, and at the end what there is, also where the connection broke.
        let is_over = !matches!(next, Some(Ok(_)));
        if piece.len() >= PIECE || is_over && !piece.is_empty() {
            at = keep(call, upload, at, piece.split().freeze()).await?;
        }
        match next {
            Some(Ok(_)) => {}
            None => return Ok(at),
            Some(Err(_)) => {
                let detail = format!("The part broke off; {at} bytes are there: go on from that.");
                return Err(Problem::new(Code::UnreadableBody, detail).into());
            }
        }
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// Puts a piece into the bucket, then into the upload, if nobody else was faster.
async fn keep(call: &Call, upload: &Upload, at: i64, piece: Bytes) -> Result<i64, Stop> {
    let (bucket, size) = (&call.state.services.bucket, length(&piece));
    let key = uploads::part_key(call.caller.organization, upload.id, at);
    bucket.put(&key, piece).await.map_err(|error| upload::away(&error))?;
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    if uploads::add_part(&mut tx, upload.id, at, size, &key).await? {
        tx.commit().await?;
        return Ok(at + size);
    }
    let now = uploads::find(&mut tx, upload.id).await?;
    drop(tx);
    // If this fails, the job that tidies up finds it.
    _ = bucket.delete(&key).await;
    Err(now.map_or_else(Problem::not_found, |now| elsewhere(&now)).into())
}

/// Puts a complete upload into the inbox.
async fn complete(call: &Call, upload: Upload, asks: &[u8]) -> Answer {
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    let parts = uploads::parts(&mut tx, upload.id).await?;
    drop(tx);
    let is_there = upload.object_key.clone().zip(upload.sha256.clone());
    let (object_key, sha256) = match is_there {
        Some(there) => there,
        None => {
            // Whoever may not upload for this coach any more is told so now.
            let coach = transcripts::coach(call, Some(&upload.coach)).await?;
            let object_key = upload::key(&coach, upload.date, &upload.file_name)?;
            let mut content = BytesMut::with_capacity(usize::try_from(upload.size_bytes).unwrap_or_default());
            for part in parts {
                let part = call.state.services.bucket.get(&part).await.map_err(|error| upload::away(&error))?;
                content.extend_from_slice(&part);
            }
            if length(&content) != upload.size_bytes {
                return Err(Problem::internal(&"the parts of an upload are not all there").into());
            }
            let stored = transcripts::store(call, object_key, content.freeze(), upload.replaces).await?;
            (stored.object_key, stored.sha256)
        }
    };
    let mut tx = call.change(Right::TranscriptsWrite, asks).await?;
    uploads::finish(&mut tx, upload.id, &object_key, &sha256).await?;
    let upload = uploads::find(&mut tx, upload.id).await?.ok_or_else(Problem::not_found)?;
    call.done(tx, About::other(upload.id), StatusCode::NO_CONTENT, &(), &told(&upload)).await
}

/// End an upload
///
/// Its parts are removed. A complete one is in the inbox, and stays there.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "transcripts", operation_id = "delete_upload",
    params(("id" = Uuid, Path,)),
    security(("key" = ["transcripts:write"])),
    responses((status = 204, description = "It is ended")))]
pub(super) async fn remove(call: Call, Id(id): Id, headers: HeaderMap) -> Answer {
    spoken(&headers)?;
    let mut tx = call.change(Right::TranscriptsWrite, &[]).await?;
    if !uploads::discard(&mut tx, id).await? {
        return Err(Problem::not_found().into());
    }
    let headers = [(RESUMABLE, VERSION.to_owned())];
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &headers).await
}
