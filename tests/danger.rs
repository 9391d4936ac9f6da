//! Signs of danger to life, from outside: a session goes the whole way, and its signs are shown to the coach
//! immediately, and to nobody else.

use std::{net::Ipv4Addr, time::Duration};

use debrief::http::{HttpState, Limits, public_router, serve};
use debrief_jobs::{
    audit::Visitor,
    danger::{self, Indicator, SpokenText},
    db::Tx,
    embed::Local,
    links,
    model::{Audience, Content, Section, listing, summary},
    path::{AskForSpeakers, AttributeSession, ParseTranscript, RequestReview, SendFollowUp, SummarizeClient},
    review::{
        actions::{self, Signed},
        edit::{self, Edits},
        view,
    },
};
use fantoccini::Client;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{
    LlmServer, Reply, World,
    browser::{Browser, press, text},
    model,
};

/// A session in which a win and a sign of danger are close to each other.
const SESSION: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nMaya Okafor: Good to see you. What went well this week?\n\n\
    00:00:04.000 --> 00:00:09.000\nPriya Raman: I closed the Hartman account on Tuesday.\n\n\
    00:00:10.000 --> 00:00:12.000\nMaya Okafor: Congratulations! I'd suggest you tell the whole team.\n\n\
    00:00:13.000 --> 00:00:19.000\nPriya Raman: I finally showed my arms to Lena.\n\n\
    00:00:20.000 --> 00:00:22.000\nPriya Raman: That's why I cut myself that deep.\n\n\
    00:00:23.000 --> 00:00:25.000\nMaya Okafor: Thank you for telling me. Are you thinking of suicide?\n\n\
    00:00:26.000 --> 00:00:28.000\nPriya Raman: Sometimes.\n\n\
    00:00:29.000 --> 00:00:33.000\nPriya Raman: I'll call the clinic by Friday.\n";
/// The same with unknown speakers.
const UNKNOWN: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nSpeaker 7: So it was a long week and I was in the office.\n\n\
    00:00:04.000 --> 00:00:09.000\nSpeaker 9: Same here, the week was long.\n\n\
    00:00:10.000 --> 00:00:14.000\nSpeaker 7: I counted the\n\n00:00:14.000 --> 00:00:16.000\nSpeaker 7: pills. All of them.\n";
/// Words that no client may receive.
const WORDS: [&str; 3] = ["cut myself", "suicide", "Sometimes"];

/// Stores a transcript as ingest does, and parses it.
async fn parsed(world: &World, words: &str) -> Uuid {
    let [session, transcript] = [(); 2].map(|()| Uuid::now_v7());
    let stored_key = format!("transcripts/{transcript}");
    world.services.bucket.put(&stored_key, words.as_bytes().to_vec()).await.expect("a stored copy");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, correlation_id)
         values ($1, $2, $3, 'Third session', '2026-03-11', 'path', $1::text, $1)",
    )
    .bind(session)
    .bind(world.organization)
    .bind(world.coach)
    .execute(tx.conn())
    .await
    .expect("a session");
    sqlx::query(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time, received_at) values ($1, $2, $3, 'inbox/maya/priya.vtt', 'e', $4, $1::text, 1, now(), now())",
    )
    .bind(transcript)
    .bind(world.organization)
    .bind(session)
    .bind(stored_key)
    .execute(tx.conn())
    .await
    .expect("a transcript");
    tx.commit().await.expect("it commits");
    world.run(&ParseTranscript { transcript_id: transcript }).await.expect("it parses");
    session
}

/// Takes a parsed session to its review; returns the summary and its content.
async fn reviewed(world: &World, session: Uuid) -> (Uuid, Content) {
    world.run_queued::<AttributeSession>().await.expect("it is due").expect("it is attributed");
    world.run_queued::<SummarizeClient>().await.expect("it is due").expect("it is summarised");
    world.run_queued::<RequestReview>().await.expect("it is due").expect("the review is asked for");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let (id, version): (Uuid, i32) = sqlx::query_as("select id, version from summaries where session_id = $1")
        .bind(session)
        .fetch_one(tx.conn())
        .await
        .expect("a summary");
    let content = summary::load_version(&mut tx, id, version).await.expect("it reads");
    (id, content)
}

/// The subject and message of the latest email of a kind.
async fn mail(world: &World, kind: &str) -> (String, String) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let (subject, message): (String, Vec<u8>) =
        sqlx::query_as("select subject, message from mails where kind = $1 order by created_at desc limit 1")
            .bind(kind)
            .fetch_one(tx.conn())
            .await
            .expect("a mail");
    (subject, String::from_utf8_lossy(&message).into_owned())
}

#[tokio::test]
async fn what_speaks_of_danger_is_the_coachs_alone() {
    let world = World::new().await;
    let session = parsed(&world, SESSION).await;
    let (id, content) = reviewed(&world, session).await;

    let client: Vec<&str> =
        content.claims.iter().filter(|claim| claim.audience == Audience::Client).map(|it| it.text.as_str()).collect();
    assert!(client.iter().any(|text| text.contains("Hartman")), "{client:?}");
    for words in WORDS {
        assert!(!client.iter().any(|text| text.contains(words)), "{words}: {client:?}");
    }
    let risks: Vec<&str> = content.section(Section::Risk).map(|claim| claim.text.as_str()).collect();
    assert!(risks.iter().any(|text| text.contains("That's why I cut myself that deep.")), "{risks:?}");
    let priority = content.section(Section::Priority).next().and_then(|claim| claim.score).expect("a priority");
    assert!(priority.hundredths() >= 95, "{priority:?}");

    let (subject, message) = mail(&world, "review_request").await;
    assert!(subject.starts_with("Please read soon: "), "{subject}");
    assert!(message.contains("may mean that someone is in danger"), "{message}");
    for words in WORDS {
        assert!(!subject.contains(words) && !message.contains(words), "{words} is in the mail");
    }

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let seen = danger::signs_to_show(&mut tx, session).await.expect("it reads");
    let seen: Vec<(&str, &str, Indicator)> =
        seen.iter().map(|it| (it.speaker.as_str(), it.sentence.as_str(), it.why)).collect();
    assert_eq!(
        seen,
        [
            ("Priya Raman", "That's why I cut myself that deep.", Indicator::SelfHarm),
            ("Maya Okafor", "Are you thinking of suicide?", Indicator::NotDenied),
            ("Priya Raman", "Sometimes.", Indicator::NotDenied),
        ]
    );
    let filter = listing::Filter { ids: Some(vec![session]), ..listing::Filter::default() };
    assert_eq!(listing::sessions(&mut tx, &filter).await.expect("a list")[0].danger_signs, 3);

    let shown = view::view(&mut tx, session).await.expect("it reads").expect("a session");
    assert_eq!(shown.summaries[0].hash, content.hash());
    let signed = Signed { as_they_are: true, ..shown.summaries[0].signed() };
    actions::approve(&mut tx, &world.services.desk, session, id, &signed, &Visitor::default()).await.expect("approved");
    tx.commit().await.expect("it commits");
    let (_, letter) = mail(&world, "follow_up").await;
    assert!(letter.contains("Hartman"), "{letter}");
    for words in WORDS {
        assert!(!letter.contains(words), "{words}: {letter}");
    }
    let _ = world.run_queued::<SendFollowUp>().await;
}

#[tokio::test]
async fn a_session_that_waits_for_its_speakers_is_marked_too() {
    let world = World::new().await;
    let session = parsed(&world, UNKNOWN).await;
    world.run_queued::<AttributeSession>().await.expect("it is due").expect("it waits");
    world.run_queued::<AskForSpeakers>().await.expect("it is due").expect("the coach is asked");
    let (subject, message) = mail(&world, "speakers_needed").await;
    assert!(subject.starts_with("Please read soon: Who was speaking?"), "{subject}");
    assert!(!message.contains("pills"), "{message}");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let view = view::view(&mut tx, session).await.expect("it reads").expect("a session");
    let sentences: Vec<&str> = view.dangers.iter().map(|seen| seen.sentence.as_str()).collect();
    assert_eq!(sentences, ["I counted the", "pills."], "over the seam of two captions");
    assert_eq!(view.dangers[0].why, Indicator::Method);
}

#[tokio::test]
async fn a_session_without_danger_is_not_marked() {
    let world = World::new().await;
    let words = SESSION.replace("cut myself that deep", "cut costs that deep").replace("suicide", "leaving");
    let session = parsed(&world, &words).await;
    reviewed(&world, session).await;
    let (subject, message) = mail(&world, "review_request").await;
    assert!(subject.starts_with("1 summary to review"), "{subject}");
    assert!(!message.contains("danger"), "{message}");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    assert_eq!(danger::kinds(&mut tx, session).await.expect("it reads"), []);
}

/// Promises before, in and after signs of danger, a check-in with an evasive answer, and a promise elsewhere.
const PROMISES: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nMaya Okafor: What will you do next?\n\n\
    00:00:04.000 --> 00:00:12.000\nPriya Raman: I'll send the deck to Tom by Friday. My husband hit me again last night. \
    I'll call the bank on Monday.\n\n\
    00:00:13.000 --> 00:00:15.000\nMaya Okafor: Are you safe right now?\n\n\
    00:00:16.000 --> 00:00:17.000\nPriya Raman: My sister is here.\n\n\
    00:10:10.000 --> 00:10:12.000\nMaya Okafor: Back to the work. How is the quarter?\n\n\
    00:10:13.000 --> 00:10:15.000\nPriya Raman: Slow, and the vendor is late.\n\n\
    00:10:16.000 --> 00:10:18.000\nMaya Okafor: What comes first?\n\n\
    00:10:19.000 --> 00:10:24.000\nPriya Raman: I'll finish the sales report by Thursday.\n\n\
    00:10:25.000 --> 00:10:29.000\nMaya Okafor: I'll send you the slides tomorrow.\n";

#[tokio::test]
async fn a_promise_beside_what_speaks_of_danger_is_kept_for_the_coach() {
    let world = World::new().await;
    let session = parsed(&world, PROMISES).await;
    let (id, content) = reviewed(&world, session).await;
    let whose = |words: &str| {
        let of = content.section(Section::ActionItems).find(|claim| claim.text.contains(words));
        of.unwrap_or_else(|| panic!("{words} is lost")).audience
    };
    for words in ["the deck", "the bank"] {
        assert_eq!(whose(words), Audience::Coach, "{words}");
    }
    for words in ["sales report", "the slides"] {
        assert_eq!(whose(words), Audience::Client, "{words}");
    }
    let client = content.claims.iter().filter(|claim| claim.audience == Audience::Client);
    assert!(client.clone().all(|claim| !claim.text.contains("hit me")), "{:?}", client.collect::<Vec<_>>());
    assert!(content.section(Section::Risk).any(|claim| claim.text.contains("hit me again last night")));
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let seen = danger::signs_to_show(&mut tx, session).await.expect("it reads");
    let seen: Vec<&str> = seen.iter().map(|it| it.sentence.as_str()).collect();
    assert_eq!(seen, ["My husband hit me again last night."]);

    let shown = view::view(&mut tx, session).await.expect("it reads").expect("a session");
    let signed = Signed { as_they_are: true, ..shown.summaries[0].signed() };
    actions::approve(&mut tx, &world.services.desk, session, id, &signed, &Visitor::default()).await.expect("approved");
    tx.commit().await.expect("it commits");
    let (_, letter) = mail(&world, "follow_up").await;
    assert!(letter.contains("sales report"), "{letter}");
    for words in ["the deck", "the bank", "hit me"] {
        assert!(!letter.contains(words), "{words}: {letter}");
    }
}

#[tokio::test]
async fn a_models_win_of_such_words_is_dropped_and_the_risk_is_there_all_the_same() {
    let claim = |section: &str, text: &str, utterance: usize, quote: &str| {
        json!({ "section": section, "text": text, "owner": null, "due_date": null, "due_words": null,
                "evidence": [{ "utterance": utterance, "quote": quote }] })
    };
    let answer = json!({ "claims": [
        claim("wins", "Priya closed the Hartman account.", 1, "I closed the Hartman account"),
        claim("wins", "Priya was open about a hard time.", 4, "That's why I cut myself that deep."),
        claim("wins", "Priya said that she cut herself deeply.", 3, "I finally showed my arms to Lena."),
        claim("key_quotes", "That's why I cut myself that deep.", 4, "That's why I cut myself that deep."),
    ] });
    let server = LlmServer::start([Reply::Answer(answer)]).await;
    let url = server.url.clone();
    let world = World::with(move |settings| {
        settings.llm.provider = "openai".into();
        settings.llm.url = Some(url);
        settings.llm.model = Some("test-model".into());
        settings.llm.api_key = Some("sk-test".into());
    })
    .await;
    let session = parsed(&world, SESSION).await;
    let (_, content) = reviewed(&world, session).await;
    let wins: Vec<&str> = content.section(Section::Wins).map(|claim| claim.text.as_str()).collect();
    assert_eq!(wins, ["Priya closed the Hartman account."]);
    assert_eq!(content.section(Section::KeyQuotes).count(), 0);
    assert!(content.section(Section::Risk).any(|claim| claim.text.contains("cut myself that deep")));
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let dropped: i32 = sqlx::query_scalar("select claims_dropped from summary_versions")
        .fetch_one(tx.conn())
        .await
        .expect("a version");
    assert_eq!(dropped, 0, "they had their evidence, and are not said to lack it");
}

#[tokio::test]
async fn a_session_that_is_parsed_anew_has_its_signs_anew() {
    let world = World::new().await;
    let session = parsed(&world, SESSION).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query("update transcripts set parsed_at = null where session_id = $1")
        .bind(session)
        .execute(tx.conn())
        .await
        .expect("it is to be parsed again");
    let transcript_id: Uuid = sqlx::query_scalar("select id from transcripts where session_id = $1")
        .bind(session)
        .fetch_one(tx.conn())
        .await
        .expect("a transcript");
    tx.commit().await.expect("it commits");
    world.run(&ParseTranscript { transcript_id }).await.expect("it parses");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    assert_eq!(danger::signs_to_show(&mut tx, session).await.expect("it reads").len(), 3);
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn the_page_says_so_at_its_top() {
    let browser = Browser::start(1200, &[]).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::with(|settings| {
        settings.review.base_url = base.parse().expect("a URL");
        settings.review.help = "Crisis line, day and night: 0800 111 0 111.".into();
    })
    .await;
    let session = parsed(&world, SESSION).await;
    let (id, content) = reviewed(&world, session).await;
    // A coach who writes it in the letter decides that, but is warned.
    let win = content.section(Section::Wins).next().expect("a win").id;
    let texts = [(win, "You told me that you cut yourself, and that was brave.".to_owned())].into();
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let edits = Edits { texts, ..Edits::default() };
    edit::edit(&mut tx, session, id, 1, &edits, &Visitor::default()).await.expect("the coach may");
    let (_, token) = links::issue(&mut tx, world.coach, session, 10).await.expect("a link");
    tx.commit().await.expect("it commits");
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = public_router(HttpState {
        services: world.services.clone(),
        metrics,
        api: std::sync::Arc::default(),
        proxies: std::sync::Arc::default(),
    });
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, Limits::new(64, Duration::from_secs(5)), stop.clone()));

    let client = browser.client.clone();
    client.goto(&format!("{base}/r/{}", token.reveal())).await.expect("the link opens");
    press(&client, "Open the review", "Third session").await;
    let page = text(&client).await;
    let top = page.find("Please read this first").unwrap_or_else(|| panic!("no note in {page}"));
    assert!(top < page.find("Wins").expect("the wins"), "{page}");
    for words in [
        "That's why I cut myself that deep.",
        // What an answer refers to, and the reply to it.
        "I finally showed my arms to Lena.",
        "Maya Okafor: “Thank you for telling me.",
        "0:20",
        "suicide and self-harm",
        "Debrief isn’t a clinician and can be wrong",
        "Crisis line, day and night: 0800 111 0 111.",
        // "I'll call the clinic by Friday." and "I'd suggest you tell the whole team." are right beside it.
        "2 promises and recommendations were made near what may be about danger, and are kept out of the letter.",
        "Promises kept out of the letter",
        "Recommendations kept out of the letter",
        "As it stands, this would be sent to a client",
        "You told me that you cut yourself, and that was brave.",
    ] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    keep(&client).await;
    browser.close().await;
    stop.cancel();
}

/// Saves a picture for people to look at, if `DEBRIEF_TESTS_PICTURES` names a folder.
async fn keep(client: &Client) {
    let Some(folder) = std::env::var_os("DEBRIEF_TESTS_PICTURES") else { return };
    let picture = client.screenshot().await.expect("a picture");
    std::fs::write(std::path::Path::new(&folder).join("danger.png"), picture).expect("it is kept");
}

#[test]
fn where_the_local_model_is_there_what_is_near_to_examples_is_heard() {
    let local = Local::find(&model::folder()).expect("the model is there");
    let client = |text| SpokenText { speaker: Some("Priya"), text };
    let said = [
        client("I'd be happier if I were dead, I really would."),
        client("We shipped the driver app to three depots."),
        client("We're dying to see the numbers of the quarter."),
        client("I'm not suicidal at all."),
    ];
    let near = danger::near(&local, &said, &[]).expect("it computes");
    assert_eq!(near.iter().map(|sign| sign.utterance).collect::<Vec<_>>(), [0]);
    assert_eq!(danger::near(&local, &said, &near).expect("it computes"), [], "what is known is not said twice");
}
