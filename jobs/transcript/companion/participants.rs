//! Lists of participants: Zoom's report (two header blocks, `Name (Original Name)`), Teams' attendance report (UTF-16,
//! tabs, sections), Meet's and Webex's attendance (CSV). Columns are found by their headings, otherwise by their
//! contents, since headings are in the language of the account.

use super::super::{account::is_email, not_a_transcript, transcript::Attendee};

/// More rows than any meeting has participants.
const ROWS: usize = 5000;

#[derive(Debug, Default)]
struct Columns {
    name: Option<usize>,
    /// Meet has given name and surname in separate columns.
    surname: Option<usize>,
    email: Option<usize>,
    duration: Option<usize>,
}

/// The people who attended; `None` if the text isn't a list of participants.
pub(super) fn read(text: &str) -> Option<Vec<Attendee>> {
    let lines: Vec<&str> = text.lines().collect();
    // A heading is near the beginning; nothing further down makes a transcript a list.
    let head = lines.iter().take(40).enumerate();
    let found = head.filter_map(|(at, line)| Some((at, columns(&fields(line, delimiter(line)))?))).next();
    let (from, delimiter, columns) = match found {
        Some((at, columns)) => (at + 1, delimiter(lines[at]), columns),
        None if not_a_transcript::is_participants(text.trim()) => by_content(&lines)?,
        None => return None,
    };
    let mut people: Vec<Attendee> = Vec::new();
    for line in lines.iter().skip(from).take(ROWS) {
        let fields = fields(line, delimiter);
        // A section ends with an empty line, or with the heading of the next one.
        if fields.iter().filter(|field| !field.is_empty()).count() < 1 || is_section(&fields) {
            if people.is_empty() {
                continue;
            }
            break;
        }
        if let Some(person) = person(&fields, &columns) {
            add(&mut people, person);
        }
    }
    Some(people)
}

fn delimiter(line: &str) -> char {
    let count = |mark: char| line.matches(mark).count();
    *['\t', ',', ';'].iter().max_by_key(|mark| count(**mark) * 4 + usize::from(**mark == ',')).unwrap_or(&',')
}

/// `3. In-Meeting Activities`
fn is_section(fields: &[String]) -> bool {
    let mut filled = fields.iter().filter(|field| !field.is_empty());
    let first = filled.next().map_or("", String::as_str);
    filled.next().is_none()
        && first.split_once('.').is_some_and(|(number, title)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && title.starts_with(' ')
        })
}

/// The columns that a heading names; `None` if the line isn't a heading of such a list.
fn columns(headings: &[String]) -> Option<Columns> {
    let names: Vec<String> = headings.iter().map(|heading| heading.to_lowercase()).collect();
    let find = |wanted: &dyn Fn(&str) -> bool| names.iter().position(|name| wanted(name));
    let name = find(&|name| {
        name.starts_with("name") && !name.contains("file")
            || ["full name", "participant", "participant name", "attendee name", "display name", "first name"]
                .contains(&name)
    });
    let columns = Columns {
        name,
        surname: find(&|name| name == "last name"),
        email: find(&|name| name.contains("email") || name.contains("e-mail")),
        duration: find(&|name| name.contains("duration") || name.starts_with("time in call")),
    };
    let told = names.iter().any(|name| {
        name.contains("(original name)")
            || ["duration", "join", "leave", "time in call", "time exited"].iter().any(|word| name.contains(word))
            || name == "user action"
    });
    // A table of speech has names and times as well.
    let speech =
        names.iter().any(|name| ["text", "transcript", "sentence", "words", "utterance"].contains(&name.as_str()));
    (columns.name.is_some() && told && !speech && headings.len() >= 2).then_some(columns)
}

/// If the headings are in another language: the column of addresses, and the first column of names.
fn by_content(lines: &[&str]) -> Option<(usize, char, Columns)> {
    let original = lines.iter().take(12).position(|line| line.to_lowercase().contains("(original name)"));
    let from = original.map_or(0, |at| at + 1);
    let addressed = |line: &&str| fields(line, delimiter(line)).iter().any(|field| is_email(field));
    let first = lines.iter().skip(from).position(addressed).map(|at| at + from);
    let row = original.map(|at| at + 1).or(first)?;
    let of = lines.get(first.unwrap_or(row)).copied().unwrap_or_default();
    let delimiter = delimiter(of);
    let cells = fields(of, delimiter);
    let email = cells.iter().position(|field| is_email(field));
    let wordy = |field: &String| field.chars().any(char::is_alphabetic) && !is_email(field);
    let name = if original.is_some() { Some(0) } else { cells.iter().position(wordy) };
    let number = |field: &String| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    // Zoom's first block describes the meeting, and its address is the host's; the people follow after an empty line.
    let later = lines.iter().enumerate().skip(row).find(|(_, line)| line.trim().is_empty()).map(|(at, _)| at);
    let block = later.filter(|at| original.is_none() && lines.len() > at + 2 && *at <= row + 2);
    let Some(blank) = block else {
        return Some((row, delimiter, Columns { name, surname: None, email, duration: cells.iter().position(number) }));
    };
    let rest = &lines[blank + 2..];
    let person =
        rest.iter().map(|line| fields(line, delimiter)).find(|cells| cells.iter().any(|field| is_email(field)))?;
    let columns = Columns {
        name: person.iter().position(wordy),
        surname: None,
        email: person.iter().position(|field| is_email(field)),
        duration: person.iter().position(number),
    };
    Some((blank + 2, delimiter, columns))
}

fn person(fields: &[String], columns: &Columns) -> Option<Attendee> {
    let field = |at: Option<usize>| at.and_then(|at| fields.get(at)).map(String::as_str).unwrap_or_default();
    let name = match field(columns.surname) {
        "" => field(columns.name).to_owned(),
        surname => format!("{} {surname}", field(columns.name)).trim().to_owned(),
    };
    let email = Some(field(columns.email).to_lowercase()).filter(|email| is_email(email));
    if name.is_empty() && email.is_none() {
        return None;
    }
    Some(Attendee {
        other_names: other_names(&name),
        name: Some(name).filter(|name| !name.is_empty()),
        email,
        label: None,
        was_there: true,
        seconds: seconds(field(columns.duration)),
    })
}

/// `Pri (Priya Raman)`: the displayed name, and the account's name.
fn other_names(name: &str) -> Vec<String> {
    let Some((shown, rest)) = name.split_once('(') else { return Vec::new() };
    let account = rest.trim_end().strip_suffix(')').unwrap_or(rest);
    [shown, account].into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// `73` (minutes), `1h 13m 5s`, `1 hr 13 min`.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    if let Ok(minutes) = text.parse::<i64>() {
        return (0..=100_000).contains(&minutes).then_some(minutes * 60);
    }
    let (mut sum, mut number, mut found) = (0_i64, None::<i64>, false);
    for letter in text.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(i64::from(digit)).min(1_000_000));
        } else if let Some(count) = number.filter(|_| letter.is_alphabetic()) {
            let unit = match letter {
                'h' => 3600,
                'm' => 60,
                's' => 1,
                _ => return None,
            };
            sum += count * unit;
            (number, found) = (None, true);
        }
    }
    found.then_some(sum)
}

/// Whoever rejoined is listed twice: the durations are added up, and an address found once is kept.
fn add(people: &mut Vec<Attendee>, person: Attendee) {
    let same = |one: &&mut Attendee| one.name == person.name && one.email == person.email;
    match people.iter_mut().find(same) {
        Some(known) => known.seconds = known.seconds.zip(person.seconds).map(|(a, b)| a + b).or(known.seconds),
        None => people.push(person),
    }
}

/// The fields of a line; a quoted field may contain the delimiter, and doubled quotes are one.
fn fields(line: &str, delimiter: char) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            _ if letter == delimiter && !quoted => fields.push(std::mem::take(&mut field).trim().to_owned()),
            _ => field.push(letter),
        }
    }
    fields.push(field.trim().to_owned());
    fields
}
