//! The form of the resident key manager's tokens: RFC 9068, with the claims that the product adds.
//! Which scopes are in them is decided by [`super::scopes`].

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::realm::{
    KeyPurpose, KeyRing, SigningKey, TokenContext, TokenRow, TokenShape,
    jwt::Object,
    random,
    shape::{object, subject},
};
use serde_json::{Value, json};

/// The shape of one tenant's tokens; the keys are needed for the certificate's thumbprint.
#[derive(Debug)]
pub(super) struct ResidentShape {
    pub(super) keys: KeyRing,
}

impl TokenShape for ResidentShape {
    fn access_header(&self, _context: &TokenContext<'_>) -> Object {
        object(json!({ "typ": "at+jwt", "x5t": thumbprint(&self.keys.current(KeyPurpose::Access)) }))
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        object(json!({
            "iss": context.issuer,
            "sub": subject(context),
            "aut": token_owner(context),
            "aud": context.client.id,
            "azp": context.client.id,
            "client_id": context.client.id,
            "scope": context.scope_text(),
            "iat": context.issued_at,
            "nbf": context.issued_at,
            "exp": context.expires_at,
            "jti": context.jti,
        }))
    }

    /// What the scopes of OpenID Connect ask for, as it was (TX-05): a list stays a list.
    fn carried_over(&self, scopes: &[String], subject: &Object) -> Object {
        let granted = |scope: &str| scopes.iter().any(|own| own == scope);
        let asked = CLAIMS_OF_SCOPES.iter().filter(|(scope, _)| granted("openid") && granted(scope));
        let names = asked.flat_map(|(_, names)| names.iter());
        names.filter_map(|name| Some(((*name).to_owned(), subject.get(*name)?.clone()))).collect()
    }

    /// A UUID: the token handling rule of the resident key manager knows its tokens by that.
    fn opaque(&self) -> String {
        random::uuid()
    }

    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = self.access_claims(context);
        members.insert("token_type".to_owned(), json!("Bearer"));
        if let Some(username) = &row.username {
            members.insert("username".to_owned(), json!(username));
        }
        members
    }

    fn refresh_introspection(&self, _context: &TokenContext<'_>, row: &TokenRow) -> Option<Object> {
        let expires_at = row.refresh.as_ref()?.expires_at;
        Some(object(json!({
            "token_type": "Refresh", "client_id": row.client_id, "scope": row.scopes.join(" "),
            "iat": row.issued_at, "exp": expires_at,
        })))
    }
}

/// OpenID Connect Core, section 5.4; `groups` as the product has it.
const CLAIMS_OF_SCOPES: [(&str, &[&str]); 3] = [
    ("profile", &["name", "given_name", "family_name", "preferred_username", "locale", "zoneinfo"]),
    ("email", &["email", "email_verified"]),
    ("groups", &["groups"]),
];

fn token_owner(context: &TokenContext<'_>) -> &'static str {
    if context.user.is_some() { "APPLICATION_USER" } else { "APPLICATION" }
}

/// `x5t` (RFC 7515, section 4.1.7): base64url over the SHA-1 of the certificate itself.
pub(super) fn thumbprint(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key.certificate_der()))
}

/// The key set, each key with its certificate and the certificate's thumbprint.
pub(super) fn key_set(keys: &KeyRing) -> Value {
    let entry = |key: SigningKey| {
        let mut jwk = key.entry();
        jwk["x5t"] = json!(thumbprint(&key));
        jwk["x5c"] = json!([key.x5c()]);
        jwk
    };
    json!({ "keys": keys.published_keys().into_iter().map(entry).collect::<Vec<_>>() })
}
