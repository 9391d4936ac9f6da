//! Rendering: turns a template and its context into a response.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use super::{HttpState, assets, failure::Failure};

#[derive(Serialize)]
struct Message<'a> {
    title: &'a str,
    detail: &'a str,
    style: String,
}

/// Renders a page from a template.
pub(super) fn render(
    state: &HttpState,
    status: StatusCode,
    template: &str,
    context: &impl Serialize,
) -> Result<Response, Failure> {
    let html =
        state.services.desk.post.templates.render(template, context).map_err(|error| Failure::internal(&error))?;
    Ok((status, Html(html)).into_response())
}

/// Renders a page with one message.
pub(super) fn message(state: &HttpState, status: StatusCode, title: &str, detail: &str) -> Result<Response, Failure> {
    render(state, status, "page/message.html", &Message { title, detail, style: style_path(state) })
}

/// The path of the style sheet.
pub(super) fn style_path(state: &HttpState) -> String {
    state.path(&assets::style_path())
}
