//! Nothing is sent again because of a restore; and no key is in a backup.

use std::{sync::Arc, time::Duration};

use debrief_jobs::{
    Services,
    db::{TenantTx, Tx},
    queue::{self, WorkerSettings},
};
use sqlx::AssertSqlSafe;

use super::{super::names, Anew, Backed, owner};
use crate::support::world;

/// What the rows of emails say, by kind and state.
async fn states(tx: &mut TenantTx) -> Vec<(String, String)> {
    sqlx::query_as("select distinct kind, state from mails order by 1, 2")
        .fetch_all(tx.conn())
        .await
        .expect("the mails")
}

#[tokio::test]
async fn no_letter_email_or_event_that_was_on_its_way_is_sent_by_a_restored_installation() {
    let backed = Backed::new().await;
    let mut tx = backed.world.database.db.tenant(backed.full.organization).await.expect("a transaction");
    for (kind, state, version) in [
        ("follow_up", "queued", 1),
        ("follow_up", "sending", 2),
        ("follow_up", "sent", 3),
        ("follow_up", "failed", 4),
        ("weekly_rollup", "queued", 1),
        ("sign_in_link", "queued", 1),
        ("sign_in_link", "failed", 2),
    ] {
        sqlx::query(
            "insert into mails (id, organization_id, kind, subject_id, recipient, version, session_id, coach_id, client_id, subject,
                message_id, message, message_sha256, carries_link, state, due_at, correlation_id)
             select gen_random_uuid(), $1, $2, summaries.id, 'priya@raman.example', $3, session_id, null, client_id, 'Your session',
                gen_random_uuid()::text, 'Hello: https://x.example/the-secret-of-a-link', 'x', $2 = 'sign_in_link', $4,
                now() + interval '5 minutes', gen_random_uuid()
             from summaries where organization_id = $1 limit 1",
        )
        .bind(backed.full.organization)
        .bind(kind)
        .bind(version)
        .bind(state)
        .execute(tx.conn())
        .await
        .expect("an email");
    }
    let enqueue = "insert into jobs (id, organization_id, kind, args, state, max_attempts, correlation_id, run_at)
        select gen_random_uuid(), $1, case kind when 'follow_up' then 'follow_up.send' else 'mail.send' end,
            jsonb_build_object('mail_id', id, 'summary_id', subject_id), 'due', 5, gen_random_uuid(), now() from mails
        where state in ('queued', 'sending')";
    sqlx::query(enqueue).bind(backed.full.organization).execute(tx.conn()).await.expect("their jobs");
    tx.commit().await.expect("it commits");

    let anew = Anew::new().await;
    anew.restore(&backed.vault, &backed.run().await).await.expect("it is restored");
    let mut tx = anew.db().tenant(backed.full.organization).await.expect("a transaction");
    let found = states(&mut tx).await;
    let on_their_way: Vec<_> =
        found.iter().filter(|(_, state)| ["queued", "sending"].contains(&state.as_str())).collect();
    assert_eq!(on_their_way, Vec::<&(String, String)>::new());
    let is = |kind: &str, state: &str| found.contains(&(kind.into(), state.into()));
    // A letter to a client may have been sent since: its coach decides. One that was refused was not.
    assert!(is("follow_up", "uncertain") && is("follow_up", "sent") && is("follow_up", "failed"), "{found:?}");
    assert!(is("weekly_rollup", "cancelled") && !is("sign_in_link", "failed"), "{found:?}");
    tx.commit().await.expect("it commits");
    // Also after a day, when everything is due and reconcile looks for what was forgotten.
    let later =
        "update mails set due_at = due_at - interval '1 day'; update jobs set run_at = now() - interval '1 day'";
    sqlx::raw_sql(later).execute(&mut owner(&anew.database).await).await.expect("time passes");
    let settings = world::settings(&anew.folder);
    let services = Arc::new(Services::new(anew.db().clone(), &settings).expect("good settings"));
    let mut system = anew.db().system().await.expect("a transaction");
    let reconcile = debrief_jobs::reconcile::Reconcile { untouched_seconds: 0 };
    queue::enqueue(&mut system, &reconcile, uuid::Uuid::now_v7()).await.expect("it is enqueued");
    system.commit().await.expect("it commits");
    let catalogue = debrief_jobs::catalogue(&services);
    let soon = Duration::from_millis(20);
    let worker = WorkerSettings { backoff_base: soon, backoff_cap: soon, ..WorkerSettings::default() };
    queue::drain(anew.db().clone(), catalogue, worker).await.expect("it drains");
    let sent: i64 = sqlx::query_scalar(
        "select count(*) from mails where sent_at > now() - interval '1 hour' and (kind in ('follow_up', 'weekly_rollup', 'sign_in_link')
             or created_at < (select min(created_at) from jobs where kind = 'reconcile'))",
    )
    .fetch_one(&mut owner(&anew.database).await)
    .await
    .expect("a count");
    assert_eq!(sent, 0, "nothing that was written before is sent");
    let letters = std::fs::read_dir(anew.folder.path().join("mail")).map(|folder| {
        folder.filter_map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).ok()).collect::<String>()
    });
    assert!(!letters.unwrap_or_default().contains("priya@raman.example"), "no letter to a client");
}

#[tokio::test]
async fn no_key_is_in_a_backup() {
    let backed = Backed::new().await;
    let mut all = owner(&backed.world.database).await;
    // In a column of each table that holds keys, and in an email that carries a link.
    const PLANTED: &str = "7061737377a0";
    for plant in [
        "update credentials set password_hash = '7061737377a0'",
        "update webhooks set secret = 'whsec_7061737377a0'",
        "update mails set message = 'https://x.example/7061737377a0' where carries_link",
        "update api_keys set prefix = '7061737377a0'",
        "update passkeys set credential = '{\"key\": \"7061737377a0\"}'",
        "update provider_requests set issuer = '7061737377a0'",
        "update one_time_links set purpose = purpose, token_sha256 = convert_to(id || '7061737377a0', 'utf8')",
        "update review_links set token_sha256 = convert_to(id || '7061737377a0', 'utf8')",
        "update sign_ins set agent = '7061737377a0'",
    ] {
        let planted = sqlx::query(plant).execute(&mut all).await.unwrap_or_else(|error| panic!("{plant}: {error}"));
        assert!(planted.rows_affected() > 0, "{plant}");
    }
    let catalogue = backed.run().await;
    let anew = Anew::new().await;
    anew.restore(&backed.vault, &catalogue).await.expect("it is restored");
    let mut restored = owner(&anew.database).await;
    let tables = names(
        &mut restored,
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    )
    .await;
    let hex: String = PLANTED.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (database, is_backup) in [(&mut all, false), (&mut restored, true)] {
        let mut found = 0;
        for table in &tables {
            let sql = format!("select count(*) from {table} t where to_jsonb(t)::text ~ '{PLANTED}|{hex}'");
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *database).await.expect("a count");
            assert!(!is_backup || count == 0, "{table} has a key after the restore");
            found += count;
        }
        assert!(is_backup || found > 8, "the keys are planted, or this test shows nothing: {found}");
    }
    assert!(catalogue.left_out["api_keys"] > 0 && catalogue.left_out["webhooks"] > 0, "{:?}", catalogue.left_out);
}
