//! Action items are settled over the API and stay so through edits; goals are set, found, changed and ended.

use axum::http::{Method, StatusCode};
use debrief_jobs::{index::IndexSummary, path::RefineSummary, rights::Right};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;
use crate::http::visit::Answer;

impl Api {
    async fn items(&self, key: &str, query: &str) -> Vec<Value> {
        let listed = self.get(key, &format!("/v1/action-items?{query}")).await;
        assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
        listed.json()["items"].as_array().expect("items").clone()
    }

    async fn patch(&self, key: &str, path: &str, body: Value, etag: &str) -> Answer {
        self.ask(key, Method::PATCH, path, Some(&body), &[("if-match", etag)]).await
    }

    /// The only action item, and its state.
    async fn item(&self, key: &str) -> Value {
        let items = self.items(key, "").await;
        assert_eq!(items.len(), 1, "{items:?}");
        items[0].clone()
    }
}

#[tokio::test]
async fn a_completed_item_stays_so_through_edits_refinements_and_undoing_and_can_be_reopened() {
    let api = Api::new().await;
    api.world.leaves::<IndexSummary>();
    let key = api.maya().await;
    let item = api.item(&key).await;
    assert_eq!((&item["state"], &item["since"], &item["told_by"]), (&json!("open"), &Value::Null, &Value::Null));
    let path = format!("/v1/action-items/{}", item["item_id"].as_str().expect("an id"));

    // Who does it by when is an edit of the summary, so it needs what was read.
    let change = json!({ "owner": "coach", "due_date": "2020-01-02" });
    assert_eq!(api.ask(&key, Method::PATCH, &path, Some(&change), &[]).await.code(), "COACH_030");
    assert_eq!(api.patch(&key, &path, change.clone(), "\"old\"").await.code(), "COACH_031");
    let etag = api.get(&key, &path).await.header("etag").to_owned();
    let summary = format!("/v1/summaries/{}", api.reviewed.summary);
    assert_eq!(api.get(&key, &summary).await.header("etag"), etag, "it is that of the summary");
    let changed = api.patch(&key, &path, change, &etag).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let changed = changed.json();
    assert_eq!((&changed["owner"], &changed["due_date"]), (&json!("coach"), &json!("2020-01-02")));
    assert_eq!(changed["item_id"], item["item_id"], "the item is the same");
    assert_ne!(changed["claim_id"], item["claim_id"], "in another version");
    assert_eq!(changed["is_overdue"], true);
    assert_eq!(api.items(&key, "overdue=true").await.len(), 1);

    let ahead = api.post(&key, &format!("{path}/complete"), &json!({ "day": "2999-01-01" })).await;
    assert_eq!((ahead.code(), &ahead.json()["errors"][0]["field"]), ("COACH_015".into(), &json!("day")));
    // By the id that its claim had before.
    let old = format!("/v1/action-items/{}/complete", item["claim_id"].as_str().expect("an id"));
    let done = api.post(&key, &old, &json!({ "day": "2026-01-15", "note": "Sent\r\nto Jonas." })).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let is_done = |item: &Value| {
        let told = ["state", "since", "note", "told_by_name"].map(|field| item[field].clone());
        assert_eq!(told, ["done", "2026-01-15", "Sent to Jonas.", "Maya Okafor"].map(Value::from), "{item}");
        assert_eq!((&item["is_overdue"], &item["told_by"]), (&json!(false), &json!(api.world.coach)));
    };
    is_done(&done.json());
    let again = api.ask(&key, Method::POST, &format!("{path}/complete"), None, &[]).await.json();
    assert_eq!(again["told_at"], done.json()["told_at"], "twice is once");
    // What is said later of the same leaves the rest as it was.
    let noted = api.post(&key, &format!("{path}/complete"), &json!({ "note": "By post." })).await.json();
    assert_eq!((&noted["since"], &noted["note"]), (&json!("2026-01-15"), &json!("By post.")), "{noted}");
    let moved = api.post(&key, &format!("{path}/complete"), &json!({ "day": "2026-01-14" })).await.json();
    assert_eq!((&moved["since"], &moved["note"]), (&json!("2026-01-14"), &json!("By post.")), "{moved}");
    let bare = api.post(&key, &format!("{path}/complete"), &json!({ "note": "" })).await.json();
    assert_eq!((&bare["since"], &bare["note"]), (&json!("2026-01-14"), &Value::Null), "{bare}");
    let body = json!({ "day": "2026-01-15", "note": "Sent to Jonas." });
    is_done(&api.post(&key, &format!("{path}/complete"), &body).await.json());
    assert_eq!(api.items(&key, "overdue=true").await, Vec::<Value>::new());
    assert_eq!(api.items(&key, "state=open").await, Vec::<Value>::new());

    // The words are edited, a job refines the summary, and that is undone.
    let item = api.item(&key).await;
    let shown = api.get(&key, &summary).await;
    let words =
        json!({ "claims": [{ "id": item["claim_id"], "text": "Jonas gets the notes, and his draft stands." }] });
    let edited = api.patch(&key, &summary, words, shown.header("etag")).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
    let item = api.item(&key).await;
    assert_eq!(item["text"], "Jonas gets the notes, and his draft stands.");
    is_done(&item);
    let etag = edited.header("etag").to_owned();
    let refine = json!({ "instruction": "only the action items" });
    let asked = api.ask(&key, Method::POST, &format!("{summary}/refine"), Some(&refine), &[("if-match", &etag)]).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    api.world.run_queued::<RefineSummary>().await.expect("a job").expect("it is refined");
    is_done(&api.item(&key).await);
    let etag = api.get(&key, &summary).await.header("etag").to_owned();
    let undone = api.ask(&key, Method::POST, &format!("{summary}/undo"), None, &[("if-match", &etag)]).await;
    assert_eq!((undone.status, undone.json()["version"].as_i64()), (StatusCode::OK, Some(5)), "{}", undone.body);
    is_done(&api.items(&key, "state=done").await[0]);

    let reopened = api.post(&key, &format!("{path}/reopen"), &Value::Null).await.json();
    assert_eq!((&reopened["state"], &reopened["is_overdue"]), (&json!("open"), &json!(true)), "{reopened}");
    let dropped = api.post(&key, &format!("{path}/drop"), &json!({ "note": "Jonas has left." })).await.json();
    assert_eq!((&dropped["state"], &dropped["is_overdue"]), (&json!("dropped"), &json!(false)), "{dropped}");

    // What was approved is as it was signed, and can still be completed.
    api.execute("update summaries set state = 'approved', approved_version = version, approved_hash = 'x'").await;
    let late = api.patch(&key, &path, json!({ "owner": "client" }), "*").await;
    assert_eq!(late.code(), "COACH_040", "{}", late.body);
    assert_eq!(api.post(&key, &format!("{path}/complete"), &json!({})).await.json()["state"], "done");
    let told = "select count(*) from audit_events where kind = 'settled' and person_id is not null
        and client_id is not null and session_id is not null";
    assert_eq!(api.count(told).await, 8, "each change by whom, once");
}

#[tokio::test]
async fn what_a_person_says_of_an_item_goes_before_an_earlier_session_and_not_before_a_later_one() {
    let api = Api::new().await;
    let key = api.maya().await;
    // Another session says that it was done.
    api.execute(
        "insert into threads (organization_id, claim_id, earlier_claim_id, outcome)
         select organization_id, id, (select claim_id from action_items), 'met' from claims where section = 'wins'",
    )
    .await;
    let item = api.item(&key).await;
    let session_date = item["session_date"].as_str().expect("a day").to_owned();
    assert_eq!((&item["state"], &item["reported_done"]), (&json!("done"), &json!(true)));
    assert_eq!((&item["since"], &item["told_by"]), (&json!(session_date), &Value::Null));
    let path = format!("/v1/action-items/{}", item["item_id"].as_str().expect("an id"));
    let reopened = api.post(&key, &format!("{path}/reopen"), &json!({ "day": session_date })).await.json();
    assert_eq!((&reopened["state"], &reopened["reported_done"]), (&json!("open"), &json!(true)), "{reopened}");
    api.execute("update sessions set session_date = session_date + 1").await;
    assert_eq!(api.item(&key).await["state"], "done", "a session since says so");
    // Opened again on a day before that session, it would stay done: that is said, not done.
    let refused = api.post(&key, &format!("{path}/reopen"), &json!({ "day": session_date })).await;
    assert_eq!((refused.code(), &refused.json()["errors"][0]["field"]), ("COACH_015".into(), &json!("day")));
}

#[tokio::test]
async fn of_two_who_complete_an_item_at_once_nobody_loses_a_word() {
    let api = Api::new().await;
    let key = api.maya().await;
    let item = api.item(&key).await;
    let path = format!("/v1/action-items/{}", item["item_id"].as_str().expect("an id"));
    for _ in 0..8 {
        let (complete, whole) = (format!("{path}/complete"), json!({ "day": "2026-01-15", "note": "Sent." }));
        let bare = json!({});
        let (one, two) = tokio::join!(api.post(&key, &complete, &whole), api.post(&key, &complete, &bare));
        assert_eq!((one.status, two.status), (StatusCode::OK, StatusCode::OK), "{} {}", one.body, two.body);
        let now = api.item(&key).await;
        assert_eq!((&now["since"], &now["note"]), (&json!("2026-01-15"), &json!("Sent.")), "{now}");
        api.execute("delete from action_item_states").await;
    }
}

async fn set(api: &Api, key: &str, body: Value) -> Value {
    let answer = api.post(key, "/v1/goals", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()
}

async fn texts(api: &Api, key: &str, query: &str) -> Vec<String> {
    let listed = api.get(key, &format!("/v1/goals?{query}")).await.json();
    let items = listed["items"].as_array().unwrap_or_else(|| panic!("{listed}"));
    items.iter().map(|goal| goal["text"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn goals_are_set_found_changed_achieved_dropped_reopened_and_removed() {
    let api = Api::new().await;
    let key = api.maya().await;
    let (priya, tom) = (api.world.priya, api.world.tom);
    let claim = api.item(&key).await;
    let new = json!({ "client_id": priya, "text": " Lead  the team. ", "due_date": "2020-05-01", "claim_id": claim["claim_id"] });
    let once = &[("idempotency-key", "g-1")];
    let first = api.ask(&key, Method::POST, "/v1/goals", Some(&new), once).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let again = api.ask(&key, Method::POST, "/v1/goals", Some(&new), once).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &first.body));
    let goal = first.json();
    assert_eq!(
        (&goal["text"], &goal["state"], &goal["is_overdue"]),
        (&json!("Lead the team."), &json!("open"), &json!(true))
    );
    assert_eq!((&goal["summary_id"], &goal["lasting_id"]), (&json!(api.reviewed.summary), &claim["item_id"]));
    assert_eq!((&goal["client"], &goal["created_by"]), (&json!("Priya Raman"), &json!(api.world.coach)));
    set(&api, &key, json!({ "client_id": priya, "text": "Delegate." })).await;
    set(&api, &key, json!({ "client_id": tom, "text": "Rest more." })).await;

    assert_eq!(texts(&api, &key, "").await, ["Rest more.", "Delegate.", "Lead the team."], "newest first");
    assert_eq!(texts(&api, &key, &format!("client_id={priya}")).await, ["Delegate.", "Lead the team."]);
    assert_eq!(texts(&api, &key, "overdue=true").await, ["Lead the team."]);
    let page = api.get(&key, "/v1/goals?limit=2").await.json();
    let next = page["next"].as_str().expect("a cursor");
    assert_eq!(texts(&api, &key, &format!("limit=2&cursor={next}")).await, ["Lead the team."]);
    for (body, field) in [
        (json!({ "client_id": Uuid::now_v7(), "text": "x" }), "client_id"),
        (json!({ "client_id": priya, "text": " " }), "text"),
        (json!({ "client_id": priya, "text": "x".repeat(1001) }), "text"),
        (json!({ "client_id": priya, "text": "x", "due_date": "0202-01-01" }), "due_date"),
        (json!({ "client_id": tom, "text": "x", "claim_id": claim["claim_id"] }), "claim_id"),
    ] {
        let refused = api.post(&key, "/v1/goals", &body).await;
        assert_eq!(
            (refused.code(), &refused.json()["errors"][0]["field"]),
            ("COACH_015".into(), &json!(field)),
            "{body}"
        );
    }

    let path = format!("/v1/goals/{}", goal["id"].as_str().expect("an id"));
    let change = json!({ "text": "Lead the whole team.", "due_date": null });
    assert_eq!(api.ask(&key, Method::PATCH, &path, Some(&change), &[]).await.code(), "COACH_030");
    let etag = api.get(&key, &path).await.header("etag").to_owned();
    let changed = api.patch(&key, &path, change.clone(), &etag).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!((&changed.json()["due_date"], &changed.json()["is_overdue"]), (&Value::Null, &json!(false)));
    assert_eq!(api.patch(&key, &path, json!({ "text": "Mine." }), &etag).await.code(), "COACH_031", "changed since");
    assert_eq!(api.patch(&key, &path, json!({}), "*").await.code(), "COACH_015");

    let achieved =
        api.post(&key, &format!("{path}/achieve"), &json!({ "day": "2026-01-31", "note": "She leads it." })).await;
    let told = ["state", "since", "note", "told_by_name"].map(|field| achieved.json()[field].clone());
    assert_eq!(told, ["achieved", "2026-01-31", "She leads it.", "Maya Okafor"].map(Value::from), "{}", achieved.body);
    let again = api.ask(&key, Method::POST, &format!("{path}/achieve"), None, &[]).await;
    assert_eq!(again.header("etag"), achieved.header("etag"), "twice is once");
    assert_eq!(texts(&api, &key, "state=achieved").await, ["Lead the whole team."]);
    let noted = api.post(&key, &format!("{path}/achieve"), &json!({ "note": "All six." })).await.json();
    assert_eq!((&noted["since"], &noted["note"]), (&json!("2026-01-31"), &json!("All six.")), "the day stays");
    assert_eq!(api.post(&key, &format!("{path}/reopen"), &json!({})).await.json()["state"], "open");
    assert_eq!(api.post(&key, &format!("{path}/drop"), &json!({})).await.json()["state"], "dropped");
    let removed = api.ask(&key, Method::DELETE, &path, None, &[]).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.body);
    assert_eq!(api.get(&key, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(texts(&api, &key, "").await, ["Rest more.", "Delegate."]);
    let told = "select count(*) from audit_events where kind = 'goal_changed' and client_id is not null";
    assert_eq!(api.count(told).await, 9, "three set, one changed, achieved, noted, reopened, dropped and removed");
}

#[tokio::test]
async fn a_clients_open_goals_are_not_more_than_anybody_can_follow() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.execute(
        "insert into goals (id, organization_id, coach_id, client_id, text, since)
         select gen_random_uuid(), organization_id, coach_id, id, 'One of many.', '2026-01-01'
         from clients cross join generate_series(1, 100) where name = 'Priya Raman'",
    )
    .await;
    let refused = api.post(&key, "/v1/goals", &json!({ "client_id": api.world.priya, "text": "x" })).await;
    assert_eq!(refused.code(), "COACH_040", "{}", refused.body);
    set(&api, &key, json!({ "client_id": api.world.tom, "text": "Another client's." })).await;
    // Of two at once, one is too many.
    api.execute("delete from goals where id = (select id from goals where text = 'One of many.' limit 1)").await;
    let body = json!({ "client_id": api.world.priya, "text": "The last one." });
    let (one, two) = tokio::join!(api.post(&key, "/v1/goals", &body), api.post(&key, "/v1/goals", &body));
    let set = [&one, &two].iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(set, 1, "{} {}", one.body, two.body);
}

#[tokio::test]
async fn a_client_who_goes_takes_the_goals_along() {
    let api = Api::new().await;
    let key = api.maya().await;
    let (priya, tom) = (api.world.priya, api.world.tom);
    let goal = set(&api, &key, json!({ "client_id": priya, "text": "Lead the team." })).await;
    let other = api.post(&key, "/v1/clients", &json!({ "name": "Priya Shah", "email": "p@shah.example" })).await.json();
    set(&api, &key, json!({ "client_id": other["id"], "text": "Delegate." })).await;
    set(&api, &key, json!({ "client_id": tom, "text": "Rest more." })).await;
    let merge = format!("/v1/clients/{}/merge", other["id"].as_str().expect("an id"));
    let merged = api.post(&key, &merge, &json!({ "into": priya })).await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
    assert_eq!(texts(&api, &key, &format!("client_id={priya}")).await, ["Delegate.", "Lead the team."]);

    let removed = api.ask(&key, Method::DELETE, &format!("/v1/clients/{priya}"), None, &[]).await;
    assert_eq!(removed.json()["goals"], 2, "{}", removed.body);
    let path = format!("/v1/goals/{}", goal["id"].as_str().expect("an id"));
    let goal = api.get(&key, &path).await.json();
    assert_eq!((&goal["state"], &goal["note"]), (&json!("dropped"), &json!("The client was removed.")), "{goal}");
    let reopened = api.post(&key, &format!("{path}/reopen"), &json!({})).await;
    assert_eq!(reopened.code(), "COACH_040", "{}", reopened.body);
    // One without sessions leaves nothing.
    api.ask(&key, Method::DELETE, &format!("/v1/clients/{tom}"), None, &[]).await;
    assert_eq!(texts(&api, &key, "").await, ["Delegate.", "Lead the team."]);
    let late = api.post(&key, "/v1/goals", &json!({ "client_id": priya, "text": "x" })).await;
    assert_eq!(late.code(), "COACH_015", "there is no such client any more");
    // By whom each was moved, dropped and removed is in the audit.
    let noted = "select count(*) from audit_events where kind = 'goal_changed' and person_id is not null and ";
    for (what, how_many) in [("'moved'", 1), ("'dropped'", 2), ("'removed'", 1)] {
        let sql = format!("{noted} detail->>'what' = {what}").leak();
        assert_eq!(api.count(sql).await, how_many, "{what}");
    }
}

#[tokio::test]
async fn a_key_for_reading_goals_sets_none() {
    let api = Api::new().await;
    let key = api.key(Some(api.world.coach), &[Right::GoalsRead]).await;
    assert_eq!(texts(&api, &key, "").await, Vec::<String>::new());
    let refused = api.post(&key, "/v1/goals", &json!({ "client_id": api.world.priya, "text": "x" })).await;
    assert_eq!(refused.code(), "COACH_004");
}
