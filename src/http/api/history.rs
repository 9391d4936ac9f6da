//! `/v1/audit`: who did what, when and from where.

use debrief_jobs::{
    audit::{self, Entry},
    rights::Right,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Page, Paging},
};

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only about this session.
    session_id: Option<Uuid>,
    /// Only by this person.
    person_id: Option<Uuid>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Read the audit
///
/// Every read and change of clients' data, and every change of people and settings, over the API and the pages; not what an
/// operator does on the command line. It is only ever added to.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", operation_id = "list_audit", params(Which),
    security(("key" = ["audit:read"])),
    responses((status = 200, description = "Entries, newest first", body = Page<Entry>)))]
pub(super) async fn audit(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let (limit, after) = (paging.limit()?, paging.after(call.list())?);
    let mut tx = call.read(Right::AuditRead).await?;
    let items = audit::page(&mut tx, which.session_id, which.person_id, after, limit + 1).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.at, row.id));
    call.shown(tx, About::list(page.items.len()), &page).await
}
