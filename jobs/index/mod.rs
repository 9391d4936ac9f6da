//! The index: what was said and summarized, in chunks, as full text and as vectors; and searching it.
//!
//! Two jobs write it on the side, without holding anything up: [`IndexSession`] after parsing, [`IndexSummary`] after
//! each version of a summary. Each reads in a short transaction, embeds outside of any, and replaces the old chunks in
//! a second one, so a rerun leaves the same chunks. [`search()`] and [`similar()`] read it; [`suggest()`] reads names and
//! titles alone. [`rebuild`] enqueues the jobs again after the embedder changed.

mod asked;
mod chunk;
mod count;
mod days;
mod model_index;
mod passages;
mod query;
mod rebuild;
mod search;
mod session;
mod similar;
mod store;
mod suggest;
mod summary;
mod verify;
mod words;

pub use count::CountWords;
pub use days::Days;
pub use model_index::ensure_model_index;
pub use query::{
    ByMeaning, Client, Found, FoundUtterance, Hit, MOST_HITS, Part, Query, SearchError, SessionType, Source,
};
pub use rebuild::{Coverage, coverage, rebuild};
pub use search::{Prepared, prepare, search};
pub use session::IndexSession;
pub use similar::{MOST_SIMILAR, similar};
pub use suggest::{MOST_SUGGESTED, Suggestion, SuggestionKind, suggest};
pub use summary::IndexSummary;
pub use verify::{Verified, repair, verify};
