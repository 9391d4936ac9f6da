//! Which part of an organization's data an export has, and in which formats. Pure.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray, VariantNames};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    schema::{Of, Table},
    tables,
};

/// The part of an organization's data that an export has: everything, unless something is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ExportScope)]
pub struct Scope {
    /// Sessions of this coach and what came of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coach_id: Option<Uuid>,
    /// Sessions of this client and what came of them, without what is another client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// Sessions from this day on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<NaiveDate>,
    /// Sessions until this day, the day included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<NaiveDate>,
}

impl Scope {
    /// Whether it is all of the organization.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The conditions on a table's rows. Ids and dates only, so nothing in them needs to be escaped.
    pub(super) fn limits(&self, of: &Of) -> Vec<String> {
        let mut limits = Vec::new();
        if let Some(day) = of.day {
            limits.extend(self.days(day));
        }
        if let Some(session) = of.session {
            let of_sessions = self.of_sessions(of.day.is_some());
            if !of_sessions.is_empty() {
                limits.push(format!("{session} in (select id from sessions where {})", of_sessions.join(" and ")));
            }
        } else if let (Some(coach), Some(id)) = (of.coach, self.coach_id) {
            limits.push(format!("{coach} = '{id}'"));
        }
        if let (Some(client), Some(id)) = (of.client, self.client_id) {
            // In a session, what is nobody's in particular is the client's as well.
            limits.push(match of.session {
                Some(_) => format!("coalesce({client}, '{id}') = '{id}'"),
                None => format!("{client} = '{id}'"),
            });
        }
        limits
    }

    fn of_sessions(&self, has_own_day: bool) -> Vec<String> {
        let mut limits = Vec::new();
        limits.extend(self.coach_id.map(|id| format!("coach_id = '{id}'")));
        limits.extend(
            self.client_id.map(|id| format!("id in (select session_id from participants where client_id = '{id}')")),
        );
        if !has_own_day {
            limits.extend(self.days("session_date"));
        }
        limits
    }

    fn days(&self, day: &str) -> Vec<String> {
        let first = self.first_day.map(|first| format!("{day} >= '{first}'"));
        let last = self.last_day.map(|last| format!("{day} <= '{last}'"));
        first.into_iter().chain(last).collect()
    }
}

/// A format of files.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    EnumString,
    VariantArray,
    VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// Parquet, compressed with zstd.
    Parquet,
    /// CSV, safe for spreadsheets.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

impl Format {
    /// Their names.
    pub const NAMES: &[&str] = <Self as VariantNames>::VARIANTS;
}

/// What an export should have: everything in every format, unless something is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ExportWish)]
pub struct Wish {
    /// Which part of the data.
    #[serde(skip_serializing_if = "Scope::is_everything")]
    pub scope: Scope,
    /// Which tables; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// Which formats; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<Format>,
}

/// Why a wish can't be carried out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// There is no such table.
    #[error("there is no table `{0}`; the tables are {all}", all = tables::names().join(", "))]
    NoSuchTable(String),
    /// The days are the wrong way round.
    #[error("the first day ({first}) is after the last one ({last}); swap them")]
    Days {
        /// The first day.
        first: NaiveDate,
        /// The last day.
        last: NaiveDate,
    },
    /// A day that no calendar of a spreadsheet has.
    #[error("{0} is no day to export; use years from 1 to 9999")]
    Year(NaiveDate),
}

impl Wish {
    /// The wish in one way of writing it: without what is there twice, in the order of tables and formats.
    ///
    /// # Errors
    /// Returns an error if it can't be carried out.
    pub fn checked(mut self) -> Result<Self, WishError> {
        if let Some(unknown) = self.tables.iter().find(|name| !tables::names().contains(&name.as_str())) {
            return Err(WishError::NoSuchTable(unknown.clone()));
        }
        if let (Some(first), Some(last)) = (self.scope.first_day, self.scope.last_day)
            && first > last
        {
            return Err(WishError::Days { first, last });
        }
        let days = [self.scope.first_day, self.scope.last_day];
        if let Some(odd) = days.into_iter().flatten().find(|day| !(1..=9999).contains(&day.year())) {
            return Err(WishError::Year(odd));
        }
        self.tables = match self.tables.len() {
            0 => Vec::new(),
            _ => self.wanted().map(|table| table.name.to_owned()).collect(),
        };
        self.formats.sort_unstable();
        self.formats.dedup();
        Ok(self)
    }

    /// Whether it's everything that the organization has; in fewer formats, perhaps.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.scope.is_everything() && self.tables.is_empty()
    }

    /// The tables, in order.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &'static Table> {
        let is_wanted = |table: &&Table| self.tables.is_empty() || self.tables.iter().any(|name| name == table.name);
        tables::ALL.iter().copied().filter(is_wanted)
    }

    /// The formats, in order.
    pub(super) fn formats(&self) -> &[Format] {
        if self.formats.is_empty() { <Format as VariantArray>::VARIANTS } else { &self.formats }
    }
}
