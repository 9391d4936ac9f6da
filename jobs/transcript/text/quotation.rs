//! Lines that are quoted: words above announce them, a quotation stays open there, or they are the points of a list that is
//! announced. A name before a colon begins no turn there.

use std::collections::HashMap;

use super::line::Line;
use crate::label::{self, announces, stays_open};

/// Of each line whether it is quoted, where it begins with what may be a label.
pub(super) fn lines(lines: &[Line<'_>]) -> Vec<bool> {
    let candidates: Vec<Option<&str>> = lines.iter().map(candidate).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for label in candidates.iter().flatten() {
        *counts.entry(label).or_default() += 1;
    }
    let once = |at: usize| candidates.get(at).copied().flatten().is_some_and(|label| counts.get(label) == Some(&1));
    let mut quoted = vec![false; lines.len()];
    let mut above = None;
    for at in 0..lines.len() {
        if lines[at] == Line::Blank {
            continue;
        }
        // What comes again is a label, wherever it stands.
        if let Some(label) = candidates[at].filter(|_| once(at)) {
            let above = above.map(|above: usize| (lines[above].text(), quoted[above]));
            let within = stays_open(&lines[at].text()[..begin(lines[at].text(), label)]);
            quoted[at] = within
                || above.is_some_and(|(text, quoted)| {
                    // One point makes no list; whoever speaks begins with a capital.
                    let point = |at: usize| once(at) && is_point(lines[at].text());
                    let listed = || heads_a_list(text) && at + 1 < lines.len() && point(at + 1);
                    announces(text)
                        || stays_open(text) && closes(lines[at].text())
                        || is_point(lines[at].text()) && (quoted || listed())
                });
        }
        above = Some(at);
    }
    quoted
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
        assert!(read.warnings.iter().any(|warning| warning.message.contains("and not a quotation")));
    }
}
