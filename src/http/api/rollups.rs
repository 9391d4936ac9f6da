//! `/v1/rollups`: the weeks of coaches.

use chrono::NaiveDate;
use debrief_jobs::{
    rights::Right,
    rollup::{self, StoredRollup},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Page, Paging},
};

/// Which weeks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List weekly rollups
#[utoipa::path(get, path = "/v1/rollups", tag = "rollups", operation_id = "list_rollups", params(Which),
    security(("key" = ["rollups:read"])),
    responses((status = 200, description = "Rollups, newest week first", body = Page<StoredRollup>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let (limit, after) = (paging.limit()?, paging.after::<(NaiveDate, Uuid)>(call.list())?);
    let mut tx = call.read(Right::RollupsRead).await?;
    let items = rollup::page(&mut tx, which.coach_id, after, limit + 1).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.first_day, row.id));
    call.shown(tx, About::list(page.items.len()), &page).await
}
