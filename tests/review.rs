//! The stage `review`, from outside.
