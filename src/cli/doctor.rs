//! `debrief doctor`: checks the settings and everything they refer to, and says for each what is wrong and what to do.
//!
//! Writes one small object to the bucket and removes it again; sends no email.

use std::process::ExitCode;

use bytes::Bytes;
use debrief_jobs::{
    Services,
    db::{self, OnTheWay},
    mail::Mailer,
    masked, network,
    queue::WorkerSettings,
    sign_in,
    summarize::Tried,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    Globals,
    app::{config, database},
    backup::check::backups,
    output::{Output, table},
    told,
};
use crate::{config::Config, folders};

/// Has the writing model summarize the sample session.
async fn model(services: &Services, check: &mut impl FnMut(&'static str, Result<String, String>) -> bool) {
    let Some(test) = services.summarizer.self_test().await else {
        check("model", Ok("none: the offline summarizer writes".into()));
        return;
    };
    let result = |tried: &Tried| if tried.is_usable { Ok(tried.to_string()) } else { Err(tried.to_string()) };
    // A model that can only word passages is of use.
    let whole = result(&test.whole).or_else(|problem| if test.passage.is_usable { Ok(problem) } else { Err(problem) });
    check("model: a session", whole);
    check("model: a passage", result(&test.passage));
    check("model: asked by", Ok(test.asked_by.to_owned()));
}

/// The result of one check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    /// What a setting that is fine for trying things out means for other people.
    note: Option<String>,
}

/// `debrief doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Also have the language model summarize a built-in sample session, and show what it is able to do
    ///
    /// Shows whether its answer is valid, whether its quotes are exact, how fast it is, and how it will be asked about
    /// sessions: in one call, or passage by passage. Takes as long as a summary, and costs as much.
    #[arg(long)]
    model: bool,
}

impl Doctor {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        run(globals, self.model).await
    }
}

async fn run(globals: &Globals, with_model: bool) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    let mut check = |name, result: Result<String, String>| {
        let ok = result.is_ok();
        checks.push(Check {
            name,
            ok,
            detail: masked(&result.unwrap_or_else(|problem| problem)).into_owned(),
            note: None,
        });
        ok
    };
    let config = match config(globals) {
        Ok(config) => config,
        Err(error) => {
            check("settings", Err(told(&error)));
            return report(globals, &checks);
        }
    };
    let file = globals.config.clone().unwrap_or_else(folders::settings_file);
    let source =
        if file.exists() { format!("of {}", file.display()) } else { format!("(there is no {})", file.display()) };
    check("settings", Ok(format!("all keys and values are valid {source}")));
    check("schedules", schedules(&config));

    // Dropping this stops the embedded server.
    let opened = database(&config, globals).await.map_err(|error| told(&error));
    match &opened {
        Ok((db::Urls { app: url, .. }, server)) => {
            let kind = if server.is_some() { "embedded" } else { "from DATABASE_URL" };
            let state = schema(url).await;
            if check("database", state.map(|version| format!("{kind}, {version}"))) {
                check("isolation", isolation(url).await);
            }
        }
        Err(problem) => {
            check("database", Err(problem.clone()));
        }
    }
    let (mut dead_passkeys, mut unset, mut closed) = (None, None, 0);
    // The other services are checked whether or not the database responds.
    if let Ok((db::Urls { app: url, .. }, server)) = &opened {
        match db::Db::connect(url, 2)
            .map_err(|error| error.to_string())
            .and_then(|pool| Services::new(pool, &config.services()).map_err(|error| error.to_string()))
        {
            Ok(services) => {
                check("bucket", bucket(&services).await);
                if !services.gate.providers().is_empty() {
                    check("identity providers", providers(&services).await);
                }
                dead_passkeys = passkeys(&services).await;
                // A database that doesn't respond is told elsewhere.
                closed = sign_in::secrets_of_another_key(&services.db, &services.gate).await.unwrap_or_default();
                let has_scratch = server.is_some() || !config.backup.scratch_url.expose_secret().is_empty();
                match backups(&services.db, &config.backup, has_scratch).await {
                    Some(standing) => {
                        check("backups", standing);
                    }
                    None => unset = Some(no_backups()),
                }
                check("mail", services.desk.post.mailer.check().await.map_err(|error| error.to_string()));
                check("search", services.embedder.check().await.map_err(|error| error.to_string()));
                let reached = services.summarizer.check().await.map_err(|error| error.to_string());
                if check("summaries", reached) && with_model {
                    model(&services, &mut check).await;
                }
            }
            Err(problem) => {
                check("services", Err(problem));
            }
        }
    }
    checks.extend(dead_passkeys);
    checks.extend(unset);
    checks.extend([sender(&config), links(&config), second_factors(&config, closed)]);
    for (name, note) in
        [("database", way_to_database(&config)), ("mail", way_of_mail(&config)), ("backups", place_of_backups(&config))]
    {
        if let Some(check) = checks.iter_mut().find(|check| check.name == name) {
            check.note = note.or(check.note.take());
        }
    }
    report(globals, &checks)
}

/// Scheduled jobs. An expression that can't be parsed is an invalid setting, reported earlier; one that can may still
/// name a day that never comes.
fn schedules(config: &Config) -> Result<String, String> {
    let settings = WorkerSettings::new(&config.queue, debrief_jobs::schedules()).map_err(|error| error.to_string())?;
    let now = chrono::Utc::now();
    if let Some(never) = settings.schedules.iter().find(|schedule| schedule.next_after(now).is_none()) {
        return Err(format!("queue.schedules: {:?} of {} never occurs", never.cron, never.name));
    }
    let changed: Vec<&str> = config.queue.schedules.keys().map(String::as_str).collect();
    let changed = if changed.is_empty() { String::new() } else { format!("; yours: {}", changed.join(", ")) };
    Ok(format!("{} schedules (`debrief schedules list`){changed}", settings.schedules.len()))
}

/// What others could do on the way to the database.
fn way_to_database(config: &Config) -> Option<String> {
    let urls = [("DATABASE_URL", &config.database_url), ("DATABASE_OWNER_URL", &config.database_owner_url)];
    urls.into_iter().filter(|(_, url)| !url.expose_secret().is_empty()).find_map(|(name, url)| {
        let risk = match db::on_the_way(url).ok()? {
            OnTheWay::Nothing => return None,
            OnTheWay::Read => "everybody on the way could read the password and all words",
            OnTheWay::Pose => "somebody on the way could pose as the server",
        };
        Some(format!("with its sslmode, {risk}; write sslmode=verify-full in {name}, or leave sslmode out"))
    })
}

/// Where email goes, if it's nowhere or in clear.
fn way_of_mail(config: &Config) -> Option<String> {
    let mailer = Mailer::new(&config.mail).ok()?;
    if mailer.folder().is_some() {
        let note = "emails are saved there as files and reach nobody; set mail.url to your mail server to send them";
        return Some(note.to_owned());
    }
    let note = "emails may go there without encryption, and a link in one is a way in; leave out tls= in mail.url, or write \
                tls=required where the server is in your own network";
    mailer.may_go_in_clear().then(|| note.to_owned())
}

/// No place for backups is set.
fn no_backups() -> Check {
    let note = "a fire would take everything; set backup.url to a place that doesn't burn together with the database and the bucket";
    Check { name: "backups", ok: true, detail: "none are made".into(), note: Some(note.to_owned()) }
}

/// Whether backups are where the bucket is.
fn place_of_backups(config: &Config) -> Option<String> {
    let place = |url: &str| url.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned() + "/";
    let (backups, bucket) = (place(&config.backup.url), place(&config.bucket));
    let together = backups.starts_with(&bucket) || bucket.starts_with(&backups);
    (!config.backup.url.is_empty() && together).then(|| {
        "they are in the same place as the bucket, and are lost together with it; set backup.url to another one"
            .to_owned()
    })
}

/// The sender, which mail servers must trust.
fn sender(config: &Config) -> Check {
    let domain = config.mail.from.trim_end_matches('>').rsplit('@').next().unwrap_or_default().trim().to_lowercase();
    let example = ["localhost", "example.org", "example.com", "example.net"].contains(&domain.as_str())
        || [".localhost", ".example", ".invalid", ".test"].iter().any(|end| domain.ends_with(end));
    let note = example.then(|| {
        "mail from an address like this is refused or ends up as spam; set mail.from to an address in your own domain".to_owned()
    });
    Check { name: "sender", ok: true, detail: config.mail.from.clone(), note }
}

/// The address in emailed links.
fn links(config: &Config) -> Check {
    let url = &config.review.base_url;
    let loopback = url.host_str().is_some_and(|host| network::is_here(host) || host.ends_with(".localhost"));
    let note = loopback.then(|| {
        "links in emails only work on this machine; set review.base_url to the https:// address at which coaches can reach it \
         (passkeys need that too)"
            .to_owned()
    });
    Check { name: "links", ok: true, detail: url.to_string(), note }
}

/// The secrets of authenticator apps, which have to be known to check a code; `closed` of them can't be opened.
fn second_factors(config: &Config, closed: usize) -> Check {
    let name = "second factors";
    let encrypted = !config.sign_in.secret_key.expose_secret().trim().is_empty();
    if closed > 0 {
        let key =
            if encrypted { "another key than sign_in.secret_key" } else { "a key, and sign_in.secret_key is empty" };
        let whose = if closed == 1 {
            "1 person's authenticator app was".to_owned()
        } else {
            format!("{closed} people's authenticator apps were")
        };
        let detail = format!(
            "{whose} stored with {key}, so codes can't be checked; put the key back, or reset the second factor \
             (`debrief people reset-factor`)"
        );
        return Check { name, ok: false, detail, note: None };
    }
    let note = (!encrypted).then(|| {
        "whoever reads the database, or a backup of it, could make codes of people's authenticator apps; set \
         sign_in.secret_key to encrypt them"
            .to_owned()
    });
    let detail = if encrypted { "encrypted with sign_in.secret_key" } else { "stored without encryption" };
    Check { name, ok: true, detail: detail.into(), note }
}

fn report(globals: &Globals, checks: &[Check]) -> anyhow::Result<ExitCode> {
    Output::new(globals.json).one(&checks, |checks| {
        table(
            ["CHECK", "", "DETAIL"],
            checks.iter().map(|check| {
                let says = match (check.ok, &check.note) {
                    (false, _) => "FAILED",
                    (true, Some(_)) => "note",
                    (true, None) => "ok",
                };
                let note = check.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
                [check.name.to_owned(), says.into(), format!("{}{note}", check.detail)]
            }),
        )
    })?;
    Ok(if checks.iter().all(|check| check.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn schema(url: &SecretString) -> Result<String, String> {
    if !db::is_migrated(url).await.map_err(|error| {
        let hint = db::about_tls(&error).unwrap_or("check that Postgres is running there, and DATABASE_URL");
        format!("isn't responding: {error}; {hint}")
    })? {
        return Err("the schema is out of date: run `debrief migrate`".into());
    }
    let mut connection = db::connect(url).await.map_err(|error| error.to_string())?;
    let (server, vector): (String, Option<String>) = sqlx::query_as(
        "select current_setting('server_version'), (select extversion from pg_extension where extname = 'vector')",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(|error| error.to_string())?;
    Ok(format!("Postgres {server}, pgvector {}", vector.unwrap_or_else(|| "missing".into())))
}

/// The program's login must not be able to bypass a policy.
async fn isolation(url: &SecretString) -> Result<String, String> {
    let db = db::Db::connect(url, 1).map_err(|error| error.to_string())?;
    let rights = db::rights(db.pool()).await.map_err(|error| error.to_string())?;
    if rights.too_many {
        return Err(format!(
            "Debrief signs in as {}, which can bypass row-level security: set DATABASE_OWNER_URL to the current \
             DATABASE_URL, put another login in DATABASE_URL, and run `debrief migrate`, which creates it",
            rights.login
        ));
    }
    Ok(format!("signs in as {}, in the role {}, under row-level security", rights.login, db::APP_ROLE))
}

/// Passkeys of another host than that of the pages, if there are any: browsers ask for none of them.
async fn passkeys(services: &Services) -> Option<Check> {
    // A database that doesn't respond is told elsewhere.
    let count =
        sign_in::passkeys_of_another_host(&services.db, &services.gate).await.ok().filter(|count| *count > 0)?;
    let note = "they were made for another host than that of review.base_url, or it isn't https:// any more, so browsers ask for \
                none of them; people sign in another way, and add new ones on their account page";
    Some(Check { name: "passkeys", ok: true, detail: format!("{count} no longer work"), note: Some(note.to_owned()) })
}

/// Who else says who somebody is.
async fn providers(services: &Services) -> Result<String, String> {
    let mut told = Vec::new();
    for provider in services.gate.providers() {
        told.push(provider.check(&services.db).await);
    }
    let wrong: Vec<&str> = told.iter().filter_map(|one| one.as_ref().err()).map(String::as_str).collect();
    if wrong.is_empty() { Ok(told.into_iter().flatten().collect::<Vec<_>>().join("; ")) } else { Err(wrong.join("; ")) }
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
        Ok(true) => Ok(format!("{}: wrote, read and removed an object", services.bucket.name())),
        Ok(false) => Err("what was read differs from what was written".into()),
        Err(error) => Err(told(&error.into())),
    }
}
