//! Captions as shown while somebody speaks: words that grow in place, and lines that roll. Each word is read once.
//!
//! Growing words come first ([`growing`]): only their last version is kept. Then lines that only roll from one cue to
//! the next are set aside ([`rolling`]), or words that slide within the lines ([`sliding`]).

mod cues;
mod growing;
mod likeness;
mod rolling;
mod said;
mod sliding;

use super::{account::Draft, webvtt_cues::Cue};

pub(super) use growing::{Evidence, SAMPLE, Version, chains, evidence};
pub(super) use said::keep_last_said;

/// The reason for setting aside an earlier version that is the beginning of the last.
pub(super) const GROWS: &str = "words that grow on in what is shown next";
/// The reason for setting aside an earlier version that isn't.
pub(super) const HEARD_OTHERWISE: &str = "an earlier hearing of words, which a later one replaces";

/// The reason for setting aside words that slide.
pub(super) const SLIDES: &str = "words that slide on from the cue before";

/// How the cues of a file are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DisplayStyle {
    /// The cues contain times, as YouTube's do.
    pub(super) times_inside: bool,
    /// Lines roll from cue to cue, so a label is shown when the speaker changes and then rolls out of sight.
    pub(super) rolls: bool,
}

/// Keeps each word only in the cue in which it's said, in its final version.
pub(super) fn read_once(cues: &mut Vec<Cue<'_>>, draft: &mut Draft) -> DisplayStyle {
    cues::keep_last_versions(cues, draft);
    let shown = rolling::set_repeats_aside(cues, draft);
    let slides = !shown.rolls && sliding::set_repeats_aside(cues, draft);
    DisplayStyle { rolls: shown.rolls || slides, ..shown }
}

/// How much was set aside as growing words, for one warning.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Versions in a file with growing words.
    grown: usize,
    /// Versions that aren't the beginning of the last; the position and the words of the first.
    corrected: Option<(usize, String, usize)>,
    /// Pairs in a file without growing words.
    pairs: Option<(usize, String, usize)>,
}

impl Doubts {
    /// Counts a version that is set aside, with its line number and its words.
    pub(super) fn note(&mut self, line: usize, said: &str, begins: bool, evidence: Evidence) {
        self.grown += usize::from(evidence == Evidence::File);
        let of_kind = match (begins, evidence) {
            (false, _) => &mut self.corrected,
            (true, Evidence::Pair) => &mut self.pairs,
            (true, Evidence::File) => return,
        };
        of_kind.get_or_insert_with(|| (line, shown(said, begins), 0)).2 += 1;
    }

    pub(super) fn warn(self, draft: &mut Draft) {
        if self.grown > 0 {
            let message = format!(
                "the words grow while somebody speaks, as live captions do: of each turn the last version is read, and {} \
                 earlier {} left out",
                self.grown,
                if self.grown == 1 { "is" } else { "are" }
            );
            draft.warn(0, message);
        }
        if let Some((line, said, count)) = self.corrected {
            let message = format!(
                "an earlier version that is no beginning of the last is left out as well, {count} {} in the file, first \
                 here: “{said}”; please check that it is no more than the same words, heard otherwise",
                if count == 1 { "time" } else { "times" }
            );
            draft.warn(line, message);
        }
        if let Some((line, said, count)) = self.pairs {
            let message = format!(
                "“{said}” stands again at the beginning of what follows at once, and is read once ({count} such {} in \
                 the file): please check that nobody said it twice",
                if count == 1 { "place" } else { "places" }
            );
            draft.warn(line, message);
        }
    }
}

/// The first or last words of an utterance, so that a person can find it.
fn shown(said: &str, first: bool) -> String {
    const WORDS: usize = 8;
    const LETTERS: usize = 80;
    let words: Vec<&str> = said.split_whitespace().collect();
    let (from, until) =
        if first { (0, words.len().min(WORDS)) } else { (words.len().saturating_sub(WORDS), words.len()) };
    let shown = words[from..until].join(" ");
    let end = shown.char_indices().nth(LETTERS).map_or(shown.len(), |(at, _)| at);
    let (above, below) = (from > 0, until < words.len() || end < shown.len());
    format!("{}{}{}", if above { "… " } else { "" }, &shown[..end], if below { " …" } else { "" })
}
