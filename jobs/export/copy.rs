//! Copies a table's rows from the server to its files: `COPY` in the tenant's own transaction, so row-level security
//! holds as for any query.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Column as _, Executor, PgConnection, SqlSafeStr, Statement, TypeInfo};

use super::{
    files::{BLOCK, Style, TableFiles, Written},
    schema::{Column, Kind, Table},
    scope::Scope,
};
use crate::{db::CopyTx, queue::JobError};

/// Writes the rows of `table` that `tx` sees, within `scope`.
pub(super) async fn table(
    tx: &mut CopyTx,
    table: &'static Table,
    scope: &Scope,
    style: &Style,
) -> Result<Written, JobError> {
    let query = table.query(scope);
    check(tx.conn(), table, &query).await?;
    let files = TableFiles::open(table, style);
    let mut rows = tx.conn().copy_out_raw(&format!("copy ({query}) to stdout (format binary)")).await?;
    // The server sends a message for each row; the decoder is woken for many.
    let mut block = Vec::with_capacity(BLOCK * 2);
    while let Some(row) = rows.try_next().await? {
        block.extend_from_slice(&row);
        if block.len() >= BLOCK && !files.add(std::mem::replace(&mut block, Vec::with_capacity(BLOCK * 2))).await {
            break;
        }
    }
    if !block.is_empty() {
        files.add(block).await;
    }
    files.close().await
}

/// Whether the query has the table's columns: what is copied doesn't say of which type it is.
async fn check(connection: &mut PgConnection, table: &Table, query: &str) -> Result<(), JobError> {
    let prepared = connection.prepare(AssertSqlSafe(query.to_owned()).into_sql_str()).await?;
    let is_one = |column: &Column, found: &str| match column.kind {
        Kind::Id => found == "UUID",
        Kind::Word | Kind::Prose | Kind::Key | Kind::Json => found == "TEXT",
        Kind::Int => ["INT2", "INT4", "INT8"].contains(&found),
        Kind::Float => ["FLOAT4", "FLOAT8"].contains(&found),
        Kind::Bool => found == "BOOL",
        Kind::Day => found == "DATE",
        Kind::Time => found == "TIMESTAMPTZ",
        Kind::Vector => found == "FLOAT4[]",
    };
    for (column, found) in table.columns.iter().zip(prepared.columns()) {
        let found = found.type_info().name();
        if !is_one(column, found) {
            return Err(JobError::abort(format!("{}.{} of the export is a {found}", table.name, column.name)));
        }
    }
    Ok(())
}
