//! `/v1/clients`: a coach's clients, their history, and rosters.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use chrono::NaiveDate;
use debrief_jobs::{
    bundle,
    correct::{self, Merged},
    db::{TenantTx, View},
    people::{
        self, Applied, BookEntry, ClientChange, ClientSession, NewClient, PeopleError, Put, Removal, WantedClients,
    },
    rights::Right,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, Stop, etag_of, tagged},
    input::{Asked, Id, Json, Page, Paging, given},
    problem::{Code, Problem},
    transcripts, words,
};

/// Which clients.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only those with this tag.
    tag: Option<String>,
    /// Only those whose name, alias or address holds this, whatever the case and accents.
    q: Option<String>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List clients
///
/// To find a client by address, send it as `q`.
#[utoipa::path(get, path = "/v1/clients", tag = "clients", operation_id = "list_clients", params(Which),
    security(("key" = ["clients:read"])),
    responses((status = 200, description = "Clients, by name", body = Page<BookEntry>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let limit = paging.limit()?;
    let (coach, tag, named) = (which.coach_id, which.tag, which.q);
    let wanted = WantedClients { coach, tag, named, after: paging.after(call.list())?, limit: limit + 1 };
    let mut tx = call.read(Right::ClientsRead).await?;
    let items = people::client_page(&mut tx, &wanted).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.name.clone(), row.id));
    call.shown(tx, About::list(page.items.len()), &page).await
}

async fn one(tx: &mut TenantTx, id: Uuid) -> Result<(BookEntry, String), Problem> {
    let client = people::client_by_id(tx, id).await?.ok_or_else(Problem::not_found)?;
    let etag = etag_of(&[&client.updated_at.to_rfc3339(), &client.aliases.join("\n")]);
    Ok((client, etag))
}

/// Show a client
#[utoipa::path(get, path = "/v1/clients/{id}", tag = "clients", operation_id = "get_client", params(("id" = Uuid, Path,)),
    security(("key" = ["clients:read"])),
    responses((status = 200, description = "The client", body = BookEntry,
        headers(("ETag" = String, description = "For If-Match when it's changed")))))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::ClientsRead).await?;
    let (client, etag) = one(&mut tx, id).await?;
    tagged(call.shown(tx, About::client(id), &client).await, &etag)
}

/// A client to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClient)]
pub(super) struct Wanted {
    /// The coach; a coach's own key may leave it out.
    coach_id: Option<Uuid>,
    /// The full name.
    name: String,
    /// Where follow-ups are sent.
    email: Option<String>,
    /// What follows "Hello" in letters; derived from the name if left out.
    greeting: Option<String>,
    /// Whether this is another person than the client who has the name already.
    #[serde(default)]
    namesake: bool,
    /// Other names, as they stand in transcripts.
    #[serde(default)]
    aliases: Vec<String>,
    /// Free-form tags.
    tags: Option<Vec<String>>,
}

/// Add a client
///
/// A client who is there already, by address or else by name, is updated: `added` tells. One of the same name with another address
/// is `409`, and nothing is changed: if it’s the same person, change the address with PATCH; if it’s somebody else, say
/// `namesake`.
#[utoipa::path(post, path = "/v1/clients", tag = "clients", operation_id = "create_client", request_body = Wanted,
    security(("key" = ["clients:write"])),
    responses((status = 201, description = "The client was added", body = Put),
        (status = 200, description = "The client was there", body = Put)))]
pub(super) async fn create(call: Call, body: Json<Wanted>) -> Answer {
    let wanted = body.value;
    let coach = coach(&call, wanted.coach_id)?;
    let mut tx = call.change(Right::ClientsWrite, &body.sha256).await?;
    let client = NewClient {
        name: &wanted.name,
        email: wanted.email.as_deref(),
        greeting: wanted.greeting.as_deref(),
        namesake: wanted.namesake,
        aliases: wanted.aliases,
        tags: wanted.tags,
    };
    known(&mut tx, coach).await?;
    let put = people::add_client_of(&mut tx, coach, client).await?;
    if put.was_email.is_some() {
        // Nothing is committed. Whoever only adds people doesn't send somebody's letters elsewhere by it.
        let detail = format!(
            "{} is a client already, with another address, so nothing was changed. If it’s the same person, change the \
             address with PATCH /v1/clients/{}; if it’s somebody else, send \"namesake\": true.",
            put.name, put.id
        );
        return Err(Problem::new(Code::Taken, detail).into());
    }
    let status = if put.added { StatusCode::CREATED } else { StatusCode::OK };
    call.done(tx, About::client(put.id), status, &put, &[]).await
}

/// The coach whose clients are changed, if the caller may.
fn coach(call: &Call, wanted: Option<Uuid>) -> Result<Uuid, Stop> {
    let view = call.caller.view(Right::ClientsWrite)?;
    let coach = wanted.or(call.caller.person).ok_or_else(|| Problem::invalid("coach_id", "Say whose client it is."))?;
    match view {
        View::Coaches(coaches) if !coaches.contains(&coach) => {
            Err(Problem::invalid("coach_id", "There’s no such coach whose clients you can change.").into())
        }
        View::Coaches(_) | View::Organization => Ok(coach),
    }
}

async fn known(tx: &mut TenantTx, coach: Uuid) -> Result<(), Problem> {
    let is_there = people::has_coach(tx, coach).await?;
    let unknown = || Problem::invalid("coach_id", "There’s no such coach whose clients you can change.");
    is_there.then_some(()).ok_or_else(unknown)
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeClient)]
pub(super) struct Change {
    /// The name; the old one stays as an alias.
    name: Option<String>,
    /// Where follow-ups are sent; `null` for nowhere. Letters held for another address are stopped.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// What follows "Hello"; `null` to derive it from the name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    greeting: Option<Option<String>>,
    /// Other names to add.
    #[serde(default)]
    add_aliases: Vec<String>,
    /// Other names to remove.
    #[serde(default)]
    remove_aliases: Vec<String>,
    /// Tags, instead of the present ones.
    tags: Option<Vec<String>>,
}

/// Change a client
///
/// Another address is a change of this client, and no second one.
#[utoipa::path(patch, path = "/v1/clients/{id}", tag = "clients", operation_id = "change_client",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of what you read")),
    request_body = Change, security(("key" = ["clients:write"])),
    responses((status = 200, description = "The client as it is now", body = BookEntry),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn change(call: Call, Id(id): Id, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::ClientsWrite, &body.sha256).await?;
    people::hold_client(&mut tx, id).await?;
    let (client, etag) = one(&mut tx, id).await?;
    call.must_match(&etag)?;
    let Change { name, email, greeting, add_aliases, remove_aliases, tags } = body.value;
    let change = ClientChange { name, email, greeting, aliases: add_aliases, remove_aliases, tags };
    let aliases = |field: &str| (field == "aliases").then(|| "add_aliases".to_owned());
    people::change_found(&mut tx, &client.into(), change).await.map_err(|error| match error {
        error @ PeopleError::NoAlias(_) => Problem::from(error).renamed(|_| Some("remove_aliases".to_owned())),
        error => Problem::from(error).renamed(aliases),
    })?;
    let (client, etag) = one(&mut tx, id).await?;
    call.done(tx, About::client(id), StatusCode::OK, &client, &[(header::ETAG, etag)]).await
}

/// Remove a client
///
/// One with sessions stays in them by name, and is no longer matched, listed or written to; open goals are dropped.
#[utoipa::path(delete, path = "/v1/clients/{id}", tag = "clients", operation_id = "remove_client",
    params(("id" = Uuid, Path,)), security(("key" = ["clients:write"])),
    responses((status = 200, description = "What was removed, and what stays", body = Removal)))]
pub(super) async fn remove(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::ClientsWrite, &[]).await?;
    people::hold_client(&mut tx, id).await?;
    let (client, _) = one(&mut tx, id).await?;
    let removal = people::remove_found(&mut tx, client.into(), false, &call.caller.visitor).await?;
    call.done(tx, About::client(id), StatusCode::OK, &removal, &[]).await
}

/// List a client's sessions
///
/// Newest first, with how engaged the client was: the history, and engagement over time.
#[utoipa::path(get, path = "/v1/clients/{id}/sessions", tag = "clients", operation_id = "list_client_sessions",
    params(("id" = Uuid, Path,), Paging), security(("key" = ["clients:read"])),
    responses((status = 200, description = "Sessions", body = Page<ClientSession>)))]
pub(super) async fn sessions(call: Call, Id(id): Id, Asked(paging): Asked<Paging>) -> Answer {
    let (limit, after) = (paging.limit()?, paging.after::<(NaiveDate, Uuid)>(call.list())?);
    let mut tx = call.read(Right::ClientsRead).await?;
    one(&mut tx, id).await?;
    let items = people::client_sessions(&mut tx, id, after, limit + 1).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.session_date, row.session_id));
    call.shown(tx, About::client(id), &page).await
}

/// What a bundle has.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Holds {
    /// Also what the summaries have for the coach alone.
    #[serde(default)]
    #[param(default = false)]
    coach_sections: bool,
}

/// Download a client's data
///
/// A ZIP for a client who asks what is held of them: a page, JSON, and the letters as they were sent. It has what the client
/// said, what was written to them and what is known of them, and nothing that others said in a group. It takes both scopes.
#[utoipa::path(get, path = "/v1/clients/{id}/bundle", tag = "clients", operation_id = "get_client_bundle",
    params(("id" = Uuid, Path,), Holds), security(("key" = ["summaries:read", "sessions:read"])),
    responses((status = 200, description = "The ZIP", content_type = "application/zip")))]
pub(super) async fn bundled(call: Call, Id(id): Id, Asked(holds): Asked<Holds>) -> Answer {
    // It has what was said, and what was written of it.
    call.caller.view(Right::SessionsRead).map_err(Problem::from)?;
    let mut tx = call.read(Right::SummariesRead).await?;
    let wanted = bundle::Wanted { client: id, coach_sections: holds.coach_sections };
    let bundle = bundle::gather(&mut tx, wanted).await?.ok_or_else(Problem::not_found)?;
    call.noted(tx, About::client(id)).await?;
    let templates = Arc::clone(&call.state.services.desk.post.templates);
    let packed = tokio::task::spawn_blocking(move || bundle::pack(&bundle, &templates)).await;
    let zip = packed.map_err(|error| error.to_string()).and_then(|packed| packed.map_err(|error| error.to_string()));
    let zip = zip.map_err(|error| {
        tracing::error!(target: "http", { client.id = %id, error }, "a client's bundle could not be packed");
        Problem::new(Code::Away, "The bundle can’t be made at the moment.")
    })?;
    Ok(transcripts::download(Body::from(zip), "client.zip", "application/zip"))
}

/// Which client goes into which.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MergeClient)]
pub(super) struct Merge {
    /// The client that remains.
    into: Uuid,
    /// Whether they're one person although both speak in one session.
    #[serde(default)]
    same_person: bool,
    /// Only tell what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Merge a client into another
///
/// Its sessions, summaries, goals, names and mails become the other's. It can't be undone.
#[utoipa::path(post, path = "/v1/clients/{id}/merge", tag = "clients", operation_id = "merge_clients",
    params(("id" = Uuid, Path,)), request_body = Merge, security(("key" = ["clients:write"])),
    responses((status = 200, description = "What it did", body = Merged)))]
pub(super) async fn merge(call: Call, Id(id): Id, body: Json<Merge>) -> Answer {
    let mut tx = call.change(Right::ClientsWrite, &body.sha256).await?;
    let Merge { into, same_person, dry_run } = body.value;
    let ((from, _), (into, _)) = (one(&mut tx, id).await?, one(&mut tx, into).await?);
    let about = About { other: Some(id), ..About::client(into.id) };
    let merged =
        correct::merge_found(&mut tx, from.into(), into.into(), (same_person, dry_run), &call.caller.visitor).await?;
    call.done(tx, about, StatusCode::OK, &merged, &[]).await
}

/// Whose roster.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The coach; a coach's own key may leave it out.
    coach_id: Option<Uuid>,
}

/// Import a roster
///
/// A CSV of clients: name, email, other names, tags. Each line that can't be used is named, and the others are applied.
#[utoipa::path(post, path = "/v1/clients/import", tag = "clients", operation_id = "import_roster", params(Whose),
    request_body(content = String, content_type = "text/csv"), security(("key" = ["clients:write"])),
    responses((status = 200, description = "What was applied, and what wasn't", body = Applied)))]
pub(super) async fn import(call: Call, Asked(whose): Asked<Whose>, body: axum::body::Bytes) -> Answer {
    use sha2::Digest;
    let coach = coach(&call, whose.coach_id)?;
    let mut tx = call.change(Right::ClientsWrite, &sha2::Sha256::digest(&body)).await?;
    known(&mut tx, coach).await?;
    let mut applied = people::import_roster_of(&mut tx, coach, &body).await?;
    for problem in &mut applied.problems {
        *problem = words::of_api(problem);
    }
    call.done(tx, About::other(coach), StatusCode::OK, &applied, &[]).await
}
