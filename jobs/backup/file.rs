//! A table's Parquet file: written from the rows that Postgres sends, and read back into the same bytes.
//!
//! Both sides hold a few megabytes, whatever a table's size: pieces of rows pass through a short channel to a thread that
//! compresses or unpacks.

use std::{fs::File, path::Path, sync::Arc};

use arrow::{array::RecordBatch, datatypes::Schema};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use tokio::sync::mpsc;

use super::{
    BackupError,
    column::{Builder, Column},
    wire::{self, HEADER, Rows, TRAILER, Tally},
};

/// A batch has at most this many rows,
const BATCH_ROWS: usize = 8192;
/// and about this many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// A row group is closed at about this size.
const GROUP_BYTES: usize = 32 << 20;
/// Pieces that wait between the two sides.
const WAITING: usize = 4;

/// Counts the rows of a stream, and writes them to a file if one is named. Give the pieces to the sender, and drop it.
pub(super) fn write(
    columns: &[Column],
    to: Option<&Path>,
) -> (mpsc::Sender<bytes::Bytes>, tokio::task::JoinHandle<Result<Tally, BackupError>>) {
    let (sender, mut pieces) = mpsc::channel::<bytes::Bytes>(WAITING);
    let (columns, to) = (columns.to_vec(), to.map(Path::to_owned));
    let written = tokio::task::spawn_blocking(move || {
        let (mut rows, mut tally) = (Rows::new(columns.len()), Tally::default());
        let mut writer = to.map(|path| Writer::create(&path, columns)).transpose()?;
        while let Some(piece) = pieces.blocking_recv() {
            rows.take(&piece, |row| {
                tally.add(row);
                writer.as_mut().map_or(Ok(()), |writer| writer.row(row))
            })?;
        }
        if !rows.is_complete() {
            return Err(BackupError::unreadable("the server stopped sending rows before the end"));
        }
        writer.map_or(Ok(()), Writer::close)?;
        Ok(tally)
    });
    (sender, written)
}

struct Writer {
    columns: Vec<Column>,
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    parquet: ArrowWriter<File>,
    rows: usize,
    bytes: usize,
}

impl Writer {
    fn create(path: &Path, columns: Vec<Column>) -> Result<Self, BackupError> {
        let schema = Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()));
        let level = ZstdLevel::try_new(3).map_err(BackupError::unreadable)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let parquet = ArrowWriter::try_new(File::create(path)?, Arc::clone(&schema), Some(properties));
        let parquet = parquet.map_err(BackupError::unreadable)?;
        let builders = columns.iter().map(Column::builder).collect();
        Ok(Self { columns, schema, builders, parquet, rows: 0, bytes: 0 })
    }

    fn row(&mut self, row: &[u8]) -> Result<(), BackupError> {
        for ((column, builder), value) in self.columns.iter().zip(&mut self.builders).zip(wire::fields(row)) {
            column.append(builder, value)?;
        }
        self.rows += 1;
        self.bytes += row.len();
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), BackupError> {
        let arrays = self.builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(BackupError::unreadable)?;
        self.parquet.write(&batch).map_err(BackupError::unreadable)?;
        if self.parquet.in_progress_size() >= GROUP_BYTES {
            self.parquet.flush().map_err(BackupError::unreadable)?;
        }
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    fn close(mut self) -> Result<(), BackupError> {
        if self.rows > 0 {
            self.flush()?;
        }
        self.parquet.close().map_err(BackupError::unreadable)?;
        Ok(())
    }
}

/// Reads a file back into the stream that it was written from, in pieces; the rows are counted on the way.
pub(super) fn read(
    columns: &[Column],
    from: &Path,
) -> (mpsc::Receiver<Vec<u8>>, tokio::task::JoinHandle<Result<Tally, BackupError>>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let (columns, from) = (columns.to_vec(), from.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(from)?).map_err(BackupError::unreadable)?;
        let batches = builder.with_batch_size(1024).build().map_err(BackupError::unreadable)?;
        let fields = u16::try_from(columns.len()).map_err(BackupError::unreadable)?;
        let (mut tally, mut piece, mut row) = (Tally::default(), HEADER.to_vec(), Vec::new());
        for batch in batches {
            let batch = batch.map_err(BackupError::unreadable)?;
            if batch.num_columns() != columns.len() {
                return Err(BackupError::unreadable("the file has other columns than the catalogue"));
            }
            for index in 0..batch.num_rows() {
                row.clear();
                for (column, array) in columns.iter().zip(batch.columns()) {
                    column.value(array, index, |value| wire::put(&mut row, value))??;
                }
                tally.add(&row);
                piece.extend_from_slice(&fields.to_be_bytes());
                piece.extend_from_slice(&row);
            }
            // Whoever stopped listening says why.
            if sender.blocking_send(std::mem::take(&mut piece)).is_err() {
                return Ok(tally);
            }
        }
        piece.extend_from_slice(&TRAILER);
        let _ = sender.blocking_send(piece);
        Ok(tally)
    });
    (receiver, read)
}
