//! `/v1/summaries`: list, show with evidence, edit, versions and their differences, refine, undo, dismiss, reopen.

use axum::{
    extract::Path,
    http::{StatusCode, header},
};
use chrono::NaiveDate;
use debrief_jobs::{
    db::TenantTx,
    model::{
        Content, Owner, Section, SummaryState,
        diff::{self, SectionDiff},
        listing::{self, ShownSummary, SummaryLine, WantedSummaries},
    },
    review::{
        actions::{self, ShownVersion},
        edit::{self, Edits},
        refining,
    },
    rights::Right,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{self, About, Answer, Call, etag_of, tagged},
    input::{Asked, Id, Json, Page, Paging, given},
    problem::Problem,
};

/// Which summaries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those of this session.
    session_id: Option<Uuid>,
    /// Only those of this client.
    client_id: Option<Uuid>,
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// The state.
    #[param(inline)]
    state: Option<SummaryState>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List summaries
#[utoipa::path(get, path = "/v1/summaries", tag = "summaries", operation_id = "list_summaries", params(Which),
    security(("key" = ["summaries:read"])),
    responses((status = 200, description = "Summaries, newest first", body = Page<SummaryLine>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let limit = paging.limit()?;
    let wanted = WantedSummaries {
        session: which.session_id,
        client: which.client_id,
        coach: which.coach_id,
        state: which.state,
        after: paging.after(call.list())?,
        limit: limit + 1,
    };
    let mut tx = call.read(Right::SummariesRead).await?;
    let page = Page::of(call.list(), listing::summary_page(&mut tx, &wanted).await?, limit, |row| row.id);
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// A summary and its ETag.
pub(super) async fn one(tx: &mut TenantTx, id: Uuid) -> Result<(ShownSummary, String), Problem> {
    let summary = listing::summary(tx, id, None).await?.ok_or_else(Problem::not_found)?;
    let line = &summary.line;
    let etag = etag_of(&[&line.version.to_string(), &summary.hash, &line.state.to_string()]);
    Ok((summary, etag))
}

fn about(summary: &ShownSummary) -> About {
    About { client: Some(summary.line.client_id), ..About::summary(summary.line.session_id, summary.line.id) }
}

/// Show a summary
///
/// Each claim with the words that support it, as they were said.
#[utoipa::path(get, path = "/v1/summaries/{id}", tag = "summaries", operation_id = "get_summary",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "The summary", body = ShownSummary,
        headers(("ETag" = String, description = "For If-Match when it's changed")))))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let (summary, etag) = one(&mut tx, id).await?;
    tagged(call.shown(tx, about(&summary), &summary).await, &etag)
}

/// What to change in a claim; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedClaim {
    /// The claim, of the version that is changed: each version gives its claims new ids.
    id: Uuid,
    /// Leave it out.
    #[serde(default)]
    remove: bool,
    /// The sentence. Words that the evidence doesn't hold are the coach's own from then on.
    #[schema(max_length = 1000)]
    text: Option<String>,
    /// Move it to this section.
    section: Option<Section>,
    /// Who does it, for an action item.
    owner: Option<Owner>,
    /// By when, for an action item; `null` for no day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    due_date: Option<Option<NaiveDate>>,
}

/// A sentence to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddedClaim {
    /// Its section.
    section: Section,
    /// The sentence, in the coach's own words.
    #[schema(max_length = 1000)]
    text: String,
}

/// What to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditSummary)]
pub(super) struct Change {
    /// Claims to change; others stay.
    #[serde(default)]
    #[schema(max_items = 100)]
    claims: Vec<ChangedClaim>,
    /// Sentences to add.
    #[serde(default)]
    #[schema(max_items = 100)]
    add: Vec<AddedClaim>,
}

impl From<Change> for Edits {
    fn from(change: Change) -> Self {
        let mut edits = Self::default();
        for claim in change.claims {
            if claim.remove {
                edits.removals.insert(claim.id);
            }
            edits.texts.extend(claim.text.map(|text| (claim.id, text)));
            edits.sections.extend(claim.section.map(|section| (claim.id, section)));
            edits.owners.extend(claim.owner.map(|owner| (claim.id, owner)));
            let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            edits.due.extend(claim.due_date.map(|due| (claim.id, day(due))));
        }
        edits.additions = change.add.into_iter().map(|added| (added.section, added.text)).collect();
        edits
    }
}

/// Edit a summary
///
/// Makes a new version; nothing is overwritten. An edit that changes nothing makes none.
#[utoipa::path(patch, path = "/v1/summaries/{id}", tag = "summaries", operation_id = "edit_summary",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of what you read")),
    request_body = Change, security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The summary as it is now", body = ShownSummary),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn edit(call: Call, Id(id): Id, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &body.sha256).await?;
    let (before, etag) = one(&mut tx, id).await?;
    call.must_match(&etag)?;
    Problem::of_all(misplaced(&body.value, &before))?;
    let claims: Vec<Uuid> = body.value.claims.iter().map(|claim| claim.id).collect();
    let sections: Vec<Section> = body.value.add.iter().map(|added| added.section).collect();
    let edits = Edits::from(body.value);
    let line = &before.line;
    edit::edit(&mut tx, line.session_id, id, line.version, &edits, &call.caller.visitor)
        .await
        .map_err(|error| Problem::from(error).renamed(|field| place(field, &claims, &sections)))?;
    now(&call, tx, id).await
}

/// What is wrong with an edit as far as the claims tell: there's no such one, or it isn't one that somebody does by a day.
fn misplaced(change: &Change, before: &ShownSummary) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, changed) in change.claims.iter().enumerate() {
        let Some(claim) = before.claims.iter().find(|claim| claim.id == changed.id) else {
            let problem = "There’s no such claim in this version; each version gives its claims new ids.";
            problems.push(Problem::invalid(&format!("claims[{at}].id"), problem));
            continue;
        };
        if claim.action.is_some() {
            continue;
        }
        for (field, is_there) in [("owner", changed.owner.is_some()), ("due_date", changed.due_date.is_some())] {
            if is_there {
                let problem = "Only an action item has this. Move the claim to `action_items` first, with `section`.";
                problems.push(Problem::invalid(&format!("claims[{at}].{field}"), problem));
            }
        }
    }
    problems
}

/// Where in the body a field of the page stands: `text.{claim}`, `add.{section}`, `summary` for all of it.
fn place(field: &str, claims: &[Uuid], sections: &[Section]) -> Option<String> {
    if let Some(claim) = field.strip_prefix("text.") {
        let at = claims.iter().position(|id| id.to_string() == claim)?;
        return Some(format!("claims[{at}].text"));
    }
    if field == "summary" {
        // It has too many sentences.
        return Some("add".to_owned());
    }
    let section = field.strip_prefix("add.")?;
    let mut of_section = (0..sections.len()).filter(|at| sections[*at].as_str() == section);
    match (of_section.next(), of_section.next()) {
        (Some(at), None) => Some(format!("add[{at}].text")),
        // Of several in one section nobody knows which.
        _ => Some("add".to_owned()),
    }
}

/// Ends a change with the summary as it is now.
async fn now(call: &Call, mut tx: TenantTx, id: Uuid) -> Answer {
    let (summary, etag) = one(&mut tx, id).await?;
    call.done(tx, about(&summary), StatusCode::OK, &summary, &[(header::ETAG, etag)]).await
}

/// A version in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryVersion)]
struct VersionLine {
    /// From 1.
    version: i32,
    /// `summarizer`, `coach` or `refiner`.
    author: String,
    /// The provider of the words.
    provider: String,
    /// Its model.
    model: String,
    /// SHA-256 of the content, in hex.
    hash: String,
    /// When it was made.
    created_at: chrono::DateTime<chrono::Utc>,
}

/// List a summary's versions
#[utoipa::path(get, path = "/v1/summaries/{id}/versions", tag = "summaries", operation_id = "list_summary_versions",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "Versions, oldest first", body = Page<VersionLine>)))]
pub(super) async fn versions(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let (summary, _) = one(&mut tx, id).await?;
    let versions = debrief_jobs::review::view::versions(&mut tx, id).await?;
    let items = versions
        .into_iter()
        .map(|version| VersionLine {
            version: version.version,
            author: version.author,
            provider: version.provider,
            model: version.model,
            hash: version.content_hash,
            created_at: version.created_at,
        })
        .collect();
    call.shown(tx, about(&summary), &Page { items, next: None }).await
}

/// Show a version of a summary
#[utoipa::path(get, path = "/v1/summaries/{id}/versions/{version}", tag = "summaries", operation_id = "get_summary_version",
    params(("id" = Uuid, Path,), ("version" = i32, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "The summary as it was", body = ShownSummary)))]
pub(super) async fn version(call: Call, path: Option<Path<(Uuid, i32)>>) -> Answer {
    let Some(Path((id, version))) = path else { return Err(Problem::not_found().into()) };
    let mut tx = call.read(Right::SummariesRead).await?;
    let summary = listing::summary(&mut tx, id, Some(version)).await?.ok_or_else(Problem::not_found)?;
    call.shown(tx, about(&summary), &summary).await
}

/// Which versions to compare.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// The earlier version; the one before `to` if left out.
    from: Option<i32>,
    /// The later version; the latest if left out.
    to: Option<i32>,
}

/// What changed.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryDifference)]
struct Difference {
    /// The earlier version.
    from: i32,
    /// The later version.
    to: i32,
    /// The sections with a change, in order.
    sections: Vec<SectionDiff>,
}

/// Show what changed between two versions
#[utoipa::path(get, path = "/v1/summaries/{id}/difference", tag = "summaries", operation_id = "compare_summary_versions",
    params(("id" = Uuid, Path,), Between), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "What changed, word by word", body = Difference)))]
pub(super) async fn difference(call: Call, Id(id): Id, Asked(between): Asked<Between>) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let (latest, _) = one(&mut tx, id).await?;
    let to = between.to.unwrap_or(latest.line.version);
    let from = between.from.unwrap_or(to.saturating_sub(1));
    let newer = listing::summary(&mut tx, id, Some(to)).await?.ok_or_else(Problem::not_found)?;
    // Before the first there was nothing.
    let older = match from {
        0 => Vec::new(),
        from => listing::summary(&mut tx, id, Some(from)).await?.ok_or_else(Problem::not_found)?.claims,
    };
    let sections = diff::contents(&Content { claims: older }, &Content { claims: newer.claims.clone() });
    call.shown(tx, about(&newer), &Difference { from, to, sections }).await
}

/// What to change, in words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefineSummary)]
pub(super) struct Refinement {
    /// Such as "shorter" or "drop the second win".
    #[schema(min_length = 1, max_length = 500)]
    instruction: String,
}

/// A refinement that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedRefinement)]
struct Asking {
    /// Its id.
    refinement_id: Uuid,
}

/// Refine a summary
///
/// A job makes a new version of it; new words are verified like a draft's. `/v1/refinements/{id}` tells what became of it.
#[utoipa::path(post, path = "/v1/summaries/{id}/refine", tag = "summaries", operation_id = "refine_summary",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of what you read")),
    request_body = Refinement, security(("key" = ["summaries:write"])),
    responses((status = 202, description = "It will be done", body = Asking),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn refine(call: Call, Id(id): Id, body: Json<Refinement>) -> Answer {
    call.caller.view(Right::SummariesWrite)?;
    call::count_refinement(&call.state.services.db, &call.caller).await?;
    let mut tx = call.change(Right::SummariesWrite, &body.sha256).await?;
    let (summary, etag) = one(&mut tx, id).await?;
    call.must_match(&etag)?;
    let (about, session) = (about(&summary), summary.line.session_id);
    let shown = ShownVersion { version: summary.shown_version, hash: summary.hash };
    let instruction = &body.value.instruction;
    let refinement_id = refining::refine(&mut tx, session, id, &shown, instruction, &call.caller.visitor).await?;
    call.done(tx, about, StatusCode::ACCEPTED, &Asking { refinement_id }, &[]).await
}

/// Show what became of a refinement
#[utoipa::path(get, path = "/v1/refinements/{id}", tag = "summaries", operation_id = "get_refinement",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "The refinement", body = refining::Refinement)))]
pub(super) async fn refinement(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let refinement = refining::refinement(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let session = listing::place_of_summary(&mut tx, refinement.summary_id).await?.ok_or_else(Problem::not_found)?;
    call.shown(tx, About::summary(session, refinement.summary_id), &refinement).await
}

/// Undo the last edit or refinement
///
/// Makes a new version with the content of the one before.
#[utoipa::path(post, path = "/v1/summaries/{id}/undo", tag = "summaries", operation_id = "undo_summary",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of what you read")),
    security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The summary as it is now", body = ShownSummary),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn undo(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &[]).await?;
    let (summary, etag) = one(&mut tx, id).await?;
    call.must_match(&etag)?;
    let shown = ShownVersion { version: summary.shown_version, hash: summary.hash };
    refining::undo(&mut tx, summary.line.session_id, id, &shown, &call.caller.visitor).await?;
    now(&call, tx, id).await
}

/// Dismiss a summary
///
/// Nothing of it is sent.
#[utoipa::path(post, path = "/v1/summaries/{id}/dismiss", tag = "summaries", operation_id = "dismiss_summary",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The summary as it is now", body = ShownSummary)))]
pub(super) async fn dismiss(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &[]).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    actions::dismiss(&mut tx, session, id, &call.caller.visitor).await?;
    now(&call, tx, id).await
}

/// Reopen a dismissed summary
#[utoipa::path(post, path = "/v1/summaries/{id}/reopen", tag = "summaries", operation_id = "reopen_summary",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The summary as it is now", body = ShownSummary)))]
pub(super) async fn reopen(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &[]).await?;
    let session = listing::place_of_summary(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    actions::reopen(&mut tx, session, id, &call.caller.visitor).await?;
    now(&call, tx, id).await
}
