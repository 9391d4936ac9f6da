//! Columns: what of a Postgres type a Parquet file has, and back, bit by bit. Pure.
//!
//! Numbers, texts, days and times have types that every reader of Parquet knows. What has none there (arrays, vectors) is kept
//! in Postgres's own binary form. The type's name stands in the column's metadata.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayBuilder, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder, Float32Builder,
        Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time64MicrosecondBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::{
        DataType, Date32Type, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
        TimeUnit, TimestampMicrosecondType,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BackupError;

/// Days from 1970, from where Arrow counts, to 2000, from where Postgres does.
const DAYS: i32 = 10_957;
const MICROSECONDS: i64 = DAYS as i64 * 86_400_000_000;

/// A column, as the catalogue names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in Postgres.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How a type is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    Bool,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Text,
    /// Text behind a byte with its version.
    Jsonb,
    Uuid,
    Day,
    Instant,
    Time,
    Bytes,
}

impl Column {
    fn stored(&self) -> Stored {
        match self.kind.as_str() {
            "boolean" => Stored::Bool,
            "smallint" => Stored::Int16,
            "integer" => Stored::Int32,
            "bigint" => Stored::Int64,
            "real" => Stored::Float32,
            "double precision" => Stored::Float64,
            "text" => Stored::Text,
            "jsonb" => Stored::Jsonb,
            "uuid" => Stored::Uuid,
            "date" => Stored::Day,
            "timestamp with time zone" => Stored::Instant,
            "time without time zone" => Stored::Time,
            _ => Stored::Bytes,
        }
    }

    /// The column in a Parquet file.
    pub(super) fn field(&self) -> Field {
        let data_type = match self.stored() {
            Stored::Bool => DataType::Boolean,
            Stored::Int16 => DataType::Int16,
            Stored::Int32 => DataType::Int32,
            Stored::Int64 => DataType::Int64,
            Stored::Float32 => DataType::Float32,
            Stored::Float64 => DataType::Float64,
            Stored::Text | Stored::Jsonb | Stored::Uuid => DataType::Utf8,
            Stored::Day => DataType::Date32,
            Stored::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            Stored::Time => DataType::Time64(TimeUnit::Microsecond),
            Stored::Bytes => DataType::Binary,
        };
        let facts = HashMap::from([("postgres.type".to_owned(), self.kind.clone())]);
        Field::new(&self.name, data_type, true).with_metadata(facts)
    }

    pub(super) fn builder(&self) -> Builder {
        match self.stored() {
            Stored::Bool => Builder::Bool(BooleanBuilder::new()),
            Stored::Int16 => Builder::Int16(Int16Builder::new()),
            Stored::Int32 => Builder::Int32(Int32Builder::new()),
            Stored::Int64 => Builder::Int64(Int64Builder::new()),
            Stored::Float32 => Builder::Float32(Float32Builder::new()),
            Stored::Float64 => Builder::Float64(Float64Builder::new()),
            Stored::Text => Builder::Text(StringBuilder::new()),
            Stored::Jsonb => Builder::Jsonb(StringBuilder::new()),
            Stored::Uuid => Builder::Uuid(StringBuilder::new()),
            Stored::Day => Builder::Day(Date32Builder::new()),
            Stored::Instant => Builder::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Stored::Time => Builder::Time(Time64MicrosecondBuilder::new()),
            Stored::Bytes => Builder::Bytes(BinaryBuilder::new()),
        }
    }

    fn unfit(&self) -> BackupError {
        BackupError::unreadable(format!("a value of the column {} isn’t of its type, {}", self.name, self.kind))
    }

    /// Adds a value in Postgres's form.
    pub(super) fn append(&self, builder: &mut Builder, value: Option<&[u8]>) -> Result<(), BackupError> {
        macro_rules! number {
            ($builder:expr, $type:ty, $value:ident => $stored:expr) => {{
                let value = value.map(|value| value.try_into().map(<$type>::from_be_bytes)).transpose();
                let value = value.map_err(|_| self.unfit())?;
                $builder.append_option(match value {
                    Some($value) => Some($stored),
                    None => None,
                })
            }};
        }
        let text = |value: Option<&[u8]>| {
            value.map(|value| String::from_utf8(value.to_vec())).transpose().map_err(|_| self.unfit())
        };
        match builder {
            Builder::Bool(builder) => builder.append_option(value.map(|value| value == [1])),
            Builder::Int16(builder) => number!(builder, i16, value => value),
            Builder::Int32(builder) => number!(builder, i32, value => value),
            Builder::Int64(builder) => number!(builder, i64, value => value),
            Builder::Float32(builder) => number!(builder, f32, value => value),
            Builder::Float64(builder) => number!(builder, f64, value => value),
            Builder::Day(builder) => number!(builder, i32, value => day(value).ok_or_else(|| self.unfit())?),
            Builder::Instant(builder) => number!(builder, i64, value => instant(value).ok_or_else(|| self.unfit())?),
            Builder::Time(builder) => number!(builder, i64, value => value),
            Builder::Text(builder) => builder.append_option(text(value)?),
            Builder::Jsonb(builder) => {
                let bare = value.map(|value| value.strip_prefix(&[1]).ok_or_else(|| self.unfit())).transpose()?;
                builder.append_option(text(bare)?);
            }
            Builder::Uuid(builder) => {
                let id = value.map(Uuid::from_slice).transpose().map_err(|_| self.unfit())?;
                builder.append_option(id.map(|id| id.to_string()));
            }
            Builder::Bytes(builder) => builder.append_option(value),
        }
        Ok(())
    }

    /// Gives the value at `index` of `array` in Postgres's form to `put`.
    pub(super) fn value<T>(
        &self,
        array: &dyn Array,
        index: usize,
        put: impl FnOnce(Option<&[u8]>) -> T,
    ) -> Result<T, BackupError> {
        if array.data_type() != self.field().data_type() {
            return Err(self.unfit());
        }
        if array.is_null(index) {
            return Ok(put(None));
        }
        Ok(match self.stored() {
            Stored::Bool => put(Some(&[u8::from(array.as_boolean().value(index))])),
            Stored::Int16 => put(Some(&array.as_primitive::<Int16Type>().value(index).to_be_bytes())),
            Stored::Int32 => put(Some(&array.as_primitive::<Int32Type>().value(index).to_be_bytes())),
            Stored::Int64 => put(Some(&array.as_primitive::<Int64Type>().value(index).to_be_bytes())),
            Stored::Float32 => put(Some(&array.as_primitive::<Float32Type>().value(index).to_be_bytes())),
            Stored::Float64 => put(Some(&array.as_primitive::<Float64Type>().value(index).to_be_bytes())),
            Stored::Time => put(Some(&array.as_primitive::<Time64MicrosecondType>().value(index).to_be_bytes())),
            Stored::Day => {
                let day = day_back(array.as_primitive::<Date32Type>().value(index));
                put(Some(&day.ok_or_else(|| self.unfit())?.to_be_bytes()))
            }
            Stored::Instant => {
                let instant = instant_back(array.as_primitive::<TimestampMicrosecondType>().value(index));
                put(Some(&instant.ok_or_else(|| self.unfit())?.to_be_bytes()))
            }
            Stored::Text => put(Some(array.as_string::<i32>().value(index).as_bytes())),
            Stored::Jsonb => put(Some(&[&[1], array.as_string::<i32>().value(index).as_bytes()].concat())),
            Stored::Uuid => {
                let id = array.as_string::<i32>().value(index).parse::<Uuid>().map_err(|_| self.unfit())?;
                put(Some(id.as_bytes()))
            }
            Stored::Bytes => put(Some(array.as_binary::<i32>().value(index))),
        })
    }
}

// `infinity` and `-infinity` are the largest and the smallest number, and stay them.

fn day(postgres: i32) -> Option<i32> {
    if matches!(postgres, i32::MAX | i32::MIN) { Some(postgres) } else { postgres.checked_add(DAYS) }
}

fn day_back(stored: i32) -> Option<i32> {
    if matches!(stored, i32::MAX | i32::MIN) { Some(stored) } else { stored.checked_sub(DAYS) }
}

fn instant(postgres: i64) -> Option<i64> {
    if matches!(postgres, i64::MAX | i64::MIN) { Some(postgres) } else { postgres.checked_add(MICROSECONDS) }
}

fn instant_back(stored: i64) -> Option<i64> {
    if matches!(stored, i64::MAX | i64::MIN) { Some(stored) } else { stored.checked_sub(MICROSECONDS) }
}

/// Builds a column's array.
#[derive(Debug)]
pub(super) enum Builder {
    Bool(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
    Jsonb(StringBuilder),
    Uuid(StringBuilder),
    Day(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Time(Time64MicrosecondBuilder),
    Bytes(BinaryBuilder),
}

impl Builder {
    /// The array of what was appended; then it begins anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(builder) => ArrayBuilder::finish(builder),
            Self::Int16(builder) => ArrayBuilder::finish(builder),
            Self::Int32(builder) => ArrayBuilder::finish(builder),
            Self::Int64(builder) => ArrayBuilder::finish(builder),
            Self::Float32(builder) => ArrayBuilder::finish(builder),
            Self::Float64(builder) => ArrayBuilder::finish(builder),
            Self::Text(builder) | Self::Jsonb(builder) | Self::Uuid(builder) => ArrayBuilder::finish(builder),
            Self::Day(builder) => ArrayBuilder::finish(builder),
            Self::Instant(builder) => ArrayBuilder::finish(builder),
            Self::Time(builder) => ArrayBuilder::finish(builder),
            Self::Bytes(builder) => ArrayBuilder::finish(builder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_bit_by_bit() {
        let text = |text: &str| text.as_bytes().to_vec();
        let jsonb = |text: &str| [&[1], text.as_bytes()].concat();
        let cases: Vec<(&str, Vec<Vec<u8>>)> = vec![
            ("boolean", vec![vec![0], vec![1]]),
            ("smallint", [i16::MIN, -1, 0, i16::MAX].map(|value| value.to_be_bytes().to_vec()).into()),
            ("integer", [i32::MIN, -1, 0, i32::MAX].map(|value| value.to_be_bytes().to_vec()).into()),
            ("bigint", [i64::MIN, -1, 0, i64::MAX].map(|value| value.to_be_bytes().to_vec()).into()),
            (
                "real",
                [0.1_f32, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE].map(|v| v.to_be_bytes().to_vec()).into(),
            ),
            (
                "double precision",
                [0.1, -0.0, f64::NAN, f64::NEG_INFINITY, 5e-324].map(|v: f64| v.to_be_bytes().to_vec()).into(),
            ),
            ("text", vec![text(""), text("Żółć\n\t\"你好\" 🎉 \\N"), text("null")]),
            ("jsonb", vec![jsonb("null"), jsonb(r#"{"a": [1, "ü"]}"#)]),
            ("uuid", vec![Uuid::now_v7().as_bytes().to_vec(), vec![0; 16], vec![255; 16]]),
            // The first and the last day of Postgres, 1970, and both infinities.
            (
                "date",
                [i32::MIN, -2_451_545, -10_957, 0, 2_145_031_948, i32::MAX].map(|v| v.to_be_bytes().to_vec()).into(),
            ),
            (
                "timestamp with time zone",
                [i64::MIN, -211_813_488_000_000_000, -1, 0, 1, 250_000_000_000_000_000, i64::MAX]
                    .map(|v| v.to_be_bytes().to_vec())
                    .into(),
            ),
            ("time without time zone", [0_i64, 86_399_999_999].map(|value| value.to_be_bytes().to_vec()).into()),
            ("bytea", vec![vec![], vec![0, 255, 92]]),
            ("text[]", vec![vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25]]),
            ("halfvec", vec![vec![0, 1, 0, 0, 60, 0]]),
        ];
        for (kind, values) in cases {
            let column = Column { name: "c".into(), kind: kind.into() };
            let mut builder = column.builder();
            column.append(&mut builder, None).expect("null is a value");
            for value in &values {
                column.append(&mut builder, Some(value)).expect("it is of the type");
            }
            let array = builder.finish();
            assert_eq!(array.data_type(), column.field().data_type(), "{kind}");
            let back = |index| column.value(&*array, index, |value| value.map(<[u8]>::to_vec)).expect("it is read");
            assert_eq!(back(0), None, "{kind}");
            for (index, value) in values.iter().enumerate() {
                assert_eq!(back(index + 1).as_ref(), Some(value), "{kind}");
            }
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_refused_by_its_column() {
        for (kind, value) in
            [("integer", &[1_u8][..]), ("text", &[255]), ("jsonb", b"{}"), ("uuid", b"x"), ("date", &[])]
        {
            let column = Column { name: "spoken_at".into(), kind: kind.into() };
            let error = column.append(&mut column.builder(), Some(value)).expect_err("it is refused").to_string();
            assert!(error.contains("spoken_at") && error.contains(kind), "{error}");
        }
    }
}
