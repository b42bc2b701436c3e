//! Grant type `client_credentials` (RFC 6749, section 4.4).
//! The token stands for the client; there is no refresh token and no id token.

use super::{Form, Grant, Issue, TokenAnswer, audience, issue};
use crate::realm::{Client, OAuthError, Realm, scope};

pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        "client_credentials"
    }

    fn required(&self) -> &'static [&'static str] {
        &[]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, None, self.name())?;
        let (audience, format) = audience(realm, client, form.value("audience"))?;
        Ok(issue(realm, &Issue { audience, format, ..Issue::new(client, None, self.name(), scopes) }))
    }
}
