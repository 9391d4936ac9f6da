//! The index: what was said and what was summarised, in chunks, as full text and as vectors; and the search in it.
//!
//! Two jobs write it, on the side and holding nobody up: [`IndexSession`] after parse, [`IndexSummary`] after each
//! version of a summary. Each reads in a short transaction, embeds outside any, and replaces what was there before in
//! a second one; so a rerun leaves the same chunks. [`search()`] reads it. [`rebuild`] enqueues them after a change of
//! the embedder.

mod chunk;
mod model_index;
mod rebuild;
mod search;
mod session;
mod store;
mod summary;

pub use model_index::ensure_model_index;
pub use rebuild::{Coverage, coverage, rebuild};
pub use search::{Client, Hit, Query, SearchError, Source, search};
pub use session::IndexSession;
pub use summary::IndexSummary;
