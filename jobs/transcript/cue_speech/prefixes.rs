//! From labels at the beginnings of lines to utterances, and the marks beside them: dashes, `>>`.

use std::borrow::Cow;

use super::{lines, parts, say};
use crate::{
    account::{Draft, words},
    label::{self, Labels},
    webvtt_cues::Cue,
};

/// The warning if speakers are only told apart by dashes.
pub(super) const DASHED_TURNS: &str =
    "nobody is named: the dashes show where somebody else starts speaking, but not who it is";

/// How a file marks speaker changes besides its labels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// A label applies until the next one.
    pub(super) carried: bool,
    /// Labels are marked by something other than a colon.
    pub(super) marked: bool,
    /// A dash introduces someone else's words.
    pub(super) dashes: bool,
}

/// Whether a line begins with a dash that introduces someone else's words, rather than continuing a sentence.
fn is_dashed(line: &str) -> bool {
    let rest = if line.starts_with(DASHES) { label::unlisted(line) } else { line };
    rest.len() < line.len() && !rest.starts_with(char::is_lowercase)
}

/// Whether a file uses dashes to separate speakers: within some cue, or again and again.
pub(super) fn have_dashes(cues: &[Cue<'_>]) -> bool {
    let dashed = |cue: &Cue<'_>| match memchr::memchr3(b'-', 0xe2, b'\n', cue.payload.as_bytes()) {
        Some(_) => lines(&cue.payload).filter(|line| is_dashed(line)).count(),
        None => 0,
    };
    let (mut cues_with, mut several) = (0_usize, 0_usize);
    for count in cues.iter().map(dashed) {
        cues_with += usize::from(count > 0);
        several += usize::from(count > 1);
    }
    several >= 1 || (cues_with >= 3 && cues_with * 10 >= cues.len())
}

/// One utterance per cue, or more if a later line of the cue begins with another label. Turns begin at the first lines
/// of cues; a label that occurs once there, or on a later line, is somebody too ([`label`]).
pub(super) fn by_prefixes(cues: &[Cue<'_>], labels: &Labels, habits: Habits, draft: &mut Draft) {
    let mut carried: Option<&str> = None;
    let mut announced = false;
    let mut answers = UnnamedAnswers::default();
    for cue in cues {
        let mut speaker = if habits.carried { carried } else { None };
        let mut said = Cow::Borrowed("");
        let mut labelled = false;
        for (line, _) in parts(&cue.payload) {
            let dashed = line.starts_with(DASHES) && label::unlisted(line).len() < line.len();
            let rest = match labels.split(line) {
                Some((label, rest)) => {
                    labelled = !dashed;
                    let quoted = if said.is_empty() { announced } else { label::announces(&said) };
                    if labels.doubtful(label) {
                        draft.warn(cue.line, label::doubt(label));
                    } else if habits.carried && quoted && speaker != Some(label) {
                        draft.warn(cue.line, label::doubtful_quotation(label));
                    }
                    draft.structure(label);
                    if habits.marked {
                        draft.markup(words(line), words(label) + words(rest));
                    }
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = Some(label);
                    rest
                }
                // Someone else, who isn't named.
                None if line.starts_with(">>") => {
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = None;
                    line.trim_start_matches('>').trim_start()
                }
                // After the words of a named speaker, a dash is a reply.
                None if dashed && ((labelled && labels.nearly_every) || (habits.dashes && is_dashed(line))) => {
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = None;
                    label::unlisted(line)
                }
                None => {
                    if let Some(label) = labels.passed(line) {
                        draft.warn(cue.line, label::doubtful_speech(label));
                    }
                    line
                }
            };
            if !said.is_empty() {
                said += " ";
            }
            said += rest;
        }
        say(draft, cue, speaker, &said);
        announced = habits.carried && label::announces(&said);
        if habits.carried {
            answers.hear(cue.line, &said, labelled || speaker.is_none());
        }
        carried = speaker;
    }
    answers.warn(draft);
}

/// Questions that are answered under the name of whoever asks them: the tool may have left names out.
#[derive(Default)]
struct UnnamedAnswers {
    /// Whether the cue before asks something.
    asked: bool,
    /// The line of the first answer without a name.
    first: Option<usize>,
    count: usize,
}

impl UnnamedAnswers {
    /// People also ask and answer themselves, once.
    const FEWEST: usize = 2;

    fn hear(&mut self, line: usize, said: &str, is_named: bool) {
        let asks = said.trim_end().ends_with(['?', '？', '؟']);
        if self.asked && !asks && !is_named {
            self.first.get_or_insert(line);
            self.count += 1;
        }
        self.asked = asks;
    }

    fn warn(&self, draft: &mut Draft) {
        if let Some(first) = self.first.filter(|_| self.count >= Self::FEWEST) {
            draft.warn(
                first,
                "from here on, questions are answered in captions without a name: they are read as the words of the person \
                 named before; please check who speaks there",
            );
        }
    }
}

/// Characters that begin a line in reply to another.
const DASHES: [char; 3] = ['-', '–', '—'];
