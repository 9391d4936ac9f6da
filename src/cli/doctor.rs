//! `debrief doctor`: checks the settings and everything they name, and says of each what is wrong and what to do.
//!
//! Writes one small object to the bucket and removes it again; sends no mail.

use std::process::ExitCode;

use bytes::Bytes;
use debrief_jobs::{Services, db};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    Globals,
    app::{config, database},
    output::{Output, table},
    told,
};

/// What came of one check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

pub(crate) async fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    let mut check = |name, result: Result<String, String>| {
        let ok = result.is_ok();
        checks.push(Check { name, ok, detail: result.unwrap_or_else(|problem| problem) });
        ok
    };
    let config = match config(globals) {
        Ok(config) => config,
        Err(error) => {
            check("settings", Err(told(&error)));
            return report(globals, &checks);
        }
    };
    check("settings", Ok("every key is known and of its kind".into()));

    // The embedded server is stopped when this is dropped.
    let opened = database(&config, globals).await.map_err(|error| told(&error));
    let url = match &opened {
        Ok((db::Urls { app: url, .. }, server)) => {
            let kind = if server.is_some() { "the embedded one" } else { "the one of DATABASE_URL" };
            let state = schema(url).await;
            check("database", state.map(|version| format!("{kind}, {version}"))).then_some(url)
        }
        Err(problem) => {
            check("database", Err(problem.clone()));
            None
        }
    };
    if let Some(url) = url {
        check("isolation", isolation(url).await);
        match db::Db::connect(url, 2)
            .map_err(|error| error.to_string())
            .and_then(|pool| Services::new(pool, &config.services()).map_err(|error| error.to_string()))
        {
            Ok(services) => {
                check("bucket", bucket(&services).await);
                check("mail", services.mailer.check().await.map_err(|error| error.to_string()));
                check("search", services.embedder.check().await.map_err(|error| error.to_string()));
                check("summaries", services.summarizer.check().await.map_err(|error| error.to_string()));
            }
            Err(problem) => {
                check("services", Err(problem));
            }
        }
    }
    report(globals, &checks)
}

fn report(globals: &Globals, checks: &[Check]) -> anyhow::Result<ExitCode> {
    Output::new(globals.json).one(&checks, |checks| {
        table(
            ["CHECK", "", "DETAIL"],
            checks.iter().map(|check| {
                [check.name.to_owned(), if check.ok { "ok" } else { "FAILED" }.into(), check.detail.clone()]
            }),
        )
    })?;
    Ok(if checks.iter().all(|check| check.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn schema(url: &SecretString) -> Result<String, String> {
    use sqlx::Connection;
    if !db::is_migrated(url).await.map_err(|error| format!("does not answer: {error}"))? {
        return Err("not at this binary's schema: run `debrief migrate`".into());
    }
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await.map_err(|error| error.to_string())?;
    let (server, vector): (String, Option<String>) = sqlx::query_as(
        "select current_setting('server_version'), (select extversion from pg_extension where extname = 'vector')",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(|error| error.to_string())?;
    Ok(format!("Postgres {server}, pgvector {}", vector.unwrap_or_else(|| "missing".into())))
}

/// The login that the program has must not be able to pass a policy.
async fn isolation(url: &SecretString) -> Result<String, String> {
    let db = db::Db::connect(url, 1).map_err(|error| error.to_string())?;
    let rights = db::rights(db.pool()).await.map_err(|error| error.to_string())?;
    if rights.too_many {
        return Err(format!(
            "the program signs in as {}, which may pass row-level security: set DATABASE_OWNER_URL to what DATABASE_URL is \
             now, name another login in DATABASE_URL, and run `debrief migrate`, which makes it",
            rights.login
        ));
    }
    Ok(format!("signs in as {}, in the role {}, under row-level security", rights.login, db::APP_ROLE))
}

async fn bucket(services: &Services) -> Result<String, String> {
    let key = format!("doctor/{}", uuid::Uuid::now_v7());
    let written = async {
        services.bucket.put(&key, Bytes::from_static(b"debrief")).await?;
        let read = services.bucket.get(&key).await?;
        services.bucket.delete(&key).await?;
        Ok::<_, debrief_jobs::bucket::BucketError>(read.as_ref() == b"debrief")
    };
    match written.await {
        Ok(true) => Ok(format!("{}: written, read and removed an object", services.bucket.name())),
        Ok(false) => Err("what was read is not what was written".into()),
        Err(error) => Err(told(&error.into())),
    }
}
