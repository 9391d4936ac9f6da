//! What a coach does on the pages: open, edit, approve, stop, decide, name speakers, close.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use debrief::http::public_router;
use debrief_jobs::db::Tx;

use super::visit::{Visit, first_claim, get, open, post, send, state};
use crate::support::{Reviewed, World};

#[tokio::test]
async fn following_a_link_changes_nothing_and_pressing_its_button_opens_it() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let router = public_router(state(&world.services));
    let token = reviewed.link(&world).await;
    let path = format!("/r/{}", token.reveal());
    for method in ["GET", "HEAD", "GET"] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).expect("a request");
        let answer = send(&router, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
        assert!(!answer.body.contains("Priya"), "the page behind the link is not shown");
    }
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let changed: i64 =
        sqlx::query_scalar("select (select count(*) from review_visits) + (select count(*) from audit_events)")
            .fetch_one(tx.conn())
            .await
            .expect("it counts");
    assert_eq!(changed, 0);
    let cookie = open(&world, &reviewed, &router).await;
    let page = get(&router, &format!("/review/{}", reviewed.session), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains(token.reveal()));
    for words in [
        "Delegating the release notes",
        "Priya Raman",
        "kept it to half an hour",
        "0:06",
        "estimated",
        "Only you see this",
        "4 of 4 statements verified. 1 more was left out",
        "Line 12 has no end time.",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
}

#[tokio::test]
async fn a_sentence_is_edited_and_the_new_version_approved() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, words) = first_claim(&page);
    assert!(words.contains("half an hour"));
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let fields = [
        ("form_token", token.as_str()),
        ("version", &version),
        ("hash", &hash),
        (&field, "You ran the meeting in <half> an hour."),
    ];
    let saved = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let page = get(&visit.router, saved.header("location").split('#').next().expect("a path"), &visit.cookie).await;
    assert!(
        page.body.contains("Your changes are saved.") && page.body.contains("in &lt;half&gt; an hour."),
        "{}",
        page.body
    );

    // The old page can't approve any more, and says what changed.
    let stale = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields[..3]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("changed while you had it open") && stale.body.contains("half an hour."));
    assert_eq!(visit.count("select count(*) from mails").await, 0);

    let (version, hash) = (page.field("version"), page.field("hash"));
    let [(_, to), (_, to_name)] = page.recipient();
    let fields =
        [("form_token", token.as_str()), ("version", &version), ("hash", &hash), ("to", &to), ("to_name", &to_name)];
    for _ in 0..2 {
        let approved = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    }
    assert_eq!(visit.count("select count(*) from mails where kind = 'follow_up'").await, 1);
    let page = visit.read().await;
    assert!(
        page.body.contains("It will be sent to priya@raman.example at") && page.body.contains("Stop it"),
        "{}",
        page.body
    );

    let stopped = post(&visit.router, &visit.action("/cancel"), &visit.cookie, &fields).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER);
    assert_eq!(visit.count("select count(*) from mails where kind = 'follow_up' and state = 'cancelled'").await, 1);
    assert!(visit.read().await.body.contains("Approve and send"));
}

#[tokio::test]
async fn approving_with_unsaved_typing_saves_it_and_asks_again() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let fields =
        [("form_token", token.as_str()), ("version", &version), ("hash", &hash), (&field, "Typed and not saved.")];
    let answer = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert!(answer.header("location").contains("done=saved-first"), "{answer:?}");
    assert_eq!(visit.count("select count(*) from summaries where state = 'approved'").await, 0);
    assert!(visit.read().await.body.contains("Typed and not saved."));
}

#[tokio::test]
async fn typing_survives_what_cannot_be_taken() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields =
        [("form_token", token.as_str()), ("version", &version), (&field, " "), ("add.wins", "A win that I typed.")];
    let refused = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("This sentence is empty.") && refused.body.contains("A win that I typed."));
    assert_eq!(visit.count("select count(*) from summary_versions").await, 1);

    // A visit that has expired returns the typed words.
    visit.execute("update review_visits set expires_at = now() - interval '1 second'").await;
    let late = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert!(late.body.contains("A win that I typed."));
}

#[tokio::test]
async fn an_expired_link_offers_a_fresh_one_and_a_revoked_one_does_not() {
    let visit = Visit::new().await;
    let token = visit.reviewed.link(&visit.world).await;
    let path = format!("/r/{}", token.reveal());
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let expired = get(&visit.router, &path, "").await;
    assert_eq!(expired.status, StatusCode::GONE);
    assert!(expired.body.contains("Email me a new link"));
    assert_eq!(post(&visit.router, &format!("{path}/open"), "", &[]).await.status, StatusCode::GONE);
    assert_eq!(visit.count("select count(*) from mails").await, 0);
    for expect in [StatusCode::OK, StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(post(&visit.router, &format!("{path}/fresh"), "", &[]).await.status, expect);
    }
    assert_eq!(visit.count("select count(*) from mails where recipient = 'maya@northlight.example'").await, 3);

    visit.execute("update review_links set revoked_at = now(), revoked_because = 'command'").await;
    let revoked = get(&visit.router, &path, "").await;
    assert_eq!(revoked.status, StatusCode::GONE);
    assert!(!revoked.body.contains("Email me a new link"));
    assert_eq!(post(&visit.router, &format!("{path}/fresh"), "", &[]).await.status, StatusCode::GONE);
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "open visits end with their link");
}

#[tokio::test]
async fn the_coach_decides_on_a_follow_up_whose_fate_is_unknown() {
    for (state, action, expect) in [
        ("uncertain", "/arrived", "sent"),
        ("uncertain", "/again", "queued"),
        ("failed", "/again", "queued"),
        ("failed", "/cancel", "cancelled"),
    ] {
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
        post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
        let early = post(&visit.router, &visit.action("/arrived"), &visit.cookie, &fields).await;
        assert_eq!(early.status, StatusCode::CONFLICT, "nothing is to be decided yet");
        let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
        sqlx::query("update mails set state = $1").bind(state).execute(tx.conn()).await.expect("it is set");
        tx.commit().await.expect("it commits");
        let button = format!("summaries&#x2f;{}{}", visit.reviewed.summary, action);
        assert!(visit.read().await.body.contains(&button), "{state}: the page offers {action}");
        let decided = post(&visit.router, &visit.action(action), &visit.cookie, &fields).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{state} {action}: {}", decided.body);
        let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
        let now: String = sqlx::query_scalar("select state from mails").fetch_one(tx.conn()).await.expect("it reads");
        assert_eq!(now, expect, "{state} {action}");
    }
}

#[tokio::test]
async fn a_session_without_a_client_is_closed_by_its_coach() {
    let visit = Visit::new().await;
    let token = visit.read().await.field("form_token");
    let path = format!("{}/close", visit.page);
    let open = post(&visit.router, &path, &visit.cookie, &[("form_token", &token)]).await;
    assert_eq!(open.status, StatusCode::CONFLICT, "a summary waits");
    visit.forget_summaries().await;
    assert!(visit.read().await.body.contains("Close the session"));
    post(&visit.router, &path, &visit.cookie, &[("form_token", &token)]).await;
    assert_eq!(visit.count("select count(*) from sessions where state = 'closed'").await, 1);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'closed'").await, 1);
}

#[tokio::test]
async fn a_form_from_before_the_visit_ran_out_can_be_sent_once_the_link_is_opened_again() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields = [("form_token", token.as_str()), ("version", &version), (&field, "Typed before lunch.")];
    visit.execute("update review_visits set expires_at = now() - interval '1 second'").await;
    assert_eq!(post(&visit.router, &visit.action(""), &visit.cookie, &fields).await.status, StatusCode::UNAUTHORIZED);

    let link = visit.reviewed.link(&visit.world).await;
    let opened = post(&visit.router, &format!("/r/{}/open", link.reveal()), &visit.cookie, &[]).await;
    let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    assert_ne!(cookie, visit.cookie, "the browser gets another secret");
    assert_eq!(
        get(&visit.router, &visit.page, &visit.cookie).await.status,
        StatusCode::UNAUTHORIZED,
        "the old one is over"
    );
    // Also after the link is opened once more.
    let opened = post(&visit.router, &format!("/r/{}/open", link.reveal()), &cookie, &[]).await;
    let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let elsewhere = open(&visit.world, &visit.reviewed, &visit.router).await;
    let refused = post(&visit.router, &visit.action(""), &elsewhere, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "another browser doesn't know the form");
    let sent = post(&visit.router, &visit.action(""), &cookie, &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(visit.count("select count(*) from claims where text = 'Typed before lunch.'").await, 1);

    // Another session's secret isn't reused.
    let other = Reviewed::new(&visit.world).await;
    let link = other.link(&visit.world).await;
    let (_, secret) = visit.cookie.split_once('=').expect("a cookie");
    let cookie = format!("debrief-{}={secret}", other.session.simple());
    let opened = post(&visit.router, &format!("/r/{}/open", link.reveal()), &cookie, &[]).await;
    assert!(!opened.header("set-cookie").contains(secret), "{opened:?}");
}

#[tokio::test]
async fn every_state_of_a_summary_and_of_its_mail_has_its_words() {
    let visit = Visit::new().await;
    for (sql, words) in [
        ("update summaries set state = 'due'", "is being written"),
        ("update summaries set state = 'failed', failed_reason = 'The model was silent.'", "couldn’t write this summary"),
        ("update summaries set state = 'failed'", "<p class=\"quiet\">The model was silent.</p>"),
        ("update summaries set failed_reason = null", "couldn’t write this summary"),
        ("update summaries set state = 'dismissed'", "Reopen it"),
        ("update summaries set state = 'done'", "Approve and send"),
        (
            "update summaries set stands_in_for = 'small', stands_in_why = 'empty'",
            "Written without a language model, because small’s summary was empty.",
        ),
        ("update clients set email = null where name = 'Priya Raman'", "We have no email address for Priya Raman"),
        ("update summaries set state = 'approved', approved_version = 1, approved_hash = 'x'", "Approved, but not sent: we have no"),
        ("update clients set email = 'priya@raman.example' where name = 'Priya Raman'", "no email address we could use"),
        (
            "insert into mails (id, organization_id, kind, subject_id, recipient, session_id, subject, message_id, message,
                 message_sha256, correlation_id, due_at)
             select gen_random_uuid(), organization_id, 'follow_up', id, 'priya@raman.example', session_id, 's', 'm', 'x',
                 'y', id, now() + interval '1 day' from summaries",
            "You can stop it until then.",
        ),
        ("update mails set due_at = now() - interval '1 second'", "It’s about to be sent"),
        ("update mails set state = 'sending'", "It’s being sent"),
        ("update mails set state = 'failed'", "We couldn’t send it"),
        ("update mails set state = 'uncertain'", "may or may not have arrived"),
        ("update mails set state = 'sent', sent_at = now()", "It was sent to priya@raman.example"),
        (
            "update summaries set state = 'done', approved_version = null, approved_hash = null",
            "Priya Raman already has a letter about this session",
        ),
        ("update sessions set state = 'closed'", "Everything here is done."),
        ("update sessions set failed_stage = 'mail', failed_reason = 'The mail server is away.'", "The mail server is away."),
    ] {
        visit.execute(sql).await;
        let page = visit.read().await;
        assert_eq!(page.status, StatusCode::OK, "{sql}");
        assert!(page.body.contains(words), "after {sql}: {words} is missing in {}", page.body);
    }
}

#[tokio::test]
async fn what_people_do_is_in_the_audit() {
    let visit = Visit::new().await;
    visit.read().await;
    visit.read().await;
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'opened'").await, 1);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'viewed' and link_id is not null").await, 1);
}

#[tokio::test]
async fn the_page_shows_who_gets_the_letter_and_takes_no_approval_for_another() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    for words in [
        "What you approve",
        "<strong>Priya Raman</strong>",
        "priya@raman.example",
        "The 3 sentences above",
        "The letter begins “Hello Priya,”",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert!(!page.body.contains("already has a letter"));
    visit.execute("update clients set email = 'p@elsewhere.example' where name = 'Priya Raman'").await;
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let [(_, to), (_, to_name)] = page.recipient();
    let mut fields = vec![("form_token", token.as_str()), ("version", &version), ("hash", &hash)];
    // A form without a recipient signs no recipient.
    let nobody = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    fields.extend([("to", to.as_str()), ("to_name", &to_name)]);
    let refused = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for words in [
        "Priya Raman’s address changed from priya@raman.example to p@elsewhere.example since this page was loaded",
        "approve again",
        "name=\"to\" value=\"p@elsewhere.example\"",
    ] {
        assert!(refused.body.contains(words), "{words} is missing in {}", refused.body);
    }
    assert_eq!(visit.count("select count(*) from mails").await, 0);
    let [(_, to), (_, to_name)] = refused.recipient();
    fields.truncate(3);
    fields.extend([("to", to.as_str()), ("to_name", &to_name)]);
    let approved = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    assert_eq!(visit.count("select count(*) from mails where recipient = 'p@elsewhere.example'").await, 1);

    // During the hold it changes again: the page says so until it is approved again.
    visit.execute("update clients set email = 'priya@third.example' where name = 'Priya Raman'").await;
    visit.world.run_queued::<debrief_jobs::path::SendFollowUp>().await.expect("a job").expect("it is stopped");
    let page = visit.read().await;
    for words in [
        "You approved this letter for p@elsewhere.example.",
        "It would now go to priya@third.example.",
        "Approve and send",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
}

#[tokio::test]
async fn the_coachs_own_words_are_marked_and_counted_as_such() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    assert!(!page.body.contains("not checked against the transcript"));
    let (field, _) = first_claim(&page);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields = [
        ("form_token", token.as_str()),
        ("version", &version),
        (&field, "Priya won a prize for the team."),
        ("add.wins", "She is the best lead that I know."),
    ];
    post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    let page = visit.read().await;
    for words in [
        "3 of 5 statements verified, 2 in your own words.",
        "your words, not checked against the transcript",
        "Previously based on:",
        "In the letter: You won a prize for the team.",
        "In the letter: You are the best lead that I know.",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert_eq!(page.body.matches("Previously based on:").count(), 1, "the new sentence is based on nothing");
}

#[tokio::test]
async fn a_sentence_about_the_client_goes_only_as_it_is_where_the_coach_says_so() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let words = "Priya told Lena that she needs time.";
    let fields = [("form_token", token.as_str()), ("version", &version), (&field, words)];
    post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    let page = visit.read().await;
    assert!(page.body.contains("This sentence may talk about Priya Raman"), "{}", page.body);
    assert!(page.body.contains("name=\"as_they_are\"") && !page.body.contains("In the letter: "), "{}", page.body);
    let (version, hash) = (page.field("version"), page.field("hash"));
    let [(_, to), (_, to_name)] = page.recipient();
    let mut fields = vec![
        ("form_token", token.as_str()),
        ("version", &version),
        ("hash", &hash),
        ("to", &to),
        ("to_name", &to_name),
    ];
    let asked = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", asked.body);
    assert!(asked.body.contains("One sentence talks about Priya Raman"), "{}", asked.body);
    assert_eq!(visit.count("select count(*) from mails").await, 0);
    fields.push(("as_they_are", "on"));
    let approved = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    assert_eq!(visit.count("select count(*) from mails where kind = 'follow_up'").await, 1);
}

/// Whoever finds a sentence in the wrong section chooses another one beside it.
#[tokio::test]
async fn a_sentence_is_moved_to_another_section_on_the_page() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let field = page.body.split("<select class=\"place\" name=\"").nth(1).and_then(|rest| rest.split('"').next());
    let field = field.expect("a choice of sections").to_owned();
    assert!(page.body.contains("<option value=\"moments\">Moments (only you)</option>"), "{}", page.body);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields = [("form_token", token.as_str()), ("version", &version), (&field, "moments")];
    let saved = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let page = get(&visit.router, saved.header("location").split('#').next().expect("a path"), &visit.cookie).await;
    assert!(page.body.contains("<h3>Moments</h3>") && page.body.contains("they’re not in the letter"), "{}", page.body);
}
