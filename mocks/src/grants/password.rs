//! Grant type `password` (RFC 6749, section 4.3).
//! The token stands for the user whose name and password were sent.

use super::{Form, Grant, Issue, TokenAnswer, audience, gives_refresh, issue};
use crate::realm::{Cause, Client, OAuthError, Realm, scope};

pub(super) struct Password;

impl Grant for Password {
    fn name(&self) -> &'static str {
        "password"
    }

    fn required(&self) -> &'static [&'static str] {
        &["username", "password"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let username = form.value("username").unwrap_or_default();
        let password = form.value("password").unwrap_or_default();
        let user = realm.authenticate_user(realm.login_name(username), password).ok_or_else(|| {
            OAuthError::invalid_grant(format!("authentication failed for {username}")).because(Cause::WrongPassword)
        })?;
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        let (audience, format) = audience(realm, client, form.value("audience"))?;
        let refresh = gives_refresh(realm, client, requested.as_deref().unwrap_or_default());
        Ok(issue(realm, &Issue { audience, format, refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}
