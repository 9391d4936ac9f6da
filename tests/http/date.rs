//! A session's date on its page: marked as estimated if it is, and editable until a letter was sent.

use axum::http::StatusCode;
use debrief_jobs::db::Tx;

use super::visit::{Answer, Visit, get, post};

async fn set(visit: &Visit, date: &str, time: &str) -> Answer {
    let token = visit.read().await.field("form_token");
    set_with(visit, &token, date, time).await
}

async fn set_with(visit: &Visit, token: &str, date: &str, time: &str) -> Answer {
    let fields = [("form_token", token), ("date", date), ("time", time)];
    post(&visit.router, &format!("{}/date", visit.page), &visit.cookie, &fields).await
}

#[tokio::test]
async fn an_estimated_date_is_said_to_be_one_and_is_set_with_a_form() {
    let visit = Visit::new().await;
    let page = visit.read().await.body;
    for words in ["date estimated from the upload", "Set the date", "if the session’s estimated date is right"] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    let foreign = [("form_token", "x"), ("date", "2025-10-28")];
    let path = format!("{}/date", visit.page);
    assert_eq!(post(&visit.router, &path, &visit.cookie, &foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&visit.router, &path, "", &foreign).await.status, StatusCode::UNAUTHORIZED);
    for (date, time, problem) in [
        ("2999-01-01", "", "in the future"),
        ("0203-01-01", "", "too long ago"),
        ("yesterday", "", "year, month and day"),
        ("2025-10-28", "noon", "hours and minutes"),
    ] {
        let refused = set(&visit, date, time).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{date} {time}");
        assert!(refused.body.contains(problem) && refused.body.contains(date), "{problem} is missing");
    }
    assert_eq!(visit.count("select count(*) from sessions where date_source = 'object_time'").await, 1);

    let saved = set(&visit, "2025-10-28", "15:30").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let page = get(&visit.router, saved.header("location"), &visit.cookie).await.body;
    for words in ["The date is saved.", "Tuesday 28 October 2025, 15:30", "being written", "Change the date"] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    assert!(!page.contains("date estimated"), "{page}");
    let written = "select count(*) from summaries where state = 'due' and rewrite_reason like '%date%'";
    assert_eq!(visit.count(written).await, 1);
    assert_eq!(visit.count("select count(*) from jobs where kind = 'summarize.client'").await, 1);
    assert_eq!(
        visit.count("select count(*) from audit_events where kind = 'date_set' and link_id is not null").await,
        1
    );
    // Setting the same again changes nothing.
    assert_eq!(set(&visit, "2025-10-28", "15:30:00").await.status, StatusCode::SEE_OTHER);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'date_set'").await, 1);
}

#[tokio::test]
async fn an_estimate_that_is_right_is_confirmed_and_nothing_is_rewritten() {
    let visit = Visit::new().await;
    visit.execute("update sessions set session_date = '2025-11-04'").await;
    assert!(set(&visit, "2025-11-04", "").await.header("location").contains("done=date-set"));
    assert_eq!(visit.count("select count(*) from summaries where state = 'done'").await, 1);
    assert!(!visit.read().await.body.contains("date estimated"));
}

#[tokio::test]
async fn a_held_letter_is_stopped_by_a_new_date_and_a_sent_one_keeps_the_old() {
    for (state, is_taken) in [("queued", true), ("sent", false), ("sending", false), ("uncertain", false)] {
        let visit = Visit::new().await;
        let page = visit.read().await;
        let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
        let [(_, to), (_, to_name)] = page.recipient();
        let fields = [
            ("form_token", token.as_str()),
            ("version", &version),
            ("hash", &hash),
            ("to", &to),
            ("to_name", &to_name),
        ];
        let approved = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
        let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
        sqlx::query(
            "update mails set state = $1, sent_at = case when $1 = 'sent' then now() end where kind = 'follow_up'",
        )
        .bind(state)
        .execute(tx.conn())
        .await
        .expect("the letter is there");
        tx.commit().await.expect("it commits");
        let answer = set_with(&visit, &token, "2025-10-28", "").await;
        let expected = if is_taken { StatusCode::SEE_OTHER } else { StatusCode::CONFLICT };
        assert_eq!(answer.status, expected, "{state}: {}", answer.body);
        assert_eq!(visit.read().await.body.contains("name=\"date\""), is_taken, "{state}");
        let stopped = "select count(*) from mails where kind = 'follow_up' and state = 'cancelled'";
        assert_eq!(visit.count(stopped).await, i64::from(is_taken), "{state}");
        let dated = "select count(*) from sessions where session_date = '2025-10-28'";
        assert_eq!(visit.count(dated).await, i64::from(is_taken), "{state}");
    }
}

#[tokio::test]
async fn the_page_says_where_nobody_looked_for_promises() {
    let visit = Visit::new().await;
    assert!(!visit.read().await.body.contains("promises are found in English only"));
    visit
        .execute("update utterances set text = 'Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken.'")
        .await;
    let told =
        "This was written without a language model, so promises are found in English only; this session is in German.";
    assert!(visit.read().await.body.contains(told));
}
