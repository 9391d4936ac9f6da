//! Types that the stages share: sections, audiences, and the content of a summary.

mod content;
pub mod diff;
pub mod id;
mod lineage;
pub mod listing;
pub mod role;
mod section;
mod state;
pub mod summary;
mod support;
pub mod told;

pub use content::{
    ActionItem, Claim, Content, Evidence, MAX_CHARACTERS, MAX_CLAIMS, Owner, Score, Thread, ThreadOutcome,
};
pub use role::Role;
pub use section::{Audience, Section};
pub use state::{
    GoalState, ItemState, MailState, RefinementState, SessionState, SessionStatus, Shortfall, SummaryState,
};
pub use support::{Support, Tally};
