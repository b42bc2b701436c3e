//! The certificate authority of a run, and the TLS identities it issues on loopback: good ones, and wrong ones on demand.
//! Which side trusts it, and how a remote subject is given its certificate, is up to the caller.

mod authority;
mod identity;
mod key_store;
mod mapping;
mod presented;

pub use authority::{CERTIFICATE_FILE, CertificateAuthority, CertificateError, CertificateKind, TRUST_STORE_FILE};
pub use identity::{ClientCertificates, TlsIdentity};
pub use key_store::{STORE_PASSWORD, key_store, trust_store};
pub(crate) use mapping::stands_for;
pub use mapping::{CertificateMapping, UnfitMapping};
pub use presented::PresentedCertificate;
pub(crate) use presented::{ClientCheck, HEADER as PRESENTED_HEADER};
