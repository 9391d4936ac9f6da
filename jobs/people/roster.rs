//! Reads a roster: a coach's clients as CSV, from a spreadsheet, a contact book or a booking tool. Pure.
//!
//! Malformed input is data: a bad line becomes a problem with its number, and whatever can be used of it is. Columns
//! are recognised by their header (`columns.rs`), encodings by `decode.rs`, addresses by `address.rs`.

mod address;
mod columns;
mod decode;
mod greeting;
mod quotes;

use std::collections::{HashMap, HashSet};

use super::aliases::LONGEST_NAME;
pub(super) use address::is_seen;
use columns::Meaning;
pub use decode::Encoded;
pub(crate) use greeting::greeting;

/// A roster, and what is wrong with the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The clients on valid lines.
    pub clients: Vec<Entry>,
    /// Problems to report, one sentence each, with line numbers; no personal data.
    pub problems: Vec<String>,
    /// Anything else of interest, in the same form.
    pub notes: Vec<String>,
    /// Whether the file has a column for other names: if so, those that it no longer has are removed.
    pub has_aliases: bool,
    /// How certain the encoding is.
    pub encoded: Encoded,
}

/// One client of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The line number in the file, from 1.
    pub line: u64,
    /// The name as written.
    pub name: String,
    /// The address, in lower case.
    pub email: Option<String>,
    /// The greeting, if the roster gives one.
    pub greeting: Option<String>,
    /// Other names, as written.
    pub aliases: Vec<String>,
    /// Tags, as written; `None` if the file has no such column, so that no tags are lost.
    pub tags: Option<Vec<String>>,
}

/// Why a file isn't a roster.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RosterError {
    /// No line of column names includes a name.
    #[error(
        "no line names the columns: start the file with a line such as name,email,aliases,tags, or First Name,Last \
         Name,Email"
    )]
    NoNameColumn,
}

/// A file with more lines isn't a list of clients.
const MOST_LINES: usize = 20_000;
/// The header must be within this many lines, as exports may begin with a title.
const HEADER_WITHIN: usize = 10;

/// Reads a roster in any encoding, with commas, semicolons, tabs or bars between columns, in any order.
///
/// # Errors
/// If no column contains names.
pub fn read(bytes: &[u8]) -> Result<Roster, RosterError> {
    read_beside(bytes, &[])
}

/// Like [`read`], with names that are known from elsewhere: if the encoding is in doubt, they decide it.
///
/// # Errors
/// If no column contains names.
pub fn read_beside(bytes: &[u8], names: &[String]) -> Result<Roster, RosterError> {
    let known: HashSet<String> = names.iter().flat_map(|name| decode::words(name)).collect();
    let (text, encoded) = decode::decode(bytes, &known);
    let (first_line, separator) = separator(&text);
    let body = &text[first_line..];
    let delimiters = separator.into_iter().chain(*b",;\t|");
    let tables = delimiters.filter_map(|delimiter| Table::find(body, delimiter));
    // The first of those that recognise the most columns.
    let table = tables.reduce(|best, other| if other.columns.len() > best.columns.len() { other } else { best });
    let Some(mut table) = table else { return Err(RosterError::NoNameColumn) };
    let skipped = text[..first_line].matches('\n').count() as u64;
    Ok(table.read(body, skipped, encoded))
}

/// `sep=;`, as Excel writes and reads it: the length of that line, and the separator.
fn separator(text: &str) -> (usize, Option<u8>) {
    let begin = text.len() - text.trim_start_matches(['\u{feff}', '\n', ' ']).len();
    let line = text[begin..].lines().next().unwrap_or_default();
    let bare = line.trim_matches(['"', ' ']);
    match bare.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")) {
        Some(_) => ((begin + line.len() + 1).min(text.len()), bare.as_bytes().get(4).copied().filter(u8::is_ascii)),
        None => (0, None),
    }
}

/// A file whose header was found.
struct Table {
    /// The records after the header.
    rows: Vec<csv::StringRecord>,
    columns: HashMap<Meaning, Vec<usize>>,
    unknown: Vec<usize>,
    delimiter: u8,
    header_line: u64,
    /// Where the rows end, in bytes.
    end: usize,
    is_cut: bool,
}

impl Table {
    fn find(text: &str, delimiter: u8) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records().map_while(Result::ok);
        let header = records.by_ref().take(HEADER_WITHIN).find(|record| {
            let meanings: Vec<Meaning> = record.iter().filter_map(columns::meaning).collect();
            [Meaning::Name, Meaning::Given, Meaning::Family].iter().any(|name| meanings.contains(name))
        })?;
        let (mut columns, mut unknown) = (HashMap::<Meaning, Vec<usize>>::new(), Vec::new());
        for (at, title) in header.iter().enumerate() {
            match columns::meaning(title) {
                Some(meaning) => columns.entry(meaning).or_default().push(at),
                None if !title.is_empty() => unknown.push(at),
                None => {}
            }
        }
        let header_line = line_of(text, &header);
        let rows: Vec<csv::StringRecord> = records.by_ref().take(MOST_LINES).collect();
        let next = records.next();
        let end = next.as_ref().map_or(text.len(), |record| start_of(text, record));
        Some(Self { rows, columns, unknown, delimiter, header_line, end, is_cut: next.is_some() })
    }

    fn read(&mut self, text: &str, skipped: u64, encoded: Encoded) -> Roster {
        let has_aliases = self.columns.contains_key(&Meaning::Aliases);
        let mut roster = Roster { encoded, has_aliases, ..Roster::default() };
        self.find_addresses();
        if !self.unknown.is_empty() {
            let unused = match self.unknown.len() {
                1 => "1 column isn’t used".to_owned(),
                many => format!("{many} columns aren’t used"),
            };
            let line = self.header_line + skipped;
            roster.notes.push(format!(
                "line {line}: {unused}; only those for names, email, aliases, tags and greeting \
                                       are"
            ));
        }
        let lines = Lines::new(text);
        let mut seen = EarlierLines::default();
        for (at, row) in self.rows.iter().enumerate() {
            let line = lines.of(row) + skipped;
            match self.unclosed(text, at) {
                Some(field) => {
                    let lost = match self.rows.get(at + 1) {
                        Some(next) => format!("everything before line {} is lost", lines.of(next) + skipped),
                        None => "everything after it is lost".to_owned(),
                    };
                    let problem = "a quotation mark is opened but not closed";
                    roster.problems.push(format!("line {line}: {problem}; {lost}"));
                    // The fields before it may be all that matters.
                    if self.own_places().all(|place| place < field) {
                        let mut row = row.clone();
                        row.truncate(field);
                        self.read_line(&row, line, &mut roster, &mut seen);
                    }
                }
                None => self.read_line(row, line, &mut roster, &mut seen),
            }
        }
        if self.is_cut {
            roster.problems.push(format!("only the first {MOST_LINES} lines are read"));
        }
        roster
    }

    /// The first field of a row whose quotation mark isn't closed. A name with a line break in which one line looks
    /// like a row (a delimiter and an address) is the end of one line and the beginning of another.
    fn unclosed(&self, text: &str, at: usize) -> Option<usize> {
        let row = &self.rows[at];
        if at + 1 < self.rows.len() && !row.iter().any(|cell| cell.contains('\n')) {
            return None;
        }
        let end = self.rows.get(at + 1).map_or(self.end, |next| start_of(text, next));
        let is_row = |line: &str| line.contains('@') && line.contains(char::from(self.delimiter));
        let two_lines =
            |place: &usize| row.get(*place).is_some_and(|cell| cell.contains('\n') && cell.lines().any(is_row));
        quotes::unclosed(&text[start_of(text, row)..end], self.delimiter).or_else(|| {
            let names = [Meaning::Name, Meaning::Given, Meaning::Family].into_iter().flat_map(|one| self.places(one));
            names.copied().find(two_lines)
        })
    }

    /// The columns that make a line a client.
    fn own_places(&self) -> impl Iterator<Item = usize> {
        let own = [Meaning::Name, Meaning::Given, Meaning::Family, Meaning::Email];
        own.into_iter().flat_map(|meaning| self.places(meaning).iter().copied())
    }

    /// If no header says so, takes the column in which most cells are addresses.
    fn find_addresses(&mut self) {
        if self.columns.contains_key(&Meaning::Email) {
            return;
        }
        let is_address = |row: &csv::StringRecord, at: usize| {
            row.get(at).is_some_and(|cell| cell.contains('@') && matches!(address::read(cell), address::Cell::One(..)))
        };
        let filled = |row: &&csv::StringRecord, at: usize| row.get(at).is_some_and(|cell| !cell.is_empty());
        let found = self.unknown.iter().position(|at| {
            let rows = self.rows.iter().filter(|row| filled(row, *at)).count();
            let addresses = self.rows.iter().filter(|row| is_address(row, *at)).count();
            addresses > 0 && addresses * 2 > rows
        });
        if let Some(found) = found {
            let at = self.unknown.remove(found);
            self.columns.insert(Meaning::Email, vec![at]);
        }
    }

    fn places(&self, meaning: Meaning) -> &[usize] {
        self.columns.get(&meaning).map_or(&[], Vec::as_slice)
    }

    /// The non-empty cells with a given meaning.
    fn cells<'a>(&'a self, row: &'a csv::StringRecord, meaning: Meaning) -> impl Iterator<Item = &'a str> {
        self.places(meaning).iter().filter_map(|at| row.get(*at)).filter(|cell| !cell.is_empty())
    }

    fn list(&self, row: &csv::StringRecord, meaning: Meaning) -> Vec<String> {
        let cells = self.cells(row, meaning);
        let items = cells.flat_map(|cell| cell.split(":::").flat_map(|part| part.split([';', '|', '\n']))).map(tidy);
        // `* myContacts` is Google's own.
        items.filter(|item| !item.is_empty() && !item.starts_with("* ")).collect()
    }

    fn read_line(&self, row: &csv::StringRecord, line: u64, roster: &mut Roster, seen: &mut EarlierLines) {
        if row.iter().all(|cell| tidy(cell).is_empty()) {
            return;
        }
        let cell = |meaning| self.cells(row, meaning).next().unwrap_or_default();
        let [name, given, middle, family] =
            [Meaning::Name, Meaning::Given, Meaning::Middle, Meaning::Family].map(|meaning| tidy(cell(meaning)));
        let name = whole_name(&name, &given, &middle, &family);
        if name.is_empty() {
            roster.problems.push(format!("line {line}: the name is missing, so the line is skipped"));
            return;
        }
        if name.chars().count() > LONGEST_NAME {
            roster.problems.push(format!(
                "line {line}: the name is longer than {LONGEST_NAME} characters, so the line is skipped"
            ));
            return;
        }
        let email = self.email(row, line, roster);
        if let Some(problem) = seen.before(line, &name, email.as_deref()) {
            roster.problems.push(format!("line {line}: {problem}"));
            return;
        }
        let tags = self.columns.contains_key(&Meaning::Tags).then(|| self.list(row, Meaning::Tags));
        let greeting = self.greeting(row, line, &family, roster);
        roster.clients.push(Entry { line, name, email, greeting, aliases: self.list(row, Meaning::Aliases), tags });
    }

    /// What the line says should follow "Hello". A title alone says nothing; whatever else is no name is told.
    fn greeting(&self, row: &csv::StringRecord, line: u64, family: &str, roster: &mut Roster) -> Option<String> {
        let cells = || self.cells(row, Meaning::Greeting);
        let found = cells().find_map(|cell| greeting(cell, family));
        if found.is_none() && cells().any(|cell| cell.split_whitespace().count() > 1) {
            let problem = "the greeting isn’t a name, so it isn’t used; write what follows Hello, such as Priya";
            roster.problems.push(format!("line {line}: {problem}"));
        }
        found
    }

    /// The first address of a line. A client with an unusable address is still a client.
    fn email(&self, row: &csv::StringRecord, line: u64, roster: &mut Roster) -> Option<String> {
        let read: Vec<address::Cell> = self.cells(row, Meaning::Email).map(address::read).collect();
        let mut all: Vec<&String> = read
            .iter()
            .filter_map(|cell| if let address::Cell::One(one, _) = cell { Some(one) } else { None })
            .collect();
        all.dedup();
        let several = all.len() > 1 || read.iter().any(|cell| matches!(cell, address::Cell::One(_, true)));
        if several {
            roster.notes.push(format!("line {line}: there are several email addresses; the first is used"));
        }
        if all.is_empty() && read.contains(&address::Cell::Bad) {
            let problem = "the email isn’t a valid address; the client is kept without a new one";
            roster.problems.push(format!("line {line}: {problem}"));
        }
        all.first().map(|address| (*address).clone())
    }
}

#[derive(Default)]
struct EarlierLines {
    addresses: HashMap<String, u64>,
    /// By name: the line number, and whether it has an address.
    names: HashMap<String, (u64, bool)>,
}

impl EarlierLines {
    /// Why a line isn't a new client, if it isn't.
    fn before(&mut self, line: u64, name: &str, email: Option<&str>) -> Option<String> {
        if let Some(email) = email
            && let Some(earlier) = self.addresses.get(email)
        {
            return Some(format!("the email is already in line {earlier}: both count as one client, as in that line"));
        }
        let key = name.to_lowercase();
        match self.names.get(&key) {
            Some((earlier, with_address)) if !*with_address || email.is_none() => {
                return Some(format!(
                    "the name is already in line {earlier}, and there aren’t two addresses to tell two people apart: \
                     both count as one client, as in that line"
                ));
            }
            _ => {}
        }
        self.names.insert(key, (line, email.is_some()));
        if let Some(email) = email {
            self.addresses.insert(email.to_owned(), line);
        }
        None
    }
}

/// The name that the columns form. A column `name` is the full name, or the part that the others lack: `Name;Vorname`
/// in German, `Nombre;Apellidos` in Spanish.
fn whole_name(name: &str, given: &str, middle: &str, family: &str) -> String {
    let holds = |part: &str| name.split([' ', ',']).any(|word| part.split(' ').next() == Some(word));
    let join = |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
    match (name.is_empty(), given.is_empty(), family.is_empty()) {
        (false, true, true) => name.to_owned(),
        (false, false, true) if !holds(given) => join(&[given, middle, name]),
        (false, true, false) if !holds(family) => join(&[name, middle, family]),
        (false, _, true) | (false, true, _) => name.to_owned(),
        // If names are written without spaces, the family name comes first.
        (_, false, false) if !(given.chars().chain(family.chars())).any(|c| c < '\u{3000}') => {
            format!("{family}{given}")
        }
        _ => join(&[given, middle, family]),
    }
}

/// The single address that somebody typed, in lower case; `None` if there is anything else.
pub(crate) fn address(typed: &str) -> Option<String> {
    address::one(typed)
}

/// The byte at which a record begins.
fn start_of(text: &str, record: &csv::StringRecord) -> usize {
    let start = record.position().map_or(0, csv::Position::byte);
    usize::try_from(start).unwrap_or(text.len()).min(text.len())
}

/// The line on which a record begins, from 1. The reader's own count skips empty lines.
fn line_of(text: &str, record: &csv::StringRecord) -> u64 {
    Lines::new(text).of(record)
}

/// Where the lines of a text begin.
struct Lines<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    fn of(&self, record: &csv::StringRecord) -> u64 {
        let start = start_of(self.text, record);
        let empty = self.text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        1 + self.ends.partition_point(|end| *end < start + empty) as u64
    }
}

/// One line without runs of spaces or invisible characters.
fn tidy(text: &str) -> String {
    address::visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
