//! The state of a job.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// The state of a job, stored as text.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sqlx::Type,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum JobState {
    /// Runs once its time has come.
    Due,
    /// A worker has it.
    Running,
    /// Its effect is committed.
    Done,
    /// It failed for good; an operator may retry it.
    Dead,
    /// An operator cancelled it.
    Cancelled,
}

impl JobState {
    /// All names, as stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// The name used in the database, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
