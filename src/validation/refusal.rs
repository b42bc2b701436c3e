//! Why a token is refused.
//! Which status and code a client sees for it is the caller's choice; these texts are for logs and tests only.

/// Why a token is refused. No variant holds any part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Longer than [`super::token::MAX_TOKEN_BYTES`].
    #[error("the token is too long")]
    TooLong,
    /// Not exactly three non-empty parts (RFC 7515, section 7.1).
    #[error("the token does not have exactly three parts")]
    NotThreeParts,
    /// Padding, characters of another alphabet, or unused bits that are set (RFC 7515, section 2).
    #[error("a part of the token is not strict base64url")]
    NotBase64Url,
    /// Not a JSON object, a name that occurs twice, or a number that no `f64` holds.
    #[error("a part of the token is not a JSON object with distinct names")]
    MalformedJson,
    /// The header lacks `alg` or has a member of the wrong type.
    #[error("the header is not a JOSE header")]
    MalformedHeader,
    /// The header asks for an extension to be understood (RFC 7515, section 4.1.11).
    #[error("the header lists critical extensions")]
    CriticalExtension,
    /// The header's `alg` is none of those that the key and the policy allow.
    #[error("the algorithm is not one that the key allows")]
    AlgorithmNotAllowed,
    /// The header's `kid` names no key of this issuer; a fresh copy of the key set may have it.
    #[error("no key has the `kid` that the token names")]
    UnknownKey,
    /// The header has no `kid` and the key set does not have exactly one key that could have been meant.
    #[error("the token names no key, and not exactly one could have been meant")]
    AmbiguousKey,
    /// The signature is not this key's signature over this token.
    #[error("the signature does not verify")]
    BadSignature,
    /// A registered claim has a type or value that RFC 7519 does not allow, or another claim that is read is of a kind that
    /// says nothing.
    #[error("a claim has the wrong type")]
    MalformedClaim,
    /// `iss` is absent or another issuer's (RFC 8725, section 3.8).
    #[error("the issuer is not the expected one")]
    WrongIssuer,
    /// No `exp`.
    #[error("the token has no expiry")]
    NoExpiry,
    /// `exp` and the leeway have passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead by more than the leeway.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` lies ahead by more than the leeway.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// A refresh token, an ID token, or a JWT of another kind (RFC 8725, section 3.12).
    #[error("the token is not an access token")]
    NotAnAccessToken,
    /// Bound to a certificate or key (`cnf`), and presented as a bearer token.
    #[error("the token is bound to a key and was presented without proof of it")]
    BoundToKey,
}
