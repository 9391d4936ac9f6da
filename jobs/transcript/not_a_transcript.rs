//! Files that aren't transcripts, reported so that a coach knows what to do.

use super::format::Format;

/// Why a file isn't a transcript. The message is shown to the coach as it is.
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
    /// More of something (speakers, turns) than a session has, whatever the file claims to be.
    #[error(
        "The transcript has {has} {what}; a session has at most {most}. Please check that this is the transcript of one \
         session, and split it where it is that of several."
    )]
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there are, with thousands separators.
        has: String,
        /// The maximum, in the same form.
        most: String,
    },
    /// Another kind of file, recognised by its first bytes.
    #[error(
        "This is {0}, not a transcript. Please export the transcript as VTT, SRT, Word document, JSON or plain text (Zoom, \
         Teams and most other tools offer one of them) and upload that file."
    )]
    OtherFile(&'static str),
    /// Bytes that aren't text.
    #[error(
        "The file is not text: it may be damaged, or another kind of file under a transcript's name. Please export \
         the transcript again as VTT, SRT or plain text."
    )]
    NotText,
    /// A document that can't be read, and why.
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
        /// What is wrong.
        what: String,
        /// The line number, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON of an unknown tool: what was found in it, and which tool's it's most similar to.
    #[error(
        "We couldn't recognise this as a transcript: it is JSON, and holds {seen}.{nearest} The JSON of most note takers \
         and transcription services is read, and any list of entries with a text and with speakers or times; from this \
         tool, please export the transcript as VTT, SRT or plain text and upload that file."
    )]
    UnknownJson {
        /// Its kind and its first keys, and never their values.
        seen: String,
        /// A sentence preceded by a space, or empty.
        nearest: String,
    },
    /// Several transcripts, one after the other.
    #[error(
        "This file holds several transcripts, one after the other. Please upload each of them as a file of its own."
    )]
    Several,
    /// What was written during a meeting.
    #[error(
        "This is the chat of a Zoom meeting: what people wrote, not what they said. Please upload the transcript of \
         the meeting (Zoom names it \"… .transcript.vtt\")."
    )]
    Chat,
    /// What people wrote to each other, with dates and times.
    #[error(
        "These lines were written and not said: their times are too far apart for speech, as in a chat (WhatsApp, Signal, \
         Slack) or a diary. Please upload the transcript of the session itself. If this is one, please export it with times \
         since its beginning, such as \"[00:01:02] Name: what was said\"."
    )]
    Written,
    /// Who attended a meeting.
    #[error(
        "This is a list of a meeting's participants (a report of Zoom): who was there, not what was said. Please \
         upload the transcript of the meeting (Zoom names it \"… .transcript.vtt\")."
    )]
    Participants,
    /// The format is known, but it contains no speech.
    #[error(
        "Nothing is said in this {} file: it may have been cut off, or the recording was silent. Please export the \
         transcript again.", .0.name()
    )]
    NothingSaid(Format),
    /// A text without the structure of a transcript: what was found in it, and which format is most similar.
    #[error(
        "We couldn't recognise this as a transcript: it is a text of {0}. A transcript has lines such as \
         \"Name: what was said\" or \"[00:01:02] Name: what was said\", or is a file of captions (VTT, SRT, SBV, TTML), \
         a Word document of Teams or Meet, or an export of another meeting tool."
    )]
    NoSpeakersOrTimes(String),
}

impl NotATranscript {
    /// Adds the kind of document to the description of its text.
    pub(super) fn of(self, kind: &str) -> Self {
        match self {
            Self::NoSpeakersOrTimes(seen) => Self::OtherNotation(format!("{kind} with a text of {seen}")),
            Self::OtherNotation(seen) => Self::OtherNotation(format!("{kind}, and what it holds is {seen}")),
            other => other,
        }
    }
}

/// The maximum number of lines in a file: two million of Zoom's cues take as many. Memory grows with the number of
/// lines, so this limits it.
const MOST_LINES: usize = 8_000_000;

/// File signatures, at an offset.
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

/// Refuses files whose bytes show that they are something else.
pub(super) fn refuse_other_files(bytes: &[u8]) -> Result<(), NotATranscript> {
    if bytes.is_empty() {
        return Err(NotATranscript::Empty);
    }
    match MAGIC.iter().find(|(offset, magic, _)| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(magic))) {
        Some((.., name)) => Err(NotATranscript::OtherFile(name)),
        None => Ok(()),
    }
}

/// Refuses text in a notation that no reader supports, and what isn't text.
pub(super) fn refuse_other_texts(text: &str) -> Result<(), NotATranscript> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(NotATranscript::Empty);
    }
    if text.len() > MOST_LINES && memchr::memchr_iter(b'\n', text.as_bytes()).count() > MOST_LINES {
        return Err(NotATranscript::TooLong(MOST_LINES));
    }
    // Text has hardly any control characters; wrongly decoded bytes are full of them.
    let (mut letters, mut odd) = (0_usize, 0_usize);
    for letter in trimmed.chars().take(1 << 16) {
        letters += 1;
        odd += usize::from(letter.is_control() && !matches!(letter, '\n' | '\t' | '\u{c}'));
        odd += usize::from(letter == char::REPLACEMENT_CHARACTER);
    }
    if odd * 10 > letters {
        return Err(NotATranscript::NotText);
    }
    // The beginning shows what it is; a file may be one line of 500 MB.
    let head = &trimmed[..trimmed.floor_char_boundary(1 << 16)];
    if is_chat(head) {
        return Err(NotATranscript::Chat);
    }
    // A transcript in a table may contain addresses and numbers as well.
    if is_participants(head) && !super::delimited::is_transcript(text) {
        return Err(NotATranscript::Participants);
    }
    if is_encoded_email(head) {
        return Err(NotATranscript::OtherNotation(
            "an email in its stored form, in which letters are encoded. If the transcript is its text, open the email, copy the \
             text and save it as plain text; if it is attached, save the attachment"
                .to_owned(),
        ));
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

/// Whether a text is an email as programs store it, with an encoding that has to be undone to read it.
fn is_encoded_email(text: &str) -> bool {
    let header = |line: &str, name: &str| {
        let value = line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name));
        value.map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let lines = || text.lines().take(200);
    lines().any(|line| header(line, "content-type").is_some())
        && lines()
            .filter_map(|line| header(line, "content-transfer-encoding"))
            .any(|encoding| matches!(encoding.as_str(), "quoted-printable" | "base64"))
}

/// Zoom's chats: `HH:MM:SS⇥Name:⇥text`, or `HH:MM:SS From Name to Everyone:`; a message may have more lines.
pub(super) fn is_chat(text: &str) -> bool {
    // Nothing else begins like that, and a message may have many lines.
    let shaped = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let (time, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        time.len() == 8 && super::time::whole(time).is_some() && name.ends_with(':') && parts.next().is_some()
    };
    if text.lines().next().is_some_and(shaped) && text.lines().take(200).filter(|line| shaped(line)).count() >= 2 {
        return true;
    }
    let (mut lines, mut messages) = (0, 0);
    // A message's lines after its heading begin with a tab.
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

/// Zoom's participants report: a header that mentions the original name, or rows with an address and a number.
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
