//! The stage `parse`, from outside.
