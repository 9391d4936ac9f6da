//! The stage `parse`: turns the bytes of a transcript into utterances, whatever tool made it.
//!
//! Reads the stored copies of a session's files; writes its utterances, who attended, what was written in the chat,
//! formats and warnings, and moves the session to `parsed`, or to `rejected` with a reason that a coach understands. The
//! reading itself is `debrief_transcript`'s, which is pure, as is making one of several files (`merge`); the job around
//! them replaces what an earlier run wrote, so a rerun changes nothing.

mod attendees;
mod files;
mod job;
mod merge;
mod room;
mod store;
mod write;

pub use job::Needs;
pub use room::Room;
