//! What rules do without a language model.

use debrief_jobs::{
    db::Tx,
    model::{ActionItem, Claim, Content, Evidence, Owner, Section, Support, summary},
};
use uuid::Uuid;

use super::{assert_grounded, begin, came_of_it, newest, refine, shown, texts};
use crate::support::{Reviewed, World, written_by};

const MEETING: &str = "You ran the planning meeting yourself and kept it to half an hour.";
const JONAS: &str = "Handing work to Jonas still feels slower than doing it yourself.";
const NOTES: &str = "Hand the release notes to Jonas and let his first draft stand.";
const HIGH: &str = "High: concrete examples without being asked.";

#[tokio::test]
async fn each_wish_that_rules_understand_is_done() {
    for (instruction, expect) in [
        ("drop the second point", vec![MEETING, NOTES, HIGH]),
        ("Lass den zweiten Punkt weg.", vec![MEETING, NOTES, HIGH]),
        ("remove the last win", vec![JONAS, NOTES, HIGH]),
        ("leave out everything about Jonas", vec![MEETING, HIGH]),
        ("alles über Jonas weglassen", vec![MEETING, HIGH]),
        ("only the action items", vec![NOTES, HIGH]),
        ("nur die Aufgaben", vec![NOTES, HIGH]),
        (
            "use her words about the meeting",
            vec![
                "Priya said: \u{201c}I ran the planning meeting myself, and I kept it to half an hour.\u{201d}",
                JONAS,
                NOTES,
                HIGH,
            ],
        ),
        (
            "Nimm ihre Worte zu Jonas",
            vec![
                MEETING,
                JONAS,
                "Priya said: \u{201c}I will give Jonas the release notes by Friday and let his first draft stand.\u{201d}",
                HIGH,
            ],
        ),
        (
            "use Priya's words about the questions",
            vec![MEETING, JONAS, NOTES, "\u{201c}I wrote the three questions on the wall first.\u{201d}", HIGH],
        ),
        ("drop the challenges and drop the last action item", vec![MEETING, HIGH]),
    ] {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        let output = refine(&world, &reviewed, instruction).await.expect("it runs");
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert_eq!(state, "done", "{instruction}: {output} {reason}");
        let mut got = newest(&world, &reviewed).await;
        got.claims.sort_by_key(|claim| claim.section);
        let mut expect = expect;
        let mut got = texts(&got);
        got.sort_unstable();
        expect.sort_unstable();
        assert_eq!(got, expect, "{instruction}");
        assert_grounded(&world).await;
    }
}

/// Adds a version of the summary with more claims, each with a quote from the utterance at `position` or none.
async fn with_more(world: &World, reviewed: &Reviewed, more: &[(Section, &str, Option<i32>, Support)]) {
    let mut claims = newest(world, reviewed).await.claims;
    let mut tx = begin(world).await;
    for (section, text, position, support) in more {
        let mut evidence = Vec::new();
        if let Some(position) = position {
            let sql = "select id from utterances where position = $1";
            let utterance_id: Uuid =
                sqlx::query_scalar(sql).bind(position).fetch_one(tx.conn()).await.expect("an utterance");
            evidence.push(Evidence { utterance_id, quote: (*text).to_owned(), speaker: String::new(), start_ms: None });
        }
        let action = (*section == Section::ActionItems).then_some(ActionItem {
            owner: Owner::Client,
            due_date: None,
            due_words: None,
        });
        claims.push(Claim { evidence, action, support: *support, ..Claim::new(*section, (*text).to_owned()) });
    }
    claims.sort_by_key(|claim| claim.section);
    let authorship = written_by("summarizer");
    summary::add_version(&mut tx, reviewed.summary, &Content { claims }, &authorship).await.expect("a version");
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn shorter_keeps_the_strongest_half_and_the_coachs_notes() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let more = ["I wrote the three questions on the wall first.", "Nobody minded."];
    let wins = [(more[0], 3), (more[1], 1)].map(|(text, at)| (Section::Wins, text, Some(at), Support::Verified));
    with_more(&world, &reviewed, &wins).await;
    refine(&world, &reviewed, "kürzer, bitte").await.expect("it runs");
    let got = newest(&world, &reviewed).await;
    assert_eq!(texts(&got), [MEETING, more[0], JONAS, NOTES, HIGH], "two of three wins");
}

/// Promises and the coach's own words stay, and unchecked sentences go before verified ones.
#[tokio::test]
async fn shorter_drops_what_nobody_checked_first_and_no_promise_at_all() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let (wall, proud) = ("I wrote the three questions on the wall first.", "I am proud of you.");
    let promises = ["Send the first draft.", "Call the bank.", "Write to Lena."];
    let more = [
        (Section::Wins, "You doubled the revenue.", None, Support::Unchecked),
        (Section::Wins, "You were promoted.", None, Support::Unchecked),
        (Section::Wins, wall, Some(3), Support::Verified),
        (Section::Wins, proud, None, Support::Own),
        (Section::ActionItems, promises[0], Some(5), Support::Verified),
        (Section::ActionItems, promises[1], Some(5), Support::Verified),
        (Section::ActionItems, promises[2], Some(5), Support::Verified),
    ];
    with_more(&world, &reviewed, &more).await;
    refine(&world, &reviewed, "shorter").await.expect("it runs");
    let got = newest(&world, &reviewed).await;
    assert_eq!(
        texts(&got),
        [MEETING, wall, proud, JONAS, NOTES, promises[0], promises[1], promises[2], HIGH],
        "what nobody checked is gone, and no promise"
    );
    let (state, reason) = came_of_it(&world, &reviewed).await;
    assert_eq!(
        (state.as_str(), reason.contains("What was promised and what you wrote yourself stays")),
        ("done", true)
    );
    // Once only promises are left to cut, it says so; a named one is removed.
    refine(&world, &reviewed, "shorter").await.expect("it runs");
    refine(&world, &reviewed, "drop everything about the bank").await.expect("it runs");
    let got = newest(&world, &reviewed).await;
    assert!(!texts(&got).contains(&promises[1]) && texts(&got).contains(&proud), "{:?}", texts(&got));
    refine(&world, &reviewed, "shorter").await.expect("it runs");
    let (state, reason) = came_of_it(&world, &reviewed).await;
    assert!(state == "unchanged" && reason.starts_with("Everything left is a promise"), "{state} {reason}");
}

#[tokio::test]
async fn more_brings_what_was_said_and_does_not_stand_there() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    refine(&world, &reviewed, "more about the questions").await.expect("it runs");
    assert_eq!(came_of_it(&world, &reviewed).await.0, "done");
    let got = newest(&world, &reviewed).await;
    assert!(texts(&got).iter().any(|text| text.contains("three questions on the wall")), "{:?}", texts(&got));
    assert_grounded(&world).await;
}

#[tokio::test]
async fn what_rules_cannot_do_is_said() {
    for (instruction, expect, words) in [
        ("warmer", "failed", "needs a language model"),
        ("in German", "failed", "needs a language model"),
        ("shorter and warmer", "failed", "needs a language model"),
        ("drop the ninth point", "unchanged", "There’s no such sentence"),
        ("drop the recommendations", "unchanged", "nothing under Recommendations"),
        ("drop everything about the budget", "unchanged", "about \u{201c}the budget\u{201d}"),
        ("use her words about the launch", "unchanged", "Priya said nothing about"),
        ("more about the launch", "unchanged", "Nothing more was said"),
        ("only the recommendations", "unchanged", "nothing for the client"),
        ("shorter", "unchanged", "Nothing in the summary had to change"),
    ] {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        refine(&world, &reviewed, instruction).await.expect("it runs");
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert!(state == expect && reason.contains(words), "{instruction}: {state} {reason}");
        assert_eq!(shown(&world, &reviewed).await.version, 1);
    }
}
