//! JSON Lines: one object per line, with the columns in their order.

use std::io::Write;

use arrow::record_batch::RecordBatch;

use super::{BLOCK, HashedFile, Sum, Writer};
use crate::{
    export::{
        schema::{Column, Table},
        text::Cells,
    },
    queue::JobError,
};

pub(super) struct Jsonl {
    columns: &'static [Column],
    /// What comes before each value: `{"id":`, `,"name":`.
    before: Vec<Vec<u8>>,
    file: HashedFile,
    lines: Vec<u8>,
}

impl Jsonl {
    pub(super) fn create(table: &Table, file: HashedFile) -> Self {
        let before = table.columns.iter().enumerate().map(|(index, column)| {
            let mark = if index == 0 { '{' } else { ',' };
            format!("{mark}\"{}\":", column.name).into_bytes()
        });
        Self { columns: table.columns, before: before.collect(), file, lines: Vec::with_capacity(BLOCK) }
    }

    fn value(&mut self, cells: &Cells<'_>, row: usize) -> Result<(), JobError> {
        match cells {
            cells if cells.is_null(row) => self.lines.extend(b"null"),
            Cells::Text(array) => serde_json::to_writer(&mut self.lines, array.value(row))?,
            // Not a number has no number in JSON.
            Cells::Float(array) => serde_json::to_writer(&mut self.lines, &array.value(row))?,
            Cells::Day(_) | Cells::Time(_) => {
                self.lines.push(b'"');
                cells.write(row, &mut self.lines);
                self.lines.push(b'"');
            }
            // On one line already: Postgres writes it without line breaks.
            cells => cells.write(row, &mut self.lines),
        }
        Ok(())
    }
}

impl Writer for Jsonl {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), JobError> {
        let columns = Cells::of(self.columns, batch);
        for row in 0..batch.num_rows() {
            for (index, cells) in columns.iter().enumerate() {
                self.lines.extend_from_slice(&self.before[index]);
                self.value(cells, row)?;
            }
            self.lines.extend(b"}\n");
            if self.lines.len() >= BLOCK {
                self.file.write_all(&self.lines)?;
                self.lines.clear();
            }
        }
        Ok(())
    }

    fn close(mut self: Box<Self>) -> Result<Sum, JobError> {
        self.file.write_all(&self.lines)?;
        Ok(self.file.finish())
    }
}
