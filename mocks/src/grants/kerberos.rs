//! Grant type `kerberos`, an extension of WSO2 Identity Server that is off unless it is configured: a token for the
//! principal whose ticket is shown. What makes a ticket good is said in `crate::kerberos`.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Form, Grant, Issue, TokenAnswer, assertion, gives_refresh, issue};
use crate::{
    kerberos::{Principal, ServicePrincipal},
    realm::{Client, OAuthError, Realm, TrustedIssuer, User, scope},
};

pub(crate) const GRANT: &str = "kerberos";

pub(super) struct Kerberos;

impl Grant for Kerberos {
    fn name(&self) -> &'static str {
        GRANT
    }

    fn required(&self) -> &'static [&'static str] {
        &["kerberos_token", "kerberos_realm"]
    }

    /// Nobody validates scopes here: what is asked for is granted.
    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let token = decoded(form.value("kerberos_token").unwrap_or_default()).ok_or_else(invalid_token)?;
        let user = shown(realm, form.value("kerberos_realm").unwrap_or_default(), &token)?;
        let scopes = scope::split(form.value("scope")).unwrap_or_default();
        let refresh = gives_refresh(realm, client, &scopes);
        Ok(issue(realm, &Issue { refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}

/// A token of GSS-API out of base64, by its first octet (RFC 2743, section 3.1).
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|token| token.first() == Some(&0x60))
}

/// Whom the token stands for at the identity provider that the realm's name means. A request does once (RFC 4120, section
/// 3.2.3).
fn shown(realm: &Realm, name: &str, token: &[u8]) -> Result<User, OAuthError> {
    let (provider, service) = provider(realm, name).map_err(OAuthError::invalid_grant)?;
    let accepted = service.accept(token, realm.now()).map_err(|fault| {
        tracing::debug!(%fault, "a Kerberos ticket is refused");
        invalid_token()
    })?;
    if !realm.use_assertion(&service.principal().to_string(), &accepted.once, accepted.until) {
        return Err(invalid_token());
    }
    user(realm, &provider, &service, &accepted.client)
}

/// The identity provider of that name, and the service that the server is there; otherwise what is missing.
pub(crate) fn provider(realm: &Realm, name: &str) -> Result<(TrustedIssuer, ServicePrincipal), String> {
    let known = realm.trusted_issuers().into_iter().find(|known| known.name == name && known.enabled);
    let provider = known.ok_or_else(|| format!("no identity provider is registered for the realm {name}"))?;
    match provider.kerberos.clone() {
        Some(service) => Ok((provider, service)),
        None => Err(format!("the identity provider {name} lacks a service principal name or its password")),
    }
}

/// The user that a principal is. Where subjects are users of the server it is the one of the whole name, or of the name
/// alone when the principal is of the service's own realm: one of a realm that is merely trusted is somebody else.
pub(crate) fn user(
    realm: &Realm,
    provider: &TrustedIssuer,
    service: &ServicePrincipal,
    client: &Principal,
) -> Result<User, OAuthError> {
    let whole = client.to_string();
    let at_home = client.realm() == service.principal().realm();
    let by_name = provider.local_subjects && at_home && realm.user(&whole).is_none();
    let subject = if by_name { client.name() } else { whole };
    assertion::subject(realm, Some(provider), &subject).map_err(|fault| OAuthError::invalid_grant(fault.to_string()))
}

/// The generic words, and a header field of that name.
fn invalid_token() -> OAuthError {
    OAuthError::invalid_grant("the provided authorization grant is not valid")
        .header("sampleheader-999", "invalid token")
}
