//! Review: the coach reads, corrects and approves, behind an emailed link.
//!
//! ```text
//! request   job: summarized → in_review, with an emailed link; and the question who spoke
//! visits    browsers that opened a link; only the hash of their cookie is stored
//! view      everything on the page, read in one transaction
//! edit      the coach's own words, as a new version
//! quoted    what the coach typed as somebody's words was said by them
//! refining  requesting a refinement (a job), and undoing: versions that nobody types
//! settle    action items are completed, dropped, or opened again
//! actions   what else a coach can do: approve, dismiss, cancel, name speakers, request a new link
//! refusal   why one of these is refused
//! outgoing  follow-ups that are approved or stopped
//! ```
//!
//! What is approved is what was shown: an approval carries the version and the hash of the content on the page, and the
//! recipient shown there; anything else is refused as a conflict.

pub mod actions;
pub mod edit;
mod outgoing;
mod quoted;
pub mod refining;
mod refusal;
mod request;
pub mod settle;
pub mod view;
pub mod visits;
