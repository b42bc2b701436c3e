//! kmspec: a conformance and performance harness for API key managers.
//! Here is only the list of rooms; what each is for stands in ARCHITECTURE.md.

pub mod cli;
pub mod report;
pub mod runner;
pub mod steps;
pub mod world;
