//! A transcript of megabytes goes the whole way: no stage takes disproportionate time or an oversized statement.

use debrief_jobs::{
    db::Tx,
    index::IndexSession,
    path::{AttributeSession, ParseTranscript, SummarizeClient},
};
use uuid::Uuid;

use crate::support::{Runnable, World};

/// Four hours of conversation between two people: about a megabyte and a half.
fn endless() -> String {
    const SAID: [&str; 4] = [
        "I finished the planning document and I closed the account with the supplier, which took all of the week.",
        "How did that feel, and what would you like to do about the numbers of the second quarter by then?",
        "I'll send the report about budgets to Anders by Friday, although it is hard to find an hour for it.",
        "I'd suggest that you write down what you would hand over first, and to whom, before we meet again.",
    ];
    let clock = |tenths: usize| {
        format!("{:02}:{:02}:{:02}.{}00", tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10)
    };
    let mut file = String::from("WEBVTT\n\n");
    for cue in 0..8_000 {
        let name = if cue % 2 == 0 { "Priya Raman" } else { "Maya Okafor" };
        let (from, to) = (clock(cue * 16), clock(cue * 16 + 15));
        file.push_str(&format!("{cue}\n{from} --> {to}\n{name}: {} That was {cue}.\n\n", SAID[cue % 4]));
    }
    file
}

/// Runs a job within its kind's timeout.
async fn run<J: Runnable>(world: &World, job: &J) {
    let run = tokio::time::timeout(J::POLICY.timeout, world.run(job)).await;
    run.unwrap_or_else(|_| panic!("{} is not done in its time", J::KIND)).expect("it is done");
}

/// A received session with this transcript.
async fn received(world: &World, file: String) -> (Uuid, ParseTranscript) {
    let [session_id, transcript_id] = [Uuid::now_v7(), Uuid::now_v7()];
    world.services.bucket.put("transcripts/endless", file).await.expect("the bucket takes it");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for insert in [
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, correlation_id)
         select $1, organization_id, id, 'Endless', '2026-11-03', 'path', 'inbox/maya/endless.vtt', $1 from coaches
         where $2 is not null",
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time) select $2, organization_id, id, object_key, 'e', 'transcripts/endless', 's', 1, now()
         from sessions where id = $1",
    ] {
        sqlx::query(insert).bind(session_id).bind(transcript_id).execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("it is committed");
    (session_id, ParseTranscript { transcript_id })
}

/// Runs every stage up to the summary; returns the number of utterances and claims.
async fn the_whole_way(world: &World, file: String) -> (i64, i64) {
    let (session_id, parse) = received(world, file).await;
    run(world, &parse).await;
    world.execute("delete from jobs where $1 is not null and state = 'due'", session_id).await;
    run(world, &IndexSession { session_id }).await;
    run(world, &AttributeSession { session_id }).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let summary_id: Uuid =
        sqlx::query_scalar("select id from summaries").fetch_one(tx.conn()).await.expect("Priya's summary is due");
    drop(tx);
    world.execute("delete from jobs where $1 is not null and state = 'due'", session_id).await;
    run(world, &SummarizeClient { summary_id }).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_as("select (select count(*) from utterances), (select count(*) from claims)")
        .fetch_one(tx.conn())
        .await
        .expect("counts")
}

#[tokio::test]
async fn a_transcript_of_megabytes_goes_the_whole_way() {
    let world = World::new().await;
    let file = endless();
    assert!(file.len() > 1_000_000, "{}", file.len());
    let (utterances, claims) = the_whole_way(&world, file).await;
    assert_eq!(utterances, 8_000);
    assert!(claims > 3);
}

/// A person speaks for hours, and the recognizer adds no full stops: all of it is one turn and one sentence.
#[tokio::test]
async fn a_turn_of_hours_goes_the_whole_way() {
    let world = World::new().await;
    let mut file = String::from("WEBVTT\n\n");
    for cue in 0..6_000 {
        let (name, said) = match cue {
            0 => ("Maya Okafor", "How was the week, and what did you do about the report?"),
            _ if cue % 3 == 0 => ("Priya Raman", "and then I said that I will send the report and he thinks that"),
            _ if cue % 3 == 1 => ("Priya Raman", "I hope to hear from Anders by Friday and I know that it is hard if"),
            _ => ("Priya Raman", "we would close the account and they never said whether they could"),
        };
        let clock = |second: usize| format!("{:02}:{:02}:{:02}.000", second / 3600, second / 60 % 60, second % 60);
        file.push_str(&format!("{} --> {}\n<v {name}>{said}\n\n", clock(cue * 3), clock(cue * 3 + 3)));
    }
    let (utterances, claims) = the_whole_way(&world, file).await;
    assert!(utterances > 5_000, "{utterances}");
    assert!(claims > 0);
}

/// A stuck key, a stammering recognizer, or an attack: one line with tens of thousands of repetitions.
#[tokio::test]
async fn what_repeats_without_end_goes_the_whole_way() {
    let world = World::new().await;
    let mut file = String::from("WEBVTT\n\n");
    let repeated = [
        "x",
        "ha",
        "_",
        "!",
        "...",
        "?! ",
        "no, ",
        "um ",
        "I will ",
        "kill me ",
        "by Friday and ",
        "Tom Becker and ",
        "a@b.c ",
        "1",
        "12:30 ",
        "10% ",
        "(",
        "[a] ",
        "\"so\" ",
        "„",
        "- ",
        "/",
        "あ",
        "謝謝",
        "e\u{301}",
        "\u{301}",
        "👍🏽",
        "'",
        "i'm ",
        "then I'd ",
        "if ",
        "w.",
        "Dr. ",
        "www.",
        "Maya, ",
        "Maya",
        "Sandra ",
        "on his laptop ",
        "&",
        "a&",
        "<",
        "< x",
        "[[",
        "((",
        "2026-11-03 ",
        "http://",
        "\u{a0}",
        "x\u{200d}",
    ];
    for (at, text) in repeated.iter().enumerate() {
        let name = if at % 2 == 0 { "Priya Raman" } else { "Maya Okafor" };
        let said = text.repeat(40_000 / text.len());
        file.push_str(&format!("00:{at:02}:00.000 --> 00:{at:02}:50.000\n<v {name}>{said}\n\n"));
        file.push_str(&format!(
            "00:{at:02}:51.000 --> 00:{at:02}:59.000\n<v {name}>I'll call Anders on Friday, {at}.\n\n"
        ));
    }
    let (utterances, claims) = the_whole_way(&world, file).await;
    assert!(utterances > 36, "{utterances}");
    assert!(claims > 0);
}

/// Nobody says a word of megabytes: it is kept, in parts that no stage takes long for.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_as_long_as_a_file_goes_the_whole_way_in_parts() {
    let world = World::new().await;
    let mut file = String::from("WEBVTT\n\n");
    let mut letters = 0;
    for (at, text) in ["a", "a&", "é", "[", "1", "\"", "あ", "x."].iter().enumerate() {
        let name = if at % 2 == 0 { "Priya Raman" } else { "Maya Okafor" };
        let length = if at == 0 { 1_500_000 } else { 200_000 };
        let said = text.repeat(length / text.chars().count());
        letters += said.chars().count();
        file.push_str(&format!("00:{at:02}:00.000 --> 00:{at:02}:50.000\n<v {name}>{said}\n\n"));
        file.push_str(&format!(
            "00:{at:02}:51.000 --> 00:{at:02}:59.000\n<v {name}>I'll call Anders on Friday, {at}.\n\n"
        ));
    }
    let (utterances, claims) = the_whole_way(&world, file).await;
    assert!(utterances > 290, "{utterances}");
    assert!(claims > 0);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let (longest, all, chunk): (i32, i64, i32) = sqlx::query_as(
        "select max(length(text)), sum(length(text)), (select max(length(text)) from chunks where source = 'utterances')
         from utterances",
    )
    .fetch_one(tx.conn())
    .await
    .expect("lengths");
    assert!(longest <= 10_000 && chunk <= 1_000, "what the stages work on is bounded: {longest}, {chunk}");
    assert!(all >= i64::try_from(letters).expect("it fits"), "and nothing is lost: {all}");
}
