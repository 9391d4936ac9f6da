//! The stage `parse`: turns the bytes of a transcript from any tool into utterances.
//!
//! Reads the stored copies of a session's files; writes its utterances, attendees, chat messages, formats and warnings,
//! and moves the session to `parsed`, or to `rejected` with a reason that a coach understands. The reading itself is
//! done by `debrief_transcript`, which is pure, as is merging several files (`merge`). The job around them replaces
//! what an earlier run wrote, so a rerun changes nothing.

mod attendees;
mod files;
mod job;
mod merge;
mod room;
mod store;
mod write;

pub use job::Needs;
pub use room::Room;
