//! The stage `db`, from outside.
