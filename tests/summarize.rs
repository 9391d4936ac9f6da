//! The stage `summarize`, from outside.
