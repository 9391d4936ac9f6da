//! `/v1/jobs`, `/v1/schedules` and `/v1/costs`: what an organization's admin sees of the machinery. Ids, kinds, times and errors; never what
//! was said.

use axum::http::StatusCode;
use chrono::NaiveDate;
use debrief_jobs::{
    db::{TenantTx, Tx},
    llm::costs::{self, Cost},
    queue::{
        JobState,
        admin::{self, Filter, JobDetail, JobRow},
        schedule::{self, ScheduleRow},
    },
    rights::Right,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, Stop},
    input::{Asked, Id, Page, Paging},
    problem::Problem,
};

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The state.
    #[param(inline)]
    state: Option<JobState>,
    /// The kind, such as `summarize.client`.
    kind: Option<String>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List jobs
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(Which),
    security(("key" = ["jobs:write"])),
    responses((status = 200, description = "Jobs of the organization, newest first", body = Page<JobRow>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let (limit, before) = (paging.limit()?, paging.after(call.list())?);
    let mut tx = call.read(Right::JobsWrite).await?;
    let filter = Filter { state: which.state, kind: which.kind, before, ..own(&call) };
    let items = admin::list(tx.conn(), &filter, limit + 1).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.created_at, row.id));
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// Jobs of the caller's organization: the queue's functions look across all.
fn own(call: &Call) -> Filter {
    Filter { organization: Some(call.caller.organization), ..Filter::default() }
}

async fn one(call: &Call, tx: &mut TenantTx, id: Uuid) -> Result<JobDetail, Stop> {
    let found = admin::show(tx.conn(), id).await?;
    let own = found.filter(|job| job.row.organization_id == Some(call.caller.organization));
    own.ok_or_else(|| Problem::not_found().into())
}

/// Show a job
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "get_job", params(("id" = Uuid, Path,)),
    security(("key" = ["jobs:write"])),
    responses((status = 200, description = "The job, with its attempts", body = JobDetail)))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::JobsWrite).await?;
    let job = one(&call, &mut tx, id).await?;
    call.shown(tx, About::other(id), &job).await
}

/// List schedules
///
/// Of the whole installation, with their last and next run. The setting `queue.schedules` changes them.
#[utoipa::path(get, path = "/v1/schedules", tag = "jobs", operation_id = "list_schedules",
    security(("key" = ["jobs:write"])),
    responses((status = 200, description = "What runs on a schedule", body = Page<ScheduleRow>)))]
pub(super) async fn schedules(call: Call) -> Answer {
    let mut tx = call.read(Right::JobsWrite).await?;
    let items = schedule::list(tx.conn(), &call.state.api.schedules).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// How many jobs that was.
#[derive(Serialize, ToSchema)]
#[schema(as = CountedJobs)]
struct Counted {
    /// How many.
    jobs: i64,
}

/// Retry a dead job
#[utoipa::path(post, path = "/v1/jobs/{id}/retry", tag = "jobs", operation_id = "retry_job", params(("id" = Uuid, Path,)),
    security(("key" = ["jobs:write"])),
    responses((status = 200, description = "How many run again: 0 if it isn't dead", body = Counted)))]
pub(super) async fn retry(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::JobsWrite, &[]).await?;
    one(&call, &mut tx, id).await?;
    let jobs = admin::retry(tx.conn(), &Filter { id: Some(id), ..own(&call) }).await?;
    call.done(tx, About::other(id), StatusCode::OK, &Counted { jobs }, &[]).await
}

/// Cancel a job that waits
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job", params(("id" = Uuid, Path,)),
    security(("key" = ["jobs:write"])),
    responses((status = 200, description = "How many were cancelled: 0 if it ran or runs", body = Counted)))]
pub(super) async fn cancel(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::JobsWrite, &[]).await?;
    one(&call, &mut tx, id).await?;
    let jobs = admin::cancel(tx.conn(), &Filter { id: Some(id), ..own(&call) }).await?;
    call.done(tx, About::other(id), StatusCode::OK, &Counted { jobs }, &[]).await
}

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// From this day, in the organization's time zone.
    since: Option<NaiveDate>,
}

/// Show what language models cost
#[utoipa::path(get, path = "/v1/costs", tag = "costs", operation_id = "list_costs", params(Since),
    security(("key" = ["costs:read"])),
    responses((status = 200, description = "By month, task and model", body = Page<Cost>)))]
pub(super) async fn costs(call: Call, Asked(since): Asked<Since>) -> Answer {
    let mut tx = call.read(Right::CostsRead).await?;
    let items = costs::of(&mut tx, since.since).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}
