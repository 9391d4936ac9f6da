//! Ids on the command line: in full, or a unique prefix. Looks up what they refer to.

use anyhow::Context;
use debrief_jobs::{
    db::{TenantTx, Tx},
    model::id::IdPrefix,
    queue::admin::{self, Filter},
};
use uuid::Uuid;

use super::App;

impl App {
    /// The session that an id refers to, and a transaction of its organization.
    pub(crate) async fn session(&self, id: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid)> {
        let organizations = match id.whole() {
            Some(whole) => {
                let one = sqlx::query_scalar!("select organization_of_session($1)", whole);
                one.fetch_one(self.db.pool()).await?.into_iter().collect()
            }
            None => self.db.organizations().await?,
        };
        let (first, last) = id.range();
        let mut candidates = Vec::new();
        for organization in organizations {
            let mut tx = self.db.tenant(organization).await?;
            let rows = sqlx::query!(
                "select id, title, session_date from sessions where id between $1 and $2 order by id limit 20",
                first,
                last
            )
            .fetch_all(tx.conn())
            .await?;
            let called = |title: &str, date: chrono::NaiveDate| format!("{date}  {title}");
            candidates
                .extend(rows.into_iter().map(|row| ((row.id, called(&row.title, row.session_date)), organization)));
        }
        self.meant(id, "session", "debrief sessions list", candidates).await
    }

    /// The summary that an id refers to, and a transaction of its organization.
    pub(crate) async fn summary(&self, id: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid)> {
        let organizations = match id.whole() {
            Some(whole) => {
                let one = sqlx::query_scalar!("select organization_of_summary($1)", whole);
                one.fetch_one(self.db.pool()).await?.into_iter().collect()
            }
            None => self.db.organizations().await?,
        };
        let (first, last) = id.range();
        let mut candidates = Vec::new();
        for organization in organizations {
            let mut tx = self.db.tenant(organization).await?;
            let rows = sqlx::query!(
                "select summaries.id, name, session_date from summaries
                 join clients on clients.id = client_id join sessions on sessions.id = session_id
                 where summaries.id between $1 and $2 order by summaries.id limit 20",
                first,
                last
            )
            .fetch_all(tx.conn())
            .await?;
            let called = |name: &str, date: chrono::NaiveDate| format!("{date}  {name}");
            candidates
                .extend(rows.into_iter().map(|row| ((row.id, called(&row.name, row.session_date)), organization)));
        }
        if candidates.is_empty()
            && let Ok((mut tx, session)) = self.session(id).await
        {
            let rows = sqlx::query!(
                "select summaries.id, name from summaries join clients on clients.id = client_id
                 where session_id = $1 order by name",
                session
            )
            .fetch_all(tx.conn())
            .await?;
            let summaries: String = rows.iter().map(|row| format!("\n  {}  {}", row.id, row.name)).collect();
            let summaries = if summaries.is_empty() { "\n  (none yet)" } else { &summaries };
            anyhow::bail!(
                "{session} is a session; give the id of one of its summaries (see `debrief sessions show`):{summaries}"
            );
        }
        self.meant(id, "summary", "debrief sessions show SESSION", candidates).await
    }

    /// The action item that an id refers to, and a transaction of its organization.
    pub(crate) async fn action_item(&self, id: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid)> {
        let (first, last) = id.range();
        let mut candidates = Vec::new();
        for organization in self.db.organizations().await? {
            let mut tx = self.db.tenant(organization).await?;
            let rows = sqlx::query!(
                "select lasting_id, text from claims
                 join action_items on claim_id = claims.id
                 join summaries on summaries.id = summary_id and claims.version = coalesce(approved_version, summaries.version)
                 where lasting_id between $1 and $2 and state in ('done', 'approved') order by lasting_id limit 20",
                first,
                last
            )
            .fetch_all(tx.conn())
            .await?;
            candidates.extend(rows.into_iter().map(|row| ((row.lasting_id, row.text), organization)));
        }
        self.meant(id, "action item", "debrief actions list", candidates).await
    }

    /// The review link that an id refers to, and a transaction of its organization.
    pub(crate) async fn link(&self, id: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid)> {
        let (first, last) = id.range();
        let mut candidates = Vec::new();
        for organization in self.db.organizations().await? {
            let mut tx = self.db.tenant(organization).await?;
            let rows = sqlx::query!(
                "select link.id, title from review_links link join sessions on sessions.id = session_id
                 where link.id between $1 and $2 order by link.id limit 20",
                first,
                last
            )
            .fetch_all(tx.conn())
            .await?;
            candidates.extend(rows.into_iter().map(|row| ((row.id, row.title), organization)));
        }
        self.meant(id, "link", "debrief links list --all", candidates).await
    }

    /// The goal that an id refers to, and a transaction of its organization.
    pub(crate) async fn goal(&self, id: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid)> {
        let (first, last) = id.range();
        let mut candidates = Vec::new();
        for organization in self.db.organizations().await? {
            let mut tx = self.db.tenant(organization).await?;
            let rows =
                sqlx::query!("select id, text from goals where id between $1 and $2 order by id limit 20", first, last)
                    .fetch_all(tx.conn())
                    .await?;
            candidates.extend(rows.into_iter().map(|row| ((row.id, row.text), organization)));
        }
        self.meant(id, "goal", "debrief goals list", candidates).await
    }

    /// Which of the candidates (id, what it's called, and its organization) an id refers to, and a transaction of its
    /// organization. `what` they are, and the command to `see` them, are for the error.
    pub(crate) async fn meant(
        &self,
        id: &IdPrefix,
        what: &'static str,
        see: &str,
        candidates: Vec<((Uuid, String), Uuid)>,
    ) -> anyhow::Result<(TenantTx, Uuid)> {
        let chosen = id.choose(what, see, candidates.iter().map(|(candidate, _)| candidate.clone()))?;
        let found = candidates.iter().find(|((id, _), _)| *id == chosen);
        let (_, organization) = found.context("the one that was chosen is among the candidates")?;
        Ok((self.db.tenant(*organization).await?, chosen))
    }

    /// The job that an id refers to.
    pub(crate) async fn job(&self, id: &IdPrefix) -> anyhow::Result<Uuid> {
        if let Some(whole) = id.whole() {
            return Ok(whole);
        }
        let all = Filter { housekeeping: true, ..Filter::default() };
        let jobs = admin::list(self.db.pool(), &all, i64::from(i32::MAX)).await?;
        let called = |job: &admin::JobRow| format!("{}  {}", job.kind, job.state);
        Ok(id.choose("job", "debrief jobs list", jobs.iter().map(|job| (job.id, called(job))))?)
    }
}

/// The client that an id refers to, of one coach or of the transaction's whole organization.
pub(crate) async fn client(tx: &mut TenantTx, id: &IdPrefix, coach: Option<Uuid>) -> anyhow::Result<Uuid> {
    let (first, last) = id.range();
    let rows = sqlx::query!(
        "select id, name from clients
         where id between $1 and $2 and removed_at is null and ($3::uuid is null or coach_id = $3)
         order by id limit 20",
        first,
        last,
        coach
    )
    .fetch_all(tx.conn())
    .await?;
    let candidates = rows.into_iter().map(|row| (row.id, row.name));
    Ok(id.choose("client", "debrief client list --coach COACH", candidates)?)
}
