//! The program `debrief`.

fn main() {}
