//! Everything that is in the database is in the backup, or left out on purpose; and comes back as it was.

use std::collections::{BTreeMap, BTreeSet};

use debrief_jobs::{
    backup::{
        self, BackupError, ProveBackup, RunBackup, Wanted,
        tables::{KEPT_JOBS, LEFT, LEFT_JOBS, TABLES},
    },
    db::{Tx, migrate, migrate_to},
    index::Query,
};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{super::set, Anew, Backed, names, organizations, owner, silent};
use crate::support::{TestDatabase, World, search};

/// Whoever adds a table or a column is told here: it has to be in `jobs/backup/tables.rs`.
#[tokio::test]
async fn every_table_and_column_is_in_the_backup_or_left_out_on_purpose() {
    let database = TestDatabase::new().await;
    let mut all = owner(&database).await;
    let columns = names(
        &mut all,
        "select relname || '.' || attname from pg_class join pg_attribute on attrelid = pg_class.oid
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attnum > 0 and not attisdropped
           and attgenerated = ''",
    )
    .await;
    let left: BTreeSet<&str> = LEFT.iter().map(|(name, _)| *name).collect();
    let mut known = BTreeSet::new();
    for table in TABLES {
        assert!(!left.contains(table.name), "{} is in both lists", table.name);
        for column in table.columns().chain(table.left.split_whitespace()) {
            assert!(known.insert(format!("{}.{column}", table.name)), "{}.{column} is there twice", table.name);
        }
    }
    let there: BTreeSet<String> =
        columns.iter().filter(|name| !left.contains(name.split('.').next().unwrap_or_default())).cloned().collect();
    assert_eq!(
        there.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "add them to jobs/backup/tables.rs"
    );
    assert_eq!(known.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "they aren't in the schema");
    let tables: BTreeSet<&str> = columns.iter().filter_map(|name| name.split('.').next()).collect();
    assert_eq!(left.difference(&tables).collect::<Vec<_>>(), Vec::<&&str>::new(), "they aren't in the schema");
    let counters = names(
        &mut all,
        "select relname::text from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace",
    )
    .await;
    assert_eq!(counters, set(&[]), "a sequence has a value of its own, which a backup would have to hold");
}

#[tokio::test]
async fn a_row_is_loaded_after_those_that_it_refers_to() {
    let database = TestDatabase::new().await;
    let mut all = owner(&database).await;
    let references = names(
        &mut all,
        "select conrelid::regclass || ' ' || confrelid::regclass from pg_constraint
         where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid",
    )
    .await;
    let place = |name: &str| TABLES.iter().position(|table| table.name == name);
    for reference in references {
        let (from, to) = reference.split_once(' ').expect("two tables");
        if let Some(from_place) = place(from) {
            let to_place =
                place(to).unwrap_or_else(|| panic!("{from} is in the backup, and {to}, to which it refers, is not"));
            assert!(to_place < from_place, "{from} is loaded before {to}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_job_is_in_the_backup_or_left_out_on_purpose() {
    let world = World::new().await;
    let kinds: BTreeSet<String> = debrief_jobs::catalogue(&world.services).names().into_iter().collect();
    let listed: Vec<&str> = KEPT_JOBS.into_iter().chain(LEFT_JOBS).collect();
    assert_eq!(kinds, set(&listed), "jobs/backup/tables.rs says which jobs are restored");
    assert_eq!(listed.len(), kinds.len(), "none is in both lists");
}

/// The rows of a table as text, without the columns that a backup changes or leaves out.
async fn rows(all: &mut PgConnection, table: &backup::tables::Table) -> Vec<String> {
    let changed: Vec<String> = table.changed.iter().map(|(name, _)| format!("'{name}'")).collect();
    let left = table.left.split_whitespace().map(|name| format!("'{name}'"));
    let without: Vec<String> = changed.into_iter().chain(left).collect();
    let only = if table.name == "jobs" {
        let kinds: Vec<String> = KEPT_JOBS.iter().map(|kind| format!("'{kind}'")).collect();
        format!(
            "where organization_id is not null and state in ('due', 'running', 'dead') and kind in ({})",
            kinds.join(",")
        )
    } else if table.name == "bucket_objects" {
        "where organization_id is not null".to_owned()
    } else {
        String::new()
    };
    let sql = format!(
        "select (to_jsonb(t) - array[{}]::text[])::text from {} t {only} order by 1",
        without.join(","),
        table.name
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(all).await.expect("its rows");
    rows.iter().map(|row| row.get(0)).collect()
}

/// What keeps tenants apart, as the catalogue of Postgres has it.
async fn protection(all: &mut PgConnection) -> BTreeSet<String> {
    names(
        all,
        "select 'policy ' || polrelid::regclass || ' ' || polname || coalesce(pg_get_expr(polqual, polrelid), '') from pg_policy
         union all select 'table ' || relname || ' ' || relrowsecurity || ' ' || relowner::regrole || coalesce(relacl::text, '')
             from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
         union all select 'trigger ' || tgrelid::regclass || ' ' || tgname || tgenabled::text from pg_trigger where not tgisinternal
         union all select 'constraint ' || conrelid::regclass || ' ' || conname || convalidated from pg_constraint
             where connamespace = 'public'::regnamespace and conrelid <> 0
         union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'",
    )
    .await
}

#[tokio::test]
async fn what_is_restored_is_equal_row_by_row_and_search_by_search() {
    let backed = Backed::new().await;
    // Values that are easily lost on the way.
    let awkward =
        "update clients set name = E'Żółć\\n\\t\"你好\" 🎉 \\\\N', tags = array['', 'a,b', '{}', 'null', E'\\\\'],
        created_at = '-infinity', updated_at = 'infinity' where id = $1";
    backed.world.execute(awkward, backed.world.priya).await;
    // Work that had begun and work that had not.
    for state in ["due", "running"] {
        let job = format!(
            "insert into jobs (id, organization_id, kind, args, state, leased_until, max_attempts, correlation_id)
             select gen_random_uuid(), organization_id, 'index.session', jsonb_build_object('session_id', id), '{state}',
                case '{state}' when 'running' then now() end, 5, id from sessions"
        );
        sqlx::query(AssertSqlSafe(job)).execute(&mut owner(&backed.world.database).await).await.expect("a job");
    }
    backed.world.leaves::<debrief_jobs::index::IndexSession>();
    let catalogue = backed.run().await;
    assert_eq!((catalogue.organizations.len(), catalogue.missing()), (2, 0), "{catalogue:?}");
    let anew = Anew::new().await;
    let restored = anew.restore(&backed.vault, &catalogue).await.expect("it is restored");
    assert_eq!(restored.rows, catalogue.rows());

    let (mut before, mut after) = (owner(&backed.world.database).await, owner(&anew.database).await);
    let mut counted = BTreeMap::new();
    for table in TABLES {
        let (was, is) = (rows(&mut before, table).await, rows(&mut after, table).await);
        counted.insert(table.name, was.len());
        assert_eq!(was, is, "{}", table.name);
    }
    let empty: Vec<_> = counted.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    assert_eq!(empty, Vec::<&str>::new(), "a table without rows shows nothing");
    for (table, _) in LEFT.iter().filter(|(table, _)| *table != "_sqlx_migrations") {
        let count = format!("select count(*) from {table}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut after).await.expect("a count");
        assert_eq!(count, 0, "{table} is in no backup");
    }
    assert_eq!(protection(&mut before).await, protection(&mut after).await);

    for full in [&backed.full, &backed.other] {
        let organization = full.organization;
        for text in
            ["planning meeting", "release notes", "handing things over", "\"half an hour\"", "submarine", "Jonas"]
        {
            let query = Query { text: text.into(), limit: 50, ..Query::default() };
            let embedder = &backed.world.services.embedder;
            let was = search(&backed.world.database.db, organization, embedder, &query).await.expect("it answers");
            let is = search(anew.db(), organization, embedder, &query).await.expect("it answers");
            assert_eq!(was, is, "{text}");
            assert!(text == "submarine" || !is.is_empty(), "{text} finds something, or it shows nothing");
        }
        let mut tx = anew.db().tenant(organization).await.expect("a transaction");
        let foreign: i64 = sqlx::query_scalar("select count(*) from sessions where organization_id <> $1")
            .bind(organization)
            .fetch_one(tx.conn())
            .await
            .expect("a count");
        assert_eq!(foreign, 0, "one tenant doesn't see the other");
        let keys: Vec<(String, i64)> =
            sqlx::query_as("select stored_key, size_bytes from transcripts").fetch_all(tx.conn()).await.expect("keys");
        for (key, size) in keys {
            let was = backed.world.services.bucket.get(&key).await.expect("it is there");
            assert_eq!((was.len() as i64, &was), (size, &anew.bucket.get(&key).await.expect("it is restored")));
        }
    }
}

#[tokio::test]
async fn a_backup_in_s3_is_as_good_as_one_in_a_folder() {
    let backed = Backed::new().await;
    let url = crate::support::s3::bucket_url().await;
    let vault = backup::Settings::default().vault_at(&url).expect("a good URL");
    let (db, bucket) = (&backed.world.database.db, &backed.world.services.bucket);
    let made = backup::run(db, bucket, &vault, Wanted::default(), &silent).await.expect("it is made");
    assert_eq!(vault.ids().await.expect("they are listed"), std::slice::from_ref(&made.id));
    assert_eq!(vault.catalogue(&made.id).await.expect("it is read"), made);
    assert_eq!(backup::verify(&vault, &made, &silent).await.expect("it is read"), []);
    let restored = Anew::new().await.restore(&vault, &made).await.expect("it is restored");
    assert_eq!(restored.rows, made.rows());
}

#[tokio::test]
async fn one_organization_can_be_backed_up_and_restored_alone() {
    let backed = Backed::new().await;
    let db = &backed.world.database.db;
    let wanted = Wanted { organization: Some(backed.full.organization), ..Wanted::default() };
    let alone =
        backup::run(db, &backed.world.services.bucket, &backed.vault, wanted, &silent).await.expect("it is made");
    assert_eq!((alone.organizations.len(), alone.is_whole), (1, false));
    let whole = backed.run().await;
    for (catalogue, only) in [(&alone, None), (&whole, Some("northlight"))] {
        let anew = Anew::new().await;
        let target = backup::Target { only, ..anew.target() };
        let restored = backup::restore(&backed.vault, catalogue, target, &silent).await.expect("it is restored");
        assert_eq!(restored.organizations, ["northlight"]);
        assert_eq!(anew.db().organizations().await.expect("it answers"), [backed.full.organization]);
    }
    let anew = Anew::new().await;
    let target = backup::Target { only: Some("nobody"), ..anew.target() };
    let refused = backup::restore(&backed.vault, &whole, target, &silent).await.expect_err("there is none");
    assert!(refused.to_string().contains("northlight") && refused.to_string().contains("nobody"), "{refused}");
}

#[tokio::test]
async fn a_backup_of_an_earlier_version_is_migrated_on_and_one_of_a_later_is_refused() {
    // The last one without records of backups: nothing that is in a backup has changed since.
    const EARLIER: i64 = 20_261_130_310_000;
    let backed = Backed::new().await;
    let old = Anew::new().await;
    old.restore(&backed.vault, &backed.run().await).await.expect("it is restored");
    let back = "drop table backup_records; drop function begin_words(text, text); drop function folded(text);
                delete from _sqlx_migrations where version > 20261130310000";
    sqlx::raw_sql(back).execute(&mut owner(&old.database).await).await.expect("as it was then");
    let catalogue =
        backup::run(old.db(), &old.bucket, &backed.vault, Wanted::default(), &silent).await.expect("it is made");
    assert_eq!(catalogue.schema_version, EARLIER);

    // Into a database that nobody migrated, and into one that was migrated to the present.
    let migrated = Anew::new().await;
    migrate(&migrated.database.urls).await.expect("it is migrated");
    for anew in [Anew::new().await, migrated] {
        anew.restore(&backed.vault, &catalogue).await.expect("it is restored");
        assert!(debrief_jobs::db::is_migrated(&anew.database.url).await.expect("it answers"));
        assert_eq!(organizations(&anew.database).await, Some(2));
        assert_eq!(
            protection(&mut owner(&backed.world.database).await).await,
            protection(&mut owner(&anew.database).await).await
        );
    }
    let mut later = catalogue;
    later.schema_version = 99_991_231_000_000;
    later.program = "9.1.0".into();
    let anew = Anew::new().await;
    let refused = anew.restore(&backed.vault, &later).await.expect_err("it is of a later version");
    assert!(matches!(refused, BackupError::LaterSchema { .. }) && refused.to_string().contains("9.1.0"), "{refused}");
    assert_eq!(organizations(&anew.database).await, None, "nothing was made");
    migrate_to(&anew.database.urls, EARLIER).await.expect("only so far");
    assert!(!debrief_jobs::db::is_migrated(&anew.database.url).await.expect("it answers"));
}

#[tokio::test]
async fn every_night_a_backup_is_made_proved_and_the_old_ones_removed() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let place = format!("file://{}/backups", folder.path().display());
    let world = World::with(|settings| settings.backup.url = place).await;
    let vault = world.services.vault.clone().expect("a place");
    let scratch = world.database.url.clone();
    let made = world.run_installation(&RunBackup {}).await.expect("it is made");
    let id = made["backup"].as_str().expect("an id").to_owned();
    assert_eq!(vault.newest().await.expect("it is there"), id);
    // Without a login for the scratch database, it says which setting is missing.
    let refused =
        world.run_queued_of_installation::<ProveBackup>().await.expect("it is enqueued").expect_err("no login");
    assert!(format!("{refused:?}").contains("backup.scratch_url"), "{refused:?}");
    world.leaves::<ProveBackup>();
    let db = &world.database.db;
    let failed = backup::last(db, backup::Kind::Proof, false).await.expect("it answers").expect("it is noted");
    assert!(!failed.ok && failed.detail.contains("backup.scratch_url"), "{failed:?}");
    let proof = backup::prove(db, &vault, &id, &scratch, &silent).await.expect("it is proved");
    assert_eq!(proof.restored.rows, made["rows"].as_u64().expect("a number"));
    let proved = backup::last(db, backup::Kind::Proof, true).await.expect("it answers").expect("it is noted");
    assert_eq!(proved.backup.as_deref(), Some(id.as_str()));

    // What has been copied once isn't copied again, and stays as long as a backup needs it.
    let second = backup::run(db, &world.services.bucket, &vault, Wanted::default(), &silent).await.expect("another");
    let later = chrono::Utc::now() + chrono::TimeDelta::days(60);
    let removed = backup::retain(db, &vault, 30, later).await.expect("it looks");
    assert_eq!(removed.backups, Vec::<String>::new(), "the one that was proved stays, and the newest");
    backup::prove(db, &vault, &second.id, &scratch, &silent).await.expect("it is proved");
    let removed = backup::retain(db, &vault, 30, later).await.expect("it looks");
    assert_eq!(removed.backups, [id]);
    assert_eq!(vault.ids().await.expect("they are listed"), std::slice::from_ref(&second.id));
    assert_eq!(backup::verify(&vault, &second, &silent).await.expect("it is read"), []);
}

/// Who names none in the night of a fire gets all of it.
#[tokio::test]
async fn the_newest_backup_is_one_of_everything() {
    let backed = Backed::new().await;
    let whole = backed.run().await;
    let wanted = Wanted { organization: Some(backed.world.organization), ..Wanted::default() };
    let (db, bucket) = (&backed.world.database.db, &backed.world.services.bucket);
    let part = backup::run(db, bucket, &backed.vault, wanted, &silent).await.expect("it is made");
    assert_ne!(part.id, whole.id);
    assert_eq!(backed.vault.newest().await.expect("there is one"), whole.id);
}
