//! Drafts that a model wrote and that can't be used: it's asked again, with small questions, and then the offline summarizer
//! writes in its place, and says so. The answers are those of a small model on a laptop.

use debrief_jobs::{
    llm::AskBy,
    model::{
        Section, Shortfall,
        listing::{self, Detail},
    },
};
use serde_json::{Value, json};

use super::{assert_grounded, content, stage, stage_on, texts};
use crate::support::{LlmServer, Reply, World};

/// A session with enough words that an empty summary of it is none.
const FULL: &[(&str, &str)] = &[
    ("Maya", "Hello Priya, how was the week, and how did it go with the app that you told me about?"),
    ("Priya", "Good, mostly. We shipped the driver app to three depots on Monday, and nobody called the help desk."),
    ("Maya", "That is quick. What was hard?"),
    ("Priya", "It is hard to say no to Gareth when he stands at my desk and wants one more thing by the evening."),
    ("Maya", "I'd suggest that you answer him by mail, the next morning, and not at your desk."),
    ("Priya", "The next morning is better, yes. I never thought of it, because he is the one who hired me back then."),
    ("Maya", "And what about the draft for the board, which you wanted to finish?"),
    ("Priya", "I'll send the draft to Lena by Friday, so that she has the weekend to read it before the board meets."),
    ("Maya", "Good. Anything else that is on your mind before we stop for today?"),
    (
        "Priya",
        "My sleep is better since I leave the phone in the kitchen, and I wake up before the alarm goes off now.",
    ),
    ("Priya", "The new hire starts in May as well, and I don't know yet who has the time to show her how it works."),
    ("Maya", "Let us look at that next time. Thank you, Priya."),
];

async fn world_with(server: &LlmServer, ask_by: Option<AskBy>) -> World {
    let url = server.url.clone();
    World::with(move |settings| {
        settings.llm.provider = "openai".into();
        settings.llm.url = Some(url);
        settings.llm.model = Some("small".into());
        settings.llm.ask_by = ask_by;
    })
    .await
}

fn question(request: &Value) -> &str {
    let messages = request["messages"].as_array().expect("messages");
    messages.last().and_then(|last| last["content"].as_str()).expect("words")
}

/// Answers a whole summary with nothing, and a section with what it can: numbers off, a filler left out, a quote over two
/// utterances, a wish, and a thing that nobody said.
fn small(request: &Value) -> Value {
    let Some((_, asked)) = question(request).split_once("TRANSCRIPT-END") else { return json!({}) };
    let claims = if asked.contains("has achieved") {
        json!([
            { "utterance": 3, "quote": "we shipped the driver app to three depots", "text": "Priya shipped the driver app." },
            { "utterance": 3, "quote": "watched drivers use the fuel card feature", "text": "Priya watched the drivers." },
            { "utterance": 9, "quote": "I wake up before the alarm goes off now. The new hire starts in May",
              "text": "Priya wakes up before the alarm." },
        ])
    } else if asked.contains("will do, as they say or agree") {
        json!([{ "utterance": 7, "quote": "I'll send the draft to Lena by Friday", "text": "Send the draft to Lena.",
                 "owner": "client", "due_words": "by Friday" }])
    } else if asked.contains("is difficult for") {
        json!([{ "utterance": 3, "quote": "It is hard to say no to Gareth", "text": "Priya finds it hard to refuse Gareth." }])
    } else {
        json!([])
    };
    json!({ "claims": claims })
}

/// The session's only summary, as `debrief sessions show` has it.
async fn shown(world: &World, session: uuid::Uuid) -> Detail {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    listing::session(&mut tx, session).await.expect("it is read").expect("it is there")
}

#[tokio::test]
async fn a_model_that_is_asked_section_by_section_gets_small_questions_that_begin_alike() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(small), 40)).await;
    let world = world_with(&server, Some(AskBy::Section)).await;
    let staged = stage(&world, FULL).await;
    world.run(&staged.priya).await.expect("the sections are written");

    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, FULL, "Priya").await;
    // What nobody said is gone; what was miscounted, or runs over two utterances, is found.
    assert_eq!(texts(&content, Section::Wins), ["Priya shipped the driver app.", "Priya wakes up before the alarm."]);
    let quotes = |section| -> Vec<String> {
        content.section(section).flat_map(|claim| &claim.evidence).map(|it| it.quote.clone()).collect()
    };
    assert_eq!(
        quotes(Section::Wins),
        [
            "We shipped the driver app to three depots",
            "I wake up before the alarm goes off now.",
            "The new hire starts in May"
        ]
    );
    assert_eq!(texts(&content, Section::Challenges), ["Priya finds it hard to refuse Gareth."]);
    let action = content.section(Section::ActionItems).next().and_then(|claim| claim.action.clone()).expect("one");
    assert_eq!(action.due_date.map(|date| date.to_string()).as_deref(), Some("2026-03-13"), "by rule");
    let summary = &shown(&world, staged.session).await.summaries[0];
    assert_eq!((summary.provider.as_deref(), summary.stands_in_for.as_deref()), (Some("openai"), None));

    // The questions begin alike, so that an endpoint reads the session once.
    let is_question = |request: &&Value| question(request).contains("\nNow ");
    let requests: Vec<Value> = server.requests();
    let requests: Vec<&Value> =
        requests.iter().filter(is_question).filter(|one| !question(one).contains("CLAIMS-")).collect();
    let prefix = |request: &Value| question(request).split_once("TRANSCRIPT-END").map(|(before, _)| before.to_owned());
    assert!(requests.len() > 6, "{} requests", requests.len());
    assert!(requests.iter().all(|request| prefix(request) == prefix(requests[0])));
}

/// Answers a whole summary with nothing, and words passages: one of them with things that nobody said.
fn words_passages(request: &Value) -> Value {
    let asked = question(request);
    let sentence = match asked {
        _ if !asked.contains("=> One sentence about") => return json!({ "claims": [] }),
        _ if asked.contains("driver app") => "Priya shipped the driver app to three depots on Monday.",
        _ if asked.contains("draft to Lena") => "Priya will send the draft to Lena by Friday.",
        _ if asked.contains("answer him by mail") => "Maya suggests that Priya was promoted because Gareth likes her.",
        _ => "I have no idea.",
    };
    json!({ "text": sentence })
}

#[tokio::test]
async fn a_model_whose_summary_of_a_full_session_is_empty_words_passages_from_then_on() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(words_passages), 40)).await;
    let world = world_with(&server, None).await;
    let staged = stage(&world, FULL).await;
    world.run(&staged.priya).await.expect("the passages are worded");

    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, FULL, "Priya").await;
    assert!(texts(&content, Section::Wins).contains(&"Priya shipped the driver app to three depots on Monday."));
    // Where the model says more than was said, the words themselves stand.
    let advice = texts(&content, Section::Recommendations);
    assert!(advice.iter().any(|text| text.contains("\u{201c}I'd suggest that you answer him by mail")), "{advice:?}");
    let summary = &shown(&world, staged.session).await.summaries[0];
    assert_eq!((summary.provider.as_deref(), summary.stands_in_for.as_deref()), (Some("openai"), None));

    // It is remembered: the next session isn't asked about as a whole.
    let before = server.requests().len();
    let next = stage_on(&world, "2026-03-10", FULL).await;
    world.run(&next.priya).await.expect("it is written");
    let requests = server.requests();
    assert!(!requests[before..].iter().any(|request| question(request).contains("TRANSCRIPT-BEGIN")));
}

/// A model that had nothing to word wrote nothing, and isn't named.
#[tokio::test]
async fn where_nothing_needs_wording_the_summary_is_the_offline_summarizers() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(words_passages), 4)).await;
    let world = world_with(&server, Some(AskBy::Passage)).await;
    let said = &[("Maya", "And what will you do?"), ("Priya", "I'll send Lena the draft by Friday.")];
    let staged = stage(&world, said).await;
    world.run(&staged.priya).await.expect("it is written");
    assert!(server.requests().is_empty());
    assert_eq!(
        texts(&content(&world, &staged.priya, 1).await, Section::ActionItems),
        ["Send Lena the draft by Friday."]
    );
    let summary = &shown(&world, staged.session).await.summaries[0];
    assert_eq!((summary.provider.as_deref(), summary.stands_in_for.as_deref()), (Some("offline"), None));
}

#[tokio::test]
async fn a_self_test_says_what_a_small_model_is_able_to_do() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::AnswerTo(words_passages), 4)).await;
    let world = world_with(&server, None).await;
    let test = world.services.summarizer.self_test().await.expect("a model is set");
    assert!(!test.whole.is_usable && test.whole.found.contains("0 claims"), "{:?}", test.whole);
    assert!(test.passage.is_usable, "{:?}", test.passage);
    assert_eq!(test.asked_by, "passage");
}

#[tokio::test]
async fn a_model_that_cannot_write_is_replaced_and_the_coach_is_told() {
    let empty = json!({ "claims": [] });
    let poem = || Reply::Content("I would rather write a poem about the driver app.".into());
    for (replies, ask_by, why, most_requests) in [
        (vec![Reply::Answer(empty.clone()); 40], None, "unreadable", 12),
        (vec![Reply::Answer(empty); 40], Some(AskBy::Session), "empty", 1),
        (std::iter::repeat_with(poem).take(40).collect(), None, "unreadable", 6),
        (vec![Reply::CutOff; 200], Some(AskBy::Section), "cut_off", 40),
    ] {
        let server = LlmServer::start(replies).await;
        let world = world_with(&server, ask_by).await;
        let staged = stage(&world, FULL).await;
        world.run(&staged.priya).await.expect("the offline summarizer writes");
        assert!(server.requests().len() <= most_requests, "{why}: {} requests", server.requests().len());
        let content = content(&world, &staged.priya, 1).await;
        assert_grounded(&world, &staged, &content, FULL, "Priya").await;
        assert!(!texts(&content, Section::ActionItems).is_empty(), "{content:?}");
        let summary = &shown(&world, staged.session).await.summaries[0];
        assert_eq!(summary.provider.as_deref(), Some("offline"));
        let told = (summary.stands_in_for.as_deref(), summary.stands_in_why.map(Shortfall::as_str));
        assert_eq!(told, (Some("small"), Some(why)));
    }
}

/// A client who says little may have a summary without a claim.
#[tokio::test]
async fn a_session_without_much_talk_may_be_empty() {
    let server = LlmServer::start([Reply::Answer(json!({ "claims": [] }))]).await;
    let world = world_with(&server, None).await;
    let staged = stage(&world, &[("Maya", "Hello Priya."), ("Priya", "Sorry, I have to go. Next week?")]).await;
    world.run(&staged.priya).await.expect("it is written");
    assert_eq!(server.requests().len(), 1);
    let summary = &shown(&world, staged.session).await.summaries[0];
    assert_eq!((summary.provider.as_deref(), summary.stands_in_for.as_deref()), (Some("openai"), None));
}
