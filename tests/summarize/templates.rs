//! What shapes a summary: the organization's templates, and what earlier sessions left to do.

use debrief_jobs::{
    db::Tx,
    model::{Section, ThreadOutcome},
    summarize::template,
};

use super::{PRIYA, Staged, content, one, stage, stage_on, texts};
use crate::support::{World, installation::Installation};

/// Saves a template for the world's organization.
async fn save(world: &World, file: &str) -> template::Saved {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let saved = template::save(&mut tx, file).await.expect("the template is saved");
    tx.commit().await.expect("it is committed");
    saved
}

async fn template_of(world: &World, staged: &Staged) -> String {
    one(world, "select template from summary_versions where summary_id = $1", staged.priya.summary_id).await
}

#[tokio::test]
async fn the_template_that_fits_chooses_the_sections_and_is_named() {
    let world = World::new().await;
    save(&world, "name = \"everybody\"\nlength = \"short\"\n").await;
    save(&world, "name = \"groups\"\n[when]\ntype = \"group\"\n[sections]\nwins = 0\n").await;
    save(&world, "name = \"mine\"\n[when]\ncoach = \"maya\"\n[sections]\nchallenges = 1\n").await;
    let mine = "name = \"mine\"\n[when]\ncoach = \"maya\"\n[sections]\nchallenges = 0\nengagement = 0\n";
    assert_eq!(save(&world, mine).await.version, 2);
    assert_eq!(save(&world, mine).await.version, 2, "the same file again is no new version");

    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the job succeeds");
    let written = content(&world, &staged.priya, 1).await;
    assert_eq!(written.section(Section::Wins).count(), 1);
    assert_eq!(written.section(Section::Challenges).count(), 0);
    assert_eq!(written.section(Section::Engagement).count(), 0);
    assert_eq!(template_of(&world, &staged).await, "mine 2");

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    template::retire(&mut tx, "mine").await.expect("it is retired");
    tx.commit().await.expect("it is committed");
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the job succeeds");
    assert_eq!(template_of(&world, &staged).await, "everybody 1");
}

#[tokio::test]
async fn what_a_session_left_to_do_is_asked_of_the_next_until_it_is_met() {
    let world = World::new().await;
    let first = stage_on(&world, "2026-03-04", PRIYA).await;
    world.run(&first.priya).await.expect("the first session is summarised");
    let promised = content(&world, &first.priya, 1).await;
    assert_eq!(promised.section(Section::OpenThreads).count(), 0, "before the first session there was none");
    assert_eq!(promised.section(Section::ActionItems).count(), 1);

    // Nobody mentions it; then it isn't done; then it is; then nobody is asked about it.
    for (day, answer, expected) in [
        ("2026-03-11", "I shipped the driver app to three depots.", Some(ThreadOutcome::NoMatch)),
        ("2026-03-18", "I still haven't sent Lena the number.", Some(ThreadOutcome::NotMet)),
        ("2026-03-25", "On Monday I sent Lena the number.", Some(ThreadOutcome::Met)),
        ("2026-04-01", "I slept well and I rested.", None),
    ] {
        let session = stage_on(&world, day, &[("Maya", "How did it go?"), ("Priya", answer)]).await;
        world.run(&session.priya).await.expect("the session is summarised");
        let written = content(&world, &session.priya, 1).await;
        let threads: Vec<_> = written.section(Section::OpenThreads).collect();
        let outcome = threads.first().and_then(|claim| claim.thread.as_ref()).map(|thread| thread.outcome);
        assert_eq!(outcome, expected, "{day}: {threads:?}");
        for claim in threads {
            let thread = claim.thread.as_ref().expect("a thread");
            assert_eq!(thread.session_date.to_string(), "2026-03-04");
            assert_eq!(claim.text, "Send Lena the number by Friday.");
            let cited = claim.evidence.iter().map(|evidence| evidence.quote.as_str()).collect::<Vec<_>>();
            assert_eq!(cited.is_empty(), thread.outcome == ThreadOutcome::NoMatch, "{cited:?}");
        }
        assert!(written.for_client().all(|claim| claim.thread.is_none()), "threads are the coach's");
    }
}

#[tokio::test]
async fn risk_and_priority_have_a_score_and_their_reasons() {
    let world = World::new().await;
    let lines = [
        ("Maya", "How are you?"),
        ("Priya", "I'm exhausted, I am close to burning out."),
        ("Maya", "What does that mean for you?"),
        ("Priya", "I'm thinking about leaving my job. I didn't send the report that I promised."),
    ];
    let staged = stage(&world, &lines).await;
    world.run(&staged.priya).await.expect("the job succeeds");
    let written = content(&world, &staged.priya, 1).await;
    for section in [Section::Risk, Section::Priority] {
        let score = written.score(section).map(f32::from).expect("a score");
        assert!((0.3..1.0).contains(&score), "{section}: {score}");
        assert!(written.section(section).all(|claim| !claim.evidence.is_empty()));
    }
    assert!(texts(&written, Section::Risk).iter().any(|text| text.contains("burning out")), "{written:?}");
    let calm = stage(&world, PRIYA).await;
    world.run(&calm.priya).await.expect("the job succeeds");
    assert_eq!(content(&world, &calm.priya, 1).await.score(Section::Risk), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_tried_saved_shown_and_retired_on_the_command_line() {
    let installation = Installation::new().await;
    installation.people().await;
    let default = installation.run(&["templates", "show", "default"]).await;
    assert!(default.contains("[sections]"), "{default}");
    let file = installation.folder.path().join("workshop.toml");
    let path = file.to_string_lossy().into_owned();
    std::fs::write(&file, "name = \"workshop\"\n[when]\ntitle = \"workshop\"\n[sections]\nwinz = 3\n").expect("a file");
    let output = installation.output(&["templates", "set", &path]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("winz") && said.contains("wins"), "what is wrong and what there is: {said}");

    std::fs::write(&file, "name = \"workshop\"\n[when]\ntitle = \"workshop\"\n[sections]\nwins = 3\nrisk = 0\n")
        .expect("a file");
    let tried = installation.run(&["templates", "check", &path]).await;
    assert!(tried.contains("Hartman") && tried.contains("titles with “workshop”"), "{tried}");
    assert_eq!(installation.json_lines(&["templates", "list"]).await.len(), 0, "trying saves nothing");
    assert_eq!(installation.json(&["templates", "set", &path]).await["version"], 1);
    let shown = installation.run(&["templates", "show", "workshop"]).await;
    assert_eq!(shown.trim(), std::fs::read_to_string(&file).expect("the file").trim());
    installation.run(&["templates", "retire", "workshop"]).await;
    assert_eq!(installation.json_lines(&["templates", "list"]).await[0]["retired"], true);
    let unknown = installation.output(&["templates", "show", "nothing"]).await;
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("debrief templates list"));
}
