//! The integration tests: one binary, a file a stage, over real parts.
//!
//! Every test has a database of its own, made from a migrated template, so all of them run in parallel.

mod support;

mod attribute;
mod db;
mod doctor;
mod export;
mod follow_up;
mod http;
mod index;
mod ingest;
mod kills;
mod mail;
mod pages;
mod parse;
mod queue;
mod review;
mod rollup;
mod summarize;
