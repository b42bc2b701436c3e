//! Plain types that every other room shares: rule ids, capabilities, verdicts, exchanges, the run report.
//! No I/O, no `async`, no clock: times come in as numbers, texts come in as strings.

pub mod capability;
pub mod catalogue;
pub mod exchange;
pub mod plan;
pub mod proposal;
pub mod record;
pub mod redaction;
pub mod redactor;
pub mod report;
pub mod rule;
pub mod scenario_id;
pub mod target;
pub mod verdict;
