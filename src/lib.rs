//! How people reach the pipeline: the command line, the pages, the settings.

pub mod http;
