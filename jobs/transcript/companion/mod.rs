//! What a meeting tool writes beside the transcript: the chat, and the list of who was there.
//!
//! Pure. Neither is speech. [`super::parse`] refuses both; here they are read for what they are good for: names, emails,
//! and what was written.

mod chat;
mod participants;

use serde::{Deserialize, Serialize};

use super::{
    clean, decode, delimited, document, json, not_a_transcript,
    transcript::{Attendee, clean_text},
};

/// What was written in a meeting, or who was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Companion {
    /// The chat, in the order of the file.
    Chat(Vec<Message>),
    /// Who was there.
    Participants(Vec<Attendee>),
}

/// Something that was written in a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it, as written.
    pub author: String,
    /// To whom, where it was not everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The time as the file has it (a clock's, or since the start of the recording), in milliseconds.
    pub at_ms: Option<i64>,
    /// The words; lines are kept.
    pub text: String,
}

/// Reads a file that is the chat or the participants of a meeting; none where it is neither. `file` is its name: Meet
/// writes its chat in the notation of captions, and only the name (`… chat.sbv`) says which it is.
#[must_use]
pub fn read(bytes: &[u8], file: &str) -> Option<Companion> {
    if bytes.is_empty() || document::is_archive(bytes) || not_a_transcript::refuse_other_files(bytes).is_err() {
        return None;
    }
    let text = decode::decode(bytes).text;
    // Neither is written in JSON or with tags, whatever words and commas are in it.
    if delimited::is_transcript(&text) || json::is_json(&text) || text.trim_start().starts_with('<') {
        return None;
    }
    if let Some(mut attendees) = participants::read(&text) {
        attendees.iter_mut().for_each(Attendee::clean);
        attendees.retain(|attendee| attendee.name.is_some() || attendee.email.is_some());
        return Some(Companion::Participants(attendees));
    }
    let lower = file.to_lowercase();
    let says_chat = lower.strip_suffix(".sbv").is_some_and(|stem| stem.ends_with("chat"));
    let messages = if says_chat { chat::of_captions(bytes) } else { chat::read(&text) };
    let cleaned = |mut message: Message| {
        message.author = clean::line(&message.author);
        message.recipient = message.recipient.map(|name| clean::line(&name));
        clean_text(&mut message.text);
        message
    };
    messages.map(|messages| Companion::Chat(messages.into_iter().map(cleaned).collect()))
}

impl Companion {
    /// Whom it names: those who wrote were there.
    #[must_use]
    pub fn attendees(&self) -> Vec<Attendee> {
        match self {
            Self::Participants(attendees) => attendees.clone(),
            Self::Chat(messages) => {
                let mut authors: Vec<Attendee> = Vec::new();
                for message in messages {
                    let author =
                        Attendee { name: Some(message.author.clone()), was_there: true, ..Attendee::default() };
                    if !authors.contains(&author) {
                        authors.push(author);
                    }
                }
                authors
            }
        }
    }
}

#[cfg(test)]
mod tests;
