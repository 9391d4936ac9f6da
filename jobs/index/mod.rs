//! The index: what was said and what was summarised, in chunks, as full text and as vectors; and the search in it.
//!
//! Two jobs write it, on the side and holding nobody up: [`IndexSession`] after parse, [`IndexSummary`] after each
//! version of a summary. Each reads in a short transaction, embeds outside any, and replaces what was there before in
//! a second one; so a rerun leaves the same chunks. [`search()`] reads it.

mod chunk;
mod embedder;
mod hashed;
mod model_index;
mod search;
mod session;
mod store;
mod summary;

pub use embedder::{EmbedError, Embedder, OpenAi, Settings};
pub use model_index::ensure_model_index;
pub use search::{Client, Hit, Query, SearchError, Source, search};
pub use session::IndexSession;
pub use summary::IndexSummary;
