//! Arguments as typed, made into a plan that is known to be valid, and the commands that carry plans out.
//! What a run does belongs to `runner/`, how a report looks to `report/`.

pub mod arguments;
pub mod ca_file;
pub mod certify_plan;
pub mod commands;
pub mod deviations_file;
pub mod error;
pub mod explain;
pub mod run_plan;
pub mod target_file;
pub mod typed;
