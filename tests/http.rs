//! The stage `http`, from outside.
