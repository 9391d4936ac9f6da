//! What is sent to each provider: the bytes, since a model writes in the order of the schema it receives.

use debrief_jobs::llm::Settings;

use super::{PRIYA, stage};
use crate::support::{LlmServer, Reply, World};

/// The fields of a claim in the order of writing.
const ORDER: [&str; 11] =
    ["section", "evidence", "utterance", "quote", "text", "owner", "due_words", "due_date", "score", "thread", "met"];

/// The bytes of the first request for a summary.
async fn asked(change: impl FnOnce(&mut Settings, &LlmServer)) -> String {
    let server = LlmServer::start([Reply::Error(503, None, serde_json::json!({}))]).await;
    let world = World::with(|settings| {
        settings.llm.model = Some("test-model".into());
        settings.llm.api_key = Some("sk-test".into());
        change(&mut settings.llm, &server);
    })
    .await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect_err("the server does not answer");
    let asked = server.asked();
    String::from_utf8(asked[0].raw.to_vec()).expect("JSON is text")
}

/// The schema in a request, from the claim's properties on.
fn claim(request: &str) -> &str {
    let (_, claim) = request.split_once("\"properties\":{\"section\":").expect("section comes first");
    claim
}

fn assert_in_order(request: &str) {
    let claim = claim(request);
    let mut from = 0;
    for field in &ORDER[1..] {
        let key = format!("\"{field}\":{{");
        let at = claim[from..].find(&key).unwrap_or_else(|| panic!("{field} is not in its place: {claim}"));
        from += at + key.len();
    }
    let required = format!(
        "\"required\":[\"{}\"]",
        ["section", "evidence", "text", "owner", "due_words", "due_date", "score", "thread", "met"].join("\",\"")
    );
    assert!(claim.contains(&required), "{claim}");
    assert!(claim.contains("\"required\":[\"utterance\",\"quote\"]"), "{claim}");
    // The instruction comes after the text it refers to.
    assert!(request.contains("TRANSCRIPT-END\\n\\nNow write the claims of this session"), "{request}");
}

#[tokio::test]
async fn openai_writes_the_evidence_before_the_sentence() {
    let request = asked(|settings, server| {
        settings.provider = "openai".into();
        settings.url = Some(server.url.clone());
    })
    .await;
    assert_in_order(&request);
    assert!(claim(&request).contains("\"minItems\":1"), "{request}");
    assert!(!request.contains("maxLength") && request.contains("At most 600 characters."), "{request}");
}

#[tokio::test]
async fn azure_is_told_the_bounds_in_words() {
    let request = asked(|settings, server| {
        settings.provider = "azure".into();
        settings.url = Some(server.root.clone());
    })
    .await;
    assert_in_order(&request);
    assert!(!request.contains("minItems") && !request.contains("maxLength"), "{request}");
    assert!(request.contains("At least 1 item.") && request.contains("At most 600 characters."), "{request}");
}

#[tokio::test]
async fn anthropic_writes_the_evidence_before_the_sentence() {
    let request = asked(|settings, server| {
        settings.provider = "anthropic".into();
        settings.url = Some(server.root.clone());
    })
    .await;
    assert_in_order(&request);
    assert!(claim(&request).contains("\"minItems\":1") && !request.contains("maxLength"), "{request}");
}

#[tokio::test]
async fn gemini_gets_the_order_in_words_of_its_own_as_well() {
    let request = asked(|settings, server| {
        settings.provider = "gemini".into();
        settings.url = Some(format!("{}/v1beta", server.root));
    })
    .await;
    assert_in_order(&request);
    let ordering = "\"propertyOrdering\":[\"section\",\"evidence\",\"text\",\"owner\",\"due_words\",\"due_date\",\"score\",\"thread\",\"met\"]";
    assert!(
        request.contains(ordering) && request.contains("\"propertyOrdering\":[\"utterance\",\"quote\"]"),
        "{request}"
    );
    assert!(request.contains("\"maxLength\":600") && request.contains("\"minItems\":1"), "{request}");
}
