//! The database as the program sees it: a pool of connections in the role `debrief_app`, and the two kinds of
//! transaction that everything uses.
//!
//! [`TenantTx`] belongs to one organization: row-level security shows it that organization's rows and no others. With a
//! [`View`] it sees the data of some coaches' clients only.
//! [`SystemTx`] belongs to the installation: it sees no tenant's rows, only the few tables without a policy and the
//! functions of the migration `crossing_tenants`. [`CopyTx`] is a [`TenantTx`] that only reads, for copies. A single statement
//! on the pool sees the same as a [`SystemTx`].

mod copying;
mod login;
mod migrate;
mod on_the_way;

use std::{ops::DerefMut, time::Duration};

use secrecy::SecretString;
use sqlx::{PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};
use uuid::Uuid;

pub use copying::CopyTx;
pub use login::{Rights, Urls, rights};
pub use migrate::{MigrateError, is_migrated, migrate, migrate_to, newest_migration};
pub use on_the_way::{OnTheWay, about_tls, connect, on_the_way};

/// The role that the program works in. It owns nothing and can't bypass any policy.
pub const APP_ROLE: &str = "debrief_app";

/// The role and limits of every connection. A statement or lock that takes longer is a fault, and so is an idle
/// transaction: it would hold up others and vacuuming. An export sets its own.
const SETTLE: &str = "set role debrief_app; set statement_timeout = '120s'; set lock_timeout = '30s';
    set idle_in_transaction_session_timeout = '300s'";

/// A pool of connections, each in [`APP_ROLE`].
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Connects to `url` with at most `max_connections` connections, opened as they are needed.
    ///
    /// # Errors
    /// Returns an error if the URL can't be parsed. An unreachable server shows with the first query.
    pub fn connect(url: &SecretString, max_connections: u32) -> Result<Self, sqlx::Error> {
        let options = on_the_way::options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(SETTLE).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options.application_name("debrief"));
        Ok(Self { pool })
    }

    /// Starts a transaction that sees only `organization`'s rows.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn tenant(&self, organization: Uuid) -> Result<TenantTx, sqlx::Error> {
        let mut inner = self.begin("begin").await?;
        sqlx::query("select set_config('app.organization_id', $1, true)")
            .bind(organization.to_string())
            .execute(&mut *inner)
            .await?;
        Ok(TenantTx { inner, organization, wake: false })
    }

    /// Starts a transaction that sees `organization`'s rows, and of clients' data only that of the coaches in `view`.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn view(&self, organization: Uuid, view: &View) -> Result<TenantTx, sqlx::Error> {
        let mut inner = self.begin("begin").await?;
        sqlx::query("select set_config('app.organization_id', $1, true), set_config('app.coaches', $2, true)")
            .bind(organization.to_string())
            .bind(view.setting())
            .execute(&mut *inner)
            .await?;
        Ok(TenantTx { inner, organization, wake: false })
    }

    /// Starts a read-only transaction that sees `organization`'s rows as of one moment. No statement in it runs longer
    /// than `limit`: an old snapshot keeps the database from cleaning up.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn snapshot(&self, organization: Uuid, limit: Duration) -> Result<TenantTx, sqlx::Error> {
        let mut inner = self.begin("begin isolation level repeatable read read only").await?;
        sqlx::query("select set_config('app.organization_id', $1, true), set_config('statement_timeout', $2, true)")
            .bind(organization.to_string())
            .bind(limit.as_millis().to_string())
            .execute(&mut *inner)
            .await?;
        Ok(TenantTx { inner, organization, wake: false })
    }

    /// Starts a read-only transaction of the installation, and gives its snapshot for others ([`Db::copying`]), as long as
    /// it is open. It waits for them for `limit` at most.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn shared_snapshot(&self, limit: Duration) -> Result<(SystemTx, Snapshot), sqlx::Error> {
        let mut inner = self.begin("begin isolation level repeatable read read only").await?;
        sqlx::query("select set_config('idle_in_transaction_session_timeout', $1, true)")
            .bind(limit.as_millis().to_string())
            .execute(&mut *inner)
            .await?;
        let snapshot = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *inner).await?;
        Ok((SystemTx { inner, wake: false }, Snapshot(snapshot)))
    }

    /// Starts a transaction that sees no tenant's rows.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn system(&self) -> Result<SystemTx, sqlx::Error> {
        Ok(SystemTx { inner: self.begin("begin").await?, wake: false })
    }

    /// Begins in its own task, which nothing cancels. sqlx 0.9.0 does not roll back a `begin` that is dropped before
    /// its response (its issue 4393): the connection would return to the pool in an open transaction, and what the next
    /// borrower writes outside of one would never be committed.
    async fn begin(&self, statement: &'static str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await });
        begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// The pool itself, for the queue's listener and the `/readyz` probe, which need neither.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The ids of the installation's organizations.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn organizations(&self) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(r#"select id as "id!" from organization_ids() as id"#).fetch_all(&self.pool).await
    }
}

/// The moment that a transaction shows, which others can show as well.
#[derive(Clone, Debug)]
pub struct Snapshot(String);

/// The coaches whose clients' data a transaction sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// All coaches of the organization.
    Organization,
    /// These coaches; none if it's empty.
    Coaches(Vec<Uuid>),
}

impl View {
    /// No clients' data at all.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Coaches(Vec::new())
    }

    /// As the policies read it.
    fn setting(&self) -> String {
        match self {
            Self::Organization => String::new(),
            Self::Coaches(coaches) => {
                let ids: Vec<String> = coaches.iter().map(Uuid::to_string).collect();
                format!("{{{}}}", ids.join(","))
            }
        }
    }
}

/// Whether Postgres was away (stopping, starting, failing over, or out of connections), so that the request can't be at
/// fault. A connection that ends while a response is due doesn't count: a statement may crash its server.
#[must_use]
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::UnexpectedEof,
        sqlx::Error::PoolTimedOut => true,
        // Connection errors; too many connections; shutting down, recovering from a crash, can't connect now; a
        // database that accepts no connections.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || ["53300", "57P01", "57P02", "57P03", "55000"].contains(&code.as_ref())
        }),
        _ => false,
    }
}

/// Whether a text holds a character that Postgres can't store: NUL.
#[must_use]
pub fn is_unstorable(error: &sqlx::Error) -> bool {
    // character_not_in_repertoire, untranslatable_character
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["22021", "22P05"].contains(&code.as_ref()))
}

/// Whether a value can't be what a column or a function takes: out of range, or of another form (SQLSTATE class 22).
#[must_use]
pub fn is_unusable_value(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code.starts_with("22"))
}

/// What both kinds of transaction have in common; the queue enqueues in either.
pub trait Tx: Send {
    /// The connection, for queries: `.execute(tx.conn())`.
    fn conn(&mut self) -> &mut PgConnection;
    /// The tenant, or `None` for the installation.
    fn organization(&self) -> Option<Uuid>;
    /// Requests one wake-up of the workers when this transaction commits.
    fn wake(&mut self);
    /// Commits, with the wake-up if one was requested.
    ///
    /// # Errors
    /// Returns an error if the database rejects the commit; then the whole transaction is rolled back.
    fn commit(self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// A transaction of one organization. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub struct TenantTx {
    inner: Transaction<'static, Postgres>,
    organization: Uuid,
    wake: bool,
}

impl TenantTx {
    /// The transaction's organization.
    #[must_use]
    pub fn tenant(&self) -> Uuid {
        self.organization
    }

    /// Widens the view to all coaches, for the rest of the transaction: for a function that was allowed, and has to count
    /// what its caller may not see.
    pub(crate) async fn see_all_coaches(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query("select set_config('app.coaches', '', true)").execute(&mut *self.inner).await?;
        Ok(())
    }
}

impl Tx for TenantTx {
    fn conn(&mut self) -> &mut PgConnection {
        self.inner.deref_mut()
    }
    fn organization(&self) -> Option<Uuid> {
        Some(self.organization)
    }
    fn wake(&mut self) {
        self.wake = true;
    }
    async fn commit(self) -> Result<(), sqlx::Error> {
        commit(self.inner, self.wake).await
    }
}

/// A transaction of the installation. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub struct SystemTx {
    inner: Transaction<'static, Postgres>,
    wake: bool,
}

impl Tx for SystemTx {
    fn conn(&mut self) -> &mut PgConnection {
        self.inner.deref_mut()
    }
    fn organization(&self) -> Option<Uuid> {
        None
    }
    fn wake(&mut self) {
        self.wake = true;
    }
    async fn commit(self) -> Result<(), sqlx::Error> {
        commit(self.inner, self.wake).await
    }
}

/// A count as a column of Postgres has it; one that is too large for it, as the largest.
pub(crate) fn count(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// NOTIFY takes a global lock at commit, so there is one a transaction, and only where a job became due.
async fn commit(mut inner: Transaction<'static, Postgres>, wake: bool) -> Result<(), sqlx::Error> {
    if wake {
        sqlx::query("select pg_notify('debrief_jobs', '')").execute(&mut *inner).await?;
    }
    inner.commit().await
}
