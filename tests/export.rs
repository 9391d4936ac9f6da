//! The stage `export`, from outside: other libraries than the writer read the files back.

mod parts;
mod readers;

use std::{collections::BTreeSet, fs::File, path::PathBuf};

use debrief_jobs::{
    db::{Db, Tx},
    export::{ExportAll, ExportOrganization, ExportedTable, Manifest, Settings, Wish, start, to_folder},
    model::{Content, Owner, Section},
};
use polars::prelude::{AnyValue, DataFrame};
use polars_io::{SerReader, parquet::read::ParquetReader};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::{
    World,
    filled::{Filled, Session, action, claim, day},
};

/// Every table, and its rows in an organization with one session of [`filled`]. Whoever adds a table adds it here.
const TABLES: [(&str, u64); 24] = [
    ("coaches", 1),
    ("clients", 2),
    ("sessions", 1),
    ("participants", 2),
    ("attendance", 0),
    ("utterances", 2),
    ("chat", 0),
    ("danger_signs", 0),
    ("summaries", 1),
    ("versions", 1),
    ("claims", 2),
    ("evidence", 2),
    ("refinements", 0),
    ("action_items", 1),
    ("threads", 0),
    ("goals", 0),
    ("follow_ups", 0),
    ("mails", 0),
    ("measures", 6),
    ("rollups", 0),
    ("costs", 0),
    ("audit", 0),
    ("chunks", 0),
    ("embeddings", 0),
];

/// Starts an export and runs it.
async fn export(world: &World) -> Manifest {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    start(&mut tx).await.expect("an export is started");
    tx.commit().await.expect("it is committed");
    let output = world.run_queued::<ExportOrganization>().await.expect("a job is due").expect("it is published");
    let key = output["manifest_key"].as_str().expect("a key");
    serde_json::from_slice(&std::fs::read(path(world, key)).expect("a manifest")).expect("a good manifest")
}

fn path(world: &World, key: &str) -> PathBuf {
    world.folder.path().join("bucket").join(key)
}

fn table<'a>(manifest: &'a Manifest, name: &str) -> &'a ExportedTable {
    manifest.tables.iter().find(|table| table.name == name).expect("the table is exported")
}

fn file(world: &World, manifest: &Manifest, name: &str, format: &str) -> PathBuf {
    let files = &table(manifest, name).files;
    path(world, &files.iter().find(|file| file.format == format).expect("the format is there").key)
}

fn parquet(world: &World, manifest: &Manifest, name: &str) -> DataFrame {
    let file = File::open(file(world, manifest, name, "parquet")).expect("a file");
    ParquetReader::new(file).finish().expect("polars reads it")
}

fn csv_rows(world: &World, manifest: &Manifest, name: &str) -> Vec<csv::StringRecord> {
    let reader = csv::Reader::from_path(file(world, manifest, name, "csv")).expect("a file");
    reader.into_records().map(|record| record.expect("a good record")).collect()
}

fn json_rows(world: &World, manifest: &Manifest, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file(world, manifest, name, "jsonl")).expect("a file");
    text.lines().map(|line| serde_json::from_str(line).expect("a good line")).collect()
}

async fn filled(world: &World, said: Vec<(&'static str, &'static str)>) -> Filled {
    let filled = world.insert(&world.session(said)).await;
    let evidence = filled.utterances[0];
    let content = Content {
        claims: vec![
            claim(Section::Wins, "Spoke up in the board meeting.", evidence),
            action("Send the draft.", Owner::Client, Some(day("2026-11-20")), evidence),
        ],
    };
    world.summarize(filled.session, world.priya, &content).await;
    filled
}

#[tokio::test]
async fn every_row_is_in_every_format_with_its_values() {
    let world = World::new().await;
    let said = vec![("Priya Raman", "I spoke up, \"finally\",\nand it helped."), ("Maya Okafor", "Żółć — 你好 🎉")];
    let filled = filled(&world, said.clone()).await;
    let manifest = export(&world).await;

    let rows: Vec<(&str, u64)> = manifest.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!(rows, TABLES);
    for (name, rows) in rows {
        let rows = usize::try_from(rows).expect("few rows");
        assert_eq!(parquet(&world, &manifest, name).height(), rows, "{name}");
        assert_eq!(csv_rows(&world, &manifest, name).len(), rows, "{name}");
        assert_eq!(json_rows(&world, &manifest, name).len(), rows, "{name}");
    }

    let utterances = parquet(&world, &manifest, "utterances");
    let text =
        |row: usize| utterances.column("text").expect("text").str().expect("strings").get(row).map(str::to_owned);
    assert_eq!([text(0), text(1)], [Some(said[0].1.to_owned()), Some(said[1].1.to_owned())]);
    let start = utterances.column("start_ms").expect("start").i64().expect("numbers");
    assert_eq!([start.get(0), start.get(1)], [Some(0), Some(10_000)]);
    assert_eq!(&csv_rows(&world, &manifest, "utterances")[0][8], said[0].1);
    let json = &json_rows(&world, &manifest, "utterances")[1];
    assert_eq!((&json["text"], &json["id"]), (&json!(said[1].1), &json!(filled.utterances[1])));

    let sessions = parquet(&world, &manifest, "sessions");
    let value = |column: &str| sessions.column(column).expect("the column").get(0).expect("a row").into_static();
    assert_eq!(value("id"), AnyValue::StringOwned(filled.session.to_string().into()));
    assert_eq!(value("coach"), AnyValue::StringOwned("Maya Okafor".into()));
    assert_eq!(value("closed_at"), AnyValue::Null);
    // Days since 1970.
    assert_eq!(value("session_date"), AnyValue::Date(20_766));
    let due = parquet(&world, &manifest, "action_items");
    assert_eq!(due.column("due_date").expect("due").get(0).expect("a row"), AnyValue::Date(20_777));
}

#[tokio::test]
async fn the_manifest_names_every_file_with_its_size_and_hash() {
    let world = World::new().await;
    filled(&world, vec![("Priya Raman", "Good.")]).await;
    let manifest = export(&world).await;
    assert_eq!((manifest.schema_version, manifest.organization.as_str()), (2, "northlight"));
    let mut named = BTreeSet::new();
    for file in manifest.tables.iter().flat_map(|table| &table.files) {
        let content = std::fs::read(path(&world, &file.key)).expect("the file is there");
        let sha256: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((content.len() as u64, &sha256), (file.bytes, &file.sha256), "{}", file.key);
        named.insert(path(&world, &file.key));
    }
    let key = &manifest.tables[0].files[0].key;
    let (day, time) = (manifest.snapshot_at.format("%Y-%m-%d"), manifest.snapshot_at.format("%Y-%m-%dT%H%M%S%.6fZ"));
    assert_eq!(*key, format!("exports/parquet/coaches/organization=northlight/date={day}/{time}.parquet"));
    let latest = path(&world, "exports/latest/northlight.json");
    let its = path(&world, &format!("exports/manifests/organization=northlight/date={day}/{time}.json"));
    assert_eq!(std::fs::read(&latest).expect("the newest"), std::fs::read(&its).expect("its manifest"));
    named.extend([latest, its]);
    assert_eq!(exported(&world), named);
}

/// Every file of exports in the bucket.
fn exported(world: &World) -> BTreeSet<PathBuf> {
    let (mut files, mut folders) = (BTreeSet::new(), vec![path(world, "exports")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    files
}

#[tokio::test]
async fn csv_is_harmless_for_spreadsheets_and_the_other_formats_stay_raw() {
    let world = World::new().await;
    let said = vec![("Priya Raman", "=HYPERLINK(\"http://evil.example\")"), ("Priya Raman", "well\n@SUM(A1)")];
    filled(&world, said.clone()).await;
    let manifest = export(&world).await;
    let rows = csv_rows(&world, &manifest, "utterances");
    assert_eq!([&rows[0][8], &rows[1][8]], [format!("'{}", said[0].1).as_str(), "well\n'@SUM(A1)"]);
    assert_eq!(json_rows(&world, &manifest, "utterances")[0]["text"], json!(said[0].1));
    let raw = std::fs::read_to_string(file(&world, &manifest, "utterances", "csv")).expect("a file");
    assert!(
        raw.starts_with("\u{feff}id,session_id,transcript_id,position,label,"),
        "Excel knows UTF-8 by the mark: {raw}"
    );
    // Numbers are numbers.
    assert_eq!((&rows[1][6], &rows[1][3]), ("10000", "1"));
    assert_eq!(raw.matches("\r\n").count(), 3, "RFC 4180 ends every record with CR LF");
}

/// Uploaders can put anything in a file name.
#[tokio::test]
async fn a_key_is_one_line_that_nothing_obeys() {
    let world = World::new().await;
    let session = filled(&world, vec![("Priya Raman", "Yes.")]).await.session;
    world.execute("update sessions set object_key = E'inbox/maya/a\\x1b[31m\\nb.txt' where id = $1", session).await;
    let manifest = export(&world).await;
    let raw = std::fs::read_to_string(file(&world, &manifest, "sessions", "csv")).expect("a file");
    assert!(!raw.contains('\u{1b}') && raw.lines().count() == 2, "{raw:?}");
    assert!(raw.contains("inbox/maya/a") && raw.contains("[31m"), "{raw:?}");
}

#[tokio::test]
async fn the_mark_by_which_excel_knows_utf_8_is_left_out_where_the_settings_say_so() {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    for csv_bom in [true, false] {
        let world = World::with(|settings| settings.export.csv_bom = csv_bom).await;
        filled(&world, vec![("Jürgen Vogel", "Grüße")]).await;
        let manifest = export(&world).await;
        for (table, _) in TABLES {
            let bytes = std::fs::read(file(&world, &manifest, table, "csv")).expect("a file");
            assert_eq!(bytes.starts_with(MARK), csv_bom, "{table}");
            assert_eq!(bytes.windows(MARK.len()).filter(|window| *window == MARK).count(), usize::from(csv_bom));
        }
        let bytes = std::fs::read(file(&world, &manifest, "utterances", "csv")).expect("a file");
        assert!(String::from_utf8(bytes).expect("UTF-8").contains("Grüße"), "the letters are the same either way");
        let other = std::fs::read(file(&world, &manifest, "utterances", "jsonl")).expect("a file");
        assert!(!other.starts_with(MARK), "JSON Lines never has one");
    }
}

#[tokio::test]
async fn nothing_of_another_organization_is_in_any_file() {
    let world = World::new().await;
    let [organization, coach, client] = world.neighbour().await;
    let theirs = Session {
        organization,
        coach,
        title: "Neighbour",
        clients: vec![(client, "Nils Berg")],
        ..world.session(vec![("Nils Berg", "a neighbourly secret")])
    };
    let theirs = world.insert(&theirs).await;
    filled(&world, vec![("Priya Raman", "Good.")]).await;
    let manifest = export(&world).await;
    for file in manifest.tables.iter().flat_map(|table| &table.files).filter(|file| file.format != "parquet") {
        let text = std::fs::read_to_string(path(&world, &file.key)).expect("a file");
        for word in ["Nils", "secret", "Neighbour", &theirs.session.to_string(), &organization.to_string()] {
            assert!(!text.contains(word), "{} holds {word}", file.key);
        }
    }
    // Parquet is compressed, so it is parsed.
    for (name, _) in TABLES {
        let frame = parquet(&world, &manifest, name);
        assert_eq!(frame.height() as u64, table(&manifest, name).rows);
        for column in ["session_id", "id"].iter().filter_map(|column| frame.column(column).ok()) {
            let ids = column.str().expect("ids");
            assert!(ids.iter().all(|id| id != Some(&theirs.session.to_string())), "{name}");
        }
    }
    assert_eq!(table(&manifest, "sessions").rows, 1);
}

#[tokio::test]
async fn an_empty_organization_exports_empty_tables() {
    let world = World::new().await;
    let manifest = export(&world).await;
    assert_eq!(
        manifest.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(),
        TABLES.map(|(name, _)| name)
    );
    for (name, _) in TABLES.into_iter().filter(|(name, _)| !["coaches", "clients"].contains(name)) {
        let frame = parquet(&world, &manifest, name);
        assert_eq!(frame.height(), 0, "{name}");
        assert!(frame.width() > 2, "{name} keeps its columns");
        assert_eq!(csv_rows(&world, &manifest, name).len(), 0);
    }
}

#[tokio::test]
async fn more_rows_than_are_held_at_a_time_come_whole_and_in_order() {
    let world = World::new().await;
    let filled = world.insert(&world.session(vec![])).await;
    world
        .execute(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, text)
             select lpad(to_hex(n), 32, '0')::uuid, organization_id, session_id, id, n, 'utterance ' || n
             from transcripts, generate_series(0, 4999) n where session_id = $1",
            filled.session,
        )
        .await;
    let manifest = export(&world).await;
    let frame = parquet(&world, &manifest, "utterances");
    let positions: Vec<i64> = frame.column("position").expect("it").i64().expect("numbers").iter().flatten().collect();
    assert_eq!(positions, (0..5000).collect::<Vec<i64>>());
    assert_eq!(csv_rows(&world, &manifest, "utterances").len(), 5000);
}

#[tokio::test]
async fn an_attempt_cut_off_after_publishing_publishes_nothing_twice() {
    let world = World::new().await;
    filled(&world, vec![("Priya Raman", "Good.")]).await;
    let first = export(&world).await;
    // As left by a worker that dies between the manifest and its last transaction.
    let job = ExportOrganization { export_id: first.export_id };
    let cut = "update exports set finished_at = null, manifest = null, manifest_key = null where id = $1";
    world.execute(cut, first.export_id).await;
    world.run(&job).await.expect("it is finished");
    let manifests =
        || exported(&world).into_iter().filter(|path| path.components().any(|it| it.as_os_str() == "manifests"));
    assert_eq!(manifests().count(), 1);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let (manifest,): (Value,) = sqlx::query_as("select manifest from exports where finished_at is not null")
        .fetch_one(tx.conn())
        .await
        .expect("one export");
    assert_eq!(serde_json::from_value::<Manifest>(manifest).expect("a manifest"), first);
    drop(tx);

    // And one that dies before the manifest leaves nothing that looks like an export.
    world.execute(cut, first.export_id).await;
    for manifest in manifests() {
        std::fs::remove_file(manifest).expect("it was there");
    }
    world.run(&job).await.expect("it is published anew");
    assert_eq!(manifests().count(), 1);
    assert!(!path(&world, &first.tables[0].files[0].key).exists(), "what was left is taken away");
    assert_eq!(world.run(&job).await.expect("it is done")["outcome"], "already done");
}

#[tokio::test]
async fn one_export_at_a_time_is_started() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let one = start(&mut tx).await.expect("it is started");
    let other = start(&mut tx).await.expect("it is there");
    tx.commit().await.expect("it is committed");
    assert_eq!(one, other);
    world.run_queued::<ExportOrganization>().await.expect("a job is due").expect("it is published");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    assert_ne!(start(&mut tx).await.expect("the next one is started"), one);
    let gone = ExportOrganization { export_id: Uuid::now_v7() };
    drop(tx);
    assert_eq!(world.run(&gone).await.expect("it is done")["outcome"], "gone");
}

#[tokio::test]
async fn the_schedule_starts_one_for_every_organization() {
    let world = World::new().await;
    world.neighbour().await;
    for _ in 0..2 {
        let output = world.run_installation(&ExportAll {}).await.expect("it runs");
        assert_eq!(output, json!({ "started": 2 }));
    }
    for organization in world.database.db.organizations().await.expect("organizations") {
        let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
        let jobs: i64 = sqlx::query_scalar("select count(*) from jobs where kind = 'export.organization'")
            .fetch_one(tx.conn())
            .await
            .expect("a count");
        assert_eq!(jobs, 1);
    }
}

#[tokio::test]
async fn what_a_killed_upload_left_in_a_folder_can_be_taken_away() {
    let world = World::new().await;
    let left = world.folder.path().join("bucket/exports/northlight/some/claims.parquet#1");
    std::fs::create_dir_all(left.parent().expect("a folder")).expect("the bucket can be written");
    std::fs::write(&left, "half a file").expect("the bucket can be written");
    let bucket = &world.services.bucket;
    for object in bucket.list("exports/").await.expect("the bucket lists it") {
        bucket.delete(&object.key).await.expect("its name is no obstacle");
    }
    assert!(!left.exists());
}

#[tokio::test]
async fn action_items_say_how_they_stand_and_goals_are_a_table() {
    let world = World::new().await;
    filled(&world, vec![("Priya Raman", "Good.")]).await;
    world
        .execute(
            "insert into action_item_states (organization_id, lasting_id, summary_id, state, since, note, told_by)
             select $1, lasting_id, summary_id, 'done', '2026-11-20', 'It was sent.', (select id from coaches)
             from claims where section = 'action_items'",
            world.organization,
        )
        .await;
    world
        .execute(
            "insert into goals (id, organization_id, coach_id, client_id, text, due_date, since)
             select gen_random_uuid(), $1, coach_id, id, 'Lead the team.', '2027-01-31', '2026-11-20'
             from clients where name = 'Priya Raman'",
            world.organization,
        )
        .await;
    let manifest = export(&world).await;
    let item = &json_rows(&world, &manifest, "action_items")[0];
    assert_eq!(
        (&item["state"], &item["since"], &item["note"]),
        (&json!("done"), &json!("2026-11-20"), &json!("It was sent."))
    );
    let claims = json_rows(&world, &manifest, "claims");
    let claim = claims.iter().find(|claim| claim["id"] == item["claim_id"]).expect("its claim");
    assert_eq!(claim["lasting_id"], item["item_id"]);
    assert_eq!(item["told_by"], json!(world.coach));
    assert_eq!(
        (&item["client"], &item["settled_on"], &item["is_shown"], &item["session_date"]),
        (&json!("Priya Raman"), &json!("2026-11-20"), &json!(true), &json!("2026-11-09"))
    );
    let goal = &json_rows(&world, &manifest, "goals")[0];
    assert_eq!(
        (&goal["client"], &goal["text"], &goal["state"], &goal["due_date"]),
        (&json!("Priya Raman"), &json!("Lead the team."), &json!("open"), &json!("2027-01-31"))
    );
}

/// A copy that ends before its rows do leaves the answer to it on its connection.
#[tokio::test]
async fn an_export_that_ends_early_leaves_the_pool_in_step() {
    let world = World::new().await;
    let filled = world.insert(&world.session(vec![])).await;
    world
        .execute(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, text)
             select gen_random_uuid(), organization_id, session_id, id, n, repeat('x', 500)
             from transcripts, generate_series(1, 20000) n where session_id = $1",
            filled.session,
        )
        .await;
    let db = Db::connect(&world.database.urls.app, 1).expect("a good URL");
    let wish = Wish { tables: vec!["utterances".into()], ..Wish::default() };
    let nowhere = world.folder.path().join("is/not/there");
    let settings = Settings { csv_bom: true };
    to_folder(&db, world.organization, &wish, &nowhere, settings).await.expect_err("there is no such folder");
    for number in 0..5 {
        let mut tx = db.tenant(world.organization).await.expect("a transaction");
        let told: i32 =
            sqlx::query_scalar("select $1::int4").bind(number).fetch_one(tx.conn()).await.expect("an answer");
        assert_eq!(told, number, "it is the answer to this question");
        tx.commit().await.expect("it is committed");
    }
}
