//! The jobs `export.organization` and `export.all`.
//!
//! Reads every table in one snapshot to local files; uploads them; writes the manifest, then the export's row. A rerun
//! of a published export finds its manifest and changes nothing; one of an export that was cut off removes what is there
//! of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Settings,
    files::{Style, Written},
    manifest::{ExportedFile, ExportedTable, Manifest, Place, SCHEMA_VERSION},
    schema::Table,
    scope::Wish,
    snapshot::{self, Progress},
    upload::clear,
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

/// How many exports of an organization may be unfinished, each of another part.
const MOST: usize = 10;

/// Writes an organization's export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportOrganization {
    /// The export's row.
    pub export_id: Uuid,
}

/// Starts an export of every organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportAll {}

/// Why an export wasn't started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Too many others of the organization wait or run.
    #[error(
        "{MOST} exports of this organization are unfinished; wait for one of them, or ask for what one of them has"
    )]
    TooMany,
    /// The database can't be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// What was asked for can't be written down.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Starts an export of everything that the transaction's organization has, and returns its id, or that of an unfinished
/// one.
///
/// # Errors
/// Returns an error if the database can't be reached, or too many exports are unfinished.
pub async fn start(tx: &mut TenantTx) -> Result<Uuid, StartError> {
    start_as(tx, &Wish::default()).await
}

/// Like [`start`], of what `wish` says; an unfinished one is one of the same wish.
///
/// # Errors
/// Returns an error if the database can't be reached, or too many exports are unfinished.
pub async fn start_as(tx: &mut TenantTx, wish: &Wish) -> Result<Uuid, StartError> {
    let organization = tx.tenant();
    // Two that start at once wait for each other here. `for update` would also hold up every row that names the organization.
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_one(tx.conn())
        .await?;
    let wish = serde_json::to_value(wish)?;
    let unfinished = sqlx::query!(
        r#"select e.id, e.wish = $2 as "is_same!" from exports e
           join jobs j on j.kind = $1 and j.unique_key = e.id::text
           where e.finished_at is null and j.state in ('due', 'running')"#,
        ExportOrganization::KIND,
        wish
    )
    .fetch_all(tx.conn())
    .await?;
    if let Some(same) = unfinished.iter().find(|export| export.is_same) {
        return Ok(same.id);
    }
    if unfinished.len() >= MOST {
        return Err(StartError::TooMany);
    }
    let export_id = Uuid::now_v7();
    sqlx::query!("insert into exports (id, organization_id, wish) values ($1, $2, $3)", export_id, organization, wish)
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
        let place = self.place(&export, manifest.snapshot_at);
        if let Some(latest) = place.latest() {
            ctx.bucket.put(&latest, serde_json::to_vec_pretty(&manifest)?).await?;
        }
        self.finish(ctx, &manifest, place.manifest()).await
    }

    async fn on_dead(&self, ctx: &Context<Needs>, error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let export = self.load(&mut tx).await?;
        tx.commit().await?;
        if let Some(export) = export {
            // Readers that look for files, and not for manifests, must not find half an export for good. Where the bucket
            // is what failed, it's still told.
            if self.published(ctx, &export).await.is_err() {
                tracing::warn!(target: "export", { export.id = %self.export_id }, "its files couldn't be removed");
            }
        }
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
    wish: Json<Wish>,
    snapshot_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl ExportOrganization {
    async fn load(&self, tx: &mut TenantTx) -> Result<Option<Export>, sqlx::Error> {
        sqlx::query_as!(
            Export,
            r#"select handle as organization, wish as "wish: Json<Wish>", snapshot_at, finished_at
               from exports join organizations on organizations.id = organization_id where exports.id = $1"#,
            self.export_id
        )
        .fetch_optional(tx.conn())
        .await
    }

    /// Where the files of an attempt are.
    fn place<'a>(&self, export: &'a Export, snapshot_at: DateTime<Utc>) -> Place<'a> {
        let part = (!export.wish.is_everything()).then_some(self.export_id);
        Place { organization: &export.organization, snapshot_at, part }
    }

    /// What an earlier attempt published before it was interrupted; partial files are deleted.
    async fn published(&self, ctx: &Context<Needs>, export: &Export) -> Result<Option<Manifest>, JobError> {
        let Some(snapshot_at) = export.snapshot_at else { return Ok(None) };
        let place = self.place(export, snapshot_at);
        match ctx.bucket.get(&place.manifest()).await {
            Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
            Err(BucketError::NotFound) => {
                clear(&ctx.bucket, &place, &export.wish).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn publish(&self, ctx: &Context<Needs>, export: &Export) -> Result<Manifest, JobError> {
        let organization = ctx.job.organization.ok_or_else(|| JobError::abort("an export needs an organization"))?;
        let folder = TempDir::new()?;
        let style = Style {
            folder: folder.path().to_owned(),
            formats: export.wish.formats().to_vec(),
            facts: Vec::new(),
            settings: ctx.settings,
        };
        let tell = |progress| ctx.progress(progress);
        let writing = snapshot::write(&ctx.db, organization, &export.wish, style.clone(), tell);
        let written = tokio::time::timeout(snapshot::LIMIT, writing)
            .await
            .map_err(|_| JobError::retry("the snapshot took too long"))??;
        self.announce(ctx, written.at).await?;

        let place = self.place(export, written.at);
        let tables = upload(ctx, &place, &style, written.tables).await?;
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            export_id: self.export_id,
            organization: export.organization.clone(),
            snapshot_at: written.at,
            scope: export.wish.scope.clone(),
            tables,
        };
        let content = serde_json::to_vec_pretty(&manifest)?;
        // Again: another worker that took over the job has cleared these files, and they must not look complete.
        self.announce(ctx, written.at).await?;
        ctx.bucket.put_new(&place.manifest(), content).await?;
        Ok(manifest)
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

    async fn finish(&self, ctx: &Context<Needs>, manifest: &Manifest, key: String) -> Result<Finished, JobError> {
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

/// Uploads the files, table by table.
async fn upload(
    ctx: &Context<Needs>,
    place: &Place<'_>,
    style: &Style,
    written: Vec<(&'static Table, Written)>,
) -> Result<Vec<ExportedTable>, JobError> {
    let Progress { tables, rows, .. } = Progress::reading(&written, written.len());
    let (mut done, mut bytes) = (Vec::new(), 0);
    for (table, written) in written {
        let step = "uploading".to_owned();
        ctx.progress(Progress { step, tables_done: done.len(), tables, rows, bytes }).await?;
        let mut files = Vec::new();
        for (format, sum) in written.files {
            let key = place.file(table.name, format);
            ctx.bucket.upload(&key, &style.path(table.name, format)).await?;
            bytes += sum.bytes;
            files.push(ExportedFile::new(key, format, sum));
        }
        done.push(ExportedTable { name: table.name.to_owned(), rows: written.rows, files });
    }
    Ok(done)
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
