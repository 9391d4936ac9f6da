//! Rows as Postgres copies them out (`COPY … (FORMAT binary)`), into Arrow's columns. Pure.
//!
//! Every length is checked against what is there: what isn't a row ends with an error, never with a panic or another
//! value.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Float32Builder, Float64Builder, Int64Builder,
        ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    },
    datatypes::{DataType, Field, Schema},
};

use super::schema::{Column, Kind};
use crate::clean;

/// What a copy begins with: the signature, no flags, and no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// How many rows become a batch.
const ROWS: usize = 8192;
/// How many bytes of values become a batch earlier, so that long texts don't take more memory.
const BYTES: usize = 4 << 20;
/// From 1970 to 2000, where Postgres counts from.
const DAYS: i32 = 10_957;
const MICROSECONDS: i64 = 946_684_800_000_000;
/// The first and the last day that calendars elsewhere have: 0001-01-01 and 9999-12-31, in days since 1970. What is
/// outside (`infinity` as well) becomes the nearer one.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;
const DAY_IN_MICROSECONDS: i64 = 86_400_000_000;

/// Why bytes are no row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DecodeError {
    #[error("the copy doesn't begin like one")]
    Header,
    #[error("a row has another number of columns")]
    Columns,
    #[error("the column {0} has a value of another type")]
    Value(&'static str),
    #[error("the column {0} is null")]
    Null(&'static str),
    #[error("the copy ends in the middle of a row")]
    CutOff,
}

/// Turns the bytes of a copy into batches.
pub(super) struct Decoder {
    schema: Arc<Schema>,
    columns: Vec<Values>,
    /// What came of a row whose end is still to come.
    left: Vec<u8>,
    has_begun: bool,
    has_ended: bool,
    rows: usize,
    bytes: usize,
}

impl Decoder {
    pub(super) fn new(columns: &'static [Column], schema: Arc<Schema>) -> Self {
        let columns = columns.iter().map(Values::of).collect();
        Self { schema, columns, left: Vec::new(), has_begun: false, has_ended: false, rows: 0, bytes: 0 }
    }

    /// Takes in the next bytes, and gives each batch that is full to `take`.
    pub(super) fn add<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.left.is_empty() {
            let used = self.rows_of(bytes, take)?;
            self.left.extend_from_slice(&bytes[used..]);
        } else {
            let mut all = std::mem::take(&mut self.left);
            all.extend_from_slice(bytes);
            let used = self.rows_of(&all, take)?;
            all.drain(..used);
            self.left = all;
        }
        Ok(())
    }

    /// The last batch, after the copy's end.
    pub(super) fn finish(mut self) -> Result<Option<RecordBatch>, DecodeError> {
        if !self.has_ended || !self.left.is_empty() {
            return Err(DecodeError::CutOff);
        }
        Ok((self.rows > 0).then(|| self.batch()))
    }

    /// Decodes the complete rows at the start of `bytes`; returns how many bytes they are.
    fn rows_of<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut rest = bytes;
        if !self.has_begun {
            let Some(header) = rest.get(..HEADER.len()) else { return Ok(0) };
            if header != HEADER {
                return Err(DecodeError::Header.into());
            }
            rest = &rest[HEADER.len()..];
            self.has_begun = true;
        }
        while let Some(row) = self.row_length(rest)? {
            let (row, after) = rest.split_at(row);
            self.row(row)?;
            rest = after;
            if self.rows == ROWS || self.bytes >= BYTES {
                take(self.batch())?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// The length of the row that `bytes` begins with; `None` if its end isn't there, or if there is no further row.
    fn row_length(&mut self, bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
        let Some(count) = bytes.first_chunk() else { return Ok(None) };
        match i16::from_be_bytes(*count) {
            // The copy's end.
            -1 if !self.has_ended && bytes.len() == 2 => {
                self.has_ended = true;
                return Ok(Some(2));
            }
            count if self.has_ended || usize::try_from(count) != Ok(self.columns.len()) => {
                return Err(DecodeError::Columns);
            }
            _ => {}
        }
        let mut at = 2;
        for column in &self.columns {
            let Some(length) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
            at += 4;
            match i32::from_be_bytes(*length) {
                -1 => {}
                length => at += usize::try_from(length).map_err(|_| DecodeError::Value(column.name))?,
            }
        }
        Ok((at <= bytes.len()).then_some(at))
    }

    /// Decodes one complete row, or the copy's end.
    fn row(&mut self, row: &[u8]) -> Result<(), DecodeError> {
        if self.has_ended {
            return Ok(());
        }
        let mut rest = &row[2..];
        for column in &mut self.columns {
            let (length, after) = rest.split_first_chunk().ok_or(DecodeError::CutOff)?;
            rest = after;
            let value = match usize::try_from(i32::from_be_bytes(*length)) {
                Ok(length) => {
                    let (value, after) = rest.split_at_checked(length).ok_or(DecodeError::CutOff)?;
                    rest = after;
                    Some(value)
                }
                Err(_) => None,
            };
            column.add(value)?;
        }
        self.rows += 1;
        self.bytes += row.len();
        Ok(())
    }

    fn batch(&mut self) -> RecordBatch {
        (self.rows, self.bytes) = (0, 0);
        let arrays = self.columns.iter_mut().map(|column| column.builder.finish()).collect();
        // Each builder makes the type of its column, has a value for each row, and refused nulls where there are none.
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).unwrap_or_else(|error| unreachable!("{error}"))
    }
}

/// The values of a column so far.
struct Values {
    name: &'static str,
    nullable: bool,
    builder: Builder,
}

enum Builder {
    Id(StringBuilder),
    Text(StringBuilder),
    Key(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Day(Date32Builder),
    Time(TimestampMicrosecondBuilder),
    Vector(ListBuilder<Float32Builder>),
}

impl Values {
    fn of(column: &Column) -> Self {
        let builder = match column.kind {
            Kind::Id => Builder::Id(StringBuilder::new()),
            Kind::Word | Kind::Prose | Kind::Json => Builder::Text(StringBuilder::new()),
            Kind::Key => Builder::Key(StringBuilder::new()),
            Kind::Int => Builder::Int(Int64Builder::new()),
            Kind::Float => Builder::Float(Float64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Day => Builder::Day(Date32Builder::new()),
            Kind::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Vector => {
                let element = Field::new("element", DataType::Float32, false);
                Builder::Vector(ListBuilder::new(Float32Builder::new()).with_field(element))
            }
        };
        Self { name: column.name, nullable: column.nullable, builder }
    }

    fn add(&mut self, value: Option<&[u8]>) -> Result<(), DecodeError> {
        match value {
            Some(value) => self.builder.append(value).ok_or(DecodeError::Value(self.name)),
            None if !self.nullable => Err(DecodeError::Null(self.name)),
            None => {
                self.builder.append_null();
                Ok(())
            }
        }
    }
}

impl Builder {
    /// Adds a value; `None` if the bytes are none of this type.
    fn append(&mut self, value: &[u8]) -> Option<()> {
        match self {
            Self::Id(builder) => {
                let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                builder.append_value(uuid::Uuid::from_slice(value).ok()?.as_hyphenated().encode_lower(&mut text));
            }
            Self::Text(builder) => builder.append_value(std::str::from_utf8(value).ok()?),
            Self::Key(builder) => builder.append_value(clean::terminal_line(std::str::from_utf8(value).ok()?)),
            Self::Int(builder) => builder.append_value(integer(value)?),
            Self::Float(builder) => builder.append_value(float(value)?),
            Self::Bool(builder) => builder.append_value(match value {
                [0] => false,
                [1] => true,
                _ => return None,
            }),
            Self::Day(builder) => {
                let days = i32::from_be_bytes(value.try_into().ok()?);
                builder.append_value(days.saturating_add(DAYS).clamp(FIRST_DAY, LAST_DAY));
            }
            Self::Time(builder) => {
                let time = i64::from_be_bytes(value.try_into().ok()?).saturating_add(MICROSECONDS);
                let first = i64::from(FIRST_DAY) * DAY_IN_MICROSECONDS;
                let last = (i64::from(LAST_DAY) + 1) * DAY_IN_MICROSECONDS - 1;
                builder.append_value(time.clamp(first, last));
            }
            Self::Vector(builder) => {
                numbers(value, builder.values())?;
                builder.append(true);
            }
        }
        Some(())
    }

    fn append_null(&mut self) {
        match self {
            Self::Id(builder) | Self::Text(builder) | Self::Key(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
            Self::Day(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
            Self::Vector(builder) => builder.append(false),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        fn array(array: impl Array + 'static) -> ArrayRef {
            Arc::new(array)
        }
        match self {
            Self::Id(builder) | Self::Text(builder) | Self::Key(builder) => array(builder.finish()),
            Self::Int(builder) => array(builder.finish()),
            Self::Float(builder) => array(builder.finish()),
            Self::Bool(builder) => array(builder.finish()),
            Self::Day(builder) => array(builder.finish()),
            Self::Time(builder) => array(builder.finish()),
            Self::Vector(builder) => ArrayBuilder::finish(builder),
        }
    }
}

/// A `smallint`, `integer` or `bigint`.
fn integer(value: &[u8]) -> Option<i64> {
    match *value {
        [a, b] => Some(i64::from(i16::from_be_bytes([a, b]))),
        [a, b, c, d] => Some(i64::from(i32::from_be_bytes([a, b, c, d]))),
        _ => Some(i64::from_be_bytes(value.try_into().ok()?)),
    }
}

/// A `real` or `double precision`.
fn float(value: &[u8]) -> Option<f64> {
    match *value {
        [a, b, c, d] => Some(f64::from(f32::from_be_bytes([a, b, c, d]))),
        _ => Some(f64::from_be_bytes(value.try_into().ok()?)),
    }
}

/// A `real[]` of one dimension without nulls: the dimensions (1, or 0 if it's empty), whether there are nulls, the type,
/// the length and where it starts, then each element with its length.
fn numbers(value: &[u8], numbers: &mut Float32Builder) -> Option<()> {
    let (head, mut rest) = value.split_at_checked(12)?;
    match head.first_chunk().map(|dimensions| i32::from_be_bytes(*dimensions))? {
        0 => return rest.is_empty().then_some(()),
        1 => rest = rest.get(8..)?,
        _ => return None,
    }
    if rest.len() % 8 != 0 {
        return None;
    }
    for element in rest.chunks_exact(8) {
        let (length, number) = element.split_first_chunk::<4>()?;
        if *length != 4_i32.to_be_bytes() {
            return None;
        }
        numbers.append_value(f32::from_be_bytes(number.try_into().ok()?));
    }
    Some(())
}

#[cfg(test)]
#[path = "decode/tests.rs"]
mod tests;
