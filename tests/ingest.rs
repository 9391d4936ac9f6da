//! The stage `ingest`, from outside.
