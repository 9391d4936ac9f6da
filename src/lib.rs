//! The user interfaces of the pipeline: the command line, the pages, the settings.

pub mod cli;
pub mod config;
pub mod folders;
pub mod http;
pub mod models;
pub mod postgres;
pub mod telemetry;
