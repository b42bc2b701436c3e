//! A file per format; all read the same run report.
//! What a run found out is decided by the runner; here it is only written down.

pub mod annotations;
pub mod certificate;
pub mod cucumber;
pub mod expected;
pub mod folder;
pub mod format;
pub mod har;
pub mod html;
pub mod json;
pub mod junit;
pub mod reader;
pub mod summary;
pub mod terminal;
pub mod wire_data;
