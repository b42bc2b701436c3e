//! What a verified token must also satisfy, for one key manager.
//! Subscriptions, revocation and scopes of an operation are checked where they are known.

use super::algorithm::Algorithms;

/// The rules of one key manager for its tokens.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The exact `iss`.
    pub issuer: String,
    /// Algorithms that may be used at all; the key restricts them further.
    pub algorithms: Algorithms,
    /// How far the clocks may disagree, in seconds: added to `exp`, taken from `nbf` and `iat`.
    pub leeway: u64,
    /// Whether the header's `typ` must say `at+jwt` (RFC 9068, section 4).
    pub access_token_type_required: bool,
    /// Whether tokens that are bound to a client certificate (RFC 8705, section 3.1) are verified, too. Whoever says so compares
    /// [`super::Claims::bound_certificate`] with the certificate of each call.
    pub certificate_bound: bool,
    /// The claim that holds the consumer key; `consumerKey`, then `azp` when not configured.
    pub consumer_key_claim: Option<String>,
    /// The claim that holds the scopes; `scope` when not configured.
    pub scopes_claim: Option<String>,
    /// Claims that hold the subject of a token without `sub`, the first of them that a token has counting.
    pub other_subject_claims: &'static [&'static str],
}

impl Policy {
    /// The defaults for an issuer: every algorithm for public keys, no leeway, the usual claims.
    pub fn for_issuer(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            algorithms: Algorithms::ALL,
            leeway: 0,
            access_token_type_required: false,
            certificate_bound: false,
            consumer_key_claim: None,
            scopes_claim: None,
            other_subject_claims: &[],
        }
    }
}
