//! Lines that nobody says: headers, what surrounds pages, and notes between the turns. They are set aside, and shown.

use std::cmp::Ordering;

use super::{Reading, pages, sight::Aside};
use crate::date;

/// Why a line around a page is set aside.
const PAGES: &str = "headers, footers and numbers of pages, not speech";
/// Why a note is set aside.
const NOTE: &str = "a note, not speech";
/// How many kinds of lines around pages are shown.
const SHOWN_PAGES: usize = 3;
/// The warning about this note says that further ones aren't shown.
const SHOWN_NOTES: usize = 16;

impl<'a> Reading<'a> {
    /// Sets a line aside that nobody says.
    pub(super) fn put_aside(&mut self, number: usize, raw: &'a str, aside: Aside) {
        match aside {
            Aside::Head => {
                pages::pairs(raw).for_each(|pair| date::header_line(pair, &mut self.draft));
                self.draft.set_aside(number, "a header line", raw);
            }
            Aside::Page => {
                self.page_turned = true;
                let form = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
                if self.pages.len() < SHOWN_PAGES && self.pages.iter().all(|(_, known)| form(known) != form(raw)) {
                    self.pages.push((number, raw));
                }
                self.draft.set_aside(number, PAGES, raw);
            }
            Aside::Note => self.note(number, raw),
        }
    }

    /// Warns about what was set aside around pages.
    pub(super) fn show_pages(&mut self) {
        if let [(first, _), ..] = self.pages[..] {
            let shown: Vec<String> = self.pages.iter().map(|(_, raw)| quoted(raw)).collect();
            self.draft.warn(first, format!("lines around the pages are set aside ({PAGES}): {}", shown.join(", ")));
        }
    }

    /// Sets a note aside, and shows it.
    pub(super) fn note(&mut self, number: usize, text: &str) {
        self.notes += 1;
        self.draft.set_aside(number, NOTE, text);
        match self.notes.cmp(&SHOWN_NOTES) {
            Ordering::Less => self.draft.warn(
                number,
                format!(
                    "read as {NOTE}, and set aside: {}. If somebody said it, put their name before it",
                    quoted(text)
                ),
            ),
            Ordering::Equal => self.draft.warn(number, "further lines are set aside as notes, from here on"),
            Ordering::Greater => {}
        }
    }
}

/// A text in quotation marks, cut to the length that fits in a warning.
fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(160) {
        None => format!("“{text}”"),
        Some((end, _)) => format!("“{}…”", &text[..end]),
    }
}
