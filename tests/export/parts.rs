//! Exports of a part: of a coach, a client, some days; and what an unfinished one leaves.

use debrief_jobs::{
    db::Tx,
    export::{ExportOrganization, Format, Manifest, Scope, Wish, WishError, start, start_as},
    model::{Content, Owner},
};
use serde_json::json;
use uuid::Uuid;

use super::{Session, export, json_rows, path, table};
use crate::support::{
    World,
    filled::{Filled, action, day},
};

async fn export_of(world: &World, wish: Wish) -> Manifest {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    start_as(&mut tx, &wish.checked().expect("a good wish")).await.expect("an export is started");
    tx.commit().await.expect("it is committed");
    let output = world.run_queued::<ExportOrganization>().await.expect("a job is due").expect("it is published");
    let key = output["manifest_key"].as_str().expect("a key");
    serde_json::from_slice(&std::fs::read(path(world, key)).expect("a manifest")).expect("a good manifest")
}

/// A session of both clients on a day, in which each promises something, and one of another coach.
struct Scene {
    world: World,
    both: Filled,
    other_coach: Uuid,
    other: Filled,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let said = vec![("Priya Raman", "I said this."), ("Tom Becker", "And Tom this."), ("Maya Okafor", "Asked.")];
        let clients = vec![(world.priya, "Priya Raman"), (world.tom, "Tom Becker")];
        let session = Session { group: true, clients, day: day("2026-03-10"), ..world.session(said) };
        let both = world.insert(&session).await;
        for (client, text, at) in [(world.priya, "Priya’s.", 0), (world.tom, "Tom’s.", 1)] {
            let claims = vec![action(text, Owner::Client, None, both.utterances[at])];
            world.summarize(both.session, client, &Content { claims }).await;
        }
        let [other_coach, other_client] = [Uuid::now_v7(), Uuid::now_v7()];
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, time_zone)
             values ($1, $2, 'ada', 'Ada Holm', 'ada@northlight.example', 'Europe/Stockholm')",
        )
        .bind(other_coach)
        .bind(world.organization)
        .execute(tx.conn())
        .await
        .expect("a coach");
        sqlx::query("insert into clients (id, organization_id, coach_id, name) values ($1, $2, $3, 'Nadia Brandt')")
            .bind(other_client)
            .bind(world.organization)
            .bind(other_coach)
            .execute(tx.conn())
            .await
            .expect("a client");
        sqlx::query(
            "insert into llm_calls (id, organization_id, session_id, task, provider, model, prompt_version)
             values (gen_random_uuid(), $1, $2, 'summarize', 'openai', 'm', 'p'), (gen_random_uuid(), $1, null, 'ask', 'openai', 'm', 'p')",
        )
        .bind(world.organization)
        .bind(both.session)
        .execute(tx.conn())
        .await
        .expect("calls");
        tx.commit().await.expect("they are committed");
        let session = Session {
            coach: other_coach,
            clients: vec![(other_client, "Nadia Brandt")],
            day: day("2026-04-01"),
            ..world.session(vec![("Nadia Brandt", "Elsewhere.")])
        };
        let other = world.insert(&session).await;
        Self { world, both, other_coach, other }
    }

    fn column(&self, manifest: &Manifest, name: &str, column: &str) -> Vec<String> {
        let rows = json_rows(&self.world, manifest, name);
        let mut values: Vec<String> =
            rows.iter().map(|row| row[column].as_str().unwrap_or_default().to_owned()).collect();
        values.sort();
        values
    }
}

#[tokio::test]
async fn an_export_of_a_coach_has_that_coachs_sessions_alone() {
    let scene = Scene::new().await;
    let scope = Scope { coach_id: Some(scene.other_coach), ..Scope::default() };
    let manifest = export_of(&scene.world, Wish { scope: scope.clone(), ..Wish::default() }).await;
    assert_eq!(manifest.scope, scope);
    assert_eq!(scene.column(&manifest, "sessions", "id"), [scene.other.session.to_string()]);
    assert_eq!(scene.column(&manifest, "utterances", "text"), ["Elsewhere."]);
    assert_eq!(scene.column(&manifest, "clients", "name"), ["Nadia Brandt"]);
    assert_eq!(scene.column(&manifest, "coaches", "name"), ["Ada Holm"]);
    for empty in ["claims", "action_items", "summaries", "costs"] {
        assert_eq!(table(&manifest, empty).rows, 0, "{empty}");
    }
}

#[tokio::test]
async fn an_export_of_a_client_has_nothing_that_is_another_clients() {
    let scene = Scene::new().await;
    let scope = Scope { client_id: Some(scene.world.priya), ..Scope::default() };
    let manifest = export_of(&scene.world, Wish { scope, ..Wish::default() }).await;
    assert_eq!(scene.column(&manifest, "sessions", "id"), [scene.both.session.to_string()]);
    assert_eq!(scene.column(&manifest, "action_items", "text"), ["Priya’s."]);
    assert_eq!(scene.column(&manifest, "participants", "name"), ["Maya Okafor", "Priya Raman"]);
    assert_eq!(scene.column(&manifest, "utterances", "text"), ["Asked.", "I said this."], "not what Tom said");
    assert_eq!(table(&manifest, "costs").rows, 1);
    for file in manifest.tables.iter().flat_map(|table| &table.files).filter(|file| file.format != "parquet") {
        let text = std::fs::read_to_string(path(&scene.world, &file.key)).expect("a file");
        assert!(!text.contains("Tom"), "{} tells of Tom", file.key);
    }
}

#[tokio::test]
async fn days_choose_sessions_and_what_came_of_them() {
    let scene = Scene::new().await;
    for (first, last, wanted) in [
        ("2026-03-01", "2026-03-31", vec![scene.both.session]),
        ("2026-03-10", "2026-03-10", vec![scene.both.session]),
        ("2026-03-11", "2026-03-31", vec![]),
        ("2026-03-11", "2026-04-01", vec![scene.other.session]),
    ] {
        let scope = Scope { first_day: Some(day(first)), last_day: Some(day(last)), ..Scope::default() };
        let wish = Wish { scope, tables: vec!["utterances".into(), "sessions".into()], formats: vec![Format::Jsonl] };
        let manifest = export_of(&scene.world, wish).await;
        let names: Vec<&str> = manifest.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["sessions", "utterances"], "in their order");
        let wanted: Vec<String> = wanted.iter().map(Uuid::to_string).collect();
        assert_eq!(scene.column(&manifest, "sessions", "id"), wanted, "{first} to {last}");
        assert!(scene.column(&manifest, "utterances", "session_id").iter().all(|id| wanted.contains(id)));
        assert!(manifest.tables.iter().all(|table| table.files.len() == 1 && table.files[0].format == "jsonl"));
    }
}

/// Who reads a table's folder reads whole exports.
#[tokio::test]
async fn an_export_of_a_part_is_in_a_folder_of_its_own_and_is_not_the_newest() {
    let scene = Scene::new().await;
    let whole = export(&scene.world).await;
    let wish = Wish { tables: vec!["sessions".into()], ..Wish::default() };
    let part = export_of(&scene.world, wish).await;
    let folder = format!("exports/parts/{}/", part.export_id);
    assert!(part.tables[0].files.iter().all(|file| file.key.starts_with(&folder)));
    let latest = std::fs::read(path(&scene.world, "exports/latest/northlight.json")).expect("the newest");
    assert_eq!(serde_json::from_slice::<Manifest>(&latest).expect("a manifest"), whole);
}

#[tokio::test]
async fn different_wishes_are_different_exports() {
    let world = World::new().await;
    let part = Wish { formats: vec![Format::Csv, Format::Parquet, Format::Csv], ..Wish::default() };
    let part = part.checked().expect("a good wish");
    assert_eq!(part.formats, [Format::Parquet, Format::Csv]);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let whole = start(&mut tx).await.expect("it is started");
    let other = start_as(&mut tx, &part).await.expect("it is started");
    assert_eq!(start_as(&mut tx, &part).await.expect("it is there"), other);
    assert_ne!(whole, other);
    tx.commit().await.expect("they are committed");
    world.leaves::<ExportOrganization>();
}

#[test]
fn a_wish_that_cannot_be_carried_out_says_why() {
    let unknown = Wish { tables: vec!["sesions".into()], ..Wish::default() };
    let told = unknown.checked().expect_err("there is no such table").to_string();
    assert!(told.starts_with("there is no table `sesions`; the tables are coaches, clients, sessions,"), "{told}");
    let scope = Scope { first_day: Some(day("2026-04-01")), last_day: Some(day("2026-03-01")), ..Scope::default() };
    let days = Wish { scope, ..Wish::default() }.checked().expect_err("the wrong way round");
    assert_eq!(days.to_string(), "the first day (2026-04-01) is after the last one (2026-03-01); swap them");
    let far = Scope { last_day: chrono::NaiveDate::from_ymd_opt(12_026, 1, 1), ..Scope::default() };
    assert!(matches!(Wish { scope: far, ..Wish::default() }.checked(), Err(WishError::Year(_))));
}

#[tokio::test]
async fn a_running_export_says_how_far_it_is() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let id = start(&mut tx).await.expect("it is started");
    let progress = json!({ "step": "reading", "tables_done": 3, "tables": 24, "rows": 5, "bytes": 9 });
    sqlx::query("update jobs set progress = $1").bind(&progress).execute(tx.conn()).await.expect("as its job reports");
    let line = debrief_jobs::export::one(&mut tx, id).await.expect("a query").expect("it is there");
    assert_eq!(serde_json::to_value(&line).expect("JSON")["progress"], progress);
    drop(tx);
}

#[tokio::test]
async fn ten_exports_of_an_organization_may_be_unfinished() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let wish = |at: u32| {
        let scope = Scope { first_day: chrono::NaiveDate::from_ymd_opt(2026, 3, at), ..Scope::default() };
        Wish { scope, ..Wish::default() }
    };
    for at in 1..=10 {
        start_as(&mut tx, &wish(at)).await.expect("it is started");
    }
    let told = start_as(&mut tx, &wish(11)).await.expect_err("one too many").to_string();
    assert!(told.starts_with("10 exports of this organization are unfinished; wait"), "{told}");
    start_as(&mut tx, &wish(3)).await.expect("that one is there");
}
