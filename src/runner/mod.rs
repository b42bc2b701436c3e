//! Selects, stages, executes and collects.
