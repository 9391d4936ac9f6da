//! `debrief links make`: creates a review link like the one in the email to the coach.

use anyhow::Context;
use clap::Args;
use debrief_jobs::{
    audit::{self, Event, EventKind, Visitor},
    db::Tx,
    links::{self, LinkFilter, RevokeReason},
    model::{
        SessionState, SessionStatus,
        id::IdPrefix,
        listing::{self, Filter, Row},
    },
};
use serde_json::json;
use uuid::Uuid;

use super::super::{App, output::tell};

/// Create a review link to a session for its coach
///
/// The coach normally gets a link by email; use this if the email was not sent or got lost. The new link replaces older
/// links to that session. Without an id, it is for the only session that needs its coach. Anyone who has the link acts
/// as the coach: give it to nobody else.
#[derive(Debug, Args)]
pub(crate) struct Make {
    /// The session's id, or its first digits
    id: Option<IdPrefix>,
}

impl Make {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, session) = match &self.id {
            Some(id) => app.session(id).await?,
            None => {
                let (organization, session) = only_waiting(app).await?;
                (app.db.tenant(organization).await?, session)
            }
        };
        let row = sqlx::query!(
            r#"select coach_id, state as "state: SessionState", title from sessions where id = $1"#,
            session
        )
        .fetch_optional(tx.conn())
        .await?
        .context("the session was there a moment ago")?;
        anyhow::ensure!(
            matches!(row.state, SessionState::WaitingForSpeakers | SessionState::InReview | SessionState::Closed),
            "there is nothing to open yet: {} is {}; see `debrief sessions show {session}`",
            row.title,
            row.state
        );
        let days = app.config.review.link_days;
        let (link, token) = links::issue(&mut tx, row.coach_id, session, days).await?;
        let replaced = links::revoke(&mut tx, LinkFilter::Others { session, link }, RevokeReason::Replaced).await?;
        let detail = json!({ "operation": "debrief links make" });
        let event = Event { link_id: Some(link), detail, ..Event::of(session, EventKind::Changed) };
        audit::record(&mut tx, &event, &Visitor::default()).await?;
        tx.commit().await?;
        if replaced > 0 {
            tell("older links to this session, including the emailed one, no longer work: this one replaces them");
        }
        let url = app.config.review.base_url.join(&format!("r/{}", token.reveal()))?.to_string();
        app.output.one(&json!({ "session_id": session, "url": url, "opens_for_days": days }), |_| url.clone())
    }
}

/// The session that needs its coach, if there is only one.
async fn only_waiting(app: &App) -> anyhow::Result<(Uuid, Uuid)> {
    let mut waiting: Vec<(Uuid, Row)> = Vec::new();
    for organization in app.db.organizations().await? {
        let mut tx = app.db.tenant(organization).await?;
        for state in [SessionStatus::InReview, SessionStatus::WaitingForSpeakers] {
            let filter = Filter { state: Some(state), limit: 20, ..Filter::default() };
            waiting.extend(listing::sessions(&mut tx, &filter).await?.into_iter().map(|row| (organization, row)));
        }
    }
    match waiting.as_slice() {
        [(organization, row)] => Ok((*organization, row.id)),
        [] => anyhow::bail!("no session needs its coach: see `debrief sessions list`"),
        several => {
            let lines: String = several
                .iter()
                .map(|(_, row)| format!("\n  {}  {}  {}  {}", row.id, row.session_date, row.coach, row.title))
                .collect();
            anyhow::bail!("several sessions need their coaches; choose one with `debrief links make ID`:{lines}")
        }
    }
}
