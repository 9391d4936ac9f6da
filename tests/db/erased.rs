//! A deleted session in every table: whoever adds one that hangs on a session is told here.

use std::collections::BTreeSet;

use debrief_jobs::{audit::Visitor, db::Tx, erase};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{names, owner, tenants};
use crate::support::{Reviewed, TestDatabase, World};

/// Where a deleted session's ids stay.
const KEEPS_IDS: [&str; 3] = [
    // Who did what, without a word.
    "audit_events",
    // What the bucket still has of it, until a job has removed that.
    "objects_to_remove",
    // Its own `session.deleted`, and what was told before: ids and states.
    "webhook_deliveries",
];
/// Where its words may stay: what was written for a week before it was deleted.
const KEEPS_WORDS: [&str; 1] = ["rollups"];

#[tokio::test]
async fn a_deleted_session_leaves_ids_and_no_word() {
    let world = World::new().await;
    let full = tenants::fill(&world).await;
    let other = Reviewed::new(&world).await;
    let mut all = owner(&world.database).await;
    let tables = names(&mut all, "select relname::text from pg_class where relrowsecurity").await;
    let (session, summary) = (full.reviewed.session, full.reviewed.summary);
    let mut referring = BTreeSet::new();
    let mut rows = async |table: &str, sql: String| -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut all)
            .await
            .unwrap_or_else(|error| panic!("{table}: {error}"))
    };
    let holding =
        |table: &str, id: Uuid| format!("select count(*) from {table} t where to_jsonb(t)::text like '%{id}%'");
    let mut of_other = Vec::new();
    for table in &tables {
        if rows(table, holding(table, session)).await + rows(table, holding(table, summary)).await > 0 {
            referring.insert(table.clone());
        }
        of_other.push(rows(table, holding(table, other.session)).await);
    }
    assert!(referring.len() > 20, "{referring:?}");

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let mails: Vec<Uuid> = sqlx::query_scalar("select id from mails where session_id = $1")
        .bind(session)
        .fetch_all(tx.conn())
        .await
        .expect("its emails");
    let erased = erase::session(&mut tx, session, &Visitor::default()).await.expect("it is deleted");
    tx.commit().await.expect("it commits");
    assert_eq!(erased.emails_kept, mails.len());

    let words = |table: &str| {
        format!(
            "select count(*) from {table} t where to_jsonb(t)::text ~* 'planning meeting|whole first draft|Line 12 has no end'"
        )
    };
    for (table, before) in tables.iter().zip(of_other) {
        assert_eq!(rows(table, holding(table, other.session)).await, before, "{table}: another session's rows stay");
        // The other session said the same words.
        let own = format!("{} and to_jsonb(t)::text not like '%{}%'", words(table), other.session);
        let left = match table.as_str() {
            "utterances" | "claims" | "evidence" | "chunks" | "transcripts" => 0,
            _ => rows(table, own).await,
        };
        assert!(left == 0 || KEEPS_WORDS.contains(&table.as_str()), "{table}: what was said is left");
        // A job's arguments and results are ids, and an email's subject is the id of what it was about.
        if KEEPS_IDS.contains(&table.as_str()) || ["jobs", "mails"].contains(&table.as_str()) {
            continue;
        }
        for id in [session, summary] {
            assert_eq!(rows(table, holding(table, id)).await, 0, "{table} is left: jobs/erase/rows.rs deletes it");
        }
    }
    // Whatever a later table refers to by another name of an id.
    let unfinished = "select count(*) from jobs where state in ('due', 'running') and kind <> 'bucket.remove'
        and to_jsonb(jobs)::text like '%'";
    let unfinished = format!("{unfinished} and args::text like '%{session}%'");
    assert_eq!(rows("jobs", unfinished).await, 0, "no job of it is left to run");
    for mail in mails {
        let kept = format!(
            "select count(*) from mails where id = '{mail}' and message is null and subject = '' and session_id is null
               and recipient <> '' and erased_at is not null and state <> 'queued'"
        );
        assert_eq!(rows("mails", kept).await, 1, "that it was is kept");
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
