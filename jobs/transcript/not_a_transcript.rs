//! What is not a transcript, said so that a coach knows what to do.

use super::format::Format;

/// Why a file is not a transcript. The message goes to the coach as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATranscript {
    /// No text at all.
    #[error("The file is empty. Please export the transcript again and upload it.")]
    Empty,
    /// More lines than a transcript has.
    #[error(
        "The file has more than {0} lines, which is more than any transcript has. Please check that it is a transcript, \
         and split it where it is one."
    )]
    TooLong(usize),
    /// More of something (speakers, turns) than a session has, whatever the file says it is.
    #[error(
        "The transcript has {has} {what}; a session has at most {most}. Please check that this is the transcript of one \
         session, and split it where it is that of several."
    )]
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there are, with commas between the thousands.
        has: String,
        /// How many there may be, in the same form.
        most: String,
    },
    /// Another kind of file, known by its first bytes.
    #[error(
        "This is {0}, not a transcript. Please export the transcript as VTT, SRT, Word document, JSON or plain text (Zoom, \
         Teams and most other tools offer one of them) and upload that file."
    )]
    OtherFile(&'static str),
    /// Bytes that are no text.
    #[error(
        "The file is not text: it may be damaged, or another kind of file under a transcript's name. Please export \
         the transcript again as VTT, SRT or plain text."
    )]
    NotText,
    /// A document that cannot be read, and what is the matter with it.
    #[error(
        "This document {0}. Please export the transcript again, as a Word document or better as VTT or plain \
         text, and upload that file."
    )]
    Document(&'static str),
    /// A text in another notation.
    #[error(
        "We couldn't recognise this as a transcript: it is {0}. Please export the transcript as VTT, SRT or plain \
         text and upload that file."
    )]
    OtherNotation(String),
    /// JSON that is damaged, cut off, or beyond the limits.
    #[error(
        "This JSON file cannot be read: {what} (line {line}, column {column}). Please export the transcript again and \
         upload the whole file."
    )]
    BrokenJson {
        /// What is wrong there.
        what: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON of no tool that is known: what was seen in it, and whose it comes nearest to.
    #[error(
        "We couldn't recognise this as a transcript: it is JSON, and holds {seen}.{nearest} The JSON of most note takers \
         and transcription services is read, and any list of entries with a text and with speakers or times; from this \
         tool, please export the transcript as VTT, SRT or plain text and upload that file."
    )]
    UnknownJson {
        /// Its kind and its first keys, and never what stands under them.
        seen: String,
        /// A sentence, with a space before it, or nothing.
        nearest: String,
    },
    /// Several transcripts, one after the other.
    #[error(
        "This file holds several transcripts, one after the other. Please upload each of them as a file of its own."
    )]
    Several,
    /// What was written in a meeting.
    #[error(
        "This is the chat of a Zoom meeting: what people wrote, not what they said. Please upload the transcript of \
         the meeting (Zoom names it \"… .transcript.vtt\")."
    )]
    Chat,
    /// What people wrote to each other, with days and times.
    #[error(
        "These lines were written and not said: their times are too far apart for speech, as in a chat (WhatsApp, Signal, \
         Slack) or a diary. Please upload the transcript of the session itself. If this is one, please export it with times \
         since its beginning, such as \"[00:01:02] Name: what was said\"."
    )]
    Written,
    /// Who was in a meeting.
    #[error(
        "This is a list of a meeting's participants (a report of Zoom): who was there, not what was said. Please \
         upload the transcript of the meeting (Zoom names it \"… .transcript.vtt\")."
    )]
    Participants,
    /// The format is known, but nothing is said in it.
    #[error(
        "Nothing is said in this {} file: it may have been cut off, or the recording was silent. Please export the \
         transcript again.", .0.name()
    )]
    NothingSaid(Format),
    /// A text without the marks of a transcript: what was seen in it, and what it comes nearest to.
    #[error(
        "We couldn't recognise this as a transcript: it is a text of {0}. A transcript has lines such as \
         \"Name: what was said\" or \"[00:01:02] Name: what was said\", or is a file of captions (VTT, SRT, SBV, TTML), \
         a Word document of Teams or Meet, or an export of another meeting tool."
    )]
    NoSpeakersOrTimes(String),
}

impl NotATranscript {
    /// The same of the text of a document, whose kind is said with what was seen in it.
    pub(super) fn of(self, kind: &str) -> Self {
        match self {
            Self::NoSpeakersOrTimes(seen) => Self::OtherNotation(format!("{kind} with a text of {seen}")),
            Self::OtherNotation(seen) => Self::OtherNotation(format!("{kind}, and what it holds is {seen}")),
            other => other,
        }
    }
}

/// The most lines of a file: two million cues of Zoom's take as many. What is held for a file grows with its lines, so
/// this bounds it.
const MOST_LINES: usize = 8_000_000;

/// Known by their first bytes, at an offset.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF", "a PDF document"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (4, b"ftyp", "a video or audio recording"),
    (0, b"\x1a\x45\xdf\xa3", "a video recording"),
    (0, b"RIFF", "a video or audio recording"),
    (0, b"ID3", "an audio recording"),
    (0, b"OggS", "an audio recording"),
    (0, b"fLaC", "an audio recording"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"\x1f\x8b", "a compressed file"),
    (0, b"7z\xbc\xaf", "a compressed file"),
    (0, b"SQLite format 3\0", "a database"),
];

/// Refuses what its bytes show to be something else.
pub(super) fn refuse_other_files(bytes: &[u8]) -> Result<(), NotATranscript> {
    if bytes.is_empty() {
        return Err(NotATranscript::Empty);
    }
    match MAGIC.iter().find(|(offset, magic, _)| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(magic))) {
        Some((.., name)) => Err(NotATranscript::OtherFile(name)),
        None => Ok(()),
    }
}

/// Refuses text in a notation that no reader knows, and what is no text.
pub(super) fn refuse_other_texts(text: &str) -> Result<(), NotATranscript> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(NotATranscript::Empty);
    }
    if text.len() > MOST_LINES && memchr::memchr_iter(b'\n', text.as_bytes()).count() > MOST_LINES {
        return Err(NotATranscript::TooLong(MOST_LINES));
    }
    // A text has hardly any control characters; what was decoded from other bytes is full of them.
    let (mut letters, mut odd) = (0_usize, 0_usize);
    for letter in trimmed.chars().take(1 << 16) {
        letters += 1;
        odd += usize::from(letter.is_control() && !matches!(letter, '\n' | '\t' | '\u{c}'));
        odd += usize::from(letter == char::REPLACEMENT_CHARACTER);
    }
    if odd * 10 > letters {
        return Err(NotATranscript::NotText);
    }
    // What it is shows at its beginning; a file may be one line of 500 MB.
    let head = &trimmed[..trimmed.floor_char_boundary(1 << 16)];
    if is_chat(head) {
        return Err(NotATranscript::Chat);
    }
    // A transcript as a table may have addresses and numbers as well.
    if is_participants(head) && !super::delimited::is_transcript(text) {
        return Err(NotATranscript::Participants);
    }
    if let Some(kind) = super::other_texts::seen(head) {
        return Err(NotATranscript::OtherNotation(kind.to_owned()));
    }
    let start = trimmed.get(..trimmed.floor_char_boundary(16)).unwrap_or(trimmed).to_ascii_lowercase();
    let read = super::tagged::is_read(trimmed);
    if read {
        return Ok(());
    }
    if start.starts_with("<?xml") {
        let root: String = super::tagged::root(trimmed).unwrap_or("").chars().take(40).collect();
        let kinds = "TTML has <tt>, ELAN <ANNOTATION_DOCUMENT>, YouTube <transcript> or <timedtext>";
        return Err(NotATranscript::OtherNotation(format!("XML whose first element is <{root}> ({kinds})")));
    }
    Ok(())
}

/// Zoom's chats: `HH:MM:SS⇥Name:⇥text`, or `HH:MM:SS From Name to Everyone:`; a message may have further lines.
pub(super) fn is_chat(text: &str) -> bool {
    // Nothing else begins so, and a message may have many lines.
    let shaped = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let (time, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        time.len() == 8 && super::time::whole(time).is_some() && name.ends_with(':') && parts.next().is_some()
    };
    if text.lines().next().is_some_and(shaped) && text.lines().take(200).filter(|line| shaped(line)).count() >= 2 {
        return true;
    }
    let (mut lines, mut messages) = (0, 0);
    // The lines of a message below its heading begin with a tab.
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('\t')).take(200) {
        lines += 1;
        let Some((time, rest)) = line.split_once(['\t', ' ']) else { continue };
        let from = rest.trim_start().to_lowercase();
        let tabbed = line.as_bytes().get(time.len()) == Some(&b'\t');
        let written = if tabbed {
            rest.contains(":\t") || from.starts_with("from ")
        } else {
            from.starts_with("from ") && from.split_once(':').is_some_and(|(names, _)| names.contains(" to "))
        };
        messages += usize::from(written && time.len() == 8 && super::time::whole(time).is_some());
    }
    messages * 2 > lines
}

/// Zoom's participants report: a header that speaks of the original name, or rows with an address and a number.
pub(super) fn is_participants(text: &str) -> bool {
    let (mut lines, mut rows) = (0_usize, 0_usize);
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(100) {
        lines += 1;
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        if lines <= 12 && fields.len() >= 3 && fields[0].to_lowercase().contains("(original name)") {
            return true;
        }
        let address = fields.iter().any(|field| {
            field
                .split_once('@')
                .is_some_and(|(name, host)| !name.contains(' ') && host.contains('.') && !host.contains(' '))
        });
        let number = fields.iter().any(|field| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit()));
        rows += usize::from(fields.len() >= 3 && address && number);
    }
    rows >= 2 && rows * 5 >= lines * 2
}
