//! Tokens and scopes of WSO2 Identity Server 7: what stands in a token, and who gets which scope.
//! Which of its ways is taken is configured; see `deployment_toml`.

use std::borrow::Cow;

use regex::Regex;
use serde_json::{Value, json};

use crate::realm::{
    OAuthError, ScopeRequest, ScopeRule, SigningKey, TokenContext, TokenFormat, TokenRow, TokenShape,
    jwt::Object,
    permission, random, scope,
    shape::{audience, object, subject},
    user::qualified,
};

/// The form of its tokens.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Whether the `sub` of an application's token is its client id; its owner otherwise.
    pub(crate) client_is_subject: bool,
    /// Whom a client belongs to that nobody registered.
    pub(crate) administrator: Cow<'static, str>,
    /// Whether introspection of an application's token leaves out the user name; it is the owner's otherwise.
    pub(crate) username_hidden: bool,
}

impl Shape {
    fn subject(&self, context: &TokenContext<'_>) -> String {
        match context.user {
            None if !self.client_is_subject => self.owner(context).to_owned(),
            _ => subject(context).to_owned(),
        }
    }

    fn owner<'a>(&'a self, context: &'a TokenContext<'_>) -> &'a str {
        context.client.owner.as_deref().unwrap_or(&self.administrator)
    }
}

impl TokenShape for Shape {
    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = object(json!({
            "sub": self.subject(context),
            "aut": if context.user.is_some() { "APPLICATION_USER" } else { "APPLICATION" },
            "iss": context.issuer,
            "client_id": context.client.id,
            "aud": audience_with_client(context),
            "nbf": context.issued_at,
            "azp": context.client.id,
            "exp": context.expires_at,
            "iat": context.issued_at,
            "jti": context.jti,
        }));
        if !context.scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(context.scope_text()));
        }
        claims
    }

    fn key_header(&self, key: &SigningKey) -> Object {
        object(json!({ "x5t#S256": key.x5t_s256() }))
    }

    fn opaque(&self) -> String {
        random::uuid()
    }

    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = object(json!({
            "nbf": row.issued_at,
            "scope": row.scopes.join(" "),
            "token_type": "Bearer",
            "client_id": row.client_id,
            "iat": row.issued_at,
            "exp": row.expires_at,
            "aut": if context.user.is_some() { "APPLICATION_USER" } else { "APPLICATION" },
            "aud": audience_with_client(context),
        }));
        let owner = (!self.username_hidden).then(|| self.owner(context));
        if let Some(name) = context.user.map(|user| user.name.as_str()).or(owner) {
            members.insert("username".to_owned(), json!(qualified(name, context.tenant.as_deref())));
        }
        if row.format == TokenFormat::Jwt {
            members.insert("sub".to_owned(), json!(self.subject(context)));
            members.insert("iss".to_owned(), json!(context.issuer));
            members.insert("jti".to_owned(), json!(row.jti));
        }
        members
    }

    /// A refresh token is reported active, only under another type.
    fn refresh_introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Option<Object> {
        let mut members = self.introspection(context, row);
        members.insert("token_type".to_owned(), json!("Refresh"));
        members.insert("exp".to_owned(), json!(row.refresh.as_ref()?.expires_at));
        Some(members)
    }
}

/// The client id first, then the configured audiences; a plain text when there is one.
fn audience_with_client(context: &TokenContext<'_>) -> Value {
    match context.client.audiences.as_slice() {
        [] => audience(context),
        more => Value::Array(std::iter::once(&context.client.id).chain(more).map(|each| json!(each)).collect()),
    }
}

/// How scopes are granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeMode {
    /// By the roles of the user: one without a binding is for everybody, unknown ones are dropped, and when nothing is
    /// left the token gets the scope `default`. Those of the platform's interfaces (`apim:…`) pass.
    RoleBased,
    /// All that are registered, whatever the roles.
    AllRegistered,
    /// Those that the client is authorised for, which are those that it lists; a user must also hold a role that
    /// carries the scope, if any does.
    Authorised,
}

/// Which scopes it grants.
#[derive(Debug)]
pub(crate) struct Scopes {
    pub(crate) mode: ScopeMode,
    /// Scopes that are granted though nobody registered them (`oauth.allowed_scopes`).
    pub(crate) allowed: Vec<Regex>,
    /// Whether scopes of the management interfaces are also for those who have the permission in their place.
    pub(crate) by_permission: bool,
}

/// Scopes of an API platform's own interfaces, which the role-based validator lets pass.
const PLATFORM: &str = "apim:";

/// Their pattern.
pub(crate) const ALLOWED_SCOPES: &str = "^device_.*$";

/// The scopes that are granted without being registered, unless others are configured.
pub(crate) fn allowed_scopes() -> Vec<Regex> {
    vec![Regex::new(ALLOWED_SCOPES).expect("the pattern is constant")]
}

/// How many characters the user code of a device has, and of which ones, unless that is configured.
pub(crate) const USER_CODE: (usize, Cow<'static, str>) =
    (6, Cow::Borrowed("BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz23456789"));

impl ScopeRule for Scopes {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let requested = request.requested.unwrap_or_default().iter();
        let granted: Vec<String> = requested.filter(|scope| self.grants(request, scope)).cloned().collect();
        Ok(match self.mode {
            ScopeMode::RoleBased if granted.is_empty() => vec!["default".to_owned()],
            _ => granted,
        })
    }
}

impl Scopes {
    fn grants(&self, request: &ScopeRequest<'_>, scope: &str) -> bool {
        if scope == "openid" || scope == "internal_login" {
            return request.user.is_some() && scope::permitted(request, scope);
        }
        if self.allowed.iter().any(|pattern| pattern.is_match(scope)) || scope::OPENID.contains(&scope) {
            return scope::permitted(request, scope);
        }
        if scope.starts_with("internal_") {
            let permitted = self.by_permission && permission::opens(request.permissions, scope);
            return (permitted || is_admin(request)) && scope::permitted(request, scope);
        }
        if self.mode == ScopeMode::RoleBased && scope.starts_with(PLATFORM) {
            return true;
        }
        let listed = || request.client.scopes.as_ref().is_some_and(|list| list.iter().any(|each| each == scope));
        scope::known(request, scope)
            && match self.mode {
                ScopeMode::RoleBased => scope::permitted(request, scope),
                ScopeMode::AllRegistered => true,
                ScopeMode::Authorised => listed() && scope::permitted(request, scope),
            }
    }
}

/// Scopes of the management interfaces are for administrators, and for clients that list them.
fn is_admin(request: &ScopeRequest<'_>) -> bool {
    request.user.map_or(request.client.scopes.is_some(), |user| user.has_role("admin"))
}
