//! What a text in an unknown format looks like, for a helpful refusal: what it contains, and which format it's most
//! similar to. Only counts; never a word of the file.

use super::{formats::Source, label, time, words};

/// How many lines are examined; the beginning shows what a file is.
const LINES: usize = 2_000;

/// A description such as "12 lines with 340 words; 2 begin with a name and a colon; it comes nearest to …".
pub(super) fn of_text(source: &Source<'_>) -> String {
    let lines: Vec<&str> =
        source.lines().iter().map(|line| line.trim()).filter(|line| !line.is_empty()).take(LINES).collect();
    let count = |is: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is(line)).count();
    let words: usize = lines.iter().map(|line| words::count(line)).sum();
    let arrows = count(&|line| line.contains("-->"));
    let timed = count(&|line| begins_with_time(line));
    let named = count(&|line| label::split(line).is_some());
    let cells = count(&|line| line.matches([',', ';', '\t']).count() >= 2);
    let marked = count(&|line| line.starts_with('<'));
    let many = if lines.len() == LINES { "more than " } else { "" };
    let mut seen = vec![format!("{many}{} with {}", counted(lines.len(), "line"), counted(words, "word"))];
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            seen.push(format!("{count} {what}"));
        }
    };
    add(arrows, "with an arrow as in captions (-->)");
    add(timed, "that begin with a time");
    add(named, "that begin with what may be a name and a colon");
    let nearest = if arrows > 0 {
        "captions (VTT or SRT), but none of its times can be read"
    } else if marked * 2 > lines.len() {
        "XML or HTML, but not of a kind that holds a transcript"
    } else if cells * 3 > lines.len() * 2 && lines.len() > 1 {
        "a table (CSV), but its columns cannot be told: a transcript as a table begins with start,end,speaker,text"
    } else if timed > 0 && timed >= named {
        "text with times (\"[00:01:02] what was said\"), but there are too few of them, or only a word or two after each"
    } else if named > 0 {
        "text with names (\"Name: what was said\"), but no name is repeated, or hardly anything follows them"
    } else {
        "a letter, an article or notes"
    };
    format!("{}. It looks like {nearest}", seen.join(", "))
}

fn begins_with_time(line: &str) -> bool {
    time::lenient(line.trim_start_matches(['[', '(', '*', ' '])).is_some()
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
