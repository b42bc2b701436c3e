//! Making and checking the signature value, with the keys that tokens are signed with too.
//! What a signature has to look like is in `profile`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bergshamra::{DsigContext, KeysManager, xml::Document};
use kryptering::{EcCurve, Error, HashAlgorithm, SignatureAlgorithm, Signer, Verifier};

use super::profile::SignatureMethod;
use crate::realm::{Algorithm, SigningKey, TrustedKeys};

/// Assertions cannot be signed with such a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("assertions cannot be signed with {algorithm}\nhint: a key for RS256, RS384, RS512, ES256 or ES384")]
pub struct UnsignableKey {
    /// What the key signs with.
    pub algorithm: String,
}

/// Signs the one signature of an XML text whose values are still empty.
pub(super) fn sign(template: &str, key: &SigningKey) -> Result<String, UnsignableKey> {
    let unsignable = || UnsignableKey { algorithm: format!("{:?}", key.algorithm()) };
    let method = SignatureMethod::of(key.algorithm()).ok_or_else(unsignable)?;
    let signer = Box::new(Made { key: key.clone(), method });
    let context = DsigContext::new(KeysManager::new()).with_hsm_signer(signer);
    bergshamra::sign(&context, template).map_err(|_| unsignable())
}

/// Whether one of the keys made the one signature of a document, and what it refers to is unchanged.
pub(super) fn verify(document: &Document<'_>, text: &str, method: SignatureMethod, keys: &TrustedKeys) -> bool {
    let verifier = Box::new(Checked { keys: keys.clone(), method });
    let context = DsigContext::new(KeysManager::new()).with_hsm_verifier(verifier);
    bergshamra::dsig::verify::verify_document_with_source(&context, document, Some(text))
        .is_ok_and(|result| result.all_reference_digests_verified())
}

struct Made {
    key: SigningKey,
    method: SignatureMethod,
}

impl Signer for Made {
    fn algorithm(&self) -> SignatureAlgorithm {
        algorithm(self.method)
    }

    fn sign(&self, data: &[u8]) -> kryptering::Result<Vec<u8>> {
        let refused = || Error::Key("the key is of another family".to_owned());
        self.key.sign_as(self.method.algorithm(), data).ok_or_else(refused)
    }
}

struct Checked {
    keys: TrustedKeys,
    method: SignatureMethod,
}

impl Verifier for Checked {
    fn algorithm(&self) -> SignatureAlgorithm {
        algorithm(self.method)
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> kryptering::Result<bool> {
        Ok(self.keys.verify(None, self.method.algorithm(), data, &URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn algorithm(method: SignatureMethod) -> SignatureAlgorithm {
    match method.algorithm() {
        Algorithm::RS384 => SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha384),
        Algorithm::RS512 => SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha512),
        Algorithm::ES256 => SignatureAlgorithm::Ecdsa(EcCurve::P256, HashAlgorithm::Sha256),
        Algorithm::ES384 => SignatureAlgorithm::Ecdsa(EcCurve::P384, HashAlgorithm::Sha384),
        _ => SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha256),
    }
}
