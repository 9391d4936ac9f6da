//! Two organizations with complete sessions see nothing of each other: not in a table, in search, in an export or on a
//! page.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use debrief::http::public_router;
use debrief_jobs::{
    db::{Tx, View},
    export::{self, ExportOrganization, Manifest},
    index::{self, IndexSession, IndexSummary, Query},
    path::RequestReview,
    rollup::WeeklyRollup,
};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::{names, owner};
use crate::{
    http::visit::{self, get, post},
    support::{Reviewed, World, search},
};

/// An organization's session after every stage.
pub(super) struct Full {
    pub(super) organization: Uuid,
    coach: Uuid,
    client: Uuid,
    pub(super) reviewed: Reviewed,
    manifest: Manifest,
    /// The cookie of a browser that opened its review.
    cookie: String,
}

/// Fills every tenant table for the world's organization.
pub(super) async fn fill(world: &World) -> Full {
    let reviewed = Reviewed::new(world).await;
    world.run(&IndexSession { session_id: reviewed.session }).await.expect("it is indexed");
    world.run(&IndexSummary { summary_id: reviewed.summary, version: 1 }).await.expect("it is indexed");
    world.run(&RequestReview { session_id: reviewed.session }).await.expect("the review is asked for");
    let week = "2026-11-02".parse().expect("a Monday");
    world.run(&WeeklyRollup { coach_id: world.coach, first_day: Some(week) }).await.expect("the week is rolled up");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    export::start(&mut tx).await.expect("an export is started");
    for statement in [
        "insert into aliases (organization_id, coach_id, normalized, written, is_coach, source)
         select $1, id, 'me', 'Me', true, 'roster' from coaches",
        "insert into llm_calls (id, organization_id, session_id, task, provider, model, prompt_version)
         select gen_random_uuid(), $1, id, 'summarize', 'openai', 'm', 'p' from sessions",
        "insert into session_attendees (id, organization_id, session_id, transcript_id, name, was_there, source)
         select gen_random_uuid(), $1, session_id, id, 'Priya', true, 'the participants file' from transcripts",
        "insert into danger_signs (organization_id, session_id, utterance_id, kind, why, from_byte, to_byte)
         select $1, session_id, id, 'suicide', 'wish', 0, 1 from utterances limit 1",
        "insert into chat_messages (organization_id, session_id, transcript_id, position, author, text)
         select $1, session_id, id, 0, 'Priya', 'Hello' from transcripts",
        "insert into summary_templates (id, organization_id, name, version, definition)
         values (gen_random_uuid(), $1, 'a', 1, 'name = \"a\"')",
        "insert into threads (organization_id, claim_id, earlier_claim_id, outcome)
         select $1, claim_id, claim_id, 'met' from action_items limit 1",
        "insert into action_item_states (organization_id, lasting_id, summary_id, state, since)
         select $1, lasting_id, summary_id, 'done', '2026-11-20' from claims where section = 'action_items' limit 1",
        "insert into goals (id, organization_id, coach_id, client_id, text, since)
         select gen_random_uuid(), $1, coach_id, id, 'Lead the team.', '2026-11-20' from clients limit 1",
        "insert into llm_results (organization_id, key, session_id, answer, expires_at)
         select $1, decode(repeat('00', 32), 'hex'), id, 'said', now() + interval '1 day' from sessions",
        "insert into inbox_notices (id, organization_id, coach_id, about, kind, object_key, reason, what_to_do)
         select gen_random_uuid(), $1, id, 'object', 'refused', 'inbox/maya/x', 'It is empty.', '' from coaches",
        "select ledger_settle('bucket', 'inbox/' || handle || '/' || $1::uuid, 'etag', 1, now(), 'taken', null) from coaches",
        "insert into refinements (id, organization_id, summary_id, base_version, instruction)
         select gen_random_uuid(), $1, id, 1, 'shorter' from summaries",
        "insert into voice_rules (id, organization_id, coach_id, kind, rule, source, active)
         select gen_random_uuid(), $1, id, 'said', 'shorter', 'coach', true from coaches",
        "insert into voice_examples (id, organization_id, coach_id, client_id, summary_id, before_text, after_text)
         select gen_random_uuid(), $1, clients.coach_id, clients.id, summaries.id, 'one', 'other'
         from summaries join clients on clients.id = client_id",
        "insert into webhooks (id, organization_id, url, secret) values (gen_random_uuid(), $1, 'https://crm.example', 'whsec_')",
        "insert into webhook_deliveries (id, organization_id, webhook_id, event_id, type, body, next_attempt_at, correlation_id)
         select gen_random_uuid(), $1, id, gen_random_uuid(), 'session.closed', '{}', now(), gen_random_uuid() from webhooks",
        "insert into organization_llm (organization_id, write_profile) values ($1, 'offline')",
        "insert into corrections (id, organization_id, coach_id, session_id, normalized, applied_at)
         select gen_random_uuid(), $1, coach_id, id, 'pr', now() from sessions",
        "insert into teams (id, organization_id, name) values (gen_random_uuid(), $1, 'North')",
        "insert into team_members (organization_id, team_id, coach_id) select $1, teams.id, coaches.id from teams cross join coaches",
        "insert into api_keys (id, organization_id, name, prefix, key_sha256, scopes)
         values (gen_random_uuid(), $1, 'script', 'dbk_', uuid_send($1), '{sessions:read}')",
        "insert into idempotency_keys (organization_id, caller_id, key, request_sha256) values ($1, $1, 'k', 'x')",
        "insert into credentials (organization_id, person_id, password_hash) select $1, id, 'x' from coaches",
        "insert into recovery_codes (organization_id, person_id, code_sha256) select $1, id, 'x' from coaches",
        "insert into passkeys (id, organization_id, person_id, name, credential_id, credential)
         select gen_random_uuid(), $1, id, 'Phone', uuid_send(id), '{}' from coaches",
        "insert into sign_ins (id, organization_id, person_id, cookie_sha256, code_due, idle_seconds, ends_at)
         select gen_random_uuid(), $1, id, uuid_send(id), false, 60, now() + interval '1 day' from coaches",
        "insert into refresh_tokens (organization_id, sign_in_id, token_sha256) select $1, id, uuid_send(id) from sign_ins",
        "insert into address_changes (id, organization_id, person_id, new_email, expires_at)
         select gen_random_uuid(), $1, id, 'new@other.example', now() + interval '1 day' from coaches",
        "insert into one_time_links (id, organization_id, person_id, purpose, token_sha256, expires_at)
         select gen_random_uuid(), $1, id, 'sign_in', uuid_send(id), now() + interval '1 day' from coaches",
        "insert into provider_accounts (organization_id, issuer, subject, person_id) select $1, 'https://id.example', id::text, id from coaches",
        "insert into provider_requests (organization_id, state_sha256, issuer, browser_sha256, anew, expires_at)
         values ($1, uuid_send($1), 'https://id.example', 'x', false, now())",
        "insert into misdeliveries (id, organization_id, session_id, summary_id, mail_id, claim_ids)
         select gen_random_uuid(), $1, summaries.session_id, summaries.id, mails.id, '{}' from summaries cross join mails limit 1",
        "insert into objects_to_remove (organization_id, coach_id, session_id, object_key)
         select $1, id, gen_random_uuid(), 'transcripts/x' from coaches",
        "insert into uploads (id, organization_id, coach_id, account_id, file_name, replaces, size_bytes, expires_at)
         select gen_random_uuid(), $1, id, id, 'a.vtt', false, 9, now() + interval '1 day' from coaches",
        "insert into upload_parts (organization_id, upload_id, from_byte, object_key) select $1, id, 0, 'uploads/x' from uploads",
        "insert into search_counts (organization_id, chunks, length) values ($1, 2000, 90)",
        "insert into search_common_words (organization_id, word, chunks) values ($1, 'and', 1500)",
    ] {
        sqlx::query(statement).bind(world.organization).execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("it is committed");
    let output = world.run_queued::<ExportOrganization>().await.expect("a job").expect("it is published");
    let key = output["manifest_key"].as_str().expect("a key");
    let manifest = std::fs::read(world.folder.path().join("bucket").join(key)).expect("a manifest");
    let manifest = serde_json::from_slice(&manifest).expect("a good manifest");
    let cookie = visit::open(world, &reviewed, &public_router(visit::state(&world.services))).await;
    let (organization, coach, client) = (world.organization, world.coach, world.priya);
    Full { organization, coach, client, reviewed, manifest, cookie }
}

/// A world with data in both organizations; it works in the second one.
pub(super) async fn two() -> (World, Full, Full) {
    let mut world = World::new().await;
    let one = fill(&world).await;
    [world.organization, world.coach, world.priya] = world.neighbour().await;
    let other = fill(&world).await;
    (world, one, other)
}

/// Every table with a policy, and the column with the owner of a row.
async fn tenant_tables(connection: &mut PgConnection) -> Vec<(String, &'static str)> {
    let tables = names(connection, "select relname::text from pg_class where relrowsecurity").await;
    assert!(tables.len() > 20, "{tables:?}");
    tables
        .into_iter()
        .map(|table| (table.clone(), if table == "organizations" { "id" } else { "organization_id" }))
        .collect()
}

async fn count(connection: &mut PgConnection, sql: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.expect("a count")
}

#[tokio::test]
async fn no_row_of_a_full_organization_is_seen_or_changed_by_another() {
    let (world, one, other) = two().await;
    let db = &world.database.db;
    let mut all = owner(&world.database).await;
    for (table, whose) in tenant_tables(&mut all).await {
        for (own, foreign) in [(&one, &other), (&other, &one)] {
            let own = own.organization;
            let there = count(&mut all, format!("select count(*) from {table} where {whose} = '{own}'")).await;
            assert!(there > 0, "{table} is filled, or this test shows nothing");
            let mut tx = db.tenant(own).await.expect("a transaction");
            let seen = count(tx.conn(), format!("select count(*) from {table}")).await;
            assert_eq!(seen, there, "{table}: its own rows and no others");
            drop(tx);
            // Neither by giving away one's own row, nor by taking another's.
            let mut tx = db.tenant(own).await.expect("a transaction");
            let foreign = foreign.organization;
            let give = format!("update {table} set {whose} = '{foreign}'");
            let refused = sqlx::query(AssertSqlSafe(give)).execute(tx.conn()).await.expect_err("no row is given away");
            let code = refused.as_database_error().and_then(|error| error.code()).expect("Postgres refuses");
            assert!(["42501", "428C9"].contains(&&*code), "{table}: {refused}");
        }
        let mut none = db.system().await.expect("a transaction");
        let seen = count(none.conn(), format!("select count(*) from {table} where {whose} is not null")).await;
        assert_eq!(seen, 0, "{table}, seen without an organization");
        let mut stranger = db.tenant(Uuid::now_v7()).await.expect("a transaction");
        let seen = count(stranger.conn(), format!("select count(*) from {table}")).await;
        assert_eq!(seen, 0, "{table}, seen by an organization that has nothing");
    }
}

#[tokio::test]
async fn a_search_finds_the_organizations_own_sessions_only() {
    let (world, one, other) = two().await;
    let embedder = &world.services.embedder;
    // Both said the same words, so each would find the other's.
    for (own, foreign) in [(&one, &other), (&other, &one)] {
        let query = |coach, client| Query {
            text: "planning meeting release notes".into(),
            coach,
            client,
            limit: 100,
            ..Query::default()
        };
        let hits =
            search(&world.database.db, own.organization, embedder, &query(None, None)).await.expect("it answers");
        let sessions: BTreeSet<Uuid> = hits.iter().map(|hit| hit.session_id).collect();
        assert_eq!(sessions, BTreeSet::from([own.reviewed.session]));
        for filtered in [query(Some(foreign.coach), None), query(None, Some(foreign.client))] {
            let hits = search(&world.database.db, own.organization, embedder, &filtered).await.expect("it answers");
            assert_eq!(hits, [], "a foreign id as filter opens nothing");
        }
    }
}

#[tokio::test]
async fn an_export_holds_nothing_of_another_organization() {
    let (world, one, other) = two().await;
    for (own, foreign) in [(&one, &other), (&other, &one)] {
        let mut rows = 0;
        for file in own.manifest.tables.iter().flat_map(|table| &table.files).filter(|file| file.format != "parquet") {
            let text = std::fs::read_to_string(world.folder.path().join("bucket").join(&file.key)).expect("a file");
            for id in [
                foreign.organization,
                foreign.coach,
                foreign.client,
                foreign.reviewed.session,
                foreign.reviewed.summary,
            ] {
                assert!(!text.contains(&id.to_string()), "{} holds an id of the other organization", file.key);
            }
            rows += text.matches(&own.reviewed.session.to_string()).count();
        }
        assert!(rows > 10, "its own rows are there");
    }
}

#[tokio::test]
async fn a_review_opens_no_page_of_another_organization() {
    let (world, one, other) = two().await;
    let router = public_router(visit::state(&world.services));
    let page = |full: &Full| format!("/review/{}", full.reviewed.session);
    for (own, foreign) in [(&one, &other), (&other, &one)] {
        assert_eq!(get(&router, &page(own), &own.cookie).await.status, StatusCode::OK);
        // Under its own name, and under the name of the other session's cookie.
        let secret = own.cookie.split_once('=').expect("a cookie").1;
        let renamed = format!("debrief-{}={secret}", foreign.reviewed.session.simple());
        for cookie in [&own.cookie, &renamed] {
            assert_eq!(get(&router, &page(foreign), cookie).await.status, StatusCode::UNAUTHORIZED);
        }
    }
    // Another organization's summary in one's own session's URL, with everything else correct.
    let shown = get(&router, &page(&one), &one.cookie).await;
    let dismiss = format!("{}/summaries/{}/dismiss", page(&one), other.reviewed.summary);
    let answer = post(&router, &dismiss, &one.cookie, &[("form_token", &shown.field("form_token"))]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    let mut all = owner(&world.database).await;
    let state = sqlx::query("select state from summaries where id = $1").bind(other.reviewed.summary);
    assert_eq!(state.fetch_one(&mut all).await.expect("the summary").get::<String, _>(0), "done");
}

/// Tables of the organization that hold no client's data. Each other one is under the coach's policy as well.
const OF_THE_ORGANIZATION: &[&str] = &[
    "api_keys",
    "audit_events",
    "address_changes",
    "coaches",
    "credentials",
    "exports",
    "idempotency_keys",
    "jobs",
    "llm_calls",
    "one_time_links",
    "organization_llm",
    "organizations",
    "passkeys",
    "provider_accounts",
    "provider_requests",
    "recovery_codes",
    "refresh_tokens",
    // How common words are that were said in many sessions.
    "search_common_words",
    "search_counts",
    "sign_ins",
    "summary_templates",
    "team_members",
    "teams",
    "webhook_deliveries",
    "webhooks",
];

#[tokio::test]
async fn a_coachs_view_shows_their_own_clients_data_and_nobody_elses() {
    let world = World::new().await;
    let full = fill(&world).await;
    let db = &world.database.db;
    let mut all = owner(&world.database).await;
    let own = View::Coaches(vec![full.coach]);
    let others = View::Coaches(vec![Uuid::now_v7(), Uuid::now_v7()]);
    for (table, whose) in tenant_tables(&mut all).await {
        let count_all = format!("select count(*) from {table}");
        let there = count(&mut all, format!("{count_all} where {whose} = '{}'", full.organization)).await;
        let seen = async |view: &View| {
            let mut tx = db.view(full.organization, view).await.expect("a transaction");
            count(tx.conn(), count_all.clone()).await
        };
        assert_eq!(seen(&View::Organization).await, there, "{table}, by jobs");
        assert_eq!(seen(&own).await, there, "{table}, by its own coach");
        let is_clients = !OF_THE_ORGANIZATION.contains(&table.as_str());
        for (view, who) in [(&others, "another coach"), (&View::nothing(), "nobody's coach")] {
            let expected = if is_clients { 0 } else { there };
            assert_eq!(seen(view).await, expected, "{table}, by {who}");
        }
    }
    let query = Query { text: "planning meeting release notes".into(), limit: 100, ..Query::default() };
    let found = async |view: View| {
        let embedder = &world.services.embedder;
        let prepared = index::prepare(embedder, &query).await.expect("a good query");
        let mut tx = db.view(full.organization, &view).await.expect("a transaction");
        index::search(&mut tx, embedder, &prepared).await.expect("it answers").hits.len()
    };
    assert!(found(own).await > 0, "its own coach finds it");
    assert_eq!(found(others).await, 0, "another coach does not");
}

#[tokio::test]
async fn a_coach_gives_no_row_to_another_and_takes_none() {
    let world = World::new().await;
    let full = fill(&world).await;
    let ben = Uuid::now_v7();
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into coaches (id, organization_id, handle, name, email) values ($1, $2, 'ben', 'Ben', 'b@b.example')",
    )
    .bind(ben)
    .bind(world.organization)
    .execute(tx.conn())
    .await
    .expect("a coach");
    tx.commit().await.expect("it commits");
    for (coach, client) in [(ben, full.client), (full.coach, full.client)] {
        let mut tx =
            world.database.db.view(world.organization, &View::Coaches(vec![coach])).await.expect("a transaction");
        let other = if coach == ben { full.coach } else { ben };
        let given = sqlx::query("update clients set coach_id = $1 where id = $2").bind(other).bind(client);
        match given.execute(tx.conn()).await {
            Ok(done) => assert_eq!(done.rows_affected(), 0, "it isn't seen"),
            Err(refused) => {
                assert!(coach == full.coach && refused.to_string().contains("row-level security"), "{refused}")
            }
        }
    }
}
