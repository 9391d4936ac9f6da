//! The stage `parse`: turns the bytes of a transcript into utterances, whatever tool made it.
//!
//! Reads a transcript's stored copy; writes its utterances, its format and its warnings, and moves the session to
//! `parsed`, or to `rejected` with a reason that a coach understands. The reading itself is `debrief_transcript`'s, which
//! is pure; the job around it replaces what an earlier run wrote, so a rerun changes nothing.

mod job;
mod store;

pub use job::ParseTranscript;
