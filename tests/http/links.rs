//! Links: revoked when the coach's address changes or a new one is emailed, and valid only for their own session.

use axum::http::StatusCode;
use debrief_jobs::{
    db::Tx,
    links::{self, LinkFilter, RevokeReason},
    mail::SendMail,
    path::SendFreshLink,
    people::{self, CoachChange, NewCoach, Readdressed},
    sign_in::{ChangeError, change_coach},
    voice,
};
use uuid::Uuid;

use super::visit::{Visit, get, open, post};
use crate::support::Reviewed;

/// Changes the coach, as an operator does. The mail about it goes when mails are sent.
async fn moved(visit: &Visit, change: CoachChange) -> Result<(Uuid, Readdressed), ChangeError> {
    visit.world.leaves::<SendMail>();
    let services = &visit.world.services;
    let changed = change_coach(&services.db, &services.gate, "maya", &change).await?;
    Ok((changed.id, changed.links))
}

/// The token in the latest email to a recipient.
async fn mailed_token(visit: &Visit, recipient: &str) -> String {
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    let message: Vec<u8> =
        sqlx::query_scalar("select message from mails where recipient = $1 order by id desc limit 1")
            .bind(recipient)
            .fetch_one(tx.conn())
            .await
            .expect("a mail");
    let message = String::from_utf8_lossy(&message).replace("=\r\n", "");
    message.split("/r/").nth(1).and_then(|rest| rest.get(..47)).expect("a link").to_owned()
}

#[tokio::test]
async fn whoever_reads_the_old_address_of_a_coach_reads_no_further() {
    let visit = Visit::new().await;
    let old = visit.reviewed.link(&visit.world).await;
    let change = CoachChange { email: Some("maya@new.example".into()), ..CoachChange::default() };
    let (_, links) = moved(&visit, change).await.expect("she has moved");
    assert_eq!((links.links_taken_back, links.fresh_links), (2, 1));

    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "the page that stood open");
    let gone = get(&visit.router, &format!("/r/{}", old.reveal()), "").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(!gone.body.contains("Email me a new link"), "{}", gone.body);
    assert_eq!(post(&visit.router, &format!("/r/{}/fresh", old.reveal()), "", &[]).await.status, StatusCode::GONE);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'revoked'").await, 2);

    // The new address gets its own link, once.
    visit.world.run_queued::<SendFreshLink>().await.expect("a job is due").expect("it runs");
    assert!(visit.world.run_queued::<SendFreshLink>().await.is_none());
    let token = mailed_token(&visit, "maya@new.example").await;
    assert_eq!(get(&visit.router, &format!("/r/{token}"), "").await.status, StatusCode::OK);
    // A new name, or another spelling of the same address, changes nothing.
    for change in [
        CoachChange { name: Some("Maya O.".into()), ..CoachChange::default() },
        CoachChange { email: Some(" Maya@New.example".into()), ..CoachChange::default() },
    ] {
        let (_, links) = moved(&visit, change).await.expect("it is changed");
        assert_eq!((links.links_taken_back, links.fresh_links), (0, 0));
    }
    // Adding the coach again with another address is no change, and is refused.
    let again = NewCoach { handle: "maya", name: "Maya O.", email: "maya@third.example", ..NewCoach::default() };
    people::add_coach(&visit.world.database.db, "northlight", &again).await.expect_err("there is a maya");
    assert_eq!(get(&visit.router, &format!("/r/{token}"), "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_mail_with_a_link_does_not_go_to_the_old_address_any_more() {
    let visit = Visit::new().await;
    let old = visit.reviewed.link(&visit.world).await;
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    assert_eq!(post(&visit.router, &format!("/r/{}/fresh", old.reveal()), "", &[]).await.status, StatusCode::OK);
    let change = CoachChange { email: Some("maya@new.example".into()), ..CoachChange::default() };
    moved(&visit, change).await.expect("she has moved");
    assert_eq!(visit.count("select count(*) from mails where state = 'queued' and carries_link").await, 0);
    visit.world.run_queued::<SendFreshLink>().await.expect("a job is due").expect("it runs");
    let queued = "select count(*) from mails where state = 'queued' and recipient = 'maya@new.example'";
    assert_eq!(visit.count(queued).await, 1);
}

#[tokio::test]
async fn a_fresh_link_takes_the_place_of_the_older_ones() {
    let visit = Visit::new().await;
    let old = visit.reviewed.link(&visit.world).await;
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let other = Reviewed::new(&visit.world).await.link(&visit.world).await;
    let expired = get(&visit.router, &format!("/r/{}", old.reveal()), "").await;
    assert!(expired.body.contains("This link has expired"), "{}", expired.body);
    assert_eq!(post(&visit.router, &format!("/r/{}/fresh", old.reveal()), "", &[]).await.status, StatusCode::OK);
    let token = mailed_token(&visit, "maya@northlight.example").await;
    assert_eq!(get(&visit.router, &format!("/r/{token}"), "").await.status, StatusCode::OK);
    assert_eq!(visit.read().await.status, StatusCode::OK, "a page that is open stays open");
    let replaced = get(&visit.router, &format!("/r/{}", old.reveal()), "").await;
    assert_eq!(replaced.status, StatusCode::GONE);
    assert!(
        replaced.body.contains("There’s a newer link") && replaced.body.contains("Email me a new link"),
        "{}",
        replaced.body
    );
    assert_eq!(
        get(&visit.router, &format!("/r/{}", other.reveal()), "").await.status,
        StatusCode::OK,
        "another session's stays"
    );
    // Once more, and the new link is replaced as well.
    assert_eq!(post(&visit.router, &format!("/r/{token}/fresh"), "", &[]).await.status, StatusCode::OK);
    assert_eq!(get(&visit.router, &format!("/r/{token}"), "").await.status, StatusCode::GONE);
    let opened = open(&visit.world, &visit.reviewed, &visit.router).await;
    assert_eq!(get(&visit.router, &visit.page, &opened).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_holds_a_replaced_link_ends_no_open_page_by_it() {
    let visit = Visit::new().await;
    let old = visit.reviewed.link(&visit.world).await;
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let ask = async || post(&visit.router, &format!("/r/{}/fresh", old.reveal()), "", &[]).await.status;
    assert_eq!(ask().await, StatusCode::OK, "an expired link");
    let token = mailed_token(&visit, "maya@northlight.example").await;
    let opened = post(&visit.router, &format!("/r/{token}/open"), "", &[]).await;
    let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    assert_eq!(ask().await, StatusCode::OK, "one that was replaced");
    assert_ne!(mailed_token(&visit, "maya@northlight.example").await, token, "the coach has it by mail");
    for (whose, cookie) in [("the coach's page", &cookie), ("the page before it", &visit.cookie)] {
        assert_eq!(get(&visit.router, &visit.page, cookie).await.status, StatusCode::OK, "{whose} is still open");
    }
    let again = post(&visit.router, &format!("/r/{token}/open"), "", &[]).await;
    assert_eq!(again.status, StatusCode::GONE, "but what was replaced opens no page");
    assert!(again.body.contains("A newer link to this review was made"), "{}", again.body);
    assert!(
        !again.body.contains("emailed you a newer"),
        "whoever made the newer one may have mailed none: {}",
        again.body
    );

    // Revoking also ends the pages of replaced links.
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    let listed = links::list(&mut tx, None, None, false, 10).await.expect("the links");
    assert_eq!(
        listed.iter().map(|link| (link.opens, link.visits)).collect::<Vec<_>>(),
        [(true, 0), (false, 1), (false, 1)]
    );
    let taken = links::revoke(&mut tx, LinkFilter::Session(visit.reviewed.session), RevokeReason::Command).await;
    assert_eq!(taken.expect("they are taken back"), 3, "one that opens, and two that are open");
    tx.commit().await.expect("it is committed");
    for cookie in [&cookie, &visit.cookie] {
        assert_eq!(get(&visit.router, &visit.page, cookie).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask().await, StatusCode::GONE, "and nobody asks for another by them");
}

#[tokio::test]
async fn the_voice_page_shows_the_words_of_this_sessions_clients_alone() {
    let visit = Visit::new().await;
    // A session with Tom, of the same coach, and a sentence learned from each.
    let sibling = Reviewed::new(&visit.world).await;
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    for (client, summary, words) in [
        (visit.world.priya, visit.reviewed.summary, "Priya’s own sentence."),
        (visit.world.tom, sibling.summary, "What Tom said in confidence."),
    ] {
        sqlx::query(
            "insert into voice_examples (id, organization_id, coach_id, client_id, summary_id, before_text, after_text)
             values ($1, $2, $3, $4, $5, 'Before.', $6)",
        )
        .bind(client)
        .bind(visit.world.organization)
        .bind(visit.world.coach)
        .bind(client)
        .bind(summary)
        .bind(words)
        .execute(tx.conn())
        .await
        .expect("an example");
    }
    tx.commit().await.expect("they are committed");
    let path = format!("{}/voice", visit.page);
    let page = get(&visit.router, &path, &visit.cookie).await;
    assert!(page.body.contains("Priya’s own sentence."), "{}", page.body);
    assert!(!page.body.contains("in confidence") && !page.body.contains("Tom Becker"), "{}", page.body);
    // Nor can it be removed from here.
    let (token, forget) = (page.field("form_token"), format!("forget:{}", visit.world.tom));
    let refused = post(&visit.router, &path, &visit.cookie, &[("form_token", &token), ("do", &forget)]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(!refused.body.contains("in confidence"));
    let forget = format!("forget:{}", visit.world.priya);
    let removed = post(&visit.router, &path, &visit.cookie, &[("form_token", &token), ("do", &forget)]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.body);
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    let left = voice::profile(&mut tx, visit.world.coach, None).await.expect("the profile").examples;
    assert_eq!(left.iter().map(|example| example.client.as_str()).collect::<Vec<_>>(), ["Tom Becker"]);
}

#[tokio::test]
async fn no_post_behind_a_link_reaches_a_summary_of_another_session() {
    let visit = Visit::new().await;
    let sibling = Reviewed::new(&visit.world).await;
    let token = visit.read().await.field("form_token");
    let fields = [
        ("form_token", token.as_str()),
        ("version", "1"),
        ("hash", "x"),
        ("instruction", "shorter"),
        ("add.wins", "Mine."),
    ];
    for action in ["", "/approve", "/refine", "/undo", "/dismiss", "/reopen", "/cancel", "/arrived", "/again"] {
        for summary in [sibling.summary, Uuid::now_v7()] {
            let path = format!("{}/summaries/{summary}{action}", visit.page);
            assert_eq!(
                post(&visit.router, &path, &visit.cookie, &fields).await.status,
                StatusCode::NOT_FOUND,
                "{action}"
            );
        }
    }
    assert_eq!(visit.count("select count(*) from summary_versions").await, 2);
    assert_eq!(visit.count("select count(*) from refinements").await, 0);
}

#[tokio::test]
async fn a_link_is_not_pressed_without_end() {
    let visit = Visit::new().await;
    let link = visit.reviewed.link(&visit.world).await;
    let path = format!("/r/{}/open", link.reveal());
    let mut pressed = Vec::new();
    for _ in 0..25 {
        pressed.push(post(&visit.router, &path, "", &[]).await);
    }
    let last = pressed.last().expect("the last");
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.body.contains("Please wait") && !last.header("retry-after").is_empty(), "{last:?}");
    assert_eq!(pressed.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count(), 20);
    assert_eq!(visit.count("select count(*) from review_visits").await, 21, "and that of before");
    assert_eq!(
        get(&visit.router, &format!("/r/{}", link.reveal()), "").await.status,
        StatusCode::OK,
        "it's there still"
    );
}

#[tokio::test]
async fn everybody_in_an_office_opens_their_links_and_only_what_does_not_work_is_counted_together() {
    let visit = Visit::new().await;
    let press = async |token: &str, button: &str| post(&visit.router, &format!("/r/{token}/{button}"), "", &[]).await;
    // 140 presses of links that work.
    for _ in 0..7 {
        let link = visit.reviewed.link(&visit.world).await;
        for _ in 0..20 {
            assert_eq!(press(link.reveal(), "open").await.status, StatusCode::SEE_OTHER);
        }
    }
    // Links that are unknown or have ended: 120 in all.
    let expired = visit.reviewed.link(&visit.world).await;
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let unknown = |number: usize| format!("dbl_{number:043}");
    for number in 0..115 {
        assert_eq!(press(&unknown(number), "open").await.status, StatusCode::NOT_FOUND);
    }
    for _ in 0..5 {
        assert_eq!(press(expired.reveal(), "open").await.status, StatusCode::GONE);
    }
    for (token, button) in [(&*unknown(115), "open"), (&*unknown(0), "fresh"), (expired.reveal(), "open")] {
        let refused = press(token, button).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{token} {button}");
        assert!(refused.body.contains("from your network") && !refused.header("retry-after").is_empty(), "{refused:?}");
    }
    assert_eq!(press(expired.reveal(), "fresh").await.status, StatusCode::OK, "that button works");
    let link = visit.reviewed.link(&visit.world).await;
    assert_eq!(press(link.reveal(), "open").await.status, StatusCode::SEE_OTHER, "and so does a link that works");
}

#[tokio::test]
async fn whoever_asks_for_many_new_links_is_told_when_there_is_another() {
    let visit = Visit::new().await;
    let link = visit.reviewed.link(&visit.world).await;
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let ask = async || post(&visit.router, &format!("/r/{}/fresh", link.reveal()), "", &[]).await;
    for _ in 0..3 {
        assert_eq!(ask().await.status, StatusCode::OK);
    }
    let asked = visit.world.database.ask(|mut connection| async move {
        let earlier = "update audit_events set at = at - interval '50 minutes' where kind = 'fresh_link_asked'";
        sqlx::query(earlier).execute(&mut connection).await.map(|_| ())
    });
    asked.expect("it is done");
    let refused = ask().await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    let seconds: i32 = refused.header("retry-after").parse().expect("seconds");
    assert!((500..=600).contains(&seconds), "{seconds}");
}
