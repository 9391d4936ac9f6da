//! What rules do without a language model.

use debrief_jobs::{
    db::Tx,
    model::{Claim, Content, Evidence, Section, summary},
};
use uuid::Uuid;

use super::{assert_grounded, begin, came_of_it, newest, refine, shown, texts};
use crate::support::{Reviewed, World};

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

#[tokio::test]
async fn shorter_keeps_the_strongest_half_and_the_coachs_notes() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let (kept, more) =
        (newest(&world, &reviewed).await, ["I wrote the three questions on the wall first.", "Nobody minded."]);
    let mut claims = kept.claims.clone();
    let mut tx = begin(&world).await;
    for (quote, position) in more.iter().zip([3, 1]) {
        let sql = "select id from utterances where position = $1";
        let utterance: Uuid = sqlx::query_scalar(sql).bind(position).fetch_one(tx.conn()).await.expect("an utterance");
        let evidence = |quote: &str| Evidence {
            utterance_id: utterance,
            quote: quote.to_owned(),
            speaker: String::new(),
            start_ms: None,
        };
        claims.push(Claim { evidence: vec![evidence(quote)], ..Claim::new(Section::Wins, (*quote).to_owned()) });
    }
    claims.sort_by_key(|claim| claim.section);
    let authorship = summary::Authorship {
        author: "summarizer",
        provider: "offline".into(),
        model: "extractive".into(),
        prompt_version: "none".into(),
        template: "default".into(),
        claims_dropped: 0,
    };
    summary::add_version(&mut tx, reviewed.summary, &Content { claims }, &authorship).await.expect("a version");
    tx.commit().await.expect("it commits");
    refine(&world, &reviewed, "kürzer, bitte").await.expect("it runs");
    let got = newest(&world, &reviewed).await;
    assert_eq!(texts(&got), [MEETING, more[0], JONAS, NOTES, HIGH], "two of three wins");
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
        ("drop the ninth point", "unchanged", "There is no such sentence"),
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
