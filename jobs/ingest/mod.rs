//! Stub: Looks through the inbox of the bucket; takes what is complete and new.

mod reject;

pub use reject::rejected;

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Looks through the inbox of the bucket; takes what is complete and new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScanInbox {}

impl Job for ScanInbox {
    const KIND: &'static str = "ingest.scan_inbox";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}

/// How the inbox is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A transcript larger than this is rejected, in bytes.
    pub max_bytes: u64,
}
