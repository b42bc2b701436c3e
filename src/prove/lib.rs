//! Seeded defects, each one switched on by its id: a saboteur behind an interposer makes the subject appear to have it.
//! Where interposers stand is decided by `runner/stage.rs`; which scenario must notice stands in the features' tags.

mod accomplices;
mod clients;
mod courier;
mod defects;
mod gate;
mod ghosts;
mod history;
mod informed;
mod interposer;
mod key_managers;
mod message;
mod misread;
mod pair;
mod passes;
mod portal;
mod registrar;
mod registry;
#[cfg(test)]
mod rehearsal;
mod saboteur;
mod second_try;
mod table;
mod token;
mod upstream;
mod verdict;

pub use accomplices::{Accomplices, AccomplicesError};
pub use clients::Clients;
pub use interposer::{Interposer, InterposerConfig, InterposerError, Side};
pub use registry::{Cause, Defect, NotSwitchable, cause, defect, switchable};
pub use saboteur::{Deed, Saboteur};
