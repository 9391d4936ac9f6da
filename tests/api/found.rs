//! What whoever may read less, or only adds, neither finds nor changes.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use debrief_jobs::{
    db::Tx,
    index::{IndexSession, IndexSummary},
    model::Role,
    people::client_by_id,
    rights::Right,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Api, rights};

#[tokio::test]
async fn a_key_that_reads_no_summaries_finds_what_was_said_alone() {
    let api = Api::new().await;
    let (session_id, summary_id) = (api.reviewed.session, api.reviewed.summary);
    api.world.run(&IndexSession { session_id }).await.expect("it is indexed");
    api.world.run(&IndexSummary { summary_id, version: 1 }).await.expect("it is indexed");
    let sources = async |rights: &[Right]| {
        let key = api.key(Some(api.world.coach), rights).await;
        let found = api.get(&key, "/v1/search?q=planning+meeting&limit=50").await.json();
        let hits = found["items"].as_array().unwrap_or_else(|| panic!("{found}")).clone();
        hits.iter().map(|hit| hit["source"].clone()).collect::<Vec<Value>>()
    };
    let said = json!("utterances");
    let all = sources(&[Right::SessionsRead, Right::SummariesRead]).await;
    assert!(all.contains(&said) && all.contains(&json!("summary")), "{all:?}");
    let less = sources(&[Right::SessionsRead]).await;
    assert!(!less.is_empty() && less.iter().all(|source| *source == said), "{less:?}");
}

#[tokio::test]
async fn whoever_adds_a_client_of_a_known_name_sends_nobodys_letters_elsewhere() {
    let api = Api::new().await;
    let key = api.maya().await;
    let address = async || {
        let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
        client_by_id(&mut tx, api.world.priya).await.expect("it reads").expect("she is there").email
    };
    let before = address().await;
    let new = json!({ "name": "Priya Raman", "email": "priya@elsewhere.example" });
    let refused = api.post(&key, "/v1/clients", &new).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "COACH_044"), "{}", refused.body);
    let detail = refused.json()["detail"].as_str().expect("a sentence").to_owned();
    assert!(detail.contains(&format!("/v1/clients/{}", api.world.priya)) && detail.contains("namesake"), "{detail}");
    assert_eq!(address().await, before);
    let namesake = json!({ "name": "Priya Raman", "email": "priya@elsewhere.example", "namesake": true });
    assert_eq!(api.post(&key, "/v1/clients", &namesake).await.status, StatusCode::CREATED);
    assert_eq!(address().await, before);
    // By her address she is the one who is there.
    let same = api.post(&key, "/v1/clients", &json!({ "name": "Priya Raman", "email": before })).await;
    assert_eq!((same.status, &same.json()["added"]), (StatusCode::OK, &json!(false)), "{}", same.body);
}

/// Another session in which the same was said: Maya's, or Ben's.
async fn another_session(api: &Api, handle: &'static str, title: &'static str) -> Uuid {
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let session = Uuid::now_v7();
    for sql in [
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         select $1, organization_id, id, $3, '2026-10-01', 'path', $3, 'closed', $1 from coaches where handle = $2",
        "insert into chunks (id, organization_id, coach_id, session_id, source, text, content_sha256)
         select gen_random_uuid(), c.organization_id, s.coach_id, s.id, 'utterances', c.text, $3 || c.content_sha256
         from chunks c cross join sessions s where s.id = $1 and c.source = 'utterances' and $2 <> ''",
        "insert into embeddings (organization_id, chunk_id, model, embedding)
         select e.organization_id, copy.id, e.model, e.embedding
         from chunks c join embeddings e on e.chunk_id = c.id join chunks copy on copy.text = c.text and copy.id <> c.id
         where copy.session_id = $1 and $2 <> '' and copy.content_sha256 = $3 || c.content_sha256",
    ] {
        sqlx::query(sql).bind(session).bind(handle).bind(title).execute(tx.conn()).await.expect("it is there");
    }
    tx.commit().await.expect("it commits");
    session
}

#[tokio::test]
async fn sessions_like_one_are_found_among_those_that_may_be_seen() {
    let api = Api::new().await;
    let session_id = api.reviewed.session;
    let path = format!("/v1/sessions/{session_id}/similar");
    let maya = api.maya().await;
    let none = api.get(&maya, &path).await;
    assert_eq!((none.status, &none.json()["items"]), (StatusCode::OK, &json!([])), "it isn’t indexed yet");
    api.world.run(&IndexSession { session_id }).await.expect("it is indexed");
    api.person("ben", &[Role::Coach]).await;
    let own = another_session(&api, "maya", "The plan again").await;
    let bens = another_session(&api, "ben", "The plan of Ben’s").await;
    let found = async |key: &str| {
        let answer = api.get(key, &path).await.json();
        let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        assert!(items.iter().all(|item| item["text"].as_str().is_some_and(|words| !words.is_empty())), "{answer}");
        items.iter().map(|item| item["session_id"].to_string()).collect::<BTreeSet<_>>()
    };
    assert_eq!(
        found(&maya).await,
        BTreeSet::from([json!(own).to_string()]),
        "each once, not the session itself, nor Ben’s"
    );
    let all = api.key(None, &[Right::SessionsRead]).await;
    assert_eq!(found(&all).await, BTreeSet::from([own, bens].map(|id| json!(id).to_string())));
    let theirs = api.get(&maya, &format!("/v1/sessions/{bens}/similar")).await;
    assert_eq!(theirs.code(), "COACH_005", "a session that she can’t see is like nothing");
    let many = api.get(&maya, &format!("{path}?limit=21")).await;
    assert!(many.code() == "COACH_013" && many.body.contains("from 1 to 20"), "{}", many.body);
}

#[tokio::test]
async fn what_may_be_meant_is_suggested_while_somebody_types() {
    let api = Api::new().await;
    let maya = api.maya().await;
    let priya = format!("/v1/clients/{}", api.world.priya);
    let changed =
        api.ask(&maya, Method::PATCH, &priya, Some(&json!({ "tags": ["Leadership"] })), &[("if-match", "*")]).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    api.execute("update sessions set title = 'A talk about leaders'").await;
    let suggested = async |key: &str, typed: &str| {
        let answer = api.get(key, &format!("/v1/search/suggestions?q={typed}")).await.json();
        let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        items.iter().map(|item| format!("{} {}", item["kind"], item["text"])).collect::<Vec<_>>()
    };
    let both = ["\"tag\" \"Leadership\"", "\"session\" \"A talk about leaders\""];
    assert_eq!(suggested(&maya, "LEADERS").await, both);
    assert_eq!(suggested(&maya, "ram").await, ["\"client\" \"Priya Raman\""], "any word of a name");
    assert_eq!(suggested(&maya, "aman").await, Vec::<String>::new(), "by its beginning");
    assert_eq!(suggested(&maya, "%25").await, Vec::<String>::new(), "whatever is typed is text");
    // Names as they are typed: without accents, with another apostrophe, in parts, decomposed as some keyboards send them.
    for (name, typed) in [
        ("Linnea Åkesson", ["%C3%A5ke", "ake", "A%CC%8Akesson", "lin%20%C3%A5k", "%C3%85KES"]),
        ("Anne-Sophie d’Aubigné", ["soph", "aub", "d'aubigne", "aubign%C3%89", "anne-s"]),
    ] {
        api.ask(&maya, Method::PATCH, &priya, Some(&json!({ "name": name })), &[("if-match", "*")]).await;
        for typed in typed {
            assert_eq!(suggested(&maya, typed).await, [format!("\"client\" \"{name}\"")], "{typed}");
        }
    }
    let found = api.get(&maya, "/v1/clients?q=AUBIGNE").await.json();
    assert_eq!(found["items"][0]["name"], "Anne-Sophie d’Aubigné", "{found}");
    let sessions_alone = api.key(Some(api.world.coach), &[Right::SessionsRead]).await;
    assert_eq!(suggested(&sessions_alone, "leaders").await, both[1..]);
    for wrong in ["%20", &"a".repeat(101)] {
        let answer = api.get(&maya, &format!("/v1/search/suggestions?q={wrong}")).await;
        assert_eq!(answer.code(), "COACH_013", "{}", answer.body);
    }
}

#[tokio::test]
async fn what_was_mailed_is_listed_without_mails_about_accounts() {
    let api = Api::new().await;
    let maya = api.maya().await;
    api.execute(
        "insert into mails (id, organization_id, kind, subject_id, recipient, coach_id, session_id, subject, message_id,
             message, message_sha256, correlation_id, state)
         select gen_random_uuid(), organization_id, kind, id, kind || '@raman.example', coach_id,
             case when kind = 'follow_up' then id end, 'Our session', kind, '', '', id, 'uncertain'
         from sessions cross join unnest(array['follow_up', 'weekly_rollup', 'sign_in_link']) kind",
    )
    .await;
    let kinds = async |query: &str| {
        let answer = api.get(&maya, &format!("/v1/mails?{query}")).await.json();
        let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        items.iter().map(|item| item["kind"].as_str().unwrap_or_default().to_owned()).collect::<BTreeSet<_>>()
    };
    let both = BTreeSet::from(["follow_up".to_owned(), "weekly_rollup".to_owned()]);
    assert_eq!(kinds("").await, both);
    assert_eq!(kinds("state=uncertain").await, both);
    assert!(kinds("state=sent").await.is_empty() && kinds("kind=sign_in_link").await.is_empty());
    assert_eq!(kinds(&format!("session_id={}", api.reviewed.session)).await, BTreeSet::from(["follow_up".to_owned()]));
    let wrong = api.get(&maya, "/v1/mails?state=lost").await;
    assert!(wrong.code() == "COACH_013" && wrong.body.contains("uncertain"), "{}", wrong.body);
}

#[tokio::test]
async fn what_mails_prompts_and_templates_say_is_shown_with_a_sample() {
    let api = Api::new().await;
    let ada = api.person("ada", &[Role::Admin]).await;
    let key = api.key(Some(ada), &[Right::TemplatesRead, Right::TemplatesWrite]).await;
    let named = async |path: &str| {
        let answer = api.get(&key, path).await.json();
        let items = answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let mails = named("/v1/mail-templates").await;
    assert!(mails.contains(&"follow_up".to_owned()) && mails.len() > 10, "{mails:?}");
    let letter = api.get(&key, "/v1/mail-templates/follow_up").await.json();
    assert!(letter["text"].as_str().is_some_and(|text| text.contains("Hello Priya,")), "{letter}");
    assert!(letter["html"].as_str().is_some_and(|html| html.contains("<!doctype html>")), "{letter}");
    for name in named("/v1/prompts").await {
        let prompt = api.get(&key, &format!("/v1/prompts/{name}")).await.json();
        let version = prompt["version"].as_str().expect("a version");
        assert!(version.starts_with(&name) && prompt["user"].as_str().is_some_and(|text| text.len() > 20), "{prompt}");
    }
    for none in ["/v1/mail-templates/nothing", "/v1/prompts/nothing"] {
        assert_eq!(api.get(&key, none).await.code(), "COACH_005", "{none}");
    }
    rights::learn().await;
    let body = json!({ "definition": "name = \"dry\"\ntone = \"dry as dust\"" });
    let saved = api.post(&key, "/v1/templates", &body).await;
    let asked = saved.json()["prompt"]["system"].clone();
    assert!(asked.as_str().is_some_and(|system| system.contains("dry as dust")), "{}", saved.body);
}

#[tokio::test]
async fn jobs_are_listed_page_by_page() {
    let api = Api::new().await;
    api.execute(
        "insert into jobs (id, organization_id, kind, args, max_attempts, state, correlation_id, finished_at)
         select gen_random_uuid(), organizations.id, 'test.nothing', '{}', 1, 'done', organizations.id, now()
         from organizations cross join generate_series(1, 5)",
    )
    .await;
    let ada = api.person("ada", &[Role::Admin]).await;
    let key = api.key(Some(ada), &[Right::JobsWrite]).await;
    let (mut seen, mut path) = (BTreeSet::new(), "/v1/jobs?kind=test.nothing&limit=2".to_owned());
    for left in [true, true, false] {
        let page = api.get(&key, &path).await.json();
        let ids = page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|job| job["id"].to_string());
        seen.extend(ids);
        assert_eq!(page["next"].is_string(), left, "{page}");
        path = format!("/v1/jobs?kind=test.nothing&limit=2&cursor={}", page["next"].as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 5, "each once, though all were enqueued at one moment");
}

/// A bundle has words and what was written of them: the right to one of them isn't enough.
#[tokio::test]
async fn a_bundle_takes_the_right_to_words_and_to_summaries() {
    let api = Api::new().await;
    let path = format!("/v1/clients/{}/bundle", api.world.priya);
    for alone in [Right::SessionsRead, Right::SummariesRead] {
        let key = api.key(Some(api.world.coach), &[alone]).await;
        assert_eq!(api.get(&key, &path).await.code(), "COACH_004");
    }
    let both = api.key(Some(api.world.coach), &[Right::SessionsRead, Right::SummariesRead]).await;
    assert_eq!(api.get(&both, &path).await.status, StatusCode::OK);
}
