//! Databases on a server: made, made anew, named.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};

/// `url` with another database of the same server.
///
/// # Errors
/// When `url` is no URL.
pub fn named(url: &SecretString, name: &str) -> Result<SecretString, url::ParseError> {
    let mut url: url::Url = url.expose_secret().parse()?;
    url.set_path(name);
    Ok(SecretString::from(url.to_string()))
}

/// Makes the database `name` on the server of `url` where it is not there yet.
///
/// # Errors
/// When the server does not answer, or its user may make no databases.
pub async fn ensure(url: &SecretString, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url.expose_secret()).await?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await?;
    if !there {
        // The names are the program's own, never a user's.
        connection.execute(sqlx::AssertSqlSafe(format!("create database \"{name}\""))).await?;
    }
    connection.close().await
}

/// Makes the database `name` anew: what was in it is gone.
///
/// # Errors
/// When the server does not answer, or its user may make no databases.
pub async fn anew(url: &SecretString, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url.expose_secret()).await?;
    connection.execute(sqlx::AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).await?;
    connection.execute(sqlx::AssertSqlSafe(format!("create database \"{name}\""))).await?;
    connection.close().await
}
