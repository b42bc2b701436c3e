//! Grant type `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523, section 2.1): a token for whomever a trusted
//! issuer vouches for. What an assertion must be is in `assertion`.

use super::{
    Form, Grant, Issue, TokenAnswer,
    assertion::{Assertion, Rules},
    issue,
};
use crate::realm::{Client, OAuthError, Realm, scope};

pub(super) struct JwtBearer;

impl Grant for JwtBearer {
    fn name(&self) -> &'static str {
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    }

    fn required(&self) -> &'static [&'static str] {
        &["assertion"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let rules = Rules { own_audience: None, fresh: true, encrypted: true };
        let user = Assertion::verify(realm, form.value("assertion").unwrap_or_default(), &rules)
            .and_then(|assertion| assertion.user(realm))
            .map_err(|fault| OAuthError::invalid_grant(fault.to_string()))?;
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        let refresh = realm.policy().assertions_give_refresh && client.allows_grant("refresh_token");
        Ok(issue(realm, &Issue { refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}
