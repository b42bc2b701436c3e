//! Selects, stages, executes and collects.

pub mod provisioning;
