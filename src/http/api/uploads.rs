//! `/v1/uploads`: a large file in parts (tus 1.0: creation, expiration, termination). A part that arrived stays, whatever
//! becomes of the connection or the process; a complete upload is an upload like every other.

mod complete;
mod protocol;
mod receive;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    middleware,
};
use chrono::{DateTime, Utc};
use debrief_jobs::{
    rights::Right,
    uploads::{self, Discarded, NewUpload, Upload},
};
use serde::Serialize;
use tracing::Instrument;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    HttpState, again,
    call::{About, Answer, Call},
    document,
    input::{Asked, Id},
    places,
    problem::{Code, Problem},
    transcripts::{self, Place},
    upload,
};
use complete::Complete;
use protocol::{LENGTH, OFFSET, metadata, number, place, refuse_others, told};
pub(super) use protocol::{announce, name_version, options};
use receive::Part;

/// The endpoints, and what the document says of all of them.
pub(super) fn endpoints() -> OpenApiRouter<HttpState> {
    let mut router = OpenApiRouter::new().routes(routes!(create)).routes(routes!(show, append, remove));
    document::repeatable(router.get_openapi_mut());
    document::speaks_tus(router.get_openapi_mut());
    router.layer(middleware::from_fn(refuse_others))
}

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
    let metadata = metadata(&headers)?;
    let place = place(asked, metadata.unwrap_or_default())?;
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
    let asks = format!("{size_bytes} {coach} {:?} {} {file_name} {metadata:?}", place.date, place.replace);
    let mut tx = call.change(Right::TranscriptsWrite, asks.as_bytes()).await?;
    let new = NewUpload {
        coach: &coach,
        account,
        file_name: &file_name,
        date: place.date,
        replaces: place.replace,
        size_bytes,
        metadata,
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
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    let upload = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    call.noted(tx, About::other(id)).await?;
    let headers = told(&upload);
    let body = serde_json::to_vec(&Shown::from(upload)).map_err(|error| Problem::internal(&error))?;
    Ok(again::response(StatusCode::OK, &headers, body))
}

/// A part as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes the body")]
struct PartContent(Vec<u8>);

/// Send a part of an upload
///
/// It begins at `Upload-Offset`, which has to be how much is there (`409` if not: ask again where to go on). What arrived
/// before a connection broke stays. A part that takes more than twenty seconds ends there: the answer's `Upload-Offset`, which
/// is less than was sent, says where to go on. With the last part the file is in the inbox, as if it had been sent at once;
/// the same refusals may come then, and that part has to be sent again.
#[utoipa::path(patch, path = "/v1/uploads/{id}", tag = "transcripts", operation_id = "append_upload",
    params(("id" = Uuid, Path,), ("Upload-Offset" = i64, Header, description = "Where the part begins", minimum = 0)),
    request_body(content((PartContent = "application/offset+octet-stream"))),
    security(("key" = ["transcripts:write"])),
    responses((status = 204, description = "It is there",
            headers(("Upload-Offset" = i64, description = "Where the next part begins")))))]
pub(super) async fn append(call: Call, Id(id): Id, headers: HeaderMap, body: Body) -> Answer {
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
    let its_place = places::UPLOADS.take(call.caller.account())?;
    if offset != upload.received_bytes {
        return Err(elsewhere(&upload).into());
    }
    let mut part = Part::of(&call, &upload);
    part.take(body).await?;
    let Part { at: from, rest, is_noted, .. } = part;
    if rest.is_empty() {
        let mut tx = call.change(Right::TranscriptsWrite, &asks).await?;
        let upload = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let headers = told(&upload);
        if is_noted {
            return call.ended(tx, StatusCode::NO_CONTENT, &(), &headers).await;
        }
        return call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &headers).await;
    }
    let complete = Complete { call, upload, from, rest: rest.freeze(), asks, is_noted };
    // On a task of its own: it comes to its end also where the client is gone.
    let complete = async move {
        let _place = its_place;
        complete.carry_out().await
    };
    let done = tokio::spawn(complete.in_current_span()).await;
    done.map_err(|_| Problem::internal(&"the completion of an upload panicked"))?
}

/// The part begins elsewhere, or somebody else is completing the upload.
fn elsewhere(upload: &Upload) -> Problem {
    let detail = format!(
        "{} bytes of it are there, and the next part begins there. If you sent that part, somebody else may be completing the \
         upload: ask again in a minute.",
        upload.received_bytes
    );
    Problem::new(Code::WrongState, detail).with_header(OFFSET, upload.received_bytes.to_string())
}

/// End an upload
///
/// Its parts are removed. A complete one is in the inbox, and stays there; one that is being completed is `409`.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "transcripts", operation_id = "delete_upload",
    params(("id" = Uuid, Path,)),
    security(("key" = ["transcripts:write"])),
    responses((status = 204, description = "It is ended")))]
pub(super) async fn remove(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::TranscriptsWrite, &[]).await?;
    match uploads::discard(&mut tx, id).await? {
        Discarded::Yes => call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await,
        Discarded::NotThere => Err(Problem::not_found().into()),
        Discarded::Completing => {
            let detail = "Its file is being put into the inbox. Ask again in a minute what became of it.";
            Err(Problem::new(Code::WrongState, detail).into())
        }
    }
}
