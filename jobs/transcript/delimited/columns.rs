//! Finds the columns of a table: by its headings, or where there are none by what is in them.
//!
//! Pure.

use std::collections::HashSet;

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::{
    keys::{Key, Meaning, meaning},
    raw_time::Raw,
    units::Told,
};

/// Before the headings there may be a title, or a line for a spreadsheet.
const PREAMBLE: usize = 10;
/// So many rows are looked at to find out what a table is.
const SAMPLE: usize = 200;
/// No transcript has more columns.
const COLUMNS: usize = 60;
pub(super) const DELIMITERS: &[u8] = b"\t;|,";
/// Headings of what people write to each other. Run together and in lower case.
const OF_CHATS: &[&str] = &[
    "sender",
    "recipient",
    "recipients",
    "receiver",
    "reactions",
    "threadid",
    "messageid",
    "subject",
    "sentat",
    "chatid",
    "conversationid",
];
/// Headings of a text beside times from and to, where nothing better is there: markers of a video editor.
const OF_MARKERS: &[&str] = &["description", "comment", "comments", "notes", "name"];

/// How a table is to be read.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) delimiter: u8,
    /// Where the first row begins, in bytes.
    pub(super) begin: usize,
    pub(super) columns: Columns,
    /// How many columns a row has.
    pub(super) width: usize,
    /// Whether there was a line of headings.
    pub(super) headed: bool,
}

/// Which column is which.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns {
    pub(super) text: usize,
    pub(super) speaker: Option<usize>,
    pub(super) start: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) long: Option<usize>,
    pub(super) told: Told,
}

pub(super) fn reader(text: &str, delimiter: u8, quoting: bool) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoting)
        .from_reader(text.as_bytes())
}

pub(super) fn table(text: &str) -> Option<Table> {
    let mut begin = 0;
    for line in text.split_inclusive('\n').take(PREAMBLE) {
        let after = begin + line.len();
        let heading = line.trim_matches(['\u{feff}', '\r', '\n']);
        for delimiter in DELIMITERS {
            if !heading.as_bytes().contains(delimiter) {
                continue;
            }
            let headings = reader(heading, *delimiter, true).records().next()?.ok()?;
            if let Some(columns) = by_headings(&headings) {
                let table = Table { delimiter: *delimiter, begin: after, columns, width: headings.len(), headed: true };
                return holds(&table, text, says_speaker(&headings)).then_some(table);
            }
        }
        begin = after;
    }
    DELIMITERS.iter().find_map(|delimiter| by_content(text, *delimiter))
}

fn joined(heading: &str) -> String {
    heading.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn by_headings(headings: &StringRecord) -> Option<Columns> {
    if headings.len() < 2 || headings.len() > COLUMNS {
        return None;
    }
    let names: Vec<String> = headings.iter().map(joined).collect();
    let addressed = names.iter().any(|name| name == "to") && names.iter().any(|name| name == "from");
    if names.iter().any(|name| OF_CHATS.contains(&name.as_str()))
        || addressed && names.iter().any(|name| name == "message")
    {
        return None;
    }
    let keys: Vec<Option<Key>> = headings.iter().map(|heading| meaning(heading.trim())).collect();
    let best = |wanted: Meaning| {
        let of = keys.iter().enumerate().filter_map(|(at, key)| Some((at, (*key)?)));
        of.filter(|(_, key)| key.meaning == wanted).min_by_key(|(_, key)| key.rank)
    };
    let (start, end, long) = (best(Meaning::Start), best(Meaning::End), best(Meaning::Duration));
    let marker = || {
        (start.is_some() && end.is_some()).then_some(())?;
        OF_MARKERS.iter().find_map(|wanted| names.iter().position(|name| name == wanted))
    };
    let text = best(Meaning::Text).map(|(at, _)| at).or_else(marker)?;
    let speaker = best(Meaning::Speaker).or_else(|| best(Meaning::SpeakerId)).or_else(|| best(Meaning::Source));
    let at = |found: Option<(usize, Key)>| found.map(|(at, _)| at).filter(|at| *at != text);
    let unit = |found: Option<(usize, Key)>| found.and_then(|(_, key)| key.unit);
    let told = Told { start: unit(start), end: unit(end), long: unit(long) };
    let columns = Columns { text, speaker: at(speaker), start: at(start), end: at(end), long: at(long), told };
    (columns.start.is_some() || says_speaker(headings)).then_some(columns)
}

/// Whether a heading speaks of speakers: a name and a text alone are anything, as answers, reviews, a list of products.
fn says_speaker(headings: &StringRecord) -> bool {
    let vague = ["name", "user", "author", "username", "person", "fullname", "displayname"];
    let speaks =
        |key: Key| matches!(key.meaning, Meaning::Speaker | Meaning::SpeakerId) && !vague.contains(&key.known_as);
    headings.iter().filter_map(|heading| meaning(heading.trim())).any(speaks)
}

/// Whether the rows are what the headings promise. Without speakers there must be times that passed: a day or a moment is
/// that of a message or a payment.
fn holds(table: &Table, text: &str, says_speaker: bool) -> bool {
    let rows = text.get(table.begin..).unwrap_or("");
    if rows.trim().is_empty() {
        return true;
    }
    let rows: Vec<StringRecord> =
        reader(rows, table.delimiter, true).records().take(20).filter_map(Result::ok).collect();
    let cells = rows.first().is_some_and(|row| row.len() >= 2);
    let passed = |row: &&StringRecord| {
        let start = table.columns.start.and_then(|at| row.get(at)).map_or(Raw::None, |cell| span(cell).0);
        matches!(start, Raw::Millis(_)) || matches!(start, Raw::Number(number) if number < 1e9)
    };
    cells && (says_speaker || rows.iter().filter(passed).count() * 2 >= rows.len())
}

/// Finds the columns of a table without headings: one or two of times that run forward, one of text.
fn by_content(text: &str, delimiter: u8) -> Option<Table> {
    let text = text.trim_start_matches('\u{feff}');
    // A table of one row is any line with a few commas.
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    if !first.as_bytes().contains(&delimiter) {
        return None;
    }
    let rows: Vec<StringRecord> =
        reader(text, delimiter, true).records().take(SAMPLE).collect::<Result<_, _>>().ok()?;
    let rows: Vec<&StringRecord> = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
    let width = rows.first()?.len();
    let even = rows.iter().filter(|row| row.len() == width).count();
    if rows.len() < 2 || !(2..=COLUMNS).contains(&width) || even * 10 < rows.len() * 9 {
        return None;
    }
    let rows: Vec<&StringRecord> = rows.into_iter().filter(|row| row.len() == width).collect();
    let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or("").trim());
    let timed = |at: &usize| {
        let times: Vec<f64> = column(*at).filter_map(|cell| value(span(cell).0)).collect();
        times.len() * 10 >= rows.len() * 9
            && times.windows(2).all(|pair| pair[0] <= pair[1])
            && times.first() < times.last()
    };
    let times: Vec<usize> = (0..width).filter(timed).collect();
    // Numbers of rows run forward too; times do so together, the end behind its start.
    let (start, end) = match times.as_slice() {
        [one] => (*one, None),
        [.., start, end] => (*start, Some(*end)),
        [] => return None,
    };
    let counts_rows = column(start).enumerate().all(|(at, cell)| cell.parse() == Ok(at) || cell.parse() == Ok(at + 1));
    let wordy = |at: usize| column(at).map(|cell| cell.split_whitespace().count()).sum::<usize>();
    let text_at = (0..width).filter(|at| !times.contains(at)).max_by_key(|at| wordy(*at))?;
    if counts_rows || wordy(text_at) < rows.len() * 2 {
        return None;
    }
    let named = |at: &usize| {
        let distinct: HashSet<&str> = column(*at).collect();
        let short = column(*at).all(|cell| cell.len() <= 60 && cell.chars().any(char::is_alphabetic));
        short && distinct.len() * 2 <= rows.len().max(4)
    };
    let speaker = (0..width).filter(|at| *at != text_at && !times.contains(at)).find(named);
    let columns = Columns { text: text_at, speaker, start: Some(start), end, ..Columns::default() };
    Some(Table { delimiter, begin: 0, columns, width, headed: false })
}

/// A time as a number that can be compared.
#[expect(clippy::cast_precision_loss, reason = "only the order matters")]
const fn value(raw: Raw) -> Option<f64> {
    match raw {
        Raw::None => None,
        Raw::Number(number) => Some(number),
        Raw::Millis(millis) | Raw::Moment(millis) => Some(millis as f64),
    }
}

/// The two times of a cell such as `00:01 - 00:05`; most have one.
pub(super) fn span(cell: &str) -> (Raw, Raw) {
    let cell = cell.trim();
    let one = Raw::of(cell);
    if one.is_there() {
        return (one, Raw::None);
    }
    // A day has dashes too; times on both sides of one have colons.
    let timed = |(start, end): &(&str, &str)| start.contains(':') && end.contains(':');
    let apart = ["-->", "->", "→", " - ", "–", "—", "~"].iter().find_map(|mark| cell.split_once(mark));
    let parts = apart.or_else(|| cell.split_once('-').filter(timed));
    parts.map_or((Raw::None, Raw::None), |(start, end)| (Raw::of(start), Raw::of(end)))
}

/// Whether nearly all rows have the same number of cells, three at least.
pub(super) fn is_even(text: &str, delimiter: u8) -> bool {
    let counts: Vec<usize> =
        reader(text, delimiter, true).records().take(SAMPLE).filter_map(Result::ok).map(|row| row.len()).collect();
    let Some(width) = counts.first().copied() else { return false };
    let even = counts.iter().filter(|count| **count == width).count();
    width >= 3 && counts.len() >= 3 && even * 10 >= counts.len() * 9
}
