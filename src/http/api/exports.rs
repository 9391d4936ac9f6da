//! `/v1/exports`: start one, see how far it is, and download its files.

use axum::{body::Body, extract::Path, http::StatusCode};
use debrief_jobs::{
    export::{self, ExportLine, ExportState, StartError, TableSchema, Wish, WishError},
    rights::Right,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Id, MaybeJson, Page, Paging},
    problem::{Code, Problem},
    transcripts,
    words::listed,
};
use crate::http::failure::capitalized;

/// List exports
#[utoipa::path(get, path = "/v1/exports", tag = "exports", operation_id = "list_exports", params(Paging),
    security(("key" = ["exports:read"])),
    responses((status = 200, description = "Exports, newest first", body = Page<ExportLine>)))]
pub(super) async fn list(call: Call, Asked(paging): Asked<Paging>) -> Answer {
    let (limit, after) = (paging.limit()?, paging.after(call.list())?);
    let mut tx = call.read(Right::ExportsRead).await?;
    let page = Page::of(call.list(), export::page(&mut tx, after, limit + 1).await?, limit, |row| row.id);
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// An export that was started.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedExport)]
struct Started {
    /// Its id.
    id: Uuid,
}

/// Start an export
///
/// Of everything in the organization, as Parquet, CSV and JSON Lines, unless the body asks for a part. While one of the
/// same runs, that one is given.
#[utoipa::path(post, path = "/v1/exports", tag = "exports", operation_id = "start_export", request_body = Option<Wish>,
    security(("key" = ["exports:read"])),
    responses((status = 202, description = "It runs", body = Started)))]
pub(super) async fn start(call: Call, body: MaybeJson<Wish>) -> Answer {
    let mut tx = call.change(Right::ExportsRead, &body.sha256).await?;
    let wish = body.value.checked().map_err(|error| {
        let field = match error {
            WishError::NoSuchTable(_) => "tables",
            WishError::Days { .. } | WishError::Year(_) => "scope",
        };
        Problem::invalid(field, format!("{}.", capitalized(&error.to_string())))
    })?;
    let id = export::start_as(&mut tx, &wish).await.map_err(|error| match error {
        StartError::TooMany => {
            Problem::new(Code::TooManyRequests, format!("{}.", capitalized(&error.to_string()))).later(60)
        }
        StartError::Database(error) => error.into(),
        StartError::Json(error) => Problem::internal(&error),
    })?;
    call.done(tx, About::other(id), StatusCode::ACCEPTED, &Started { id }, &[]).await
}

/// What an export holds.
#[derive(Serialize, ToSchema)]
struct ExportSchema {
    /// Increases when a table or column is removed or changes its meaning.
    schema_version: u32,
    /// The tables, in order.
    tables: Vec<TableSchema>,
}

/// Show the tables and columns of exports
#[utoipa::path(get, path = "/v1/exports/schema", tag = "exports", operation_id = "get_export_schema",
    security(("key" = ["exports:read"])),
    responses((status = 200, description = "The tables", body = ExportSchema)))]
pub(super) async fn schema(call: Call) -> Answer {
    let tx = call.read(Right::ExportsRead).await?;
    let schema = ExportSchema { schema_version: export::SCHEMA_VERSION, tables: export::schema() };
    call.shown(tx, About::default(), &schema).await
}

/// Show an export
#[utoipa::path(get, path = "/v1/exports/{id}", tag = "exports", operation_id = "get_export", params(("id" = Uuid, Path,)),
    security(("key" = ["exports:read"])),
    responses((status = 200, description = "The export; its manifest once it is finished", body = ExportLine)))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::ExportsRead).await?;
    let export = export::one(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    call.shown(tx, About::other(id), &export).await
}

/// Download a file of an export
///
/// By the table's name and the format (`parquet`, `csv` or `jsonl`) in the manifest.
#[utoipa::path(get, path = "/v1/exports/{id}/{table}/{format}", tag = "exports", operation_id = "download_export",
    params(("id" = Uuid, Path,), ("table" = String, Path,), ("format" = String, Path,)),
    security(("key" = ["exports:read"])),
    responses((status = 200, description = "The file", content_type = "application/octet-stream")))]
pub(super) async fn file(call: Call, path: Option<Path<(Uuid, String, String)>>) -> Answer {
    let Some(Path((id, table, format))) = path else { return Err(Problem::not_found().into()) };
    let mut tx = call.read(Right::ExportsRead).await?;
    let export = export::one(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let Some(manifest) = &export.manifest else {
        let detail = match export.state {
            ExportState::Failed => "This export failed, so it has no files. Start another one.",
            ExportState::Running | ExportState::Finished => "This export isn’t finished, so it has no files yet.",
        };
        return Err(Problem::new(Code::NotFound, detail).into());
    };
    let tables = &manifest.0.tables;
    let Some(files) = tables.iter().find(|known| known.name == table).map(|known| &known.files) else {
        let there = listed(tables.iter().map(|known| known.name.as_ref()));
        return Err(
            Problem::new(Code::NotFound, format!("This export has no such table. Its tables are {there}.")).into()
        );
    };
    let Some(found) = files.iter().find(|file| file.format == format) else {
        let there = listed(files.iter().map(|file| file.format.as_ref()));
        return Err(Problem::new(Code::NotFound, format!("There’s no such format. Its formats are {there}.")).into());
    };
    call.noted(tx, About::other(id)).await?;
    let content = call.state.services.bucket.stream(&found.key).await.map_err(|error| {
        tracing::error!(target: "http", { error = %error }, "a file of an export could not be read from the bucket");
        Problem::new(Code::Away, "The file can’t be read at the moment.")
    })?;
    Ok(transcripts::download(Body::from_stream(content), &format!("{table}.{format}"), "application/octet-stream"))
}
