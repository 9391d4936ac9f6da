//! The stage `export`, from outside.
