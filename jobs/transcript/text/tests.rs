//! Tests: whose words a line holds.

use crate::parse;

/// `label|text` of each utterance, and how many of them nobody is known to have said, by the warnings.
fn said(text: &str) -> (Vec<String>, usize) {
    let read = parse(text.as_bytes()).expect("a transcript");
    let asked = read.warnings.iter().filter(|warning| warning.message.contains("has no name")).count();
    let said = |said: &crate::Utterance| format!("{}|{}", said.label.as_deref().unwrap_or(""), said.text);
    (read.utterances.iter().map(said).collect(), asked)
}

#[test]
fn a_time_amid_what_is_said_is_said_where_times_stand_elsewhere() {
    for head in ["[0:0%] Ana B", "Ana B [0:0%]", "Ana B  0:0%"] {
        let turn = |at: i32| format!("{}\nwe meet again soon?\n\n", head.replace('%', &at.to_string()));
        let text = format!(
            "{}{}yes 00:01:02 is what the clock says there.\n\n{}",
            turn(1),
            turn(3).replace("we meet again soon?\n\n", ""),
            turn(5)
        );
        let (said, _) = said(&text.replacen("Ana B", "Tom", 1));
        assert_eq!(said[1], "Ana B|yes 00:01:02 is what the clock says there.", "{text}");
    }
}

#[test]
fn a_heading_says_which_day_it_was() {
    let talk = "Priya: We sold the house.\nMaya: How was that?\n".repeat(3);
    for (heading, wanted) in [
        ("Coaching call with Priya, Friday 27 November 2026", Some("2026-11-27")),
        ("# Priya – 2026-11-27 – third session", Some("2026-11-27")),
        ("*5 November 2026, Zoom*", Some("2026-11-05")),
        ("Session (27.11.2026)", Some("2026-11-27")),
        ("Next session: 4 December 2026", None),
        ("Priya, due 4 December 2026", None),
        ("Call on 03/04/2026", None),
        ("Priya, third session", None),
    ] {
        let read = parse(format!("{heading}\n\n{talk}").as_bytes()).expect("a transcript");
        assert_eq!(read.session_date.map(|day| day.to_string()).as_deref(), wanted, "{heading}");
    }
    // A day below the talk is another one.
    let read = parse(format!("{talk}\n## Notes\n\nWe meet on 4 December 2026.\n").as_bytes()).expect("a transcript");
    assert_eq!(read.session_date, None);
}

#[test]
fn answers_without_a_name_are_nobodys() {
    let wanted = ["Coach|How was the week for you?", "|Long, and I sold the house."].repeat(4);
    for answer in ["- ", "– ", "    ", "\t", "  - "] {
        let turn = format!("Coach: How was the week for you?\n{answer}Long, and I sold the house.\n");
        assert_eq!(said(&turn.repeat(4)), (wanted.iter().map(|said| (*said).to_owned()).collect(), 4), "{answer:?}");
        // Of more lines too.
        let more = format!("{turn}\n");
        assert_eq!(said(&more.repeat(4)).1, 4, "{answer:?}");
    }
    let hanging = "Coach: This is a talk about the house\n    that we sold in the spring.\n";
    assert_eq!(said(&hanging.repeat(4)).1, 0);
    let list = "Ana: I see three things:\n- the house\n- the school\n- the work\nTom: Those are many for us.\n";
    assert_eq!(said(&list.repeat(3)).1, 0);
}
