//! A transcript as a table: CSV, or with semicolons, tabs or bars; the columns in any order, recognised by their
//! headings, or by their contents.
//!
//! Reads the text of a file; writes what is said, and why a row isn't. Any other table is refused with what was seen,
//! since commas and times aren't speech.

mod columns;
mod talk;
mod unheaded;

use csv::StringRecord;

use self::columns::{DELIMITERS, Table, is_even, reader, span, table};
use super::{
    account::{Draft, spaced, words},
    clock,
    format::Format,
    formats::{self, Confidence, Source},
    keys::{Meaning, meaning},
    label::{self, Labels, Piece, Place},
    live, markdown,
    raw_time::{self, Raw},
    units::{Row, letters, timeline},
};

pub(super) const READER: formats::Reader = formats::Reader { name: "csv", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    // Tables in a document are read as part of it.
    let table = table(source.text).filter(|_| !source.document)?;
    if !table.people.is_empty() {
        return Some((Confidence::Telling, "a table with a column for each person"));
    }
    let reason = match (table.headed, table.columns.speaker, table.columns.start) {
        (true, Some(_), Some(_)) => "a table whose headings name a text, a speaker and times",
        (true, Some(_), None) => "a table whose headings name a text and a speaker",
        (true, None, _) => "a table whose headings name a text and times",
        (false, _, None) => "a table with columns of names that take turns and of text",
        (false, ..) => "a table with columns of times and of text",
    };
    Some((Confidence::Telling, reason))
}

/// Whether a text is a table whose headings mark it as a transcript.
pub(super) fn is_transcript(text: &str) -> bool {
    table(text).is_some_and(|table| table.headed)
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let Some(table) = table(source.text) else { return (Format::Csv, draft) };
    let before = source.text[..table.begin].lines().count();
    draft.structure(&source.text[..table.begin]);
    let body = &source.text[table.begin..];
    let quoting = !is_open(body, &table);
    if !quoting {
        draft.warn(0, "a quotation mark is never closed; the marks are ignored, and each line is a row");
    }
    let (raw, mut kept) = (words(body), 0);
    let mut rows = Vec::new();
    for record in reader(body, table.delimiter, quoting).records() {
        // Reading from memory never fails.
        let Ok(record) = record else { break };
        let line = before + record.position().map_or(0, |place| usize::try_from(place.line()).unwrap_or(0));
        kept += record.iter().map(words).sum::<usize>();
        if table.people.is_empty() {
            rows.extend(row(&record, line, &table, &mut draft));
        } else {
            of_people(&record, line, &table, &mut draft, &mut rows);
        }
    }
    draft.markup(raw, kept);
    if let Some(doubt) = table.doubt.clone().filter(|_| !rows.is_empty()) {
        draft.warn(0, doubt);
    }
    say(&table, &rows, &mut draft);
    (Format::Csv, draft)
}

/// Whether a quotation mark is never closed: a cell then swallows rows.
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

struct SpeechRow {
    line: usize,
    speaker: String,
    text: String,
    row: Row,
}

fn row(record: &StringRecord, line: usize, table: &Table, draft: &mut Draft) -> Option<SpeechRow> {
    let columns = &table.columns;
    // A text with unquoted delimiters takes up several cells; the columns after it are counted from the end.
    let more = record.len().saturating_sub(table.width);
    let place = |at: usize| if at > columns.text { at + more } else { at };
    let cell = |at: Option<usize>| at.and_then(|at| record.get(place(at))).unwrap_or("").trim();
    let delimiter = char::from(table.delimiter).to_string();
    let texts: Vec<&str> = record.iter().skip(columns.text).take(more + 1).collect();
    let text = spaced(texts.join(&delimiter).trim().trim_matches('"')).into_owned();
    let own = [columns.speaker, columns.start, columns.end, columns.long, columns.seconds, columns.hours];
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
    let (start, within) = match columns.seconds {
        Some(_) => (parted(cell(columns.hours), cell(columns.start), cell(columns.seconds)), Raw::None),
        None => span(cell(columns.start)),
    };
    if columns.start.is_some() && !start.is_there() && !cell(columns.start).is_empty() {
        draft.warn(line, "a time that cannot be read; the words are kept without a time");
    }
    let end = if columns.end.is_some() { span(cell(columns.end)).0 } else { within };
    let row = Row { letters: letters(&text), start, end, long: span(cell(columns.long)).0 };
    // Markdown writes names in bold in its tables too.
    let speaker = cell(columns.speaker).trim_matches(['*', '_', '`']).to_owned();
    let plain = markdown::unemphasized(&text).into_owned();
    draft.markup(words(&text), words(&plain));
    let text = plain;
    Some(SpeechRow { line, speaker, text, row })
}

/// A time whose hours, minutes and seconds are in separate cells.
fn parted(hours: &str, minutes: &str, seconds: &str) -> Raw {
    let part = |cell: &str| if cell.is_empty() { Some(0.0) } else { cell.replace(',', ".").parse::<f64>().ok() };
    let whole = || Some((part(hours)? * 60.0 + part(minutes)?) * 60.0 + part(seconds)?);
    whole().and_then(|seconds| raw_time::whole(seconds * 1e3)).map_or(Raw::None, Raw::Millis)
}

/// A row with one cell per person: who says something in it.
fn of_people(record: &StringRecord, line: usize, table: &Table, draft: &mut Draft, rows: &mut Vec<SpeechRow>) {
    let time = |at: Option<usize>| at.and_then(|at| record.get(at)).map_or((Raw::None, Raw::None), span);
    let (start, within) = time(table.columns.start);
    let end = if table.columns.end.is_some() { time(table.columns.end).0 } else { within };
    for (at, field) in record.iter().enumerate() {
        let person = table.people.iter().find(|(own, _)| *own == at);
        let Some((_, name)) = person.filter(|_| field.contains(char::is_alphanumeric)) else {
            draft.structure(field);
            continue;
        };
        let text = spaced(field.trim()).into_owned();
        let row = Row { letters: letters(&text), start, end, long: Raw::None };
        rows.push(SpeechRow { line, speaker: name.clone(), text, row });
    }
}

fn say(table: &Table, rows: &[SpeechRow], draft: &mut Draft) {
    let times = timeline(&rows.iter().map(|said| said.row).collect::<Vec<_>>(), table.columns.told);
    if let Some(doubt) = times.doubt {
        draft.warn(0, doubt);
    }
    if let Some(began) = times.began.and_then(chrono::DateTime::from_timestamp_millis) {
        (draft.session_date, draft.started_at) = (Some(began.date_naive()), Some(began));
    }
    // Without a column of speakers, a name may precede the text.
    let unnamed = rows.iter().all(|said| said.speaker.is_empty());
    let heads = rows.iter().filter(|_| unnamed).map(|said| said.text.as_str());
    let labels = Labels::of(heads.map(|text| Piece { text, place: Place::Head, open: false }));
    let mut places = Vec::with_capacity(rows.len());
    for (said, (start, end)) in rows.iter().zip(times.times) {
        let (label, text) = match labels.split(&said.text) {
            Some((label, text)) => {
                draft.markup(words(&said.text), words(text));
                if labels.doubtful(label) {
                    draft.warn(said.line, label::doubt(label));
                }
                (label, text)
            }
            None => (said.speaker.as_str(), said.text.as_str()),
        };
        let bare = label.parse::<u32>().is_ok();
        let label = if bare { format!("Speaker {label}") } else { label.to_owned() };
        draft.clock(said.line, start);
        let end = draft.end(said.line, start, end);
        draft.say(Some(&label), start, end, text);
        places.resize(draft.utterances.len(), said.line);
    }
    live::keep_last_said(draft, &places);
    clock::from_the_first(draft);
}

/// What a table that isn't a transcript looks like, for a refusal; `None` if a text isn't a table.
pub(super) fn seen(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = DELIMITERS.iter().find(|delimiter| **delimiter != b'\t' && is_even(text, **delimiter))?;
    let headings = reader(text, *delimiter, true).into_records().next()?.ok()?;
    let keys = || headings.iter().filter_map(meaning);
    let has = |wanted: &[Meaning]| keys().any(|key| wanted.contains(&key.meaning));
    let known: Vec<String> = keys().map(|key| format!("\"{}\"", key.known_as)).collect();
    if has(&[Meaning::Text]) && has(&[Meaning::Speaker, Meaning::SpeakerId]) && has(&[Meaning::Start]) {
        return Some(format!(
            "a table (CSV) of {} columns, with {} among its headings, but its rows do not follow each other as people speak: it looks \
             like a chat, a log or a list. A transcript as a table has times since its beginning, or the moments of a talk in which \
             people take turns",
            headings.len(),
            known.join(", ")
        ));
    }
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

#[cfg(test)]
mod tests {
    use crate::{Format, companion, parse};

    #[test]
    fn a_time_may_stand_in_columns_of_its_parts() {
        for (head, at) in [
            ("Minute,Second", ["0,5", "0,9", "1,2", "1,7"]),
            ("Hours,Min,Sec", ["0,0,5", "0,0,9", "0,1,2", "0,1,7"]),
            ("Min.,Sec.", ["0,5.0", "0,9.0", "1,2.0", "1,7.0"]),
        ] {
            let said = ["Maya,How was the week?", "Tom,Long; I sold it.", "Maya,And what now?", "Tom,I will rest."];
            let rows: String = at.iter().zip(said).map(|(at, said)| format!("{at},{said}\n")).collect();
            let read = parse(format!("{head},Speaker,Text\n{rows}").as_bytes()).expect("a table");
            let starts: Vec<_> = read.utterances.iter().filter_map(|said| said.start_ms).collect();
            assert_eq!(starts, [5_000, 9_000, 62_000, 67_000], "{head}");
            assert!(read.account.balances() && read.utterances.iter().all(|said| said.end_ms.is_none()), "{head}");
        }
    }

    /// A table of four utterances, its cells in the order of the headings.
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
    fn a_name_that_is_left_out_costs_the_others_nothing() {
        let rows = [
            ("Helen", "00:01", "Hello, how is the summer?"),
            ("Liz", "00:04", "Hot, the clinic has no air."),
            ("Helen", "00:09", "What can you do?"),
            ("Liz", "00:12", "I will buy fans on Monday."),
            ("", "00:15", "And I will close at two on Fridays."),
            ("Helen", "00:20", "What does the team say?"),
            ("Liz", "00:23", "They brought me ice cream."),
            ("Helen", "00:27", "And what now?"),
            ("Liz", "00:31", "I will thank them."),
        ];
        for timed in [true, false] {
            let row = |(name, at, said): &(&str, &str, &str)| {
                let at = if timed { format!("{at}\t") } else { String::new() };
                format!("{name}\t{at}{said}\n")
            };
            let read = parse(rows.iter().map(row).collect::<String>().as_bytes()).expect("a table");
            let labels: Vec<_> = read.utterances.iter().map(|said| said.label.as_deref().unwrap_or("")).collect();
            assert_eq!(labels, rows.map(|(name, ..)| name), "{timed} {read:?}");
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
