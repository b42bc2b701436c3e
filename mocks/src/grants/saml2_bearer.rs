//! Grant type `urn:ietf:params:oauth:grant-type:saml2-bearer` (RFC 7522, section 2.1): a token for whomever a trusted
//! SAML identity provider vouches for. The checks run in Identity Server's order; each failure is `invalid_grant`.

use super::{Form, Grant, Issue, TokenAnswer, assertion, issue};
use crate::{
    realm::{Client, OAuthError, Realm, TrustedIssuer, scope},
    saml::{Assertion, BEARER, Confirmation},
};

pub(super) struct Saml2Bearer;

impl Grant for Saml2Bearer {
    fn name(&self) -> &'static str {
        "urn:ietf:params:oauth:grant-type:saml2-bearer"
    }

    fn required(&self) -> &'static [&'static str] {
        &["assertion"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let vouched = verify(realm, form.value("assertion").unwrap_or_default())
            .map_err(|fault| OAuthError::invalid_grant(fault.to_string()))?;
        let local_subjects = vouched.issuer.local_subjects || realm.policy().saml_subjects_local;
        let issuer = TrustedIssuer { local_subjects, ..vouched.issuer };
        let user = assertion::subject(realm, Some(&issuer), &vouched.subject)
            .map_err(|fault| OAuthError::invalid_grant(fault.to_string()))?;
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        let refresh = realm.policy().assertions_give_refresh && client.allows_grant("refresh_token");
        let lifetime = Some(vouched.seconds_left);
        Ok(issue(realm, &Issue { refresh, lifetime, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}

/// What an assertion establishes.
struct Vouched {
    issuer: TrustedIssuer,
    subject: String,
    /// How long it holds, and so how long the token will.
    seconds_left: u64,
}

/// What is wrong with an assertion, in the order in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the assertion is no base64 of an XML document without a document type")]
    Unreadable,
    #[error("assertions are nested")]
    Nested,
    #[error("the element is no Assertion")]
    NoAssertion,
    #[error("the assertion has no Subject with a NameID")]
    NoSubject,
    #[error("the assertion has no Issuer")]
    NoIssuer,
    #[error("the assertion has no signature that follows the SAML signature profile")]
    Profile,
    #[error("identity provider is null: none is registered with the entity id {0}")]
    UnknownIssuer(String),
    #[error("the identity provider {0} is not enabled")]
    DisabledIssuer(String),
    #[error("the signature of the assertion is not valid")]
    Signature,
    #[error("the assertion has no Conditions")]
    NoConditions,
    #[error("the identity provider {0} has no alias of this server")]
    NoAlias(String),
    #[error("the audience of the assertion is not this server")]
    Audience,
    #[error("the assertion is not valid at this time")]
    Time,
    #[error("the subject is not confirmed by the bearer method")]
    Method,
    #[error("the recipient of the assertion is not this server")]
    Recipient,
    #[error("neither the conditions nor the confirmation say when the assertion ends")]
    Endless,
}

/// Runs the checks in the order of the sheet's section E.3, which is that of Identity Server's handler.
fn verify(realm: &Realm, parameter: &str) -> Result<Vouched, Fault> {
    let read = Assertion::read(parameter).ok_or(Fault::Unreadable)?;
    if read.nested {
        return Err(Fault::Nested);
    }
    if !read.is_assertion {
        return Err(Fault::NoAssertion);
    }
    let subject = read.name_id.clone().ok_or(Fault::NoSubject)?;
    let entity_id = read.issuer.clone().ok_or(Fault::NoIssuer)?;
    read.method.ok_or(Fault::Profile)?;
    let issuer = realm.identity_provider(&entity_id).ok_or(Fault::UnknownIssuer(entity_id))?;
    if !issuer.enabled {
        return Err(Fault::DisabledIssuer(issuer.name));
    }
    if !read.is_signed_by(&issuer.keys) {
        return Err(Fault::Signature);
    }
    let conditions = read.conditions.as_ref().ok_or(Fault::NoConditions)?;
    let alias = issuer.alias.clone().ok_or_else(|| Fault::NoAlias(issuer.name.clone()))?;
    // Several restrictions must all be met (SAML 2.0 core, section 2.5.1.4).
    let meant = conditions.restrictions.iter().all(|audiences| audiences.contains(&alias));
    if conditions.restrictions.is_empty() || !meant {
        return Err(Fault::Audience);
    }
    let now = realm.now();
    if !conditions.window.holds(now) {
        return Err(Fault::Time);
    }
    let confirmed = confirmed(realm, &read.confirmations, &alias)?;
    let end = conditions.window.not_on_or_after.or(confirmed).ok_or(Fault::Endless)?;
    Ok(Vouched { issuer, subject, seconds_left: end.saturating_sub(now) })
}

/// When the latest confirmation ends that holds here and now; `None` inside when none of those says.
fn confirmed(realm: &Realm, confirmations: &[Confirmation], alias: &str) -> Result<Option<u64>, Fault> {
    let bearers: Vec<_> = confirmations.iter().filter(|each| each.method == BEARER).collect();
    if bearers.is_empty() {
        return Err(Fault::Method);
    }
    let endpoint = realm.policy().token_endpoint.clone().unwrap_or_else(|| realm.issuer().to_owned());
    let here = |recipient: &str| recipient == alias || recipient == endpoint;
    let addressed: Vec<_> = bearers.into_iter().filter(|each| each.recipient.as_deref().is_none_or(here)).collect();
    if addressed.is_empty() {
        return Err(Fault::Recipient);
    }
    let mut timely = addressed.into_iter().filter(|each| each.window.holds(realm.now())).peekable();
    if timely.peek().is_none() {
        return Err(Fault::Time);
    }
    Ok(timely.filter_map(|each| each.window.not_on_or_after).max())
}
