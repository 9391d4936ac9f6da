//! The stage `rollup`, from outside.
