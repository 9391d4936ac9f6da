//! What later sessions say about promises of a session that is deleted.

use std::pin::pin;

use axum::http::{Method, StatusCode};
use debrief_jobs::{
    db::{TenantTx, Tx},
    erase::EraseError,
    model::{Claim, Evidence, Section, Support, Thread, ThreadOutcome, summary},
    summarize::LookAgain,
};
use uuid::Uuid;

use super::{approve, erased};
use crate::{
    api::Api,
    support::{Reviewed, World, written_by},
};

#[tokio::test]
async fn their_quote_of_its_words_goes_and_their_own_words_stay() {
    let world = World::new().await;
    let (earlier, later) = (Reviewed::new(&world).await, Reviewed::new(&world).await);
    later.set_state(&world, "in_review").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query("update sessions set session_date = '2026-11-17' where id = $1")
        .bind(later.session)
        .execute(tx.conn())
        .await
        .expect("it was later");
    let promise = "Hand the secret ledger to Jonas.";
    let promised: Uuid = sqlx::query_scalar(
        "update claims set text = $2 where summary_id = $1 and section = 'action_items' returning id",
    )
    .bind(earlier.summary)
    .bind(promise)
    .fetch_one(tx.conn())
    .await
    .expect("a promise");
    // The later one tells of it twice, in two versions: that it was done, and that nothing was said.
    let mut content = summary::load_version(&mut tx, later.summary, 1).await.expect("its content");
    let said = content.claims[0].evidence[0].clone();
    let thread = |outcome| Thread {
        claim_id: promised,
        text: promise.into(),
        session_date: "2026-11-03".parse().expect("a day"),
        since: None,
        outcome,
    };
    let tells = |outcome, support, evidence: Vec<Evidence>| Claim {
        thread: Some(thread(outcome)),
        support,
        evidence,
        ..Claim::new(Section::OpenThreads, promise.into())
    };
    let authorship = written_by("summarizer");
    content.claims.push(tells(ThreadOutcome::NoMatch, Support::NothingSaid, Vec::new()));
    summary::add_version(&mut tx, later.summary, &content, &authorship).await.expect("a version");
    content.claims.pop();
    content.claims.push(tells(ThreadOutcome::Met, Support::Verified, vec![said.clone()]));
    summary::add_version(&mut tx, later.summary, &content, &authorship).await.expect("a version");
    sqlx::query(
        "update summaries set state = 'approved', approved_version = version, approved_at = now(), approved_hash =
             (select content_hash from summary_versions where summary_id = id and version = summaries.version)
         where id = $1",
    )
    .bind(later.summary)
    .execute(tx.conn())
    .await
    .expect("it is approved");
    tx.commit().await.expect("it commits");

    let done = erased(&world, earlier.session).await.expect("it is deleted");
    assert_eq!(done.later_summaries, 1);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (version, told) in [(1, None), (2, None), (3, Some(format!("“{}”", said.quote)))] {
        let content = summary::load_version(&mut tx, later.summary, version).await.expect("its content");
        assert!(content.claims.iter().all(|claim| !claim.text.contains("secret ledger")), "{content:?}");
        assert_eq!(content.section(Section::OpenThreads).map(|claim| claim.text.clone()).next(), told);
        assert!(content.claims.iter().all(|claim| claim.thread.is_none()));
        let (stored, signed): (String, Option<String>) = sqlx::query_as(
            "select content_hash, approved_hash from summary_versions
             left join summaries on summaries.id = summary_id and approved_version = summary_versions.version
             where summary_id = $1 and summary_versions.version = $2",
        )
        .bind(later.summary)
        .bind(version)
        .fetch_one(tx.conn())
        .await
        .expect("its hashes");
        assert_eq!(stored, content.hash(), "what is signed is what is there");
        assert_eq!(signed, (version == 3).then_some(stored), "the approval stays");
    }
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}

#[tokio::test]
async fn a_later_summary_that_waits_is_looked_at_again_and_can_be_approved() {
    let world = World::new().await;
    let (earlier, later) = (Reviewed::new(&world).await, Reviewed::new(&world).await);
    later.set_state(&world, "in_review").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query("update sessions set session_date = '2026-11-17' where id = $1")
        .bind(later.session)
        .execute(tx.conn())
        .await
        .expect("it was later");
    tx.commit().await.expect("it commits");
    erased(&world, earlier.session).await.expect("it is deleted");
    let looked = world.run_queued::<LookAgain>().await.expect("it is looked at again").expect("it runs");
    assert_eq!(looked["outcome"], "unchanged", "{looked}");
    approve(&world, &later).await;
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}

/// Two sessions of Priya's. The one with the lower id tells of a promise of the other one, if it is said to.
async fn two(world: &World) -> (Reviewed, Reviewed) {
    let (later, earlier) = (Reviewed::new(world).await, Reviewed::new(world).await);
    assert!(later.session < earlier.session);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query("update sessions set session_date = '2026-11-17' where id = $1")
        .bind(later.session)
        .execute(tx.conn())
        .await
        .expect("it was later");
    tx.commit().await.expect("it commits");
    (later, earlier)
}

/// Has the later summary tell that nothing was said of the earlier one's promise.
async fn tell(tx: &mut TenantTx, later: &Reviewed, earlier: &Reviewed) {
    let mut content = summary::load_version(tx, later.summary, 1).await.expect("its content");
    let promised: Uuid = sqlx::query_scalar("select id from claims where summary_id = $1 and section = 'action_items'")
        .bind(earlier.summary)
        .fetch_one(tx.conn())
        .await
        .expect("a promise");
    let thread = Thread {
        claim_id: promised,
        text: "The release notes.".into(),
        session_date: "2026-11-03".parse().expect("a day"),
        since: None,
        outcome: ThreadOutcome::NoMatch,
    };
    content.claims.push(Claim {
        thread: Some(thread),
        support: Support::NothingSaid,
        ..Claim::new(Section::OpenThreads, "The release notes.".into())
    });
    let authorship = written_by("summarizer");
    summary::add_version(tx, later.summary, &content, &authorship).await.expect("a version");
}

async fn lock(tx: &mut TenantTx, session: Uuid) {
    sqlx::query("select from sessions where id = $1 for no key update")
        .bind(session)
        .execute(tx.conn())
        .await
        .expect("it is locked");
}

#[tokio::test]
async fn sessions_are_locked_by_id_as_a_merge_locks_them() {
    let world = World::new().await;
    let (later, earlier) = two(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    tell(&mut tx, &later, &earlier).await;
    tx.commit().await.expect("it commits");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    lock(&mut tx, later.session).await;
    let mut gone = pin!(erased(&world, earlier.session));
    tokio::select! {
        gone = &mut gone => panic!("it didn't wait: {gone:?}"),
        () = world.somebody_waits() => {}
    }
    lock(&mut tx, earlier.session).await;
    tx.commit().await.expect("it commits");
    gone.await.expect("nobody waits for the other for ever");
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}

#[tokio::test]
async fn a_summary_that_begins_to_tell_of_it_at_this_moment_has_it_tried_again() {
    let world = World::new().await;
    let (later, earlier) = two(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    lock(&mut tx, later.session).await;
    tell(&mut tx, &later, &earlier).await;
    let mut gone = pin!(erased(&world, earlier.session));
    tokio::select! {
        gone = &mut gone => panic!("it didn't wait: {gone:?}"),
        () = world.somebody_waits() => {}
    }
    tx.commit().await.expect("it commits");
    let refused = gone.await.expect_err("it isn't known which other sessions to lock");
    assert!(matches!(refused, EraseError::Overtaken), "{refused:?}");
    assert_eq!(erased(&world, earlier.session).await.expect("it is deleted").later_summaries, 1);
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}

#[tokio::test]
async fn an_answer_that_is_kept_and_shows_a_later_summary_is_forgotten() {
    let api = Api::new().await;
    let (key, world) = (api.maya().await, &api.world);
    let (later, earlier) = two(world).await;
    later.set_state(world, "in_review").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    tell(&mut tx, &later, &earlier).await;
    tx.commit().await.expect("it commits");
    let edit = serde_json::json!({ "add": [{ "section": "wins", "text": "It went well." }] });
    let path = format!("/v1/summaries/{}", later.summary);
    let once = [("if-match", "*"), ("idempotency-key", "edit-1")];
    let edited = api.ask(&key, Method::PATCH, &path, Some(&edit), &once).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
    assert!(edited.body.contains("The release notes."), "{}", edited.body);
    erased(world, earlier.session).await.expect("it is deleted");
    let again = api.ask(&key, Method::PATCH, &path, Some(&edit), &once).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, ""), "{}", again.body);
    assert!(!again.body.contains("The release notes."), "{}", again.body);
    world.leaves::<debrief_jobs::removal::RemoveObjects>();
}
