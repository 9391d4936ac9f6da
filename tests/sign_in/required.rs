//! Where an organization wants a second factor of everybody: a review link alone opens nothing. And what is bounded.

use axum::http::StatusCode;

use super::{House, MAYA, PASSWORD, factor};
use crate::support::Reviewed;

#[tokio::test]
async fn where_a_second_factor_is_required_a_link_leads_to_signing_in_and_on_to_the_review() {
    let house = House::new().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    let mut setting_up = house.maya_with_password().await;
    let (app, _) = factor::enrol(&mut setting_up).await;
    house.execute(factor::LATER).await;
    let open = format!("/r/{}/open", reviewed.link(&house.world).await.reveal());
    let mut browser = house.browser();
    browser.post_without_token(&open, &[]).await;
    assert_eq!(browser.get(&page).await.status, StatusCode::OK, "a link is enough as long as nobody asks for more");

    house.execute("update organizations set require_second_factor = true").await;
    let token = browser.token.clone();
    let refused = browser.get(&page).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    assert!(
        refused.body.contains("Sign in to open this review") && !refused.body.contains("Priya"),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("sign-in\">Sign in</a>"), "{}", refused.body);
    browser.token = token;
    let path = format!("{page}/summaries/{}/dismiss", reviewed.summary);
    assert_eq!(browser.post(&path, &[]).await.status, StatusCode::UNAUTHORIZED, "nor does a page that stands open");
    for page in ["/voice", "/speakers"].map(|end| format!("{page}{end}")) {
        assert_eq!(browser.get(&page).await.status, StatusCode::UNAUTHORIZED, "{page}");
    }
    // Somebody else's sign-in doesn't help the link.
    house.person("tove", "tove@northlight.example", &["coach"]).await;
    let mut tove = house.signed_in("tove@northlight.example").await;
    factor::enrol(&mut tove).await;
    tove.post_without_token(&open, &[]).await;
    let refused = tove.get(&page).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.body.contains("Sign in to open this review") && refused.body.contains("sign out first"),
        "{}",
        refused.body
    );
    assert!(house.admits(&tove).await);

    // The password alone isn't enough, and with the code she comes back to the review.
    let entered = browser.sign_in(MAYA, PASSWORD).await;
    assert_eq!(entered.header("location"), "/sign-in/code", "{}", entered.body);
    assert_eq!(browser.get(&page).await.status, StatusCode::UNAUTHORIZED);
    let entered = factor::type_code(&mut browser, &app.code()).await;
    assert_eq!(entered.header("location"), "/");
    assert_eq!(browser.get("/").await.header("location"), page, "she is led on");
    assert_eq!(browser.get(&page).await.status, StatusCode::OK);
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "once");
    browser.get(&page).await;
    assert_eq!(browser.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    let by_her =
        "select count(*) from audit_events where kind = 'dismissed' and person_id is not null and link_id is null";
    assert_eq!(house.count(by_her).await, 1);
    // Signing out on the review's page ends her sign-in.
    browser.get(&page).await;
    assert_eq!(browser.post(&format!("{page}/leave"), &[]).await.status, StatusCode::OK);
    assert!(!house.admits(&browser).await);
    assert_eq!(browser.get(&page).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_sets_up_a_second_factor_or_uses_a_recovery_code_is_led_on_to_the_review() {
    let house = House::new().await;
    house.execute("update organizations set require_second_factor = true").await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    // A browser that came by the link and signs in with a mailed link.
    let came = async || {
        let mut browser = house.browser();
        let open = format!("/r/{}/open", reviewed.link(&house.world).await.reveal());
        browser.post_without_token(&open, &[]).await;
        assert_eq!(browser.get(&page).await.status, StatusCode::UNAUTHORIZED);
        house.owner("delete from request_counts").await;
        browser.get("/sign-in").await;
        browser.post("/sign-in/link", &[("email", MAYA)]).await;
        let link = house.link(MAYA).await;
        browser.get(&link).await;
        browser.post(&link, &[]).await;
        browser
    };
    let mut browser = came().await;
    let (_, codes, shown) = factor::set_up(&mut browser).await;
    assert!(shown.body.contains("href=\"&#x2f;\">I’ve saved them: continue to the review</a>"), "{}", shown.body);
    assert_eq!(browser.get("/").await.header("location"), page);
    assert_eq!(browser.get(&page).await.status, StatusCode::OK);

    let mut browser = came().await;
    let entered = factor::type_code(&mut browser, &codes[0]).await;
    assert_eq!(entered.header("location"), "/account?done=recovered");
    let account = browser.get("/account?done=recovered").await;
    assert!(account.body.contains("You used a recovery code"), "{}", account.body);
    assert!(account.body.contains("href=\"&#x2f;\">Continue to the review</a>"), "{}", account.body);
    assert_eq!(browser.get("/").await.header("location"), page);
    assert!(!browser.get("/account").await.body.contains("Continue to the review"), "once");
}

#[tokio::test]
async fn a_used_sign_in_link_is_not_pressed_without_end() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    browser.get(&link).await;
    assert_eq!(browser.post(&link, &[]).await.status, StatusCode::SEE_OTHER);
    let mut other = house.browser();
    other.get("/sign-in").await;
    let mut last = StatusCode::OK;
    for _ in 0..25 {
        last = other.post(&link, &[]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.count("select count(*) from audit_events where kind = 'sign_in_failed'").await, 19);
}

#[tokio::test]
async fn a_password_of_128_characters_signs_in_with_all_of_them() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    browser.get("/account").await;
    let words = "wooden lamp under rain, blue tomato over snow; ";
    let long: String = words.chars().cycle().take(127).chain(['!']).collect();
    let set = browser.post("/account/password", &[("password", &long)]).await;
    assert_eq!(set.header("location"), "/account?done=password", "{}", set.body);
    let cut = &long[..127];
    assert_eq!(house.browser().sign_in(MAYA, cut).await.status, StatusCode::UNAUTHORIZED, "nothing is cut off");
    assert_eq!(house.browser().sign_in(MAYA, &long).await.status, StatusCode::SEE_OTHER);
}
