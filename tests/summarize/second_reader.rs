//! A second reader looks at each sentence that a model wrote, with the words it cites.

use debrief_jobs::{
    llm::OnDoubt,
    model::{Section, Support},
};
use serde_json::{Value, json};

use super::{content, stage, texts};
use crate::support::{LlmServer, Reply, World};

const SAID: &[(&str, &str)] = &[
    ("Maya", "How was the week?"),
    ("Priya", "We shipped the driver app to three depots on Monday."),
    ("Maya", "And what is hard?"),
    ("Priya", "It is hard to say no to Gareth in the evening."),
];

/// Writes two sentences, one of which says more than its words in words that no rule knows to be wrong, and doubts that one.
fn writes_and_reads(request: &Value) -> Value {
    let asked = request["messages"].as_array().and_then(|all| all.last()).and_then(|last| last["content"].as_str());
    let asked = asked.expect("a question");
    if !asked.contains("PAIRS-BEGIN") {
        let claim = |section: &str, utterance: usize, quote: &str, text: &str| {
            json!({ "section": section, "evidence": [{ "utterance": utterance, "quote": quote }], "text": text, "owner": null,
                    "due_words": null, "due_date": null, "score": null, "thread": null, "met": null })
        };
        return json!({ "claims": [
            claim("wins", 1, "We shipped the driver app to three depots", "Priya shipped the driver app after a long fight."),
            claim("challenges", 3, "It is hard to say no to Gareth", "Priya finds it hard to refuse Gareth."),
        ] });
    }
    // One sentence is asked about at a time, with the words it cites and nothing else of the session.
    assert!(!asked.contains("TRANSCRIPT") && asked.matches("said: ").count() == 1, "{asked}");
    let says = if asked.contains("after a long fight") { "in_part" } else { "yes" };
    json!({ "pairs": [{ "number": 1, "reason": "no fight was spoken of", "says": says }] })
}

async fn world_with(server: &LlmServer, on_doubt: OnDoubt) -> World {
    let url = server.url.clone();
    World::with(move |settings| {
        settings.llm.provider = "openai".into();
        settings.llm.url = Some(url);
        settings.llm.model = Some("writer".into());
        settings.llm.tasks.check = Some("default".into());
        settings.llm.on_doubt = on_doubt;
    })
    .await
}

#[tokio::test]
async fn what_a_second_reader_doubts_is_its_words_is_left_out_or_is_shown() {
    for on_doubt in [OnDoubt::Quote, OnDoubt::Drop, OnDoubt::Show] {
        let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(writes_and_reads), 6)).await;
        let world = world_with(&server, on_doubt).await;
        let staged = stage(&world, SAID).await;
        world.run(&staged.priya).await.expect("it is written and read");
        let content = content(&world, &staged.priya, 1).await;
        let hard = content.section(Section::Challenges).next().expect("the challenge");
        assert_eq!(hard.support, Support::ReadTwice);
        let wins = texts(&content, Section::Wins);
        match on_doubt {
            OnDoubt::Quote => {
                assert_eq!(wins, ["Priya said: \u{201c}We shipped the driver app to three depots\u{201d}"]);
            }
            OnDoubt::Drop => assert!(wins.is_empty(), "{wins:?}"),
            OnDoubt::Show => {
                assert_eq!(wins, ["Priya shipped the driver app after a long fight."]);
                assert!(content.section(Section::Wins).all(|claim| claim.support == Support::Doubted));
            }
        }
    }
}

#[tokio::test]
async fn a_second_reader_that_does_not_answer_leaves_the_summary_as_it_was() {
    fn writes(request: &Value) -> Value {
        let asked = request["messages"].as_array().and_then(|all| all.last()).and_then(|last| last["content"].as_str());
        if asked.is_some_and(|asked| asked.contains("TRANSCRIPT-BEGIN")) {
            writes_and_reads(request)
        } else {
            json!({})
        }
    }
    let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(writes), 8)).await;
    let world = world_with(&server, OnDoubt::Drop).await;
    let staged = stage(&world, SAID).await;
    world.run(&staged.priya).await.expect("it is written");
    let content = content(&world, &staged.priya, 1).await;
    assert_eq!(texts(&content, Section::Wins), ["Priya shipped the driver app after a long fight."]);
    assert!(content.section(Section::Challenges).all(|claim| claim.support == Support::Verified));
}
