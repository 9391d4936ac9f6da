//! The voice of the follow-up: a letter from the coach to the client. What a claim tells of the two by name, as the coach
//! reads it (`Priya said: “…”`), the letter says as one says it to the other (`You said: “…”`). Pure.
//!
//! Only the openings that the summariser itself writes are turned, and only as a whole: whatever the coach wrote stands as
//! it was written.

use crate::people;

/// The two names as claims give them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice<'a> {
    client: &'a str,
    coach: &'a str,
}

impl<'a> Voice<'a> {
    pub(super) fn new(client: &'a str, coach: &'a str) -> Self {
        Self { client: people::short(client, coach), coach: people::short(coach, client) }
    }

    /// The claim as the coach says it to the client.
    pub(super) fn say(self, text: &str) -> String {
        self.client_said(text).or_else(|| self.coach_said(text)).unwrap_or_else(|| text.to_owned())
    }

    /// `Priya said: “…”` and `Asked “…”, Priya said: “…”`.
    fn client_said(self, text: &str) -> Option<String> {
        if let Some(words) = after(text, self.client, "said") {
            return Some(format!("You said: {words}"));
        }
        let (asked, answer) = text.strip_prefix("Asked \u{201c}")?.split_once("\u{201d}, ")?;
        let words = after(answer, self.client, "said")?;
        Some(format!("Asked \u{201c}{asked}\u{201d}, you said: {words}"))
    }

    /// `Maya suggested: “I'd …”`: the coach's own letter needs no quotes for the coach's own words.
    fn coach_said(self, text: &str) -> Option<String> {
        let words = after(text, self.coach, "suggested").or_else(|| after(text, self.coach, "said"))?;
        let own = words.strip_prefix('\u{201c}')?.strip_suffix('\u{201d}')?;
        let whole = !own.is_empty() && !own.contains(['\u{201c}', '\u{201d}']);
        whole.then(|| own.to_owned())
    }
}

/// The quoted words of `Name verb: “…”`.
fn after<'t>(text: &'t str, name: &str, verb: &str) -> Option<&'t str> {
    let words = text.strip_prefix(name)?.strip_prefix(' ')?.strip_prefix(verb)?.strip_prefix(": ")?;
    words.starts_with('\u{201c}').then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_summariser_tells_is_said_to_the_client() {
        let voice = Voice::new("Priya Raman", "Maya Okafor");
        for (told, said) in [
            ("Priya said: “I sent it.”", "You said: “I sent it.”"),
            ("Asked “Will you apply?”, Priya said: “By Monday.”", "Asked “Will you apply?”, you said: “By Monday.”"),
            ("Maya suggested: “I'd call it ‘bids’.”", "I'd call it ‘bids’."),
            ("Maya said: “I'll share the piece.”", "I'll share the piece."),
            // What the coach wrote, and what is about somebody else, stands.
            ("Priya said that she sent it.", "Priya said that she sent it."),
            ("Maya suggested: “Go.” Priya agreed.", "Maya suggested: “Go.” Priya agreed."),
            ("Maya suggested: “Go.” And: “Stay.”", "Maya suggested: “Go.” And: “Stay.”"),
            ("Priyanka said: “No.”", "Priyanka said: “No.”"),
            ("You sent it.", "You sent it."),
        ] {
            assert_eq!(voice.say(told), said);
        }
    }

    #[test]
    fn two_of_the_same_first_name_are_told_apart() {
        let voice = Voice::new("Maya Lind", "Maya Okafor");
        assert_eq!(voice.say("Maya Lind said: “I did.”"), "You said: “I did.”");
        assert_eq!(voice.say("Maya said: “I did.”"), "Maya said: “I did.”");
    }
}
