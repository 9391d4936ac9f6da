//! The integration tests: one binary, one file per stage, with real parts.
//!
//! Every test has its own database, created from a migrated template, so all of them run in parallel.

mod support;

mod api;
mod arrows;
mod attribute;
mod bundle;
mod cli;
mod danger;
mod db;
mod demo;
mod docs;
mod doctor;
mod embed;
mod erase;
mod export;
mod failed_stages;
mod follow_up;
mod http;
mod index;
mod ingest;
mod kills;
mod large;
mod llm;
mod mail;
mod mcp;
mod meeting;
mod pages;
mod parse;
mod path;
mod people;
mod postgres;
mod private;
mod queue;
mod readme;
mod refine;
mod replaced;
mod review;
mod rollup;
mod search;
mod sign_in;
mod starved;
mod summarize;
mod webhooks;
