//! Lines without a time or a heading: whose words they are, and what is told of where that is uncertain.

use super::{
    Reading, Turn, date,
    line::{self, Dress},
    sight,
    warnings::{ANSWER, MISTYPED_LABEL, NAME_WITHOUT_COLON, NAME_WITHOUT_TIME, NOTES, UNNAMED_LINE},
};
use crate::label;

impl<'a> Reading<'a> {
    /// Begins a turn, goes on with one, or sets the line aside.
    pub(super) fn plain(&mut self, number: usize, raw: &str, text: &'a str, dress: Dress) {
        if let Some(doubtful) = self.layout.alone(number - 1) {
            return self.named(number, line::unmarked(text), "", doubtful);
        }
        let listed = self.in_notes && !self.layout.lists && label::unlisted(text).len() < text.len();
        if let Some((label, rest, doubtful)) = self.layout.split(text).filter(|_| !listed) {
            if self.turn.as_ref().is_some_and(|turn| label::announces(&turn.text)) {
                self.draft.warn(number, label::doubtful_quotation(label));
            } else if self.layout.in_paragraphs && !self.after_blank {
                self.draft.warn(number, label::doubtful_turn(label));
            }
            self.parted(text, label, rest);
            return self.named(number, label, rest, doubtful);
        }
        if let Some(label) = self.layout.passed(text) {
            self.draft.warn(number, label::doubtful_speech(label));
        }
        self.notes(number, text, dress);
        if self.layout.answers && sight::is_set_off(raw) && self.turn.as_ref().is_some_and(|turn| !turn.text.is_empty())
        {
            return self.answer(number, text);
        }
        // Someone else, who isn't named.
        if let Some(said) = text.strip_prefix(">>") {
            return self.open(number, None, said.trim_start_matches('>').trim_start());
        }
        if self.pending.is_some() {
            return self.open(number, None, text);
        }
        let something_said = self.turn.as_ref().is_some_and(|turn| !turn.text.is_empty());
        if something_said && self.layout.heading(text).is_some() && self.may_begin() {
            self.draft.warn(number, NAME_WITHOUT_TIME);
            return self.named(number, text, "", false);
        }
        let mistyped = self.layout.mistyped(text);
        // A sign behind the name shows a label wherever the line before ends; a name alone may be part of its sentence.
        if let Some((label, said, is_label)) =
            mistyped.filter(|(.., is_label)| *is_label && self.turn.is_some() || self.may_begin())
        {
            if is_label {
                self.draft.warn(number, MISTYPED_LABEL);
                self.parted(text, label, said);
                return self.named(number, label, said, false);
            }
            self.draft.warn(number, NAME_WITHOUT_COLON);
        } else {
            self.doubt_unnamed(number);
        }
        self.go_on(number, text, dress);
    }

    /// Adds a line to what is being said; whatever precedes it isn't speech.
    fn go_on(&mut self, number: usize, text: &'a str, dress: Dress) {
        match &self.turn {
            None => {
                date::header_line(text, &mut self.draft);
                if self.draft.utterances.is_empty() {
                    date::heading(text, &mut self.draft);
                }
                let reason = match self.draft.utterances.is_empty() {
                    true if sight::is_header(text) || matches!(dress, Dress::Title(_)) => "a header line",
                    true => "text before the first speaker",
                    false => "notes, not speech",
                };
                self.draft.set_aside(number, reason, text);
            }
            // A new paragraph of the same speaker; its start isn't known.
            Some(turn)
                if self.after_blank
                    && !turn.text.is_empty()
                    && (!self.page_turned || label::ends_a_sentence(&turn.text)) =>
            {
                let label = turn.label;
                self.close();
                self.turn = Some(Turn {
                    line: number,
                    label,
                    start_ms: None,
                    end_ms: None,
                    text: String::new(),
                    doubtful: false,
                });
                self.append(text);
            }
            Some(_) => self.append(text),
        }
    }

    /// Handles an indented or dashed line after the words of the only person with a label: it's an answer, or continues
    /// one.
    fn answer(&mut self, number: usize, text: &'a str) {
        let said = label::unlisted(text);
        let goes_on = |turn: &Turn<'_>| turn.label.is_none() || !label::ends_a_sentence(&turn.text);
        if said.len() == text.len() && self.turn.as_ref().is_some_and(goes_on) {
            return self.append(text);
        }
        self.draft.warn(number, ANSWER);
        self.open(number, None, said);
    }

    /// Warns of a line without a name where nearly all others have one: it may be somebody's turn.
    fn doubt_unnamed(&mut self, number: usize) {
        if self.layout.names_nearly_all && self.may_begin() {
            self.draft.warn(number, UNNAMED_LINE);
        }
    }

    /// Whether somebody's turn may begin here: after a sentence, and in paragraphs after a blank line.
    fn may_begin(&self) -> bool {
        (self.after_blank || !self.layout.in_paragraphs)
            && self.turn.as_ref().is_some_and(|turn| label::ends_a_sentence(&turn.text))
    }

    /// Detects where notes begin, before or after the talk: nobody says them.
    fn notes(&mut self, number: usize, text: &str, dress: Dress) {
        let heads = || label::candidate(text).map_or(line::unmarked(text), |found| found.label);
        let section = (self.after_blank || dress != Dress::None) && label::is_section(heads());
        let title = matches!(dress, Dress::Title(_));
        if self.turn.is_some() && (section || title) {
            self.close();
            if !self.draft.utterances.is_empty() {
                self.draft.warn(number, NOTES);
            }
        }
        if section || title {
            self.in_notes = section;
        }
    }
}
