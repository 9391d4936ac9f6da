//! Visits by review links: cookies, signing out, limits, and pages without other people's markup.

use axum::http::StatusCode;
use debrief_jobs::db::Tx;

use super::visit::{Visit, get, open, post};

#[tokio::test]
async fn a_copy_of_an_old_cookie_is_worth_nothing_whatever_its_browser_does() {
    let visit = Visit::new().await;
    let copy = visit.cookie.clone();
    for end in [
        "update review_visits set expires_at = now() - interval '1 second'",
        "update review_links set revoked_at = now(), revoked_because = 'command'",
        "select 1",
    ] {
        visit.execute(end).await;
        let link = visit.reviewed.link(&visit.world).await;
        let opened = post(&visit.router, &format!("/r/{}/open", link.reveal()), &copy, &[]).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{end}: {}", opened.body);
        let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        assert_eq!(get(&visit.router, &visit.page, &cookie).await.status, StatusCode::OK, "{end}");
        assert_eq!(get(&visit.router, &visit.page, &copy).await.status, StatusCode::UNAUTHORIZED, "{end}");
    }
}

/// As if so many hours had gone by.
async fn hours_later(visit: &Visit, hours: i32) {
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    for sql in [
        "update review_visits set created_at = created_at - make_interval(hours => $1), expires_at = expires_at - make_interval(hours => $1)",
        "update review_links set created_at = created_at - make_interval(hours => $1), expires_at = expires_at - make_interval(hours => $1)",
    ] {
        sqlx::query(sql).bind(hours).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn a_visit_ends_twelve_hours_after_its_last_use() {
    let visit = Visit::new().await;
    for _ in 0..3 {
        assert_eq!(visit.read().await.status, StatusCode::OK);
        hours_later(&visit, 11).await;
    }
    assert_eq!(visit.read().await.status, StatusCode::OK, "it's used");
    hours_later(&visit, 12).await;
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "it wasn't");
}

#[tokio::test]
async fn a_visit_ends_with_its_link_or_twelve_hours_after_it_was_opened_in_any_case() {
    let visit = Visit::new().await;
    visit.execute("update review_links set expires_at = now() + interval '20 hours'").await;
    for hours in [8, 8, 3] {
        assert_eq!(visit.read().await.status, StatusCode::OK);
        hours_later(&visit, hours).await;
    }
    assert_eq!(visit.read().await.status, StatusCode::OK, "after 19 hours");
    hours_later(&visit, 1).await;
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "the link has ended");

    // A link that is opened in its last hour.
    let visit = Visit::new().await;
    visit.execute("update review_links set expires_at = now() + interval '1 hour'").await;
    for hours in [6, 5] {
        assert_eq!(visit.read().await.status, StatusCode::OK);
        hours_later(&visit, hours).await;
    }
    assert_eq!(visit.read().await.status, StatusCode::OK, "after 11 hours");
    hours_later(&visit, 1).await;
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_leaves_a_review_is_out() {
    let visit = Visit::new().await;
    let leave = format!("{}/leave", visit.page);
    let escaped = leave.replace('/', "&#x2f;");
    for page in ["", "/speakers", "/voice", "/speakers/turns?label=Priya+Raman"] {
        let shown = get(&visit.router, &format!("{}{page}", visit.page), &visit.cookie).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}");
        assert!(shown.body.contains(&leave) || shown.body.contains(&escaped), "{page}: {}", shown.body);
    }
    let token = visit.read().await.field("form_token");
    assert_eq!(post(&visit.router, &leave, &visit.cookie, &[("form_token", "x")]).await.status, StatusCode::FORBIDDEN);
    let left = post(&visit.router, &leave, &visit.cookie, &[("form_token", &token)]).await;
    assert!(left.status == StatusCode::OK && left.body.contains("signed out"), "{}", left.body);
    assert!(left.header("set-cookie").contains("Max-Age=0"), "{left:?}");
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "also for whoever kept the cookie");
    let again = open(&visit.world, &visit.reviewed, &visit.router).await;
    assert_eq!(get(&visit.router, &visit.page, &again).await.status, StatusCode::OK);
}

#[tokio::test]
async fn forms_and_refinements_are_limited() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (token, version) = (page.field("form_token"), page.field("version"));
    let words = "Keep these words.";
    let fields = [("form_token", token.as_str()), ("version", &version), ("instruction", words), ("add.wins", words)];
    let mut answers = Vec::new();
    for _ in 0..61 {
        answers.push(post(&visit.router, &visit.action("/refine"), &visit.cookie, &fields).await);
    }
    let last = answers.pop().expect("the last");
    assert!(answers.iter().all(|answer| answer.status != StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.body.contains(words), "what was typed can be copied: {}", last.body);
    visit.world.leaves::<debrief_jobs::path::RefineSummary>();
    let mut pressed = StatusCode::OK;
    for _ in 0..60 {
        pressed = post(&visit.router, &visit.action("/arrived"), &visit.cookie, &fields).await.status;
    }
    assert_eq!(pressed, StatusCode::TOO_MANY_REQUESTS, "121 forms in a minute");
}

#[tokio::test]
async fn what_people_wrote_is_no_markup_on_any_page() {
    let visit = Visit::new().await;
    let script = "<script>alert(1)</script>\"'&";
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    for sql in [
        "update sessions set title = $1",
        "update clients set name = $1 where name = 'Priya Raman'",
        "update coaches set name = $1",
        "update utterances set text = $1",
        "update claims set text = $1 where id = (select id from claims limit 1)",
    ] {
        sqlx::query(sql).bind(script).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    tx.commit().await.expect("it commits");
    for page in ["", "/speakers", "/voice", "/speakers/turns?label=Priya+Raman"] {
        let shown = get(&visit.router, &format!("{}{page}", visit.page), &visit.cookie).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}");
        assert!(!shown.body.contains("<script"), "{page}: {}", shown.body);
        assert!(page == "/voice" || shown.body.contains("&lt;script&gt;alert(1)"), "{page}: {}", shown.body);
    }
}
