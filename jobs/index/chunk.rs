//! Cuts a session into chunks of consecutive utterances, each with its times and words. Pure.

use debrief_transcript::words;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::queue::Cut;

/// The maximum length of a chunk in characters, as counted by [`words::length`].
const LONGEST: usize = 900;

/// The fields of an utterance that a chunk needs.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    /// The utterance.
    pub(super) id: Uuid,
    /// The transcript: a chunk never spans two.
    pub(super) transcript_id: Uuid,
    /// The speaker, as written in the file.
    pub(super) label: Option<String>,
    /// The client who speaks, if known.
    pub(super) client_id: Option<Uuid>,
    /// Its start, in milliseconds.
    pub(super) start_ms: Option<i64>,
    /// Its end.
    pub(super) end_ms: Option<i64>,
    /// What was said.
    pub(super) text: String,
}

/// A part of a session that is found as one hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The only client who speaks in it; `None` if several or none do.
    pub(super) client_id: Option<Uuid>,
    /// Its start, in milliseconds.
    pub(super) start_ms: Option<i64>,
    /// Its end.
    pub(super) end_ms: Option<i64>,
    /// One line per utterance, each starting with its speaker label.
    pub(super) text: String,
    /// SHA-256 of the text, in hex: the same words have the same vector.
    pub(super) sha256: String,
    /// A summary's section.
    pub(super) section: Option<&'static str>,
    /// The utterances that it holds, or that it is based on.
    pub(super) utterances: Vec<Uuid>,
}

impl Chunk {
    /// Creates a chunk from a text said between these times.
    pub(super) fn new(client_id: Option<Uuid>, (start_ms, end_ms): (Option<i64>, Option<i64>), text: String) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = |byte: u8| [byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)]));
        let sha256 = Sha256::digest(&text).into_iter().flat_map(digits).collect();
        Self { client_id, start_ms, end_ms, text, sha256, section: None, utterances: Vec::new() }
    }
}

/// A line of a chunk: an utterance, or a piece of a long one.
struct Line<'a> {
    spoken: &'a Spoken,
    text: String,
    length: usize,
}

/// Cuts `utterances` (in order) into chunks of at most [`LONGEST`] characters. If there is room, the last utterance of
/// a chunk is repeated as the first of the next, so that a question stays with its answer.
pub(super) fn chunks(utterances: &[Spoken], cut: &Cut) -> Vec<Chunk> {
    let lines: Vec<Line<'_>> = utterances.iter().take_while(|_| !cut.is_asked()).flat_map(lines).collect();
    let mut chunks = Vec::new();
    let mut first = 0;
    while first < lines.len() && !cut.is_asked() {
        let mut length = lines[first].length;
        let mut end = first + 1;
        while end < lines.len()
            && lines[end].spoken.transcript_id == lines[first].spoken.transcript_id
            && length + 1 + lines[end].length <= LONGEST
        {
            length += 1 + lines[end].length;
            end += 1;
        }
        chunks.push(chunk(&lines[first..end]));
        let last = end - 1;
        let repeat = end < lines.len()
            && last > first
            && lines[end].spoken.transcript_id == lines[last].spoken.transcript_id
            && lines[last].length + 1 + lines[end].length <= LONGEST;
        first = if repeat { last } else { end };
    }
    chunks
}

/// The lines of an utterance: one, or several if it is long.
fn lines(spoken: &Spoken) -> Vec<Line<'_>> {
    let label = spoken.label.as_deref().map(|label| format!("{label}: ")).unwrap_or_default();
    let room = LONGEST.saturating_sub(words::length(&label)).max(100);
    pieces(&spoken.text, room)
        .into_iter()
        .map(|piece| {
            let text = format!("{label}{piece}");
            Line { spoken, length: words::length(&text), text }
        })
        .collect()
}

/// Cuts `text` at spaces into pieces of at most `room` characters. A longer word is cut where necessary.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        for part in parts(word, room) {
            let long = words::length(part);
            if length > 0 && length + 1 + long > room {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
            if length > 0 {
                piece.push(' ');
                length += 1;
            }
            piece.push_str(part);
            length += long;
        }
    }
    if length > 0 {
        pieces.push(piece);
    }
    pieces
}

/// A word in parts that fit: usually one. A very long word, or text without spaces, is cut after a punctuation mark if
/// there is one in its second half.
fn parts(mut word: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    // The rest of a word is scanned only as far as it fits: a word may be as long as a file.
    while let Some(end) = full_at(word, room) {
        let mark = word[..end].rfind(['。', '！', '？', '，', '、', '｡']).map(|at| at + '。'.len_utf8());
        let (part, rest) = word.split_at(mark.filter(|mark| mark * 2 > end).unwrap_or(end));
        parts.push(part);
        word = rest;
    }
    parts.push(word);
    parts
}

/// If a text is longer than `room`, the position of the first character too many.
fn full_at(text: &str, room: usize) -> Option<usize> {
    let mut length = 0;
    let full = text.char_indices().find(|(_, c)| {
        length += words::length(c.encode_utf8(&mut [0; 4]));
        length > room
    });
    full.map(|(at, _)| at)
}

fn chunk(lines: &[Line<'_>]) -> Chunk {
    let mut clients: Vec<Uuid> = lines.iter().filter_map(|line| line.spoken.client_id).collect();
    clients.sort_unstable();
    clients.dedup();
    let client_id = if let [client] = clients[..] { Some(client) } else { None };
    let start_ms = lines.iter().filter_map(|line| line.spoken.start_ms).min();
    let end_ms = lines.iter().filter_map(|line| line.spoken.end_ms.or(line.spoken.start_ms)).max();
    let text = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut utterances: Vec<Uuid> = lines.iter().map(|line| line.spoken.id).collect();
    utterances.dedup();
    Chunk { utterances, ..Chunk::new(client_id, (start_ms, end_ms), text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(utterances: &[Spoken]) -> Vec<Chunk> {
        super::chunks(utterances, &Cut::default())
    }

    fn said(label: &str, start: i64, text: &str) -> Spoken {
        Spoken {
            id: Uuid::from_u128(u128::try_from(start).unwrap_or_default()),
            transcript_id: Uuid::nil(),
            label: Some(label.into()),
            client_id: None,
            start_ms: Some(start),
            end_ms: Some(start + 900),
            text: text.into(),
        }
    }

    #[test]
    fn every_word_is_in_a_chunk_and_neighbours_share_an_utterance() {
        let session: Vec<Spoken> =
            (0..60).map(|i| said("Priya", i * 1000, &format!("word{i} {}", "and so on ".repeat(8)))).collect();
        let chunks = chunks(&session);
        assert!(chunks.len() > 3, "{}", chunks.len());
        for i in 0..60 {
            let word = format!("word{i} ");
            assert!(chunks.iter().any(|chunk| chunk.text.contains(&word)), "word{i} is in no chunk");
        }
        for pair in chunks.windows(2) {
            assert!(pair[0].text.chars().count() <= LONGEST);
            assert_eq!(pair[0].text.lines().last(), pair[1].text.lines().next());
            assert!(pair[0].start_ms < pair[1].start_ms, "the session goes on");
        }
    }

    #[test]
    fn a_monologue_is_cut_at_blanks_and_keeps_its_label_and_time() {
        let text = "steady ".repeat(500);
        let chunks = chunks(&[said("Tom", 5000, &text)]);
        assert!(chunks.len() >= 4);
        assert!(chunks.iter().all(|chunk| chunk.text.starts_with("Tom: steady") && chunk.start_ms == Some(5000)));
        assert_eq!(chunks.iter().map(|chunk| chunk.text.matches("steady").count()).sum::<usize>(), 500);
    }

    #[test]
    fn what_has_no_blanks_or_no_words_does_no_harm() {
        assert_eq!(chunks(&[said("Tom", 0, "   ")]), Vec::new());
        assert_eq!(chunks(&[said("Tom", 0, &"ä".repeat(2000))]).len(), 3);
        let found = chunks(&[said("王芳", 0, &"我下周五以前写信给经理。".repeat(50))]);
        assert_eq!(found.len(), 2, "what says as much is cut as often: {found:?}");
        assert!(found.iter().all(|chunk| chunk.text.ends_with('。')), "{found:?}");
    }

    #[test]
    fn two_transcripts_never_share_a_chunk() {
        let mut other = said("Tom", 0, "two");
        other.transcript_id = Uuid::max();
        assert_eq!(chunks(&[said("Tom", 0, "one"), other]).len(), 2);
    }
}
