//! The words by which a coach recognises a speaker: two to five excerpts, if that many were said. Pure.
//!
//! The rule, in this order:
//! 1. the speaker says their own name, or speaks right after being addressed by name: at most two;
//! 2. their longest question;
//! 3. the longest of the rest, unless it repeats what has been chosen.
//!
//! "Yeah" is not telling: excerpts with fewer than [`FEWEST_WORDS`] words are shown only if there is nothing better.
//! Excerpts are in the order of the session, each with its time; a very long one is cut between words.

use std::collections::HashSet;

use debrief_transcript::words::{self, has_unspaced};
use serde::Serialize;

use super::{
    roles::{self, Utterance},
    spoken::Mention,
};

/// The maximum number of excerpts per speaker.
const MOST: usize = 5;
/// At least this many are shown, telling or not, if the speaker spoke that often.
const FEWEST: usize = 2;
/// A shorter utterance says little.
const FEWEST_WORDS: usize = 4;
/// The length at which excerpts are cut, in characters.
const LONGEST: usize = 240;

/// Something that a speaker said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Excerpt {
    /// When it was said, in milliseconds from the beginning; `None` if the file has no times.
    pub start_ms: Option<i64>,
    /// The words, cut if long.
    pub text: String,
    /// Why it helps to recognise the speaker.
    pub telling: Telling,
}

/// Why an excerpt was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// The speaker says their own name.
    Introduces,
    /// The speaker was just addressed by name.
    Called,
    /// The speaker asks a question.
    Asks,
    /// The speaker says much.
    Says,
}

/// Chooses the excerpts of the label at `label`. `starts` are the times of `said`, in the same order, and `mentions`
/// the names mentioned in it.
pub(super) fn choose(
    label: usize,
    said: &[Utterance<'_>],
    starts: &[Option<i64>],
    mentions: &[Mention],
) -> Vec<Excerpt> {
    let own: Vec<usize> = (0..said.len()).filter(|at| said[*at].label == label && words(said[*at].text) > 0).collect();
    let mut chosen: Vec<(usize, Telling)> = Vec::new();
    let is_new = |chosen: &[(usize, Telling)], at: usize| {
        chosen.iter().all(|(other, _)| *other != at && !says_the_same(said[at].text, said[*other].text))
    };
    for cue in mentions.iter().filter(|cue| cue.label == label) {
        let place = if cue.introduces {
            Some((cue.at, Telling::Introduces))
        } else {
            // The direct answer; not what is said much later.
            let next = own.get(own.partition_point(|at| *at <= cue.at)).copied();
            next.filter(|at| *at <= cue.at + 2).map(|at| (at, Telling::Called))
        };
        chosen.extend(place.filter(|(at, _)| chosen.len() < 2 && is_new(&chosen, *at)));
    }
    let mut by_length = own;
    by_length.sort_by_key(|at| (std::cmp::Reverse(words(said[*at].text)), *at));
    let telling: Vec<usize> = by_length.iter().copied().filter(|at| words(said[*at].text) >= FEWEST_WORDS).collect();
    let question = telling.iter().copied().find(|at| asks(said[*at].text) && is_new(&chosen, *at));
    chosen.extend(question.map(|at| (at, Telling::Asks)));
    for at in telling {
        if chosen.len() < MOST && is_new(&chosen, at) {
            chosen.push((at, Telling::Says));
        }
    }
    // A "yeah" is better than nothing.
    for at in by_length {
        if chosen.len() < FEWEST && chosen.iter().all(|(other, _)| *other != at) {
            chosen.push((at, Telling::Says));
        }
    }
    chosen.sort_unstable();
    let excerpt = |(at, telling): (usize, Telling)| Excerpt {
        start_ms: starts.get(at).copied().flatten(),
        text: shorten(said[at].text),
        telling,
    };
    chosen.into_iter().map(excerpt).collect()
}

fn asks(text: &str) -> bool {
    text.contains(['?', '？', '؟']) || roles::is_question(&text.to_lowercase())
}

fn words(text: &str) -> usize {
    if text.chars().any(char::is_alphanumeric) { words::count(text) } else { 0 }
}

/// Whether most of the words of the shorter one are in the longer one.
fn says_the_same(one: &str, other: &str) -> bool {
    let set = |text: &str| -> HashSet<String> {
        let runs = text.split(|c: char| !c.is_alphanumeric());
        let words =
            runs.flat_map(words::of).filter(|word| word.chars().count() > if has_unspaced(word) { 1 } else { 2 });
        words.map(str::to_lowercase).collect()
    };
    let (one, other) = (set(one), set(other));
    let fewer = one.len().min(other.len());
    fewer > 0 && one.intersection(&other).count() * 10 >= fewer * 8
}

/// Cuts a very long text between words.
pub(crate) fn shorten(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => {
            // A text without spaces is cut between two characters.
            let end = text[..end].rfind(' ').filter(|space| *space * 2 > end).unwrap_or(end);
            format!("{} …", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::spoken, *};

    fn found(said: &[(usize, &str)]) -> Vec<(Option<i64>, String, Telling)> {
        let said: Vec<Utterance<'_>> = said.iter().map(|(label, text)| Utterance { label: *label, text }).collect();
        let starts: Vec<Option<i64>> = (0..said.len()).map(|at| i64::try_from(at * 1000).ok()).collect();
        let known: BTreeSet<String> = ["priya".to_owned(), "maya".to_owned()].into();
        let found = choose(1, &said, &starts, &spoken::mentions(&said, &known.into()));
        found.into_iter().map(|one| (one.start_ms, one.text, one.telling)).collect()
    }

    #[test]
    fn names_questions_and_what_is_longest_are_shown_in_their_order() {
        let long = "I went through the whole plan with my manager and she was glad that somebody did. ".repeat(6);
        let session = [
            (0, "Hi, good to meet you."),
            (1, "I'm Priya, from the Uppsala office."),
            (0, "What did you do since, Priya?"),
            (1, "Not a lot, honestly."),
            (1, "Yeah."),
            (1, "Yeah, right."),
            (1, "I told my team that I would be late with the release notes again."),
            (0, "How so?"),
            (1, "I told my team that I would be late with the release notes again, yes."),
            (1, "Could we talk about how to say no?"),
            (1, long.as_str()),
            (1, "The second office in Gothenburg opens in March."),
        ];
        let found = found(&session);
        let texts: Vec<&str> = found.iter().map(|(_, text, _)| text.as_str()).collect();
        assert_eq!(texts[..2], ["I'm Priya, from the Uppsala office.", "Not a lot, honestly."], "{found:?}");
        assert_eq!(
            found.iter().map(|(_, _, telling)| *telling).collect::<Vec<_>>()[..2],
            [Telling::Introduces, Telling::Called]
        );
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(texts.iter().any(|text| text.ends_with('…') && text.chars().count() <= 242), "{found:?}");
        assert!(found.iter().any(|(_, text, telling)| *telling == Telling::Asks && text.starts_with("Could we")));
        assert_eq!(texts.iter().filter(|text| text.contains("release notes")).count(), 1, "nothing twice: {found:?}");
        assert!(found.is_sorted_by_key(|(start, _, _)| *start), "{found:?}");
    }

    #[test]
    fn a_speaker_who_hardly_speaks_is_shown_by_what_there_is() {
        let found = found(&[(0, "Good."), (1, "Yeah."), (0, "Right."), (1, "Mm."), (1, "Okay, bye.")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(choose(1, &[], &[], &spoken::mentions(&[], &BTreeSet::new().into())), []);
    }
}
