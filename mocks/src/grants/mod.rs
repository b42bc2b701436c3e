//! A token request in, tokens or an OAuth error out: one file per grant type, and the order in which things are checked.
//! HTTP is put into a [`TokenRequest`] and the answer back by whoever listens.

mod assertion;
mod authenticate;
mod authorization_code;
mod authorize;
mod client_assertion;
mod client_credentials;
mod device_code;
mod issue;
mod jwt_bearer;
pub(crate) mod kerberos;
mod ntlm;
mod password;
mod redeem;
mod refresh_token;
mod request;
mod saml2_bearer;
mod token_exchange;

pub use authenticate::{Credentials, authenticate_client, basic_pair};
pub(crate) use authenticate::{asserted_for_anybody, prove_client};
pub use authorize::AuthorizationRefusal;
pub(crate) use authorize::{RESPONSE_TYPES, is_registered};
pub use issue::{Issue, issue};
pub use redeem::redeem;
pub(crate) use redeem::worded;
pub use request::{Form, TokenAnswer, TokenRequest};

use crate::realm::{Client, OAuthError, Realm, TokenFormat, scope};

/// One grant type.
pub trait Grant: Send + Sync {
    /// Its name on the wire.
    fn name(&self) -> &'static str;

    /// Parameters without which it cannot be looked at.
    fn required(&self) -> &'static [&'static str];

    /// Decides on a request whose client is authenticated and may use this grant.
    ///
    /// # Errors
    ///
    /// The OAuth error that the request deserves.
    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError>;
}

/// Every grant type there is; a realm's policy says which of them it supports.
pub const ALL: [&dyn Grant; 10] = [
    &client_credentials::ClientCredentials,
    &password::Password,
    &refresh_token::RefreshTokenGrant,
    &authorization_code::AuthorizationCodeGrant,
    &device_code::DeviceCode,
    &jwt_bearer::JwtBearer,
    &saml2_bearer::Saml2Bearer,
    &ntlm::Ntlm,
    &kerberos::Kerberos,
    &token_exchange::TokenExchange,
];

/// The audience a request names and the form of token it gets for it, where the server takes audiences: an unknown one
/// is refused, and without one, or for userinfo alone, only an opaque token is issued. Elsewhere the client's own form.
fn audience<'a>(
    realm: &Realm,
    client: &Client,
    asked: Option<&'a str>,
) -> Result<(Option<&'a str>, TokenFormat), OAuthError> {
    let Some(known) = &realm.policy().audiences else { return Ok((None, client.token_format)) };
    match asked {
        None => Ok((None, TokenFormat::Opaque)),
        Some(asked) if realm.policy().userinfo_audience.as_deref() == Some(asked) => Ok((None, TokenFormat::Opaque)),
        Some(asked) if known.iter().any(|audience| audience == asked) => Ok((Some(asked), client.token_format)),
        Some(asked) => {
            Err(OAuthError::new(403, "access_denied", format!("Service not enabled within domain: {asked}")))
        }
    }
}

/// Whether a grant on behalf of a user gives a refresh token: the client may use it, and asked for it where it must.
fn gives_refresh(realm: &Realm, client: &Client, scopes: &[String]) -> bool {
    let asked = scopes.iter().any(|scope| scope == scope::OFFLINE);
    client.allows_grant("refresh_token") && (asked || realm.policy().refresh_without_asking)
}
