//! Passwords: what is taken, what is told to whom, and how often somebody may try.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use metrics_exporter_prometheus::PrometheusBuilder;

use super::{House, MAYA, PASSWORD};

#[tokio::test]
async fn a_password_is_set_and_signs_in() {
    let house = House::new().await;
    let other = house.maya().await;
    let first = house.maya_with_password().await;
    assert!(house.admits(&first).await && !house.admits(&other).await, "other sign-ins end");
    let mut browser = house.browser();
    let entered = browser.sign_in(" Maya@Northlight.Example ", PASSWORD).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(house.admits(&browser).await);
    let stored = "select count(*) from credentials where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'";
    assert_eq!(house.count(stored).await, 1);
    let letters = house.letters().await;
    let told = letters.last().expect("a mail tells her");
    assert!(told.to == [MAYA] && told.text.contains("A password was set."), "{}", told.text);
    // Another one takes its place.
    browser.get("/account").await;
    let changed = browser.post("/account/password", &[("password", "blaue Tomaten fliegen tief")]).await;
    assert_eq!(changed.header("location"), "/account?done=password");
    assert_eq!(house.browser().sign_in(MAYA, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.browser().sign_in(MAYA, "blaue Tomaten fliegen tief").await.status, StatusCode::SEE_OTHER);
    assert!(house.letters().await.last().expect("a mail").text.contains("The password was changed."));
    assert_eq!(house.count("select count(*) from audit_events where kind = 'password_changed'").await, 2);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_the_same() {
    let house = House::new().await;
    house.maya_with_password().await;
    house.person("tove", "tove@northlight.example", &["coach"]).await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    let mut answers = Vec::new();
    // Wrong, without a password, unknown, and no address at all.
    for email in [MAYA, "tove@northlight.example", "nobody@northlight.example", "nobody"] {
        let mut pages = Vec::new();
        for _ in 0..6 {
            let begun = Instant::now();
            let answer =
                browser.post("/sign-in/password", &[("email", email), ("password", "another lamp in rain")]).await;
            let limited = answer.status == StatusCode::TOO_MANY_REQUESTS;
            assert!(limited || begun.elapsed() >= Duration::from_millis(400), "{email}: {:?}", begun.elapsed());
            pages.push((answer.status, answer.body.replace(&format!("value=\"{email}\""), "")));
        }
        answers.push(pages);
    }
    assert!(answers.iter().all(|pages| *pages == answers[0]), "{answers:?}");
    assert_eq!(answers[0][0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0][5].0, StatusCode::TOO_MANY_REQUESTS);
    // What was tried is in the audit by account, without what was typed.
    assert_eq!(house.count("select count(*) from audit_events where kind = 'sign_in_failed'").await, 10);
    assert_eq!(
        house
            .count("select count(*) from audit_events where detail::text like '%lamp%' or detail::text like '%@%'")
            .await,
        0
    );
}

#[tokio::test]
async fn attempts_are_limited_for_all_processes_together() {
    let house = House::new().await;
    house.maya_with_password().await;
    house.owner("delete from request_counts").await;
    let routers = [house.router.clone(), house.another_process().await];
    let mut browser = house.browser();
    for attempt in 0..5 {
        browser.router = routers[attempt % 2].clone();
        assert_eq!(browser.sign_in(MAYA, "another lamp in rain").await.status, StatusCode::UNAUTHORIZED, "{attempt}");
    }
    for router in routers {
        browser.router = router;
        let refused = browser.sign_in(MAYA, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "also the right one");
        assert!(!refused.header("retry-after").is_empty() && refused.body.contains("Try again in 15 minutes"));
    }
    house.owner("update request_counts set ends_at = now()").await;
    assert_eq!(browser.sign_in(MAYA, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_one_network_tries_on_many_accounts_is_counted_together() {
    let house = House::new().await;
    let from = |address: &str| {
        let mut browser = house.browser();
        browser.address = Some(address.parse().expect("an address"));
        browser
    };
    // Links to 30 accounts from addresses of one network.
    let mut answers = Vec::new();
    for number in 0..31 {
        let mut browser = from(&format!("2001:db8:1:2::{number:x}"));
        browser.get("/sign-in").await;
        answers.push(browser.post("/sign-in/link", &[("email", &format!("x{number}@y.example"))]).await.status);
    }
    assert_eq!(answers.pop(), Some(StatusCode::TOO_MANY_REQUESTS));
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
    let mut other = from("2001:db8:1:3::1");
    other.get("/sign-in").await;
    assert_eq!(other.post("/sign-in/link", &[("email", "x31@y.example")]).await.status, StatusCode::OK);
    house.mail_links().await;
    // Passwords: the sixtieth attempt is the last.
    house.owner("delete from request_counts").await;
    assert_eq!(from("198.51.100.7").sign_in("x@y.example", "x").await.status, StatusCode::UNAUTHORIZED);
    house.owner("update request_counts set asked = 59").await;
    house.owner("delete from request_counts where bucket = sha256(convert_to('sign_in', 'UTF8') || '\\x00'::bytea || convert_to('x@y.example', 'UTF8'))").await;
    assert_eq!(from("::ffff:198.51.100.7").sign_in("z@y.example", "x").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(from("198.51.100.7").sign_in("w@y.example", "x").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("198.51.100.8").sign_in("w@y.example", "x").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn attempts_are_counted_by_outcome() {
    let house = House::new().await;
    house.maya_with_password().await;
    house.owner("delete from request_counts").await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test's runtime has one thread, so this recorder receives all its metrics.
    let _listening = metrics::set_default_local_recorder(&recorder);
    house.maya().await;
    let mut browser = house.browser();
    browser.sign_in(MAYA, PASSWORD).await;
    // The right one is no attempt.
    for _ in 0..6 {
        browser = house.browser();
        browser.sign_in(MAYA, "another lamp in rain").await;
    }
    let told = metrics.render();
    for (by, outcome, count) in [
        ("link", "asked", 1),
        ("link", "in", 1),
        ("password", "in", 1),
        ("password", "refused", 5),
        ("password", "limited", 1),
    ] {
        let line = ["by", "outcome"].map(|label| format!("{label}=\"{}\"", if label == "by" { by } else { outcome }));
        let line = format!("debrief_sign_ins_total{{{}}} {count}", line.join(","));
        assert!(told.contains(&line), "{line} isn't in {told}");
    }
}

#[tokio::test]
async fn what_is_easy_to_guess_is_refused_with_the_reason() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    browser.get("/account").await;
    for (password, said) in [
        ("short", "too short"),
        (&*"long ".repeat(30), "too long"),
        ("111111111111111", "repeats itself"),
        ("qwertyuiop1234", "follows the keyboard"),
        ("Maya-Okafor-2026", "your own name"),
        ("northlight2026!", "your own name, address or organization"),
        ("debrief-debrief1", "easy to guess"),
        ("passwordpassword1", "easy to guess"),
    ] {
        let refused = browser.post("/account/password", &[("password", password)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(refused.body.contains(said), "{password}: {}", refused.body);
        assert!(!refused.body.contains(&format!("value=\"{password}\"")), "it isn't shown again");
    }
    assert_eq!(house.count("select count(*) from credentials").await, 0);
    // Composed in another way, it's the same.
    assert_eq!(
        browser.post("/account/password", &[("password", "zo\u{eb} under the old pier")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.browser().sign_in(MAYA, "zoe\u{308} under the old pier").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_the_operators_list_has_is_refused() {
    let list = tempfile::NamedTempFile::new().expect("a file");
    // One of them is "blaue Tomaten fliegen".
    let lines = [
        "3F9E2BB2B1E4C9A5D0F00000000000000000FFFF:3",
        "55228B25F59F9B838B538A03DFABA9BB9FBE1770:52",
        "F000000000000000000000000000000000000000:1",
    ];
    std::fs::write(list.path(), lines.join("\r\n")).expect("it's written");
    let house = House::with(|settings| settings.sign_in.leaked_passwords = list.path().to_owned()).await;
    let mut browser = house.maya().await;
    browser.get("/account").await;
    let refused = browser.post("/account/password", &[("password", "blaue Tomaten fliegen")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.body.contains("it’s known from a leak"), "{}", refused.body);
    let set = browser.post("/account/password", &[("password", PASSWORD)]).await;
    assert_eq!(set.header("location"), "/account?done=password", "{}", set.body);
    // A list that is damaged later lets no password through unseen.
    std::fs::write(list.path(), "x\n".repeat(50)).expect("it's written");
    browser.get("/account").await;
    let failed = browser.post("/account/password", &[("password", "another wooden lamp, blue")]).await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", failed.body);
}

#[tokio::test]
async fn whoever_signed_in_a_while_ago_shows_who_they_are_first() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    house.execute("update sign_ins set proved_at = now() - interval '10 minutes'").await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("Current password"), "{}", page.body);
    let new = "blaue Tomaten fliegen tief";
    for (path, fields) in [
        ("/account/password", [("password", new), ("current", "")]),
        ("/account/password", [("password", new), ("current", "another lamp in rain")]),
        ("/account/address", [("email", "new@northlight.example"), ("current", "")]),
        ("/account/second-factor/start", [("current", "another lamp in rain"), ("x", "")]),
        ("/account/second-factor/remove", [("current", ""), ("x", "")]),
        ("/account/second-factor/codes", [("current", ""), ("x", "")]),
    ] {
        let refused = browser.post(path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(refused.body.contains("role=\"alert\""), "{path}");
    }
    assert_eq!(house.count("select (select count(*) from address_changes) + (select count(*) from credentials where totp_pending is not null)").await, 0);
    let changed = browser.post("/account/password", &[("password", new), ("current", PASSWORD)]).await;
    assert_eq!(changed.header("location"), "/account?done=password", "{}", changed.body);
    // Guessing the password here is limited as well.
    house.owner("delete from request_counts").await;
    house.execute("update sign_ins set proved_at = now() - interval '10 minutes'").await;
    browser.get("/account").await;
    for _ in 0..5 {
        browser.post("/account/password", &[("password", PASSWORD), ("current", "another lamp in rain")]).await;
    }
    let limited = browser.post("/account/password", &[("password", PASSWORD), ("current", new)]).await;
    assert!(limited.body.contains("too many attempts"), "{}", limited.body);
}

#[tokio::test]
async fn an_old_hash_is_renewed_when_its_password_is_typed() {
    let house = House::new().await;
    house.maya_with_password().await;
    let weak = weak_hash();
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    sqlx::query("update credentials set password_hash = $1")
        .bind(weak)
        .execute(debrief_jobs::db::Tx::conn(&mut tx))
        .await
        .expect("set");
    debrief_jobs::db::Tx::commit(tx).await.expect("it commits");
    assert_eq!(house.browser().sign_in(MAYA, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        house
            .count("select count(*) from credentials where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'")
            .await,
        1
    );
}

fn weak_hash() -> String {
    use argon2::{
        Algorithm, Argon2, Params, Version,
        password_hash::{PasswordHasher, SaltString},
    };
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).expect("parameters"));
    let salt = SaltString::encode_b64(&[1; 16]).expect("a salt");
    weak.hash_password(PASSWORD.as_bytes(), &salt).expect("a hash").to_string()
}
