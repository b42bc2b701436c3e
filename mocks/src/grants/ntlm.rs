//! Grant type `iwa:ntlm` of WSO2 Identity Server: a token for the Windows user who answers a challenge. It takes two
//! requests, the first of which is refused with the challenge. The messages themselves are in `ntlm`.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Form, Grant, Issue, TokenAnswer, gives_refresh, issue};
use crate::{
    ntlm::{Handshake, Kind, Parcel},
    realm::{Client, OAuthError, Realm, User, scope},
};

pub(super) struct Ntlm;

impl Grant for Ntlm {
    fn name(&self) -> &'static str {
        "iwa:ntlm"
    }

    fn required(&self) -> &'static [&'static str] {
        &["windows_token"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let message = STANDARD
            .decode(form.value("windows_token").unwrap_or_default())
            .map_err(|_| OAuthError::invalid_grant("the windows_token is no base64"))?;
        let parcel = Parcel::open(message).map_err(|fault| OAuthError::invalid_grant(fault.to_string()))?;
        let kind = Kind::of(parcel.message()).map_err(|fault| OAuthError::invalid_grant(fault.to_string()))?;
        let user = match kind {
            Kind::Negotiate => return Err(challenge(realm, client, &parcel)),
            Kind::Authenticate => answered(realm, client, parcel.message())?,
        };
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        let refresh = gives_refresh(realm, client, requested.as_deref().unwrap_or_default());
        Ok(issue(realm, &Issue { refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}

/// The refusal that opens an exchange.
fn challenge(realm: &Realm, client: &Client, negotiate: &Parcel) -> OAuthError {
    match Handshake::open(negotiate.message(), realm.now()) {
        Some((handshake, challenge)) => {
            realm.keep_handshake(&client.id, handshake);
            OAuthError::invalid_grant("the provided authorization grant is not valid")
                .header("www-authenticate", negotiate.challenge(challenge))
        }
        None => OAuthError::invalid_grant("the NTLM message is malformed"),
    }
}

/// The user who answered a challenge of this client's.
fn answered(realm: &Realm, client: &Client, authenticate: &[u8]) -> Result<User, OAuthError> {
    let refused = || OAuthError::invalid_grant("the windows_token could not be validated");
    let name = Handshake::user_name(authenticate).ok_or_else(refused)?;
    let answers = |user: &User| {
        realm.end_handshake(&client.id, |handshake| handshake.is_answered_by(authenticate, &user.password))
    };
    meant(realm, &name).into_iter().find(answers).ok_or_else(refused)
}

/// The users whom Windows may mean by a name, the likeliest first. Case does not matter (MS-NLMP, section 3.3.2, makes
/// nothing of it either), nor does the domain, which stands apart or behind an `@`.
fn meant(realm: &Realm, name: &str) -> Vec<User> {
    let account = name.rsplit_once('@').map_or(name, |(account, _)| account);
    let same = |user: &User, name: &str| user.name.to_uppercase() == name.to_uppercase();
    let unlikeliness = |user: &User| match user {
        user if user.name == name => Some(0),
        user if same(user, name) => Some(1),
        user if same(user, account) => Some(2),
        _ => None,
    };
    let active = realm.users().into_iter().filter(|user| user.active);
    let mut meant: Vec<_> = active.filter_map(|user| Some((unlikeliness(&user)?, user))).collect();
    meant.sort_by_key(|(unlikeliness, _)| *unlikeliness);
    meant.into_iter().map(|(_, user)| user).collect()
}
