//! An organization's summary templates: one row per version. Saving the same file again changes nothing; a version is
//! never overwritten.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{DEFAULT_NAME, Occasion, SummaryTemplate, TemplateFault};
use crate::db::{TenantTx, Tx};

/// A saved version of a template.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SummaryTemplate)]
pub struct Saved {
    /// The template's name.
    pub name: String,
    /// The version, from 1.
    pub version: i32,
    /// The contents of the file.
    pub definition: String,
    /// Whether it's no longer used.
    pub retired: bool,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
}

/// Why a template can't be saved or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file isn't a valid template.
    #[error(transparent)]
    Fault(#[from] TemplateFault),
    /// The name is reserved for the built-in template.
    #[error("name: `{DEFAULT_NAME}` is the built-in template; choose another name")]
    Taken,
    /// The organization has no coach with this handle.
    #[error("when: there is no coach `{0}` in this organization")]
    NoCoach(String),
    /// There is no template with this name.
    #[error("there is no template `{0}`: see `debrief templates list`")]
    Unknown(String),
    /// A database error.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Saves a file as the next version of its name and returns it; returns the latest version if it already has the same
/// contents.
///
/// # Errors
/// What is wrong with the file.
pub async fn save(tx: &mut TenantTx, file: &str) -> Result<Saved, StoreError> {
    let template = SummaryTemplate::read(file)?;
    if template.name == DEFAULT_NAME {
        return Err(StoreError::Taken);
    }
    if let Some(coach) = &template.when.coach {
        let known =
            sqlx::query_scalar!(r#"select exists (select from coaches where handle = lower($1)) as "known!""#, coach)
                .fetch_one(tx.conn())
                .await?;
        if !known {
            return Err(StoreError::NoCoach(coach.clone()));
        }
    }
    // If two people save at once, they create two versions, one after the other.
    let lock = format!("{}/summary_templates/{}", tx.tenant(), template.name);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock).execute(tx.conn()).await?;
    let newest = history(tx, &template.name).await?.into_iter().next();
    if let Some(newest) = &newest
        && newest.definition == file
        && !newest.retired
    {
        return Ok(newest.clone());
    }
    let version = newest.map_or(1, |newest| newest.version + 1);
    let organization = tx.tenant();
    let saved = sqlx::query_as!(
        Saved,
        "insert into summary_templates (id, organization_id, name, version, definition) values ($1, $2, $3, $4, $5)
         returning name, version, definition, retired, created_at",
        Uuid::now_v7(),
        organization,
        template.name,
        version,
        file
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(saved)
}

/// The latest version of each name, retired ones included.
///
/// # Errors
/// If the database fails.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Saved>, sqlx::Error> {
    sqlx::query_as!(
        Saved,
        "select distinct on (name) name, version, definition, retired, created_at
         from summary_templates order by name, version desc"
    )
    .fetch_all(tx.conn())
    .await
}

/// All versions of a name, newest first.
///
/// # Errors
/// If the database fails.
pub async fn history(tx: &mut TenantTx, name: &str) -> Result<Vec<Saved>, sqlx::Error> {
    sqlx::query_as!(
        Saved,
        "select name, version, definition, retired, created_at from summary_templates
         where name = $1 order by version desc",
        name
    )
    .fetch_all(tx.conn())
    .await
}

/// A version of a name; the latest if `version` is `None`.
///
/// # Errors
/// [`StoreError::Unknown`] if there is none.
pub async fn show(tx: &mut TenantTx, name: &str, version: Option<i32>) -> Result<Saved, StoreError> {
    let all = history(tx, name).await?;
    let found = all.into_iter().find(|saved| version.is_none_or(|version| version == saved.version));
    found.ok_or_else(|| StoreError::Unknown(name.to_owned()))
}

/// Retires a template. Saving it again puts it back in use.
///
/// # Errors
/// [`StoreError::Unknown`] if there is none.
pub async fn retire(tx: &mut TenantTx, name: &str) -> Result<(), StoreError> {
    let rows = sqlx::query!("update summary_templates set retired = true where name = $1", name)
        .execute(tx.conn())
        .await?
        .rows_affected();
    if rows == 0 { Err(StoreError::Unknown(name.to_owned())) } else { Ok(()) }
}

pub(crate) async fn for_session(tx: &mut TenantTx, occasion: Occasion<'_>) -> Result<SummaryTemplate, sqlx::Error> {
    let used = list(tx).await?.into_iter().filter(|saved| !saved.retired);
    let templates = used.filter_map(|saved| match SummaryTemplate::read(&saved.definition) {
        Ok(template) => Some(SummaryTemplate { version: saved.version, ..template }),
        Err(_) => {
            // It was valid when it was saved: only another version of the program can find it invalid.
            tracing::warn!(
                target: "summarize",
                { template.name = saved.name, template.version = saved.version },
                "A summary template cannot be read by this version of Debrief and is passed over: save it again"
            );
            None
        }
    });
    Ok(SummaryTemplate::choose_for(templates.collect(), occasion))
}
