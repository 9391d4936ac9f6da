//! How much a call may ask for and be told, and what is said of the rest.

use serde_json::{Value, json};

use super::Assistant;
use crate::api::Api;

/// Reads all pages of a list, and gives the length of each.
async fn pages(assistant: &Assistant<'_>, tool: &str, list: &str, arguments: &Value) -> (Vec<Value>, Vec<usize>) {
    let (mut all, mut lengths, mut arguments) = (Vec::new(), Vec::new(), arguments.clone());
    loop {
        let told = assistant.told(tool, arguments.clone()).await;
        let items = told[list].as_array().unwrap_or_else(|| panic!("{tool}: {told}"));
        lengths.push(items.len());
        all.extend(items.iter().cloned());
        assert!(lengths.len() < 100, "{tool} comes to an end");
        match told["next"].as_str() {
            Some(next) => arguments["cursor"] = next.into(),
            None => return (all, lengths),
        }
    }
}

#[tokio::test]
async fn a_long_transcript_is_read_in_pages_that_fit() {
    let api = Api::new().await;
    // Some of the longest that a turn may be, of letters of four bytes and of quotation marks.
    api.execute(
        "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
         select gen_random_uuid(), t.organization_id, session_id, t.id, 100 + n, 'Priya Raman',
                case n % 3 when 0 then repeat('🦀', 10000) when 1 then repeat('\"', 10000) else 'Yes.' end
         from transcripts t, generate_series(1, 30) n",
    )
    .await;
    let maya = Assistant::new(&api, api.maya().await);
    let whole = json!({ "session_id": api.reviewed.session, "limit": 200 });
    let (said, lengths) = pages(&maya, "get_transcript", "untrusted_transcript", &whole).await;
    let positions: Vec<i64> = said.iter().filter_map(|one| one["position"].as_i64()).collect();
    let expected: Vec<i64> = (0..6).chain(101..131).collect();
    assert_eq!(positions, expected, "nothing is lost between pages of {lengths:?}");
    assert!(lengths.len() > 10);
    let most = said.iter().filter_map(|one| one["text"].as_str()).map(|text| text.chars().count()).max();
    assert_eq!(most, Some(10_000), "a turn is whole");
    let few = maya.told("get_transcript", json!({ "session_id": api.reviewed.session, "limit": 2 })).await;
    assert_eq!(few["untrusted_transcript"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn lists_are_read_page_by_page_without_a_gap() {
    let api = Api::new().await;
    api.execute(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         select gen_random_uuid(), organization_id, id, repeat('A long title ', 100), '2026-10-01', 'path', 'k' || n, 'closed',
                gen_random_uuid()
         from coaches cross join generate_series(1, 120) n",
    )
    .await;
    api.execute(
        "insert into clients (id, organization_id, coach_id, name)
         select gen_random_uuid(), organization_id, id, 'Client ' || n from coaches cross join generate_series(1, 120) n",
    )
    .await;
    let maya = Assistant::new(&api, api.maya().await);
    let (sessions, lengths) = pages(&maya, "list_sessions", "sessions", &json!({ "limit": 50 })).await;
    assert_eq!((sessions.len(), lengths), (121, vec![50, 50, 21]));
    let longest = sessions.iter().filter_map(|one| one["title"].as_str()).map(|title| title.chars().count()).max();
    assert_eq!(longest, Some(201), "a title is bounded");
    let (clients, lengths) = pages(&maya, "list_clients", "clients", &json!({})).await;
    assert_eq!((clients.len(), lengths), (122, vec![50, 50, 22]));
    let (found, _) = pages(&maya, "list_clients", "clients", &json!({ "name": "priya" })).await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_cursor_goes_with_the_filters_that_it_was_given_for() {
    let api = Api::new().await;
    api.execute(
        "insert into clients (id, organization_id, coach_id, name)
         select gen_random_uuid(), organization_id, id, 'Client ' || n from coaches cross join generate_series(1, 9) n",
    )
    .await;
    let maya = Assistant::new(&api, api.maya().await);
    let first = maya.told("list_clients", json!({ "name": "client", "limit": 4 })).await;
    let next = first["next"].as_str().expect("there is more");
    let refused = maya.refused("list_clients", json!({ "name": "priya", "limit": 4, "cursor": next })).await;
    assert!(refused.contains("cursor"), "{refused}");
    // How many a page has is no filter.
    let second = maya.told("list_clients", json!({ "name": "client", "limit": 2, "cursor": next })).await;
    assert_eq!(second["clients"].as_array().map(Vec::len), Some(2), "{second}");
}

#[tokio::test]
async fn a_long_summary_is_read_in_pages_of_one_version() {
    let api = Api::new().await;
    // As many claims as a summary may have, of the longest sentences.
    api.execute(
        "insert into claims (id, organization_id, summary_id, version, section, audience, position, text, edited, support,
            lasting_id)
         select gen_random_uuid(), organization_id, id, 1, 'moments', 'coach', 100 + n, repeat('é', 1000), true, 'own',
            gen_random_uuid()
         from summaries, generate_series(1, 90) n",
    )
    .await;
    let maya = Assistant::new(&api, api.maya().await);
    let (claims, lengths) = pages(&maya, "get_summary", "claims", &json!({ "summary_id": api.reviewed.summary })).await;
    assert_eq!(claims.len(), 94);
    assert!(lengths.len() > 3, "{lengths:?}");
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_what_to_do() {
    let api = Api::new().await;
    let maya = Assistant::new(&api, api.maya().await);
    let session = api.reviewed.session;
    for (tool, arguments, advice) in [
        ("list_sessions", json!({ "limit": 51 }), "from 1 to 50"),
        ("list_sessions", json!({ "limit": 0 }), "from 1 to 50"),
        ("list_sessions", json!({ "limit": "many" }), "`limit`"),
        ("list_sessions", json!({ "state": "sleeping" }), "in_review"),
        ("list_sessions", json!({ "cursor": "x" }), "`next` of the page before"),
        ("list_sessions", json!({ "client": "Priya" }), "client_id"),
        ("list_sessions", json!({ "from": "last week" }), "`from`"),
        ("get_session", json!({ "session_id": "the last one" }), "`session_id`"),
        ("get_session", json!({}), "session_id"),
        ("get_transcript", json!({ "session_id": session, "limit": 1000 }), "from 1 to 200"),
        ("get_summary", json!({ "summary_id": session }), "Check the id"),
        (
            "get_summary",
            json!({ "summary_id": api.reviewed.summary, "cursor": "WzksMF0" }),
            "`next` of the page before",
        ),
        ("search", json!({ "query": " " }), "at least one word"),
        ("search", json!({ "query": "x".repeat(1001) }), "search for a few words"),
        ("search", json!({ "query": "a", "limit": 21 }), "from 1 to 20"),
        ("list_action_items", json!({ "owner": "nobody" }), "unclear"),
    ] {
        let said = maya.refused(tool, arguments.clone()).await;
        assert!(said.contains(advice), "{tool} {arguments}: {said}");
    }
    // Nothing of it was read.
    assert_eq!(api.count("select count(*) from audit_events").await, 0);
}
