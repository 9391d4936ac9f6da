//! Stub: Writes an organization's export.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Writes an organization's export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportOrganization {
    /// The row of the export.
    pub export_id: uuid::Uuid,
}

impl Job for ExportOrganization {
    const KIND: &'static str = "export.organization";

    fn unique_key(&self) -> Option<String> {
        Some(self.export_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
