//! The program's Postgres login: it has the rights of [`super::APP_ROLE`] and no others.
//!
//! `set role` alone is no boundary: anyone who can run a statement can also run `reset role` and become the login
//! again. So the login itself can do only what the application may. [`super::migrate`] creates it.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Executor, PgConnection, PgPool};

/// The two logins to one database. They are the same if the settings name only one.
#[derive(Clone, Debug)]
pub struct Urls {
    /// For the program: see [`Rights`].
    pub app: SecretString,
    /// Only for `migrate`: a login that may create roles, the extension and tables.
    pub owner: SecretString,
}

/// A login's rights beyond the application's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Its name.
    pub login: String,
    /// Whether it may bypass row-level security, become a role that may, or change the tables.
    pub too_many: bool,
}

/// Creates the login of `app` on the server of `connection` if it is missing, with the password in `app`, and grants it
/// the application role. An existing one keeps its password.
pub(super) async fn ensure(connection: &mut PgConnection, app: &SecretString) -> Result<(), sqlx::Error> {
    let url: url::Url = app.expose_secret().parse().map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let decoded = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    let (login, password) = (decoded(url.username()), url.password().map(decoded));
    let quoted: (String, Option<String>) = sqlx::query_as("select quote_ident($1), quote_literal($2)")
        .bind(&login)
        .bind(password)
        .fetch_one(&mut *connection)
        .await?;
    let (name, password) = quoted;
    let password = password.map(|password| format!("password {password}")).unwrap_or_default();
    let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(&login)
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        let create = format!("create role {name} login nosuperuser nobypassrls nocreatedb nocreaterole {password}");
        match connection.execute(sqlx::AssertSqlSafe(create)).await {
            Ok(_) => {}
            // Another process created it at the same moment; roles belong to the cluster.
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| code == "42710" || code == "23505") => {}
            Err(error) => return Err(error),
        }
    }
    let is_member: bool = sqlx::query_scalar("select pg_has_role($1, 'debrief_app', 'member')")
        .bind(&login)
        .fetch_one(&mut *connection)
        .await?;
    if !is_member {
        connection.execute(sqlx::AssertSqlSafe(format!("grant debrief_app to {name}"))).await?;
    }
    Ok(())
}

/// The rights of a pool's login.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn rights(pool: &PgPool) -> Result<Rights, sqlx::Error> {
    let (login, too_many) = sqlx::query_as(
        "select session_user::text, rolsuper or rolbypassrls or rolcreaterole
             or (select coalesce(bool_or(pg_has_role(session_user, oid, 'member')), false) from pg_roles
                 where rolname = 'debrief_owner' or rolsuper or rolbypassrls)
         from pg_roles where rolname = session_user",
    )
    .fetch_one(pool)
    .await?;
    Ok(Rights { login, too_many })
}
