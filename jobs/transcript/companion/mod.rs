//! What a meeting tool writes besides the transcript: the chat, and the list of attendees.
//!
//! Pure. Neither is speech. [`super::parse`] refuses both; here they are read for what they are useful for: names,
//! emails, and what was written.

mod chat;
mod participants;

use serde::{Deserialize, Serialize};

use super::{
    clean, decode, delimited, document, json, not_a_transcript,
    transcript::{Attendee, clean_text},
};

/// What was written in a meeting, or who attended it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Companion {
    /// The chat, in the order of the file.
    Chat(Vec<Message>),
    /// The people who attended.
    Participants(Vec<Attendee>),
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The author's name, as written.
    pub author: String,
    /// The recipient, if it wasn't everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The time as given in the file (a time of day, or since the start of the recording), in milliseconds.
    pub at_ms: Option<i64>,
    /// The text; line breaks are kept.
    pub text: String,
}

/// Reads a meeting's chat or list of participants; `None` if the file is neither. `file` is its name: Meet writes its
/// chat in a caption format, and only the name (`… chat.sbv`) tells them apart.
#[must_use]
pub fn read(bytes: &[u8], file: &str) -> Option<Companion> {
    if bytes.is_empty() || document::is_archive(bytes) || not_a_transcript::refuse_other_files(bytes).is_err() {
        return None;
    }
    let text = decode::decode(bytes).text;
    // Neither is ever written in JSON or with tags, whatever words and commas occur in it.
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
    /// The people it names: those who wrote did attend.
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
