//! The roles of people. A person may have several: a lead who also coaches has two.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// What a person does in the organization.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
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
pub enum Role {
    /// Has sessions and clients of their own.
    Coach,
    /// Reads the sessions of the coaches of their teams.
    Lead,
    /// Manages people and settings.
    Admin,
}

impl Role {
    /// Their names, as stored and shown.
    pub const NAMES: &[&str] = Self::VARIANTS;

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Roles as Postgres stores them: each once, in order.
#[must_use]
pub fn stored(roles: &[Role]) -> Vec<String> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles.into_iter().map(|role| role.as_str().to_owned()).collect()
}
