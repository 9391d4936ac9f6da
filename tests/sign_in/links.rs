//! Mailed links: they work once and not for long, tell nobody who is known, and are limited.

use axum::http::{StatusCode, header};

use super::{House, MAYA, links_in, provider::with_provider_and_passkeys};
use crate::http::visit::{body, form, send};

#[tokio::test]
async fn a_mailed_link_signs_in_once_and_only_by_its_button() {
    let house = House::new().await;
    let mut browser = house.browser();
    let page = browser.get("/").await;
    assert!(page.status == StatusCode::OK && page.body.contains("Email me a link"), "{}", page.body);
    browser.get("/sign-in").await;
    let answer = browser.post("/sign-in/link", &[("email", "Maya@Northlight.example")]).await;
    assert!(answer.body.contains("Check your email"), "{}", answer.body);
    let link = house.link(MAYA).await;
    assert!(link.starts_with("/sign-in/link/dbo_"), "{link}");
    // A mail scanner follows the link, twice, without and with cookies.
    for _ in 0..2 {
        let mut scanner = house.browser();
        let shown = scanner.get(&link).await;
        assert!(shown.body.contains("Sign in to Northlight Coaching"), "{}", shown.body);
        assert!(!scanner.cookies.contains_key("debrief"));
    }
    assert_eq!(house.count("select count(*) from sign_ins").await, 0, "a GET signs nobody in");
    browser.get(&link).await;
    let entered = browser.post(&link, &[]).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(house.admits(&browser).await);
    let start = browser.get("/").await;
    assert!(start.body.contains("Hello, Maya Okafor") && start.body.contains("as coach"), "{}", start.body);
    // Once.
    let mut other = house.browser();
    assert_eq!(other.get(&link).await.status, StatusCode::GONE);
    assert_eq!(other.post(&link, &[]).await.status, StatusCode::GONE);
    assert!(!house.admits(&other).await);
    assert_eq!(
        house.count("select count(*) from audit_events where kind = 'signed_in' and person_id is not null").await,
        1
    );
    assert_eq!(house.count("select count(*) from audit_events where kind = 'sign_in_failed'").await, 1);
    // No secret is stored as it is.
    let token = link.rsplit('/').next().expect("a token").to_owned();
    for (what, secret) in [("link", token), ("cookie", browser.cookies["debrief"].clone())] {
        let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
        let found: i64 = sqlx::query_scalar(
            "select count(*) from (select to_jsonb(s)::text from sign_ins s union all select to_jsonb(l)::text from one_time_links l
                union all select encode(coalesce(message, ''), 'escape') from mails
                union all select to_jsonb(a)::text from audit_events a) all_rows (row) where row like '%' || $1 || '%'",
        )
        .bind(secret)
        .fetch_one(debrief_jobs::db::Tx::conn(&mut tx))
        .await
        .expect("a count");
        assert_eq!(found, 0, "the {what} is stored");
    }
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_gets_in() {
    let house = House::new().await;
    let mut browsers: Vec<_> = (0..6).map(|_| house.browser()).collect();
    browsers[0].get("/sign-in").await;
    browsers[0].post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    for browser in &mut browsers {
        browser.get(&link).await;
    }
    let answers = futures::future::join_all(browsers.iter_mut().map(|browser| browser.post(&link, &[]))).await;
    let entered = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(entered, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_link_works_for_a_quarter_of_an_hour() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    assert_eq!(house.count("select count(*) from one_time_links where expires_at between now() + interval '14 minutes' and now() + interval '15 minutes'").await, 1);
    browser.get(&link).await;
    house.execute("update one_time_links set expires_at = now()").await;
    assert_eq!(browser.post(&link, &[]).await.status, StatusCode::GONE);
    assert!(!house.admits(&browser).await);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    let mut answers = Vec::new();
    for email in [MAYA, "nobody@northlight.example"] {
        // Until it's too often, and then.
        let mut pages = Vec::new();
        for _ in 0..4 {
            let answer = browser.post("/sign-in/link", &[("email", email)]).await;
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            pages.push((answer.status, names, answer.body.replace(email, "EMAIL")));
        }
        answers.push(pages);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][3].0, StatusCode::TOO_MANY_REQUESTS);
    assert!(answers[0][3].2.contains("try again in 60 minutes"), "{}", answers[0][3].2);
    // The request did the same for both: a job each. What they find is nobody's to see.
    assert_eq!(house.mail_links().await, 1);
    assert_eq!(house.letters().await.len(), 1);
}

#[tokio::test]
async fn links_are_limited_for_all_processes_together() {
    let house = House::new().await;
    let routers = [house.router.clone(), house.another_process().await];
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    for attempt in 0..5 {
        browser.router = routers[attempt % 2].clone();
        let answer = browser.post("/sign-in/link", &[("email", MAYA)]).await;
        let allowed = attempt < 3;
        assert_eq!(answer.status, if allowed { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS }, "{attempt}");
        assert_eq!(answer.header("retry-after").is_empty(), allowed);
    }
    // Another address isn't affected, and the window ends.
    assert_eq!(browser.post("/sign-in/link", &[("email", "x@northlight.example")]).await.status, StatusCode::OK);
    house.owner("update request_counts set ends_at = now()").await;
    assert_eq!(browser.post("/sign-in/link", &[("email", MAYA)]).await.status, StatusCode::OK);
    house.mail_links().await;
}

#[tokio::test]
async fn an_address_in_two_organizations_gets_a_link_for_each() {
    let house = House::new().await;
    let [other, jon, _] = house.world.neighbour().await;
    let mut tx = house.world.database.db.tenant(other).await.expect("a transaction");
    sqlx::query("update coaches set email = $1 where id = $2")
        .bind(MAYA)
        .bind(jon)
        .execute(debrief_jobs::db::Tx::conn(&mut tx))
        .await
        .expect("one address");
    debrief_jobs::db::Tx::commit(tx).await.expect("it commits");
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    assert_eq!(house.mail_links().await, 2);
    // The mail is on the ledger of the organization that came last.
    let mut world = house.world;
    world.organization = other;
    world.run_queued::<debrief_jobs::mail::SendMail>().await.expect("a mail").expect("it is sent");
    let letters = crate::support::letters_in(&world.folder.path().join("mail"));
    assert_eq!(letters.len(), 1);
    let text = &letters[0].text;
    assert!(text.contains("Northlight Coaching (Maya Okafor)") && text.contains("Southbank (Jon Aalto)"), "{text}");
    for (link, name) in links_in(&letters[0]).iter().zip(["Maya Okafor", "Jon Aalto"]) {
        browser.get(link).await;
        assert_eq!(browser.post(link, &[]).await.status, StatusCode::SEE_OTHER);
        assert!(browser.get("/").await.body.contains(name));
    }
}

#[tokio::test]
async fn links_that_do_not_exist_are_limited() {
    let house = House::new().await;
    let mut browser = house.browser();
    let link = |number: usize| format!("/sign-in/link/dbo_{}{number:02}A", "A".repeat(40));
    for number in 0..30 {
        assert_eq!(browser.get(&link(number)).await.status, StatusCode::NOT_FOUND, "{number}");
    }
    assert_eq!(browser.get(&link(30)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Every form of these pages.
const POSTS: [&str; 26] = [
    "/sign-in/link",
    "/sign-in/password",
    "/sign-in/link/{sign-in}",
    "/invitation/{invitation}",
    "/address/{address}",
    "/sign-in/code",
    "/account/link",
    "/account/address",
    "/account/password",
    "/account/sign-ins/{browser}/end",
    "/account/sign-out",
    "/account/sign-out-everywhere",
    "/sign-in/with/acme",
    "/account/provider",
    "/account/second-factor/start",
    "/account/second-factor/confirm",
    "/account/second-factor/codes",
    "/account/second-factor/remove",
    "/sign-in/passkey/ask",
    "/sign-in/passkey",
    "/account/passkeys/ask-to-show",
    "/account/passkeys/show",
    "/account/passkeys/ask-to-add",
    "/account/passkeys",
    "/account/passkeys/{browser}/rename",
    "/account/passkeys/{browser}/remove",
];

#[tokio::test]
async fn every_form_needs_the_token_of_its_browser_and_comes_from_our_own_page() {
    let (house, _) = with_provider_and_passkeys(|_| ()).await;
    let mut maya = house.maya().await;
    maya.get("/account").await;
    maya.post("/account/address", &[("email", "new@northlight.example")]).await;
    let address = house.link("new@northlight.example").await.replace("/address/", "");
    let mut stranger = house.browser();
    stranger.get("/sign-in").await;
    let foreign = stranger.token.clone();
    stranger.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await.replace("/sign-in/link/", "");
    // Of what the forms would change, nothing has changed afterwards.
    let rows = "select (select count(*) from sign_ins where ended_at is null) + 10 * (select count(*) from credentials)
        + 100 * (select count(*) from one_time_links where used_at is null)
        + 1000 * (select count(*) from address_changes where new_confirmed_at is not null or stopped_at is not null)
        + 10000 * (select count(*) from provider_requests)";
    let before = house.count(rows).await;
    for path in POSTS {
        let path = path
            .replace("{sign-in}", &link)
            .replace("{invitation}", &link)
            .replace("{address}", &address)
            .replace("{browser}", "00000000-0000-0000-0000-000000000000");
        let fields = [("email", MAYA), ("password", "wooden lamp under rain"), ("do", "confirm"), ("code", "123456")];
        // Without a token, and with that of another browser.
        for token in [None, Some(foreign.as_str())] {
            let fields: Vec<(&str, &str)> =
                fields.into_iter().chain(token.map(|token| ("form_token", token))).collect();
            let refused = maya.post_without_token(&path, &fields).await;
            // Nobody has a code to type here.
            let elsewhere = path == "/sign-in/code" && refused.header("location") == "/";
            assert!(refused.status == StatusCode::FORBIDDEN || elsewhere, "{path}: {}", refused.status);
        }
        // From another site's page, with the right token.
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let fields = [("form_token", maya.token.as_str()), ("email", MAYA)];
            let request = form(&path, &fields).header(header::COOKIE, maya.cookie()).header(name, value);
            let refused = send(&house.router, request.body(body(&fields)).expect("a request")).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} with {name}");
        }
    }
    assert_eq!(house.count(rows).await, before);
}

#[tokio::test]
async fn a_form_from_before_the_browser_was_closed_can_be_sent_again() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    // The cookie of the forms goes with the browser, and the tab comes back without.
    browser.cookies.clear();
    let kept = browser.post("/sign-in/link", &[("email", MAYA)]).await;
    assert_eq!(kept.status, StatusCode::FORBIDDEN);
    assert!(kept.body.contains("cookies") && kept.body.contains(MAYA), "{}", kept.body);
    assert_eq!(house.mail_links().await, 0);
    let sent = browser.post("/sign-in/link", &[("email", &kept.field("email"))]).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    assert_eq!(house.mail_links().await, 1);
}

#[tokio::test]
async fn whoever_has_to_wait_is_told_so_in_the_headers_too() {
    let house = House::new().await;
    let mut maya = house.maya().await;
    maya.get("/account").await;
    let mut last = None;
    for _ in 0..4 {
        last = Some(maya.post("/account/link", &[]).await);
    }
    let own_links = last.take().expect("an answer");
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    for _ in 0..4 {
        last = Some(browser.post("/sign-in/link", &[("email", "x@y.example")]).await);
    }
    let links = last.take().expect("an answer");
    for _ in 0..6 {
        last = Some(browser.sign_in("x@y.example", "x").await);
    }
    let passwords = last.take().expect("an answer");
    for _ in 0..31 {
        last = Some(browser.get("/sign-in/link/dbo_x").await);
    }
    let guesses = last.expect("an answer");
    house.mail_links().await;
    for (what, answer) in [("own links", own_links), ("links", links), ("passwords", passwords), ("guesses", guesses)] {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{what}: {}", answer.body);
        let seconds: i32 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("{what}: {answer:?}"));
        assert!((1..=3600).contains(&seconds), "{what}: {seconds}");
    }
}
