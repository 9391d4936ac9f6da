//! tl;dv's Markdown: `[00:12](https://…) Name: text`, after headings and an AI's notes.

use super::{
    account::{Draft, words},
    date,
    format::Format,
    formats::{Confidence, Reader, Source},
    label::{self, Labels, Piece, Place},
    time,
};

pub(super) const READER: Reader = Reader { name: "tldv", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let linked: Vec<_> =
        source.lines().iter().filter_map(|line| stamped(line)).filter(|(time, _)| time.is_some()).collect();
    let labelled = linked.iter().any(|(_, rest)| label::split(rest).is_some());
    (linked.len() >= 2 || labelled).then_some((Confidence::Telling, "has lines such as [00:12](https://…) Name: text"))
}

/// The time, if readable, and the text of a line that begins with a linked time.
fn stamped(line: &str) -> Option<(Option<i64>, &str)> {
    let (time, rest) = line.trim_start().strip_prefix('[')?.split_once("](")?;
    let (link, rest) = rest.split_once(')')?;
    let like_a_time = time.len() <= 12 && time.contains(':') && !time.contains(' ');
    (like_a_time && link.starts_with("http")).then(|| (time::whole(time), rest.trim()))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let rests = source.lines().iter().filter_map(|line| stamped(line)).map(|(_, rest)| rest);
    let labels = Labels::of(rests.map(|text| Piece { text, place: Place::Head, open: false }));
    let mut turn: Option<(Option<&str>, Option<i64>, String)> = None;
    for (at, line) in source.lines().iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if let Some((start_ms, rest)) = stamped(line) {
            say(&mut draft, turn.take());
            let (label, text) = labels.split(rest).map_or((None, rest), |(label, text)| (Some(label), text));
            if let Some(label) = label.filter(|label| labels.doubtful(label)) {
                draft.warn(at + 1, label::doubt(label));
            }
            draft.markup(words(line), words(text));
            if start_ms.is_none() {
                draft.warn(at + 1, "a time that cannot be read; the words are kept without it");
            }
            draft.clock(at + 1, start_ms);
            turn = Some((label, start_ms, text.to_owned()));
            continue;
        }
        let written = line.trim();
        let note = written.starts_with(['#', '>', '|']) || written.starts_with("- ") || written.starts_with("* ");
        match &mut turn {
            Some((.., text)) if !note => {
                text.push(' ');
                text.push_str(written);
            }
            _ => {
                say(&mut draft, turn.take());
                if draft.title.is_none() && written.starts_with("# ") {
                    draft.title = Some(written.trim_start_matches(['#', ' ']).to_owned());
                }
                date::header_line(written, &mut draft);
                draft.set_aside(at + 1, "a heading or a note, not speech", line);
            }
        }
    }
    say(&mut draft, turn);
    (Format::TlDv, draft)
}

fn say(draft: &mut Draft, turn: Option<(Option<&str>, Option<i64>, String)>) {
    if let Some((label, start_ms, text)) = turn {
        draft.say(label, start_ms, None, &text);
    }
}
