//! The schema's guarantees: tenants are isolated, few functions cross tenants, and the committed queries match.

mod backup;
mod erased;
mod landed;
mod login;
mod tenants;

use std::{collections::BTreeSet, time::Duration};

use debrief::postgres::databases;
use debrief_jobs::db::{Db, is_migrated, migrate};
use futures::StreamExt;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr};
use uuid::Uuid;

use crate::support::{SlowPostgres, TestDatabase};

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
    let (one, other) = tokio::join!(migrate(&database.urls), migrate(&database.urls));
    one.expect("the first migrates");
    other.expect("the second waits for it");
    assert!(is_migrated(&database.url).await.expect("the database answers"));
}

/// The first commands on a machine are often given at once, in two terminals.
#[tokio::test]
async fn programs_that_start_at_once_make_the_database_once() {
    let database = TestDatabase::empty().await;
    let name = format!("t_{}", Uuid::now_v7().simple());
    let ensure = || databases::ensure(&database.url, &name);
    for made in futures::future::join_all((0..8).map(|_| ensure())).await {
        made.expect("it is there");
    }
    let urls = databases::named(&database.urls, &name).expect("a URL");
    for migrated in futures::future::join_all((0..4).map(|_| migrate(&urls))).await {
        migrated.expect("it is migrated");
    }
    assert!(is_migrated(&urls.owner).await.expect("the database answers"));
    let mut connection = PgConnection::connect(database.url.expose_secret()).await.expect("it answers");
    let drop = format!("drop database {name} with (force)");
    connection.execute(AssertSqlSafe(drop)).await.expect("it is gone");
}

/// Whoever gets the connection next would read the answer to another question, another organization's perhaps.
#[tokio::test]
async fn a_copy_that_is_dropped_half_way_leaves_its_connection_to_nobody() {
    let database = TestDatabase::new().await;
    let db = Db::connect(&database.urls.app, 1).expect("a good URL");
    for _ in 0..3 {
        let mut tx = db.copying(Uuid::now_v7(), None, Duration::from_secs(60)).await.expect("a transaction");
        let copy = "copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout";
        let mut rows = tx.conn().copy_out_raw(copy).await.expect("it begins");
        rows.next().await.expect("a row").expect("a good one");
    }
    for number in 0..5_i64 {
        let answer: i64 = sqlx::query_scalar("select $1").bind(number).fetch_one(db.pool()).await.expect("an answer");
        assert_eq!(answer, number);
    }
}

#[tokio::test]
async fn a_begin_that_is_cancelled_leaves_no_transaction_open() {
    let database = TestDatabase::new().await;
    let slow = SlowPostgres::before(&database.url, "begin").await;
    let db = Db::connect(&slow.url, 1).expect("a good URL");
    tokio::select! {
        _ = db.system() => panic!("nobody has answered"),
        () = slow.asked() => {}
    }
    slow.answer();
    // The transaction's start time: only statements in the same transaction share it.
    let time = async || {
        let time = sqlx::query_scalar::<_, String>("select now()::text").fetch_one(db.pool());
        time.await.expect("the database answers")
    };
    assert_ne!(time().await, time().await);
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
    // Schedules, turns and the limits of language model endpoints belong to the installation, as what became of backups does; whose a challenge is isn't known.
    let known = [
        "_sqlx_migrations",
        "backup_records",
        "llm_endpoints",
        "passkey_challenges",
        "queue_turns",
        "request_counts",
        "schedule_ticks",
        "schedules",
    ];
    assert_eq!(bare, set(&known));
    let open = names(
        &mut owner(&database).await,
        "select distinct table_name::text from information_schema.role_table_grants
         where table_schema = 'public' and grantee in ('debrief_app', 'PUBLIC') and table_name in (
             select relname from pg_class where relkind in ('r', 'p') and not relrowsecurity)",
    )
    .await;
    assert_eq!(
        open,
        set(&["_sqlx_migrations", "backup_records", "llm_endpoints", "schedule_ticks", "schedules"]),
        "the others are for functions alone"
    );
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
              or not proconfig @> array['search_path=public, pg_temp']
              or has_function_privilege('public', oid, 'execute'))",
    )
    .await;
    assert_eq!(unsafe_ones, BTreeSet::new(), "a fixed search_path, and for the program's role alone");
}

/// Each runs as the owner, so each is reviewed before it is listed here, with what it exposes.
const CROSSING: &[&str] = &[
    // Only ids and organizations, for callers who already know a handle, an id or a secret.
    "coach_by_handle",
    "organization_by_handle",
    "organization_ids",
    "organization_of_session",
    "organization_of_summary",
    "review_link_by_token",
    "review_visit_by_cookie",
    "api_key_by_hash",
    "one_time_link_by_hash",
    "sign_in_by_hash",
    "passkey_by_credential",
    "passkeys_of_another_host",
    // Of those whose address, or its hash, the caller knows.
    "people_by_address",
    "people_by_address_hash",
    // What the caller itself kept, under a secret that it knows.
    "keep_passkey_challenge",
    "take_passkey_challenge",
    // How often the caller itself asked.
    "count_request",
    // Counts of what was deleted.
    "forget_idempotency_keys",
    "forget_request_counts",
    "forget_sign_ins",
    "refresh_token_by_hash",
    "forget_requests",
    "take_back_request",
    // The status of objects that the caller names: no keys.
    "ledger_forget_deleted",
    "ledger_forget_names",
    "ledger_look_again",
    "ledger_remember",
    "ledger_settle",
    "ledger_unsettled",
    // Ids and scores in the transaction's own organization.
    "search_by_words",
    "search_by_meaning",
    "search_languages",
    "search_sessions",
    "count_search_words",
    "similar_sessions",
    // For the worker: ids, kinds, times, arguments (which are ids) and errors of jobs.
    "claim_jobs",
    "extend_leases",
    "job_told",
    "mails_without_job",
    "prune_jobs",
    "rescue_jobs",
    "run_alone",
    "sessions_without_next_job",
    "settle_job",
    "take_untold_jobs",
    // For the operator: rows of jobs without what was said, and counts.
    "admin_sessions",
    "cancel_jobs",
    "list_jobs",
    "queue_lag_seconds",
    "queue_left",
    "queue_stats",
    "retry_jobs",
    "schema_version",
];

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

/// All connections get the options of `db::connect`: the library's own give TLS up when somebody says that there is none.
#[test]
fn no_connection_is_opened_past_the_options() {
    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    sources(&root.join("jobs"), &mut found);
    sources(&root.join("src"), &mut found);
    assert!(found.len() > 100, "the sources are read");
    for path in found.iter().filter(|path| !path.ends_with("db/on_the_way.rs")) {
        let text = std::fs::read_to_string(path).expect("a source");
        for way in [
            "PgConnection::connect(",
            "PgPool::connect",
            ".connect_lazy(",
            "parse::<PgConnectOptions>",
            ": PgConnectOptions",
        ] {
            assert!(!text.contains(way), "{way} in {}", path.display());
        }
    }
}
