//! What can be wrong with arguments and the files they name, one message with a hint each.
//! Errors of the run itself are the runner's.

use std::{io, path::PathBuf};

use crate::{
    model::{capability::UnknownCapability, rule::NotARuleId},
    prove::NotSwitchable,
};

/// A plan that cannot be made from the arguments. Each ends the process with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A file that an argument names cannot be read.
    #[error("cannot read {what} `{}`: {source}\nhint: {hint}", path.display())]
    Unreadable {
        /// What it should have been.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// A file is not of its shape.
    #[error("cannot understand {what} `{}`: {problem}\nhint: {hint}", path.display())]
    Malformed {
        /// What it should have been.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Where and why.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// A secret is not in the environment.
    #[error(
        "the environment variable `{variable}` is not set; it holds {holds}\nhint: export {variable}=… before the run"
    )]
    NoSecret {
        /// Its name.
        variable: String,
        /// What it is for.
        holds: String,
    },
    /// No file describes the profile.
    #[error("there is no profile `{name}`: neither a file of that name nor {}\nhint: `--profile reference` declares no deviations; `kmspec run` writes the first expected.next.toml for you", looked.display())]
    NoProfile {
        /// As typed.
        name: String,
        /// Where it was looked for.
        looked: PathBuf,
    },
    /// A profile for the reference platform other than its own.
    #[error(
        "the embedded platform is the profile `reference`, and `{0}` is another\nhint: `--profile` goes with `--target`"
    )]
    ForeignProfile(String),
    /// The id of a defect is none.
    #[error(transparent)]
    NotARule(#[from] NotARuleId),
    /// The id is that of a row that is no defect, or of one that nobody can switch on.
    #[error(transparent)]
    NotSwitchable(#[from] NotSwitchable),
    /// A capability that does not exist.
    #[error(transparent)]
    Capability(#[from] UnknownCapability),
    /// No vendor has that type.
    #[error("no key manager type is called `{wanted}`\nhint: the types are {known}")]
    UnknownType {
        /// As typed.
        wanted: String,
        /// Those that exist.
        known: String,
    },
    /// The URL cannot be used.
    #[error("cannot certify `{url}`: {problem}\nhint: {hint}")]
    Url {
        /// As typed, user information left out.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to do.
        hint: &'static str,
    },
}
