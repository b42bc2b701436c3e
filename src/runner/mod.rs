//! Selects, stages, executes and collects.
//! What a plan is comes from `cli/`; how a report is written down belongs to `report/`.

pub mod attend;
pub mod collect;
pub mod execute;
pub mod interrupt;
pub mod judge;
pub mod limitations;
pub mod observation;
pub mod parse;
pub mod profile_file;
pub mod progress;
pub mod provisioning;
pub mod recorder;
pub mod run;
pub mod scene;
pub mod select;
pub mod serve;
pub mod source;
pub mod stage;
