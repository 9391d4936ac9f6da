//! Rollups: a coach's week in figures, mailed on Monday morning in the coach's own time zone.
//!
//! [`RollupDue`] looks every hour at which coach's week is finished and has no rollup yet, and enqueues
//! [`WeeklyRollup`], which computes the [`Figures`] with polars, keeps them in `rollups` and mails them. The rollup is
//! unique by coach and week and the mail by rollup, so that however often either runs, there is one of each.

mod compute;
mod due;
mod figures;
mod job;
mod mail;
mod rows;
mod week;

pub use due::{RollupDue, SCHEDULE, enqueue_due};
pub use figures::{ActionItems, ClientWeek, Figures, OpenItem, Totals};
pub use job::WeeklyRollup;
pub use week::due;
