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
        let name = realm.login_name(username);
        let user = realm.authenticate_user(name, password).ok_or_else(|| refusal(realm, username, name))?;
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        let (audience, format) = audience(realm, client, form.value("audience"))?;
        let refresh = gives_refresh(realm, client, requested.as_deref().unwrap_or_default());
        Ok(issue(realm, &Issue { audience, format, refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}

/// Names the user as it was typed; the reason only where that is switched on, for it tells which users there are.
fn refusal(realm: &Realm, typed: &str, name: &str) -> OAuthError {
    let reason = match realm.user(name) {
        _ if !realm.policy().password_failures_explained => "",
        None => ": there is no such user",
        Some(user) if !user.active => ": the account is disabled",
        Some(_) => ": the password is wrong",
    };
    OAuthError::invalid_grant(format!("authentication failed for {typed}{reason}")).because(Cause::WrongPassword)
}
