//! `/v1/action-items`: what was promised, by whom and until when, over all sessions.

use chrono::NaiveDate;
use debrief_jobs::{
    model::{
        Owner,
        listing::{self, ActionLine, WantedActions},
    },
    rights::Right,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Page, Paging},
};

/// Which action items.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those from sessions with this client.
    client_id: Option<Uuid>,
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only those of this owner.
    #[param(inline)]
    owner: Option<Owner>,
    /// Only those whose day has passed, and of which no later session says that they were done.
    #[serde(default)]
    overdue: bool,
    /// Only those from sessions on or after this day.
    from: Option<NaiveDate>,
    /// Only those from sessions on or before this day.
    to: Option<NaiveDate>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List action items
///
/// Of summaries that are approved or wait for their coach. A summary's edit changes who does one and by when.
#[utoipa::path(get, path = "/v1/action-items", tag = "summaries", operation_id = "list_action_items", params(Which),
    security(("key" = ["summaries:read"])),
    responses((status = 200, description = "Action items, those of the newest session first", body = Page<ActionLine>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let limit = paging.limit()?;
    let wanted = WantedActions {
        client: which.client_id,
        coach: which.coach_id,
        owner: which.owner.map(Owner::as_str),
        overdue: which.overdue,
        from: which.from,
        to: which.to,
        after: paging.after()?,
        limit: limit + 1,
    };
    let mut tx = call.read(Right::SummariesRead).await?;
    let items = listing::action_page(&mut tx, &wanted).await?;
    let page = Page::of(items, limit, |row| (row.session_date, row.claim_id));
    call.shown(tx, About::list(page.items.len()), &page).await
}
