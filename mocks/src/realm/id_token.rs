//! Id tokens that come back to the server that issued them: they are verified, since they are not kept.
//! What is done about one is the endpoints' affair.

use serde_json::Value;

use super::{
    algorithm::Algorithm,
    jwt::{self, Object},
    state::Realm,
    trusted_issuer::TrustedKeys,
};

impl Realm {
    /// The claims of a JWT that this server signed and does not keep, which makes it an id token; they may have expired.
    pub(crate) fn id_token(&self, text: &str) -> Option<Object> {
        self.id_token_of(text, self.issuer())
    }

    /// The same where the server has this issuer as well.
    pub(crate) fn id_token_of(&self, text: &str, issuer: &str) -> Option<Object> {
        let (header, claims) = jwt::read(text)?;
        let own = claims.get("iss").and_then(Value::as_str) == Some(issuer) && self.token(text).is_none();
        let algorithm: Algorithm = serde_json::from_value(header.get("alg")?.clone()).ok()?;
        let (message, signature) = text.rsplit_once('.').filter(|_| own)?;
        let kid = header.get("kid").and_then(Value::as_str);
        let keys = TrustedKeys::Ring(self.keys().clone());
        keys.verify(kid, algorithm, message.as_bytes(), signature).then_some(claims)
    }
}
