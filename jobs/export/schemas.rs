//! The exported tables as other programs know schemas: JSON Schema, and SQL to create them. Pure.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{
    SCHEMA_VERSION,
    schema::{Column, Kind, Table},
    tables,
};

/// JSON Schema of a line of each table's JSON Lines, below `$defs`.
#[must_use]
pub fn json_schema() -> Value {
    let tables: Map<String, Value> = tables::ALL.iter().map(|table| (table.name.to_owned(), of_table(table))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Exports of Debrief",
        "description": format!("Schema version {SCHEMA_VERSION}: one definition for each table."),
        "$defs": tables,
    })
}

fn of_table(table: &Table) -> Value {
    let properties: Map<String, Value> =
        table.columns.iter().map(|column| (column.name.to_owned(), of_column(column))).collect();
    let required: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    json!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "required": required,
        // A newer version may add columns.
        "additionalProperties": true,
    })
}

fn of_column(column: &Column) -> Value {
    let (kind, format) = match column.kind {
        Kind::Id => ("string", Some("uuid")),
        Kind::Word | Kind::Prose | Kind::Key => ("string", None),
        Kind::Json => ("object", None),
        Kind::Int => ("integer", None),
        Kind::Float => ("number", None),
        Kind::Bool => ("boolean", None),
        Kind::Day => ("string", Some("date")),
        Kind::Time => ("string", Some("date-time")),
        Kind::Vector => ("array", None),
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), if column.nullable { json!([kind, "null"]) } else { json!(kind) });
    if let Some(format) = format {
        schema.insert("format".to_owned(), json!(format));
    }
    if column.kind == Kind::Vector {
        schema.insert("items".to_owned(), json!({ "type": "number" }));
    }
    schema.insert("description".to_owned(), json!(column.about));
    Value::Object(schema)
}

/// SQL that creates the tables and describes them, for Postgres and DuckDB.
#[must_use]
pub fn sql() -> String {
    let mut sql = format!("-- Exports of Debrief, schema version {SCHEMA_VERSION}.\n");
    for table in tables::ALL {
        // Writing to memory doesn't fail.
        let _ = create(table, &mut sql);
    }
    sql
}

fn create(table: &Table, sql: &mut String) -> std::fmt::Result {
    let columns = table.columns.iter().map(|column| {
        let null = if column.nullable { "" } else { " not null" };
        format!("    \"{}\" {}{null}", column.name, sql_type(column.kind))
    });
    writeln!(sql, "\ncreate table {} (\n{}\n);", table.name, columns.collect::<Vec<_>>().join(",\n"))?;
    writeln!(sql, "comment on table {} is {};", table.name, quoted(table.about))?;
    for column in table.columns {
        writeln!(sql, "comment on column {}.\"{}\" is {};", table.name, column.name, quoted(column.about))?;
    }
    Ok(())
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "uuid",
        Kind::Word | Kind::Prose | Kind::Key => "text",
        Kind::Json => "json",
        Kind::Int => "bigint",
        Kind::Float => "double precision",
        Kind::Bool => "boolean",
        Kind::Day => "date",
        Kind::Time => "timestamptz",
        Kind::Vector => "real[]",
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
