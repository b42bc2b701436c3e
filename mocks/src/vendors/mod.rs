//! The authorization servers that can be played, a file each: paths, claim shapes, dialects, discovery members.
//! What they have in common is in `realm`, `grants` and `endpoints`.

mod asgardeo;
mod auth0;
mod cognito;
mod custom;
mod entra;
mod entra_shape;
mod entra_words;
mod forgerock;
mod is;
mod is7;
pub(crate) mod is7_tokens;
mod is_consent;
mod keycloak;
mod keycloak_shape;
mod like_is7;
mod okta;
mod okta_org;
mod pingfederate;
mod pingone;

use std::{fmt, str::FromStr, sync::Arc};

use serde_json::{Value, json};

use crate::{
    endpoints::{
        call::{Call, Reply},
        device, login, management, page,
    },
    grants::{TokenAnswer, TokenRequest, authenticate_client, worded},
    journal::Endpoint,
    realm::{
        Clock, KeyChest, KeyPurpose, KeyRing, OAuthError, Policy, Realm, RealmSpec, SigningKey, TokenKind, TokenRow,
        jwt::Object, key_ring::KidStyle, scope, test_keys::KeyFamily,
    },
    server::{Endpoints, Site},
};

macro_rules! vendors {
    ($($(#[$doc:meta])+ $vendor:ident, $name:literal, $dialect:path;)+) => {
        /// An authorization server that can be played.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum Vendor {
            $($(#[$doc])+ #[serde(rename = $name)] $vendor,)+
        }

        impl Vendor {
            /// Every vendor.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$vendor),+];

            /// The name on the command line and in the control interface.
            pub fn name(self) -> &'static str {
                match self { $(Self::$vendor => $name),+ }
            }

            pub(crate) fn dialect(self) -> Arc<dyn Dialect> {
                match self { $(Self::$vendor => Arc::new($dialect)),+ }
            }
        }
    };
}

// The one list of vendors: the variant, the name, what plays it.
vendors! {
    /// WSO2 Identity Server 7.
    Is7, "is7", is7::Is7;
    /// WSO2 Identity Server 5 or 6 with the Open Banking accelerator.
    Is, "is", is::Is;
    /// A server that follows the RFCs to the letter, client registration included.
    Custom, "custom", custom::Custom;
    /// Amazon Cognito: out-of-band only.
    Cognito, "cognito", cognito::Cognito;
    /// Auth0.
    Auth0, "auth0", auth0::Auth0;
    /// Microsoft Entra ID, once Azure AD.
    Entra, "entra", entra::Entra;
    /// Okta: a custom authorization server of an organisation.
    Okta, "okta", okta::Okta;
    /// Keycloak.
    Keycloak, "keycloak", keycloak::Keycloak;
    /// PingFederate.
    PingFederate, "pingfederate", pingfederate::PingFederate;
    /// PingOne: out-of-band only.
    PingOne, "pingone", pingone::PingOne;
    /// ForgeRock Access Management, now PingAM.
    ForgeRock, "forgerock", forgerock::ForgeRock;
    /// Asgardeo, the cloud form of WSO2 Identity Server 7.
    Asgardeo, "asgardeo", asgardeo::Asgardeo;
}

/// Id and secret of the client that may manage others, where a vendor wants a client for that: Keycloak, Auth0,
/// Microsoft Entra ID, ForgeRock and Asgardeo.
pub const MANAGER: (&str, &str) = (management::MANAGER, management::MANAGER);

/// The secret by which tokens for Auth0's API `https://hs256.example.com/` are signed.
pub const AUTH0_API_SECRET: &str = auth0::API_SECRET;

impl Vendor {
    /// The port at which the product's documents have it beside an API platform, where they name one: an offset of one
    /// for Identity Server 7, 9446 with Open Banking, 9031 for PingFederate.
    pub fn documented_port(self) -> Option<u16> {
        match self {
            Self::Is7 => Some(9_444),
            Self::Is => Some(9_446),
            Self::PingFederate => Some(9_031),
            _ => None,
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no vendor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no authorization server is called `{0}`\nhint: one of {known}", known = Vendor::ALL.map(Vendor::name).join(", "))]
pub struct UnknownVendor(pub String);

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == text).ok_or_else(|| UnknownVendor(text.to_owned()))
    }
}

/// What distinguishes one vendor's server from another's, beyond the switches of its realm. What is not overridden
/// follows the RFCs.
pub(crate) trait Dialect: Send + Sync {
    /// The realm: issuer, policy, shape and scope rule. Keys are given, or of the vendor's family.
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec;

    /// Puts in what a fresh server holds.
    fn furnish(&self, realm: &Realm);

    /// Where things are.
    fn endpoints(&self, base_url: &str) -> Endpoints;

    /// A path without what may stand before every path.
    fn local_path<'a>(&self, path: &'a str) -> &'a str {
        path
    }

    /// What stands before the paths of its management interfaces, where they are below an organisation.
    fn organisation_path(&self) -> &'static str {
        ""
    }

    /// What answers at a path.
    fn route(&self, path: &str) -> Option<(Endpoint, Handler)>;

    /// The discovery document.
    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value;

    /// The key set document.
    fn jwks(&self, realm: &Realm) -> Value {
        realm.keys().jwks()
    }

    /// Header fields that go with the key set.
    fn jwks_headers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The body of a granted token request.
    fn token_body(&self, answer: &TokenAnswer) -> Value {
        answer.body()
    }

    /// Header fields of a granted token request, beside those that forbid storing.
    fn token_headers(&self, _answer: &TokenAnswer) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Whether the caller may introspect: a confidential client that authenticates.
    fn may_introspect(&self, site: &Site, _call: &Call, request: &TokenRequest) -> Result<(), Reply> {
        match authenticate_client(&site.realm, request) {
            Ok(client) if client.is_public() => Err(Reply::error(&worded(
                &site.realm.policy(),
                OAuthError::invalid_client("a public client may not introspect"),
            ))),
            Ok(_) => Ok(()),
            Err(error) => Err(Reply::error(&worded(&site.realm.policy(), error))),
        }
    }

    /// The refusal of an introspection request that is malformed or names no token.
    fn introspection_without_token(&self, error: OAuthError) -> Reply {
        Reply::error(&error)
    }

    /// What introspection answers about a token.
    fn introspected(&self, site: &Site, _request: &TokenRequest, token: &str) -> Object {
        site.realm.introspect(token)
    }

    /// What a client hears that revokes another one's token.
    fn foreign_token(&self, _kind: TokenKind) -> Result<(), OAuthError> {
        Err(OAuthError::invalid_grant("the token was issued to another client"))
    }

    /// What a client hears that revokes what is neither an access token nor a refresh token: that all is well.
    fn unknown_token(&self, _site: &Site, _token: &str) -> Result<(), OAuthError> {
        Ok(())
    }

    /// The answer to a revocation that was in order; nothing is told but that it was.
    fn revoked(&self, _site: &Site, _row: Option<&TokenRow>) -> Reply {
        Reply::empty(200).uncached()
    }

    /// An answer to a revocation that named a callback, which is optional (RFC 7009, section 2.3).
    fn called_back(&self, reply: Reply, _callback: &str) -> Reply {
        reply
    }

    /// The refusal of a revocation.
    fn revocation_refusal(&self, error: OAuthError, policy: &Policy) -> Reply {
        Reply::error(&worded(policy, error))
    }

    /// The refusal of a userinfo request without a token: no error code, since nothing was tried (RFC 6750, section 3.1).
    fn userinfo_without_token(&self, realm: &str) -> Reply {
        Reply::bearer_challenge(401, realm, None)
    }

    /// Whether the certificate of a connection can stand for a user that the request names.
    fn certificates_stand_for_users(&self) -> bool {
        false
    }

    /// Where a person goes whose login has this key.
    fn log_in(&self, site: &Site, key: &str) -> Reply {
        login::form(site, key, "")
    }

    /// How a person is told that an authorization request cannot be trusted.
    fn shown(&self, _site: &Site, error: &OAuthError) -> Reply {
        page::message(400, "Error", &format!("{}: {}", error.code, error.description))
    }

    /// What ends when the user of this id token logs out; nothing, where tokens are not bound to a session.
    fn logged_out(&self, _site: &Site, _id_token: &Object) {}

    /// The page on which users type the codes of devices, where there is one.
    fn device_page(&self) -> &'static str {
        device::PAGE
    }

    /// What opens client registration by Bearer.
    fn initial_access_token(&self) -> Option<String> {
        None
    }
}

/// What answers a request.
pub(crate) type Handler = fn(&Site, &Call) -> Reply;

/// A ring with an RSA key out of the chest, named in the vendor's style.
fn first_keys(chest: &KeyChest, style: KidStyle) -> KeyRing {
    KeyRing::drawn(chest, KeyFamily::Rsa, style)
}

/// The key set, with more said of each key; a document that is served in its place stays as it is.
fn detailed_keys(realm: &Realm, say: impl Fn(&mut Value, &SigningKey)) -> Value {
    let mut document = realm.keys().jwks();
    for entry in document.get_mut("keys").and_then(Value::as_array_mut).into_iter().flatten() {
        let key = entry.get("kid").and_then(Value::as_str).and_then(|kid| realm.keys().key(kid));
        if let Some(key) = key.filter(|key| key.entry() == *entry) {
            say(entry, &key);
        }
    }
    document
}

fn is_or_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Names as a list.
fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// The members that every discovery document needs, from what the realm supports; what is not there is left out.
fn common_members(endpoints: &Endpoints, realm: &Realm) -> Value {
    let algorithm = format!("{:?}", realm.keys().current(KeyPurpose::Id).algorithm());
    json!({
        "issuer": realm.issuer(),
        "authorization_endpoint": endpoints.authorize,
        "token_endpoint": endpoints.token,
        "jwks_uri": endpoints.jwks,
        "response_types_supported": realm.policy().response_types,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "grant_types_supported": realm.policy().grant_types,
        "code_challenge_methods_supported": realm.policy().code_challenge_methods,
        "scopes_supported": scope::OPENID,
        // Left out, it would mean yes (OpenID Connect Discovery, section 3).
        "request_uri_parameter_supported": false,
    })
}
