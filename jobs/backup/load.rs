//! Loads the files of a backup into an empty database, in one transaction, as the owner of the tables; and compares. What
//! is loaded is committed only if it is equal, row by row, to what was backed up.

use std::path::Path;

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{BackupError, Column, Part, Step, Table, Tell, copy, tables::TABLES};
use crate::db;

/// Whether a database has the schema, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no schema.
    Nothing,
    /// The schema as of this migration, without data.
    Empty(i64),
    /// Somebody's data.
    Data(String),
}

/// Looks what is in a database.
pub(super) async fn look(owner: &SecretString) -> Result<Found, BackupError> {
    let mut connection = db::connect(owner).await?;
    let there: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut connection).await?;
    if !there {
        return Ok(Found::Nothing);
    }
    connection.execute("set role debrief_owner").await?;
    let version: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(&mut connection)
        .await?;
    let data = data(&mut connection).await?;
    connection.close().await?;
    Ok(match data {
        Some(data) => Found::Data(data),
        None => Found::Empty(version.unwrap_or_default()),
    })
}

/// What data there is: which table has rows. What the program writes by itself is none.
pub(super) async fn data(connection: &mut PgConnection) -> Result<Option<String>, BackupError> {
    for table in TABLES {
        // The inbox's files are seen, and the clock's jobs run, before there is any organization.
        let own =
            if ["bucket_objects", "jobs"].contains(&table.name) { " where organization_id is not null" } else { "" };
        let there: bool = sqlx::query_scalar("select to_regclass('public.' || quote_ident($1)) is not null")
            .bind(table.name)
            .fetch_one(&mut *connection)
            .await?;
        if !there {
            continue;
        }
        let count = format!("select count(*) from (select from {}{own} limit 1000) as counted", table.name);
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        if count > 0 {
            let more = if count == 1000 { "at least 1000".to_owned() } else { count.to_string() };
            return Ok(Some(format!("{more} rows in {}", table.name)));
        }
    }
    Ok(None)
}

/// Loads the tables of all parts, whose files are in `folder`, and compares.
pub(super) async fn load(
    owner: &SecretString,
    parts: &[&Part],
    folder: &Path,
    tell: Tell<'_>,
) -> Result<(), BackupError> {
    let mut connection = db::connect(owner).await?;
    connection.execute("set role debrief_owner").await?;
    let mut tx = connection.begin().await?;
    // Whoever adds the first organization at this moment waits.
    tx.execute("set local statement_timeout = 0; lock table organizations in share row exclusive mode").await?;
    if let Some(data) = data(&mut tx).await? {
        return Err(BackupError::NotEmpty(data));
    }
    tx.execute("delete from bucket_objects").await?;
    let with_rows = |part: &Part| part.tables.iter().filter(|table| table.rows > 0).count() as u64;
    let all: u64 = parts.iter().map(|part| with_rows(part)).sum();
    let mut done = 0;
    for part in parts {
        for table in part.tables.iter().filter(|table| table.rows > 0) {
            known(&mut tx, table).await?;
            let from = folder.join(part.id.to_string()).join(&table.name);
            let loaded = copy::load(&mut tx, &table.name, &table.columns, &from).await?;
            if (loaded.rows, loaded.digest()) != (table.rows, table.digest.clone()) {
                return Err(BackupError::Differs(format!("{} of {}", table.name, part.handle)));
            }
            done += 1;
            tell(Step::Load, done, all);
        }
    }
    compare(&mut tx, parts, tell).await?;
    tx.commit().await?;
    // Postgres plans the first searches well only if it knows the tables.
    connection.execute("analyze").await?;
    Ok(connection.close().await?)
}

/// Compares every table, also those without rows, with what was backed up.
async fn compare(connection: &mut PgConnection, parts: &[&Part], tell: Tell<'_>) -> Result<(), BackupError> {
    let all = parts.iter().map(|part| part.tables.len() as u64).sum();
    let mut done = 0;
    for part in parts {
        for table in &part.tables {
            let restored = copy::tally(connection, &table.name, &table.columns, part.id).await?;
            if (restored.rows, restored.digest()) != (table.rows, table.digest.clone()) {
                let (name, handle) = (&table.name, &part.handle);
                let counts = format!("{} rows instead of {}", restored.rows, table.rows);
                return Err(BackupError::Differs(format!("{name} of {handle}: {counts}, or other values")));
            }
            done += 1;
            tell(Step::Compare, done, all);
        }
    }
    Ok(())
}

/// Checks that the database has the table and the columns as the catalogue names them, so that nothing else is written to.
async fn known(connection: &mut PgConnection, table: &Table) -> Result<(), BackupError> {
    let there: Vec<Column> = copy::columns(connection, &table.name).await?;
    let is_ours = !there.is_empty() && !table.name.starts_with('_');
    if is_ours && table.columns.iter().all(|column| there.contains(column)) {
        return Ok(());
    }
    let name = &table.name;
    Err(BackupError::unreadable(format!("the database has no table {name} with the columns that the backup has of it")))
}
