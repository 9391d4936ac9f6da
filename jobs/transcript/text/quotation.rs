//! Lines that are quoted: words above announce them, a quotation stays open there, or they are the points of a list that is
//! announced. A name before a colon begins no turn there.

use std::collections::{HashMap, HashSet};

use super::line::Line;
use crate::label::{self, announces, leads_in, stays_open};

/// In a dialogue that is told, somebody tells their own part as well. Lower case.
const SELF: &[&str] = &["me", "i", "myself", "ich", "moi", "je", "yo", "jag", "io", "eu", "ik", "я", "我"];
/// So often it is looked whether quotations still follow each other once others are none.
const ROUNDS: usize = 4;

/// Of each line whether it is quoted, where it begins with what may be a label.
pub(super) fn lines(lines: &[Line<'_>]) -> Vec<bool> {
    let candidates: Vec<Option<&str>> = lines.iter().map(candidate).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for label in candidates.iter().flatten() {
        *counts.entry(label).or_default() += 1;
    }
    let told = told(lines, &candidates, &counts);
    let once = |at: usize| candidates.get(at).copied().flatten().is_some_and(|label| counts.get(label) == Some(&1));
    let mut quoted = vec![false; lines.len()];
    let mut above = None;
    for at in 0..lines.len() {
        if lines[at] == Line::Blank {
            continue;
        }
        // What comes elsewhere as well is a label, wherever it stands.
        quoted[at] = candidates[at].is_some_and(|label| told.contains(label));
        if candidates[at].is_some() && once(at) && !quoted[at] {
            quoted[at] = above.is_some_and(|above: usize| {
                // One point makes no list; whoever speaks begins with a capital.
                let point = |at: usize| once(at) && is_point(lines[at].text());
                let listed = || heads_a_list(lines[above].text()) && at + 1 < lines.len() && point(at + 1);
                is_point(lines[at].text()) && (quoted[above] || listed())
            });
        }
        above = Some(at);
    }
    quoted
}

/// The labels that only ever stand where somebody is quoted: behind words that announce it, or in the dialogue that goes on
/// below. A label that also begins a turn elsewhere is somebody who speaks.
fn told<'a>(lines: &[Line<'a>], candidates: &[Option<&'a str>], counts: &HashMap<&'a str, usize>) -> HashSet<&'a str> {
    let places: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] != Line::Blank).collect();
    let announced: Vec<bool> = (0..places.len())
        .map(|place| {
            let at = places[place];
            let above = place.checked_sub(1).map(|above| lines[places[above]].text());
            candidates[at].is_some_and(|label| is_announced(lines[at].text(), label, above))
        })
        .collect();
    let label = |place: usize| places.get(place).and_then(|at| candidates[*at]);
    let mut told: HashSet<&str> = (0..places.len()).filter(|place| announced[*place]).filter_map(label).collect();
    let between = |place: &usize| {
        let told = |place: Option<usize>| place.and_then(label).is_some_and(|label| told.contains(label));
        told(place.checked_sub(1)) && told(Some(place + 1))
    };
    let answers = |place: &usize| {
        between(place) || label(*place).is_some_and(|label| SELF.contains(&label.to_lowercase().as_str()))
    };
    let others: Vec<&str> = (0..places.len()).filter(answers).filter_map(label).collect();
    told.extend(others);
    for _ in 0..ROUNDS {
        let mut within = false;
        let mut free: HashSet<&str> = HashSet::new();
        for (place, announced) in announced.iter().enumerate() {
            within = label(place).is_some_and(|label| told.contains(label)) && (*announced || within);
            if let Some(label) = label(place).filter(|_| !within) {
                free.insert(label);
            }
        }
        let before = told.len();
        told.retain(|label| !free.contains(label));
        if told.len() == before {
            // Somebody has to tell it: whoever answers each time after "What did you say:" is the other person.
            let tell = counts.iter().filter(|(label, count)| **count > 1 && !told.contains(*label)).count();
            let sure = tell > 1 || tell == 1 && goes_on(lines, &places, candidates, &told);
            told.retain(|label| sure || counts.get(label) == Some(&1));
            return told;
        }
    }
    HashSet::new()
}

/// Whether a line of no label stands below one that is quoted: whoever tells it goes on.
fn goes_on(lines: &[Line<'_>], places: &[usize], candidates: &[Option<&str>], told: &HashSet<&str>) -> bool {
    places.windows(2).any(|pair| {
        candidates[pair[0]].is_some_and(|label| told.contains(label))
            && candidates[pair[1]].is_none()
            && matches!(lines[pair[1]], Line::Plain(..))
    })
}

/// Whether the line above announces what somebody said, or a quotation is open where this one begins.
fn is_announced(text: &str, label: &str, above: Option<&str>) -> bool {
    stays_open(&text[..begin(text, label)])
        || above.is_some_and(|above| announces(above) || leads_in(above) || stays_open(above) && closes(text))
}

/// Whether what stands behind the colon of a line begins small, as the points of a list do.
fn is_point(text: &str) -> bool {
    label::candidate(text).is_some_and(|found| found.rest.starts_with(char::is_lowercase))
}

/// Whether a quotation that is open above ends in a line.
fn closes(text: &str) -> bool {
    text.contains(['”', '“', '»', '«', '」', '』']) || memchr::memchr_iter(b'"', text.as_bytes()).count() % 2 == 1
}

/// What may be a label at the start of a line that has no time of its own.
fn candidate<'a>(line: &Line<'a>) -> Option<&'a str> {
    match line {
        Line::Plain(text, _) => label::candidate(text).map(|found| found.label),
        _ => None,
    }
}

/// Where what stands behind the label begins, in bytes.
fn begin(text: &str, label: &str) -> usize {
    let at = label.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    (at + label.len()).min(text.len())
}

/// Whether a text ends in a colon and has words before it, more than a label.
fn heads_a_list(text: &str) -> bool {
    let rest = label::candidate(text).map_or(text, |found| found.rest);
    text.trim_end().ends_with([':', '：']) && rest.trim_end_matches([':', '：']).contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn whoever_is_quoted_begins_no_turn() {
        let before = "Dana: How was the week for you?\nPriya: Long, I sold the house.\nDana: And then?\n";
        let after = "Dana: I see, and what now?\nPriya: I will call Ines on Monday.\nDana: Good, thank you.\n";
        for (said, labels) in [
            ("Priya: I met my boss. She said:\nTom: you are late.\nand I said nothing.\n", 1),
            ("Priya: I met my boss. She said:\n\nTom: you are late.\n\nand I said nothing.\n", 3),
            ("Priya: Mein Chef hat mich gefragt:\nTom: wo waren Sie?\n", 1),
            ("Priya: Mon chef m'a dit :\nTom : vous êtes en retard.\n", 1),
            ("Priya: Mi jefe me dijo:\nTom: llegas tarde.\n", 1),
            ("Priya: Min chef sa:\nTom: du är sen.\n", 1),
            ("Priya: Il mio capo mi ha detto:\nTom: sei in ritardo.\n", 1),
            ("Priya: O meu chefe disse:\nTom: estás atrasado.\n", 1),
            ("Priya: She goes “\nTom: you are late.”\nand I left.\n", 1),
            ("Priya: I met my boss, and then\n\"Tom: you are late.\"\nand I left.\n", 1),
            ("Priya: My note reads:\nTom Becker: call back.\nInes: ask her.\n", 1),
            ("Priya: I see three things:\nGoal: the house.\nMoney: the bank.\nTime: the week.\n", 1),
        ] {
            let file = format!("{before}{said}{after}");
            let read = parse(file.as_bytes()).expect("a talk");
            assert!(read.account.balances());
            assert_eq!(read.utterances.len(), 6 + labels, "{file} {:?}", read.utterances);
            assert!(
                read.utterances.iter().all(|said| matches!(said.label.as_deref(), Some("Dana" | "Priya"))),
                "{file}"
            );
            let told =
                read.warnings.iter().filter(|warning| warning.message.contains("part of the sentence above")).count();
            assert!(told >= 1, "{file} {:?}", read.warnings);
        }
        // People introduce themselves once, and somebody's height has a mark of inches.
        for said in [
            "Dana: Who is here, please tell us:\nMarta Silva: Hello, I am Marta.\nTom: I am Tom.\n",
            "Priya: He is 5'10\" tall.\nTom: Hello.\n",
        ] {
            let file = format!("{before}{said}{after}");
            let read = parse(file.as_bytes()).expect("a talk");
            assert!(read.utterances.iter().any(|said| said.label.as_deref() == Some("Tom")), "{file}");
        }
        // Who comes in is asked about; who speaks elsewhere speaks here too, and the coach is told.
        let file = format!("{before}Tom: Sorry, the taxi is here.\n{after}");
        let read = parse(file.as_bytes()).expect("a talk");
        assert!(read.utterances.iter().any(|said| said.label.as_deref() == Some("Tom")));
        let file = format!("{before}Dana: Wait, he said:\nPriya: no, she did.\n{after}");
        let read = parse(file.as_bytes()).expect("a talk");
        assert_eq!(read.utterances.iter().filter(|said| said.label.as_deref() == Some("Priya")).count(), 3);
        assert!(read.warnings.iter().any(|warning| warning.message.contains("and is not quoted")));
    }

    #[test]
    fn a_known_name_in_the_middle_of_a_paragraph_may_be_quoted() {
        let turn = |name: &str, said: &str| format!("{name}: {said}\n\n");
        let talk = |said: &str| {
            let asked = turn("Dana", "How was the week for you?");
            let told = turn("Priya", "Long, I sold the house.");
            format!(
                "{}{}{}",
                format!("{asked}{told}").repeat(4),
                turn("Priya", said),
                format!("{asked}{told}").repeat(2)
            )
        };
        for (said, is_doubtful) in [
            ("Let me tell you how it went.\nDana: that is my aunt, not you, she shouted.\nThen I left.", true),
            ("I went home. I left early.\nIt was cold.", false),
        ] {
            let read = parse(talk(said).as_bytes()).expect("a talk");
            let told = |warning: &&crate::Warning| warning.message.contains("in the middle of a paragraph");
            let told: Vec<_> = read.warnings.iter().filter(told).collect();
            assert_eq!(told.len(), usize::from(is_doubtful), "{said} {:?}", read.warnings);
            assert!(told.iter().all(|warning| warning.line == 18), "{told:?}");
        }
        // Where turns follow each other line by line, there is nothing to tell.
        let file = talk("And then?").replace("\n\n", "\n");
        let read = parse(file.as_bytes()).expect("a talk");
        assert!(!read.warnings.iter().any(|warning| warning.message.contains("paragraph")), "{:?}", read.warnings);
    }

    #[test]
    fn whoever_is_quoted_again_and_again_begins_no_turn_either() {
        let turn = |said: &str| format!("Dana: And then?\nPriya: {said}\nDana: I see.\nPriya: Yes, so it was.\n");
        for said in [
            ["I was late. She said:\nAnna: you are late.\nAnd everybody looked at me."; 2],
            ["She said:\nAnna: you are late.\nMe: I know.\nAnna: Again.\nAnd everybody looked at me."; 2],
            ["She said:\nAnna: you are late.\nMy boss: Again.\nAnna: Yes.\nAnd everybody looked at me."; 2],
            ["And she goes,\nAnna: you are late.\nAnd everybody looked at me."; 2],
            ["Sie meinte:\nAnna: Sie sind zu spät.\nUnd alle sahen mich an."; 2],
            ["Und sie so:\nAnna: Sie sind zu spät.\nUnd alle sahen mich an."; 2],
            ["Ella me gritó:\nAnna: llegas tarde.\nY todos me miraron."; 2],
            ["Elle me fait :\nAnna : tu es en retard.\nEt tout le monde m'a regardée."; 2],
            ["Hon ba:\nAnna: du är sen.\nOch alla tittade på mig."; 2],
            ["Lei mi fa:\nAnna: sei in ritardo.\nE tutti mi guardavano."; 2],
            ["Ela gritou:\nAnna: estás atrasada.\nE todos olharam para mim."; 2],
            ["She said:\nAnna: you are late.\nAnd I left.", "Then she asked me:\nAnna: where were you?\nI went home."],
            ["I said: “\nAnna: you are late.”\nAnd I left.", "Then she asked me:\nAnna: where were you?\nI went home."],
        ] {
            let file = said.map(turn).concat();
            let read = parse(file.as_bytes()).expect("a talk");
            assert!(read.account.balances());
            let labels: Vec<&str> = read.utterances.iter().map(|said| said.label.as_deref().unwrap_or("?")).collect();
            assert_eq!(labels, ["Dana", "Priya"].repeat(4), "{file} {:?}", read.utterances);
            assert!(
                read.warnings.iter().any(|warning| warning.message.contains("part of the sentence above")),
                "{file}"
            );
        }
        // Whoever answers each time is the other person, and who speaks elsewhere speaks.
        for file in [
            "Dana: Tell me what you said:\nPriya: I said no.\n".repeat(4),
            format!("{}Anna: Hello, I am here too.\n", turn("She said:\nAnna: you are late.\nAnd I left.").repeat(2)),
        ] {
            let read = parse(file.as_bytes()).expect("a talk");
            let other = if file.contains("Anna") { "Anna" } else { "Priya" };
            assert!(read.utterances.iter().any(|said| said.label.as_deref() == Some(other)), "{file}");
        }
    }
}
