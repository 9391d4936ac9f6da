//! The whole path through the real binary, with every part real: Postgres, an S3 server, an SMTP server, an endpoint
//! that speaks like a language model's, and a browser, from the files in the bucket to the export.

use std::{collections::BTreeSet, io::Cursor, sync::LazyLock};

use debrief_jobs::bucket::{self, Bucket};
use fantoccini::{Client, Locator};
use polars::prelude::DataFrame;
use polars_io::{SerReader, parquet::read::ParquetReader};
use regex::Regex;
use reqwest::header::SET_COOKIE;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{
    Letter, LlmServer, Reply, SmtpServer,
    browser::{Browser, press, text},
    installation::{Installation, Process, free_port, wait_for},
    s3,
};

const TRANSCRIPT: &str = include_str!("../fixtures/demo/maya/priya-week-1.vtt");
const ROSTER: &str = include_str!("../fixtures/demo/maya/roster.csv");
const COACH: &str = "maya@northlight.example";
const CLIENT: &str = "priya.raman@tallbrook.example";

/// What the model writes: the section, the sentence, and words from the transcript; the last were never said.
const DRAFT: [(&str, &str, &str); 6] = [
    ("wins", "Priya shipped the driver app.", "We shipped it to three depots"),
    ("challenges", "Priya finds it hard to refuse Gareth.", "I can't seem to say no to his face."),
    ("action_items", "Send the strategy draft to Lena.", "I'll send the draft to Lena by Friday."),
    ("recommendations", "Keep Monday mornings free for the strategy.", "block two hours on Monday mornings"),
    ("engagement", "Priya was frank from the first minute.", "That stung a bit."),
    ("wins", "Priya was made head of product.", "they made me head of product last week"),
];
/// The coach's version of the first sentence.
const EDITED: &str = "You shipped the driver app, with four tickets in its whole first week.";

/// An installation with its servers.
struct Walk {
    installation: Installation,
    smtp: SmtpServer,
    llm: LlmServer,
    bucket: Bucket,
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_session_goes_all_the_way_from_the_bucket_to_the_export() {
    let browser = Browser::start(1200, &[]).await;
    let walk = install().await;
    walk.bucket.put("inbox/maya/roster.csv", ROSTER).await.expect("it is put");
    walk.bucket.put("inbox/maya/2026-03-09/Priya Raman.vtt", TRANSCRIPT).await.expect("it is put");
    let mut up = walk.installation.start(&["up"]);

    let request = walk.letter_to(COACH, &mut up).await;
    let sessions = walk.installation.json_lines(&["sessions", "list"]).await;
    assert_eq!(sessions.len(), 1, "one file is one session");
    let id = sessions[0]["id"].as_str().expect("an id").to_owned();
    let link = review_link(&walk, &request);
    looking_changes_nothing(&walk, &link).await;
    review(&browser.client, &link).await;
    browser.close().await;

    let follow_up = walk.letter_to(CLIENT, &mut up).await;
    let session = walk.closed(&id).await;
    assert_follow_up(&follow_up);
    let correlation_id = session["correlation_id"].as_str().expect("an id");
    for letter in [&request, &follow_up] {
        assert_eq!(letter.header("Debrief-Correlation-Id"), [correlation_id]);
    }
    assert_eq!(session["summaries"][0]["provider"], "openai");
    assert_eq!(session["summaries"][0]["version"], 2, "the model's and the coach's");
    assert_eq!(walk.llm.requests().len(), 2, "the draft, and the correction of what does not hold in it");
    assert_eq!(walk.llm.first_header("authorization").as_deref(), Some("Bearer sk-walk"));
    assert_found(&walk, &id).await;
    assert_exported(&walk, &id).await;

    assert_eq!(up.terminate(), Some(0), "SIGTERM ends it well");
    for state in ["running", "dead"] {
        let left = walk.installation.json_lines(&["jobs", "list", "--state", state]).await;
        assert_eq!(left, [] as [Value; 0], "no job is {state}");
    }
    assert_log_is_discreet(&walk, &link, correlation_id);
}

/// As an operator sets it up: the settings, the schema, the organization and its coach. The clients come from a roster.
async fn install() -> Walk {
    let nothing_to_correct = Reply::Answer(json!({ "claims": [{ "number": DRAFT.len() - 1, "claim": null }] }));
    let llm = LlmServer::start([Reply::AnswerTo(draft), nothing_to_correct]).await;
    let smtp = SmtpServer::start();
    let mut installation = Installation::unmigrated().await;
    let bucket = format!("s3://{}/northlight", s3::new_bucket().await);
    for (name, value) in [
        ("DEBRIEF_BUCKET", bucket.clone()),
        ("AWS_ENDPOINT_URL", s3::endpoint().to_owned()),
        ("AWS_ACCESS_KEY_ID", "walk".into()),
        ("AWS_SECRET_ACCESS_KEY", "walk-secret".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("DEBRIEF_MAIL__URL", smtp.url()),
        ("DEBRIEF_LLM__PROVIDER", "openai".into()),
        ("DEBRIEF_LLM__URL", llm.url.clone()),
        ("DEBRIEF_LLM__MODEL", "test-model".into()),
        ("DEBRIEF_LLM__API_KEY", "sk-walk".into()),
        ("DEBRIEF_REVIEW__HOLD_SECONDS", "1".into()),
        // More verbose than an operator's: what is discreet here is always discreet.
        ("DEBRIEF_LOG__FILTER", "debug".into()),
    ] {
        installation.set(name, value);
    }
    installation.run(&["migrate"]).await;
    installation.run(&["org", "add", "northlight", "--name", "Northlight Coaching"]).await;
    let coach = ["coach", "add", "maya", "--org", "northlight", "--name", "Maya Okafor", "--email", COACH];
    installation.run(&coach).await;
    let url = format!("{bucket}?endpoint={}&region=us-east-1&anonymous=true", s3::endpoint());
    let bucket = Bucket::open(&bucket::Settings { url, ..Default::default() }).expect("a good URL");
    Walk { installation, smtp, llm, bucket }
}

/// Answers like a model: finds the words of [`DRAFT`] in the numbered lines of the request.
fn draft(request: &Value) -> Value {
    static LINE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\[(\d+)\] .*$").expect("a constant pattern"));
    let prompt = request["messages"].as_array().and_then(|all| all.last()).expect("a message");
    let prompt = prompt["content"].as_str().expect("a message is text");
    let claims = DRAFT.map(|(section, text, quote)| {
        let line = LINE.captures_iter(prompt).find(|line| line[0].contains(quote));
        let utterance = line.map_or(1, |line| line[1].parse::<usize>().expect("digits"));
        let is_action = section == "action_items";
        json!({
            "section": section, "text": text, "evidence": [{ "utterance": utterance, "quote": quote }],
            "owner": is_action.then_some("client"), "due_date": null, "due_words": is_action.then_some("by Friday"),
        })
    });
    json!({ "claims": claims })
}

impl Walk {
    /// Waits for the only letter to this address.
    async fn letter_to(&self, address: &str, up: &mut Process) -> Letter {
        wait_for(&format!("a letter to {address}"), async || {
            assert_eq!(up.ended(), None, "debrief up runs until it is told to stop");
            self.smtp.letters().into_iter().find(|letter| letter.to == [address])
        })
        .await
    }

    /// Waits until the session is closed.
    async fn closed(&self, id: &str) -> Value {
        wait_for("the session to be closed", async || {
            let session = self.installation.json(&["sessions", "show", id]).await;
            (session["state"] == "closed").then_some(session)
        })
        .await
    }
}

/// The link, as a person copies it from the letter's text.
fn review_link(walk: &Walk, letter: &Letter) -> String {
    let base = format!("http://127.0.0.1:{}/r/", walk.installation.port);
    let mut links = letter.text.lines().filter(|line| line.starts_with(&base));
    let link = links.next().unwrap_or_else(|| panic!("no link to {base} in {}", letter.text));
    assert_eq!(links.next(), None, "one link is enough");
    link.trim_end().to_owned()
}

/// An email scanner follows the link before the coach does, twice.
async fn looking_changes_nothing(walk: &Walk, link: &str) {
    for _ in 0..2 {
        let response = reqwest::get(link).await.expect("the page answers");
        assert_eq!(response.status(), 200);
        assert!(response.headers().get(SET_COOKIE).is_none(), "looking opens nothing");
        let page = response.text().await.expect("a page");
        assert_eq!((page.matches("<button").count(), page.matches("<script").count()), (1, 0), "{page}");
    }
    let mut owner = PgConnection::connect(walk.installation.database.url.expose_secret()).await.expect("it answers");
    let traces: i64 = sqlx::query_scalar(
        "select (select count(*) from review_visits) + (select count(*) from audit_events where session_id is not null and kind <> 'link_sent')",
    )
    .fetch_one(&mut owner)
    .await
    .expect("a count");
    assert_eq!(traces, 0);
}

/// What the coach does: opens, reads, corrects a sentence, saves, approves.
async fn review(client: &Client, link: &str) {
    client.goto(link).await.expect("the link opens");
    assert_eq!(client.find_all(Locator::Css("button")).await.expect("the page answers").len(), 1);
    press(client, "Open the review", "Priya Raman").await;
    for (_, sentence, quote) in &DRAFT[..5] {
        let shown = claim(client, sentence, quote).await;
        assert!(TRANSCRIPT.contains(&shown), "{shown:?} was not said");
    }
    let page = text(client).await;
    assert!(page.contains("Only you see this"), "{page}");
    let source = client.source().await.expect("the page answers");
    assert!(!source.contains(DRAFT[5].1), "what nobody said is not shown");

    let path = format!("//textarea[contains(., '{}')]", DRAFT[0].1);
    let field = client.find(Locator::XPath(&path)).await.expect("the sentence can be edited");
    field.clear().await.expect("it is emptied");
    field.send_keys(EDITED).await.expect("it is typed");
    press(client, "Save changes", "Your changes are saved.").await;
    // On a busy machine the hold may be over when the page is written: then it says that it was sent.
    press(client, "Approve and send", &format!("sent to {CLIENT}")).await;
    let page = text(client).await;
    assert!(page.contains(EDITED), "{page}");
}

/// A claim's quote as shown on the page, next to its speaker and time.
async fn claim(client: &Client, sentence: &str, quote: &str) -> String {
    let path = format!("//li[contains(@class, 'claim')][.//textarea[contains(., \"{sentence}\")]]");
    let claim = client.find(Locator::XPath(&path)).await.unwrap_or_else(|error| panic!("{sentence}: {error}"));
    let element = claim.find(Locator::Css("blockquote")).await.expect("a claim has its words");
    let shown = element.text().await.expect("words").trim_matches(['“', '”']).to_owned();
    assert!(shown.contains(quote), "{sentence}: {shown}");
    let time = claim.find(Locator::Css("time")).await.expect("the words have their time").text().await.expect("a time");
    assert_eq!(time, said_at(quote), "{sentence}");
    shown
}

/// When the words were said, from the cue's own line: minutes and seconds.
fn said_at(quote: &str) -> String {
    let before = &TRANSCRIPT[..TRANSCRIPT.find(quote).expect("it was said")];
    let start = &before[before.rfind(" --> ").expect("a cue has its times") - "00:00.000".len()..];
    let start = start.strip_prefix('0').unwrap_or(start);
    start.split('.').next().expect("a time").to_owned()
}

fn assert_follow_up(letter: &Letter) {
    assert_eq!(letter.header("Reply-To"), [format!("Maya Okafor <{COACH}>")]);
    assert_eq!(letter.header("Subject"), ["Our session on Monday 9 March 2026"]);
    // The text is wrapped; the HTML is markup.
    let flowing = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wanted: Vec<&str> = DRAFT[2..4].iter().map(|(_, sentence, _)| *sentence).collect();
    // What the model says about Priya, the letter says to her.
    wanted.extend(["You find it hard to refuse Gareth.", EDITED, "Friday 13 March 2026"]);
    for words in wanted {
        assert!(flowing.contains(words), "{words} is missing in {flowing}");
        assert!(letter.html.contains(words), "{words} is missing in {}", letter.html);
    }
    for unwanted in [DRAFT[0].1, DRAFT[1].1, DRAFT[4].1, DRAFT[5].1, "engage", "That stung"] {
        assert!(!flowing.contains(unwanted) && !letter.html.contains(unwanted), "{unwanted} is in {flowing}");
    }
}

/// What was said and what the coach wrote can be found.
async fn assert_found(walk: &Walk, id: &str) {
    for (query, source, words) in [
        ("fuel card feature", "utterances", "I said no to the fuel card feature in October"),
        ("four tickets in its whole first week", "summary", EDITED),
    ] {
        let hit = wait_for(&format!("{query} to be found"), async || {
            let hits = walk.installation.json_lines(&["search", query]).await;
            hits.into_iter()
                .find(|hit| hit["source"] == source && hit["text"].as_str().is_some_and(|t| t.contains(words)))
        })
        .await;
        assert_eq!((&hit["session_id"], &hit["session_date"]), (&json!(id), &json!("2026-03-09")));
        assert_eq!(hit["client"]["name"], "Priya Raman");
        assert!(source == "summary" || hit["start_ms"].is_i64(), "{hit}");
    }
}

/// The export contains everything, as read by another library.
async fn assert_exported(walk: &Walk, id: &str) {
    let export = walk.installation.json(&["export", "run"]).await;
    let key = export["manifest"].as_str().expect("the manifest's key");
    let manifest: Value = serde_json::from_slice(&walk.bucket.get(key).await.expect("it is there")).expect("JSON");
    let sessions = table(walk, &manifest, "sessions").await;
    assert_eq!(strings(&sessions, "id"), [id]);
    assert_eq!(strings(&sessions, "state"), ["closed"]);
    let utterances = table(walk, &manifest, "utterances").await;
    assert_eq!(utterances.height(), TRANSCRIPT.matches(" --> ").count(), "every cue is an utterance");
    let claims = table(walk, &manifest, "claims").await;
    let edited = claims.column("edited").expect("edited").bool().expect("yes or no");
    let version = claims.column("version").expect("version").i64().expect("numbers");
    let by_hand: Vec<(String, Option<bool>, Option<i64>)> = strings(&claims, "text")
        .into_iter()
        .zip(edited.iter().zip(version.iter()))
        .filter_map(|(text, (edited, version))| (text == EDITED).then_some((text, edited, version)))
        .collect();
    assert_eq!(by_hand, [(EDITED.to_owned(), Some(true), Some(2))]);

    // The ledger has each letter once, and each letter arrived once.
    let mails = table(walk, &manifest, "mails").await;
    let mut ledger = strings(&mails, "message_id");
    let mut received: Vec<String> = walk.smtp.letters().into_iter().map(|letter| letter.message_id).collect();
    ledger.sort();
    received.sort();
    assert_eq!(ledger, received);
    assert_eq!(BTreeSet::from_iter(&received).len(), received.len(), "no letter came twice");
    assert_eq!(strings(&mails, "kind"), ["review_request", "follow_up"]);
    assert_eq!(strings(&mails, "state"), ["sent", "sent"]);
}

/// A table of the export, read from the bucket by polars, which didn't write it.
async fn table(walk: &Walk, manifest: &Value, name: &str) -> DataFrame {
    let tables = manifest["tables"].as_array().expect("tables");
    let table = tables.iter().find(|table| table["name"] == name).expect("the table is exported");
    let files = table["files"].as_array().expect("files");
    let file = files.iter().find(|file| file["format"] == "parquet").expect("the format is there");
    let content = walk.bucket.get(file["key"].as_str().expect("a key")).await.expect("the file is there");
    ParquetReader::new(Cursor::new(content)).finish().expect("polars reads it")
}

fn strings(frame: &DataFrame, column: &str) -> Vec<String> {
    let values = frame.column(column).expect("the column").str().expect("strings");
    values.iter().flatten().map(str::to_owned).collect()
}

/// The log contains nothing that was said, no name, address or secret; but it has the session's id.
fn assert_log_is_discreet(walk: &Walk, link: &str, correlation_id: &str) {
    let log = std::fs::read_to_string(walk.installation.log()).expect("it logs");
    let token = link.rsplit('/').next().expect("a token");
    let mut secrets = vec![COACH, CLIENT, EDITED, token, "sk-walk", "walk-secret", "asa@bergstromkeramik.example"];
    secrets.extend(DRAFT.iter().flat_map(|(_, sentence, quote)| [*sentence, *quote]));
    secrets.extend(["fuel card", "Gareth", "Mossgate", "Västerås", "Oskar", "Priya", "Raman", "Okafor"]);
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
    // One id runs from the object to the email.
    for step in ["transcript was taken", "transcript parsed", "speakers were attributed", "summary is written"]
        .into_iter()
        .chain(["session is indexed", "mail queued", "mail sent", "session closed"])
    {
        let mut lines = log.lines().filter(|line| line.contains(step)).peekable();
        assert!(lines.peek().is_some(), "no line says: {step}");
        assert!(lines.all(|line| line.contains(correlation_id)), "{step} without {correlation_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_amiss() {
    let (smtp, llm) = (SmtpServer::start(), LlmServer::start([]).await);
    let mut installation = Installation::new().await;
    let bucket = format!("s3://{}/northlight", s3::new_bucket().await);
    let options = "region=us-east-1&anonymous=true";
    installation.set("DEBRIEF_BUCKET", format!("{bucket}?endpoint={}&{options}", s3::endpoint()));
    installation.set("DEBRIEF_MAIL__URL", smtp.url());
    installation.set("DEBRIEF_LLM__PROVIDER", "openai");
    installation.set("DEBRIEF_LLM__URL", llm.url.clone());
    installation.set("DEBRIEF_LLM__MODEL", "test-model");
    let good = installation.json(&["doctor"]).await;
    let names: Vec<&str> = good.as_array().expect("checks").iter().filter_map(|check| check["name"].as_str()).collect();
    let wanted = [
        "settings",
        "schedules",
        "database",
        "isolation",
        "bucket",
        "mail",
        "search",
        "summaries",
        "backups",
        "sender",
        "links",
        "second factors",
    ];
    assert_eq!(names, wanted);
    assert_eq!(amiss(&good), [] as [(&str, &str); 0]);
    assert_eq!(smtp.letters().len() + llm.requests().len(), 0, "it sends nothing and asks nothing");

    // Ports that nobody listens on, and a key that is rejected.
    let nowhere = [free_port(), free_port()];
    installation.set("DEBRIEF_BUCKET", format!("{bucket}?endpoint=http://127.0.0.1:{}&{options}", nowhere[0]));
    installation.set("DEBRIEF_MAIL__URL", format!("smtp://maya:p%40ss@127.0.0.1:{}", nowhere[1]));
    installation.set("DEBRIEF_LLM__API_KEY", "refused");
    let output = installation.output(&["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let bad: Value = serde_json::from_slice(&output.stdout).expect("a JSON document");
    let [("bucket", bucket_says), ("mail", mail_says), ("summaries", summaries_say)] = amiss(&bad)[..] else {
        panic!("{bad}")
    };
    assert!(bucket_says.contains(&format!("127.0.0.1:{}", nowhere[0])), "{bucket_says}");
    assert!(mail_says.contains(&format!("127.0.0.1:{}", nowhere[1])), "{mail_says}");
    assert!(summaries_say.contains("llm.api_key"), "{summaries_say}");
    assert!(!bad.to_string().contains("p%40ss") && !bad.to_string().contains("p@ss"), "{bad}");
}

/// The failed checks, with their messages.
fn amiss(checks: &Value) -> Vec<(&str, &str)> {
    let failed = checks.as_array().expect("checks").iter().filter(|check| check["ok"] != true);
    failed.map(|check| (check["name"].as_str().expect("a name"), check["detail"].as_str().expect("a detail"))).collect()
}
