//! Grant type `kerberos`, an extension of WSO2 Identity Server that is off unless it is configured. Its parameters and
//! refusals are played; a ticket is never believed, since no identity provider here holds a service's Kerberos key.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Form, Grant, TokenAnswer};
use crate::realm::{Client, OAuthError, Realm};

pub(super) struct Kerberos;

impl Grant for Kerberos {
    fn name(&self) -> &'static str {
        "kerberos"
    }

    fn required(&self) -> &'static [&'static str] {
        &["kerberos_token", "kerberos_realm"]
    }

    /// A token that is none, an identity provider that is not there, or one without a service's name and password.
    fn redeem(&self, realm: &Realm, _client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let ticket = STANDARD.decode(form.value("kerberos_token").unwrap_or_default()).unwrap_or_default();
        // The first byte of a GSS token (RFC 2743, section 3.1).
        if ticket.first() != Some(&0x60) {
            let invalid = OAuthError::invalid_grant("the provided authorization grant is not valid");
            return Err(invalid.header("sampleheader-999", "invalid token"));
        }
        let name = form.value("kerberos_realm").unwrap_or_default();
        let provider = realm.trusted_issuers().into_iter().find(|known| known.name == name && known.enabled);
        Err(OAuthError::invalid_grant(match provider {
            None => format!("no identity provider is registered for the realm {name}"),
            Some(_) => format!("the identity provider {name} lacks a service principal name or its password"),
        }))
    }
}
