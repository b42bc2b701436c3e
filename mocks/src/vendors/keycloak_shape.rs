//! The form of Keycloak's tokens, and which scopes they hold: those that are everybody's, and those asked for.
//! Where they are issued and how refusals are worded is in `keycloak`.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::realm::{
    OAuthError, ScopeRequest, ScopeRule, SigningKey, TokenContext, TokenFormat, TokenRow, TokenShape,
    jwt::{self, Object},
    random,
    scope::{self, known, permitted},
    shape::{derived_uuid, object},
};

/// The form of its tokens.
#[derive(Debug)]
pub(super) struct Shape {
    /// Refresh tokens are signed with it; nobody else can verify them.
    secret: Vec<u8>,
    secret_id: String,
}

impl Shape {
    pub(super) fn new() -> Self {
        Self { secret: random::bytes(64), secret_id: random::uuid() }
    }
}

/// The session that a token belongs to.
pub(super) fn session(family: &str) -> String {
    derived_uuid(&format!("session of {family}"))
}

/// What the attribute of a client is called that has its access tokens say what they are (Keycloak 26.2).
pub(super) const RFC9068: &str = "access.token.header.type.rfc9068";

impl TokenShape for Shape {
    fn access_header(&self, context: &TokenContext<'_>) -> Object {
        let by_rfc = context.client.metadata.get(RFC9068).is_some_and(|set| *set == true || *set == "true");
        object(json!({ "typ": if by_rfc { "at+jwt" } else { "JWT" } }))
    }

    /// The session itself.
    fn session_state(&self, family: &str) -> String {
        session(family)
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let client_id = &context.client.id;
        let mut claims = object(json!({
            "exp": context.expires_at,
            "iat": context.issued_at,
            "jti": context.jti,
            "iss": context.issuer,
            "aud": audience(context),
            "typ": "Bearer",
            "azp": client_id,
            "acr": "1",
            "scope": context.scope_text(),
        }));
        let more = match context.user {
            Some(user) => json!({
                "sub": user.id,
                "sid": session(context.family),
                "realm_access": { "roles": user.roles },
                "resource_access": { "account": { "roles": ["manage-account", "view-profile"] } },
                "preferred_username": user.name,
                "email_verified": user.claims.contains_key("email"),
            }),
            None => json!({
                "sub": derived_uuid(&format!("service account of {client_id}")),
                "realm_access": { "roles": ["offline_access", "uma_authorization"] },
                "resource_access": { "account": { "roles": ["manage-account", "view-profile"] } },
                "client_id": client_id,
                "clientHost": "127.0.0.1",
                "clientAddress": "127.0.0.1",
                "preferred_username": format!("service-account-{}", client_id.to_lowercase()),
                "email_verified": false,
            }),
        };
        claims.extend(object(more));
        claims
    }

    /// What a token is stands in a claim as well.
    fn id_claims(&self, context: &TokenContext<'_>, user: &crate::realm::User) -> Object {
        let mut claims = object(json!({
            "exp": context.expires_at,
            "iat": context.issued_at,
            "iss": context.issuer,
            "aud": context.client.id,
            "sub": user.id,
            "typ": "ID",
            "azp": context.client.id,
            "sid": session(context.family),
            "preferred_username": user.name,
        }));
        claims.extend(user.claims.clone());
        claims
    }

    fn refresh_jwt(
        &self,
        context: &TokenContext<'_>,
        _format: TokenFormat,
        expires_at: u64,
        _key: &SigningKey,
    ) -> Option<String> {
        let offline = context.scopes.iter().any(|scope| scope == scope::OFFLINE);
        let claims = object(json!({
            "exp": expires_at,
            "iat": context.issued_at,
            "jti": random::uuid(),
            "iss": context.issuer,
            "aud": context.issuer,
            "sub": context.user.map(|user| &user.id),
            "typ": if offline { "Offline" } else { "Refresh" },
            "azp": context.client.id,
            "sid": session(context.family),
            "scope": context.scope_text(),
        }));
        let header = object(json!({ "alg": "HS512", "typ": "JWT", "kid": self.secret_id }));
        let message = format!("{}.{}", jwt::encode(&header), jwt::encode(&claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, &self.secret), message.as_bytes());
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Everything that stands in the token, and under the RFC's names what has others there.
    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = self.access_claims(context);
        let username = members.get("preferred_username").cloned().unwrap_or_default();
        members.insert("client_id".to_owned(), json!(row.client_id));
        members.insert("username".to_owned(), username);
        members.insert("token_type".to_owned(), json!("Bearer"));
        members
    }
}

/// The client that everybody's tokens are for, or those that the client's mappers name.
fn audience(context: &TokenContext<'_>) -> Value {
    match context.client.audiences.as_slice() {
        [] => json!("account"),
        [one] => json!(one),
        several => json!(several),
    }
}

/// The scopes that every client has by default.
const DEFAULT: [&str; 2] = ["profile", "email"];

/// The default scopes and those asked for; one that nobody knows, or that is not for this client or user, is refused.
#[derive(Debug)]
pub(super) struct Defaults;

impl ScopeRule for Defaults {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let requested = request.requested.unwrap_or_default();
        let of_openid = |name: &str| scope::OPENID.contains(&name);
        let allowed = |name: &&String| of_openid(name) || (known(request, name) && permitted(request, name));
        if let Some(refused) = requested.iter().find(|name| !allowed(name)) {
            return Err(OAuthError::invalid_scope(format!("Invalid scopes: {refused}")));
        }
        let further = requested.iter().filter(|name| !DEFAULT.contains(&name.as_str())).cloned();
        Ok(further.chain(DEFAULT.map(str::to_owned)).collect())
    }
}
