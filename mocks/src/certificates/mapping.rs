//! Which users a client's certificate may stand for, where a server lets certificates stand for users at all.
//! Who the user is, a request says; see `endpoints::management`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::PresentedCertificate;

/// One row: certificates of an issuer, or one by its thumbprint, and the users that they may stand for. As WSO2 Identity
/// Server 7 is configured (`client_certificate_based_authentication.user_thumbprint_mapping`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateMapping {
    /// The distinguished name of the issuer; any issuer when left out.
    pub issuer: Option<String>,
    /// SHA-256 of the one certificate, in hexadecimal digits with or without colons or in base64url, whoever issued it;
    /// every certificate of the server's authority when left out.
    pub thumbprint: Option<String>,
    /// Names of the users; any user when left out.
    pub users: Option<Vec<String>>,
}

/// The row can fit no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitMapping {
    /// The thumbprint has another length than a SHA-256, or is no number at all.
    #[error(
        "`{0}` is no SHA-256 of a certificate\nhint: 64 hexadecimal digits, with colons or without, or 43 characters of base64url"
    )]
    Thumbprint(String),
    /// No name stands in the list of users.
    #[error("a certificate that may stand for nobody is of no use\nhint: leave `users` out for any user")]
    Nobody,
}

impl CertificateMapping {
    /// Whether the row can be used.
    ///
    /// # Errors
    ///
    /// [`UnfitMapping`] says why not.
    pub fn check(&self) -> Result<(), UnfitMapping> {
        if let Some(text) = self.thumbprint.as_ref().filter(|text| digest(text).is_none()) {
            return Err(UnfitMapping::Thumbprint(text.clone()));
        }
        if self.users.as_ref().is_some_and(Vec::is_empty) { Err(UnfitMapping::Nobody) } else { Ok(()) }
    }

    fn is_issuer(&self, presented: &PresentedCertificate) -> bool {
        self.issuer.as_ref().is_none_or(|issuer| names(issuer) == names(&presented.issuer))
    }

    fn is_certificate(&self, presented: &PresentedCertificate) -> bool {
        self.thumbprint.as_ref().is_some_and(|text| digest(text) == digest(&presented.x5t_s256))
    }

    fn holds(&self, user: &str) -> bool {
        self.users.as_ref().is_none_or(|users| users.iter().any(|known| known == user))
    }
}

/// Whether a certificate may stand for that user at this time (seconds since 1970). A row for the very certificate
/// decides before one for all of an issuer; of several alike the first does.
pub(crate) fn stands_for(
    mappings: &[CertificateMapping],
    presented: &PresentedCertificate,
    user: &str,
    now: u64,
) -> bool {
    let of_issuer = || mappings.iter().filter(|row| row.is_issuer(presented));
    let exact = of_issuer().find(|row| row.is_certificate(presented));
    let any = || of_issuer().find(|row| row.thumbprint.is_none()).filter(|_| presented.trusted);
    presented.holds_at(now) && exact.or_else(any).is_some_and(|row| row.holds(user))
}

fn digest(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let hexadecimal = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = if hexadecimal {
        (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
    } else {
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
    };
    bytes.filter(|bytes| bytes.len() == 32)
}

/// The parts of a distinguished name, in whatever order they were written.
fn names(written: &str) -> Vec<String> {
    let part = |part: &str| match part.split_once('=') {
        Some((name, value)) => format!("{}={}", name.trim().to_ascii_uppercase(), value.trim()),
        None => part.trim().to_owned(),
    };
    let mut parts: Vec<_> = written.split(',').map(part).filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "789b25495aa6da749cf7a890ceb921eaecc7222ab377411b6d48229198a9fd47";

    fn presented(trusted: bool) -> PresentedCertificate {
        PresentedCertificate {
            x5t_s256: URL_SAFE_NO_PAD.encode(digest(DIGITS).unwrap()),
            subject: "CN=platform".to_owned(),
            issuer: "C=AU, O=WSO2, CN=Root".to_owned(),
            valid: (100, 200),
            names: Vec::new(),
            trusted,
            binds: false,
        }
    }

    fn row(issuer: Option<&str>, thumbprint: Option<&str>, users: Option<&[&str]>) -> CertificateMapping {
        CertificateMapping {
            issuer: issuer.map(str::to_owned),
            thumbprint: thumbprint.map(str::to_owned),
            users: users.map(|users| users.iter().map(|&user| user.to_owned()).collect()),
        }
    }

    #[test]
    fn a_row_fits_by_issuer_thumbprint_and_user() {
        let colons = DIGITS.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap().to_uppercase());
        let colons = colons.collect::<Vec<_>>().join(":");
        for (mapping, trusted, fits) in [
            (row(None, None, None), true, true),
            (row(None, None, None), false, false),
            (row(None, Some(&colons), None), false, true),
            (row(None, Some(DIGITS), Some(&["ann", "admin"])), true, true),
            (row(None, Some(DIGITS), Some(&["ann"])), true, false),
            (row(Some("CN=Root,O=WSO2, c=AU"), None, None), true, true),
            (row(Some("CN=Other"), Some(DIGITS), None), true, false),
        ] {
            assert_eq!(
                stands_for(std::slice::from_ref(&mapping), &presented(trusted), "admin", 150),
                fits,
                "{mapping:?}"
            );
        }
        assert!(!stands_for(&[], &presented(true), "admin", 150));
    }

    #[test]
    fn the_row_of_the_very_certificate_decides_before_one_for_all() {
        let rows = [row(None, None, None), row(None, Some(DIGITS), Some(&["ann"]))];
        assert!(!stands_for(&rows, &presented(true), "admin", 150));
        assert!(stands_for(&rows, &presented(true), "ann", 150));
    }

    #[test]
    fn a_certificate_stands_for_nobody_before_and_after_its_time() {
        for (now, fits) in [(99, false), (100, true), (200, true), (201, false)] {
            assert_eq!(stands_for(&[row(None, Some(DIGITS), None)], &presented(false), "admin", now), fits, "{now}");
        }
    }

    #[test]
    fn a_row_that_can_fit_nothing_is_refused() {
        assert_eq!(row(None, Some(DIGITS), None).check(), Ok(()));
        assert!(matches!(row(None, Some("78:9B"), None).check(), Err(UnfitMapping::Thumbprint(_))));
        assert_eq!(row(None, None, Some(&[])).check(), Err(UnfitMapping::Nobody));
    }
}
