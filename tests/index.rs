//! The stage `index`, from outside.
