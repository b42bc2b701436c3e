//! The kmspec command line.

fn main() {}
