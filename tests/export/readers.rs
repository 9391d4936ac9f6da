//! DuckDB, pyarrow, pandas, polars and DataFusion read what was exported, value by value, and the documents' queries
//! give the right answers.

use std::{path::Path, process::Stdio};

use debrief_jobs::{
    db::Tx,
    export::Manifest,
    model::{Content, Owner, Section},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{export, file, filled};
use crate::support::{
    World,
    filled::{action, claim, day},
    python,
};

/// Texts that readers get wrong, and how CSV has those that it changes for spreadsheets.
const AWKWARD: [(&str, Option<&str>); 14] = [
    ("plain", None),
    ("two\nlines\r\nor three", None),
    ("a \"quoted\", comma'd; text", None),
    ("Żółć — 你好 🎉👩‍👩‍👧", None),
    ("=HYPERLINK(\"http://evil.example\")", Some("'=HYPERLINK(\"http://evil.example\")")),
    ("well\n@SUM(A1)", Some("well\n'@SUM(A1)")),
    ("007", None),
    ("1e5", None),
    ("NULL", None),
    ("NaN", None),
    ("true", None),
    ("2026-11-30", None),
    ("\\N \\n \u{200f}\u{2028}\u{feff}x", None),
    (" blanks at both ends ", None),
];

/// Runs `readers.py` with `asked`, and returns what it says.
fn read(asked: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/readers.py");
    let mut command = python::readers();
    let mut running = command
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    serde_json::to_writer(running.stdin.take().expect("its input"), asked).expect("it listens");
    let done = running.wait_with_output().expect("it ends");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

async fn awkward(world: &World) {
    filled(world, vec![("Priya Raman", "Good.")]).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (position, (text, _)) in (1_i32..).zip(AWKWARD) {
        sqlx::query(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, text)
             select gen_random_uuid(), organization_id, session_id, id, $1, case when $1 % 2 = 0 then '' end,
                    case when $1 % 3 = 0 then 9007199254740993 end, $2 from transcripts",
        )
        .bind(position)
        .bind(text)
        .execute(tx.conn())
        .await
        .expect("an utterance");
    }
    for (days, state) in [("0001-01-01", "achieved"), ("9999-12-31", "dropped"), ("1582-10-15", "open")] {
        sqlx::query(
            "insert into goals (id, organization_id, coach_id, client_id, text, due_date, since, state, told_at)
             select gen_random_uuid(), organization_id, coach_id, id, '-', $1::date, $1::date, $2, '1969-12-31 23:59:59.999999Z'
             from clients where name = 'Tom Becker'",
        )
        .bind(days)
        .bind(state)
        .execute(tx.conn())
        .await
        .expect("a goal");
    }
    // What no calendar has.
    let never = "insert into goals (id, organization_id, coach_id, client_id, text, due_date, since)
        select gen_random_uuid(), organization_id, coach_id, id, '-', 'infinity', '-infinity' from clients limit 1";
    sqlx::query(never).execute(tx.conn()).await.expect("a goal");
    let chunk = "insert into chunks (id, organization_id, coach_id, session_id, source, text, content_sha256)
        select gen_random_uuid(), organization_id, coach_id, id, 'utterances', 'x', 'x' from sessions";
    sqlx::query(chunk).execute(tx.conn()).await.expect("a passage");
    let vector = "insert into embeddings (organization_id, chunk_id, model, embedding)
        select organization_id, id, 'small', '[0.5,-1,0.25]'::halfvec from chunks";
    sqlx::query(vector).execute(tx.conn()).await.expect("its vector");
    tx.commit().await.expect("it is committed");
}

/// What the database has, in the words of JSON.
async fn truth(world: &World, table: &str, sql: &'static str) -> Value {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let sql = format!("select coalesce(jsonb_agg(t order by id), '[]') from ({sql}) t");
    let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(tx.conn()).await;
    rows.unwrap_or_else(|error| panic!("{table}: {error}"))
}

fn paths(world: &World, manifest: &Manifest, name: &str) -> Value {
    json!({ "parquet": file(world, manifest, name, "parquet"), "csv": file(world, manifest, name, "csv"),
            "jsonl": file(world, manifest, name, "jsonl") })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_reads_every_value() {
    let world = World::new().await;
    awkward(&world).await;
    let manifest = export(&world).await;
    let utterances = "select id, session_id, position, label, start_ms, text from utterances";
    let goals = "select id, text, state, told_at, greatest(since, '0001-01-01') as since,
        least(due_date, '9999-12-31') as due_date from goals";
    let items = "select claim_id as id, owner, due_date from action_items";
    let sessions = "select id, session_date, created_at, title, closed_at from sessions";
    let vectors = "select chunk_id as id, model, array[0.5, -1, 0.25] as embedding from embeddings";
    let mut tables = Vec::new();
    for (name, sql) in [
        ("utterances", utterances),
        ("goals", goals),
        ("action_items", items),
        ("sessions", sessions),
        ("embeddings", vectors),
    ] {
        let rows = truth(&world, name, sql).await;
        tables.push(json!({ "name": name, "rows": rows, "files": paths(&world, &manifest, name) }));
    }
    let changed: Vec<(&str, &str)> = AWKWARD.iter().filter_map(|(text, in_csv)| Some((*text, (*in_csv)?))).collect();
    let changed: Vec<(&str, &str)> = changed.into_iter().chain([("-", "'-")]).collect();
    let said = read(&json!({ "what": "values", "tables": tables, "changed_in_csv": changed }));
    assert_eq!(said["wrong"], json!([]), "{said}");
    assert_eq!(
        said["read"],
        json!([
            "csv: duckdb",
            "csv: pandas",
            "csv: polars",
            "csv: pyarrow",
            "jsonl: duckdb",
            "jsonl: python",
            "parquet: datafusion",
            "parquet: duckdb",
            "parquet: pandas",
            "parquet: polars",
            "parquet: pyarrow"
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_says_what_it_holds_and_is_laid_out_for_readers() {
    let world = World::new().await;
    filled(&world, vec![("Priya Raman", "Good.")]).await;
    let manifest = export(&world).await;
    let said = read(&json!({ "what": "layout", "file": file(&world, &manifest, "action_items", "parquet") }));
    assert_eq!(said["compression"], "ZSTD");
    assert_eq!(said["facts"]["debrief.schema_version"], "2");
    assert_eq!(said["facts"]["debrief.table"], "action_items");
    assert_eq!(said["facts"]["debrief.organization"], "northlight");
    let columns: Value = serde_json::from_str(said["facts"]["debrief.columns"].as_str().expect("text")).expect("JSON");
    assert_eq!(columns["settled_on"], "The day it was done or dropped.");
    assert_eq!(said["comment"], "The day it was done or dropped.");
    // From the folders' names.
    assert_eq!(said["partition"], json!(["northlight", manifest.snapshot_at.format("%Y-%m-%d").to_string()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schemas_create_tables_that_the_files_fit() {
    let world = World::new().await;
    awkward(&world).await;
    let manifest = export(&world).await;
    let tables: Vec<Value> = manifest
        .tables
        .iter()
        .map(|table| json!({ "name": table.name, "rows": table.rows, "files": paths(&world, &manifest, &table.name) }))
        .collect();
    let schema = debrief_jobs::export::json_schema();
    let said =
        read(&json!({ "what": "schemas", "sql": debrief_jobs::export::sql(), "schema": schema, "tables": tables }));
    assert_eq!(said["wrong"], json!([]), "{said}");
    // In Postgres too.
    let mut owner = PgConnection::connect(world.database.url.expose_secret()).await.expect("the owner");
    let create = format!("create schema elsewhere; set search_path to elsewhere; {}", debrief_jobs::export::sql());
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut owner).await.expect("the tables are created");
    let columns: i64 =
        sqlx::query_scalar("select count(*) from information_schema.columns where table_schema = 'elsewhere'")
            .fetch_one(&mut owner)
            .await
            .expect("a count");
    assert_eq!(columns, debrief_jobs::export::schema().iter().map(|table| table.columns.len() as i64).sum::<i64>());
}

/// Three clients' promises: kept in March, kept in April, said to be done by a later session, dropped, open.
async fn promises(world: &World) {
    let filled = world.insert(&world.session(vec![("Priya Raman", "Good.")])).await;
    let evidence = filled.utterances[0];
    let item = |text| action(text, Owner::Client, Some(day("2026-03-20")), evidence);
    let content = Content {
        claims: vec![
            claim(Section::Wins, "Spoke up.", evidence),
            item("Kept in March."),
            item("Kept on the last of March."),
            item("Kept in April."),
            item("Dropped in March."),
            item("Still open."),
            action("The coach's own, kept in March.", Owner::Coach, None, evidence),
        ],
    };
    // A second version: each item has a row for each, and counts once.
    world.summarize(filled.session, world.priya, &content).await;
    world.summarize(filled.session, world.priya, &content).await;
    let other = world
        .insert(&super::Session {
            clients: vec![(world.tom, "Tom Becker")],
            ..world.session(vec![("Tom Becker", "Yes.")])
        })
        .await;
    let tom = Content { claims: vec![action("Tom’s, kept in March.", Owner::Client, None, other.utterances[0])] };
    world.summarize(other.session, world.tom, &tom).await;
    for (text, state, on) in [
        ("Kept in March.", "done", "2026-03-01"),
        ("Kept on the last of March.", "done", "2026-03-31"),
        ("Kept in April.", "done", "2026-04-01"),
        ("Dropped in March.", "dropped", "2026-03-10"),
        ("The coach's own, kept in March.", "done", "2026-03-10"),
        ("Tom’s, kept in March.", "done", "2026-03-15"),
    ] {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into action_item_states (organization_id, lasting_id, summary_id, state, since)
             select distinct on (lasting_id) organization_id, lasting_id, summary_id, $2, $3::date from claims where text = $1
             on conflict do nothing",
        )
        .bind(text)
        .bind(state)
        .bind(on)
        .execute(tx.conn())
        .await
        .expect("how it stands");
        tx.commit().await.expect("it is committed");
    }
}

/// The blocks of a language in `docs/SCALING.md` below a heading, for another bucket and organization.
fn blocks(heading: &str, language: &str, bucket: &Path) -> Vec<String> {
    let page = include_str!("../../docs/SCALING.md");
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let fence = format!("```{language}\n");
    let found = section.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let here = |block: &str| block.replace("/srv/debrief/bucket", &bucket.display().to_string());
    let found: Vec<String> = found.map(here).collect();
    assert!(!found.is_empty(), "{heading} has a block of {language}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_answers_how_many_promises_were_kept_in_march_by_client() {
    let world = World::new().await;
    promises(&world).await;
    export(&world).await;
    // An older export is still there; the newest one counts.
    promises(&world).await;
    export(&world).await;
    let bucket = world.folder.path().join("bucket");
    let kept = json!([["Priya Raman", 4], ["Tom Becker", 2]]);
    let duckdb = blocks("DuckDB", "sql", &bucket);
    assert_eq!(read(&json!({ "what": "duckdb", "sql": duckdb })), kept);
    let datafusion = blocks("DataFusion", "python", &bucket);
    assert_eq!(read(&json!({ "what": "datafusion", "python": datafusion })), kept);
}
