//! Writes one table's rows to local files in every format, in chunks, so that memory use is constant.

use std::{fs::File, io::BufWriter, io::Write, path::Path, sync::Arc};

use arrow::{array::RecordBatch, datatypes::Schema};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::{metadata::KeyValue, properties::WriterProperties},
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Settings,
    cell::{Cell, Column},
};
use crate::queue::JobError;

/// Rows held in memory at a time.
const CHUNK: usize = 2048;
/// Rows per Parquet row group.
const ROW_GROUP: usize = 122_880;
/// The formats, which are also the file extensions.
pub(super) const FORMATS: [&str; 3] = ["parquet", "csv", "jsonl"];

/// Receives the rows of one table; a separate thread writes them.
pub(super) struct TableWriter {
    chunk: Vec<Vec<Cell>>,
    rows: u64,
    sender: mpsc::Sender<Vec<Vec<Cell>>>,
    files: JoinHandle<Result<(), JobError>>,
}

impl TableWriter {
    /// Opens the files of `table` in `folder`. `facts` are added to the Parquet file.
    pub(super) fn open(
        folder: &Path,
        table: &'static str,
        columns: &'static [Column],
        facts: &[(&'static str, String)],
        settings: Settings,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(2);
        let facts = facts.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        let folder = folder.to_owned();
        let files = tokio::task::spawn_blocking(move || {
            Files::create(&folder, table, columns, facts, settings)?.write(receiver)
        });
        Self { chunk: Vec::with_capacity(CHUNK), rows: 0, sender, files }
    }

    /// Adds a row.
    pub(super) async fn row(&mut self, row: Vec<Cell>) -> Result<(), JobError> {
        self.rows += 1;
        self.chunk.push(row);
        if self.chunk.len() == CHUNK { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), JobError> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // If the thread is gone, `close` says why; here it is enough to stop.
        self.sender.send(chunk).await.map_err(|_| JobError::retry("the files of the export cannot be written"))
    }

    /// Finishes the files, and returns their number of rows.
    pub(super) async fn close(mut self) -> Result<u64, JobError> {
        let sent = if self.chunk.is_empty() { Ok(()) } else { self.send().await };
        drop(self.sender);
        self.files.await.map_err(JobError::retry)??;
        sent?;
        Ok(self.rows)
    }
}

struct Files {
    columns: &'static [Column],
    schema: Arc<Schema>,
    parquet: ArrowWriter<File>,
    csv: csv::Writer<File>,
    json: BufWriter<File>,
}

impl Files {
    fn create(
        folder: &Path,
        table: &str,
        columns: &'static [Column],
        facts: Vec<KeyValue>,
        settings: Settings,
    ) -> Result<Self, JobError> {
        let open = |format| File::create(folder.join(format!("{table}.{format}")));
        let schema = Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_key_value_metadata(Some(facts))
            .build();
        let parquet = ArrowWriter::try_new(open(FORMATS[0])?, Arc::clone(&schema), Some(properties))?;
        let mut text = open(FORMATS[1])?;
        if settings.csv_bom {
            text.write_all("\u{feff}".as_bytes())?;
        }
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text);
        csv.write_record(columns.iter().map(|column| column.name))?;
        Ok(Self { columns, schema, parquet, csv, json: BufWriter::new(open(FORMATS[2])?) })
    }

    fn write(mut self, mut chunks: mpsc::Receiver<Vec<Vec<Cell>>>) -> Result<(), JobError> {
        while let Some(rows) = chunks.blocking_recv() {
            let arrays = self.columns.iter().enumerate().map(|(index, column)| column.array(&rows, index)).collect();
            self.parquet.write(&RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)?;
            for row in &rows {
                self.csv.write_record(row.iter().map(Cell::as_csv))?;
                self.json_line(row)?;
            }
        }
        self.parquet.close()?;
        self.csv.flush()?;
        self.json.flush()?;
        Ok(())
    }

    /// Written by hand to keep the order of the columns.
    fn json_line(&mut self, row: &[Cell]) -> Result<(), JobError> {
        for (index, (column, cell)) in self.columns.iter().zip(row).enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            write!(self.json, "{before}\"{}\":{}", column.name, cell.as_json())?;
        }
        Ok(self.json.write_all(b"}\n")?)
    }
}
