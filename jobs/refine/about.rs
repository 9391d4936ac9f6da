//! Whether a sentence is about something, by its words. English and German. Pure.

use crate::text;

/// Stop words, which say nothing about a topic.
const STOP: &str = "a an the of to in on at for and or with her his their its my your our that this these those it she he \
    they what how when where was were is are be been about said der die das den dem des ein eine einen einem einer und \
    oder mit ihr ihre ihren ihrem sein seine seinen dass dies diese sie er es was wie wann wo war waren ist sind uber zu \
    zum zur von vom bei beim";

/// A topic: its content words, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    words: Vec<String>,
    /// As typed.
    pub(super) typed: String,
}

impl Topic {
    /// The topic named in `typed`; `None` if it names nothing.
    pub(super) fn new(typed: &str) -> Option<Self> {
        let words = content_words(typed);
        (!words.is_empty()).then(|| Self { words, typed: typed.trim().to_owned() })
    }

    /// How many of the topic's words a text contains.
    pub(super) fn shared(&self, text: &str) -> usize {
        let there = content_words(text);
        self.words.iter().filter(|word| there.iter().any(|other| same(word, other))).count()
    }

    /// Whether a text is about it: it contains more than half of its words.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.shared(text) * 2 > self.words.len()
    }
}

/// The content words of a text, folded.
pub(super) fn content_words(text: &str) -> Vec<String> {
    let words = text::words(text).into_iter().map(|word| text::fold(&word.normal));
    words.filter(|word| word.chars().count() > 1 && !STOP.split_whitespace().any(|stop| stop == word)).collect()
}

/// Whether two words are forms of the same word: `launch` and `launched`, `Bericht` and `Berichte`.
pub(super) fn same(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (short, long) =
        (one.chars().count().min(other.chars().count()), one.chars().count().max(other.chars().count()));
    // An ending of at most three letters, on either.
    common == long
        || common >= 4 && long - common <= 3 && (common == short || short - common <= 2 && common * 3 >= long * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_in_the_forms_of_its_words() {
        let topic = |typed| Topic::new(typed).expect("a topic");
        for (typed, text, expect) in [
            ("the launch", "We launched on Monday.", true),
            ("the launch", "We had lunch.", false),
            ("release notes", "She writes notes.", false),
            ("the release notes", "The notes of the release are out.", true),
            ("Jonas", "Jonas's draft", true),
            ("den Bericht", "Die Berichte sind fertig.", true),
        ] {
            assert_eq!(topic(typed).is_in(text), expect, "{typed} / {text}");
        }
        assert_eq!(Topic::new("the"), None);
    }
}
