//! Tests: who says the words on a line.

use super::warnings::{MISTYPED_LABEL, NAME_WITHOUT_COLON, NAME_WITHOUT_TIME};
use crate::parse;

/// `label|text` of each utterance, and the number of utterances without a known speaker, by the warnings.
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
fn a_turn_that_lost_its_name_is_told() {
    let talk = "Dana: How was the week for you?\nPriya: Long, I sold the house.\n".repeat(6);
    for gap in ["\n", "\n\n"] {
        let file = talk.replace('\n', gap);
        let told = |text: &str| {
            let read = parse(text.as_bytes()).expect("a talk");
            let tells = |message: &str| {
                message.contains("has no name, while")
                    || message.contains("without a colon")
                    || message.contains("the usual colon")
            };
            read.warnings.iter().filter(|warning| tells(&warning.message)).count()
        };
        assert_eq!(told(&file), 0);
        let at = file.len() / 2;
        let at = at + file[at..].find("Dana:").expect("a turn");
        for lost in ["Priya I will call Ines on Monday.", "Priya; I will call Ines on Monday.", "I will call Ines."] {
            assert_eq!(told(&format!("{}{lost}{gap}{}", &file[..at], &file[at..])), 1, "{lost}");
        }
        // Lines that go on are usual where there are many of them.
        assert_eq!(told(&file.replace("Long, I sold", &format!("Long.{gap}I sold"))), 0);
    }
}

#[test]
fn a_point_and_a_dash_part_a_name_from_its_words() {
    let turn = "ENTREVISTADORA.- ¿Qué fue lo peor?\nSRA. O’NEILL.- Me dijo: no confío en ti. Y yo: pues yo tampoco.\n";
    for dash in [".- ", ".– ", ".— "] {
        let (said, _) = said(&turn.replace(".- ", dash).repeat(3));
        let wanted =
            ["ENTREVISTADORA|¿Qué fue lo peor?", "SRA. O’NEILL|Me dijo: no confío en ti. Y yo: pues yo tampoco."];
        assert_eq!(said, wanted.repeat(3), "{dash}");
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

/// The talk that a coach typed, with a line inserted after the fourth turn, and the resulting utterances.
fn with_a_line(line: &str) -> (Vec<String>, Vec<String>) {
    let talk = [
        "R: how was the week with your sister",
        "H: long. she came by on every single day",
        "R: what did you do",
        "H: i let her in, and then i hid in the kitchen",
        "R: what would you rather have done",
        "H: asked her to call before she comes",
        "R: when will you ask her",
        "H: on friday, at the market",
    ];
    let file = [&talk[..4], &[line], &talk[4..]].concat().join("\n");
    let read = parse(file.as_bytes()).expect("a transcript");
    assert!(read.account.balances(), "{line}");
    let said = read.utterances.iter().map(|said| format!("{}: {}", said.label.as_deref().unwrap_or("?"), said.text));
    let notes =
        read.warnings.into_iter().map(|warning| warning.message).filter(|message| message.contains("a note, not"));
    (said.collect(), notes.collect())
}

#[test]
fn a_coachs_notes_between_the_turns_are_nobodys_words_and_are_shown() {
    for note in [
        "(laughs, but looks worn out, ask about sleep next time)",
        "[break, the post, a parcel for upstairs]",
        "[RH: not true, it was twice - see last time]",
        "(Ruth thinks: she looks ill)",
        "(looks tired)",
        "*avoids my eyes*",
        "--> pattern! the third time with the kitchen",
        "-> ask about the sister",
        "→ kitchen again",
        "!! mother next time",
        "NB: passive again, look into that",
        "NB she hides a lot",
        "Note: bring the worksheet",
        "note to self: less advice",
        "To do - send the worksheet",
        "my to do: worksheet",
        "TODO send worksheet",
        "* raise fee in January",
        "• invoice for November",
        "- invoice for November",
        "// she never names the mother",
        "Notiz: Mutter ansprechen",
        "Anm.: wirkt müde",
        "[a long remark of mine that goes\non below]",
        "~~ kitchen pattern ~~",
        "NB: this is a long remark of mine that goes on and\non below",
    ] {
        let (said, notes) = with_a_line(note);
        assert_eq!(said, with_a_line("").0, "{note}");
        assert!(!notes.is_empty() && notes[0].contains(&note[..note.len().min(12)]), "{note} {notes:?}");
    }
    let sections = "R: how was it for you\nH: long, i must say\nR: what now\nH: i rest a little\n\nNotes: better.\n\nAlso the fee.\n";
    assert_eq!(said(sections).0.len(), 4, "{:?}", said(sections).0);
    // Also if names are above the words.
    let turn = |at: usize, name: &str, said: &str| format!("{name} 0:0{at}\n{said}\n\n");
    let file = [
        turn(0, "Ruth", "How are you?"),
        turn(2, "Hanna", "Fine, I suppose.\n- a bit tired\n--> ask about work"),
        turn(5, "Ruth", "What is more?"),
        turn(7, "Hanna", "Tired.\n(voice breaks, new)"),
    ];
    let read = parse(file.concat().as_bytes()).expect("a transcript");
    let said: Vec<&str> = read.utterances.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(said, ["How are you?", "Fine, I suppose. - a bit tired", "What is more?", "Tired."]);
    for below in [
        "my to do: worksheet. invoice nov.",
        "worksheet, invoice",
        "good session!\nnext one on the 4th",
        "P.S. send her\nthe worksheet",
    ] {
        let file = "R: how was it for you\nH: long, i must say\nR: and what then\nH: i slept until noon\nR: and what now\nH: i rest a little\n\n";
        let read = parse(format!("{file}{below}\n").as_bytes()).expect("a transcript");
        assert_eq!(read.utterances.len(), 6, "{below} {:?}", read.utterances);
        assert!(read.warnings.iter().any(|warning| warning.message.contains(&below[..9])), "{below}");
    }
}

#[test]
fn what_was_said_between_the_turns_stays_said() {
    for line in
        ["and then i came out again", "(laughs)", "[laughs softly]", "(H: mm-hm)", "[pause]", "10:30 was when she left"]
    {
        assert!(with_a_line(line).1.is_empty(), "{line}");
    }
    // A list that somebody introduces, and what follows most turns.
    let list = "Ana: I see three things:\n- the house\n- the school\nTom: Those are many for us.\nAna: Yes, I think so too.\nTom: Then go on with them.\n";
    assert_eq!(said(list).0[0], "Ana|I see three things: - the house - the school");
    let each = "Ana: Where is it?\n(Wo ist es?)\nTom: At home.\n(Zu Hause.)\n".repeat(4);
    assert!(said(&each).0[0].contains("Wo ist es?"));
    // Turns of several paragraphs have a last one too.
    let paragraphs = "Ana: So it was.\n\nAnd on it went.\n\nTom: Yes, it did.\n\nAna: No, not here.\n\nTom: I left at noon.\n\nAnd came back.\n";
    assert_eq!(said(paragraphs).0.last().map(String::as_str), Some("Tom|And came back."));
    // Somebody whose initials are the word for a note.
    let initials = "NB: How was the week?\nTim: It was long for me.\n".repeat(4);
    assert_eq!(said(&initials).0.len(), 8);
}

#[test]
fn thoughts_in_a_turn_are_set_aside_and_shown() {
    let file =
        "R: and then\nH: i hid (looks down, ask about this next time) in the kitchen\nR: why\nH: no idea (laughs)\n";
    let read = parse(file.as_bytes()).expect("a transcript");
    assert_eq!(read.utterances[1].text, "i hid in the kitchen");
    assert_eq!(read.utterances[3].text, "no idea (laughs)");
    assert!(read.account.balances() && read.warnings.iter().any(|warning| warning.message.contains("looks down")));
}

/// A talk over three pages, with a header and a footer on each.
fn pages(header: &str, footer: &str, feed: &str) -> String {
    let page = |nth: usize| {
        let turns = "Ilse Brandt:   How was that, then?\n\nR. Lind:       I sold it, and I rested for as long as\n               the weather lasted.\n\n";
        let number = |text: &str| text.replace('#', &nth.to_string());
        format!("{}\n\n{}{}\n{feed}", number(header), turns.repeat(4), number(footer))
    };
    (1..=3).map(page).collect()
}

#[test]
fn what_stands_around_pages_is_nobodys_words() {
    for (header, footer, feed) in [
        ("Northlight Coaching          Confidential", "                 Page # of 3", "\u{c}"),
        ("Northlight Coaching          Confidential", "Page # of 3", ""),
        ("Northlight Coaching - session record", "- # -", "\u{c}"),
        ("Northlight Coaching   #", "Printed for R. Lind", "\u{c}"),
        ("Vertraulich – Northlight Coaching", "Seite # von 3", "\n"),
        ("Session record of the ninth", "Northlight Coaching | Page #", ""),
        ("Northlight Coaching          Confidential, not for others", "", "\n"),
    ] {
        let file = pages(header, footer, feed);
        let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal} {file}"));
        assert_eq!(read.utterances.len(), 24, "{header} {footer} {:?}", read.utterances);
        assert!(
            read.utterances.iter().all(|said| said.label.is_some() && !said.text.contains("Northlight")),
            "{header}"
        );
        assert!(read.account.balances());
        let told = read.warnings.iter().any(|warning| warning.message.contains("around the pages"));
        assert!(told, "{header} {:?}", read.warnings);
    }
    // A turn continues on the next page.
    let file =
        pages("Northlight record", "Page # of 3", "\u{c}").replacen("lasted.\n\nPage 1", "lasted and\n\nPage 1", 1);
    let over =
        file.replacen("\u{c}Northlight record\n\n", "\u{c}Northlight record\n\n               the summer went.\n\n", 1);
    assert!(said(&over).0[7].ends_with("lasted and the summer went."), "{:?}", said(&over).0);
    // What people say again and again stays.
    let talk = "Ana: So you say.\n\nMhm, I see that.\n\nTom: I do say it.\n\n\u{c}".repeat(4);
    assert_eq!(said(&talk).0.iter().filter(|said| said.ends_with("I see that.")).count(), 4);
}

#[test]
fn the_lines_of_a_court_are_numbered_and_its_pages_are_nobodys() {
    let page = |nth: usize| {
        let lines = [
            "Q.   Did you or did you not",
            "call the plumber?",
            "A.   I did, at noon, and he came",
            "within the hour.",
        ];
        let numbered =
            |from: usize| lines.iter().enumerate().map(move |(at, line)| format!("{:2}    {line}\n", from + at));
        format!(
            "{nth:>60}\n{}{}\n    HARBOUR REPORTING - 555 0142\n\n",
            numbered(1).collect::<String>(),
            numbered(5).collect::<String>()
        )
    };
    let read = parse((1..=3).map(page).collect::<String>().as_bytes()).expect("a transcript");
    assert_eq!(read.utterances.len(), 12, "{:?}", read.utterances);
    assert!(read.utterances.iter().all(|said| !said.text.contains("REPORTING")), "{:?}", read.utterances);
    // The name of the person who asks is alone on a line.
    let file = (1..=3).map(page).collect::<String>();
    let heading = file.replacen("\n", "\n      BY MS. HARTE:\n", 1);
    let read = parse(heading.as_bytes()).expect("a transcript");
    let told: Vec<_> = read.warnings.iter().filter(|warning| warning.message.contains("HARTE")).collect();
    assert!(matches!(&told[..], [warning] if warning.message.contains("nobody speaks under this name")), "{told:?}");
}

#[test]
fn a_head_of_keys_and_values_is_no_turn() {
    let talk = "Ilse Brandt: How was it?\nRuben Lind: Long, and I sold it.\n".repeat(3);
    for head in [
        "Client: Ruben Lind       Coach: Ilse Brandt      Date: 9 November 2026",
        "Client: Ruben Lind | Coach: Ilse Brandt | Date: 9 November 2026",
        "Client: Ruben Lind\tDate: 9 November 2026",
        "Client: Ruben Lind\nCoach: Ilse Brandt\nDate: 9 November 2026",
        "Session record\n\nDate: 9 November 2026; Client: Ruben Lind",
    ] {
        let read = parse(format!("{head}\n\n{talk}").as_bytes()).expect("a transcript");
        assert_eq!(read.utterances.len(), 6, "{head} {:?}", read.utterances);
        assert_eq!(read.session_date.map(|day| day.to_string()).as_deref(), Some("2026-11-09"), "{head}");
        assert!(read.account.balances());
    }
    // Anyone who speaks under such a key is a speaker.
    let talk = "Client: It was long, I think\nCoach: And what will you do now?\nClient: I rest for a while.\nCoach: That is good.\n";
    assert_eq!(said(talk).0.len(), 4);
}

/// The words, and how many seconds they take.
const TIMED: [(&str, &str, i64); 8] = [
    ("Ilse", "How was it?", 2),
    ("Ruben", "Long, and in the end I sold the boat to somebody who will never sail it at all.", 9),
    ("Ilse", "Oh.", 1),
    ("Ruben", "It is fine, I think, and the money pays for the roof of the house, which leaks.", 8),
    ("Ilse", "What now?", 2),
    ("Ruben", "Now I learn to bake bread, every morning at six, until the spring comes.", 7),
    ("Ilse", "And then?", 2),
    ("Ruben", "Then I will see what the garden wants of me.", 5),
];

#[test]
fn times_behind_turns_are_starts_or_ends_by_the_pace_of_the_words() {
    let file = |first: i64, ends: bool| {
        let mut clock = first;
        TIMED
            .map(|(name, said, seconds)| {
                let start = clock;
                clock += seconds;
                let time = if ends { clock } else { start };
                format!("{name}: {said} [{:02}:{:02}]\n", time / 60, time % 60)
            })
            .concat()
    };
    for (first, ends) in [(0, false), (2, false), (31, false), (0, true), (4, true)] {
        let read = parse(file(first, ends).as_bytes()).expect("a transcript");
        let second = &read.utterances[1];
        assert_eq!((second.start_ms, second.end_ms.is_some()), (Some((first + 2) * 1_000), ends), "{first} {ends}");
    }
    // The times fit the words in neither reading.
    let odd: String = TIMED
        .iter()
        .enumerate()
        .map(|(at, (name, said, _))| {
            let time = [3, 4, 24, 25, 45, 46, 66, 67][at];
            format!("{name}: {said} [{:02}:{:02}]\n", time / 60, time % 60)
        })
        .collect();
    let read = parse(odd.as_bytes()).expect("a transcript");
    let told = read.warnings.iter().any(|warning| warning.message.contains("not used"));
    let timed = read.utterances.iter().any(|said| said.start_ms.is_some());
    assert!(told != timed, "{:?} {:?}", read.warnings, read.utterances);
}

#[test]
fn a_label_without_its_colon_is_a_turn_or_told_of() {
    let talk = |line: &str| {
        format!(
            "Ilse: How was the week?\nRuben: Long. I sold the boat.\nIlse: And what now?\n{line}\nIlse: Good.\nRuben: Yes, it is.\n"
        )
    };
    for (line, speaker, told) in [
        ("Ruben; I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben:I will rest.", Some("Ruben"), ""),
        ("Ruben – I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben— I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben - I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben-I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben> I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("[Ruben] I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben | I will rest.", Some("Ruben"), MISTYPED_LABEL),
        ("Ruben-Maria may rest.", Some("Ilse"), NAME_WITHOUT_COLON),
        ("Ruben. I will rest.", Some("Ilse"), NAME_WITHOUT_COLON),
        ("Ruben I will rest.", Some("Ilse"), NAME_WITHOUT_COLON),
        ("Ruben, I mean you.", Some("Ilse"), NAME_WITHOUT_COLON),
    ] {
        let read = parse(talk(line).as_bytes()).expect("a transcript");
        let said = read.utterances.iter().find(|said| said.text.contains("rest") || said.text.contains("mean you"));
        assert_eq!(said.and_then(|said| said.label.as_deref()), speaker, "{line}");
        let warned = |what: &str| read.warnings.iter().any(|warning| warning.message == what);
        assert!(told.is_empty() || warned(told), "{line}: {:?}", read.warnings);
        assert!(read.account.balances(), "{line}");
    }
}

#[test]
fn a_name_without_its_time_is_a_turn_and_told_of() {
    let talk = "Maya Okafor  0:01\nHello Helen, how was the concert?\n\nHelen Whitfield  0:05\nWonderful, we sang.\n\n\
                Maya Okafor  0:11\nWhat comes next?\n\nHelen Whitfield\nI will hand over the archive.\n\n\
                Maya Okafor  0:30\nGood.\n\nHelen Whitfield  0:33\nYes.\n";
    let read = parse(talk.as_bytes()).expect("a transcript");
    let said = read.utterances.iter().find(|said| said.text.contains("archive")).expect("it was said");
    assert_eq!((said.label.as_deref(), said.text.as_str()), (Some("Helen Whitfield"), "I will hand over the archive."));
    assert!(read.warnings.iter().any(|warning| warning.message == NAME_WITHOUT_TIME), "{:?}", read.warnings);
    assert!(read.account.balances());
    // As words below somebody's name it is said.
    let answer = talk.replace("Wonderful, we sang.", "Helen Whitfield");
    let read = parse(answer.as_bytes()).expect("a transcript");
    assert!(read.utterances.iter().any(|said| said.text == "Helen Whitfield"), "{:?}", read.utterances);
}
