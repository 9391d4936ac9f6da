//! Refining, undoing and the voice, as coaches use them on the pages.

use axum::http::StatusCode;
use debrief_jobs::{db::Tx, path::RefineSummary};

use super::visit::{Answer, Visit, first_claim, get, post};

/// What a card's form sends besides the input.
fn signed(page: &Answer) -> [(&'static str, String); 3] {
    ["form_token", "version", "hash"].map(|name| (name, page.field(name)))
}

async fn send(visit: &Visit, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    let signed = signed(page);
    let fields: Vec<(&str, &str)> =
        signed.iter().map(|(name, value)| (*name, value.as_str())).chain(typed.iter().copied()).collect();
    post(&visit.router, &visit.action(action), &visit.cookie, &fields).await
}

#[tokio::test]
async fn a_coach_asks_waits_reads_what_changed_and_undoes_it() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    assert!(page.body.contains("Ask for a change") && !page.body.contains("What changed since"));
    assert!(!page.body.contains("/undo"), "nothing is to be undone yet");
    let wish = [("instruction", "drop the second point")];
    for _ in 0..2 {
        let asked = send(&visit, &page, "/refine", &wish).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
        assert!(asked.header("location").contains("done=refining"));
    }
    assert_eq!(visit.count("select count(*) from refinements").await, 1);

    // It refreshes itself, so nothing can be typed; once that is stopped, everything can be edited.
    let waiting = visit.read().await;
    assert!(waiting.body.contains("http-equiv=\"refresh\"") && waiting.body.contains("Being refined:"));
    assert!(waiting.body.contains("drop the second point") && !waiting.body.contains("<textarea"), "{}", waiting.body);
    let held = get(&visit.router, &format!("{}?hold=1", visit.page), &visit.cookie).await;
    assert!(!held.body.contains("http-equiv=\"refresh\"") && held.body.contains("<textarea"));
    assert!(!held.body.contains("name=\"instruction\""), "one at a time");

    visit.world.run_queued::<RefineSummary>().await.expect("a job").expect("it runs");
    let done = visit.read().await;
    assert!(!done.body.contains("http-equiv=\"refresh\""));
    for words in [
        "Refined as you asked: “drop the second point”.",
        "What changed since version 1",
        "<h3>Left out</h3>",
        "<li>Handing work to Jonas still feels slower than doing it yourself.</li>",
        "<del><span class=\"unseen\">removed: </span>Handing work to Jonas",
        "refined on",
        ">Undo</button>",
    ] {
        assert!(done.body.contains(words), "{words} is missing in {}", done.body);
    }

    // An undo doesn't lose unsaved input.
    let (field, _) = first_claim(&done);
    let refused = send(&visit, &done, "/undo", &[(&field, "Typed and not saved.")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Typed and not saved.") && refused.body.contains("save them first"));
    for _ in 0..2 {
        assert_eq!(send(&visit, &done, "/undo", &[]).await.status, StatusCode::SEE_OTHER);
    }
    let undone = visit.read().await;
    assert!(undone.body.contains("Handing work to Jonas still feels slower") && undone.body.contains(">Redo</button>"));
    assert_eq!(undone.field("version"), "3");
    let stale = send(&visit, &done, "/refine", &[("instruction", "shorter")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("changed while you had it open") && stale.body.contains("shorter"));
}

#[tokio::test]
async fn what_is_typed_is_saved_with_the_wish_or_kept() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let refused = send(&visit, &page, "/refine", &[(&field, "My own words."), ("instruction", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("My own words.") && refused.body.contains("Say what to change"));
    assert_eq!(visit.count("select count(*) from summary_versions").await, 1, "nothing was saved");
    let typed = [(field.as_str(), "My own words."), ("instruction", "only the wins")];
    for _ in 0..2 {
        let asked = send(&visit, &page, "/refine", &typed).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    }
    assert_eq!(visit.count("select count(*) from refinements where base_version = 2").await, 1);
    visit.world.run_queued::<RefineSummary>().await.expect("a job").expect("it runs");
    let done = visit.read().await;
    assert_eq!(done.field("version"), "3");
    assert!(done.body.contains("My own words.") && done.body.contains("removed: "), "{}", done.body);
}

#[tokio::test]
async fn a_wish_that_cannot_be_granted_says_why() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    send(&visit, &page, "/refine", &[("instruction", "warmer <b>please</b>")]).await;
    visit.world.run_queued::<RefineSummary>().await.expect("a job").expect("it runs");
    let page = visit.read().await;
    assert!(page.body.contains("Not refined (“warmer &lt;b&gt;please"), "{}", page.body);
    assert!(page.body.contains("This needs a language model") && page.body.contains("<textarea"));
    // It is shown until something else happens.
    let (field, _) = first_claim(&page);
    send(&visit, &page, "", &[(&field, "By hand.")]).await;
    assert!(!visit.read().await.body.contains("Not refined"));
}

#[tokio::test]
async fn a_wish_whose_job_was_cancelled_keeps_nobody_waiting() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    send(&visit, &page, "/refine", &[("instruction", "shorter")]).await;
    visit.execute("update jobs set state = 'cancelled', finished_at = now() where kind = 'refine.summary'").await;
    let page = visit.read().await;
    assert!(
        page.body.contains("It was stopped before it was done.") && page.body.contains("<textarea"),
        "{}",
        page.body
    );
    let asked = send(&visit, &page, "/refine", &[("instruction", "drop the second point")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    assert_eq!(visit.count("select count(*) from refinements where state = 'queued'").await, 1);
}

#[tokio::test]
async fn the_coach_sees_and_changes_the_voice() {
    let visit = Visit::new().await;
    let path = format!("{}/voice", visit.page);
    assert_eq!(get(&visit.router, &path, "").await.status, StatusCode::UNAUTHORIZED);
    assert!(visit.read().await.body.contains("Your voice"));
    let page = get(&visit.router, &path, &visit.cookie).await;
    assert!(page.body.contains("No rules yet."), "{}", page.body);
    let token = page.field("form_token");
    let change = async |fields: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> =
            [("form_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        post(&visit.router, &path, &visit.cookie, &fields).await
    };
    assert_eq!(post(&visit.router, &path, &visit.cookie, &[("do", "add-said")]).await.status, StatusCode::FORBIDDEN);
    let refused = change(&[("do", "add-replace"), ("from", "utilise"), ("to", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("The rule is empty") && refused.body.contains("utilise"), "{}", refused.body);
    for fields in [
        &[("do", "add-said"), ("said", "say <you> to the client")][..],
        &[("do", "add-replace"), ("from", "utilise"), ("to", "use")],
    ] {
        assert_eq!(change(fields).await.status, StatusCode::SEE_OTHER);
    }
    visit
        .execute(
            "insert into voice_rules (id, organization_id, coach_id, kind, from_words, to_words, source, active)
             select gen_random_uuid(), organization_id, id, 'replace', 'ran', 'led', 'learned', false from coaches",
        )
        .await;
    let page = get(&visit.router, &path, &visit.cookie).await;
    for words in ["say &lt;you&gt; to the client", "“use” instead of “utilise”", "Learned from you", "in use"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let button = |what: &str| {
        let marker = format!("name=\"do\" value=\"{what}:");
        let id = page.body.split(&marker).nth(1).and_then(|rest| rest.split('"').next()).expect("a button");
        format!("{what}:{id}")
    };
    for (pressed, sql) in [
        (button("on"), "select count(*) from voice_rules where source = 'learned' and active"),
        (button("off"), "select count(*) from voice_rules where source = 'coach' and not active"),
        (button("off").replace("off", "remove"), "select count(*) from voice_rules where removed"),
    ] {
        assert_eq!(change(&[("do", &pressed)]).await.status, StatusCode::SEE_OTHER, "{pressed}");
        assert_eq!(visit.count(sql).await, 1, "{pressed}");
    }
    assert_eq!(change(&[("do", "on:nonsense")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(visit.count("select count(*) from audit_events where kind = 'voice_changed'").await, 5);
    // Another coach's rules can't be seen or changed.
    let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
    for sql in [
        "insert into coaches (id, organization_id, handle, name, email) values ($2, $1, 'ola', 'Ola', 'ola@x.example')",
        "insert into voice_rules (id, organization_id, coach_id, kind, rule, source, active)
         values ($2, $1, $2, 'said', 'rules of Ola', 'coach', true)",
    ] {
        let id = uuid::Uuid::from_u128(7);
        sqlx::query(sql).bind(visit.world.organization).bind(id).execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("it commits");
    assert!(!get(&visit.router, &path, &visit.cookie).await.body.contains("rules of Ola"));
    let pressed = format!("remove:{}", uuid::Uuid::from_u128(7));
    assert_eq!(change(&[("do", &pressed)]).await.status, StatusCode::NOT_FOUND);
}
