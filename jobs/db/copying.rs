//! A snapshot that rows are copied out of, on a connection that is closed with it.
//!
//! sqlx 0.9.0 doesn't count the end of a `COPY … TO STDOUT` among the answers that a connection still has to read. A copy
//! that is dropped half-way leaves its connection one answer behind: whoever gets it from the pool next is given the
//! answer to another question. So this connection is never returned.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Postgres, pool::PoolConnection};
use uuid::Uuid;

use super::{Db, Snapshot};

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
    /// Like [`Db::snapshot`], for `COPY … TO STDOUT`; `at` is the moment of another transaction, if it should be that.
    ///
    /// # Errors
    /// Returns an error if no connection is available, or the other transaction has ended.
    pub async fn copying(
        &self,
        organization: Uuid,
        at: Option<&Snapshot>,
        limit: Duration,
    ) -> Result<CopyTx, sqlx::Error> {
        let mut connection = self.pool().acquire().await?;
        // From here on, whatever becomes of it.
        connection.close_on_drop();
        sqlx::query("begin isolation level repeatable read read only").execute(&mut *connection).await?;
        if let Some(Snapshot(name)) = at {
            // It takes no parameter; the name is the server's own.
            let name = name.replace('\'', "''");
            sqlx::query(AssertSqlSafe(format!("set transaction snapshot '{name}'"))).execute(&mut *connection).await?;
        }
        sqlx::query("select set_config('app.organization_id', $1, true), set_config('statement_timeout', $2, true)")
            .bind(organization.to_string())
            .bind(limit.as_millis().to_string())
            .execute(&mut *connection)
            .await?;
        Ok(CopyTx { connection })
    }
}
