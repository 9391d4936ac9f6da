//! Whether unattributed words read like a conversation of several people: questions and answers alternate. Recognisers
//! without diarization write such files.
//!
//! Reads what was said, only adds a warning.

use super::account::Draft;

/// Fewer prove nothing.
const FEWEST: usize = 6;

/// The warning about a conversation without names.
const UNNAMED: &str = "the file doesn't say who speaks, although it reads like a conversation of several people: questions and \
     answers follow each other. If your tool can tell speakers apart (\u{201c}speaker labels\u{201d} or \
     \u{201c}diarization\u{201d}), please export the transcript again with them";

/// Warns if nobody is named and questions are answered.
pub(super) fn warn(draft: &mut Draft) {
    let said = &draft.utterances;
    if said.len() < FEWEST || said.iter().any(|said| said.label.is_some()) || draft.warned("nobody is named") {
        return;
    }
    if reads_like_conversation(said.iter().map(|said| said.text.as_str())) {
        draft.warn(0, UNNAMED);
    }
}

/// Whether utterances, in order, read like a conversation: at least three questions are followed by something else, and
/// these are a sixth of all. Works best on pieces of a few sentences each.
pub fn reads_like_conversation<'a>(said: impl Iterator<Item = &'a str>) -> bool {
    let asked = |text: &str| text.trim_end_matches(['"', '”', '’', '»', ' ']).ends_with(['?', '？', '؟']);
    let (mut all, mut answered, mut before) = (0_usize, 0_usize, false);
    for text in said {
        let asks = asked(text);
        answered += usize::from(before && !asks);
        (all, before) = (all + 1, asks);
    }
    answered >= 3 && answered * 6 >= all
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn warned(turns: &[&str]) -> bool {
        let segment = |(at, text): (usize, &&str)| {
            format!("{{\"start\": {at}.0, \"end\": {at}.9, \"text\": \" {text}\", \"seek\": 0}}")
        };
        let segments: Vec<String> = turns.iter().enumerate().map(segment).collect();
        let file = format!("{{\"text\": \"\", \"segments\": [{}]}}", segments.join(", "));
        let read = parse(file.as_bytes()).expect("a transcript");
        read.warnings.iter().any(|warning| warning.message.contains("doesn't say who speaks"))
    }

    #[test]
    fn a_conversation_without_names_is_told_from_somebody_who_speaks_alone() {
        assert!(warned(&["How was it?", "Long.", "What helped?", "The walk.", "And now?", "I rest.", "Good."]));
        assert!(!warned(&[
            "I sold the boat.",
            "It took a year.",
            "Why so long?",
            "I do not know.",
            "It rained.",
            "So.",
            "Yes."
        ]));
    }
}
