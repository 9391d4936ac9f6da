//! A value of an exported row, for any file format; and how Rust types map to it. Pure.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::{DataType, Field, TimeUnit},
};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::clean;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Day(NaiveDate),
    Time(DateTime<Utc>),
}

/// The type of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Bool,
    Day,
    Time,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its name, in every format.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

/// A Rust type that can be exported.
pub(super) trait Export {
    const KIND: Kind;
    const NULLABLE: bool = false;
    fn cell(self) -> Cell;
}

/// An object's key as uploaded, with any name a person chose. What a terminal or spreadsheet would interpret is
/// replaced by its code, so that it stays on one line.
#[derive(Debug)]
pub(super) struct Key(String);

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(clean::terminal_line(&key).into_owned())
    }
}

macro_rules! export {
    ($($type:ty => $kind:ident ($value:ident) $cell:expr;)+) => { $(
        impl Export for $type {
            const KIND: Kind = Kind::$kind;
            fn cell(self) -> Cell {
                let $value = self;
                Cell::$kind($cell)
            }
        }
    )+ };
}

export! {
    String => Text(value) value;
    Key => Text(value) value.0;
    Uuid => Text(value) value.to_string();
    i32 => Int(value) i64::from(value);
    i64 => Int(value) value;
    f64 => Float(value) value;
    bool => Bool(value) value;
    NaiveDate => Day(value) value;
    DateTime<Utc> => Time(value) value;
}

impl<T: Export> Export for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    fn cell(self) -> Cell {
        self.map_or(Cell::Null, T::cell)
    }
}

impl Cell {
    /// The value in CSV; empty for null. Text is escaped by [`super::text::harmless`].
    pub(super) fn as_csv(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => super::text::harmless(text),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Day(value) => value.to_string(),
            Self::Time(value) => time(value),
        }
    }

    /// The value in JSON.
    pub(super) fn as_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Int(value) => Value::from(*value),
            Self::Float(value) => Value::from(*value),
            Self::Bool(value) => Value::from(*value),
            Self::Day(value) => Value::from(value.to_string()),
            Self::Time(value) => Value::from(time(value)),
        }
    }
}

fn time(value: &DateTime<Utc>) -> String {
    value.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Column {
    /// The column in Parquet. Times are UTC, in microseconds.
    pub(super) fn field(&self) -> Field {
        let data_type = match self.kind {
            Kind::Text => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Day => DataType::Date32,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        };
        Field::new(self.name, data_type, self.nullable)
    }

    /// The cells at `index` of `rows`, as an Arrow array. Every cell has the column's own type, since both come from
    /// one Rust type; anything else would become null.
    pub(super) fn array(&self, rows: &[Vec<Cell>], index: usize) -> ArrayRef {
        macro_rules! build {
            ($builder:expr, $cell:pat => $value:expr) => {{
                let mut builder = $builder;
                for row in rows {
                    match &row[index] {
                        $cell => builder.append_value($value),
                        _ => builder.append_null(),
                    }
                }
                ArrayBuilder::finish(&mut builder)
            }};
        }
        match self.kind {
            Kind::Text => build!(StringBuilder::new(), Cell::Text(text) => text),
            Kind::Int => build!(Int64Builder::new(), Cell::Int(value) => *value),
            Kind::Float => build!(Float64Builder::new(), Cell::Float(value) => *value),
            Kind::Bool => build!(BooleanBuilder::new(), Cell::Bool(value) => *value),
            Kind::Day => build!(Date32Builder::new(), Cell::Day(value) => days_since_1970(*value)),
            Kind::Time => {
                let builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
                build!(builder, Cell::Time(value) => value.timestamp_micros())
            }
        }
    }
}

fn days_since_1970(day: NaiveDate) -> i32 {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(i32::MAX)
}
