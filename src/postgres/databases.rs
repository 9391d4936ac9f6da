//! Creates, recreates and names databases on a server.

use debrief_jobs::db::{self, Urls};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};

/// `urls` with another database on the same server.
///
/// # Errors
/// Returns an error if one isn't a valid URL.
pub fn named(urls: &Urls, name: &str) -> Result<Urls, url::ParseError> {
    let named = |url: &SecretString| changed(url, |url| url.set_path(name));
    Ok(Urls { app: named(&urls.app)?, owner: named(&urls.owner)? })
}

/// The database of `owner`, with `login` for the program, without a password.
///
/// # Errors
/// Returns an error if `owner` isn't a valid URL.
pub fn with_login(owner: SecretString, login: &str) -> Result<Urls, url::ParseError> {
    // A Postgres URL can have a user.
    let app = changed(&owner, |url| url.set_username(login).unwrap_or_default())?;
    Ok(Urls { app, owner })
}

fn changed(url: &SecretString, change: impl FnOnce(&mut url::Url)) -> Result<SecretString, url::ParseError> {
    let mut url: url::Url = url.expose_secret().parse()?;
    change(&mut url);
    Ok(SecretString::from(url.to_string()))
}

/// Whether the server of `url` has the database `name`.
///
/// # Errors
/// Returns an error if the server can't be reached.
pub async fn exists(url: &SecretString, name: &str) -> Result<bool, sqlx::Error> {
    let mut connection = db::connect(url).await?;
    let there = is_there(&mut connection, name).await?;
    connection.close().await?;
    Ok(there)
}

async fn is_there(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
}

/// Takes the lock `key` on the database of `url`. One holder at a time keeps it until the connection is dropped,
/// however its process ends. `None` if someone else holds it.
///
/// # Errors
/// Returns an error if the server can't be reached.
pub async fn lock(url: &SecretString, key: i64) -> Result<Option<PgConnection>, sqlx::Error> {
    let mut connection = db::connect(url).await?;
    let taken: bool =
        sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(key).fetch_one(&mut connection).await?;
    Ok(taken.then_some(connection))
}

/// Creates the database `name` on the server of `url` if it is missing. Several processes may do so at once.
///
/// # Errors
/// Returns an error if the server can't be reached, or its user can't create databases.
pub async fn ensure(url: &SecretString, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = db::connect(url).await?;
    if !is_there(&mut connection, name).await? {
        // The names are the program's own, never a user's.
        let created = connection.execute(sqlx::AssertSqlSafe(format!("create database \"{name}\""))).await;
        if let Err(error) = created
            && !is_there(&mut connection, name).await?
        {
            return Err(error);
        }
    }
    connection.close().await
}

/// Recreates the database `name`: its content is lost.
///
/// # Errors
/// Returns an error if the server can't be reached, or its user can't create databases.
pub async fn anew(url: &SecretString, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = db::connect(url).await?;
    connection.execute(sqlx::AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).await?;
    connection.execute(sqlx::AssertSqlSafe(format!("create database \"{name}\""))).await?;
    connection.close().await
}
