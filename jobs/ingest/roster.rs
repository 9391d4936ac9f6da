//! Reads a roster: a CSV file with the columns name, email, aliases and tags. Pure.
//!
//! Malformed input is data: a bad line becomes a problem with its number, and the good ones are applied.

use lettre::Address;

/// A roster, and what is wrong with the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The clients of the good lines.
    pub clients: Vec<Entry>,
    /// What was wrong, one sentence each, with line numbers; no personal data.
    pub problems: Vec<String>,
}

/// One client of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The line in the file, from 1.
    pub line: u64,
    /// The name as written.
    pub name: String,
    /// In lower case.
    pub email: Option<String>,
    /// Other names, as written.
    pub aliases: Vec<String>,
    /// Tags, as written; none where the file has no such column, so that nobody's tags are lost.
    pub tags: Option<Vec<String>>,
}

/// Why a file is no roster at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RosterError {
    /// It has no line of column names with `name` in it.
    #[error("the first line names no column `name`: begin the file with the line name,email,aliases,tags")]
    NoNameColumn,
}

/// Where the columns are.
struct Columns {
    name: usize,
    email: Option<usize>,
    aliases: Option<usize>,
    tags: Option<usize>,
}

/// Reads a roster: UTF-8, UTF-16 or Windows-1252; comma, semicolon or tab between columns; columns in any order.
///
/// # Errors
/// When the file has no column `name`.
pub fn read(bytes: &[u8]) -> Result<Roster, RosterError> {
    let text = decode(bytes);
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Where commas are decimal points, spreadsheets write semicolons; the header shows which.
    let delimiter = *b",;\t"
        .iter()
        .max_by_key(|d| header.bytes().filter(|b| b == *d).count() * 4 + usize::from(**d == b','))
        .unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut roster = Roster::default();
    let mut records = reader.records();
    let columns = match records.next() {
        Some(Ok(header)) => read_header(&header, &mut roster.problems)?,
        _ => return Err(RosterError::NoNameColumn),
    };
    for record in records {
        // Text in memory always reads; were it otherwise, the rest of the file would be no better.
        let Ok(record) = record else { break };
        let line = line_of(&text, &record);
        read_line(&record, line, &columns, &mut roster);
    }
    Ok(roster)
}

/// The text without its byte-order mark; what is no UTF-8 was written by an older spreadsheet on Windows.
fn decode(bytes: &[u8]) -> String {
    let (encoding, mark) = match encoding_rs::Encoding::for_bom(bytes) {
        Some(marked) => marked,
        None if std::str::from_utf8(bytes).is_ok() => (encoding_rs::UTF_8, 0),
        None => (encoding_rs::WINDOWS_1252, 0),
    };
    let text = encoding.decode_without_bom_handling(&bytes[mark..]).0;
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn read_header(header: &csv::StringRecord, problems: &mut Vec<String>) -> Result<Columns, RosterError> {
    let names: Vec<String> = header.iter().map(str::to_lowercase).collect();
    let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    let columns = Columns {
        name: find(&["name"]).ok_or(RosterError::NoNameColumn)?,
        email: find(&["email", "e-mail"]),
        aliases: find(&["aliases", "alias"]),
        tags: find(&["tags", "tag"]),
    };
    let known = [Some(columns.name), columns.email, columns.aliases, columns.tags];
    let unknown = (0..names.len()).filter(|at| !known.contains(&Some(*at)) && !names[*at].is_empty()).count();
    if unknown > 0 {
        problems.push(format!("line 1: {unknown} columns other than name, email, aliases, tags are not used"));
    }
    Ok(columns)
}

/// The line on which a record begins, from 1. The reader's own count leaves out empty lines.
fn line_of(text: &str, record: &csv::StringRecord) -> u64 {
    let start = record.position().map_or(0, csv::Position::byte);
    let start = usize::try_from(start).unwrap_or(text.len()).min(text.len());
    let empty = text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let before = &text.as_bytes()[..start + empty];
    1 + before.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

fn read_line(record: &csv::StringRecord, line: u64, columns: &Columns, roster: &mut Roster) {
    let field = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
    let list = |at| -> Vec<String> { field(at).split([';', '|']).map(tidy).filter(|item| !item.is_empty()).collect() };
    if record.iter().all(str::is_empty) {
        return;
    }
    if [Some(columns.name), columns.email].into_iter().any(|at| field(at).contains('\n')) {
        roster.problems.push(format!("line {line}: a quotation mark is opened and not closed; what follows is lost"));
        return;
    }
    let name = tidy(field(Some(columns.name)));
    if name.is_empty() {
        roster.problems.push(format!("line {line}: the name is missing"));
        return;
    }
    let email = field(columns.email).to_lowercase();
    if !email.is_empty() && email.parse::<Address>().is_err() {
        roster.problems.push(format!("line {line}: the email is no address"));
        return;
    }
    let email = (!email.is_empty()).then_some(email);
    if email.is_some() && roster.clients.iter().any(|client| client.email == email) {
        roster.problems.push(format!("line {line}: the email stands in an earlier line already"));
        return;
    }
    let tags = columns.tags.map(|_| list(columns.tags));
    roster.clients.push(Entry { line, name, email, aliases: list(columns.aliases), tags });
}

/// One line without runs of spaces and control characters.
fn tidy(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: u64, name: &str, email: Option<&str>, aliases: &[&str], tags: &[&str]) -> Entry {
        let own = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Entry { line, name: name.into(), email: email.map(Into::into), aliases: own(aliases), tags: Some(own(tags)) }
    }

    #[test]
    fn a_plain_roster_is_read() {
        let roster =
            read(b"name,email,aliases,tags\nPriya Raman,Priya@Raman.example,Pri;PR,vip; new \nTom Becker,,,\n");
        let roster = roster.expect("a roster");
        assert_eq!(roster.problems, Vec::<String>::new());
        assert_eq!(
            roster.clients,
            [
                entry(2, "Priya Raman", Some("priya@raman.example"), &["Pri", "PR"], &["vip", "new"]),
                entry(3, "Tom Becker", None, &[], &[]),
            ]
        );
    }

    #[test]
    fn spreadsheets_write_it_in_their_own_ways() {
        let entries = [entry(2, "Zoë Müller", Some("zoe@example.org"), &["Zo"], &[])];
        let text = "Tags;E-Mail;NAME;Alias\r\n;zoe@example.org;Zoë  Müller;Zo\r\n";
        let utf16: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let with_mark = format!("\u{feff}{text}").into_bytes();
        let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        for bytes in [text.as_bytes(), &with_mark, &utf16, &windows] {
            let roster = read(bytes).expect("a roster");
            assert_eq!((roster.clients.as_slice(), roster.problems.len()), (&entries[..], 0));
        }
    }

    #[test]
    fn bad_lines_are_named_and_good_ones_stay() {
        let roster = read(
            b"name,email,phone\nAda,ada@example.org,1\n,nobody@example.org,2\nBob,not an address,3\n\nCy,ada@EXAMPLE.org,\nDee\n",
        )
        .expect("a roster");
        let names: Vec<&str> = roster.clients.iter().map(|client| client.name.as_str()).collect();
        assert_eq!(names, ["Ada", "Dee"]);
        assert_eq!(
            roster.problems,
            [
                "line 1: 1 columns other than name, email, aliases, tags are not used",
                "line 3: the name is missing",
                "line 4: the email is no address",
                "line 6: the email stands in an earlier line already",
            ]
        );
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_named() {
        let roster =
            read(b"name,email\nAda,ada@example.org\n\"Bob,bob@example.org\nCy,cy@example.org\n").expect("a roster");
        assert_eq!(roster.clients.len(), 1);
        assert_eq!(roster.problems, ["line 3: a quotation mark is opened and not closed; what follows is lost"]);
    }

    #[test]
    fn what_is_no_roster_says_what_to_do() {
        for bytes in
            [&b""[..], b"Priya,priya@raman.example\n", b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n", b"\xff\xfe"]
        {
            assert_eq!(read(bytes), Err(RosterError::NoNameColumn));
        }
    }
}
