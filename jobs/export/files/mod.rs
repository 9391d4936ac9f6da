//! A table's files. One thread decodes the rows, and one for each format writes them; a writer that falls behind holds
//! up the others and the server, so that memory use is constant.

mod csv;
mod hashed;
mod jsonl;
mod parquet;

use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Settings, decode::Decoder, schema::Table, scope::Format};
use crate::queue::JobError;
use hashed::HashedFile;
pub(super) use hashed::Sum;

/// How many bytes of rows go to the decoder at a time.
pub(super) const BLOCK: usize = 256 << 10;
/// How many blocks and batches are held for a thread that is behind.
const WAITING: usize = 4;

/// How files are written.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) folder: PathBuf,
    pub(super) formats: Vec<Format>,
    /// What every Parquet file says about the export.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) settings: Settings,
}

impl Style {
    /// Where a table's file is written.
    pub(super) fn path(&self, table: &str, format: Format) -> PathBuf {
        self.folder.join(format!("{table}.{format}"))
    }
}

/// A table's files, finished.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) rows: u64,
    /// Size and hash, in the order of the formats.
    pub(super) files: Vec<(Format, Sum)>,
}

/// Receives a table's rows, as the server sends them.
pub(super) struct TableFiles {
    sender: mpsc::Sender<Vec<u8>>,
    decoder: JoinHandle<Result<Written, JobError>>,
}

impl TableFiles {
    /// Opens the files of `table`.
    pub(super) fn open(table: &'static Table, style: &Style) -> Self {
        let (sender, blocks) = mpsc::channel(WAITING);
        let style = style.clone();
        let decoder = tokio::task::spawn_blocking(move || write(table, &style, blocks));
        Self { sender, decoder }
    }

    /// Adds bytes; false if the files can't be written, which [`Self::close`] explains.
    pub(super) async fn add(&self, block: Vec<u8>) -> bool {
        self.sender.send(block).await.is_ok()
    }

    /// Finishes the files.
    pub(super) async fn close(self) -> Result<Written, JobError> {
        drop(self.sender);
        self.decoder.await.map_err(JobError::retry)?
    }
}

/// What writes one format.
trait Writer: Send {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), JobError>;
    fn close(self: Box<Self>) -> Result<Sum, JobError>;
}

fn write(table: &'static Table, style: &Style, mut blocks: mpsc::Receiver<Vec<u8>>) -> Result<Written, JobError> {
    let schema = table.arrow();
    let threads = style.formats.iter().map(|format| Ok((*format, Thread::start(table, *format, style)?)));
    let threads: Vec<(Format, Thread)> = threads.collect::<Result<_, JobError>>()?;
    let mut decoder = Decoder::new(table.columns, schema);
    let mut rows = 0;
    let mut give = |batch: RecordBatch| {
        rows += batch.num_rows() as u64;
        // Where a thread is gone, its end below says why; here it's enough to stop.
        let are_there = threads.iter().all(|(_, thread)| thread.batches.blocking_send(batch.clone()).is_ok());
        if are_there { Ok(()) } else { Err(JobError::retry("the files of the export can't be written")) }
    };
    let mut decoded = Ok(());
    while decoded.is_ok()
        && let Some(block) = blocks.blocking_recv()
    {
        decoded = decoder.add(&block, &mut give);
    }
    let decoded = decoded.and_then(|()| match decoder.finish()? {
        Some(batch) => give(batch),
        None => Ok(()),
    });
    drop(blocks);
    let mut files = Vec::new();
    for (format, thread) in threads {
        files.push((format, thread.close()?));
    }
    decoded?;
    Ok(Written { rows, files })
}

/// The thread of a format.
struct Thread {
    batches: mpsc::Sender<RecordBatch>,
    end: std::thread::JoinHandle<Result<Sum, JobError>>,
}

impl Thread {
    fn start(table: &'static Table, format: Format, style: &Style) -> Result<Self, JobError> {
        let file = HashedFile::create(&style.path(table.name, format))?;
        let mut writer: Box<dyn Writer> = match format {
            Format::Parquet => Box::new(parquet::Parquet::create(table, file, &style.facts)?),
            Format::Csv => Box::new(csv::Csv::create(table, file, style.settings)?),
            Format::Jsonl => Box::new(jsonl::Jsonl::create(table, file)),
        };
        let (batches, mut received) = mpsc::channel::<RecordBatch>(WAITING);
        // Not one of the runtime's threads: those that wait for each other must all be running.
        let end = std::thread::Builder::new().name(format!("export {format}")).spawn(move || {
            while let Some(batch) = received.blocking_recv() {
                writer.write(&batch)?;
            }
            writer.close()
        })?;
        Ok(Self { batches, end })
    }

    fn close(self) -> Result<Sum, JobError> {
        drop(self.batches);
        self.end.join().map_err(|_| JobError::retry("a thread that wrote a file of the export panicked"))?
    }
}
