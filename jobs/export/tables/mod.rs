//! The tables of an export, in order. A new table is one constant here or in a file beside, and a line in [`ALL`].
//!
//! Every query is ordered by what is unique, so that the same rows produce the same files. Emails come without their
//! text; nobody's password, key or token is in any table.

mod ledgers;
mod people;
mod promises;
mod search;
mod sessions;
mod summaries;

use super::schema::Table;

/// Every table, in order.
pub(super) const ALL: [&Table; 24] = [
    &people::COACHES,
    &people::CLIENTS,
    &sessions::SESSIONS,
    &sessions::PARTICIPANTS,
    &sessions::ATTENDANCE,
    &sessions::UTTERANCES,
    &sessions::CHAT,
    &sessions::DANGER_SIGNS,
    &summaries::SUMMARIES,
    &summaries::VERSIONS,
    &summaries::CLAIMS,
    &summaries::EVIDENCE,
    &summaries::REFINEMENTS,
    &promises::ACTION_ITEMS,
    &promises::THREADS,
    &promises::GOALS,
    &ledgers::FOLLOW_UPS,
    &ledgers::MAILS,
    &ledgers::MEASURES,
    &ledgers::ROLLUPS,
    &ledgers::COSTS,
    &ledgers::AUDIT,
    &search::CHUNKS,
    &search::EMBEDDINGS,
];

/// The tables' names, in order.
pub(super) fn names() -> Vec<&'static str> {
    ALL.iter().map(|table| table.name).collect()
}
