//! Why the stage could not be set, each with what to do about it.
//! What goes wrong later, while scenarios run, is theirs to tell.

use std::path::PathBuf;

use kmspec_drivers::{error::DriverError, wire::WireError};
use kmspec_mocks::certificates::CertificateError;
use kmspec_prove::{self as prove, AccomplicesError, NotSwitchable};

use super::certified::CertifiedMockError;
use crate::runner::provisioning::{CertifyError, ProvisioningError, fixed::FixedError};

/// The stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No certificate could be made, or the kept ones not be read.
    #[error("making certificates for the run: {0}\nhint: check the folder named in [trust] mock_ca")]
    Certificates(#[from] CertificateError),
    /// A CA file of the target cannot be read.
    #[error("reading the CA file {path}: {source}\nhint: [trust] ca names a PEM file, relative to where you are")]
    CaFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The harness's HTTP client could not be made.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The echo backend did not start.
    #[error("starting the echo backend: {0}\nhint: is its port taken? [backend] port in the target file changes it")]
    Backend(String),
    /// The subject did not start.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// A plane of the target does not answer.
    #[error(
        "the target's {plane} plane is silent: {source}\nhint: start the target, or mend the address in its file; [trust] ca names the CA of its certificate"
    )]
    TargetSilent {
        /// Which plane.
        plane: &'static str,
        /// Why not.
        source: DriverError,
    },
    /// A persona of the target cannot log in, or the target does not answer it.
    #[error("looking around at the target: {0}")]
    Target(#[source] DriverError),
    /// The defect cannot be switched on.
    #[error(transparent)]
    Defect(#[from] NotSwitchable),
    /// The defect is one of authorization servers, and the run certifies none.
    #[error(
        "`{0}` is a defect of authorization servers, and a run against a target certifies none\nhint: leave --target out"
    )]
    NoMocksToSpoil(String),
    /// The saboteur's helpers are not ready.
    #[error(transparent)]
    Accomplices(#[from] AccomplicesError),
    /// An interposer could not take its place.
    #[error(transparent)]
    Interposer(#[from] prove::InterposerError),
    /// The keys of a configured gateway's issuers are of no use.
    #[error(transparent)]
    Fixed(#[from] FixedError),
    /// The authorization server cannot be certified at all.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// A mock server that is certified beside the platform is not ready.
    #[error(transparent)]
    CertifiedMock(#[from] CertifiedMockError),
}
