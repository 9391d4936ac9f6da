//! People come in by their organization's identity provider.
//!
//! ```text
//! requests   the ways through a provider: begun in a browser, and answered there
//! whose      the person behind an account at a provider
//! ```
//!
//! Reads and writes `provider_requests`, `provider_accounts` and `sign_ins`. Each provider belongs to one organization, so nobody
//! comes into another one by it.

mod requests;
mod whose;

pub use requests::{Answer, Begun, Outcome, Refusal, answer, begin};
pub use whose::disconnect;
