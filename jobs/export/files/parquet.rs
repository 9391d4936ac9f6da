//! Parquet: zstd, row groups of the size that DuckDB and others read best, and encodings by what a column holds.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};

use super::{HashedFile, Sum, Writer};
use crate::{
    export::schema::{Column, Kind, Table},
    queue::JobError,
};

/// Rows per row group.
const ROW_GROUP: usize = 122_880;

pub(super) struct Parquet {
    writer: ArrowWriter<HashedFile>,
}

impl Parquet {
    pub(super) fn create(table: &Table, file: HashedFile, facts: &[(&'static str, String)]) -> Result<Self, JobError> {
        let about: BTreeMap<&str, &str> = table.columns.iter().map(|column| (column.name, column.about)).collect();
        let mut facts: Vec<KeyValue> =
            facts.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        facts.push(KeyValue::new("debrief.table".to_owned(), table.name.to_owned()));
        facts.push(KeyValue::new("debrief.description".to_owned(), table.about.to_owned()));
        facts.push(KeyValue::new("debrief.columns".to_owned(), serde_json::to_string(&about)?));
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_key_value_metadata(Some(facts));
        for column in table.columns {
            properties = encoded(properties, column);
        }
        Ok(Self { writer: ArrowWriter::try_new(file, table.arrow(), Some(properties.build()))? })
    }
}

/// A dictionary for what repeats; it would only take time and room for what doesn't.
fn encoded(properties: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = match column.kind {
        Kind::Vector => ColumnPath::new(vec![column.name.to_owned(), "list".to_owned(), "element".to_owned()]),
        _ => ColumnPath::from(column.name),
    };
    let (encoding, has_dictionary) = match column.kind {
        // Sorted, with a time at their start: each shares what comes before with the one before.
        Kind::Id => (Encoding::DELTA_BYTE_ARRAY, !column.is_unique()),
        Kind::Word | Kind::Day | Kind::Float => (Encoding::PLAIN, true),
        Kind::Prose | Kind::Key | Kind::Json | Kind::Bool => (Encoding::PLAIN, false),
        Kind::Int | Kind::Time => (Encoding::DELTA_BINARY_PACKED, false),
        Kind::Vector => (Encoding::BYTE_STREAM_SPLIT, false),
    };
    // Nobody looks for text between two others; and a file's end, which is read first, needs no words of anybody.
    let statistics = match column.kind {
        Kind::Prose | Kind::Key | Kind::Json | Kind::Vector => EnabledStatistics::None,
        Kind::Id | Kind::Word | Kind::Int | Kind::Float | Kind::Bool | Kind::Day | Kind::Time => {
            EnabledStatistics::Page
        }
    };
    properties
        .set_column_encoding(path.clone(), encoding)
        .set_column_dictionary_enabled(path.clone(), has_dictionary)
        .set_column_statistics_enabled(path, statistics)
}

impl Writer for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), JobError> {
        Ok(self.writer.write(batch)?)
    }

    fn close(self: Box<Self>) -> Result<Sum, JobError> {
        // Which finishes the file.
        Ok(self.writer.into_inner()?.finish())
    }
}
