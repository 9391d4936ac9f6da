//! Sets up the demo: an empty installation, its people, the files in their inboxes; and plays the demo coach.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use chrono::{Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use debrief_jobs::{
    Services,
    audit::Visitor,
    db::{self, Tx},
    export,
    model::SummaryState,
    model::listing::{self, Filter},
    people::{self, NewCoach},
    queue::enqueue,
    review::{self, actions},
    rollup::WeeklyRollup,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use super::fixtures::{self, Manifest};
use crate::{
    cli::{
        App, Globals,
        app::{config, data_folder, server},
        output::Output,
    },
    config::{Config, file_url},
    postgres::databases,
    telemetry,
};

/// The demo's database, next to that of the installation.
pub(crate) const DATABASE: &str = "debrief_demo";
/// The key of the advisory lock that the running demo holds.
const LOCK: i64 = 0x6465_6d6f;

/// How long an approved email is held while someone looks at the demo: long enough to stop it, short enough to see it
/// go.
const HOLD_SECONDS: u32 = 60;

/// Applies the demo's settings: everything below `{data folder}/demo`, offline, with a short hold on email.
pub(crate) fn settle(config: &mut Config, globals: &Globals) -> anyhow::Result<()> {
    let folder = data_folder(globals).join("demo");
    config.bucket = file_url(&folder.join("bucket"));
    config.mail.url = SecretString::from(file_url(&folder.join("mail")));
    config.mail.from = "Debrief <debrief@northlight.example>".into();
    config.review.hold_seconds = HOLD_SECONDS;
    // The operator's models aren't used either: the demo sends nothing anywhere.
    config.llm = debrief_jobs::llm::Settings { provider: "offline".into(), ..Default::default() };
    config.index.embedder = "hashed".into();
    // Nor is it backed up to where their backups are.
    config.backup = debrief_jobs::backup::Settings::default();
    Ok(())
}

/// Opens an empty installation for the demo. The connection holds the demo's lock as long as it lives.
/// With `with_model`, the model of the operator's settings writes the summaries.
pub(super) async fn set(globals: &Globals, with_model: bool) -> anyhow::Result<(App, PgConnection)> {
    let mut config = config(&Globals { demo: false, ..globals.clone() })?;
    let llm = config.llm.clone();
    settle(&mut config, globals)?;
    if with_model {
        anyhow::ensure!(
            llm.model.is_some() && llm.provider != "offline",
            "no language model is set: set llm.url and llm.model (or DEBRIEF_LLM__URL and DEBRIEF_LLM__MODEL) first; \
             `debrief settings llm` explains them"
        );
        config.llm = llm;
    }
    // What the demo coaches approve is sent immediately: nobody stops it, and nobody has to wait for it.
    config.review.hold_seconds = 0;
    if config.log.filter == "info" {
        // The bars and the outcome show what happens; a slow statement on a busy laptop is nothing to report.
        config.log.filter = "warn,sqlx=error".into();
    }
    telemetry::log(&config.log);

    if config.database_url.expose_secret().is_empty() {
        eprintln!("Starting Postgres");
    }
    let (urls, postgres) = server(&config, globals).await?;
    let lock = databases::lock(&urls.owner, LOCK).await.context("the database isn't responding (DATABASE_URL)")?.context(
        "a demo is already running here: look at its pages, or stop it with Ctrl-C first. To run a second one at the \
         same time, give it its own --data-dir and addresses (DEBRIEF_HTTP__LISTEN, DEBRIEF_HTTP__ADMIN_LISTEN)",
    )?;
    databases::anew(&urls.owner, DATABASE).await.context("can't create the demo's database")?;
    let urls = databases::named(&urls, DATABASE)?;
    db::migrate(&urls).await?;
    for part in ["bucket", "mail"] {
        let path = data_folder(globals).join("demo").join(part);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok((App::over(config, urls.app, postgres, Output::new(globals.json))?, lock))
}

/// The app for people who look at the demo: from now on, what is approved is held and can be stopped.
pub(super) fn open_to_visitors(mut app: App) -> anyhow::Result<App> {
    app.config.review.hold_seconds = HOLD_SECONDS;
    app.services = Arc::new(Services::new(app.db.clone(), &app.config.services())?);
    Ok(app)
}

/// Today's date in the time zone of the demo's organization.
pub(super) fn today(manifest: &Manifest) -> anyhow::Result<NaiveDate> {
    let zone: Tz = manifest.organization.time_zone.parse().map_err(|_| anyhow::anyhow!("the demo's time zone"))?;
    Ok(Utc::now().with_timezone(&zone).date_naive())
}

/// Creates the people, and puts rosters and transcripts in the inboxes.
pub(super) async fn fill(app: &App, manifest: &Manifest, today: NaiveDate) -> anyhow::Result<()> {
    let organization = &manifest.organization;
    people::add_organization(&app.db, &organization.handle, &organization.name, &organization.time_zone).await?;
    for coach in &manifest.coaches {
        let new = NewCoach {
            handle: &coach.handle,
            name: &coach.name,
            email: &coach.email,
            roles: &coach.roles,
            time_zone: Some(&coach.time_zone),
        };
        people::add_coach(&app.db, &organization.handle, &new).await?;
        let roster = Bytes::from_static(fixtures::content(&coach.roster)?.as_bytes());
        app.services.bucket.put(&format!("inbox/{}/roster.csv", coach.handle), roster).await?;
    }
    for transcript in &manifest.transcripts {
        let text = fixtures::content(&transcript.file)?.replace("{{date}}", &transcript.day(today).to_string());
        app.services.bucket.put(&transcript.key(today), Bytes::from(text)).await?;
    }
    Ok(())
}

/// Approves what the manifest says, as the demo coach.
pub(super) async fn approve(
    app: &App,
    organization: Uuid,
    manifest: &Manifest,
    today: NaiveDate,
) -> anyhow::Result<()> {
    let approved: BTreeSet<String> = manifest
        .transcripts
        .iter()
        .filter(|transcript| transcript.approve)
        .map(|transcript| transcript.key(today))
        .collect();
    let mut tx = app.db.tenant(organization).await?;
    let sessions = listing::sessions(&mut tx, &Filter::default()).await?;
    let visitor = Visitor { agent: Some("debrief demo".into()), ..Visitor::default() };
    for session in sessions.iter().filter(|session| approved.contains(&session.object_key)) {
        let Some(view) = review::view::view(&mut tx, session.id).await? else { continue };
        for summary in view.summaries.iter().filter(|summary| summary.state == SummaryState::Done) {
            actions::approve(&mut tx, &app.services.desk, session.id, summary.id, &summary.signed(), &visitor).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Enqueues the rollups of the last full week and an export.
pub(super) async fn report(app: &App, organization: Uuid, today: NaiveDate) -> anyhow::Result<()> {
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()) + 7);
    let mut tx = app.db.tenant(organization).await?;
    let coaches = sqlx::query_scalar!("select id from coaches").fetch_all(tx.conn()).await?;
    for coach_id in coaches {
        enqueue(&mut tx, &WeeklyRollup { coach_id, first_day: Some(monday) }, Uuid::now_v7()).await?;
    }
    export::start(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}
