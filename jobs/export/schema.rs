//! What an exported table is: its columns, where each comes from, and what it means. Pure.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use super::scope::Scope;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An id. Text in every format: half of the programs that read Parquet show its own type as bytes.
    Id,
    /// One of few values: a state, a name, a label.
    Word,
    /// Text that is rarely the same twice.
    Prose,
    /// An object's key as uploaded, with any name a person chose. What a terminal or spreadsheet would interpret is
    /// replaced by its code, so that it stays on one line.
    Key,
    /// JSON.
    Json,
    Int,
    Float,
    Bool,
    Day,
    /// UTC, in microseconds.
    Time,
    /// The numbers of an embedding.
    Vector,
}

/// A column of an exported table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its name, in every format.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// Its value in SQL.
    pub(super) sql: &'static str,
    /// What it means, in a sentence.
    pub(super) about: &'static str,
}

/// A column that is never null.
pub(super) const fn column(name: &'static str, kind: Kind, sql: &'static str, about: &'static str) -> Column {
    Column { name, kind, nullable: false, sql, about }
}

impl Column {
    /// The column, which may be null.
    pub(super) const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Whether it identifies rows of its own table, so that no value is there twice.
    pub(super) fn is_unique(&self) -> bool {
        self.name == "id"
    }

    /// The column in Arrow and Parquet.
    fn field(&self) -> Field {
        let data_type = match self.kind {
            Kind::Id | Kind::Word | Kind::Prose | Kind::Key | Kind::Json => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Day => DataType::Date32,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            Kind::Vector => DataType::List(Arc::new(Field::new("element", DataType::Float32, false))),
        };
        let about = HashMap::from([("comment".to_owned(), self.about.to_owned())]);
        Field::new(self.name, data_type, self.nullable).with_metadata(about)
    }
}

/// An exported table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What a row is, in a sentence.
    pub(super) about: &'static str,
    pub(super) columns: &'static [Column],
    /// What follows `from`, with joins.
    pub(super) from: &'static str,
    /// Rows that are left out; empty for none.
    pub(super) only: &'static str,
    /// Unique, so that the same rows produce the same files.
    pub(super) order: &'static str,
    /// What a part of an organization's data is found by.
    pub(super) of: Of,
}

/// Whom and when a row is about, in SQL. What can't be told of a table is `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of {
    /// Its session. The session then decides about coach, client and day, unless the row has its own.
    pub(super) session: Option<&'static str>,
    pub(super) coach: Option<&'static str>,
    pub(super) client: Option<&'static str>,
    /// A date. A table with neither session nor day isn't limited by days: it says who somebody is.
    pub(super) day: Option<&'static str>,
}

impl Of {
    /// Rows of a session.
    pub(super) const fn session(session: &'static str) -> Self {
        Self { session: Some(session), coach: None, client: None, day: None }
    }

    /// Rows of a session that are about one client.
    pub(super) const fn client_of(session: &'static str, client: &'static str) -> Self {
        Self { session: Some(session), coach: None, client: Some(client), day: None }
    }
}

impl Table {
    /// The query of its rows within `scope`.
    pub(super) fn query(&self, scope: &Scope) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|column| format!("{} as \"{}\"", column.sql, column.name)).collect();
        let mut limits = scope.limits(&self.of);
        if !self.only.is_empty() {
            limits.insert(0, self.only.to_owned());
        }
        let limits = if limits.is_empty() { String::new() } else { format!(" where {}", limits.join(" and ")) };
        format!("select {} from {}{limits} order by {}", columns.join(", "), self.from, self.order)
    }

    /// Its columns in Arrow.
    pub(super) fn arrow(&self) -> Arc<Schema> {
        Arc::new(Schema::new(self.columns.iter().map(Column::field).collect::<Vec<_>>()))
    }
}
