//! Finds the columns of a table: by its headings, or if there are none by their contents (`unheaded`).
//!
//! Pure.

use std::collections::HashSet;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{talk, unheaded::by_content};
use crate::{
    keys::{Key, Meaning, may_head_names, meaning},
    names_in_turn::are_names,
    raw_time::Raw,
    spoken,
    units::StatedUnits,
};

/// The headings may be preceded by a title, or a line for a spreadsheet.
const PREAMBLE: usize = 10;
/// How many rows are examined to find out what a table is.
pub(super) const SAMPLE: usize = 200;
/// The maximum number of columns in a transcript.
pub(super) const COLUMNS: usize = 60;
pub(super) const DELIMITERS: &[u8] = b"\t;|,";
/// Headings of chats. Run together and in lower case.
pub(super) const OF_CHATS: &[&str] = &[
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
/// Headings of columns with single words.
const OF_WORDS: &[&str] = &["word", "words", "token", "punctuatedword"];
/// Headings of payments, orders and tasks. Run together and in lower case.
#[rustfmt::skip]
pub(super) const OF_LEDGERS: &[&str] = &[
    "amount", "price", "total", "balance", "status", "quantity", "qty", "cost", "currency", "iban", "account", "invoice",
    "betrag", "preis", "saldo", "menge", "konto", "montant", "prix", "solde", "importe", "precio", "importo", "prezzo",
    "bedrag", "prijs", "belopp", "pris", "valor", "preço",
];
/// No talk has a column per person for more people than this.
const MOST_PEOPLE: usize = 12;
/// Headings of text next to start and end times, if there is nothing better: markers of a video editor.
const OF_MARKERS: &[&str] = &["description", "comment", "comments", "notes", "name"];

/// Headings that mean this in a table; as JSON keys they could mean anything.
const IN_TABLES: &[(Meaning, &[&str])] =
    &[(Meaning::Text, &["what", "comment", "comments"]), (Meaning::Start, &["when"])];

/// How a table should be read.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) delimiter: u8,
    /// Where the first row begins, in bytes.
    pub(super) begin: usize,
    pub(super) columns: Columns,
    /// The number of columns per row.
    pub(super) width: usize,
    /// Whether there was a line of headings.
    pub(super) headed: bool,
    /// What a person should know about how its columns were found.
    pub(super) doubt: Option<String>,
    /// Columns with one person's words, and that person's name; if there are any, there is no text column.
    pub(super) people: Vec<(usize, String)>,
}

/// The indices of the columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns {
    pub(super) text: usize,
    pub(super) speaker: Option<usize>,
    pub(super) start: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) long: Option<usize>,
    /// The seconds, if the start only has minutes; and the hours.
    pub(super) seconds: Option<usize>,
    pub(super) hours: Option<usize>,
    pub(super) told: StatedUnits,
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
        let first = line.trim_matches(['\u{feff}', '\r', '\n']);
        for delimiter in DELIMITERS {
            if !first.as_bytes().contains(delimiter) {
                continue;
            }
            let headings = reader(first, *delimiter, true).records().next()?.ok()?;
            if !headings.iter().any(|name| heading(name).is_some() || OF_MARKERS.contains(&joined(name).as_str())) {
                continue;
            }
            let rows = sample(text.get(after..).unwrap_or(""), *delimiter);
            if let Some(columns) = by_headings(&headings, &rows) {
                let (width, people) = (headings.len(), Vec::new());
                let table =
                    |doubt| Table { delimiter: *delimiter, begin: after, columns, width, headed: true, doubt, people };
                return if holds(&columns, &rows, &headings) {
                    Some(table(doubt_of_names(&columns, &headings)))
                } else {
                    talk::as_chats(&rows, &columns).then(|| table(Some(spoken::DOUBT.to_owned())))
                };
            }
            if let Some((columns, people)) = by_person(&headings, &rows) {
                let width = headings.len();
                return Some(Table {
                    delimiter: *delimiter,
                    begin: after,
                    columns,
                    width,
                    headed: true,
                    doubt: None,
                    people,
                });
            }
        }
        begin = after;
    }
    DELIMITERS.iter().find_map(|delimiter| by_content(text, *delimiter))
}

pub(super) fn joined(heading: &str) -> String {
    heading.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The first rows, which show what the columns contain.
fn sample(rows: &str, delimiter: u8) -> Vec<StringRecord> {
    reader(rows, delimiter, true).records().take(SAMPLE).filter_map(Result::ok).collect()
}

fn heading(text: &str) -> Option<Key> {
    let of_tables = || {
        let name = joined(text);
        IN_TABLES.iter().find_map(|(meaning, words)| {
            let known_as = words.iter().find(|word| **word == name)?;
            Some(Key { meaning: *meaning, rank: usize::MAX, unit: None, known_as })
        })
    };
    meaning(text.trim()).or_else(of_tables)
}

fn by_headings(headings: &StringRecord, rows: &[StringRecord]) -> Option<Columns> {
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
    let keys: Vec<Option<Key>> = headings.iter().map(heading).collect();
    let best = |wanted: Meaning| {
        let of = keys.iter().enumerate().filter_map(|(at, key)| Some((at, (*key)?)));
        // Numbers aren't text, whatever their heading: "line" may be what is said, or its number.
        let of = of.filter(|(at, key)| key.meaning == wanted && (wanted != Meaning::Text || !numbers(rows, *at)));
        of.min_by_key(|(_, key)| key.rank)
    };
    let (start, end, long) = (best(Meaning::Start), best(Meaning::End), best(Meaning::Duration));
    let marker = || {
        (start.is_some() && end.is_some()).then_some(())?;
        OF_MARKERS.iter().find_map(|wanted| names.iter().position(|name| name == wanted))
    };
    let parts =
        |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str())).filter(|at| numbers(rows, *at));
    let minutes = parts(&["minute", "minutes", "min", "mins", "mm"]);
    let seconds = parts(&["second", "seconds", "sec", "secs", "ss"]).filter(|_| minutes.is_some());
    let hours = parts(&["hour", "hours", "hr", "hrs", "hh"]).filter(|_| seconds.is_some());
    let text = best(Meaning::Text).map(|(at, _)| at).or_else(marker).or_else(|| sentences(headings, &keys, rows))?;
    let named = || {
        let cells = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or(""));
        let unknown = (0..headings.len()).filter(|at| *at != text && headings.get(*at).is_some_and(may_head_names));
        unknown.into_iter().find(|at| are_names(cells(*at)))
    };
    // A name says more than a number or a channel.
    let named = if best(Meaning::Speaker).is_none() { named() } else { None };
    let speaker = best(Meaning::Speaker).or_else(|| best(Meaning::SpeakerId)).or_else(|| best(Meaning::Source));
    let at = |found: Option<(usize, Key)>| found.map(|(at, _)| at).filter(|at| *at != text);
    let unit = |found: Option<(usize, Key)>| found.and_then(|(_, key)| key.unit);
    let a_second = || {
        let rates = ["fps", "framerate", "framespersecond", "samplerate", "samplingrate"];
        let at = names.iter().position(|name| rates.contains(&name.as_str()))?;
        rows.first()?.get(at)?.trim().parse().ok().filter(|count: &f64| (1.0..1e6).contains(count))
    };
    let told = StatedUnits { start: unit(start), end: unit(end), long: unit(long), a_second: a_second() };
    let columns = Columns {
        text,
        speaker: named.or(at(speaker)),
        start: if seconds.is_some() { minutes } else { at(start) },
        end: at(end).filter(|at| seconds != Some(*at) && minutes != Some(*at)),
        long: at(long).filter(|at| seconds != Some(*at) && minutes.filter(|_| seconds.is_some()) != Some(*at)),
        seconds,
        hours,
        told,
    };
    (columns.start.is_some() || columns.speaker.is_some()).then_some(columns)
}

/// The column of sentences next to one of speakers, whatever its heading says.
fn sentences(headings: &StringRecord, keys: &[Option<Key>], rows: &[StringRecord]) -> Option<usize> {
    let letters = |at: &usize| rows.iter().filter_map(|row| row.get(*at)).map(str::len).sum::<usize>();
    let unknown = (0..headings.len()).filter(|at| keys[*at].is_none() && headings.get(*at).is_some_and(may_head_names));
    let text = unknown.max_by_key(letters)?;
    let columns = Columns { text, ..Columns::default() };
    // If nothing names the times either, the contents of the columns say more.
    let timed = |at: usize| rows.iter().filter_map(|row| row.get(at)).filter(|cell| span(cell).0.is_there()).count();
    let unnamed = (0..headings.len())
        .any(|at| keys[at].is_none() && !numbers_of_rows(rows, at) && timed(at) * 10 >= rows.len() * 9);
    (!unnamed
        && says_speaker(headings)
        && rows.len() >= 4
        && talk::is_one(rows, &columns)
        && talk::has_sentences(rows, &columns))
    .then_some(text)
}

/// Whether a column contains the row numbers.
fn numbers_of_rows(rows: &[StringRecord], at: usize) -> bool {
    counts(rows.iter().filter_map(|row| row.get(at)))
}

fn numbers(rows: &[StringRecord], at: usize) -> bool {
    let mut cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.trim().is_empty()).peekable();
    cells.peek().is_some() && cells.all(|cell| !cell.contains(char::is_alphabetic))
}

/// Whether a heading mentions speakers: a name and a text alone could be anything, such as answers, reviews, a list of
/// products.
fn says_speaker(headings: &StringRecord) -> bool {
    let vague = ["name", "user", "author", "username", "person", "fullname", "displayname"];
    let speaks =
        |key: Key| matches!(key.meaning, Meaning::Speaker | Meaning::SpeakerId) && !vague.contains(&key.known_as);
    headings.iter().filter_map(heading).any(speaks)
}

/// The warning if the heading above the names means nothing, and only the names show what they are.
fn doubt_of_names(columns: &Columns, headings: &StringRecord) -> Option<String> {
    let unknown = columns.speaker.and_then(|at| headings.get(at)).filter(|name| heading(name).is_none())?;
    let short: String = unknown.trim().chars().take(40).collect();
    Some(format!(
        "the column “{short}” is read as the names of those who speak, since a few names take turns in it: please check"
    ))
}

/// Whether the rows are what the headings promise. Without speakers there must be elapsed times: a date or a moment
/// belongs to a message or a payment, unless people take turns as quickly as they speak.
fn holds(columns: &Columns, rows: &[StringRecord], headings: &StringRecord) -> bool {
    let says_speaker = says_speaker(headings);
    if rows.is_empty() {
        return says_speaker || columns.start.is_some();
    }
    let named = |names: &[&str]| headings.iter().any(|heading| names.contains(&joined(heading).as_str()));
    let text_is =
        |names: &[&str]| headings.get(columns.text).is_some_and(|text| names.contains(&joined(text).as_str()));
    let talk = talk::is_one(rows, columns);
    // Single words, one per row, are speech as well.
    if !talk && !text_is(OF_WORDS) && (!says_speaker || named(OF_LEDGERS) || talk::takes_too_long(rows, columns)) {
        return false;
    }
    let passed = |row: &&StringRecord| {
        let start = columns.start.and_then(|at| row.get(at)).map_or(Raw::None, |cell| span(cell).0);
        matches!(start, Raw::Millis(_)) || matches!(start, Raw::Number(number) if number < 1e9)
    };
    let first = || rows.iter().take(20);
    let timed = first().filter(passed).count() * 2 >= first().count();
    let written = text_is(&["message", "messages", "messagetext", "messagecontent", "body"]);
    let in_turn = || !written && talk::in_turn(rows, columns);
    rows.first().is_some_and(|row| row.len() >= 2)
        && (says_speaker || timed && (!named(OF_LEDGERS) || talk::has_sentences(rows, columns)) || in_turn())
}

/// A table with a column per person, whose name is the heading: in nearly every row one of them speaks.
fn by_person(headings: &StringRecord, rows: &[StringRecord]) -> Option<(Columns, Vec<(usize, String)>)> {
    let keys: Vec<Option<Key>> = headings.iter().map(heading).collect();
    let find = |wanted: Meaning| keys.iter().position(|key| key.is_some_and(|key| key.meaning == wanted));
    let (start, end) = (find(Meaning::Start), find(Meaning::End));
    let is_name = |name: &str| {
        name.chars().next().is_some_and(char::is_alphabetic) && name.len() <= 60 && name.split_whitespace().count() <= 4
    };
    let others = (0..headings.len()).filter(|at| keys[*at].is_none() && !numbers(rows, *at));
    let people: Vec<(usize, String)> = others.map(|at| (at, headings[at].trim().to_owned())).collect();
    let distinct = people.iter().map(|(_, name)| name).collect::<HashSet<_>>().len();
    if !(2..=MOST_PEOPLE).contains(&people.len())
        || distinct < people.len()
        || !people.iter().all(|(_, name)| is_name(name))
        || keys.iter().flatten().any(|key| !matches!(key.meaning, Meaning::Start | Meaning::End))
    {
        return None;
    }
    let said = |row: &StringRecord, at: usize| row.get(at).is_some_and(|cell| cell.contains(char::is_alphanumeric));
    let one = |row: &&StringRecord| people.iter().filter(|(at, _)| said(row, *at)).count() == 1;
    let alone = rows.iter().filter(one).count();
    let timed = rows.iter().filter(|row| start.and_then(|at| row.get(at)).is_some_and(|cell| span(cell).0.is_there()));
    let even = rows.iter().filter(|row| row.len() == headings.len()).count();
    // Without times, any text with commas may look like that.
    let enough = alone * 10 >= rows.len() * 6 && timed.count() * 10 >= rows.len() * 9 && even * 10 >= rows.len() * 9;
    let all_speak = people.iter().all(|(at, _)| rows.iter().any(|row| said(row, *at)));
    let talk = people.iter().all(|(at, _)| talk::is_one(rows, &Columns { text: *at, ..Columns::default() }));
    (rows.len() >= 4 && enough && all_speak && talk)
        .then(|| (Columns { text: people[0].0, start, end, ..Columns::default() }, people.clone()))
}

/// Whether the numbers of a column count its rows.
pub(super) fn counts<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let numbers: Vec<i64> = cells.filter_map(|cell| cell.parse().ok()).collect();
    numbers.len() >= 2 && numbers.windows(2).all(|pair| pair[1] == pair[0].saturating_add(1))
}

/// The two times of a cell such as `00:01 - 00:05`; most cells have one.
pub(super) fn span(cell: &str) -> (Raw, Raw) {
    let cell = cell.trim();
    let one = Raw::of(cell);
    if one.is_there() {
        return (one, Raw::None);
    }
    // A date contains dashes too; times on both sides of one have colons.
    let timed = |(start, end): &(&str, &str)| start.contains(':') && end.contains(':');
    let apart = ["-->", "->", "→", " - ", "–", "—", "~"].iter().find_map(|mark| cell.split_once(mark));
    let parts = apart.or_else(|| cell.split_once('-').filter(timed));
    parts.map_or((Raw::None, Raw::None), |(start, end)| (Raw::of(start), Raw::of(end)))
}

/// Whether nearly all rows have the same number of cells, at least three.
pub(super) fn is_even(text: &str, delimiter: u8) -> bool {
    let counts: Vec<usize> =
        reader(text, delimiter, true).records().take(SAMPLE).filter_map(Result::ok).map(|row| row.len()).collect();
    let Some(width) = counts.first().copied() else { return false };
    let even = counts.iter().filter(|count| **count == width).count();
    width >= 3 && counts.len() >= 3 && even * 10 >= counts.len() * 9
}
