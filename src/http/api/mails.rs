//! `/v1/mails`: what was mailed about sessions and weeks, and what became of it; `/v1/mail-templates`: what mails say.

use axum::{extract::Path, http::StatusCode};
use debrief_jobs::{
    mail::{self, MailError, MailLine, Message, WantedMails},
    model::MailState,
    rights::Right,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, json_response},
    input::{Asked, Page, Paging},
    problem::Problem,
};

/// Which mails.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those about this session.
    session_id: Option<Uuid>,
    /// Only those to this client.
    client_id: Option<Uuid>,
    /// Only those of this kind: a name of `/v1/mail-templates`.
    kind: Option<String>,
    /// Only those that stand so.
    #[param(inline)]
    state: Option<MailState>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List mails
///
/// To coaches and clients, about sessions and weeks. Mails about accounts aren't among them. What a letter says is at
/// `/v1/summaries/{id}/letter`.
#[utoipa::path(get, path = "/v1/mails", tag = "follow-ups", operation_id = "list_mails", params(Which),
    security(("key" = ["summaries:read"])),
    responses((status = 200, description = "Mails, newest first", body = Page<MailLine>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let (limit, after) = (paging.limit()?, paging.after(call.list())?);
    let Which { session_id: session, client_id: client, kind, state, .. } = which;
    let mut tx = call.read(Right::SummariesRead).await?;
    let wanted = WantedMails { session, client, kind, state, after, limit: limit + 1 };
    let page = Page::of(call.list(), mail::page(&mut tx, &wanted).await?, limit, |row| row.id);
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// What a mail says.
#[derive(Serialize, ToSchema)]
struct MailTemplate {
    /// Its permanent name.
    name: &'static str,
    /// The subject of the sample.
    subject: String,
}

/// What a mail says, with a sample's values.
#[derive(Serialize, ToSchema)]
struct MailTemplatePreview {
    /// Its permanent name.
    name: &'static str,
    /// The subject.
    subject: String,
    /// The text part.
    text: String,
    /// The HTML part.
    html: Option<String>,
}

/// Renders samples, which takes a while: no transaction is open, and no thread of the pages is held.
async fn previews(call: &Call, name: Option<String>) -> Result<Vec<MailTemplatePreview>, Problem> {
    let templates = call.state.services.desk.post.templates.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        let wanted = |message: &Message| name.as_ref().is_none_or(|name| message.kind() == name);
        let preview = |message: Message| {
            let mail::Rendered { subject, text, html } = mail::render(&templates, &message)?;
            Ok(MailTemplatePreview { name: message.kind(), subject, text, html })
        };
        Message::samples().into_iter().filter(wanted).map(preview).collect::<Result<_, MailError>>()
    });
    let rendered = rendered.await.map_err(|error| Problem::internal(&error))?;
    rendered.map_err(|error| Problem::internal(&error))
}

/// List mail templates
///
/// Every kind of mail that is sent. They're part of the program.
#[utoipa::path(get, path = "/v1/mail-templates", tag = "templates", operation_id = "list_mail_templates",
    security(("key" = ["templates:read"])),
    responses((status = 200, description = "The templates", body = Page<MailTemplate>)))]
pub(super) async fn templates(call: Call) -> Answer {
    call.caller.view(Right::TemplatesRead)?;
    let previews = previews(&call, None).await?;
    let items: Vec<_> =
        previews.into_iter().map(|MailTemplatePreview { name, subject, .. }| MailTemplate { name, subject }).collect();
    let tx = call.read(Right::TemplatesRead).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// Preview a mail template
///
/// As it's sent, with the values of a sample.
#[utoipa::path(get, path = "/v1/mail-templates/{name}", tag = "templates", operation_id = "get_mail_template",
    params(("name" = String, Path,)), security(("key" = ["templates:read"])),
    responses((status = 200, description = "The sample", body = MailTemplatePreview)))]
pub(super) async fn template(call: Call, Path(name): Path<String>) -> Answer {
    let tx = call.read(Right::TemplatesRead).await?;
    call.noted(tx, About::default()).await?;
    let preview = previews(&call, Some(name)).await?.pop().ok_or_else(Problem::not_found)?;
    Ok(json_response(StatusCode::OK, &preview)?)
}
