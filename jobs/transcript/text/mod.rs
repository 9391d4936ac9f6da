//! Plain text: `[00:01:02] Name: text`, `Name: text`, `Name 00:12` with the text below, names on lines of their own, and
//! their mixtures.
//!
//! A line has a form ([`line`]); the whole file decides what it means ([`layout`]); here the lines become turns.

mod alone;
mod asides;
mod furniture;
mod layout;
mod letter;
mod line;
mod mark;
mod notes;
mod pages;
mod plain;
mod quotation;
mod said_by;
mod said_times;
mod set_aside;
mod sight;
mod stamp;
mod trailing;
mod units;
mod warnings;

pub(super) use layout::Layout;
pub(super) use mark::{before, behind, is_sound};
pub(super) use stamp::figure;
pub(super) use warnings::UNNAMED_TURNS;

use std::borrow::Cow;

use self::{
    line::{Beside, Dress, Line},
    stamp::Stamp,
    warnings::{INTERJECTED, SIDES},
};
use super::{
    account::{Draft, words},
    clock, cut, date,
    format::Format,
    formats::{Confidence, Reader, Source},
    label, live, markdown,
};

pub(super) const READER: Reader = Reader { name: "text", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    Layout::of(source).evidence.map(|reason| (Confidence::Shape, reason))
}

/// Why a text is a transcript; `None` if it isn't.
pub(super) fn evidence(source: &Source<'_>) -> Option<&'static str> {
    Layout::of(source).evidence
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    (Format::Text, read_but(source, |_| None))
}

/// Reads a text except for lines that `known` gives a reason to set aside.
pub(super) fn read_but(source: &Source<'_>, known: fn(&str) -> Option<&'static str>) -> Draft {
    let mut reading = Reading {
        layout: Layout::of(source),
        draft: Draft::default(),
        turn: None,
        pending: None,
        after_blank: true,
        in_notes: false,
        hours: true,
        interjected: false,
        ended: None,
        ends: Vec::new(),
        places: Vec::new(),
        page_turned: false,
        pages: Vec::new(),
        notes: 0,
    };
    let footer_from =
        source.lines().iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last.saturating_sub(2));
    let farewell = letter::farewell(source.lines());
    for (at, raw) in source.lines().iter().enumerate().take_while(|_| !cut::is_asked()) {
        if farewell.is_some_and(|from| at >= from) {
            reading.close();
            reading.draft.set_aside(at + 1, "the end of the letter around it", raw);
        } else if at >= footer_from && furniture::is_footer(raw) {
            reading.close();
            reading.draft.set_aside(at + 1, "the footer of the tool", raw);
        } else if let Some(reason) = known(raw).or_else(|| furniture::reason(raw)) {
            reading.draft.set_aside(at + 1, reason, raw);
        } else if let Some(aside) = reading.layout.aside(at) {
            reading.put_aside(at + 1, raw, aside);
        } else {
            reading.line(at + 1, raw);
        }
    }
    reading.close();
    said_by::unquote(&mut reading.draft.utterances);
    live::keep_last_said(&mut reading.draft, &reading.places);
    reading.doubts();
    if reading.hours {
        clock::from_the_first(&mut reading.draft);
    }
    reading.draft
}

struct Turn<'a> {
    /// The line on which it begins.
    line: usize,
    label: Option<&'a str>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    text: String,
    /// Whether its label is uncertain.
    doubtful: bool,
}

/// A text being read, line by line.
struct Reading<'a> {
    layout: &'a Layout,
    draft: Draft,
    turn: Option<Turn<'a>>,
    /// A time that was alone: that of the next turn.
    pending: Option<Stamp<'a>>,
    after_blank: bool,
    /// Whether we're after a heading of notes: lists there aren't speech, though their lines may begin with names.
    in_notes: bool,
    /// Whether all times so far have hours.
    hours: bool,
    /// Whether the warning about interjections in brackets was added.
    interjected: bool,
    /// When the previous turn ended, if times follow the words.
    ended: Option<i64>,
    /// The indices of utterances whose end is a time after them and whose start is the previous end.
    ends: Vec<usize>,
    /// The line on which each utterance begins.
    places: Vec<usize>,
    /// Whether a page has ended since the last words.
    page_turned: bool,
    /// What surrounds pages: its first line, and its different forms.
    pages: Vec<(usize, &'a str)>,
    /// How many notes were set aside.
    notes: usize,
}

impl<'a> Reading<'a> {
    fn line(&mut self, number: usize, raw: &'a str) {
        let (count, raw) = if self.layout.numbered { sight::unnumbered(raw) } else { ("", raw) };
        self.draft.structure(count);
        if let Some(said) = goes_on_behind_another(raw).filter(|_| self.turn.is_some()) {
            self.append(said);
            return;
        }
        let layout = self.layout;
        let line = match layout.is_said(number - 1) {
            true => Line::Plain(raw.trim(), Dress::None),
            false => line::line(raw, |name| layout.heading(name).is_some()).without(layout.written_out),
        };
        match line {
            Line::Blank => {
                self.after_blank = true;
                return;
            }
            Line::Stamp(stamp) => self.stamp_alone(number, stamp),
            Line::Stamped { stamp, rest } if stamp.marked || self.layout.plain_stamps => {
                self.stamped(number, stamp, rest)
            }
            Line::Heading { name, stamp, rest, beside } if beside != Beside::Amid || layout.amid => {
                // What connects a name and its time: "Maya at 00:12".
                self.draft.markup(words(raw), words(name) + words(stamp.written) + words(rest));
                self.stamp(number, stamp);
                self.named(number, name, rest, layout.heading(name) == Some(true));
            }
            Line::Plain(text, dress) => self.plain(number, raw, text, dress),
            _ => self.plain(number, raw, raw.trim(), Dress::None),
        }
        (self.after_blank, self.page_turned) = (false, false);
    }

    /// Handles a time alone: that of the next turn, or of the name above it.
    fn stamp_alone(&mut self, number: usize, stamp: Stamp<'a>) {
        self.stamp(number, stamp);
        match &mut self.turn {
            Some(turn) if turn.text.is_empty() && turn.label.is_some() => {
                let stamp = self.pending.take();
                turn.start_ms = turn.start_ms.or(stamp.map(|stamp| stamp.start_ms));
                turn.end_ms = turn.end_ms.or(stamp.and_then(|stamp| stamp.end_ms));
            }
            _ => self.close(),
        }
    }

    fn stamped(&mut self, number: usize, stamp: Stamp<'a>, rest: &'a str) {
        self.stamp(number, stamp);
        if let Some(doubtful) = self.layout.alone(number - 1) {
            self.named(number, line::unmarked(rest), "", doubtful);
        } else if let Some((label, text, doubtful)) = self.layout.split(rest) {
            self.parted(rest, label, text);
            self.named(number, label, text, doubtful);
        } else {
            // A name alone applies to all times after it.
            let above = self.turn.as_ref().and_then(|turn| turn.label).filter(|_| self.layout.carries);
            self.open(number, above, rest);
        }
    }

    /// Accounts for what is between a label and its words: "says".
    fn parted(&mut self, text: &str, label: &str, rest: &str) {
        if self.layout.marks() {
            self.draft.markup(words(text), words(label) + words(rest));
        }
    }

    /// Stores a time for the next turn.
    fn stamp(&mut self, number: usize, mut stamp: Stamp<'a>) {
        self.hours &= stamp.hours;
        self.draft.structure(stamp.written);
        self.draft.clock(number, Some(stamp.start_ms));
        stamp.end_ms = self.draft.end(number, Some(stamp.start_ms), stamp.end_ms);
        self.pending = Some(stamp);
    }

    /// Begins a speaker's turn; a time may follow the name.
    fn named(&mut self, number: usize, label: &'a str, text: &'a str, doubtful: bool) {
        let text = match stamp::leading(text) {
            Some((stamp, rest)) if stamp.marked && !self.layout.is_said(number - 1) => {
                self.stamp(number, stamp);
                rest.trim_start()
            }
            _ => text,
        };
        self.draft.structure(label);
        self.open(number, Some(label), text);
        if let Some(turn) = &mut self.turn {
            turn.doubtful = doubtful;
        }
    }

    /// Begins a turn, at the time that precedes it.
    fn open(&mut self, number: usize, label: Option<&'a str>, text: &'a str) {
        self.close();
        self.in_notes = false;
        let stamp = self.pending.take();
        let (start_ms, end_ms) = (stamp.map(|stamp| stamp.start_ms), stamp.and_then(|stamp| stamp.end_ms));
        self.turn = Some(Turn { line: number, label, start_ms, end_ms, text: String::new(), doubtful: false });
        self.append(text);
    }

    /// Adds warnings about the whole file.
    fn doubts(&mut self) {
        if !self.ends.is_empty() {
            let message = trailing::settle(&mut self.draft.utterances, &self.ends, self.layout.marked_ends);
            self.draft.warn(0, message);
        }
        self.show_pages();
        let mut labels = self.draft.utterances.iter().map(|said| said.label.as_deref());
        if labels.clone().all(|label| label.is_some_and(label::is_side)) {
            self.draft.warn(0, SIDES);
        } else if self.layout.has_unnamed_turns && labels.all(|label| label.is_none()) {
            self.draft.warn(0, UNNAMED_TURNS);
        }
    }

    /// Adds a line to the turn; a time at its end is when it was said.
    fn append(&mut self, text: &'a str) {
        let Some(turn) = &mut self.turn else { return };
        let mut text = text;
        if let Some((before, stamp)) =
            stamp::trailing(text).filter(|(_, stamp)| self.layout.trailing_stamps || stamp.written.starts_with('#'))
        {
            self.draft.structure(stamp.written);
            turn.end_ms = Some(stamp.start_ms);
            text = before.trim_end();
        }
        if !turn.text.is_empty() && !text.is_empty() {
            turn.text.push(' ');
        }
        turn.text.push_str(text);
    }

    fn close(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        if let Some(label) = turn.label.filter(|_| turn.doubtful) {
            let silent = turn.text.trim().is_empty();
            self.draft.warn(turn.line, if silent { label::silent(label) } else { label::doubt(label) });
        }
        let (text, pauses) = asides::without_pauses(asides::unslashed(&turn.text));
        if pauses > 0 {
            self.draft.set_aside_words(turn.line, "a pause, not speech", pauses);
        }
        let (text, thoughts) = asides::without_thoughts(&text, |label| self.layout.calls(label));
        for thought in thoughts {
            self.note(turn.line, thought);
        }
        let parts = asides::parts(&text, |label| self.layout.knows(label), |label| self.layout.calls(label));
        let end_ms = turn.end_ms.filter(|_| parts.len() == 1);
        let mut start_ms = turn.start_ms;
        if self.layout.trailing_stamps && turn.end_ms.is_some() && start_ms.is_none() {
            start_ms = self.ended.or(Some(0));
            self.ended = turn.end_ms;
            if end_ms.is_some() {
                self.ends.push(self.draft.utterances.len());
            }
        }
        for part in parts {
            if let Some(label) = part.label {
                self.draft.structure(label);
                if !self.layout.knows(label) {
                    let called = self.layout.calls(label);
                    if !called {
                        self.draft.warn(turn.line, label::doubt(label));
                    } else if !std::mem::replace(&mut self.interjected, true) {
                        self.draft.warn(turn.line, INTERJECTED);
                    }
                }
            }
            let mut said = part.text;
            if let Some((stamp, rest)) =
                stamp::leading(said.trim_start()).filter(|(stamp, _)| part.label.is_some() && stamp.marked)
            {
                self.draft.structure(stamp.written);
                (start_ms, said) = (Some(stamp.start_ms), rest);
            }
            // Emphasised words within a turn are speech like the rest.
            let plain = markdown::unemphasized(said);
            if let Cow::Owned(plain) = &plain {
                self.draft.markup(words(said), words(plain));
            }
            self.draft.say(part.label.or(turn.label), start_ms.take(), end_ms, &plain);
            self.places.resize(self.draft.utterances.len(), turn.line);
        }
    }
}

/// A line that begins with an interjection, `//S00: Great.// I will ask`: it continues the previous turn.
fn goes_on_behind_another(raw: &str) -> Option<&str> {
    let text = raw.trim();
    let (_, after) = text.strip_prefix("//")?.split_once("//")?;
    (!after.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
