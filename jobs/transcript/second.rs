//! Two transcripts in one file, in different layouts: somebody concatenated them. The captions are read; the other is
//! set aside with a warning, since its words would otherwise be added to what the last speaker says.
//!
//! Reads lines; sets lines aside and adds warnings.

use super::{account::Draft, formats::Source, text};

const ANOTHER: &str = "another transcript begins here, in another layout; only the captions are read, so please upload \
                       the two as files of their own";

/// Warns if what precedes the first cue is a transcript too.
pub(super) fn warn_of_head(head: &[&str], draft: &mut Draft) {
    if let Some(first) = head.iter().position(|line| !line.trim().is_empty())
        && is_transcript(head)
    {
        draft.warn(first + 1, ANOTHER);
    }
}

/// Where another transcript begins in what follows the times of a cue: at the line WEBVTT, or (if the cue is the last)
/// in a text layout.
pub(super) fn begin(lines: &[&str], last: bool) -> Option<usize> {
    let apart = |at: &usize| *at > 0 && lines[at - 1].trim().is_empty();
    let webvtt = |at: &usize| {
        lines[*at].starts_with(['W', '\u{feff}']) && lines[*at].trim_matches('\u{feff}').trim() == "WEBVTT"
    };
    if let Some(at) = (0..lines.len()).filter(webvtt).find(apart) {
        return Some(at);
    }
    if !last || lines.len() < 3 {
        return None;
    }
    let begin = (1..lines.len()).filter(|at| !lines[*at].trim().is_empty()).find(apart)?;
    is_transcript(&lines[begin..]).then_some(begin)
}

/// Sets another transcript aside, whose first line has the number `first`.
pub(super) fn set_aside(lines: &[&str], first: usize, draft: &mut Draft) {
    draft.warn(first, ANOTHER);
    for (number, line) in (first..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        draft.set_aside(number, "another transcript in the same file", line);
    }
}

fn is_transcript(lines: &[&str]) -> bool {
    lines.len() >= 2 && text::evidence(&Source::new(&lines.join("\n"))).is_some()
}
