//! The stage `queue`, from outside.
