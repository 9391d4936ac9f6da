//! What commands print: tables for people, JSON for programs. Everything goes through here, so that no file name and no
//! word of a session reaches a terminal as a control sequence.

use std::{io::IsTerminal, str::FromStr};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use debrief_jobs::{clean, masked};
use serde::Serialize;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints one item: its JSON, or the result of `text`.
    pub(crate) fn one<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        if self.json {
            print(&clean::terminal_json(&serde_json::to_string_pretty(value)?));
        } else {
            say(text(value).trim_end());
        }
        Ok(())
    }

    /// Prints several items, as one JSON document per line or a table with these headings, or `empty` if there are
    /// none.
    pub(crate) fn list<T: Serialize, const N: usize>(
        self,
        values: &[T],
        empty: &str,
        headings: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> anyhow::Result<()> {
        if self.json {
            for value in values {
                print(&clean::terminal_json(&serde_json::to_string(value)?));
            }
        } else if values.is_empty() {
            tell(empty);
        } else {
            say(&table(headings, values.iter().map(row)));
        }
        Ok(())
    }
}

/// Whether to go on with something irreversible: `yes` was given, or is answered now. Fails without a terminal.
pub(crate) fn confirmed(what: &str, yes: bool) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    anyhow::ensure!(std::io::stdin().is_terminal(), "{what} Use --yes to confirm");
    eprint!("{} Go on? [y/N] ", clean::terminal(what));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let goes_on = answer.trim().eq_ignore_ascii_case("y");
    if !goes_on {
        tell("nothing was changed");
    }
    Ok(goes_on)
}

/// A table with aligned columns; the last one is ragged.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    // A name with a line break is still one cell.
    let rows = rows.map(|row| row.map(|cell| clean::terminal_line(&cell).into_owned()));
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(headings).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Prints a result in words to standard output. Names and words were written by people: a terminal must never obey
/// them.
pub(crate) fn say(text: &str) {
    print(&clean::terminal(text));
}

/// Prints a message to standard error.
pub(crate) fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", clean::terminal(&masked(text)));
}

/// A reader that went away (`| head`) is not worth an error message.
fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Parses one of these names; `--help` and the error for any other name list them.
pub(crate) fn one_of<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn a_cell_is_one_line_that_no_terminal_obeys() {
        let rows = [["a\u{1b}[2J\nb".to_owned(), "x".to_owned()], ["c".to_owned(), "y".to_owned()]];
        let printed = table(["NAME", "IS"], rows.into_iter());
        assert_eq!(printed, "NAME           IS\na\\u{1b}[2J\\nb  x\nc              y");
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let rows = [["田中美咲".to_owned(), "x".to_owned()], ["Zoë".to_owned(), "y".to_owned()]];
        assert_eq!(table(["NAME", "IS"], rows.into_iter()), "NAME      IS\n田中美咲  x\nZoë       y");
    }
}
