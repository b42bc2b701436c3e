//! The form of what an authorization server issues: header and claims of its JWTs, its opaque tokens, its
//! introspection answers. Each vendor has one; so has the platform's resident key manager.

use aws_lc_rs::digest;
use serde_json::{Value, json};

use super::{
    client::{Client, TokenFormat},
    jwt::{self, Object},
    random,
    signing_key::SigningKey,
    state::Realm,
    token::TokenRow,
    user::User,
};

/// What is known when a token is issued.
#[derive(Debug)]
pub struct TokenContext<'a> {
    /// The issuer, exactly as it will be compared.
    pub issuer: &'a str,
    /// The tenant that stands behind names of users where they are told in full.
    pub tenant: Option<String>,
    /// For whom.
    pub client: &'a Client,
    /// On whose behalf; `None` when it stands for the client itself.
    pub user: Option<&'a User>,
    /// Granted scopes.
    pub scopes: &'a [String],
    /// How it was obtained.
    pub grant_type: &'a str,
    /// The `audience` asked for, where the server takes one.
    pub audience: Option<&'a str>,
    /// Unique id.
    pub jti: &'a str,
    /// The grant that it stems from; tokens had by refreshing share it.
    pub family: &'a str,
    /// Seconds since 1970.
    pub issued_at: u64,
    /// Seconds since 1970.
    pub expires_at: u64,
}

impl<'a> TokenContext<'a> {
    /// What is known of a token that was issued.
    pub fn of(realm: &'a Realm, client: &'a Client, user: Option<&'a User>, row: &'a TokenRow) -> Self {
        Self {
            issuer: realm.issuer(),
            tenant: realm.policy().tenant.clone(),
            client,
            user,
            scopes: &row.scopes,
            grant_type: &row.grant_type,
            audience: row.audience.as_deref(),
            jti: &row.jti,
            family: &row.family,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
        }
    }

    /// The scopes as they stand in a `scope` claim.
    pub fn scope_text(&self) -> String {
        self.scopes.join(" ")
    }
}

/// The form of tokens; what is not overridden follows RFC 9068 and RFC 7662.
pub trait TokenShape: std::fmt::Debug + Send + Sync {
    /// Header members of a JWT access token, beside `alg` and `kid`.
    fn access_header(&self, _context: &TokenContext<'_>) -> Object {
        object(json!({ "typ": "at+jwt" }))
    }

    /// Header members of a JWT access token that speak of the key it is signed with.
    fn key_header(&self, _key: &SigningKey) -> Object {
        Object::new()
    }

    /// Claims of a JWT access token.
    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = object(json!({
            "iss": context.issuer,
            "sub": subject(context),
            "aud": audience(context),
            "client_id": context.client.id,
            "iat": context.issued_at,
            "exp": context.expires_at,
            "jti": context.jti,
        }));
        if !context.scopes.is_empty() {
            claims.insert("scope".to_owned(), Value::String(context.scope_text()));
        }
        claims
    }

    /// Claims of another issuer's token that go over into the one that it is exchanged for (RFC 8693).
    fn carried_over(&self, _scopes: &[String], _subject: &Object) -> Object {
        Object::new()
    }

    /// Claims of an id token (OpenID Connect Core, section 2); asked for when `openid` was granted to a user.
    fn id_claims(&self, context: &TokenContext<'_>, user: &User) -> Object {
        let mut claims = object(json!({
            "iss": context.issuer,
            "sub": user.id,
            "aud": context.client.id,
            "iat": context.issued_at,
            "exp": context.expires_at,
        }));
        claims.extend(user.claims.clone());
        claims
    }

    /// Header members of an id token, beside `alg` and `kid`.
    fn id_header(&self) -> Object {
        object(json!({ "typ": "JWT" }))
    }

    /// An access token out of header and claims.
    fn sealed(&self, key: &SigningKey, header: Object, claims: &Object) -> String {
        jwt::sign(key, header, claims)
    }

    /// What an authorization response says of the session of this grant, where it says something.
    fn session_state(&self, _family: &str) -> String {
        random::text(32)
    }

    /// A new opaque token, access or refresh.
    fn opaque(&self) -> String {
        random::text(32)
    }

    /// A new refresh token.
    fn refresh(&self) -> String {
        self.opaque()
    }

    /// A new refresh token that says something itself, where the vendor has such; `key` signs access tokens.
    fn refresh_jwt(
        &self,
        _context: &TokenContext<'_>,
        _format: TokenFormat,
        _expires_at: u64,
        _key: &SigningKey,
    ) -> Option<String> {
        None
    }

    /// Members of an introspection answer about an active access token, beside `active`.
    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = object(json!({
            "client_id": row.client_id,
            "token_type": "Bearer",
            "iat": row.issued_at,
            "exp": row.expires_at,
            "sub": subject(context),
            "iss": context.issuer,
            "jti": row.jti,
        }));
        if !row.scopes.is_empty() {
            members.insert("scope".to_owned(), Value::String(row.scopes.join(" ")));
        }
        if let Some(user) = context.user {
            members.insert("username".to_owned(), Value::String(user.name.clone()));
        }
        members
    }

    /// Members of an introspection answer about an active refresh token, beside `active`; `None` reports it inactive.
    fn refresh_introspection(&self, _context: &TokenContext<'_>, row: &TokenRow) -> Option<Object> {
        let expires_at = row.refresh.as_ref()?.expires_at;
        Some(object(
            json!({ "client_id": row.client_id, "exp": expires_at, "iat": row.issued_at, "scope": row.scopes.join(" ") }),
        ))
    }
}

/// The shape of RFC 9068 and RFC 7662.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

impl TokenShape for Standard {}

/// The user's id, or the client's where the token stands for the client (RFC 9068, section 2.2).
pub fn subject<'a>(context: &TokenContext<'a>) -> &'a str {
    context.user.map_or(&context.client.id, |user| &user.id)
}

/// The audience asked for, the client's own audiences, or the client id: a text when there is one, else a list.
pub fn audience(context: &TokenContext<'_>) -> Value {
    match (context.audience, context.client.audiences.as_slice()) {
        (Some(asked), _) => json!(asked),
        (None, []) => json!(context.client.id),
        (None, [one]) => json!(one),
        (None, several) => json!(several),
    }
}

/// A UUID that is always the same for the same text: ids that a vendor derives, or keeps where a realm does not.
pub(crate) fn derived_uuid(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// The members of a JSON object literal.
pub fn object(value: Value) -> Object {
    match value {
        Value::Object(members) => members,
        _ => Object::new(),
    }
}
