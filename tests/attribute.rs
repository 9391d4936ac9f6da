//! The stage `attribute`, from outside.
