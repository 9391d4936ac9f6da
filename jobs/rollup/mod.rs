//! Rollups: a coach's week in figures, emailed on Monday morning in the coach's own time zone.
//!
//! Every hour, [`RollupDue`] looks for coaches whose finished week has no rollup yet, and enqueues [`WeeklyRollup`],
//! which computes the [`Figures`] with polars, stores them in `rollups` and emails them. The rollup is unique by coach
//! and week and the email by rollup, so however often either runs, there is only one of each.

mod compute;
mod due;
mod figures;
mod job;
mod list;
mod mail;
mod rows;
mod week;

pub use due::{RollupDue, SCHEDULE, enqueue_due};
pub use figures::{ActionItems, ClientWeek, Figures, OpenItem, Totals};
pub use job::WeeklyRollup;
pub use list::{StoredRollup, page};
pub use week::due;
