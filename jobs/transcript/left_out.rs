//! Words that may have been said but aren't in anyone's turn: if they are more than a hundredth of the file, they are
//! shown to the coach.
//!
//! This excludes what tools write around a transcript (headers, comments, the notes of an AI), duplicates, and sounds:
//! they are reported, and no cause for doubt. Anything else may have been said.

use super::transcript::{SetAside, Warning};

/// Reasons for words that nobody said.
const NEVER_SAID: &[&str] = &[
    "the header of the file",
    "the header of the document",
    "a header line",
    "a comment",
    "a style sheet",
    "a region",
    "the footer of the tool",
    "a sound or a remark in brackets",
    "a sound, or words that were not understood",
    "a mark of the transcriber, without words",
    "a tier about another tier",
    "a tier of points in time, not of speech",
    "a tier of sounds, not of words",
    "notes about the session",
    "settings of the tool",
    "the title of the page",
    "after the end of the transcript",
];
/// Reasons for words that are also in someone's turn.
const THERE_ALREADY: &[&str] = &[
    "a line that rolls on from the cue before",
    "the same words again, in another shape",
    "another hearing of the same words",
    crate::live::GROWS,
    crate::live::SLIDES,
    crate::live::HEARD_OTHERWISE,
    "an interim result, which a final one replaces",
    "a translation of what was said",
];
/// The end of these reasons.
const NOT_SPEECH: &str = "not speech";
/// A warning is worthwhile above one word in this many.
const PART: usize = 100;
/// How many characters are shown.
const SHOWN: usize = 200;
/// The maximum number of reasons in a file.
const REASONS: usize = 16;

/// Whether words set aside for this reason may have been said.
pub(super) fn may_have_been_said(reason: &str) -> bool {
    !(reason.ends_with(NOT_SPEECH) || NEVER_SAID.contains(&reason) || is_there_already(reason))
}

/// Whether words set aside for this reason are also in the transcript.
pub(super) fn is_there_already(reason: &str) -> bool {
    THERE_ALREADY.contains(&reason)
}

/// The beginning of what was left out, one text per reason.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<(String, String)>);

impl Samples {
    /// Adds words, up to the length that is shown.
    pub(super) fn add(&mut self, reason: &str, text: &str) {
        let at = match self.0.iter().position(|(own, _)| own == reason) {
            Some(at) => at,
            None if self.0.len() < REASONS && may_have_been_said(reason) => {
                self.0.push((reason.to_owned(), String::new()));
                self.0.len() - 1
            }
            None => return,
        };
        let shown = &mut self.0[at].1;
        // A few bytes per character, so that a long file costs nothing.
        if shown.len() <= SHOWN * 4 {
            for word in text[..text.floor_char_boundary(SHOWN * 4)].split_whitespace() {
                if !shown.is_empty() {
                    shown.push(' ');
                }
                shown.push_str(word);
            }
        }
    }

    /// One warning per reason, if they add up to more than a hundredth of what may have been said.
    pub(super) fn warnings(&self, set_aside: &[SetAside], in_utterances: usize) -> Vec<Warning> {
        let words = |reason: &str| of(set_aside, reason).map(|entry| entry.words).sum::<usize>();
        let all: usize = self.0.iter().map(|(reason, _)| words(reason)).sum();
        if all * PART <= in_utterances + all {
            return Vec::new();
        }
        let warning = |(reason, text): &(String, String)| {
            let (words, line) = (words(reason), of(set_aside, reason).next().map_or(0, |entry| entry.line));
            let part = (words * 100).div_ceil((in_utterances + all).max(1));
            let message = format!(
                "{words} {} ({part} % of the file) may have been said and {} in nobody's turn: {reason}, from line \
                 {line} on. {}",
                if words == 1 { "word" } else { "words" },
                if words == 1 { "is" } else { "are" },
                shown(text)
            );
            (words > 0).then_some(Warning { line, column: None, message })
        };
        self.0.iter().filter_map(warning).collect()
    }
}

fn of<'a>(set_aside: &'a [SetAside], reason: &'a str) -> impl Iterator<Item = &'a SetAside> {
    set_aside.iter().filter(move |entry| entry.reason == reason)
}

/// “All of it.”, or only the beginning.
fn shown(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(SHOWN) else { return format!("All of it: “{text}”") };
    let end = text[..end].rfind(' ').filter(|space| *space * 2 > end).unwrap_or(end);
    format!("It begins: “{} …”", &text[..end])
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn warned(file: &str) -> Vec<String> {
        let read = parse(file.as_bytes()).expect("a transcript");
        assert!(read.account.balances());
        let of_words = |message: &String| message.contains("may have been said and");
        read.warnings.into_iter().map(|warning| warning.message).filter(of_words).collect()
    }

    #[test]
    fn words_that_are_in_nobodys_turn_are_shown() {
        let cue = "00:00:01.000 --> 00:00:02.000\n<v Ana>So we said on Friday.</v>\n\n";
        let lost = format!("WEBVTT\n\n{}I will call Anders tomorrow,\nand then the office.\n\n{cue}", cue.repeat(3));
        let [warning] = &warned(&lost)[..] else { panic!("one warning") };
        assert!(warning.contains("9 words (32 % of the file)") && warning.contains("from line 12 on"), "{warning}");
        assert!(warning.ends_with("“I will call Anders tomorrow, and then the office.”"), "{warning}");
        let far_less = format!("WEBVTT\n\n{}Yes.\n\n{cue}", cue.repeat(60));
        assert_eq!(warned(&far_less), Vec::<String>::new());
        let long =
            format!("1\n{}\n\n", "so it went on and on ".repeat(60)) + "00:00:01,000 --> 00:00:02,000\nAna: So.\n";
        assert!(warned(&long)[0].ends_with("on and on so …”") || warned(&long)[0].contains("It begins: “"), "{long}");
    }

    #[test]
    fn what_tools_write_and_sounds_are_no_cause_for_doubt() {
        let cue = "00:00:01.000 --> 00:00:02.000\nAna: So we said.\n\n";
        let file = format!(
            "WEBVTT a long title of a long session\nKind: captions of it\n\nNOTE made by a tool of ours\n\n{}{}",
            cue.repeat(3),
            "00:00:03.000 --> 00:00:04.000\n[loud music and laughter]\n\n"
        );
        assert_eq!(warned(&file), Vec::<String>::new());
    }
}
