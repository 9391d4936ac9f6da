//! The jobs `export.organization` and `export.all`.
//!
//! Reads every table in one snapshot to local files; uploads them; writes the manifest, then the export's row. A rerun
//! of a published export finds its manifest and changes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Settings,
    manifest::{self, ExportedTable, Manifest, SCHEMA_VERSION},
    table::FORMATS,
    tables, upload,
};
use crate::{
    bucket::{Bucket, BucketError},
    db::{TenantTx, Tx},
    mail::{self, Post, Trouble},
    queue::{
        Context, Finished, Job, JobArgs, JobError, Policy, enqueue,
        schedule::{Missed, Schedule, job},
    },
    webhook::{self, Event, EventType},
};

/// Every night at 02:15 UTC.
pub const SCHEDULE: Schedule =
    Schedule::new("export", "0 15 2 * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, ExportAll {}));

/// The snapshot's time limit: it holds back the database's own cleanup.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(600);

/// Writes an organization's export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportOrganization {
    /// The export's row.
    pub export_id: Uuid,
}

/// Starts an export of every organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportAll {}

/// Starts an export of the transaction's organization and returns its id, or that of an unfinished one.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn start(tx: &mut TenantTx) -> Result<Uuid, sqlx::Error> {
    let organization = tx.tenant();
    // Two that start at once wait for each other here. `for update` would also hold up every row that names the organization.
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_one(tx.conn())
        .await?;
    let unfinished = sqlx::query_scalar!(
        "select e.id from exports e join jobs j on j.kind = $1 and j.unique_key = e.id::text
         where e.finished_at is null and j.state in ('due', 'running')",
        ExportOrganization::KIND
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(export_id) = unfinished {
        return Ok(export_id);
    }
    let export_id = Uuid::now_v7();
    sqlx::query!("insert into exports (id, organization_id) values ($1, $2)", export_id, organization)
        .execute(tx.conn())
        .await?;
    enqueue(tx, &ExportOrganization { export_id }, export_id).await?;
    Ok(export_id)
}

/// What this stage needs of the process.
#[derive(Debug)]
pub struct Needs {
    /// Where exports go.
    pub bucket: Bucket,
    /// How they are written.
    pub settings: Settings,
    /// How coaches are told.
    pub post: Post,
}

impl JobArgs for ExportOrganization {
    const KIND: &'static str = "export.organization";
    const POLICY: Policy = Policy {
        timeout: Duration::from_secs(3600),
        concurrency: 1,
        per_organization: 1,
        priority: 10,
        ..Policy::DEFAULT
    };

    fn unique_key(&self) -> Option<String> {
        Some(self.export_id.to_string())
    }
}

impl Job for ExportOrganization {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(export) = self.load(&mut tx).await? else {
            tracing::info!(target: "export", { export.id = %self.export_id }, "the export is gone");
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        if export.finished_at.is_some() {
            tracing::info!(target: "export", { export.id = %self.export_id }, "the export is finished already");
            return ctx.finish(tx, json!({ "outcome": "already done" })).await;
        }
        tx.commit().await?;
        let manifest = match self.published(ctx, &export).await? {
            Some(manifest) => manifest,
            None => self.publish(ctx, &export).await?,
        };
        self.finish(ctx, &manifest).await
    }

    async fn on_dead(&self, ctx: &Context<Needs>, error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query!(
            "update exports set failed_reason = $2 where id = $1 and finished_at is null",
            self.export_id,
            error
        )
        .execute(tx.conn())
        .await?;
        webhook::emit(&mut tx, &Event::export(EventType::ExportFailed, self.export_id)).await?;
        let responsible = sqlx::query_scalar!(
            "select id from coaches where roles && '{lead,admin}' and removed_at is null order by id"
        )
        .fetch_all(tx.conn())
        .await?;
        for coach_id in responsible {
            let trouble = Trouble {
                subject_id: ctx.job.id,
                step: "write this",
                reason: "Something went wrong while the organization’s data was being written to the bucket.",
                advice: "The previous export is still there, and the next one runs automatically. Whoever runs Debrief \
                         for you can see the error.",
            };
            mail::tell_of(&mut tx, &ctx.post, coach_id, ("Export of all sessions", None), trouble, self.export_id)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

/// An export's row.
struct Export {
    organization: String,
    snapshot_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl ExportOrganization {
    async fn load(&self, tx: &mut TenantTx) -> Result<Option<Export>, sqlx::Error> {
        sqlx::query_as!(
            Export,
            "select handle as organization, snapshot_at, finished_at
             from exports join organizations on organizations.id = organization_id where exports.id = $1",
            self.export_id
        )
        .fetch_optional(tx.conn())
        .await
    }

    /// What an earlier attempt published before it was interrupted; partial files are deleted.
    async fn published(&self, ctx: &Context<Needs>, export: &Export) -> Result<Option<Manifest>, JobError> {
        let Some(snapshot_at) = export.snapshot_at else { return Ok(None) };
        match ctx.bucket.get(&manifest::key(&export.organization, snapshot_at)).await {
            Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
            Err(BucketError::NotFound) => {
                upload::clear(&ctx.bucket, &manifest::folder(&export.organization, snapshot_at)).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn publish(&self, ctx: &Context<Needs>, export: &Export) -> Result<Manifest, JobError> {
        let files = TempDir::new()?;
        let (snapshot_at, written) = tokio::time::timeout(SNAPSHOT_LIMIT, self.write(ctx, &files))
            .await
            .map_err(|_| JobError::retry("the snapshot took too long"))??;
        self.announce(ctx, snapshot_at).await?;

        let folder = manifest::folder(&export.organization, snapshot_at);
        let mut tables = Vec::new();
        for (name, rows) in written {
            let mut uploaded = Vec::new();
            for format in FORMATS {
                let file = format!("{name}.{format}");
                let path = files.path().join(&file);
                uploaded.push(upload::upload(&ctx.bucket, &path, format!("{folder}{file}"), format).await?);
            }
            tables.push(ExportedTable { name: name.to_owned(), rows, files: uploaded });
        }
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            export_id: self.export_id,
            organization: export.organization.clone(),
            snapshot_at,
            tables,
        };
        let content = serde_json::to_vec_pretty(&manifest)?;
        // Again: another worker that took over the job has cleared this folder, and it must not look complete.
        self.announce(ctx, snapshot_at).await?;
        ctx.bucket.put_new(&manifest::key(&export.organization, snapshot_at), content).await?;
        Ok(manifest)
    }

    /// Writes every table to local files, in one snapshot.
    async fn write(
        &self,
        ctx: &Context<Needs>,
        files: &TempDir,
    ) -> Result<(DateTime<Utc>, Vec<(&'static str, u64)>), JobError> {
        let organization = ctx.job.organization.ok_or_else(|| JobError::abort("an export needs an organization"))?;
        let mut tx = ctx.db.snapshot(organization, SNAPSHOT_LIMIT).await?;
        let snapshot_at = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(tx.conn()).await?;
        let facts =
            [("debrief.schema_version", SCHEMA_VERSION.to_string()), ("debrief.snapshot_at", snapshot_at.to_rfc3339())];
        let written = tables::write(&mut tx, files.path(), &facts, ctx.settings).await?;
        tx.commit().await?;
        Ok((snapshot_at, written))
    }

    /// Records the upload folder before uploading, so that another attempt finds it. Stops if another worker has the
    /// job.
    async fn announce(&self, ctx: &Context<Needs>, snapshot_at: DateTime<Utc>) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let announced = sqlx::query!(
            "update exports set snapshot_at = $2, failed_reason = null where id = $1 and finished_at is null
             and exists (select from jobs where id = $3 and fence = $4 and state = 'running')",
            self.export_id,
            snapshot_at,
            ctx.job.id,
            ctx.job.fence
        )
        .execute(tx.conn())
        .await?;
        if announced.rows_affected() == 0 {
            return Err(JobError::Stale);
        }
        Ok(tx.commit().await?)
    }

    async fn finish(&self, ctx: &Context<Needs>, manifest: &Manifest) -> Result<Finished, JobError> {
        let key = manifest::key(&manifest.organization, manifest.snapshot_at);
        let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query!(
            "update exports set snapshot_at = $2, manifest_key = $3, manifest = $4, failed_reason = null,
                finished_at = now() where id = $1",
            self.export_id,
            manifest.snapshot_at,
            key,
            serde_json::to_value(manifest)?
        )
        .execute(tx.conn())
        .await?;
        webhook::emit(&mut tx, &Event::export(EventType::ExportFinished, self.export_id)).await?;
        tracing::info!(target: "export", { export.id = %self.export_id, export.rows = rows }, "the export is published");
        ctx.finish(tx, json!({ "outcome": "published", "rows": rows, "manifest_key": key })).await
    }
}

impl JobArgs for ExportAll {
    const KIND: &'static str = "export.all";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for ExportAll {
    type Needs = ();

    /// Each organization's export starts in its own transaction; an unfinished one is not started again.
    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let organizations = ctx.db.organizations().await?;
        for organization in &organizations {
            let mut tx = ctx.db.tenant(*organization).await?;
            start(&mut tx).await?;
            tx.commit().await?;
        }
        ctx.finish(ctx.system_tx().await?, json!({ "started": organizations.len() })).await
    }
}
