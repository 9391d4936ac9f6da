//! Migrates a database to this binary's schema: the roles, the `vector` extension, then the migrations.
//!
//! Reads the migrations embedded in the binary; writes the schema. A rerun does nothing, and concurrent migrations wait
//! for each other.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, migrate::Migrator};

use super::login::{self, Urls};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Why a database could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The server could not be reached or rejected the user.
    #[error(
        "can't connect to the database: {0}; {hint}",
        hint = super::about_tls(.0).unwrap_or("check that Postgres is running there, and DATABASE_URL and DATABASE_OWNER_URL")
    )]
    Connect(#[source] sqlx::Error),
    /// The owner's login may not create roles or extensions, and they are missing.
    #[error(
        "the database user isn't allowed to create what Debrief needs: {0}. Set DATABASE_OWNER_URL to a login that is, \
         for this command only; or run once as a superuser, in this database: create extension if not exists vector; \
         create role debrief_owner nologin; create role debrief_app nologin; grant debrief_owner to \"<the user of \
         DATABASE_OWNER_URL>\"; grant debrief_app to \"<the user of DATABASE_URL>\"; grant create, usage on schema \
         public to debrief_owner; grant usage on schema public to debrief_app;"
    )]
    Prepare(#[source] sqlx::Error),
    /// A migration failed; the database is as it was before it.
    #[error("a migration failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// One migration at a time prepares a database: two that create the extension or grant a right at once fail. The lock ends
/// with the connection.
const ALONE: &str = "select pg_advisory_lock(4919830127)";

/// Roles belong to the cluster, and databases are migrated in parallel (tests do), hence the two exceptions.
const PREPARE: &str = r"
do $$ declare wanted text; begin
    foreach wanted in array array['debrief_owner', 'debrief_app'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin execute format('create role %I nologin nosuperuser nobypassrls', wanted);
            exception when duplicate_object or unique_violation then null; end;
        end if;
        if not pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
    if not exists (select from pg_extension where extname = 'vector') then
        create extension if not exists vector;
    end if;
    if not has_schema_privilege('debrief_owner', 'public', 'create') then
        grant create, usage on schema public to debrief_owner;
    end if;
    if not has_schema_privilege('debrief_app', 'public', 'usage') then
        grant usage on schema public to debrief_app;
    end if;
end $$";

/// Migrates a database to this binary's schema, as its owner, and creates the program's login if it is missing.
///
/// # Errors
/// See [`MigrateError`]; each says what to do.
pub async fn migrate(urls: &Urls) -> Result<(), MigrateError> {
    migrate_to(urls, newest_migration()).await
}

/// Like [`migrate`], but no further than the migration `version`, which must be one of this binary's.
///
/// # Errors
/// See [`MigrateError`].
pub async fn migrate_to(urls: &Urls, version: i64) -> Result<(), MigrateError> {
    let mut connection = super::connect(&urls.owner).await.map_err(MigrateError::Connect)?;
    connection.execute(ALONE).await.map_err(MigrateError::Prepare)?;
    connection.execute(PREPARE).await.map_err(MigrateError::Prepare)?;
    if urls.app.expose_secret() != urls.owner.expose_secret() {
        login::ensure(&mut connection, &urls.app).await.map_err(MigrateError::Prepare)?;
    }
    connection.execute("set role debrief_owner").await.map_err(MigrateError::Prepare)?;
    // The library's own way around `run`, whose future no job could await: it isn't `Send` for all lifetimes.
    let target = Some(version).filter(|version| *version < newest_migration());
    MIGRATIONS.run_direct(target, &mut connection, false).await?;
    connection.close().await.map_err(MigrateError::Connect)
}

/// Whether the database at `url` has every migration of this binary. A newer schema counts as migrated, so that old and
/// new binaries can run side by side.
///
/// # Errors
/// Returns an error if the server can't be reached.
pub async fn is_migrated(url: &SecretString) -> Result<bool, sqlx::Error> {
    let mut connection = super::connect(url).await?;
    let there: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut connection).await?;
    if !there {
        return Ok(false);
    }
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(&mut connection)
        .await?;
    Ok(newest >= Some(newest_migration()))
}

/// The version of this binary's latest migration.
#[must_use]
pub fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}
