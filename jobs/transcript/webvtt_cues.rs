//! The cues of a WebVTT file, by the W3C's parsing algorithm (<https://www.w3.org/TR/webvtt1/#file-parsing>), on
//! lines. What the algorithm drops is set aside here, with a reason.

use super::{
    account::Draft,
    formats::Source,
    time::{self, Time},
};

/// A cue: its payload with markup.
#[derive(Debug)]
pub(super) struct Cue<'a> {
    /// The first line of the payload, from 1.
    pub(super) line: usize,
    /// The identifier, or nothing.
    pub(super) id: &'a str,
    /// Who speaks, where that stands beside the payload.
    pub(super) speaker: Option<&'a str>,
    /// Milliseconds; none where unreadable.
    pub(super) start_ms: Option<i64>,
    pub(super) end_ms: Option<i64>,
    /// The lines of the payload.
    pub(super) payload: Vec<&'a str>,
}

/// A block as the algorithm collects it.
struct Block<'a> {
    /// The index of its first line.
    at: usize,
    /// The line with the arrow: its index and, where they can be read, the times.
    timing: Option<(usize, Option<(i64, i64)>)>,
    id: &'a str,
    /// Its other lines, with their indexes.
    rest: Vec<(usize, &'a str)>,
}

/// Collects the cues. Times that WebVTT's rule does not read are read by `otherwise`, where there is such a way.
pub(super) fn collect<'a>(source: &Source<'a>, otherwise: Option<Time>, draft: &mut Draft) -> Vec<Cue<'a>> {
    let mut cues: Vec<Cue<'a>> = Vec::new();
    let mut at = header(source, draft);
    while at < source.lines.len() {
        if source.lines[at].is_empty() {
            at += 1;
            continue;
        }
        let (block, next) = block(source, at, otherwise);
        at = next;
        keep(block, source, &mut cues, draft);
    }
    cues
}

/// Reads signature and header; gives the index of the first line after them.
fn header(source: &Source<'_>, draft: &mut Draft) -> usize {
    let mut at = source.lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let signature = source.lines.get(at).map_or("", |line| *line);
    draft.structure("WEBVTT");
    let title = signature.trim_start().strip_prefix("WEBVTT").unwrap_or("").trim_start_matches([' ', '\t', '-']).trim();
    if !title.is_empty() {
        draft.title = Some(title.to_owned());
        draft.set_aside(at + 1, "the header of the file", title);
    }
    at += 1;
    while let Some(line) = source.lines.get(at) {
        if line.is_empty() || line.contains("-->") {
            break;
        }
        super::date::header_line(line, draft);
        draft.set_aside(at + 1, "the header of the file", line);
        at += 1;
    }
    at
}

/// Collects the block that begins at `at`; gives the index of the line after it.
fn block<'a>(source: &Source<'a>, at: usize, otherwise: Option<Time>) -> (Block<'a>, usize) {
    let mut block = Block { at, timing: None, id: "", rest: Vec::new() };
    let mut next = at;
    while let Some(line) = source.lines.get(next) {
        if line.contains("-->") {
            let first_or_second = next == at || (next == at + 1 && block.timing.is_none());
            if !first_or_second {
                break;
            }
            let times = time::range(line, time::strict)
                .or_else(|| time::range(line, otherwise?))
                .map(|(start, end, _)| (start, end));
            block.timing = Some((next, times));
            // What stood before the arrow is the identifier.
            block.id = block.rest.pop().map_or("", |(_, id)| id);
        } else if line.is_empty() {
            break;
        } else {
            block.rest.push((next, line));
        }
        next += 1;
    }
    (block, next)
}

fn keep<'a>(block: Block<'a>, source: &Source<'a>, cues: &mut Vec<Cue<'a>>, draft: &mut Draft) {
    let line = block.at + 1;
    match block.timing {
        Some((timing, Some((start, end)))) => {
            draft.structure(block.id);
            draft.structure(source.lines[timing]);
            cues.push(Cue {
                line: timing + 2,
                id: block.id,
                speaker: None,
                start_ms: Some(start),
                end_ms: Some(end),
                payload: block.rest.into_iter().map(|(_, line)| line).collect(),
            });
        }
        Some((timing, None)) => {
            draft.structure(block.id);
            draft.structure(source.lines[timing]);
            draft.warn_at(timing + 1, column_of_fault(source.lines[timing]), "a cue with times that cannot be read");
            let words = block.rest.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
            draft.set_aside(line, "a cue whose times cannot be read", &words);
        }
        None => set_aside(&block, cues, draft),
    }
}

/// A block without an arrow: a comment, a style sheet, a region, or text that lost its cue.
fn set_aside<'a>(block: &Block<'a>, cues: &mut [Cue<'a>], draft: &mut Draft) {
    let first = block.rest.first().map_or("", |(_, line)| *line);
    let word = first.split([' ', '\t']).next().unwrap_or("");
    let reason = match word {
        "NOTE" => "a comment",
        "STYLE" if first.trim_end() == "STYLE" => "a style sheet",
        "REGION" if first.trim_end() == "REGION" => "a region",
        _ => "text outside of any cue",
    };
    if word == "NOTE" {
        for (_, line) in &block.rest {
            super::date::header_line(line.strip_prefix("NOTE").unwrap_or(line).trim(), draft);
        }
    }
    if reason == "text outside of any cue" {
        draft.warn(block.at + 1, reason);
        // A blank line after the timing: the words were said at that time.
        if let Some(cue) = cues.last_mut()
            && cue.payload.is_empty()
        {
            cue.line = block.at + 1;
            cue.payload = block.rest.iter().map(|(_, line)| *line).collect();
            return;
        }
    }
    for (at, line) in &block.rest {
        draft.set_aside(at + 1, reason, line);
    }
}

/// The column, from 1, of the time that cannot be read: the second where the first can be.
fn column_of_fault(line: &str) -> usize {
    match time::strict(line.trim_start()) {
        Some((_, rest)) if rest.trim_start().starts_with("-->") => {
            let second = rest.trim_start().trim_start_matches("-->").trim_start();
            line.chars().count() - second.chars().count() + 1
        }
        _ => 1,
    }
}
