//! A certificate authority: made for a run, or kept in a folder; what it issues, rightly or wrongly.
//! Serving with what it issued is in `identity`.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use serde::{Deserialize, Serialize};

use super::{identity::TlsIdentity, key_store};

/// The file in a kept authority's directory that others are told to trust.
pub const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca.key";
/// The same certificate as a trust store for Java; its password is [`STORE_PASSWORD`](super::STORE_PASSWORD).
pub const TRUST_STORE_FILE: &str = "ca.p12";

/// Why a certificate could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The library refused the parameters or the key.
    #[error("making a certificate for `{subject}`: {source}")]
    Refused {
        /// Whom it was for.
        subject: String,
        /// What the library said.
        source: rcgen::Error,
    },
    /// What is kept is no certificate authority.
    #[error(
        "reading the certificate authority in `{path}`: {source}\nhint: remove `{CERTIFICATE_FILE}` and `{KEY_FILE}`, and a new one is made"
    )]
    Unreadable {
        /// The certificate of the two files.
        path: PathBuf,
        /// What the library said.
        source: rcgen::Error,
    },
    /// A stored certificate authority could not be read or written.
    #[error(
        "keeping the certificate authority in `{path}`: {source}\nhint: the directory must be writable, or hold both `{CERTIFICATE_FILE}` and `{KEY_FILE}`"
    )]
    Storage {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What is wrong with a certificate, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateKind {
    /// Nothing.
    #[default]
    Good,
    /// It ended in 2021.
    Expired,
    /// It begins in 2049.
    NotYetValid,
    /// It is for `wrong-name.invalid`.
    WrongName,
    /// Nobody but itself signed it.
    SelfSigned,
    /// Another authority of the same name signed it.
    OtherAuthority,
}

impl CertificateKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Good, Self::Expired, Self::NotYetValid, Self::WrongName, Self::SelfSigned, Self::OtherAuthority];
}

/// A certificate authority; everything a run serves over TLS carries a certificate of it.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    // One identity a set of names is enough for a run, and makes servers start faster.
    issued: Mutex<HashMap<(CertificateKind, Vec<String>), TlsIdentity>>,
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority").field("pem", &self.pem).finish_non_exhaustive()
    }
}

impl CertificateAuthority {
    /// A new authority with a key of its own, valid until 2050.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Refused`] when the common name cannot stand in a certificate.
    pub fn new(common_name: &str) -> Result<Self, CertificateError> {
        let refused = |source| CertificateError::Refused { subject: common_name.to_owned(), source };
        let key = KeyPair::generate().map_err(refused)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(refused)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2050, 1, 1);
        let certificate = params.self_signed(&key).map_err(refused)?;
        Ok(Self { pem: certificate.pem(), issuer: Issuer::new(params, key), issued: Mutex::default() })
    }

    /// The authority kept in a directory, made there first when it is not yet: a remote subject that was once told
    /// to trust it goes on doing so.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Storage`] when the files cannot be read or written, [`CertificateError::Refused`] when
    /// what they hold is no authority.
    pub fn load_or_create(directory: &Path) -> Result<Self, CertificateError> {
        let (certificate, key) = (directory.join(CERTIFICATE_FILE), directory.join(KEY_FILE));
        let store = directory.join(TRUST_STORE_FILE);
        let storage = |path: &Path| {
            let path = path.to_owned();
            move |source| CertificateError::Storage { path, source }
        };
        fs::create_dir_all(directory).map_err(storage(directory))?;
        // Another process may be making the same authority just now. Where folders cannot be locked, it must not.
        let _until_it_is_there = fs::File::open(directory).and_then(|folder| folder.lock().map(|()| folder)).ok();
        if certificate.exists() && key.exists() {
            let pem = fs::read_to_string(&certificate).map_err(storage(&certificate))?;
            let key_pem = fs::read_to_string(&key).map_err(storage(&key))?;
            let unreadable = |source| CertificateError::Unreadable { path: certificate.clone(), source };
            let key = KeyPair::from_pem(&key_pem).map_err(unreadable)?;
            let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(unreadable)?;
            let kept = Self { issuer, pem, issued: Mutex::default() };
            if !store.exists() {
                kept.write_trust_store(&store)?;
            }
            return Ok(kept);
        }
        let made = Self::new("kmspec")?;
        fs::write(&certificate, &made.pem).map_err(storage(&certificate))?;
        made.write_trust_store(&store)?;
        write_private(&key, &made.issuer.key().serialize_pem()).map_err(storage(&key))?;
        Ok(made)
    }

    fn write_trust_store(&self, path: &Path) -> Result<(), CertificateError> {
        let failed = |source| CertificateError::Storage { path: path.to_owned(), source };
        let store = key_store::trust_store("kmspec", &self.pem, key_store::STORE_PASSWORD).map_err(failed)?;
        fs::write(path, store).map_err(failed)
    }

    /// The authority's own certificate.
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// A server (and client) certificate for these host names and addresses. The same names get the same one again.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Refused`] when a name is neither a host name nor an address.
    pub fn issue(&self, names: &[&str]) -> Result<TlsIdentity, CertificateError> {
        self.issue_as(CertificateKind::Good, names)
    }

    /// The same, wrong in this way.
    ///
    /// # Errors
    ///
    /// As for [`issue`](Self::issue).
    pub fn issue_as(&self, kind: CertificateKind, names: &[&str]) -> Result<TlsIdentity, CertificateError> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = (kind, names);
        if let Some(identity) = issued.get(&wanted) {
            return Ok(identity.clone());
        }
        let identity = self.make(kind, &wanted.1)?;
        issued.insert(wanted, identity.clone());
        Ok(identity)
    }

    fn make(&self, kind: CertificateKind, names: &[String]) -> Result<TlsIdentity, CertificateError> {
        let refused = |source| CertificateError::Refused { subject: names.join(", "), source };
        let key = KeyPair::generate().map_err(refused)?;
        let wrong = ["wrong-name.invalid".to_owned()];
        let mut params = leaf(if kind == CertificateKind::WrongName { &wrong } else { names }).map_err(refused)?;
        match kind {
            CertificateKind::Expired => params.not_after = date_time_ymd(2021, 1, 1),
            CertificateKind::NotYetValid => params.not_before = date_time_ymd(2049, 1, 1),
            _ => {}
        }
        let (leaf, chain) = match kind {
            CertificateKind::SelfSigned => (params.self_signed(&key).map_err(refused)?.pem(), String::new()),
            CertificateKind::OtherAuthority => {
                let other = Self::new("kmspec")?;
                (params.signed_by(&key, &other.issuer).map_err(refused)?.pem(), other.pem)
            }
            _ => (params.signed_by(&key, &self.issuer).map_err(refused)?.pem(), self.pem.clone()),
        };
        TlsIdentity::new(format!("{leaf}{chain}"), key.serialize_pem())
            .map_err(|source| CertificateError::Storage { path: PathBuf::from(names.join(", ")), source })
    }
}

fn leaf(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let common_name = names.first().map_or("kmspec", String::as_str);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    Ok(params)
}

/// Writes a private key so that only its owner reads it.
fn write_private(path: &Path, pem: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, pem.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_get_the_same_certificate_and_others_another() {
        let authority = CertificateAuthority::new("test").unwrap();
        let first = authority.issue(&["localhost", "127.0.0.1"]).unwrap();
        assert_eq!(first.chain_pem, authority.issue(&["localhost", "127.0.0.1"]).unwrap().chain_pem);
        assert_ne!(first.chain_pem, authority.issue(&["localhost"]).unwrap().chain_pem);
        assert!(first.chain_pem.ends_with(authority.ca_pem()));
    }

    #[test]
    fn an_authority_kept_in_a_directory_is_the_same_next_time_and_can_still_issue() {
        let directory = tempfile::tempdir().unwrap();
        let first = CertificateAuthority::load_or_create(directory.path()).unwrap();
        let again = CertificateAuthority::load_or_create(directory.path()).unwrap();
        assert_eq!(first.ca_pem(), again.ca_pem());
        again.issue(&["localhost"]).unwrap();
    }

    #[test]
    fn an_unreadable_authority_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(CERTIFICATE_FILE), "nothing").unwrap();
        fs::write(directory.path().join(KEY_FILE), "nothing").unwrap();
        let error = CertificateAuthority::load_or_create(directory.path()).unwrap_err();
        assert!(error.to_string().contains(CERTIFICATE_FILE), "{error}");
    }
}
