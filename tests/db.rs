//! The schema's promises: tenants are kept apart, few things cross, the committed queries fit.

use std::collections::BTreeSet;

use debrief_jobs::db::{Tx, is_migrated, migrate};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr};
use uuid::Uuid;

use crate::support::{TestDatabase, World};

async fn owner(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(database.url.expose_secret()).await.expect("the test database answers")
}

async fn names(connection: &mut PgConnection, sql: &'static str) -> BTreeSet<String> {
    let rows = connection.fetch_all(sql).await.expect("the catalogue answers");
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn migrating_again_and_at_once_changes_nothing() {
    let database = TestDatabase::new().await;
    let (one, other) = tokio::join!(migrate(&database.url), migrate(&database.url));
    one.expect("the first migrates");
    other.expect("the second waits for it");
    assert!(is_migrated(&database.url).await.expect("the database answers"));
}

#[tokio::test]
async fn only_a_few_tables_have_no_policy() {
    let database = TestDatabase::new().await;
    let bare = names(
        &mut owner(&database).await,
        "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
         and not (relrowsecurity and exists (select from pg_policy where polrelid = pg_class.oid))",
    )
    .await;
    // The ledger of the bucket is there before an organization is known; schedules belong to the installation.
    assert_eq!(bare, set(&["_sqlx_migrations", "bucket_objects", "schedule_ticks", "schedules"]));
}

#[tokio::test]
async fn references_between_tenants_tables_carry_the_organization() {
    let database = TestDatabase::new().await;
    let loose = names(
        &mut owner(&database).await,
        "select conname::text from pg_constraint
         where contype = 'f' and confrelid <> 'organizations'::regclass and connamespace = 'public'::regnamespace
           and exists (select from pg_attribute where attrelid = conrelid and attname = 'organization_id')
           and not exists (select from pg_attribute where attrelid = conrelid and attname = 'organization_id' and attnum = any (conkey))",
    )
    .await;
    assert_eq!(loose, BTreeSet::new());
}

#[tokio::test]
async fn what_crosses_tenants_is_listed_here() {
    let database = TestDatabase::new().await;
    let mut connection = owner(&database).await;
    let definers = names(
        &mut connection,
        "select proname::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace",
    )
    .await;
    assert_eq!(definers, set(CROSSING));
    let unsafe_ones = names(
        &mut connection,
        "select proname::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace
         and (proconfig is null or not exists (select from unnest(proconfig) as setting where setting like 'search_path=%')
              or has_function_privilege('public', oid, 'execute'))",
    )
    .await;
    assert_eq!(unsafe_ones, BTreeSet::new(), "a fixed search_path, and for the program's role alone");
}

const CROSSING: &[&str] = &[];

#[tokio::test]
async fn the_program_cannot_pass_a_policy() {
    let database = TestDatabase::new().await;
    let (role, passes, owns): (String, bool, i64) = sqlx::query_as(
        "select current_user::text, (select rolsuper or rolbypassrls from pg_roles where rolname = current_user),
            (select count(*) from pg_class where relowner = (select oid from pg_roles where rolname = current_user))",
    )
    .fetch_one(database.db.pool())
    .await
    .expect("the database answers");
    assert_eq!((role.as_str(), passes, owns), ("debrief_app", false, 0));
}

#[tokio::test]
async fn a_transaction_sees_its_own_organization_and_no_other() {
    let world = World::new().await;
    let db = &world.database.db;
    let tenant_tables = names(
        &mut owner(&world.database).await,
        "select relname::text from pg_class where relrowsecurity and relname <> 'jobs'",
    )
    .await;
    let mut own = db.tenant(world.organization).await.expect("a transaction");
    let clients: i64 = sqlx::query_scalar("select count(*) from clients").fetch_one(own.conn()).await.expect("a count");
    assert_eq!(clients, 2);
    for table in &tenant_tables {
        let count = || AssertSqlSafe(format!("select count(*) from {table}"));
        let mut other = db.tenant(Uuid::now_v7()).await.expect("a transaction");
        let seen: i64 = sqlx::query_scalar(count()).fetch_one(other.conn()).await.expect("a count");
        assert_eq!(seen, 0, "{table}, seen by another organization");
        let mut none = db.system().await.expect("a transaction");
        let seen: i64 = sqlx::query_scalar(count()).fetch_one(none.conn()).await.expect("a count");
        assert_eq!(seen, 0, "{table}, seen without an organization");
    }
    let mut other = db.tenant(Uuid::now_v7()).await.expect("a transaction");
    let stolen = sqlx::query("update clients set name = 'x'").execute(other.conn()).await.expect("it changes nothing");
    assert_eq!(stolen.rows_affected(), 0);
    let planted = sqlx::query("insert into clients (id, organization_id, coach_id, name) values ($1, $2, $3, 'x')")
        .bind(Uuid::now_v7())
        .bind(world.organization)
        .bind(world.coach)
        .execute(other.conn())
        .await;
    assert!(planted.is_err(), "a row cannot be put into another organization");
}

#[tokio::test]
async fn the_committed_queries_fit_the_schema() {
    let database = TestDatabase::new().await;
    let mut connection = owner(&database).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect(".sqlx is committed") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a query's file");
        let file: serde_json::Value = serde_json::from_str(&text).expect("a query's file is JSON");
        let sql = file["query"].as_str().expect("a query").to_owned();
        let described = (&mut connection).describe(AssertSqlSafe(sql.clone()).into_sql_str()).await;
        let described = described.unwrap_or_else(|error| panic!("{sql}\ndoes not fit the schema: {error}"));
        let columns: Vec<String> =
            sqlx::Describe::columns(&described).iter().map(|column| sqlx::Column::name(column).to_owned()).collect();
        let committed: Vec<String> = file["describe"]["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .map(|column| column["name"].as_str().expect("a name").to_owned())
            .collect();
        assert_eq!(columns, committed, "{sql}");
        checked += 1;
    }
    assert!(checked > 10, "the queries are there");
}
