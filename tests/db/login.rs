//! The program's login: what an attacker who can make it run a statement could do.

use debrief_jobs::{
    audit::{self, Event, EventKind, Visitor},
    db::{self, Tx, migrate},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor, PgConnection};

use super::owner;
use crate::support::{TestDatabase, World};

#[tokio::test]
async fn the_programs_login_is_no_way_round_the_policies() {
    let world = World::new().await;
    let rights = db::rights(world.database.db.pool()).await.expect("the database answers");
    assert!(!rights.too_many, "{rights:?}");
    let mut connection = PgConnection::connect(world.database.urls.app.expose_secret()).await.expect("it may come in");
    for way in ["reset role", "set role none", "set role debrief_app", "reset session authorization"] {
        connection.execute(way).await.expect("it may be itself and the application");
        let seen: i64 =
            sqlx::query_scalar("select count(*) from coaches").fetch_one(&mut connection).await.expect("it may look");
        assert_eq!(seen, 0, "after {way} it sees no tenant's rows");
    }
    connection.execute("reset role").await.expect("it may be itself");
    for forbidden in [
        "set role debrief_owner",
        "set role postgres",
        "set session authorization postgres",
        "alter table coaches disable row level security",
        "drop policy tenant on coaches",
        "alter role current_user bypassrls",
        "create role another superuser",
        "create table mine (id int)",
        "update _sqlx_migrations set success = false",
        "copy (select 1) to program 'true'",
    ] {
        assert!(connection.execute(forbidden).await.is_err(), "{forbidden}");
    }
}

#[tokio::test]
async fn a_superuser_is_told_of_as_a_login_that_may_too_much() {
    let database = TestDatabase::new().await;
    let as_owner = db::Db::connect(&database.url, 1).expect("a good URL");
    assert!(db::rights(as_owner.pool()).await.expect("the database answers").too_many);
    // As if the settings name only one URL.
    let mut tenant = as_owner.system().await.expect("it works all the same");
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(tenant.conn()).await.expect("it answers");
    assert_eq!(role, db::APP_ROLE);
}

#[tokio::test]
async fn migrate_makes_the_login_with_its_password_and_leaves_one_that_is_there() {
    let database = TestDatabase::empty().await;
    let login = format!("login_{}", uuid::Uuid::now_v7().simple());
    let mut urls = database.urls.clone();
    let with = |password: &str| {
        let mut url: url::Url = database.url.expose_secret().parse().expect("a URL");
        url.set_username(&login).expect("it can have a user");
        url.set_password(Some(password)).expect("it can have a password");
        url.to_string().into()
    };
    let scram = async || -> String {
        let sql = "select rolpassword from pg_authid where rolname = $1";
        sqlx::query_scalar(sql).bind(&login).fetch_one(&mut owner(&database).await).await.expect("it is there")
    };
    urls.app = with("it's \"a\" pass/word%");
    migrate(&urls).await.expect("it migrates");
    let first = scram().await;
    assert!(first.starts_with("SCRAM-SHA-256"), "{first}");
    urls.app = with("another");
    migrate(&urls).await.expect("again");
    assert_eq!(scram().await, first, "whoever changed the password since keeps it");
    PgConnection::connect(urls.app.expose_secret()).await.expect("it may come in");
    let mut connection = owner(&database).await;
    connection.execute(sqlx::AssertSqlSafe(format!("drop role {login}"))).await.expect("nothing hangs on it");
}

#[tokio::test]
async fn a_connection_waits_for_nothing_without_end() {
    let database = TestDatabase::new().await;
    for (setting, expected) in
        [("statement_timeout", "2min"), ("lock_timeout", "30s"), ("idle_in_transaction_session_timeout", "5min")]
    {
        let mut tx = database.db.system().await.expect("a transaction");
        let set: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(tx.conn())
            .await
            .expect("the setting is there");
        assert_eq!(set, expected, "{setting}");
    }
}

#[tokio::test]
async fn the_ledger_of_the_bucket_gives_no_keys_of_another_organization() {
    let world = World::new().await;
    world.services.bucket.put("inbox/maya/Priya Raman.vtt", "no talk").await.expect("it is put");
    world.services.bucket.put("inbox/nobody/Tom Becker.vtt", "no talk").await.expect("it is put");
    for _ in 0..2 {
        let _ = world.run_installation(&debrief_jobs::ingest::ScanInbox {}).await;
    }
    let other = debrief_jobs::people::add_organization(&world.database.db, "southwind", "Southwind", "Europe/Berlin");
    let other = other.await.expect("another organization");
    let keys = async |organization: Option<uuid::Uuid>| -> Vec<String> {
        let sql = "select object_key from bucket_objects order by 1";
        match organization {
            Some(organization) => {
                let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
                sqlx::query_scalar(sql).fetch_all(tx.conn()).await.expect("it may look")
            }
            None => {
                let mut tx = world.database.db.system().await.expect("a transaction");
                sqlx::query_scalar(sql).fetch_all(tx.conn()).await.expect("it may look")
            }
        }
    };
    assert_eq!(keys(Some(world.organization)).await, ["inbox/maya/Priya Raman.vtt"]);
    assert_eq!(keys(Some(other)).await, [] as [String; 0]);
    assert_eq!(keys(None).await, ["inbox/nobody/Tom Becker.vtt"]);
    let mut tx = world.database.db.tenant(other).await.expect("a transaction");
    for change in ["delete from bucket_objects", "update bucket_objects set organization_id = null"] {
        let mut inner = sqlx::Connection::begin(tx.conn()).await.expect("a savepoint");
        assert!(inner.execute(change).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn nobody_changes_the_audit_with_the_programs_login() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let event = Event::about_nobody(EventKind::Read);
    audit::record(&mut tx, &event, &Visitor::default()).await.expect("an entry is added");
    tx.commit().await.expect("it commits");
    for forbidden in [
        "update audit_events set kind = 'changed'",
        "update audit_events set at = now()",
        "delete from audit_events",
        "truncate audit_events",
        "drop table audit_events",
        "alter table audit_events rename to others",
    ] {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let refused = tx.conn().execute(forbidden).await.expect_err(forbidden);
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {refused}");
    }
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let left: i64 =
        sqlx::query_scalar("select count(*) from audit_events").fetch_one(tx.conn()).await.expect("it counts");
    assert_eq!(left, 1);
}
