//! Sign-ins: they end by themselves, by their owner and with their person; each belongs to one organization.

use axum::http::StatusCode;
use debrief_jobs::{
    audit::Visitor,
    db::{Tx, View},
    people,
    rights::{self, NewKey, Right, Via},
    secret::Secret,
    sign_in,
};

use super::{House, MAYA, PASSWORD, factor};
use crate::http::Log;

#[tokio::test]
async fn whoever_signs_in_acts_with_their_own_rights() {
    let house = House::new().await;
    let browser = house.maya().await;
    let secret = Secret::from_cookie(&browser.cookies["debrief"]);
    let found = sign_in::find(&house.world.database.db, &secret, Visitor::default()).await.expect("it answers");
    let caller = found.expect("she is signed in");
    assert_eq!((caller.organization, caller.person), (house.world.organization, Some(house.world.coach)));
    assert!(matches!(caller.via, Via::SignIn(_)) && caller.visitor.person_id == Some(house.world.coach));
    assert_eq!(caller.view(Right::SessionsRead).expect("a coach"), View::Coaches(vec![house.world.coach]));
    assert!(caller.view(Right::PeopleWrite).is_err(), "she is no admin");
    for secret in ["", "x", "A".repeat(43).as_str()] {
        let secret = Secret::from_cookie(secret);
        let found = sign_in::find(&house.world.database.db, &secret, Visitor::default()).await;
        assert!(found.expect("it answers").is_none());
    }
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_once_its_browser_has_another() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    // Setting a password gives another one.
    let before = browser.copy();
    browser.get("/account").await;
    browser.post("/account/password", &[("password", PASSWORD)]).await;
    assert!(house.admits(&browser).await && !house.admits(&before).await, "the password was set");
    // So does signing in again in the same browser.
    let before = browser.copy();
    let mut visitor = house.browser();
    visitor.get("/sign-in").await;
    visitor.cookies.insert("debrief".into(), browser.cookies["debrief"].clone());
    let entered = visitor.post("/sign-in/password", &[("email", MAYA), ("password", PASSWORD)]).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    assert!(house.admits(&visitor).await && !house.admits(&before).await, "she signed in again");
    assert_ne!(visitor.cookies["debrief"], before.cookies["debrief"]);
}

#[tokio::test]
async fn whoever_shows_anew_who_they_are_gets_another_cookie_whatever_comes_of_the_form() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    // What is wrong is shown on the page, and on a page of its own.
    let forms = [("/account/address", ("email", "no address")), ("/account/second-factor/codes", ("x", ""))];
    for (path, field) in forms {
        house.a_while_later().await;
        browser.get("/account").await;
        let stolen = browser.copy();
        let refused = browser.post(path, &[("current", PASSWORD), field]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.body);
        assert_ne!(browser.cookies["debrief"], stolen.cookies["debrief"], "{path}");
        assert!(house.admits(&browser).await && !house.admits(&stolen).await, "{path}");
    }
    // The form that is shown with it is the new sign-in's.
    house.a_while_later().await;
    browser.get("/account").await;
    browser.post("/account/address", &[("current", PASSWORD), ("email", "no address")]).await;
    let asked = browser.post("/account/address", &[("email", "maya@okafor.example")]).await;
    assert_eq!(asked.header("location"), "/account?done=address", "{}", asked.body);
    // A secret that is set up is shown in the browser that asked, under its new cookie.
    house.a_while_later().await;
    browser.get("/account").await;
    browser.post("/account/second-factor/start", &[("current", PASSWORD)]).await;
    assert!(browser.get("/account/second-factor").await.body.contains("id=\"secret\""));
}

#[tokio::test]
async fn whoever_has_no_password_shows_who_they_are_with_a_link() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    assert!(browser.get("/account").await.body.contains("Set a password"), "she has just signed in");
    house.a_while_later().await;
    for page in ["/account", "/account/second-factor"] {
        let page = browser.get(page).await.body.replace("&#x2f;", "/");
        assert!(page.contains("/account/link\"") && page.contains("Email me a link"), "{page}");
        for form in ["name=\"current\"", "name=\"password\"", "/account/address\"", "/second-factor/start\""] {
            assert!(!page.contains(form), "{form} can't work: {page}");
        }
    }
    let refused = browser.post("/account/password", &[("password", PASSWORD), ("current", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    // Whoever asks for links to her address doesn't keep her from it.
    let mut stranger = house.browser();
    stranger.get("/sign-in").await;
    house.owner("delete from request_counts").await;
    for _ in 0..4 {
        stranger.post("/sign-in/link", &[("email", MAYA)]).await;
    }
    house.letters().await;
    browser.get("/account").await;
    let asked = browser.post("/account/link", &[]).await;
    assert!(asked.status == StatusCode::OK && asked.body.contains("Check your email"), "{}", asked.body);
    let link = house.link(MAYA).await;
    let before = browser.copy();
    browser.get(&link).await;
    browser.post(&link, &[]).await;
    assert!(house.admits(&browser).await && !house.admits(&before).await, "the sign-in before has ended");
    browser.get("/account").await;
    let set = browser.post("/account/password", &[("password", PASSWORD)]).await;
    assert_eq!(set.header("location"), "/account?done=password", "{}", set.body);
    // With a password she may type it, or have a link if she forgot it; not without end.
    house.a_while_later().await;
    let page = browser.get("/account").await.body.replace("&#x2f;", "/");
    assert!(page.contains("name=\"current\"") && page.contains("/account/link\""), "{page}");
    for _ in 0..2 {
        browser.post("/account/link", &[]).await;
    }
    let limited = browser.post("/account/link", &[]).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{}", limited.body);
    house.mail_links().await;
}

#[tokio::test]
async fn a_page_looks_its_sign_in_up_once() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    house.owner("create sequence looks").await;
    house
        .owner(
            "create or replace function sign_in_by_hash(hash bytea) returns table (organization_id uuid, sign_in_id uuid)
             language sql volatile security definer set search_path = public, pg_temp
             as $$ select nextval('looks'); select organization_id, id from sign_ins where cookie_sha256 = hash $$",
        )
        .await;
    house.owner("grant all on sequence looks to public").await;
    for (looks, path) in ["/", "/account", "/account/second-factor"].into_iter().enumerate() {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
        let looked = house.count("select last_value from looks").await;
        assert_eq!(looked, i64::try_from(looks).expect("a few") + 1, "{path}");
    }
}

#[tokio::test]
async fn a_sign_in_ends_when_it_is_not_used_and_after_two_weeks_in_any_case() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    house.execute("update sign_ins set last_used_at = now() - interval '11 hours 59 minutes'").await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(house.count("select count(*) from sign_ins where last_used_at > now() - interval '1 minute'").await, 1);
    house.execute("update sign_ins set last_used_at = now() - interval '12 hours'").await;
    assert_eq!(browser.get("/account").await.header("location"), "/sign-in");
    assert!(!house.admits(&browser).await);
    house
        .execute(
            "update sign_ins set last_used_at = now(), ends_at = ends_at - interval '14 days' + interval '1 minute'",
        )
        .await;
    assert!(house.admits(&browser).await);
    house.execute("update sign_ins set ends_at = ends_at - interval '1 minute'").await;
    assert!(!house.admits(&browser).await, "however much it's used");
}

#[tokio::test]
async fn the_settings_say_when_sign_ins_end() {
    let house = House::with(|settings| {
        settings.sign_in.idle_hours = 1;
        settings.sign_in.days = 2;
    })
    .await;
    let browser = house.maya().await;
    assert_eq!(house.count("select count(*) from sign_ins where idle_seconds = 3600 and ends_at between now() + interval '47 hours' and now() + interval '48 hours'").await, 1);
    house.execute("update sign_ins set last_used_at = now() - interval '1 hour'").await;
    assert!(!house.admits(&browser).await);
}

#[tokio::test]
async fn every_page_of_whoever_is_signed_in_has_a_way_out() {
    let house = House::new().await;
    let mut maya = house.maya_with_password().await;
    let has_a_way_out = |page: &str, body: &str| {
        let form = "<form method=\"post\" action=\"&#x2f;account&#x2f;sign-out\">";
        let other = "<form method=\"post\" action=\"&#x2f;account/sign-out\">";
        assert!(body.contains(form) || body.contains(other), "{page}: {body}");
    };
    for page in ["/", "/account", "/account/second-factor"] {
        has_a_way_out(page, &maya.get(page).await.body);
    }
    let (_, _, codes) = factor::set_up(&mut maya).await;
    has_a_way_out("the codes", &codes.body);
    has_a_way_out("a second factor there is", &maya.get("/account/second-factor").await.body);
    let mut half = house.maya().await;
    has_a_way_out("the code", &half.get("/sign-in/code").await.body);
    assert_eq!(maya.post("/account/sign-out", &[]).await.header("location"), "/sign-in", "the page's token will do");
    house.execute("update organizations set require_second_factor = true").await;
    house.person("tove", "tove@northlight.example", &["coach"]).await;
    let mut tove = house.signed_in("tove@northlight.example").await;
    has_a_way_out("a second factor that is required", &tove.get("/account/second-factor").await.body);
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_it() {
    let house = House::new().await;
    let (mut here, there) = (house.maya().await, house.maya().await);
    let page = here.get("/account").await;
    assert_eq!(
        page.body.matches("Firefox on Windows</").count() + page.body.matches("Firefox on Windows <span").count(),
        1
    );
    assert_eq!(page.body.matches("/end\"").count(), 2, "{}", page.body);
    assert_eq!(page.body.matches("this browser").count(), 1);
    let id: uuid::Uuid = {
        let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
        let last = "select id from sign_ins order by created_at desc limit 1";
        sqlx::query_scalar(last).fetch_one(tx.conn()).await.expect("a sign-in")
    };
    let ended = here.post(&format!("/account/sign-ins/{id}/end"), &[]).await;
    assert_eq!(ended.header("location"), "/account?done=ended");
    assert!(house.admits(&here).await && !house.admits(&there).await);
    // Nobody ends another's, in this organization or another.
    house.person("tove", "tove@northlight.example", &["admin"]).await;
    let mut tove = house.signed_in("tove@northlight.example").await;
    tove.get("/account").await;
    let mine: uuid::Uuid = {
        let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
        let hers = "select id from sign_ins where person_id = $1 and ended_at is null";
        sqlx::query_scalar(hers).bind(house.world.coach).fetch_one(tx.conn()).await.expect("a sign-in")
    };
    assert_eq!(tove.post(&format!("/account/sign-ins/{mine}/end"), &[]).await.status, StatusCode::NOT_FOUND);
    assert!(house.admits(&here).await);
    // Signing out here, and everywhere.
    let third = house.maya().await;
    here.get("/account").await;
    assert_eq!(here.post("/account/sign-out", &[]).await.header("location"), "/sign-in");
    assert!(!here.cookies.contains_key("debrief"), "the browser forgets it");
    assert!(house.admits(&third).await);
    let mut third = third;
    third.get("/account").await;
    let fourth = house.maya().await;
    third.post("/account/sign-out-everywhere", &[]).await;
    assert!(!house.admits(&fourth).await && house.admits(&tove).await);
    assert_eq!(house.count("select count(*) from audit_events where kind = 'signed_out'").await, 3);
}

#[tokio::test]
async fn deactivating_a_person_ends_every_way_in_at_once() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let db = &house.world.database.db;
    let mut tx = db.tenant(house.world.organization).await.expect("a transaction");
    let key = NewKey {
        name: "script".into(),
        person: Some(house.world.coach),
        scopes: vec![Right::SessionsRead],
        expires_at: None,
        created_by: None,
        parent: None,
    };
    let key = rights::issue(&mut tx, &key).await.expect("a key").text;
    tx.commit().await.expect("it commits");
    assert!(rights::signed_in(db, &key, Visitor::default()).await.expect("it answers").is_some());
    let mut other = house.browser();
    other.get("/sign-in").await;
    other.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;

    let removal = house.deactivate(house.world.organization, house.world.coach).await;
    assert_eq!(removal.expect("she is deactivated").name, "Maya Okafor");
    assert!(!house.admits(&browser).await);
    assert!(rights::signed_in(db, &key, Visitor::default()).await.expect("it answers").is_none());
    assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.sign_in(MAYA, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    house.owner("delete from request_counts").await;
    other.post("/sign-in/link", &[("email", MAYA)]).await;
    assert_eq!(house.mail_links().await, 0, "no link is mailed");

    // Back again, she signs in anew: nothing of before works.
    house.activate(house.world.organization, house.world.coach).await.expect("she is back");
    assert!(!house.admits(&browser).await);
    assert!(rights::signed_in(db, &key, Visitor::default()).await.expect("it answers").is_none());
    assert_eq!(other.get(&link).await.status, StatusCode::GONE);
    assert_eq!(browser.get("/account").await.header("location"), "/sign-in");
    assert_eq!(other.sign_in(MAYA, PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.count("select count(*) from audit_events where kind = 'person_changed'").await, 2);
}

#[tokio::test]
async fn removing_a_coach_ends_sign_ins_as_well() {
    let house = House::new().await;
    let browser = house.maya().await;
    people::remove_coach(&house.world.database.db, "maya", false).await.expect("she is removed");
    assert!(!house.admits(&browser).await);
    assert_eq!(house.count("select count(*) from sign_ins where ended_at is null").await, 0);
}

#[tokio::test]
async fn over_https_the_cookie_of_a_sign_in_is_bound_to_the_host() {
    let base = "https://debrief.example/app";
    let house = House::with(|settings| settings.review.base_url = base.parse().expect("a URL")).await;
    let mut browser = house.browser();
    let page = browser.get("/sign-in").await;
    assert!(page.header("set-cookie").starts_with("__Host-debrief-form="), "{page:?}");
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let letters = house.letters().await;
    let link = letters[0].text.lines().find_map(|line| line.strip_prefix(base)).expect("a link").to_owned();
    browser.get(&link).await;
    let entered = browser.post(&link, &[]).await;
    let cookie = entered.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-debrief=") && cookie.contains("Secure") && cookie.contains("Path=/"),
        "{cookie}"
    );
    assert_eq!(entered.header("location"), "/app/");
}

#[tokio::test]
async fn no_person_of_another_organization_is_found() {
    let house = House::new().await;
    let browser = house.maya().await;
    let [other, jon, _] = house.world.neighbour().await;
    let db = &house.world.database.db;
    // Seen from the other organization there is no sign-in, no account and no link of hers.
    let mut tx = db.tenant(other).await.expect("a transaction");
    assert!(sign_in::account(&mut tx, house.world.coach).await.expect("it answers").is_none());
    assert!(sign_in::list_sign_ins(&mut tx, house.world.coach).await.expect("it answers").is_empty());
    let id = {
        let mut own = db.tenant(house.world.organization).await.expect("a transaction");
        sign_in::list_sign_ins(&mut own, house.world.coach).await.expect("it answers")[0].id
    };
    assert!(!sign_in::end_sign_in(&mut tx, house.world.coach, id, &Visitor::default()).await.expect("it answers"));
    assert!(people::find_person(&mut tx, "maya").await.is_err());
    assert!(
        people::change_roles(&mut tx, house.world.coach, &[debrief_jobs::model::Role::Admin], &Visitor::default())
            .await
            .is_err()
    );
    let team = people::create_team(&mut tx, "South", &Visitor::default()).await.expect("a team");
    assert!(people::add_member(&mut tx, team, house.world.coach, true, &Visitor::default()).await.is_err());
    tx.commit().await.expect("it commits");
    assert!(house.deactivate(other, house.world.coach).await.is_err());
    assert!(house.deactivate(house.world.organization, jon).await.is_err());
    assert!(house.admits(&browser).await);
}

#[tokio::test]
async fn no_address_name_or_secret_is_logged() {
    let house = House::new().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let subscriber = tracing::Dispatch::new(subscriber);
    // See `a_token_is_never_logged`.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::dispatcher::set_default(&subscriber);
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    browser.get(&link).await;
    browser.post(&link, &[]).await;
    let mut secrets = vec![link.rsplit('/').next().expect("a token").to_owned()];
    browser.get("/account").await;
    secrets.push(browser.cookies["debrief"].clone());
    browser.post("/account/password", &[("password", PASSWORD)]).await;
    secrets.push(browser.cookies["debrief"].clone());
    secrets.push(browser.token.clone());
    let (_, codes) = factor::enrol(&mut browser).await;
    secrets.extend(codes);
    browser.get("/account").await;
    browser.post("/account/address", &[("email", "new@okafor.example")]).await;
    house.letters().await;
    house.browser().sign_in(MAYA, "another lamp in rain").await;
    house.browser().sign_in("stranger@x.example", PASSWORD).await;
    drop(guard);
    let log = log.text();
    assert!(log.contains("/sign-in/link/{token}") && log.contains("mail queued"), "{log}");
    secrets.extend(["maya@", "Okafor", "okafor", "stranger@", "lamp"].map(str::to_owned));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} is logged");
    }
}
