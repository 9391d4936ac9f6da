//! How values are written in CSV and JSON; escapes text for spreadsheets, which treat a cell that starts like a formula
//! as one. Pure.

use std::{borrow::Cow, io::Write};

use arrow::{
    array::{
        Array, AsArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array, ListArray, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::Float32Type,
    record_batch::RecordBatch,
};
use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use super::schema::{Column, Kind};

/// A column of a batch.
pub(super) enum Cells<'a> {
    Text(&'a StringArray),
    Json(&'a StringArray),
    Int(&'a Int64Array),
    Float(&'a Float64Array),
    Bool(&'a BooleanArray),
    Day(&'a Date32Array),
    Time(&'a TimestampMicrosecondArray),
    Vector(&'a ListArray),
}

impl<'a> Cells<'a> {
    /// The columns of a batch, which has `columns`.
    pub(super) fn of(columns: &[Column], batch: &'a RecordBatch) -> Vec<Self> {
        let cells = |(column, array): (&Column, &'a arrow::array::ArrayRef)| match column.kind {
            Kind::Id | Kind::Word | Kind::Prose | Kind::Key => Self::Text(array.as_string()),
            Kind::Json => Self::Json(array.as_string()),
            Kind::Int => Self::Int(array.as_primitive()),
            Kind::Float => Self::Float(array.as_primitive()),
            Kind::Bool => Self::Bool(array.as_boolean()),
            Kind::Day => Self::Day(array.as_primitive()),
            Kind::Time => Self::Time(array.as_primitive()),
            Kind::Vector => Self::Vector(array.as_list()),
        };
        columns.iter().zip(batch.columns()).map(cells).collect()
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(array) | Self::Json(array) => array.is_null(row),
            Self::Int(array) => array.is_null(row),
            Self::Float(array) => array.is_null(row),
            Self::Bool(array) => array.is_null(row),
            Self::Day(array) => array.is_null(row),
            Self::Time(array) => array.is_null(row),
            Self::Vector(array) => array.is_null(row),
        }
    }

    /// Adds the value at `row`, which isn't null, to `out`: text as it is, all else as in JSON, without quotation marks.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        // Writing to memory doesn't fail.
        let _ = match self {
            Self::Text(array) | Self::Json(array) => out.write(array.value(row).as_bytes()).map(|_| ()),
            Self::Int(array) => write!(out, "{}", array.value(row)),
            Self::Float(array) => write!(out, "{}", array.value(row)),
            Self::Bool(array) => write!(out, "{}", array.value(row)),
            Self::Day(array) => {
                day(array.value(row), out);
                Ok(())
            }
            Self::Time(array) => {
                time(array.value(row), out);
                Ok(())
            }
            Self::Vector(array) => {
                vector(array.value(row).as_primitive::<Float32Type>(), out);
                Ok(())
            }
        };
    }
}

/// `[0.5,-1]`.
fn vector(numbers: &Float32Array, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, number) in numbers.values().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let _ = write!(out, "{number}");
    }
    out.push(b']');
}

/// The last `out.len()` digits of `number`.
fn digits(mut number: u32, out: &mut [u8]) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// `2026-11-30`. By hand, as chrono's own formatting takes longer than all else about a row.
fn date(date: NaiveDate, out: &mut [u8; 10]) {
    *out = *b"0000-00-00";
    digits(date.year().unsigned_abs(), &mut out[..4]);
    digits(date.month(), &mut out[5..7]);
    digits(date.day(), &mut out[8..]);
}

/// A day, given since 1970.
fn day(days: i32, out: &mut Vec<u8>) {
    let mut text = [0; 10];
    date(NaiveDate::from_epoch_days(days).unwrap_or(NaiveDate::MIN), &mut text);
    out.extend(text);
}

/// `2026-11-30T08:15:00.000000Z`, given in microseconds since 1970.
fn time(microseconds: i64, out: &mut Vec<u8>) {
    let time = DateTime::from_timestamp_micros(microseconds).unwrap_or(DateTime::UNIX_EPOCH).naive_utc();
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    if let Some(day) = text.first_chunk_mut() {
        date(time.date(), day);
    }
    for (number, place) in
        [(time.hour(), 11..13), (time.minute(), 14..16), (time.second(), 17..19), (time.nanosecond() / 1000, 20..26)]
    {
        digits(number, &mut text[place]);
    }
    out.extend(text);
}

/// `text` with an apostrophe before each line that a spreadsheet could treat as a formula: one that starts, after
/// blanks, with `=`, `+`, `-` or `@` (or their wide forms), or with a tab or a lone line break.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let is_line = !text.bytes().any(|byte| matches!(byte, b'\r' | b'\n'));
    if is_line && !is_like_formula(text) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len() + 1);
    if text.starts_with(['\r', '\n']) {
        harmless.push('\'');
    }
    for line in text.split_inclusive(['\r', '\n']) {
        if is_like_formula(line) {
            harmless.push('\'');
        }
        harmless.push_str(line);
    }
    Cow::Owned(harmless)
}

fn is_like_formula(line: &str) -> bool {
    line.starts_with('\t') || line.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::{day, harmless, time};

    #[test]
    fn what_begins_like_a_formula_is_quoted_on_every_line() {
        for (text, wanted) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("  =1", "'  =1"),
            ("\t=1", "'\t=1"),
            ("\tplain", "'\tplain"),
            ("\r=1", "'\r'=1"),
            ("\nplain", "'\nplain"),
            ("yes\n=1\r\n @x", "yes\n'=1\r\n' @x"),
            ("a = b, c - d", "a = b, c - d"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn days_and_times_are_as_everybody_writes_them() {
        let days = |days| {
            let mut out = Vec::new();
            day(days, &mut out);
            String::from_utf8(out).expect("letters")
        };
        assert_eq!(
            [-719_162, -1, 0, 20_787, 2_932_896].map(days),
            ["0001-01-01", "1969-12-31", "1970-01-01", "2026-11-30", "9999-12-31"]
        );
        for text in ["2026-11-30T08:15:00.000001Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00.000000Z"] {
            let mut out = Vec::new();
            time(text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").timestamp_micros(), &mut out);
            assert_eq!(String::from_utf8(out).expect("letters"), text);
        }
    }
}
