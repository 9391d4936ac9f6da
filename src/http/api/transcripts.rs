//! `/v1/transcripts`: upload, what became of an upload, and the file itself.

use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use chrono::NaiveDate;
use debrief_jobs::{
    bucket::BucketError,
    db::TenantTx,
    ingest::{self, FileOutcome},
    model::{SessionStatus, listing},
    people,
    rights::Right,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, Stop},
    input::{Asked, Id},
    places,
    problem::{Code, Problem},
    upload::{self, File, Put},
};

/// Whose file it is, and what it's called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// The coach's handle. A coach's own key may leave it out.
    pub(super) coach: Option<String>,
    /// The file's name, without folders. Needed unless the body is a form, whose file has its own.
    #[param(min_length = 1, max_length = 200)]
    pub(super) file_name: Option<String>,
    /// The session's day, if neither the file's name nor its content says it.
    pub(super) date: Option<NaiveDate>,
    /// Replace a file of the same name: its session starts over.
    #[serde(default)]
    pub(super) replace: bool,
}

/// A file as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes the body")]
struct FileContent(Vec<u8>);

/// A form with a file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "describes the form")]
#[schema(as = UploadForm)]
struct Form {
    /// The transcript.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file that was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = Upload)]
pub(super) struct Uploaded {
    /// Its key in the inbox: ask `/v1/transcripts/status` what became of it.
    pub(super) object_key: String,
    /// SHA-256 of its content, in hex.
    pub(super) sha256: String,
    /// Its size in bytes.
    size_bytes: usize,
    /// Whose inbox it is in.
    #[serde(skip)]
    coach: String,
    #[serde(skip)]
    put: Put,
}

impl Uploaded {
    /// What a file that was sent means beyond being in the inbox, in the transaction that records it: one that was there with
    /// the same content, of a session that was deleted since, is to be read again.
    pub(super) async fn sent(&self, call: &Call, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        match self.put {
            Put::Now => Ok(()),
            Put::Before => {
                let bucket = call.state.services.bucket.name();
                ingest::read_again(tx, bucket, &self.object_key, &self.coach, &self.sha256).await
            }
        }
    }
}

/// Upload a transcript
///
/// The body is the file, of whatever type, or a form (`multipart/form-data`) with one file. Any format that Debrief reads is
/// recognized by its content. The file is read within seconds; `/v1/transcripts/status` tells of it. Sending the same file
/// again changes nothing.
#[utoipa::path(post, path = "/v1/transcripts", tag = "transcripts", operation_id = "upload_transcript", params(Place),
    request_body(content((FileContent = "application/octet-stream"), (Form = "multipart/form-data"))),
    security(("key" = ["transcripts:write"])),
    responses((status = 202, description = "It is in the inbox", body = Uploaded)))]
pub(super) async fn upload(call: Call, Asked(place): Asked<Place>, request: Request) -> Answer {
    let _place = places::UPLOADS.take(call.caller.account())?;
    let coach = coach(&call, place.coach.as_deref()).await?;
    let (named, content) = sent(&call, request).await?;
    let name =
        place.file_name.or(named).ok_or_else(|| Problem::invalid("file_name", "Say what the file is called."))?;
    if content.is_empty() {
        return Err(Problem::invalid("file", "The file is empty.").into());
    }
    let object_key = upload::key(&coach, place.date, &name)?;
    let file = File::of(content).await?;
    let sha256 = file.sha256;
    // A request that is refused, or was carried out, puts no file anywhere.
    drop(call.change(Right::TranscriptsWrite, &sha256).await?);
    // Before its record: a file that is there twice over is one, and a record without a file would be a lie.
    let uploaded = store(&call, coach, object_key, file, place.replace).await?;
    let mut tx = call.change(Right::TranscriptsWrite, &sha256).await?;
    uploaded.sent(&call, &mut tx).await?;
    call.done(tx, About::default(), StatusCode::ACCEPTED, &uploaded, &[]).await
}

/// Puts a whole file into a coach's inbox, however it came.
pub(super) async fn store(
    call: &Call,
    coach: String,
    object_key: String,
    file: File,
    replace: bool,
) -> Result<Uploaded, Problem> {
    let File { content, sha256 } = file;
    let size_bytes = content.len();
    let put = upload::put(&call.state.services.bucket, &object_key, content, replace).await?;
    let sha256 = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Uploaded { object_key, sha256, size_bytes, coach, put })
}

/// The handle of the coach whose inbox is meant, if the caller may put something there.
pub(super) async fn coach(call: &Call, wanted: Option<&str>) -> Result<String, Stop> {
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    let view = call.caller.view(Right::TranscriptsWrite)?;
    let found = people::inbox_of(&mut tx, wanted, call.caller.person, &view).await?;
    drop(tx);
    found.ok_or_else(|| match wanted {
        None => Problem::invalid("coach", "Say whose transcript this is: the coach’s handle.").into(),
        Some(_) => Problem::invalid("coach", "There’s no coach of this handle that you can upload for.").into(),
    })
}

/// The file of the request, and its name if it has one.
async fn sent(call: &Call, request: Request) -> Result<(Option<String>, Bytes), Stop> {
    let most = usize::try_from(call.state.services.ingest.max_bytes).unwrap_or(usize::MAX);
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"));
    let too_large = || Problem::new(Code::BodyTooLarge, format!("A transcript has at most {most} bytes."));
    let mut request = request;
    // The form's own lines come on top.
    DefaultBodyLimit::max(most.saturating_add(64 << 10)).apply(&mut request);
    if !is_form {
        let bytes = Bytes::from_request(request, &call.state).await.map_err(|_| too_large())?;
        return if bytes.len() > most { Err(too_large().into()) } else { Ok((None, bytes)) };
    }
    let unreadable =
        |error: &dyn std::fmt::Display| Problem::new(Code::UnreadableBody, format!("The form can’t be read: {error}."));
    let mut form = Multipart::from_request(request, &call.state).await.map_err(|error| unreadable(&error))?;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if let Some(name) = field.file_name().map(str::to_owned) {
            let bytes = field.bytes().await.map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                _ => unreadable(&error),
            })?;
            return if bytes.len() > most { Err(too_large().into()) } else { Ok((Some(name), bytes)) };
        }
    }
    Err(Problem::new(Code::UnreadableBody, "The form has no file.").into())
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// As the upload gave it.
    object_key: String,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadStatus)]
struct Status {
    /// Its key in the inbox.
    object_key: String,
    /// `new` and `seen` until it is read; then `read`, `rejected`, `duplicate`, `waiting` (for its meeting's transcript) or
    /// `applied` (a roster).
    outcome: FileOutcome,
    /// Why, in plain words.
    reason: Option<String>,
    /// Its session.
    session_id: Option<Uuid>,
    /// That session's state.
    session_state: Option<SessionStatus>,
}

/// Show what became of an upload
#[utoipa::path(get, path = "/v1/transcripts/status", tag = "transcripts", operation_id = "get_upload", params(Which),
    security(("key" = ["transcripts:write"])),
    responses((status = 200, description = "What became of it", body = Status),
        (status = 404, description = "There is no such file that this key can see")))]
pub(super) async fn status(call: Call, Asked(which): Asked<Which>) -> Answer {
    let object_key = which.object_key;
    let mut tx = call.read(Right::TranscriptsWrite).await?;
    let bucket = &call.state.services.bucket;
    if let Some(file) = ingest::settled_file(&mut tx, bucket.name(), &object_key).await? {
        let about = About { session: file.session_id, ..About::default() };
        let (outcome, reason, session_id) = (file.outcome, file.reason, file.session_id);
        let status = Status { object_key, outcome, reason, session_id, session_state: file.session_state };
        return call.shown(tx, about, &status).await;
    }
    // Not settled: whose folder is it in?
    let view = call.caller.view(Right::TranscriptsWrite)?;
    let handle = object_key.split('/').nth(1).unwrap_or_default().to_owned();
    let is_ones_own = people::inbox_of(&mut tx, Some(&handle), None, &view).await?.is_some();
    drop(tx);
    if !is_ones_own || !object_key.starts_with(debrief_jobs::meeting::key::INBOX) {
        return Err(Problem::not_found().into());
    }
    match bucket.head(&object_key).await {
        Ok(_) => {}
        Err(BucketError::Away(_) | BucketError::Failed(_)) => {
            return Err(Problem::new(Code::Away, "The bucket isn’t responding.").into());
        }
        Err(_) => return Err(Problem::not_found().into()),
    }
    let tx = call.read(Right::TranscriptsWrite).await?;
    let reason = Some("it is read within seconds, once it is complete".to_owned());
    let status = Status { object_key, outcome: FileOutcome::New, reason, session_id: None, session_state: None };
    call.shown(tx, About::default(), &status).await
}

/// Download a transcript
///
/// The file as it was uploaded. The ids are in its session.
#[utoipa::path(get, path = "/v1/transcripts/{id}/content", tag = "transcripts", operation_id = "download_transcript",
    params(("id" = Uuid, Path,)), security(("key" = ["sessions:read"])),
    responses((status = 200, description = "The file", content_type = "application/octet-stream")))]
pub(super) async fn content(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SessionsRead).await?;
    let stored = listing::stored(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    call.noted(tx, About { other: Some(id), ..About::session(stored.session_id) }).await?;
    let content = call.state.services.bucket.get(&stored.stored_key).await.map_err(|error| {
        tracing::error!(target: "http", { error = %error }, "a transcript could not be read from the bucket");
        Problem::new(Code::Away, "The file can’t be read at the moment.")
    })?;
    let name = stored.object_key.rsplit('/').next().unwrap_or("transcript");
    Ok(download(Body::from(content), name, "application/octet-stream"))
}

/// A file to save, never to show: it's somebody else's content.
pub(super) fn download(content: Body, name: &str, content_type: &'static str) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\".contains(c) { c } else { '_' }).collect();
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let mut response = Response::new(content);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
