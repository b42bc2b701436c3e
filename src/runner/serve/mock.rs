//! A mock authorization server on its own, for clients and gateways in other processes: `kmspec mock`.
//! How it behaves is `mocks/`'s business; reading arguments is `cli/`'s.

use std::{path::PathBuf, sync::Arc};

use super::{ServeError, folder_fits};
use crate::model::report::ExitStatus;
use kmspec_mocks::{
    certificates::{CertificateAuthority, CertificateError},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};

/// How a mock is served.
#[derive(Debug, Clone)]
pub struct MockPlan {
    /// Whose manners it has: the name of a vendor.
    pub vendor: String,
    /// Its port; any free one when `None`.
    pub port: Option<u16>,
    /// Folder with its CA (`ca.pem`, `ca.key`), made when missing.
    pub folder: PathBuf,
}

/// A mock could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeMockError {
    /// There is no mock of that name.
    #[error("there is no mock called `{wanted}`\nhint: there are {known}")]
    UnknownVendor {
        /// As typed.
        wanted: String,
        /// Those that exist.
        known: String,
    },
    /// Its CA could not be made or read.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// An argument names something that is not what it should be.
    #[error(transparent)]
    Unfit(#[from] ServeError),
    /// It did not start.
    #[error("starting the mock: {0}\nhint: another program may have the port; leave --port out for a free one")]
    Mock(#[from] MockError),
}

impl ServeMockError {
    /// What the process ends with: arguments that name the wrong thing are a wrong plan.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::UnknownVendor { .. } => ExitStatus::WrongPlan,
            Self::Unfit(error) => error.exit_status(),
            Self::Certificates(_) | Self::Mock(_) => ExitStatus::CouldNotTest,
        }
    }
}

/// Starts a mock. It records nothing: nobody in this process would read its journal.
///
/// # Errors
///
/// [`ServeMockError`] when there is none of that name, its CA cannot be had, or its port is taken.
pub async fn serve(plan: &MockPlan) -> Result<AuthorizationServer, ServeMockError> {
    let vendor = Vendor::ALL.into_iter().find(|vendor| vendor.name() == plan.vendor).ok_or_else(|| {
        let known = Vendor::ALL.map(Vendor::name).join(", ");
        ServeMockError::UnknownVendor { wanted: plan.vendor.clone(), known }
    })?;
    folder_fits(&plan.folder)?;
    let authority = CertificateAuthority::load_or_create(&plan.folder)?;
    let builder = AuthorizationServer::builder(vendor).certificates(Arc::new(authority)).port(plan.port);
    Ok(builder.recording(false).start().await?)
}
