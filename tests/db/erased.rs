//! A deleted session in every table: whoever adds one that hangs on a session is told here.

use std::collections::BTreeSet;

use debrief_jobs::{audit::Visitor, db::Tx, erase};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{names, owner, tenants};
use crate::support::{Reviewed, TestDatabase, World};

/// Where a deleted session's ids stay.
const KEEPS_IDS: [&str; 5] = [
    // Who did what, without a word.
    "audit_events",
    // What the bucket still has of it, until a job has removed that.
    "objects_to_remove",
    // Its own `session.deleted`, and what was told before: ids and states.
    "webhook_deliveries",
    // A job's arguments and results are ids.
    "jobs",
    // An email's subject is the id of what it was about.
    "mails",
];
/// Where its words may stay: what was written for a week before it was deleted.
const KEEPS_WORDS: [&str; 1] = ["rollups"];

/// What was said in the session, and nowhere else.
const SAID: &str = "planning meeting|whole first draft|Line 12 has no end";

/// The ids of a session and of all that hangs on it, as a pattern.
async fn ids_of(all: &mut PgConnection, session: Uuid) -> String {
    let mut ids = Vec::new();
    for (table, hanging) in [
        ("sessions", "id = $1"),
        ("transcripts", "session_id = $1"),
        ("utterances", "session_id = $1"),
        ("participants", "session_id = $1"),
        ("summaries", "session_id = $1"),
        ("claims", "summary_id in (select id from summaries where session_id = $1)"),
        ("refinements", "summary_id in (select id from summaries where session_id = $1)"),
        ("review_links", "session_id = $1"),
    ] {
        let sql = format!("select id from {table} where {hanging}");
        let found: Vec<Uuid> =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(session).fetch_all(&mut *all).await.expect("its ids");
        assert!(!found.is_empty(), "{table} is filled, or this test shows nothing");
        ids.extend(found.iter().map(Uuid::to_string));
    }
    ids.join("|")
}

/// Gives a session other words than those of [`SAID`].
async fn reword(all: &mut PgConnection, session: Uuid) {
    for (table, words, own) in [
        ("utterances", "text", "session_id = $1"),
        ("claims", "text", "summary_id in (select id from summaries where session_id = $1)"),
        (
            "evidence",
            "quote",
            "claim_id in (select claims.id from claims join summaries on summaries.id = summary_id where session_id = $1)",
        ),
    ] {
        let sql =
            format!("update {table} set {words} = regexp_replace({words}, '{SAID}', 'garden party', 'gi') where {own}");
        sqlx::query(AssertSqlSafe(sql)).bind(session).execute(&mut *all).await.expect("other words");
    }
    let bare = "update transcripts set warnings = '[]' where session_id = $1";
    sqlx::query(bare).bind(session).execute(all).await.expect("no warning");
}

async fn count(all: &mut PgConnection, table: &str, pattern: &str) -> i64 {
    let sql = format!("select count(*) from {table} t where to_jsonb(t)::text ~* $1");
    let counted = sqlx::query_scalar(AssertSqlSafe(sql)).bind(pattern).fetch_one(all).await;
    counted.unwrap_or_else(|error| panic!("{table}: {error}"))
}

#[tokio::test]
async fn a_deleted_session_leaves_ids_and_no_word() {
    let world = World::new().await;
    let full = tenants::fill(&world).await;
    let other = Reviewed::new(&world).await;
    let mut all = owner(&world.database).await;
    reword(&mut all, other.session).await;
    let tables = names(&mut all, "select relname::text from pg_class where relrowsecurity").await;
    let session = full.reviewed.session;
    let (ids, others) = (ids_of(&mut all, session).await, other.session.to_string());
    let (mut referring, mut speaking, mut of_other) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for table in &tables {
        if count(&mut all, table, &ids).await > 0 {
            referring.insert(table.clone());
        }
        if count(&mut all, table, SAID).await > 0 {
            speaking.insert(table.clone());
        }
        of_other.push(count(&mut all, table, &others).await);
    }
    assert!(referring.len() > 20, "{referring:?}");
    for table in ["utterances", "claims", "evidence", "transcripts"] {
        assert!(speaking.contains(table), "{table} has words, or this test shows nothing: {speaking:?}");
    }

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let mails: Vec<Uuid> = sqlx::query_scalar("select id from mails where session_id = $1")
        .bind(session)
        .fetch_all(tx.conn())
        .await
        .expect("its emails");
    let erased = erase::session(&mut tx, session, &Visitor::default()).await.expect("it is deleted");
    tx.commit().await.expect("it commits");
    assert_eq!(erased.emails_kept, mails.len());

    for (table, before) in tables.iter().zip(of_other) {
        assert_eq!(count(&mut all, table, &others).await, before, "{table}: another session's rows stay");
        let left = count(&mut all, table, SAID).await;
        assert!(left == 0 || KEEPS_WORDS.contains(&table.as_str()), "{table}: what was said is left");
        if !KEEPS_IDS.contains(&table.as_str()) {
            assert_eq!(count(&mut all, table, &ids).await, 0, "{table} is left: jobs/erase/rows.rs deletes it");
        }
    }
    // A later summary is looked at again, after this one.
    let unfinished = "select count(*) from jobs
        where state in ('due', 'running') and kind <> 'bucket.remove' and (args - 'after')::text ~ $1";
    let unfinished: i64 = sqlx::query_scalar(unfinished).bind(&ids).fetch_one(&mut all).await.expect("a count");
    assert_eq!(unfinished, 0, "no job of it is left to run");
    for mail in mails {
        let kept: i64 = sqlx::query_scalar(
            "select count(*) from mails where id = $1 and message is null and subject = '' and session_id is null
               and recipient <> '' and erased_at is not null and state <> 'queued'",
        )
        .bind(mail)
        .fetch_one(&mut all)
        .await
        .expect("a count");
        assert_eq!(kept, 1, "that it was is kept");
    }
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}

/// Deleting a row asks each table that refers to it whether it does: without an index, by reading all of it.
#[tokio::test]
async fn whatever_refers_to_a_session_is_found_by_an_index() {
    let database = TestDatabase::new().await;
    let unindexed = names(
        &mut owner(&database).await,
        "with recursive hanging as (
             select 'sessions'::regclass::oid as id
             union
             select c.conrelid from pg_constraint c join hanging on c.confrelid = hanging.id
             where c.contype = 'f' and c.conrelid not in ('mails'::regclass, 'llm_calls'::regclass))
         select c.conrelid::regclass::text || ' (' || (
                    select string_agg(attname, ', ') from pg_attribute where attrelid = c.conrelid and attnum = any (c.conkey)) || ')'
         from pg_constraint c join hanging on c.confrelid = hanging.id
         where c.contype = 'f' and not exists (
             select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
               and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)",
    )
    .await;
    assert_eq!(unindexed, BTreeSet::new());
}
