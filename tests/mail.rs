//! The stage `mail`, from outside.
