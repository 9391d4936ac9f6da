//! Cue labels without a colon: `[Maya] text`, `Maya - text`, `Maya says: text`, and after the words, `text [Maya]`,
//! `text — Maya`. Whatever recurs and alternates in the position of a label is a label.

use super::{
    cue_names::{come_back, only_at_changes},
    cue_speech::{one_line, pieces},
    label::{self, Candidate, Labels, Piece, Place, Shape, Split},
    text,
    webvtt_cues::Cue,
};

/// How many of the first cues are examined, and the minimum share of them with a label: one in this many.
const FIRST: usize = 200;
const SHOWN: usize = 5;

/// The labels before the words, if the file marks them differently from `labels`.
pub(super) fn before(cues: &[Cue<'_>], labels: &Labels) -> Option<Labels> {
    text::before().iter().find_map(|(split, sure)| {
        let first = || pieces(cues).take(FIRST);
        if first().filter(|piece| split(piece.text).is_some()).count() * SHOWN < first().count() {
            return None;
        }
        let marked = Labels::marked(pieces(cues), *split);
        let (names, count) = marked.again();
        let few = *sure || (names * 2 <= count && marked.len() * 2 <= count + 2 && alternate(cues, &marked));
        let few = few && (*sure || marked.names().all(|name| label::shape(name) < Shape::Sentence));
        let usual = marked.nearly_every || marked.carried;
        (names >= 2 && count > labels.again().1 && few && usual).then_some(marked)
    })
}

/// Whether the speakers named by `labels` take turns.
fn alternate(cues: &[Cue<'_>], labels: &Labels) -> bool {
    come_back(pieces(cues).filter_map(|piece| labels.split(piece.text)).map(|(label, _)| label))
}

/// A cue with its label after the words: the label, and the words.
pub(super) type Behind = Option<(String, String)>;

/// The labels after the words, if nearly every cue has one there, or the last of each turn.
pub(super) fn behind(cues: &[Cue<'_>]) -> Option<Vec<Behind>> {
    let first = cues.iter().take(FIRST);
    if first.clone().filter(|cue| has_behind(&cue.payload)).count() * SHOWN < first.count() {
        return None;
    }
    let texts: Vec<_> = cues.iter().map(|cue| one_line(&cue.payload)).collect();
    let whole = texts.iter().map(|text| Piece { text, place: Place::Head, open: false });
    let labels = Labels::marked(whole, at_the_end as Split);
    let is_name = |label: &str| label::shape(label) <= Shape::Handle && !text::is_sound(label);
    let split = |text| labels.split(text).filter(|(label, _)| is_name(label));
    let names: Vec<Option<&str>> = texts.iter().map(|text| split(text).map(|(label, _)| label)).collect();
    let (again, count) = labels.again();
    let named = names.iter().flatten().count();
    let few = again >= 2 && labels.len() * 2 <= count + 2 && come_back(names.iter().flatten().copied());
    let usual = named * 10 >= cues.len() * 8 || {
        // Read backwards, what ends a turn precedes the next one.
        let from_below: Vec<Option<&str>> = names.iter().rev().copied().collect();
        only_at_changes(&from_below) && names.last().is_some_and(Option::is_some)
    };
    let owned = |text| split(text).map(|(label, said)| (label.to_owned(), said.to_owned()));
    (few && usual).then(|| texts.iter().map(|text| owned(text)).collect())
}

fn has_behind(payload: &str) -> bool {
    at_the_end(&one_line(payload)).is_some()
}

/// `text [Maya]`, `text (Maya)`, `text — Maya`.
fn at_the_end(text: &str) -> Option<Candidate<'_>> {
    text::behind(text)
}
