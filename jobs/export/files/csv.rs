//! CSV (RFC 4180) that spreadsheets read and don't obey.

use std::io::Write;

use arrow::record_batch::RecordBatch;

use super::{HashedFile, Sum, Writer};
use crate::{
    export::{
        Settings,
        schema::{Column, Table},
        text::{Cells, harmless},
    },
    queue::JobError,
};

pub(super) struct Csv {
    columns: &'static [Column],
    writer: csv::Writer<HashedFile>,
    cell: Vec<u8>,
}

impl Csv {
    pub(super) fn create(table: &Table, mut file: HashedFile, settings: Settings) -> Result<Self, JobError> {
        if settings.csv_bom {
            file.write_all("\u{feff}".as_bytes())?;
        }
        let mut builder = csv::WriterBuilder::new();
        let mut writer = builder.terminator(csv::Terminator::CRLF).buffer_capacity(super::BLOCK).from_writer(file);
        writer.write_record(table.columns.iter().map(|column| column.name))?;
        Ok(Self { columns: table.columns, writer, cell: Vec::new() })
    }
}

impl Writer for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), JobError> {
        let columns = Cells::of(self.columns, batch);
        for row in 0..batch.num_rows() {
            for cells in &columns {
                match cells {
                    // Empty for null.
                    cells if cells.is_null(row) => self.writer.write_field("")?,
                    Cells::Text(array) => self.writer.write_field(harmless(array.value(row)).as_bytes())?,
                    cells => {
                        self.cell.clear();
                        cells.write(row, &mut self.cell);
                        self.writer.write_field(&self.cell)?;
                    }
                }
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Sum, JobError> {
        let file = self.writer.into_inner().map_err(|error| JobError::retry(error.error()))?;
        Ok(file.finish())
    }
}
