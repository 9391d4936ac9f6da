//! A transcript as a table: CSV, or with semicolons, tabs or bars; the columns in any order, known by their headings, or
//! without headings by what is in them.
//!
//! Reads the text of a file; writes what is said, and why a row is not. A table of anything else is refused with what was
//! seen, since commas and times are no speech.

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{
    account::{Draft, spaced, words},
    clock,
    formats::{self, Confidence, Source},
    keys::{Key, Meaning, meaning},
    label::Labels,
    raw_time::Raw,
    transcript::Format,
    units::{Row, Told, letters, timeline},
};

pub(super) const READER: formats::Reader = formats::Reader { name: "csv", detect, read };

/// Before the headings there may be a title, or a line for a spreadsheet.
const PREAMBLE: usize = 10;
/// So many rows are looked at to find out what a table is.
const SAMPLE: usize = 200;
/// No transcript has more columns.
const COLUMNS: usize = 60;
const DELIMITERS: &[u8] = b"\t;|,";
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
struct Table {
    delimiter: u8,
    /// Where the first row begins, in bytes.
    begin: usize,
    columns: Columns,
    /// How many columns a row has.
    width: usize,
    /// Whether there was a line of headings.
    headed: bool,
}

/// Which column is which.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    text: usize,
    speaker: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    long: Option<usize>,
    told: Told,
}

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    // The tables of a document are read with it.
    let table = table(source.text).filter(|_| !source.document)?;
    let reason = match (table.headed, table.columns.speaker, table.columns.start) {
        (true, Some(_), Some(_)) => "a table whose headings name a text, a speaker and times",
        (true, Some(_), None) => "a table whose headings name a text and a speaker",
        (true, None, _) => "a table whose headings name a text and times",
        (false, ..) => "a table with columns of times and of text",
    };
    Some((Confidence::Telling, reason))
}

/// Whether a text is a table whose headings say that it is a transcript.
pub(super) fn is_transcript(text: &str) -> bool {
    table(text).is_some_and(|table| table.headed)
}

fn reader(text: &str, delimiter: u8, quoting: bool) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoting)
        .from_reader(text.as_bytes())
}

fn table(text: &str) -> Option<Table> {
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
                // One row at least, with as many cells or nearly so.
                let row = reader(text.get(after..)?, *delimiter, true).records().next()?.ok()?;
                let width = headings.len();
                return (row.len() >= 2).then_some(Table {
                    delimiter: *delimiter,
                    begin: after,
                    columns,
                    width,
                    headed: true,
                });
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
    // A name and a text alone are anything: answers, reviews, a list of products.
    let says_speaker = speaker
        .is_some_and(|(_, key)| !matches!(key.known_as, "name" | "user" | "author" | "username" | "person" | "source"));
    (columns.start.is_some() || says_speaker).then_some(columns)
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
        let distinct: std::collections::HashSet<&str> = column(*at).collect();
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
fn span(cell: &str) -> (Raw, Raw) {
    let cell = cell.trim();
    let one = Raw::of(cell);
    if one.is_there() {
        return (one, Raw::None);
    }
    let parts = ["-->", "->", "→", " - ", "–", "—", "~", "-"].iter().find_map(|mark| cell.split_once(mark));
    parts.map_or((Raw::None, Raw::None), |(start, end)| (Raw::of(start), Raw::of(end)))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let Some(table) = table(source.text) else { return (Format::Csv, draft) };
    let before = source.text[..table.begin].lines().count();
    draft.structure(&source.text[..table.begin]);
    let body = &source.text[table.begin..];
    let quoting = !is_open(body, &table);
    if !quoting {
        draft.warn(0, "a quotation mark is opened and not closed; the marks are passed over, and each line is a row");
    }
    let (raw, mut kept) = (words(body), 0);
    let mut rows = Vec::new();
    for record in reader(body, table.delimiter, quoting).records() {
        // Text in memory always reads.
        let Ok(record) = record else { break };
        let line = before + record.position().map_or(0, |place| usize::try_from(place.line()).unwrap_or(0));
        kept += record.iter().map(words).sum::<usize>();
        rows.extend(row(&record, line, &table, &mut draft));
    }
    draft.markup(raw, kept);
    say(&table, &rows, &mut draft);
    (Format::Csv, draft)
}

/// Whether a quotation mark stays open: then rows stand within a cell.
fn is_open(body: &str, table: &Table) -> bool {
    let delimiter = char::from(table.delimiter);
    let record = |line: &str| line.matches(delimiter).count() + 1 >= table.width.max(2);
    reader(body, table.delimiter, true).records().filter_map(Result::ok).any(|row| {
        row.iter().any(|cell| {
            let lines = cell.lines().skip(1).count();
            lines > 0 && cell.lines().skip(1).filter(|line| record(line)).count() * 2 > lines
        })
    })
}

/// A row, taken apart.
struct Said {
    line: usize,
    speaker: String,
    text: String,
    row: Row,
}

fn row(record: &StringRecord, line: usize, table: &Table, draft: &mut Draft) -> Option<Said> {
    let columns = &table.columns;
    // A text with delimiters that nobody put in quotes takes more cells than one; the columns behind it count from the end.
    let more = record.len().saturating_sub(table.width);
    let place = |at: usize| if at > columns.text { at + more } else { at };
    let cell = |at: Option<usize>| at.and_then(|at| record.get(place(at))).unwrap_or("").trim();
    let delimiter = char::from(table.delimiter).to_string();
    let texts: Vec<&str> = record.iter().skip(columns.text).take(more + 1).collect();
    let text = spaced(texts.join(&delimiter).trim().trim_matches('"')).into_owned();
    let own = [columns.speaker, columns.start, columns.end, columns.long];
    for (at, field) in record.iter().enumerate() {
        let in_text = (columns.text..=columns.text + more).contains(&at);
        if in_text {
            continue;
        }
        let used = own.iter().flatten().any(|own| place(*own) == at);
        if used || words(field) < 4 {
            draft.structure(field);
        } else {
            draft.set_aside(line, "a column beside what was said", field);
        }
    }
    if !text.chars().any(char::is_alphanumeric) {
        if record.iter().any(|field| field.contains(char::is_alphanumeric)) {
            draft.warn(line, "a row without text");
        }
        return None;
    }
    let (start, within) = span(cell(columns.start));
    if columns.start.is_some() && !start.is_there() && !cell(columns.start).is_empty() {
        draft.warn(line, "a time that cannot be read; the words are kept without a time");
    }
    let end = if columns.end.is_some() { span(cell(columns.end)).0 } else { within };
    let row = Row { letters: letters(&text), start, end, long: span(cell(columns.long)).0 };
    Some(Said { line, speaker: cell(columns.speaker).to_owned(), text, row })
}

fn say(table: &Table, rows: &[Said], draft: &mut Draft) {
    let times = timeline(&rows.iter().map(|said| said.row).collect::<Vec<_>>(), table.columns.told);
    if let Some(doubt) = times.doubt {
        draft.warn(0, doubt);
    }
    if let Some(began) = times.began.and_then(chrono::DateTime::from_timestamp_millis) {
        (draft.session_date, draft.started_at) = (Some(began.date_naive()), Some(began));
    }
    // Without a column of speakers, a name may stand before the text.
    let unnamed = rows.iter().all(|said| said.speaker.is_empty());
    let labels = Labels::of(rows.iter().filter(|_| unnamed).map(|said| said.text.as_str()));
    for (said, (start, end)) in rows.iter().zip(times.times) {
        let (label, text) = match labels.split(&said.text) {
            Some((label, text)) => {
                draft.markup(words(&said.text), words(text));
                (label, text)
            }
            None => (said.speaker.as_str(), said.text.as_str()),
        };
        let bare = label.parse::<u32>().is_ok() || label.len() == 1 && label.is_ascii();
        let label = if bare { format!("Speaker {label}") } else { label.to_owned() };
        draft.clock(said.line, start);
        let end = draft.end(said.line, start, end);
        draft.say(Some(&label), start, end, text);
    }
    clock::from_the_first(draft);
}

/// What a table that is no transcript looks like, for a refusal; none where a text is no table.
pub(super) fn seen(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = DELIMITERS.iter().find(|delimiter| **delimiter != b'\t' && is_even(text, **delimiter))?;
    let headings = reader(text, *delimiter, true).into_records().next()?.ok()?;
    let known: Vec<String> = headings.iter().filter_map(meaning).map(|key| format!("\"{}\"", key.known_as)).collect();
    let understood = if known.is_empty() {
        "none of its headings is understood".to_owned()
    } else {
        format!("of its headings only these are understood: {}", known.join(", "))
    };
    Some(format!(
        "a table (CSV) of {} columns; {understood}. A transcript as a table has a line of headings such as \
         start,end,speaker,text, and a row for each thing said",
        headings.len()
    ))
}

/// Whether nearly all rows have the same number of cells, three at least.
fn is_even(text: &str, delimiter: u8) -> bool {
    let counts: Vec<usize> =
        reader(text, delimiter, true).records().take(SAMPLE).filter_map(Result::ok).map(|row| row.len()).collect();
    let Some(width) = counts.first().copied() else { return false };
    let even = counts.iter().filter(|count| **count == width).count();
    width >= 3 && counts.len() >= 3 && even * 10 >= counts.len() * 9
}

#[cfg(test)]
mod tests {
    use crate::{Format, companion, parse};

    /// A table of four things said, its cells in the order of the headings.
    fn table(headings: &str, delimiter: char) -> String {
        let said = [
            ("Ana", "0:00:01", "0:00:04", "Where did we stop, and why?"),
            ("Tom", "0:00:05", "0:00:09", "At the letter; I never wrote it."),
            ("Ana", "0:00:10", "0:00:14", "And then?\nTell me | all."),
            ("Tom", "0:00:15", "0:00:20", "I said \"no\", again."),
        ];
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let rows = said.map(|(speaker, start, end, text)| {
            let cells =
                headings.split(delimiter).map(|heading| match heading.split_once('=').map_or("", |(kind, _)| kind) {
                    "who" => quoted(speaker),
                    "from" => start.to_owned(),
                    "to" => end.to_owned(),
                    "what" => quoted(text),
                    _ => "7".to_owned(),
                });
            cells.collect::<Vec<_>>().join(&delimiter.to_string())
        });
        let names = headings.split(delimiter).map(|heading| heading.split_once('=').map_or(heading, |(_, name)| name));
        let names = names.collect::<Vec<_>>().join(&delimiter.to_string());
        format!("{names}\r\n{}\r\n", rows.join("\r\n"))
    }

    #[test]
    fn columns_stand_in_any_order_under_many_names() {
        for (headings, delimiter) in [
            ("from=start,to=end,who=speaker,what=text", ','),
            ("what=Transcript,who=Speaker Name,to=Out,from=In", ','),
            ("from=Beginn;to=Ende;who=Sprecher;what=Text", ';'),
            ("who=Locuteur;what=Texte;from=Début;to=Fin", ';'),
            ("who=Hablante;from=Inicio;to=Fin;what=Contenido", ';'),
            ("who=Говорящий;from=Начало;to=Конец;what=Текст", ';'),
            ("from=開始\tto=終了\twho=話者\twhat=発言", '\t'),
            ("id,who=Who,from=Start time (hh:mm:ss),to=End time,what=Utterance,confidence", ','),
            ("from=Timecode In|to=Timecode Out|who=Person|what=Sentence", '|'),
        ] {
            let file = table(headings, delimiter);
            for file in [file.clone(), format!("\u{feff}sep={delimiter}\r\n{file}"), file.replace("\r\n", "\n")] {
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
                assert_eq!(read.format, Format::Csv, "{file}");
                assert!(read.account.balances(), "{:?} {file}", read.account);
                let said: Vec<_> = read
                    .utterances
                    .iter()
                    .map(|said| (said.label.as_deref(), said.start_ms, said.end_ms, said.text.as_str()))
                    .collect();
                let wanted = [
                    (Some("Ana"), Some(1_000), Some(4_000), "Where did we stop, and why?"),
                    (Some("Tom"), Some(5_000), Some(9_000), "At the letter; I never wrote it."),
                    (Some("Ana"), Some(10_000), Some(14_000), "And then? Tell me | all."),
                    (Some("Tom"), Some(15_000), Some(20_000), "I said \"no\", again."),
                ];
                assert_eq!(said, wanted, "{file}");
            }
        }
    }

    #[test]
    fn addresses_and_numbers_make_no_list_of_participants_of_it() {
        let rows = "Ana,ana@example.org,1,\"Where were we?\"\nTom,tom@example.org,5,\"At the plan.\"\n";
        let file = format!("Speaker,Email,Start,Text\n{rows}{rows}");
        assert!(companion::read(file.as_bytes(), "x.csv").is_none());
        assert_eq!(parse(file.as_bytes()).map(|read| read.utterances.len()), Ok(4));
    }
}
