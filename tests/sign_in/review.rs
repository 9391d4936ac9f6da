//! A coach who is signed in reviews their own sessions without a link; nobody else's sign-in opens them.

use axum::http::StatusCode;
use debrief_jobs::{db::Tx, path::SendFollowUp, people::CoachChange, sign_in};

use super::{House, MAYA, PASSWORD, factor, flowing};
use crate::support::Reviewed;

#[tokio::test]
async fn a_coach_finds_what_waits_and_approves_it() {
    let house = House::new().await;
    house.world.leaves::<SendFollowUp>();
    let reviewed = Reviewed::new(&house.world).await;
    let mut maya = house.maya().await;
    assert!(maya.get("/").await.body.contains("Nothing is waiting for you."));
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    let start = maya.get("/").await;
    assert!(start.body.contains(&page) || start.body.contains(&page.replace('/', "&#x2f;")), "{}", start.body);
    let shown = maya.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(maya.get(&format!("{page}/voice")).await.status, StatusCode::OK);
    assert_eq!(maya.get(&format!("{page}/speakers")).await.status, StatusCode::OK);
    let [to, to_name] = shown.recipient().map(|(_, value)| value);
    let (version, hash) = (shown.field("version"), shown.field("hash"));
    let fields =
        [("version", version.as_str()), ("hash", &hash), ("to", &to), ("to_name", &to_name), ("as_they_are", "on")];
    let approve = format!("{page}/summaries/{}/approve", reviewed.summary);
    let forged = maya.post_without_token(&approve, &fields).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "a form needs its token");
    let approved = maya.post(&approve, &fields).await;
    assert!(approved.header("location").contains("done=approved"), "{}", approved.body);
    let signed = "select count(*) from audit_events where kind = 'approved' and link_id is null and person_id in (select id from coaches where handle = 'maya')";
    assert_eq!(house.count(signed).await, 1, "the audit says who");
    maya.get(&page).await;
    assert_eq!(
        house.count("select count(*) from audit_events where kind = 'viewed' and person_id is not null").await,
        1
    );
}

#[tokio::test]
async fn nobody_elses_sign_in_opens_a_review() {
    let house = House::new().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    for (handle, roles) in [("ada", &["coach"][..]), ("lena", &["lead", "coach"]), ("tove", &["admin"])] {
        house.person(handle, &format!("{handle}@x.example"), roles).await;
    }
    house
        .execute(
            "insert into teams (id, organization_id, name) select gen_random_uuid(), id, 'North' from organizations",
        )
        .await;
    house
        .execute(
            "insert into team_members (organization_id, team_id, coach_id, leads)
             select c.organization_id, t.id, c.id, handle = 'lena' from coaches c cross join teams t",
        )
        .await;
    house.execute("update organizations set admins_read_sessions = true").await;
    let told = "Open the link in your email again; it brings you back here. The session’s coach can also sign in. If you’re signed in \
                as somebody else, sign out first.";
    let nobody = house.browser().get(&page).await;
    assert!(nobody.body.contains(told) && nobody.body.contains("sign-in\">Sign in</a>"), "{}", nobody.body);
    for handle in ["ada", "lena", "tove"] {
        let mut other = house.signed_in(&format!("{handle}@x.example")).await;
        other.get("/account").await;
        let read = other.get(&page).await;
        assert_eq!(read.status, StatusCode::UNAUTHORIZED, "{handle}");
        assert!(!read.body.contains("Priya"), "{handle}");
        assert!(read.body.contains(told), "who is signed in is told the same: {}", read.body);
        assert!(read.body.contains("To your start page"), "where they sign out: {}", read.body);
        let path = format!("{page}/summaries/{}/dismiss", reviewed.summary);
        assert_eq!(other.post(&path, &[]).await.status, StatusCode::UNAUTHORIZED, "{handle}");
        assert!(other.get("/").await.body.contains("Nothing is waiting for you."), "{handle}");
    }
    // Nor hers, while a code is due.
    let mut maya = house.maya().await;
    assert_eq!(maya.get(&page).await.status, StatusCode::OK);
    factor::enrol(&mut maya).await;
    let mut half = house.maya().await;
    assert_eq!(half.get(&page).await.status, StatusCode::UNAUTHORIZED);
    // Nor of another organization.
    let [other, ..] = house.world.neighbour().await;
    let mut tx = house.world.database.db.tenant(other).await.expect("a transaction");
    sqlx::query("insert into sign_ins (id, organization_id, person_id, cookie_sha256, code_due, idle_seconds, ends_at)
        select gen_random_uuid(), organization_id, id, sha256('a secret'), false, 60, now() + interval '1 day' from coaches")
        .execute(tx.conn())
        .await
        .expect("jon is signed in");
    tx.commit().await.expect("it commits");
    let mut jon = house.browser();
    jon.cookies.insert("debrief".into(), "a secret".into());
    assert!(house.admits(&jon).await);
    assert_eq!(jon.get(&page).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.count("select count(*) from summaries where state = 'dismissed'").await, 0);
}

#[tokio::test]
async fn an_operator_who_changes_an_address_ends_what_the_mailbox_before_could_open() {
    let house = House::new().await;
    let mut maya = house.maya().await;
    let mut other = house.browser();
    other.get("/sign-in").await;
    other.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    maya.get("/account").await;
    maya.post("/account/address", &[("email", "mallory@x.example")]).await;
    let change = CoachChange { email: Some("maya@okafor.example".into()), ..CoachChange::default() };
    sign_in::change_coach(&house.world.database.db, &house.world.services.gate, "maya", &change)
        .await
        .expect("it is changed");
    assert!(!house.admits(&maya).await);
    assert_eq!(other.get(&link).await.status, StatusCode::GONE);
    assert_eq!(house.count("select count(*) from address_changes where stopped_at is null").await, 0);
    // The mailbox before learns of it, and what helps.
    let letters = house.letters().await;
    let told = flowing(letters.iter().rfind(|letter| letter.to == [MAYA]).expect("a mail"));
    assert!(told.contains("was changed by whoever runs Debrief") && told.contains("no longer lets you in"), "{told}");
    let given = "select count(*) from audit_events where kind = 'address_changed' and detail ->> 'address' = 'given'";
    assert_eq!(house.count(given).await, 1);
}

#[tokio::test]
async fn what_was_typed_before_signing_in_again_in_another_tab_is_sent_after_all() {
    let house = House::new().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    let mut maya = house.maya_with_password().await;
    let (shown, account) = (maya.get(&page).await, maya.get("/account").await);
    house.a_while_later().await;
    maya.get("/account").await;
    let start = maya.post("/account/second-factor/start", &[("current", PASSWORD)]).await;
    assert_eq!(start.status, StatusCode::SEE_OTHER, "the other tab has another cookie now: {}", start.body);

    // The review.
    let words = "She asked for the budget <herself> & it came.";
    let (token, version) = (shown.field("form_token"), shown.field("version"));
    let save = format!("{page}/summaries/{}", reviewed.summary);
    let typed = [
        ("form_token", token.as_str()),
        ("version", &version),
        ("add.wins", words),
        ("add.challenges", "One.\r\nTwo."),
    ];
    let kept = maya.post_without_token(&save, &typed).await;
    assert_eq!(kept.status, StatusCode::FORBIDDEN);
    assert!(kept.body.contains("you signed in again") && kept.body.contains("It isn’t saved yet."), "{}", kept.body);
    assert_eq!(house.count("select count(*) from summary_versions").await, 1, "nothing happened yet");
    let (path, fields) = sent_again(&kept.body);
    assert_eq!(path, save);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let saved = maya.post_without_token(&path, &fields).await;
    assert!(saved.header("location").contains("done=edited"), "{}", saved.body);
    let shown = maya.get(&page).await;
    for words in ["She asked for the budget &lt;herself&gt; &amp;", "One.", "Two."] {
        assert!(shown.body.contains(words), "{words}: {}", shown.body);
    }

    // The account: a password is on no page.
    let token = account.field("form_token");
    let typed = [("form_token", token.as_str()), ("email", "maya@okafor.example"), ("current", PASSWORD)];
    let kept = maya.post_without_token("/account/address", &typed).await;
    assert_eq!(kept.status, StatusCode::FORBIDDEN);
    assert!(!kept.body.contains(PASSWORD) && kept.body.contains("maya@okafor.example"), "{}", kept.body);
    let (path, fields) = sent_again(&kept.body);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(maya.post_without_token(&path, &fields).await.header("location"), "/account?done=address");
    let typed = [("form_token", token.as_str()), ("password", "blaue Tomaten fliegen")];
    let kept = maya.post_without_token("/account/password", &typed).await;
    assert!(kept.status == StatusCode::FORBIDDEN && !kept.body.contains("Send it again"), "{}", kept.body);
    assert!(!kept.body.contains("Tomaten"), "{}", kept.body);
}

/// Where the button of the page sends which fields.
fn sent_again(page: &str) -> (String, Vec<(String, String)>) {
    let plain = |text: &str| {
        let escapes =
            [("&#x2f;", "/"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
        escapes.iter().fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
    };
    let form = page.split("<form method=\"post\" action=\"").nth(1).expect("a form");
    let form = form.split("Send it again").next().expect("its button");
    let value = |field: &str, name: &str| {
        let rest = field.split(&format!("{name}=\"")).nth(1).expect("it is there");
        plain(rest.split('"').next().expect("its end"))
    };
    let fields = form.split("<input ").skip(1).map(|field| (value(field, "name"), value(field, "value"))).collect();
    (plain(form.split('"').next().expect("a path")), fields)
}
