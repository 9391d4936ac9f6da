//! Reads the chats of Zoom (`14:05:22⇥Name:⇥text`, `14:05:22 From Name to Everyone:` with the text below), Webex
//! (`from Name to everyone: 2:05 PM`) and Meet (captions in which each text begins with the name).

use super::{
    super::{not_a_transcript, parse, time},
    Message,
};

/// The messages of a chat; `None` if the text isn't a chat.
pub(super) fn read(text: &str) -> Option<Vec<Message>> {
    let is_webex = text.lines().filter(|line| webex(line).is_some()).take(2).count() > 0
        && text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| webex(line).is_some());
    if !is_webex && !not_a_transcript::is_chat(text.trim()) {
        return None;
    }
    let heading = if is_webex { webex } else { zoom };
    let mut messages: Vec<Message> = Vec::new();
    for line in text.lines() {
        if let Some(message) = heading(line) {
            messages.push(message);
        } else if let Some(message) = messages.last_mut() {
            // A message continues until the next heading.
            let more = line.trim();
            if !more.is_empty() {
                if !message.text.is_empty() {
                    message.text.push('\n');
                }
                message.text.push_str(more);
            }
        }
    }
    (!messages.is_empty()).then_some(messages)
}

/// Captions that are a chat: one message per caption.
pub(super) fn of_captions(bytes: &[u8]) -> Option<Vec<Message>> {
    let transcript = parse(bytes).ok()?;
    let message = |said: super::super::Utterance| {
        Some(Message { author: said.label?, recipient: None, at_ms: said.start_ms, text: said.text })
    };
    Some(transcript.utterances.into_iter().filter_map(message).collect())
}

fn zoom(line: &str) -> Option<Message> {
    let at = line.get(..8)?;
    let at_ms = Some(time::whole(at)?);
    let rest = line[8..].strip_prefix(['\t', ' '])?;
    let from = rest.trim_start();
    if let Some(start) = from.get(..5).filter(|start| start.eq_ignore_ascii_case("from ")) {
        let (names, text) = from[start.len()..].split_once(':')?;
        let (author, recipient) = names_of(names)?;
        return Some(Message { author, recipient, at_ms, text: text.trim().to_owned() });
    }
    let (name, text) = rest.split_once(":\t").or_else(|| rest.strip_suffix(':').map(|name| (name, "")))?;
    let author = Some(name.trim().to_owned()).filter(|name| !name.is_empty())?;
    Some(Message { author, recipient: None, at_ms, text: text.trim().to_owned() })
}

fn webex(line: &str) -> Option<Message> {
    let line = line.trim();
    let start = line.get(..5).filter(|start| start.eq_ignore_ascii_case("from "))?;
    let (names, clock) = line[start.len()..].split_once(':')?;
    let (author, recipient) = names_of(names)?;
    let clock = clock.trim().to_lowercase();
    let (digits, half) = match clock.strip_suffix("am") {
        Some(digits) => (digits, Some(false)),
        None => clock.strip_suffix("pm").map_or((clock.as_str(), None), |digits| (digits, Some(true))),
    };
    let (hours, minutes) = digits.trim().split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..24).contains(&hours) || !(0..60).contains(&minutes) || !names.contains(" to ") {
        return None;
    }
    let hours = match half {
        Some(afternoon) => hours % 12 + if afternoon { 12 } else { 0 },
        None => hours,
    };
    Some(Message { author, recipient, at_ms: Some((hours * 60 + minutes) * 60_000), text: String::new() })
}

/// `Priya Raman to Everyone`, `Priya Raman To Maya Okafor(Direct Message)`.
fn names_of(names: &str) -> Option<(String, Option<String>)> {
    let names = names.trim();
    let (author, to) = match names.rfind(" to ").or_else(|| names.rfind(" To ")) {
        Some(at) => (names[..at].trim(), names[at + 4..].trim()),
        None => (names, ""),
    };
    let to = to.strip_suffix("(Direct Message)").or_else(|| to.strip_suffix("(Privately)")).unwrap_or(to).trim();
    let everybody = to.is_empty() || to.eq_ignore_ascii_case("everyone") || to.eq_ignore_ascii_case("all");
    (!author.is_empty()).then(|| (author.to_owned(), (!everybody).then(|| to.to_owned())))
}
