//! A snapshot that rows are copied out of, on a connection that is closed with it.
//!
//! sqlx 0.9.0 doesn't count the end of a `COPY … TO STDOUT` among the answers that a connection still has to read. A copy
//! that is dropped half-way leaves its connection one answer behind: whoever gets it from the pool next is given the
//! answer to another question. So this connection is never returned.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use uuid::Uuid;

use super::Db;

/// A read-only transaction of one organization, as of one moment. It ends with the value.
#[derive(Debug)]
pub struct CopyTx {
    connection: PoolConnection<Postgres>,
}

impl CopyTx {
    /// The connection, for queries and copies.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Db {
    /// Like [`Db::snapshot`], for `COPY … TO STDOUT`.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn copying(&self, organization: Uuid, limit: Duration) -> Result<CopyTx, sqlx::Error> {
        let mut connection = self.pool().acquire().await?;
        // From here on, whatever becomes of it.
        connection.close_on_drop();
        sqlx::query("begin isolation level repeatable read read only").execute(&mut *connection).await?;
        sqlx::query("select set_config('app.organization_id', $1, true), set_config('statement_timeout', $2, true)")
            .bind(organization.to_string())
            .bind(limit.as_millis().to_string())
            .execute(&mut *connection)
            .await?;
        Ok(CopyTx { connection })
    }
}
