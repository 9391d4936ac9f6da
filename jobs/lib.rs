//! What Debrief does: the path of a session from the bucket to the follow-up, a folder a stage, in order.
//!
//! ```text
//! ingest → parse → attribute → summarize → review → follow_up      (each arrow is a job)
//!             └──────────────────┴→ index                            (on the side)
//! schedules: rollup, export, reconcile
//! ```

// The path, in order.
pub mod attribute;
pub mod follow_up;
pub mod ingest;
pub mod parse;
pub mod review;
pub mod summarize;

// On the side, and by schedule.
pub mod export;
pub mod index;
pub mod reconcile;
pub mod rollup;

// What the stages share.
pub mod bucket;
pub mod db;
pub mod llm;
pub mod mail;
pub mod model;
pub mod people;
pub mod queue;
pub mod template;

mod services;

pub use services::{Services, Settings, SettingsError};
