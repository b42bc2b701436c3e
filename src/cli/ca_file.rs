//! Looks into CA files that arguments and targets name, before anything starts.
//! Whose certificates lead to them is found out on the wire.

use std::{io, path::Path};

use super::error::PlanError;

/// Sees to it that the file can be read and holds a certificate; `hint` says who named it.
///
/// # Errors
///
/// [`PlanError::Unreadable`].
pub fn check(path: &Path, hint: &'static str) -> Result<(), PlanError> {
    let text = std::fs::read_to_string(path).and_then(|text| {
        let held = text.contains("-----BEGIN CERTIFICATE-----");
        if held { Ok(()) } else { Err(io::Error::other("it holds no PEM certificate")) }
    });
    text.map_err(|source| PlanError::Unreadable { what: "the CA file", path: path.to_owned(), source, hint })
}
