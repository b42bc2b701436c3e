//! What can be wrong with arguments and the files they name, one message with a hint each.
//! Errors of the run itself are the runner's.

use std::{error::Error, io, path::PathBuf};

use crate::runner::source::SourceError;
use kmspec_model::{capability::UnknownCapability, rule::NotARuleId};
use kmspec_prove::NotSwitchable;

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
    #[error(
        "there is no profile `{name}`, and no file of that name\nhint: the profiles are reference, {known}; `--profile reference` declares no deviations"
    )]
    NoProfile {
        /// As typed.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// A profile for the reference platform other than its own.
    #[error(
        "the embedded platform is the profile `reference`, and `{0}` is another\nhint: `--profile` goes with `--target`"
    )]
    ForeignProfile(String),
    /// The folder of features holds profiles that cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The id of a defect is none.
    #[error(transparent)]
    NotARule(#[from] NotARuleId),
    /// The id is that of a row that is no defect, or of one that nobody can switch on.
    #[error(transparent)]
    NotSwitchable(#[from] NotSwitchable),
    /// A seeded defect at a target whose certificates lead nowhere that is named.
    #[error(
        "a seeded defect stands between kmspec and {url}, and the target file names no CA to know it by\nhint: add `[trust]` with `ca = \"ca.pem\"`, the certificate that the target's own certificates lead to"
    )]
    DefectWithoutCa {
        /// A plane that speaks TLS.
        url: url::Url,
    },
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

/// An error and its causes as one message with one hint: that of the outermost error which has any, as it knows best
/// what was wanted.
pub fn told(error: &dyn Error) -> String {
    let (mut said, mut hint) = (String::new(), None);
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // A message may quote its cause, hint and all; its own hint stands last.
        let mut parts = text.split("\nhint: ");
        let message = parts.next().unwrap_or_default().trim_end();
        if !said.contains(message) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(message);
        }
        hint = hint.or_else(|| parts.last().map(str::to_owned));
        next = error.source();
    }
    match hint {
        Some(hint) => format!("{said}\nhint: {hint}"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the port is taken\nhint: take another")]
    struct Inner(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("starting: {0}\nhint: leave --port out")]
    struct Quoting(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("starting")]
    struct Silent(#[source] Inner);

    #[test]
    fn an_error_is_told_with_its_causes_and_the_outermost_hint() {
        let inner = || Inner(io::Error::other("in use"));
        assert_eq!(told(&inner()), "the port is taken: in use\nhint: take another");
        assert_eq!(told(&Quoting(inner())), "starting: the port is taken: in use\nhint: leave --port out");
        assert_eq!(told(&Silent(inner())), "starting: the port is taken: in use\nhint: take another");
    }
}
