//! Rows out of Postgres and into it, by its own COPY in binary form. Statements are made of names in [`super::tables`], or of
//! names that the database itself has: never of what only a backup says.

use std::path::Path;

use futures::StreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{BackupError, Column, file, tables, wire::Tally};
use crate::db::CopyTx;

/// The columns of a table that rows are copied in, with the types that the database has for them.
pub(super) async fn columns(connection: &mut PgConnection, table: &str) -> Result<Vec<Column>, BackupError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select attname::text, format_type(atttypid, null) from pg_attribute
         where attrelid = to_regclass('public.' || quote_ident($1)) and attnum > 0 and not attisdropped
           and attgenerated = '' order by attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(name, kind)| Column { name, kind }).collect())
}

/// Copies what a backup has of a table, as `tx` sees it, to a file. In a database that isn't migrated to the
/// present yet (`is_older`) the table and its columns may be missing.
pub(super) async fn out(
    tx: &mut CopyTx,
    table: &tables::Table,
    to: &Path,
    is_older: bool,
) -> Result<Option<(Vec<Column>, Tally)>, BackupError> {
    let there = columns(tx.conn(), table.name).await?;
    let (mut columns, mut selected) = (Vec::new(), Vec::new());
    for (name, expression) in table.columns().zip(table.expressions()) {
        match there.iter().find(|column| column.name == name) {
            Some(column) => {
                columns.push(column.clone());
                selected.push(expression);
            }
            None if is_older => {}
            None => {
                let name = table.name;
                return Err(BackupError::unreadable(format!("the table {name} lacks a column: run `debrief migrate`")));
            }
        }
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let kinds: Vec<String> = tables::KEPT_JOBS.iter().map(|kind| format!("'{kind}'")).collect();
    let only = table.only.replace("$kinds", &format!("array[{}]", kinds.join(",")));
    let only = if only.is_empty() { only } else { format!(" where {only}") };
    let query = format!("select {} from {}{only}", selected.join(", "), table.name);
    let tally = stream(tx.conn(), &query, &columns, Some(to)).await?;
    Ok(Some((columns, tally)))
}

/// Counts what a table has of an organization, on a connection of its own: one whose copy ends early is of no use afterwards.
pub(super) async fn tally(
    connection: &mut PgConnection,
    table: &str,
    columns: &[Column],
    organization: Uuid,
) -> Result<Tally, BackupError> {
    let owner = if table == "organizations" { "id" } else { "organization_id" };
    let query = format!("select {} from {} where {owner} = '{organization}'", names(columns), quoted(table));
    stream(connection, &query, columns, None).await
}

async fn stream(
    connection: &mut PgConnection,
    query: &str,
    columns: &[Column],
    to: Option<&Path>,
) -> Result<Tally, BackupError> {
    let (sender, written) = file::write(columns, to);
    let mut pieces = connection.copy_out_raw(&format!("copy ({query}) to stdout (format binary)")).await?;
    while let Some(piece) = pieces.next().await {
        // If the other side is gone, it says why.
        if sender.send(piece?).await.is_err() {
            break;
        }
    }
    drop((pieces, sender));
    written.await.map_err(std::io::Error::other)?
}

/// Loads a file into a table.
pub(super) async fn load(
    connection: &mut PgConnection,
    table: &str,
    columns: &[Column],
    from: &Path,
) -> Result<Tally, BackupError> {
    let (mut pieces, read) = file::read(columns, from);
    let statement = format!("copy {} ({}) from stdin (format binary)", quoted(table), names(columns));
    let mut copy = connection.copy_in_raw(&statement).await?;
    while let Some(piece) = pieces.recv().await {
        copy.send(piece).await?;
    }
    match read.await.map_err(std::io::Error::other)? {
        Ok(tally) => {
            copy.finish().await?;
            Ok(tally)
        }
        Err(error) => {
            // The transaction is given up in any case.
            let _ = copy.abort("the file of the backup can't be read").await;
            Err(error)
        }
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A name as an identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
