//! The form of Microsoft's tokens in both versions, and what of an API a request gets: scopes for users, roles for
//! applications. Which API a request is for is found out in `entra`.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::realm::{
    KeyPurpose, KeyRing, OAuthError, ScopeRequest, ScopeRule, SigningKey, TokenContext, TokenShape, User,
    jwt::{self, Object},
    random,
    scope::{self, permitted},
    shape::{derived_uuid, object},
};

use super::entra::TENANT;

/// The scope that stands for everything an API has granted before.
pub(super) const DEFAULT: &str = ".default";

/// The form of its tokens.
#[derive(Debug)]
pub(super) struct Shape {
    /// The `aud` of tokens for Microsoft's own interface.
    pub(super) graph: String,
    /// The keys of the tenant.
    pub(super) keys: KeyRing,
}

/// The issuer of tokens of the first version, which ends in a slash.
pub(super) fn first_issuer(issuer: &str) -> &str {
    issuer.strip_suffix("v2.0").unwrap_or(issuer)
}

/// An API that takes tokens of the second version is named by its id, one of the first by its URI.
fn is_first(context: &TokenContext<'_>) -> bool {
    context.audience.is_some_and(|audience| uuid::Uuid::parse_str(audience).is_err())
}

impl TokenShape for Shape {
    /// Tokens for Microsoft's own interface carry a nonce, which nobody else understands.
    fn access_header(&self, context: &TokenContext<'_>) -> Object {
        let mut header = object(json!({ "typ": "JWT" }));
        if is_first(context) {
            header.insert("x5t".to_owned(), json!(self.keys.current(KeyPurpose::Access).x5t()));
        }
        if context.audience == Some(&self.graph) {
            header.insert("nonce".to_owned(), json!(random::text(32)));
        }
        header
    }

    /// The signature is over the hash of the nonce, so that none but who knows that can verify it.
    fn sealed(&self, key: &SigningKey, mut header: Object, claims: &Object) -> String {
        let Some(nonce) = header.get("nonce").and_then(Value::as_str).map(str::to_owned) else {
            return jwt::sign(key, header, claims);
        };
        let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, nonce.as_bytes()));
        header.insert("nonce".to_owned(), json!(hash));
        let signed = jwt::sign(key, header, claims);
        let (mut shown, _) = jwt::read(&signed).unwrap_or_default();
        shown.insert("nonce".to_owned(), json!(nonce));
        let rest = signed.split_once('.').map_or("", |(_, rest)| rest);
        format!("{}.{rest}", jwt::encode(&shown))
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let first = is_first(context);
        let object_id = context.user.map_or_else(|| principal(&context.client.id), |user| user.id.clone());
        let issuer = if first { first_issuer(context.issuer) } else { context.issuer };
        let level = if context.client.is_public() { "0" } else { "1" };
        let (client, level_of) = if first { ("appid", "appidacr") } else { ("azp", "azpacr") };
        let mut claims = object(json!({
            "aud": context.audience.unwrap_or(&context.client.id),
            "iss": issuer,
            "iat": context.issued_at,
            "nbf": context.issued_at,
            "exp": context.expires_at,
            "aio": random::text(30),
            "idp": first_issuer(context.issuer),
            "oid": object_id,
            "rh": random::text(30),
            "sub": context.user.map_or(object_id.clone(), |user| pairwise(context, user)),
            "tid": TENANT,
            "uti": context.jti,
            "ver": if first { "1.0" } else { "2.0" },
        }));
        claims.insert(client.to_owned(), json!(context.client.id));
        claims.insert(level_of.to_owned(), json!(level));
        match context.user {
            Some(user) => claims.extend(of_user(context, user, first)),
            // An application without roles gets a token that says nothing of them.
            None if context.scopes.is_empty() => {}
            None => drop(claims.insert("roles".to_owned(), json!(context.scopes))),
        }
        claims
    }

    fn id_claims(&self, context: &TokenContext<'_>, user: &User) -> Object {
        let mut claims = object(json!({
            "aud": context.client.id,
            "iss": context.issuer,
            "iat": context.issued_at,
            "nbf": context.issued_at,
            "exp": context.expires_at,
            "oid": user.id,
            "preferred_username": user.name,
            "sub": pairwise(context, user),
            "tid": TENANT,
            "ver": "2.0",
        }));
        claims.extend(user.claims.clone());
        claims
    }
}

fn of_user(context: &TokenContext<'_>, user: &User, first: bool) -> Object {
    let scopes: Vec<_> =
        context.scopes.iter().filter(|name| !scope::OPENID.contains(&name.as_str())).cloned().collect();
    let mut claims = Object::new();
    if !scopes.is_empty() {
        claims.insert("scp".to_owned(), json!(scopes.join(" ")));
    }
    let more = if first {
        json!({ "unique_name": user.name, "acr": "1", "amr": ["pwd"], "ipaddr": "127.0.0.1" })
    } else {
        json!({ "preferred_username": user.name })
    };
    claims.extend(object(more));
    claims
}

/// The id of an application's service principal.
pub(super) fn principal(client_id: &str) -> String {
    derived_uuid(&format!("service principal of {client_id}"))
}

/// A user's id as one application sees it.
fn pairwise(context: &TokenContext<'_>, user: &User) -> String {
    derived_uuid(&format!("{} for {}", user.id, context.client.id))
}

/// For a user the scopes asked for, or all where the default is; for an application the roles that it was given.
#[derive(Debug)]
pub(super) struct OfResource;

impl ScopeRule for OfResource {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let requested = request.requested.unwrap_or_default();
        let registered = || request.registered.keys().filter(|name| permitted(request, name)).cloned();
        if request.user.is_none() {
            let given = request.client.scopes.as_deref().unwrap_or_default();
            return Ok(registered().filter(|name| given.contains(name)).collect());
        }
        let mut granted = Vec::new();
        for name in requested {
            match name.as_str() {
                DEFAULT => granted.extend(registered()),
                _ if scope::known(request, name) && permitted(request, name) => granted.push(name.clone()),
                _ => return Err(OAuthError::invalid_scope(format!("the scope {name} does not exist"))),
            }
        }
        granted.dedup();
        Ok(granted)
    }
}
